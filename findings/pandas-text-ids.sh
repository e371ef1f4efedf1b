#!/bin/sh
# pandas 3.1.1 turns texts of JSON into numbers: read_json makes a column of ids such as "00123", which stand in quotes, a
# column of numbers if each looks like one, so that "007", "7" and "7.0" become one id. Python's float() decides what
# looks like one: "1_000" is 1000, and "inf" is infinity. With dtype=False they stay. Needs python3 with venv and network
# access to PyPI.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1
cat >"$folder/read.py" <<'PYTHON'
import io

import pandas

for ids in ('"007"', '"7"'), ('"007"', '"7.0"'), ('"1_000"', '"1e3"'), ('"inf"', '"1"'), ('"007"', '"x7"'):
    text = "".join('{"id": %s}\n' % id for id in ids)
    read = [pandas.read_json(io.StringIO(text), lines=True, **options)["id"].tolist() for options in ({}, {"dtype": False})]
    print(*ids, "->", *read)
PYTHON
seen=$("$folder/environment/bin/python" "$folder/read.py")
wanted="\"007\" \"7\" -> [7, 7] ['007', '7']
\"007\" \"7.0\" -> [7.0, 7.0] ['007', '7.0']
\"1_000\" \"1e3\" -> [1000.0, 1000.0] ['1_000', '1e3']
\"inf\" \"1\" -> [inf, 1.0] ['inf', '1']
\"007\" \"x7\" -> ['007', 'x7'] ['007', 'x7']"
if [ "$seen" = "$wanted" ]; then
    echo "as described: ids in quotes become numbers, and some become equal"
else
    printf 'changed: the ids were\n%s\nand now are\n%s\n' "$wanted" "$seen"
    exit 1
fi
