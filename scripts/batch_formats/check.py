"""Runs batch files that the vendors' classes made, and reads the results with the vendors' classes, all of them strictly.

Usage: check.py PLAIT, in an environment with requirements.txt. vLLM is no small package: its two classes for output lines are
repeated here, with the types of their fields (vllm/entrypoints/openai/run_batch.py; the body of an error answer is no type of
vLLM's, so bodies are any JSON).
"""

import json
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anthropic.types.messages as anthropic_messages
from anthropic.types import messages
from google.genai import types as google
from mistralai.client.models import BatchRequest, ChatCompletionResponse
from mistralai.extra.batch import BatchOutput, BatchRequestError
from openai.types.chat import ChatCompletion
from pydantic import BaseModel

PLAIT = Path(sys.argv[1]).resolve()

MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "hi"}], "model": "m",
           "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
CONTENT = {"candidates": [{"content": {"parts": [{"text": "hi"}], "role": "model"}, "finishReason": "STOP"}], "modelVersion": "m",
           "usageMetadata": {"totalTokenCount": 2}, "responseId": "r"}
COMPLETION = {"id": "c", "object": "chat.completion", "created": 1, "model": "m",
              "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
              "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None,
                           "message": {"role": "assistant", "content": "hi", "refusal": None}}]}

# What the server does, by a word in the request, and what becomes of the call.
STATUSES = {f"status-{status}": status for status in (400, 401, 403, 404, 409, 413, 422, 500, 529)}
WORDS = ["fine", "plain", "other", "lone", "slow", "lose", *STATUSES]
ERRORS = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
          413: "request_too_large", 529: "overloaded_error"}


class BatchResponseData(BaseModel):
    status_code: int = 200
    request_id: str
    body: Any | None = None


class BatchRequestOutput(BaseModel):
    id: str
    custom_id: str
    response: BatchResponseData | None
    error: Any | None


class Vendor(BaseHTTPRequestHandler):
    """Answers as the API of the path would."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body go out together
    ended = threading.Event()

    def log_message(self, *_):
        pass

    def do_POST(self):
        said = self.rfile.read(int(self.headers["Content-Length"])).decode()
        word = next((word for word in WORDS if f'"{word}"' in said), "fine")
        if word == "slow":
            self.ended.wait()
        if word in ("slow", "lose"):
            self.close_connection = True
            return
        answer = MESSAGE if "messages" in self.path else CONTENT if "models" in self.path else COMPLETION
        status = STATUSES.get(word, 200)
        if status != 200:
            kind = ERRORS.get(status, "api_error")
            answer = {"type": "error", "error": {"type": kind, "code": status, "message": f"no: {word}"}, "request_id": None}
        text = json.dumps(answer)
        if word == "other":
            text = "[1]"
        if word == "lone":
            text = text.replace('"hi"', '"\\ud83d"').replace("no:", "\\ud83d")
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if word == "plain" else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def run(folder, url, vendor, lines):
    """Runs the batch file twice, and has nothing left to do the second time; then without a results file, where the calls that
    are left when the run stops have a result, too. Returns the lines of both."""
    batch = folder / f"{vendor}.jsonl"
    batch.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"custom_id": "bad"}\n')
    results = folder / f"{vendor}-results.jsonl"
    command = [PLAIT, "run", batch, "--format", f"{vendor}-batch", "--result-format", f"{vendor}-batch", "--base-url", f"{url}/v1",
               "--attempts", "1", "--deadline", "2s", "--quiet"]
    if vendor in ("gemini", "mistral"):
        command += ["--model", "m"]
    for _ in range(2):
        subprocess.run([*command, "-o", results], check=False)
    text = results.read_text()
    subprocess.run([PLAIT, "verify", batch, results], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([PLAIT, "table", results, "-o", "-"], check=True, stdout=subprocess.DEVNULL)
    assert len(text.splitlines()) == len(lines) + 1, text
    stopping = [*command, "--concurrency", "1", "--stop-if", "rejected>0"]
    stopped = subprocess.run(stopping, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    assert "skipped" in stopped, stopped[:1000]
    return [json.loads(line) for line in text.splitlines()], [json.loads(line) for line in stopped.splitlines()]


def say(vendor, kinds):
    print(f"{vendor}: right ({', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))})")


def check_anthropic(folder, url):
    batch = [{"custom_id": word, "params": {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": word}]}} for word in WORDS]
    kinds = Counter()
    found = {}
    results, stopped = run(folder, url, "anthropic", batch)
    for line in results + stopped:
        response = messages.MessageBatchIndividualResponse.model_validate(line, strict=True)
        kinds[response.result.type] += 1
        found.setdefault(response.custom_id, response.result)
    assert kinds["canceled"] > 0
    assert isinstance(found["fine"], anthropic_messages.MessageBatchSucceededResult)
    assert found["fine"].message.content[0].text == "hi"
    assert found["slow"].type == "expired"
    for word, status in STATUSES.items():
        kind = ERRORS.get(status, "api_error")
        assert found[word].error.error.type == ("invalid_request_error" if status == 413 else kind), found[word]
        assert found[word].error.error.message == f"no: {word}"
    assert found["bad"].error.error.type == "invalid_request_error"
    say("anthropic", kinds)


def check_gemini(folder, url):
    batch = [{"key": word, "request": {"contents": [{"parts": [{"text": word}]}]}, "metadata": {"mine": word}} for word in WORDS]
    kinds = Counter()
    results, stopped = run(folder, url, "gemini", batch)
    for line in results + stopped:
        key = line.pop("key", None)
        response = google.InlinedResponse.model_validate(line)
        kinds["response" if response.response else "error"] += 1
        assert (response.response is None) != (response.error is None)
        assert key.startswith("line-") or response.metadata["mine"] == key
        if key == "fine":
            assert response.response.text == "hi"
        if key == "slow":
            assert response.error.code in (1, 4)
    say("gemini", kinds)


def check_mistral(folder, url):
    batch = [BatchRequest(custom_id=word, body={"messages": [{"role": "user", "content": word}]}).model_dump() for word in WORDS]
    lines, stopped = run(folder, url, "mistral", batch)
    assert BatchOutput.from_jsonl_bytes("\n".join(map(json.dumps, stopped)).encode(), ChatCompletionResponse).request_errors
    output = BatchOutput.from_jsonl_bytes("\n".join(map(json.dumps, lines)).encode(), ChatCompletionResponse)
    assert output.responses["fine"].choices[0].message.content == "hi"
    assert all(isinstance(error, BatchRequestError) for error in output.request_errors)
    say("mistral", {"responses": len(output.responses), "request errors": len(output.request_errors),
                    "response errors": len(output.response_errors)})


def check_openai(folder, url):
    batch = [{"custom_id": word, "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m", "messages": [{"role": "user", "content": word}]}}
             for word in WORDS]
    kinds = Counter()
    results, stopped = run(folder, url, "openai", batch)
    for line in results + stopped:
        output = BatchRequestOutput.model_validate(line, strict=True)
        kinds["with response" if output.response else "without"] += 1
        if output.custom_id == "fine":
            assert ChatCompletion.model_validate(output.response.body).choices[0].message.content == "hi"
    say("openai and vLLM", kinds)


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    with tempfile.TemporaryDirectory() as folder:
        for check in (check_anthropic, check_gemini, check_mistral, check_openai):
            check(Path(folder), url)
    Vendor.ended.set()
    server.shutdown()


main()
