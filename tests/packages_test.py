"""What packages consist of agrees with the program and the tree. `make packages-test` builds packages and uses them."""

import json
import re
import shlex
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from support.cluster import new_key
from support.program import end, plait, start
from support.servers import free_port

REPOSITORY = Path(__file__).resolve().parent.parent
DEPLOY = REPOSITORY / "deploy"
DEBIAN = REPOSITORY / "debian"


def text(*parts):
    return REPOSITORY.joinpath(*parts).read_text()


def settings(name):
    """Returns the lines NAME=VALUE of a file in deploy as a dictionary; the last of equal names counts."""
    return dict(re.findall(r"^(\w+)=(.*)$", (DEPLOY / name).read_text(), re.MULTILINE))


def field(paragraph, name):
    """Returns the packages in a field of a paragraph of debian/control, without versions and alternatives."""
    value = re.search(rf"^{name}:(.*(?:\n .*)*)", paragraph, re.MULTILINE)[1]
    return {re.split(r"[ |]", item.strip())[0] for item in value.split(",") if item.strip()}


class Unit(unittest.TestCase):
    def test_the_program_takes_its_command_line(self):
        variables = {name: " ".join(shlex.split(value)).split() for name, value in settings("worker.env").items()}
        variables["PLAIT_CLUSTER"] = [f"nats://127.0.0.1:{free_port('127.0.0.1')}"]
        with tempfile.TemporaryDirectory() as credentials:
            new_key(credentials).rename(Path(credentials) / "key")
            (Path(credentials) / "login").write_text("name:password")
            program, *words = settings("plait-worker.service")["ExecStart"].replace("%d", credentials).split()
            arguments = []
            for word in words:
                name = re.fullmatch(r"\$\{?(\w+)\}?", word)
                arguments += variables[name[1]] if name else [word]
            self.assertEqual("/usr/bin/plait", program)
            worker = start(*arguments)
            self.addCleanup(end, worker)
            self.assertIn("refused; trying again", worker.stderr.readline().decode())
            worker.send_signal(signal.SIGTERM)
            self.assertEqual(0, worker.wait(timeout=60))

    def test_a_wrong_flag_or_key_ends_the_service(self):
        prevented = int(settings("plait-worker.service")["RestartPreventExitStatus"])
        with tempfile.NamedTemporaryFile() as empty:
            for wrong in (["--no-such-flag"], ["--cluster", "nats://127.0.0.1:1", "--cluster-key", empty.name]):
                self.assertEqual(prevented, plait("worker", *wrong).code, wrong)

    def test_it_needs_the_files_that_the_settings_name(self):
        unit, explained = text("deploy", "plait-worker.service"), text("deploy", "worker.env")
        for file in re.findall(r"^LoadCredential=\w+:(.*)$", unit, re.MULTILINE):
            self.assertIn(f"AssertPathExists={file}\n", unit)
            self.assertIn(Path(file).name, explained)
        self.assertIn("\ndeploy/worker.env etc/plait\n", text("debian", "plait.install"))
        self.assertIn("\nEnvironmentFile=/etc/plait/worker.env\n", unit)


class Containers(unittest.TestCase):
    def test_the_program_takes_the_command_lines(self):
        for name, count in (("compose.yaml", 2), ("kubernetes.yaml", 2)):
            lines = re.findall(r"\[\s*\"(?:worker|run)\".*?\]", (DEPLOY / name).read_text(), re.DOTALL)
            self.assertEqual(count, len(lines), name)
            for line in lines:
                # A file that is not there is missed when all flags have been read.
                ended = plait(*json.loads(line.replace("tls://nats:", "tls://127.0.0.1:")))
                self.assertRegex(ended.err, r"^plait: (/run)?/secrets/\S+: open \S+: No such file or directory\n$", name)

    def test_the_image_starts_the_program_as_nobody_in_particular(self):
        last = text("Dockerfile").rpartition("\nFROM ")[2]
        self.assertRegex(last, r'\nENTRYPOINT \["plait"\]\n')
        self.assertRegex(last, r"\nUSER [1-9]\d*:[1-9]\d*\n")


class Debian(unittest.TestCase):
    CONTROL = text("debian", "control").split("\n\n")

    def test_the_build_needs_what_the_list_of_packages_has(self):
        listed = set(re.findall(r"^build +(\S+)$", text("scripts", "packages.txt"), re.MULTILINE))
        always_there = {"g++", "make"}  # of build-essential
        self.assertEqual(listed - always_there - {"ca-certificates"}, field(self.CONTROL[0], "Build-Depends") - {"debhelper-compat"})

    def test_the_library_needs_what_its_headers_and_archive_do(self):
        libraries = {name for name in field(self.CONTROL[0], "Build-Depends") if re.match(r"(lib|zlib).*-dev$", name)}
        only_in_the_build = {"libboost1.81-dev", "libcli11-dev", "libyaml-dev"}
        self.assertEqual(libraries - only_in_the_build, {name for name in field(self.CONTROL[2], "Depends") if name[0] != "$"})

    def test_lists_name_files_of_the_tree_or_of_the_installation(self):
        installed = text("cmake", "PlaitInstall.cmake")
        for list in [*DEBIAN.glob("*.install"), *DEBIAN.glob("*.docs"), *DEBIAN.glob("*.examples")]:
            for file in (line.split()[0] for line in list.read_text().splitlines()):
                if file.startswith("usr/"):
                    self.assertIn(Path(file).name.removesuffix(".a").removeprefix("lib"), f"plait_testing {installed}", list.name)
                else:
                    self.assertTrue([*REPOSITORY.glob(file)], f"{list.name}: {file}")

    def test_it_has_the_documents_that_its_own_texts_name(self):
        packed = {path.relative_to(REPOSITORY).as_posix() for line in text("debian", "plait.docs").split() for path in REPOSITORY.glob(line)}
        named = set(re.findall(r"docs/[a-z_]+\.md", text("README.md") + plait("--help-man").out))
        self.assertIn("docs/formats.md", named)
        self.assertEqual(set(), named - packed)

    def test_what_is_bundled_has_its_licence_there(self):
        copyright, build = text("debian", "copyright"), text("scripts", "release", "build")
        for licence in REPOSITORY.glob("src/**/third_party/*/LICENSE"):
            folder = licence.parent.relative_to(REPOSITORY).as_posix()
            self.assertIn(f"\nFiles: {folder}/*\n", copyright)
            self.assertIn(f"{folder}/LICENSE", build)
            self.assertIn(f"{folder}/LICENSE", text("python", "wheel.cmake"))


class Release(unittest.TestCase):
    def notes(self, *arguments):
        return subprocess.run([REPOSITORY / "scripts/release/notes", *arguments], capture_output=True, text=True)

    def test_this_version_has_notes(self):
        version = plait("--version").out.split()[1]
        ended = self.notes()
        self.assertEqual((0, ""), (ended.returncode, ended.stderr))
        self.assertRegex(ended.stdout, rf"^# plait {re.escape(version)}\n\n\w")
        self.assertNotIn("\n## ", ended.stdout)

    def test_a_version_without_notes_is_an_error(self):
        ended = self.notes("99.0")
        self.assertEqual((1, "notes: CHANGELOG.md has no section '## 99.0'\n"), (ended.returncode, ended.stderr))


if __name__ == "__main__":
    unittest.main()
