#!/bin/sh
# brotli 1.1.0 (as bundled by brotlicffi 1.1.0.0; 1.0.9 does the same): BrotliDecoderDecompressStream says "needs more
# input" although the room for output is full and more output waits inside, which its header has another result for. A
# caller that reads on at this result, and gets no more, as of a stream that was cut, loses what had been decoded: here
# 95 of 97 KiB. Only BrotliDecoderHasMoreOutput tells. Needs python3 with venv and network access to PyPI.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check brotlicffi==1.1.0.0
cat >"$folder/decode.py" <<'PYTHON'
import random

import brotlicffi
from brotlicffi._api import ffi, lib

NEEDS_MORE_INPUT = 2
ROOM = 4096

letters = random.Random(1)
whole = brotlicffi.compress(bytes(letters.choice(b"abcdefg") for _ in range(200_000)), quality=5)
cut = whole[: len(whole) // 2]

decoder = lib.BrotliDecoderCreateInstance(ffi.NULL, ffi.NULL, ffi.NULL)
room = ffi.new("uint8_t[]", ROOM)
given = ffi.from_buffer(cut)
left = ffi.new("size_t *", len(cut))
place = ffi.new("const uint8_t **", ffi.cast("const uint8_t *", given))


def step():
    """Returns the result of one call, and how many bytes it made."""
    free = ffi.new("size_t *", ROOM)
    end = ffi.new("uint8_t **", room)
    result = lib.BrotliDecoderDecompressStream(decoder, left, place, free, end, ffi.NULL)
    return result, ROOM - free[0]


result, made = step()
print("needs more input:", result == NEEDS_MORE_INPUT)
print("all input taken:", left[0] == 0)
print("room full:", made == ROOM)
print("more output waits:", bool(lib.BrotliDecoderHasMoreOutput(decoder)))
behind = 0
while made:
    _, made = step()
    behind += made
print("bytes that came out afterwards, without input:", "many" if behind > 10 * ROOM else behind)
PYTHON
seen=$("$folder/environment/bin/python" "$folder/decode.py")
wanted='needs more input: True
all input taken: True
room full: True
more output waits: True
bytes that came out afterwards, without input: many'
if [ "$seen" = "$wanted" ]; then
    echo "as described: \"needs more input\" is the result while decoded output waits"
else
    printf 'changed: the decoder was\n%s\nand now is\n%s\n' "$wanted" "$seen"
    exit 1
fi
