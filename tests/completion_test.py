"""Shell completion and the manual page, tested with the shells and troff where they are installed."""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support.program import PATIENCE_S, PROGRAM, plait

COMMANDS = {"run", "check", "cluster", "convert", "compare", "report", "table", "status", "verify", "retry", "doctor", "mock", "completion",
            "worker"}


def output_of(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True, **options).stdout


class Bash(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.script = self.folder / "completion.bash"
        self.script.write_text(plait("completion", "bash").out)

    def complete(self, *words):
        """Returns what bash offers for the last of these words, which is the one under the cursor."""
        ask = 'source "$0"; COMP_WORDS=(plait "$@"); COMP_CWORD=$#; _plait; printf "%s\\n" "${COMPREPLY[@]}"'
        return set(output_of("bash", "-c", ask, self.script, *words, cwd=self.folder).split())

    def test_bash_accepts_its_syntax(self):
        output_of("bash", "-n", self.script)

    def test_it_completes_commands(self):
        self.assertEqual(COMMANDS | {"--help", "-h", "--version", "-V", "help"}, self.complete(""))
        self.assertEqual({"report", "retry"}, self.complete("help", "re"))
        self.assertEqual({"report", "retry"}, self.complete("re") - {"run"})

    def test_it_completes_the_flags_of_a_command(self):
        self.assertEqual({"--max-wait", "--max-body", "--max-body-total", "--max-header-bytes", "--max-header-count", "--max-pages", "--max-redirects"},
                         self.complete("run", "in.jsonl", "--max-"))
        self.assertEqual({"--json", "--watch", "--help"}, self.complete("status", "--"))

    def test_it_completes_the_words_of_a_value(self):
        self.assertEqual({"async", "sync", "threads", "processes"}, self.complete("run", "--method", ""))
        self.assertEqual({"threads"}, self.complete("run", "--method", "=", "th"))
        self.assertEqual({"bash", "zsh", "fish"}, self.complete("completion", ""))

    def test_it_completes_files_and_directories(self):
        (self.folder / "requests.jsonl").touch()
        (self.folder / "results").mkdir()
        self.assertEqual({"requests.jsonl", "results"}, self.complete("run", "re"))
        self.assertEqual({"requests.jsonl", "results"}, self.complete("run", "-o", "re"))
        self.assertEqual({"results"}, self.complete("compare", "--trace", "re"))

    def test_it_offers_nothing_where_any_value_is_possible(self):
        self.assertEqual(set(), self.complete("run", "--limit", ""))


class OtherShells(unittest.TestCase):
    def test_zsh_accepts_its_syntax(self):
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed")
        output_of("zsh", "-n", input=plait("completion", "zsh").out)

    def test_fish_accepts_its_syntax(self):
        if not shutil.which("fish"):
            self.skipTest("fish is not installed")
        output_of("fish", "--no-execute", input=plait("completion", "fish").out)

    def test_another_shell_is_refused(self):
        for shells in ([], ["tcsh"], ["bash", "zsh"]):
            ended = plait("completion", *shells)
            self.assertEqual(2, ended.code, shells)
            self.assertIn("bash|zsh|fish", ended.err)


class ManPage(unittest.TestCase):
    def test_troff_has_no_complaints(self):
        if not shutil.which("groff"):
            self.skipTest("groff is not installed")
        page = subprocess.run(["groff", "-man", "-Tascii", "-ww", "-z"], input=plait("--help-man").out, capture_output=True, text=True)
        self.assertEqual((0, ""), (page.returncode, page.stderr))

    def test_it_has_every_command(self):
        page = plait("--help-man").out
        for command in COMMANDS:
            self.assertIn(f'.SH "plait {command}"\n', page)


class Installed(unittest.TestCase):
    def test_the_build_writes_what_the_program_prints(self):
        folder = Path(PROGRAM).parent / "share"
        for name, arguments in (("plait.1", ["--help-man"]), ("plait", ["completion", "bash"]), ("_plait", ["completion", "zsh"]),
                                ("plait.fish", ["completion", "fish"])):
            self.assertEqual((folder / name).read_text(), plait(*arguments).out, name)


if __name__ == "__main__":
    unittest.main()
