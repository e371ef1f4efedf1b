#!/usr/bin/env python3
"""Many rows of CSV: peak memory and CPU time of `plait run --dry-run`, of `plait check`, and of a run against `plait mock`.

    bench/many_rows.py build/release/plait [--rows N...] [--calls N...] [--folder DIR]

Memory is flat if it is the same for all numbers of rows. 10 million rows are a file of 340 MB:

    bench/many_rows.py build/release/plait --rows 1000000 10000000 --calls 100000 1000000
"""

import argparse
import os
import re
import subprocess
import tempfile
from pathlib import Path

MIB = 1 << 20
BLOCK = 100_000


def write_rows(path, count):
    with open(path, "w") as file:
        file.write("id,name,n,region\n")
        for begin in range(0, count, BLOCK):
            file.write("".join(f'{n},"Ann {n}, Söhne",{n}.50,eu\n' for n in range(begin, min(begin + BLOCK, count))))


def measure(command):
    """Returns the peak memory in MiB and the CPU seconds of a command that has to succeed."""
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, f"it failed: {command}"
    return usage.ru_maxrss * 1024 / MIB, usage.ru_utime + usage.ru_stime


def template(url):
    return ["--url", url + "/items/{{row.id}}?q={{row.name}}", "--body", '{"name": {{row.name}}, "n": {{row.n:number}}}',
            "--header", "X-Region: {{row.region}}"]


def show(what, count, peak_mib, cpu_s):
    print(f"  {what:24} {count:>11,} rows: {peak_mib:7.1f} MiB, {cpu_s / count * 1e6:6.2f} us of CPU a row", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000], help="default: %(default)s")
    parser.add_argument("--calls", type=int, nargs="*", default=[20_000, 100_000], help="rows of runs (default: %(default)s)")
    parser.add_argument("--folder", help="for the file of rows and the results")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        rows, results = Path(name) / "rows.csv", Path(name) / "results.jsonl"
        for count in options.rows:
            write_rows(rows, count)
            url = "http://api.example"
            show("run --dry-run", count, *measure([options.program, "run", rows, *template(url), "--dry-run", "-", "--quiet"]))
            show("check", count, *measure([options.program, "check", rows, *template(url)]))
            show("check --id-from", count, *measure([options.program, "check", rows, *template(url), "--id-from", "id"]))
        if not options.calls:
            return
        mock = subprocess.Popen([options.program, "mock"], stdout=subprocess.PIPE, text=True)
        try:
            url = re.search(r"http://\S+", mock.stdout.readline())[0]
            for count in options.calls:
                write_rows(rows, count)
                show("run -o FILE", count, *measure([options.program, "run", rows, *template(url), "-o", results, "--overwrite", "--quiet"]))
        finally:
            mock.terminate()
            mock.wait()


if __name__ == "__main__":
    main()
