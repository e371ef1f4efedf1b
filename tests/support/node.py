"""Node, and Chromium driven by it, for tests of pages."""

import os
import shutil
import subprocess
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get("PLAIT_CHROMIUM", "/usr/bin/chromium")


def missing(needs_chromium=True):
    """Says what is missing on this machine for tests in node, or None."""
    if not shutil.which("node"):
        return "node is not installed: run scripts/setup test"
    if not needs_chromium:
        return None
    if not (TESTS / "page/node_modules/playwright-core").is_dir():
        return "playwright-core, which drives Chromium, is not in tests/page/node_modules: run scripts/setup test"
    if not Path(CHROMIUM).exists():
        return f"{CHROMIUM} is not there: run scripts/setup test, or set PLAIT_CHROMIUM"
    return None


def node(*arguments, **environment):
    """Runs node's tests; returns their output if they fail, else None."""
    ended = subprocess.run(["node", "--test", *map(str, arguments)], capture_output=True, text=True, timeout=280,
                           env={**os.environ, **environment})
    return None if ended.returncode == 0 else ended.stdout + ended.stderr
