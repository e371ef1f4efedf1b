#!/bin/sh
# libcsv 3.0.3 (Debian 12's) removes the spaces and tabs around cells without quotes, and drops empty lines, unless an option
# of csv_init says otherwise. RFC 4180 has spaces as part of the cell, and in a file of one column, an empty line is a row
# with an empty cell: its rows then have other numbers. So "a, b" has the cells "a" and "b", and after "x", "", "z" the third
# row is gone. Needs apt-get with Debian 12's packages, and cc; installs nothing.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for package in libcsv3 libcsv-dev; do
    version=$(apt-cache madison $package | awk '$3 ~ /^3\.0\.3/ { print $3; exit }')
    apt-get download -qq -o APT::Sandbox::User=root "$package=$version"
    dpkg-deb -x ${package}_*.deb root
done
cat >read.c <<'C'
#include <csv.h>
#include <stdio.h>
#include <string.h>

static void cell(void *text, size_t size, void *unused) { printf("[%.*s]", (int)size, (char *)text); }
static void row(int end, void *unused) { printf(";"); }

static void show(const char *text, unsigned char options) {
    struct csv_parser parser;
    csv_init(&parser, options);
    csv_parse(&parser, text, strlen(text), cell, row, NULL);
    csv_fini(&parser, cell, row, NULL);
    csv_free(&parser);
    printf("\n");
}

int main(void) {
    show("a, b\t,c\n", 0);
    show("a,\" b\t\",c\n", 0);
    show("x\n\nz\n", 0);
    show("x\n\nz\n", CSV_REPALL_NL);
}
C
library=$(dirname "$(find root -name 'libcsv.so.3')")
cc -o read read.c -Iroot/usr/include "$library/libcsv.so.3" "-Wl,-rpath,$folder/$library"
seen=$(./read)
wanted=$(printf '%s\n' '[a][b][c];' "[a][ b$(printf '\t')][c];" '[x];[z];' '[x];;[z];')
if [ "$seen" = "$wanted" ]; then
    echo "as described: libcsv takes spaces off cells, and drops empty lines"
else
    printf 'changed: the rows were\n%s\nand now are\n%s\n' "$wanted" "$seen"
    exit 1
fi
