#!/bin/sh
# duckdb 2.0.1 loses values of valid JSON Lines without an error. It guesses a column's type from the first 20,480 lines:
# a field that is null in all of them is NULL in each later line, whatever stands there, and one that is 0 in all of them
# is an integer, to which later numbers are rounded: 0.7 becomes 1. So a query for errors, of a file whose errors come
# late, finds none. read_json with sample_size=-1, or with columns, is right. Needs python3 with venv and network access
# to PyPI.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1
cat >"$folder/read.py" <<'PYTHON'
import json
import pathlib
import sys

import duckdb

file = pathlib.Path(sys.argv[1])
late = {"error": {"code": "connect"}, "ms": 0.7}
file.write_text("".join(json.dumps(row) + "\n" for row in [{"error": None, "ms": 0}] * 20_480 + [late] * 5))
for options in "", ", sample_size=-1":
    select = f"SELECT count(*), count(error), max(ms) FROM read_json('{file}'{options})"
    print(select.replace(str(file), "file"), *duckdb.sql(select).fetchall()[0])
PYTHON
seen=$("$folder/environment/bin/python" "$folder/read.py" "$folder/rows.jsonl")
wanted="SELECT count(*), count(error), max(ms) FROM read_json('file') 20485 0 1
SELECT count(*), count(error), max(ms) FROM read_json('file', sample_size=-1) 20485 5 0.7"
if [ "$seen" = "$wanted" ]; then
    echo "as described: the 5 errors are NULL, and 0.7 is 1"
else
    printf 'changed: the answers were\n%s\nand now are\n%s\n' "$wanted" "$seen"
    exit 1
fi
