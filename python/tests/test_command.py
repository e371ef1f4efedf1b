"""`python -m plait`."""

from __future__ import annotations

import pathlib
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


def test_its_program_is_beside_the_package() -> None:
    assert pathlib.Path(command.program()).parent.parent == pathlib.Path(plait.__file__).parent
