"""`python -m plait`: the command, whose program stands beside this package."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def program() -> str:
    """Where the program is."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "plait")


def main() -> NoReturn:
    """Becomes the command, with the arguments of this process."""
    path = program()
    try:
        os.execv(path, [path, *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"plait: start {path}: {error.strerror}. The package was built without the command: install it anew.")


if __name__ == "__main__":
    main()
