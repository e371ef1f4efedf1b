#!/bin/sh
# SQLite 3.40.1 (Debian 12's) reads the first of two members of one name in a JSON object, in json_extract and ->>, where
# JavaScript, Python, jq and PostgreSQL's jsonb read the last; json_each has both. So the same text means another value in
# the database than in the program that checked it. RFC 8259 permits such objects, and calls their meaning unpredictable.
# Needs apt-get with Debian 12's packages, and python3; installs nothing.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
version=$(apt-cache madison sqlite3 | awk '$3 ~ /^3\.40\.1-/ { print $3; exit }')
apt-get download -qq -o APT::Sandbox::User=root "sqlite3=$version" "libsqlite3-0=$version"
for package in *.deb; do dpkg-deb -x "$package" root; done
library=$(dirname "$(find root -name 'libsqlite3.so.0')")
text='{"role":"user","role":"admin"}'
ask() { LD_LIBRARY_PATH=$library root/usr/bin/sqlite3 :memory: "$1"; }
seen="python3 $(printf '%s' "$text" | python3 -c 'import json, sys; print(json.load(sys.stdin)["role"])')
json_extract $(ask "SELECT json_extract('$text', '\$.role')")
->> $(ask "SELECT '$text' ->> 'role'")
json_each $(ask "SELECT group_concat(value) FROM json_each('$text')")"
wanted='python3 admin
json_extract user
->> user
json_each user,admin'
if [ "$seen" = "$wanted" ]; then
    echo "as described: SQLite reads the first of two members of one name"
else
    printf 'changed: the roles were\n%s\nand now are\n%s\n' "$wanted" "$seen"
    exit 1
fi
