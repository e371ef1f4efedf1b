"""The README's lines of CMake, in a program outside of this tree."""

import os
import re
import shlex
import shutil
import subprocess
import unittest
from pathlib import Path

from support.program import PATIENCE_S, MockTest

REPOSITORY = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("PLAIT_BUILD", REPOSITORY / "build/dev"))


def cache_of(build):
    """Returns the variables of a build's CMake cache."""
    lines = (build / "CMakeCache.txt").read_text().splitlines()
    return {line.partition(":")[0]: line.partition("=")[2] for line in lines if ":" in line and "=" in line}


class Consumer(MockTest):
    def execute(self, *command, cwd=None):
        ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
        self.assertEqual(0, ended.returncode, f"{shlex.join(map(str, command))}\n{ended.stdout}{ended.stderr}")
        return ended.stdout

    def commands_of(self, build, target):
        """Returns the commands that make a target of a ninja build, when what it links is there."""
        commands = self.execute("ninja", "-C", build, "-t", "commands", target).splitlines()
        return [command for command in commands if f"{target}.dir/" in command]

    def test_it_is_built_by_the_lines_of_the_readme(self):
        source, build = self.folder / "source", self.folder / "build"
        shutil.copytree(REPOSITORY / "tests/consumer", source)
        (source / "plait").symlink_to(REPOSITORY, target_is_directory=True)
        cache = cache_of(BUILD)
        same = [f"-D{name}={cache[name]}" for name in ("CMAKE_BUILD_TYPE", "CMAKE_CXX_COMPILER", "CMAKE_CXX_FLAGS", "CMAKE_CXX_FLAGS_DEBUG")]
        self.execute("cmake", "-G", "Ninja", "-S", source, "-B", build, "--log-level=WARNING", *same)
        targets = self.execute("ninja", "-C", build, "-t", "targets", "all")
        self.assertEqual([], re.findall(r"^(plait_\w+_test|synchronous): ", targets, re.MULTILINE), "tests and examples are not for users")
        # The library's own objects would be compiled a second time from the same sources by the same compiler.
        for library in (BUILD / "src/plait").glob("*.a"):
            (build / "plait/src/plait" / library.name).symlink_to(library)
        commands = self.commands_of(build, "yours")
        self.assertEqual(2, len(commands), commands)  # compile and link
        for command in commands:
            self.execute("sh", "-c", command, cwd=build)
        ended = subprocess.run([build / "yours", self.url("/a"), self.url("/b")], capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual((0, "200\n200\n", ""), (ended.returncode, ended.stdout, ended.stderr))


if __name__ == "__main__":
    unittest.main()
