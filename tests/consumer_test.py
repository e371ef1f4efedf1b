"""Programs outside this tree that use the library: installed (with the README's CMake or pkg-config), or as a subdirectory."""

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
SAME = ("CMAKE_BUILD_TYPE", "CMAKE_CXX_COMPILER", "CMAKE_CXX_FLAGS", "CMAKE_CXX_FLAGS_DEBUG")


def cache_of(build):
    """Returns the variables of a build's CMake cache."""
    lines = (build / "CMakeCache.txt").read_text().splitlines()
    return {line.partition(":")[0]: line.partition("=")[2] for line in lines if ":" in line and "=" in line}


class Consumer(MockTest):
    def setUp(self):
        super().setUp()
        self.source, self.build, self.prefix = self.folder / "source", self.folder / "build", self.folder / "prefix"
        shutil.copytree(REPOSITORY / "tests/consumer", self.source)
        self.cache = cache_of(BUILD)

    def execute(self, *command, **options):
        ended = subprocess.run(command, capture_output=True, text=True, **options)
        self.assertEqual(0, ended.returncode, f"{shlex.join(map(str, command))}\n{ended.stdout}{ended.stderr}")
        return ended.stdout

    def install(self):
        self.execute("cmake", "--install", BUILD, "--prefix", self.prefix, "--component", "library")

    def configure(self, source, *options):
        same = [f"-D{name}={self.cache[name]}" for name in SAME]
        self.execute("cmake", "-G", "Ninja", "-S", source, "-B", self.build, "--log-level=WARNING", *same, *options)

    def assert_calls(self, program):
        """Checks that the program prints the statuses of two calls."""
        ended = subprocess.run([program, self.url("/a"), self.url("/b")], capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual((0, "200\n200\n", ""), (ended.returncode, ended.stdout, ended.stderr))

    def test_an_installed_library_is_found_by_the_lines_of_the_readme(self):
        self.install()
        self.configure(self.source, f"-DCMAKE_PREFIX_PATH={self.prefix}")
        self.execute("cmake", "--build", self.build)
        self.assert_calls(self.build / "yours")
        self.assertIn("3 passed", self.execute(self.build / "yours_test"))

    def test_an_installed_library_is_found_by_pkg_config(self):
        self.install()
        [folder] = self.prefix.glob("lib*/**/pkgconfig")
        flags = self.execute("pkg-config", "--cflags", "--libs", "plait", env={**os.environ, "PKG_CONFIG_PATH": str(folder)})
        compiler = [self.cache["CMAKE_CXX_COMPILER"], "-std=c++20", *shlex.split(self.cache["CMAKE_CXX_FLAGS"])]
        self.execute(*compiler, "main.cpp", "-o", "yours", *shlex.split(flags), cwd=self.source)
        self.assert_calls(self.source / "yours")

    def test_another_minor_version_is_not_found(self):
        self.install()
        lines = self.source / "CMakeLists.txt"
        lines.write_text(lines.read_text().replace("plait 0.2", "plait 0.1"))
        with self.assertRaisesRegex(AssertionError, 'is compatible\\s+with requested version "0.1"'):
            self.configure(self.source, f"-DCMAKE_PREFIX_PATH={self.prefix}")

    def test_it_can_be_built_as_a_subdirectory(self):
        (self.source / "in_tree/plait").symlink_to(REPOSITORY, target_is_directory=True)
        (self.source / "in_tree/main.cpp").symlink_to(self.source / "main.cpp")
        self.configure(self.source / "in_tree")
        targets = self.execute("ninja", "-C", self.build, "-t", "targets", "all")
        self.assertEqual([], re.findall(r"^(plait_\w+_test|synchronous): ", targets, re.MULTILINE), "tests and examples are not for users")
        # Building the library again would only compile the same sources with the same compiler a second time.
        for library in (BUILD / "lib").glob("*.a"):
            (self.build / "plait/lib" / library.name).symlink_to(library)
        commands = self.execute("ninja", "-C", self.build, "-t", "commands", "yours").splitlines()
        commands = [command for command in commands if "yours.dir/" in command]
        self.assertEqual(2, len(commands), commands)  # compile and link
        for command in commands:
            self.execute("sh", "-c", command, cwd=self.build)
        self.assert_calls(self.build / "yours")


if __name__ == "__main__":
    unittest.main()
