"""Batch files of vendors, run as they are, with results in the vendors' forms."""

import json
import unittest

from support.program import RunTest, plait, run
from support.servers import Rogue

MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "hi"}], "model": "m",
           "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}


class Vendor:
    """A script that answers each POST by what its body says: `reject` is 529, `lose` closes the connection, anything else is
    `answer`. `requests` holds a path, the value of anthropic-version and a body for each."""

    def __init__(self, answer):
        self.answer = json.dumps(answer).encode()
        self.requests = []

    def __call__(self, peer):
        while head := peer.request():
            headers = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:] if ": " in line)
            self.requests.append((head.split()[1].decode(), headers.get("anthropic-version"), peer.body.decode()))
            if b"lose" in peer.body:
                return
            status, body = (b"529 Overloaded", json.dumps(OVERLOADED).encode()) if b"reject" in peer.body else (b"200 OK", self.answer)
            peer.send(b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))


class BatchFormats(RunTest):
    def write(self, *lines):
        path = self.folder / "batch.jsonl"
        path.write_text("".join(line + "\n" for line in lines))
        return path

    def results_of(self, path):
        results = [json.loads(line) for line in path.read_text().splitlines()]
        return {result.get("key") or result["custom_id"]: result for result in results}

    def test_a_batch_of_anthropic_becomes_results_of_anthropic(self):
        batch = self.write('{"custom_id": "a", "params": {"model": "m",  "n": 1.0}}', '{"custom_id": "b", "params": {"x": "reject"}}',
                           '{"custom_id": "c", "params": {"x": "lose"}}', '{"custom_id": "d"}')
        results = self.folder / "results.jsonl"
        vendor = Vendor(MESSAGE)
        with Rogue(vendor) as server:
            flags = ("--format", "anthropic-batch", "--result-format", "anthropic-batch", "--base-url", f"{server.url}/v1", "-o", results)
            first = run(batch, *flags)
            again = run(batch, *flags)
            other = run(batch, *flags[2:])
        self.assertEqual((1, 1), (first.code, again.code), first.err + again.err)
        self.assertNotIn("base-url", first.err)
        self.assertIn("0 calls in", again.err)
        self.assertIn("--format was 'anthropic-batch' when this run began, and is not given now", other.err)
        self.assertEqual(3, len(vendor.requests))
        self.assertIn(("/v1/messages", "2023-06-01", '{"model": "m",  "n": 1.0}'), vendor.requests)
        found = self.results_of(results)
        self.assertEqual({"type": "succeeded", "message": MESSAGE}, found["a"]["result"])
        self.assertEqual({"type": "errored", "error": OVERLOADED}, found["b"]["result"])
        self.assertEqual("api_error", found["c"]["result"]["error"]["error"]["type"])
        self.assertEqual("invalid_request_error", found["d"]["result"]["error"]["error"]["type"])
        self.assertEqual("unknown", found["c"]["outcome"])
        self.check_siblings(batch, results, '{"custom_id": "b", "params": {"x": "reject"}}', {"a": "hi", "b": "", "c": "", "d": ""},
                            "/content/0/text")
        self.assertEqual(0, plait("report", results, "--text").code)

    def test_a_batch_of_gemini_becomes_results_of_gemini(self):
        batch = self.write('{"key": "a", "request": {"contents": []}}', '{"request": {"model": "models/own", "x": "reject"}}',
                           '{"key": "c", "request": {"x": "lose"}, "metadata": {"mine": "1"}}')
        results = self.folder / "results.jsonl"
        vendor = Vendor({"candidates": [{"finishReason": "STOP"}]})
        with Rogue(vendor) as server:
            flags = ("--format", "gemini-batch", "--result-format", "gemini-batch", "--base-url", server.url, "-o", results)
            refused = run(batch, *flags)
            self.assertEqual(2, refused.code)
            self.assertIn("names no model: name one with --model", refused.err)
            self.assertFalse(results.exists())
            self.assertEqual(1, run(batch, *flags, "--model", "m").code)
            self.assertIn("0 calls in", run(batch, *flags, "--model", "m").err)
        self.assertEqual(["/v1beta/models/m:generateContent"] * 2 + ["/v1beta/models/own:generateContent"],
                         sorted(path for path, _, _ in vendor.requests))
        found = self.results_of(results)
        self.assertEqual({"candidates": [{"finishReason": "STOP"}]}, found["a"]["response"])
        self.assertEqual("busy", found["line-2"]["error"]["message"])
        self.assertEqual((14, "1"), (found["c"]["error"]["code"], found["c"]["metadata"]["mine"]))
        self.check_siblings(batch, results, '{"key":"line-2","request": {"model": "models/own", "x": "reject"}}',
                            {"a": "STOP", "line-2": "", "c": ""}, "/candidates/0/finishReason")
        self.assertEqual(0, plait("report", results, "--text").code)

    def check_siblings(self, batch, results, rejected, selected, pointer):
        """verify, retry and table know the form of requests and results by themselves."""
        verified = plait("verify", batch, results)
        self.assertEqual((0, ""), (verified.code, verified.err), verified.out)
        self.assertEqual(rejected, plait("retry", results, "--rejected").out.strip())
        rows = plait("table", results, "-o", "-", "--select", f"picked={pointer}").results
        self.assertEqual(selected, {row["custom_id"]: row["picked"] for row in rows})

    def test_another_vendors_file_is_refused_before_anything_is_sent(self):
        batch = self.write('{"custom_id": "a", "body": {"model": "m"}}')
        results = self.folder / "results.jsonl"
        for inputs, stdin in ((batch, b""), ("-", batch.read_bytes())):
            refused = run(inputs, "--format", "openai-batch", "-o", results, stdin=stdin)
            self.assertEqual(2, refused.code)
            self.assertIn("its first line looks like a Mistral batch: --format mistral-batch", refused.err)
            self.assertEqual([batch.name], [path.name for path in self.folder.iterdir()])
        checked = plait("check", batch)
        self.assertIn("line 1: no \"url\"; looks like a Mistral batch: --format mistral-batch", checked.out)


if __name__ == "__main__":
    unittest.main()
