"""`python -m plait`."""

from __future__ import annotations

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

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


def test_compare_has_a_row_of_the_package(tmp_path: pathlib.Path) -> None:
    python3 = tmp_path / "python3"
    python3.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python3.chmod(0o755)
    ended = subprocess.run(
        [command.program(), "compare", "--cpu", "fib:5", "--jobs", "2", "--methods", "sync", "--with-python", "--json"],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    (row,) = (row for row in json.loads(ended.stdout)["rows"] if row["method"] == "plait")
    assert (row["by"], row["concurrency"], row["scheduling"]) == ("python", 1, "the task itself")
    assert "has no row" not in ended.stderr


def test_its_program_is_beside_the_package() -> None:
    assert pathlib.Path(command.program()).parent.parent == pathlib.Path(plait.__file__).parent
