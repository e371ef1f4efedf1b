"""A small disk, to be filled by tests."""

import subprocess
import tempfile
import unittest
from pathlib import Path


class SmallDisk:
    """A file system of the given size. If this user may not mount one, the test is skipped."""

    def __init__(self, size):
        self.size = size

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="plait-")
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs", self.folder.name], capture_output=True)
        if mounted.returncode != 0:
            self.folder.cleanup()
            raise unittest.SkipTest("this user may not mount a file system")
        return Path(self.folder.name)

    def __exit__(self, *_):
        subprocess.run(["umount", self.folder.name], check=True)
        self.folder.cleanup()
