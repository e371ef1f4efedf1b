"""`plait convert`: files that the real tools made (tests/converted, by scripts/converters), and what it says."""

import json
import os
import subprocess
import unittest
from pathlib import Path

from support.program import PROGRAM, Ended, RunTest, plait
from support.servers import Deciding, Rogue, response

FILES = Path(__file__).resolve().parent / "converted"


def convert(*arguments, cwd=FILES):
    done = subprocess.run([PROGRAM, "convert", *map(str, arguments)], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return Ended(done.returncode, done.stdout, done.stderr)


class Files(unittest.TestCase):
    """Each file has its request lines beside it: NAME.jsonl, written anew with PLAIT_WRITE=1."""

    REFUSED = {"chromium.har": 3, "mitmproxy.har": 1, "calls.postman.json": 2}
    ARGUMENTS = {"calls.postman.json": ("--environment", "environment.json"),
                 "bruno": ("--environment", "bruno/environments/local.bru")}

    def test_each_file_becomes_the_lines_beside_it(self):
        names = sorted(path.name.removesuffix(".jsonl") for path in FILES.glob("*.jsonl"))
        self.assertLessEqual({"chromium.har", "mitmproxy.har", "calls.sh", "calls.conf"}, set(names))
        for name in names:
            with self.subTest(name):
                ended = convert(name, *self.ARGUMENTS.get(name, ()))
                if os.environ.get("PLAIT_WRITE"):
                    (FILES / f"{name}.jsonl").write_text(ended.out)
                self.assertEqual((FILES / f"{name}.jsonl").read_text(), ended.out, ended.err)
                self.assertEqual(self.REFUSED.get(name, 0), ended.err.count("not converted: "), ended.err)
                self.assertEqual(1 if name in self.REFUSED else 0, ended.code)
                self.assertNotIn("Zx81TokenOfNobody", ended.out + ended.err)


class Command(RunTest):
    def file(self, name, text):
        (self.folder / name).write_text(text)
        return self.folder / name

    def test_secrets_come_back_when_they_are_set_and_permitted(self):
        with Rogue(Deciding(lambda path, times: response(200))) as server:
            script = self.file("calls.sh", f"curl '{server.url}/a?token=s3cret-value&x=1' -H 'Authorization: Bearer s3cret-value'\n")
            lines = self.folder / "requests.jsonl"
            said = convert(script, "-o", lines)
            self.assertEqual((0, ""), (said.code, said.out), said.err)
            self.assertNotIn("s3cret-value", lines.read_text() + said.err)
            names = [line.split("=")[0].split()[-1] for line in said.err.splitlines() if line.startswith("    export ")]
            permits = [word for name in names for word in ("--secret", f"env.{name}")]
            self.assertIn(" ".join(permits), said.err)
            ended = plait("run", lines, *permits, env={**os.environ, **{name: "s3cret-value" for name in names}})
            self.assertEqual(0, ended.code, ended.err)
            self.assertTrue(server.heads[0].startswith(b"GET /a?x=1&token=s3cret-value HTTP/1.1\r\n"), server.heads)
            self.assertIn(b"\r\nAuthorization: Bearer s3cret-value\r\n", server.heads[0])

    def test_what_is_not_converted_is_listed_with_its_reason(self):
        script = self.file("calls.sh", "curl http://a.example/ | jq .\ncurl --ntlm http://b.example/\ncurl http://$HOST/ -k\n")
        said = convert(script, self.file("more.conf", "url = c.example\n"))
        self.assertEqual(1, said.code)
        self.assertEqual(["http://a.example/", "http://c.example"], [json.loads(line)["url"] for line in said.out.splitlines()])
        for line in (f"left out: {script}: line 1: it runs jq, not curl", f"not converted: {script}: line 2: its login is NTLM",
                     f"not converted: {script}: line 3: $HOST has no value: --var 'HOST=...'", "plait: converted 2 of 4 requests"):
            self.assertIn(line + "\n", said.err)
        again = convert(script, "--var", "HOST=d.example")
        self.assertIn("note: --insecure is not part of a request line: give --insecure to plait run\n", again.err)

    def test_a_file_that_cannot_be_read_leaves_the_others(self):
        good = self.file("calls.sh", "curl http://a.example/\n")
        said = convert(good, self.file("cut.har", '{"log": {"entries": [{"request"'), self.folder / "none")
        self.assertEqual((1, 1), (said.code, said.out.count("\n")), said.err)
        self.assertIn(f"not converted: {self.folder / 'none'}: open {self.folder / 'none'}: No such file or directory\n", said.err)
        self.assertIn("plait: converted 1 of 3 requests", said.err)

    def test_wrong_arguments_are_explained(self):
        script = self.file("calls.sh", "curl http://a.example/\n")
        text = self.file("notes.txt", "call me\n")
        old = self.file("old.jsonl", "old")
        for arguments, message in [
            ((), "no FILE"),
            ((text,), "notes.txt looks like none of har, "),
            ((script, "--from", "curls"), "'curls' is not one of har, "),
            ((script, "--var", "x"), "'x' is not NAME=VALUE"),
            ((script, "-o", script), "is both input and output"),
            ((script, "-o", old), "old.jsonl exists: --overwrite replaces it"),
            ((self.file("empty", "\n"),), "empty is empty"),
            ((self.folder / "none",), "none: No such file or directory"),
            ((self.file("cut.har", '{"log": {"entries": [{"request"'),), "cut.har is not a HAR, or is cut"),
        ]:
            with self.subTest(arguments=arguments):
                ended = convert(*arguments)
                self.assertEqual(2, ended.code)
                self.assertIn(message, ended.err)
        self.assertEqual("old", old.read_text())


if __name__ == "__main__":
    unittest.main()
