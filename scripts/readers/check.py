"""Runs each line of docs/reading.md with the real tool, on 25,000 answers and 5 failures at the end.

Usage: check.py PLAIT. Run it in an environment with requirements.txt. Spark needs Java; PostgreSQL, jq, Miller, Node and SQLite
are programs: the lines of those that are missing are left out, which is said.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

GOOD, BAD = 25_000, 5
PAGE = (Path(__file__).resolve().parents[2] / "docs/reading.md").read_text()


def blocks(language):
    """Returns the code blocks of the page in this language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def table_line(tool):
    return re.search(rf"^\| {tool} \| `(.*)` \|$", PAGE, re.MULTILINE)[1]


def make_results(plait, folder):
    """Runs plait against its mock server, with ids, answers and failures that readers find hard."""
    mock = subprocess.Popen([plait, "mock"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        url = re.search(r"http://\S+", mock.stdout.readline())[0]
        with open(folder / "requests.jsonl", "w") as file:
            for n in range(GOOD):
                file.write(json.dumps({"custom_id": f"{n:06}", "url": f"{url}/{n}"}) + "\n")
            for n in range(BAD):
                file.write(json.dumps({"custom_id": f"bad-{n}", "url": "http://127.0.0.1:9/", "metadata": {"n": n}}) + "\n")
        subprocess.run([plait, "run", "requests.jsonl", "-o", "results.jsonl", "--ordered", "--attempts", "1", "--quiet"], cwd=folder)
    finally:
        mock.terminate()
        mock.wait()
    subprocess.run([plait, "table", "results.jsonl", "-o", "table.parquet", "--select", "target=/target"], cwd=folder, check=True)


def expect(tool, failures, rows=None):
    """`failures` are pairs of id and code."""
    wanted = sorted((f"bad-{n}", "connect") for n in range(BAD))
    got = sorted(tuple(pair) for pair in failures)
    assert got == wanted, f"{tool}: {got}"
    assert rows in (None, GOOD + BAD), f"{tool}: {rows} rows"
    print(f"{tool}: right")


def of_codes(ids, codes):
    return [(custom_id, code) for custom_id, code in zip(ids, codes) if code]


def check_python():
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow.parquet
    from chdb import query

    outcomes = [("failed", BAD), ("ok", GOOD)]
    assert sorted(duckdb.sql(table_line("DuckDB")).fetchall()) == outcomes
    frame = pl.read_parquet("table.parquet")
    assert frame["custom_id"][0] == "000000" and frame["target"][1] == "/1"
    expect("polars, table", of_codes(frame["custom_id"], frame["error_code"]), len(frame))
    frame = eval(table_line("pandas"), {"pd": pd})
    expect("pandas, table", of_codes(frame.custom_id, frame.error_code), len(frame))
    table = eval(table_line("pyarrow"), {"pyarrow": pyarrow})
    expect("pyarrow, table", of_codes(table["custom_id"].to_pylist(), table["error_code"].to_pylist()), table.num_rows)
    got = query(table_line("ClickHouse"), "CSV").bytes().decode().split()
    assert sorted(got) == [f'"failed",{BAD}', f'"ok",{GOOD}'], got

    sql = {("DuckDB" if "read_json" in block else "ClickHouse"): block for block in blocks("sql") if "\\copy" not in block}
    expect("DuckDB", duckdb.sql(sql["DuckDB"]).fetchall())
    expect("ClickHouse", [line.replace('"', "").split(",") for line in query(sql["ClickHouse"], "CSV").bytes().decode().split()])
    names = {"pl": pl, "pd": pd}
    for block in blocks("python"):
        if "pl." in block or "pd." in block:
            exec(block, names)
            frame = names["frame"]
            as_object = lambda error: json.loads(error) if isinstance(error, str) else error
            codes = [error["code"] if isinstance(error, dict) else None for error in map(as_object, frame["error"])]
            assert str(frame["custom_id"][1]) == "000001"
            expect("pandas" if "pd." in block else "polars", of_codes(frame["custom_id"], codes), len(frame))


def run_block(word, **names):
    """Runs the block of Python with this word. Returns its names."""
    exec(next(block for block in blocks("python") if word in block), names)
    return names


def of_results(results):
    """The ids and codes of the failures in these results."""
    return [(result["custom_id"], result["error"]["code"]) for result in results if result["outcome"] != "ok"]


def check_arrow():
    import dask
    import dask.bag
    import dask.dataframe
    import datasets
    import pyarrow.csv

    texts = run_block("pyarrow", pyarrow=pyarrow)["table"]["result"].to_pylist()
    expect("pyarrow", of_results(map(json.loads, texts)), len(texts))

    frame = eval(table_line("Dask"), {"dask": dask}).compute()
    expect("Dask, table", of_codes(frame.custom_id, frame.error_code), len(frame))
    with dask.config.set(scheduler="synchronous"):
        results = run_block("dask", dask=dask, json=json)["bag"].compute()
    expect("Dask", of_results(results), len(results))

    datasets.disable_progress_bars()
    rows = eval(table_line("HF datasets"), {"datasets": datasets})
    expect("HF datasets, table", of_codes(rows["custom_id"], rows["error_code"]), len(rows))
    rows = run_block("datasets", datasets=datasets)["rows"]
    expect("HF datasets", of_results(rows), len(rows))


def check_spark():
    if not shutil.which("java"):
        return print("Spark: left out, no Java")
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    table = eval(table_line("Spark"), {"spark": spark})
    expect("Spark, table", table.filter("error_code <> ''").select("custom_id", "error_code").collect(), table.count())
    names = run_block("spark", spark=spark)
    expect("Spark", names["frame"].filter("outcome <> 'ok'").select("custom_id", "error.code").collect(), names["frame"].count())
    spark.stop()


def check_program(tool, arguments, text="", skip=0):
    """The program reads the text, and prints a line with an id and a code for each failure, after those to skip."""
    if not shutil.which(arguments[0]):
        return print(f"{tool}: left out, no {arguments[0]}")
    said = subprocess.run(arguments, input=text, check=True, stdout=subprocess.PIPE, text=True).stdout
    expect(tool, [line.split("\t") for line in said.splitlines()[skip:]])


def check_programs():
    jq, miller = next(block for block in blocks("sh") if block.startswith("jq")).splitlines()
    check_program("jq", shlex.split(jq))
    check_program("Miller", shlex.split(miller), skip=1)
    check_program("SQLite", ["sqlite3"], blocks("text")[0])
    show = "for (const r of results) if (r.outcome !== 'ok') console.log(`${r.custom_id}\\t${r.error.code}`)"
    check_program("Node", ["node", "-"], f"const fs = require('node:fs')\n{blocks('js')[0]}{show}")


def check_postgres():
    servers = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not servers:
        return print("PostgreSQL: left out, no server")
    folder = Path(tempfile.mkdtemp())
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")
    bin_folder = servers[-1].parent

    def run(*arguments, **options):
        return subprocess.run([*as_user, *map(str, arguments)], check=True, cwd=folder, stdout=subprocess.PIPE, text=True, **options).stdout

    shutil.copy("results.jsonl", folder)
    os.chmod(folder / "results.jsonl", 0o644)
    run(bin_folder / "initdb", "-D", folder / "data")
    run(bin_folder / "pg_ctl", "-D", folder / "data", "-o", f"-k {folder} -c listen_addresses=''", "-l", folder / "log", "-w", "start")
    try:
        script = next(block for block in blocks("sql") if "\\copy" in block)
        said = run("psql", "-h", folder, "-d", "postgres", "-At", "-q", input=script)
        expect("PostgreSQL", [line.split("|") for line in said.splitlines()])
    finally:
        run(bin_folder / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def main():
    plait = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        make_results(plait, Path(folder))
        os.chdir(folder)
        os.environ |= {"HF_HOME": folder, "HF_HUB_OFFLINE": "1"}
        check_programs()
        check_python()
        check_arrow()
        check_postgres()
        check_spark()
        os.chdir("/")


if __name__ == "__main__":
    main()
