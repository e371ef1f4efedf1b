#!/bin/sh
# polars 2.1.0 drops members of valid JSON Lines without an error: read_ndjson takes the names of an object's members from
# the first 100 lines, and a member that is first seen later is not in the table at all, neither at the top nor inside an
# object. A late value of another type is an error, so silence looks like success. With infer_schema_length=None nothing is
# lost. Needs python3 with venv and network access to PyPI.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0
cat >"$folder/read.py" <<'PYTHON'
import json
import pathlib
import sys

import polars

file = pathlib.Path(sys.argv[1])
late = {"id": 2, "answer": {"status": 404, "why": "gone"}, "note": "late"}
file.write_text("".join(json.dumps(row) + "\n" for row in [{"id": 1, "answer": {"status": 200}}] * 100 + [late]))
for options in {}, {"infer_schema_length": None}:
    print(*options, polars.read_ndjson(file, **options).row(-1))
PYTHON
seen=$("$folder/environment/bin/python" "$folder/read.py" "$folder/rows.jsonl")
wanted="(2, {'status': 404})
infer_schema_length (2, {'status': 404, 'why': 'gone'}, 'late')"
if [ "$seen" = "$wanted" ]; then
    echo "as described: members that come after 100 lines are dropped"
else
    printf 'changed: the last row was\n%s\nand now is\n%s\n' "$wanted" "$seen"
    exit 1
fi
