"""`python -m plait`."""

from __future__ import annotations

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
from typing import Any

import plait
from plait import __main__ as command


def test_it_is_the_command() -> None:
    version = subprocess.run([sys.executable, "-m", "plait", "--version"], capture_output=True, text=True, check=True)
    assert version.stdout == f"plait {plait.__version__}\n"
    wrong = subprocess.run([sys.executable, "-m", "plait", "run", "--nope"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2 and "--nope" in wrong.stderr


def test_it_says_that_the_program_is_missing(tmp_path: pathlib.Path) -> None:
    alone = shutil.copy(command.__file__, tmp_path / "__main__.py")
    run = subprocess.run([sys.executable, "-B", alone], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr == (
        f"plait: start {tmp_path}/bin/plait: No such file or directory. "
        "The package was built without the command: install it anew.\n"
    )


def test_the_import_takes_only_what_is_needed() -> None:
    large = {"asyncio", "binascii", "contextvars", "datetime", "http", "importlib", "json", "logging", "math", "ssl"}
    large |= {"threading", "typing", "urllib.parse", "weakref"}
    program = "import sys; before = {*sys.modules}; import plait; print(*({*sys.modules} - before))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "plait._run" in ended.stdout.split()
    assert not large & {*ended.stdout.split()}


def row_of_the_package(folder: pathlib.Path, *arguments: str) -> dict[str, Any]:
    """That of `plait compare --with-python`, with this Python as python3."""
    python3 = folder / "python3"
    python3.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python3.chmod(0o755)
    ended = subprocess.run(
        [command.program(), "compare", "--with-python", "--json", *arguments],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "has no row" not in ended.stderr, ended.stderr
    (row,) = (row for row in json.loads(ended.stdout)["rows"] if row["by"] == "python" and row["method"] == "plait")
    return dict(row)


def test_compare_has_a_row_of_the_package(tmp_path: pathlib.Path) -> None:
    row = row_of_the_package(tmp_path, "--cpu", "fib:5", "--jobs", "2", "--methods", "sync")
    assert (row["concurrency"], row["scheduling"]) == (1, "the task itself")


def test_the_package_makes_the_calls_of_a_comparison(tmp_path: pathlib.Path, plait_mock: plait.Mock) -> None:
    plait_mock.on("POST", "/items", status=201).on("GET", "/busy", status=503)
    requests = tmp_path / "requests.jsonl"
    items = {"url": f"{plait_mock.url}/items", "method": "POST", "headers": {"X-A": "b"}, "body": {"text": "ü"}}
    busy = {"url": f"{plait_mock.url}/busy"}
    refused = {"url": "http://127.0.0.1:1/"}
    requests.write_text("".join(json.dumps(line) + "\n" for line in (items, items, busy, refused)))
    flags = ("--methods", "sync", "--yes-repeat-unsafe", "--concurrency", "3")
    row = row_of_the_package(tmp_path, str(requests), *flags)
    assert row["outcomes"] == {"ok": 2, "rejected": 1, "failed": 1, "unknown": 0, "skipped": 0}
    assert (row["refused"], row["concurrency"]) == (1, 3)
    posts = [request for request in plait_mock.requests if request.method == "POST"]
    assert len(posts) == 4  # two by sync, two by the package
    assert len({request.content for request in posts}) == 1
    assert json.loads(posts[-1].content) == {"text": "ü"}
    assert {request.headers["x-a"] for request in posts} == {"b"}


def test_its_program_is_beside_the_package() -> None:
    assert pathlib.Path(command.program()).parent.parent == pathlib.Path(plait.__file__).parent
