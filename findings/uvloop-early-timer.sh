#!/bin/sh
# uvloop 0.22.1 rounds the delay of `call_later` to whole milliseconds, to the nearest: a timer of 10.4 ms fires 0.2 ms
# before its time, and one of 0.4 ms at once. asyncio's own loop never fires a timer early. So a timer that looks at the
# clock finds that it is not due yet, and must be set again. Measured by the monotonic clock, which both loops go by;
# other work on the machine can only make a timer late. Needs python3 with venv and network access to PyPI.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check uvloop==0.22.1
cat >"$folder/timers.py" <<'PYTHON'
import asyncio
import time

import uvloop


async def earliest(delay):
    """Returns how long after its time the earliest of 100 timers fires, in milliseconds; negative: before it."""
    loop = asyncio.get_running_loop()
    after = []
    for _ in range(100):
        fired = loop.create_future()
        start = time.monotonic()
        loop.call_later(delay, fired.set_result, None)
        await fired
        after.append((time.monotonic() - start - delay) * 1000)
    return min(after)


for name, run in ("asyncio", asyncio.run), ("uvloop", uvloop.run):
    for delay in 0.0004, 0.0104:
        print(name, delay, "early" if run(earliest(delay)) < -0.1 else "in time")
PYTHON
seen=$("$folder/environment/bin/python" "$folder/timers.py")
wanted='asyncio 0.0004 in time
asyncio 0.0104 in time
uvloop 0.0004 early
uvloop 0.0104 early'
if [ "$seen" = "$wanted" ]; then
    echo "as described: timers of uvloop fire up to half a millisecond before their time"
else
    printf 'changed: timers were\n%s\nand now are\n%s\n' "$wanted" "$seen"
    exit 1
fi
