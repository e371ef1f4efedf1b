#!/usr/bin/env python3
"""How near `plait run` comes to what rate limiters allow, with default flags: real limiters' ways of counting,
announcing and refusing, rebuilt in `plait mock`; with --real the real ones (bench/limiters/setup installs them).

    bench/limits.py [PROGRAM] [--real] [--only REGEX] [--window SECONDS] [--windows N] [--before PROGRAM] [--list]

Each row is a limiter that allows 40 requests in a window, and a run of as many calls as it allows in 10 windows. A row
shows how many of them were done within these 10 windows (pace), which share of all attempts was refused, and how many
calls did not end ok. All rows run at the same time, as they wait most of it; they begin one after the other, so that starting the
programs does not delay the first answers.
"""

import argparse
import concurrent.futures
import dataclasses
import functools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMITERS = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "plait-limiters"
REQUESTS = 40
BODY = "xx"  # in the answer to a served call, and in no refusal
LATENCY = ["--latency", "5ms..50ms", "--latency-before", "0ms..20ms"]

# What a row has to reach: the pace, and the share of refusals where headers announce the limit, or nothing does.
PACE = 0.93
REFUSED = {"told": 0.03, "untold": 0.06}

# Between the beginnings of two rows, in seconds.
APART = 0.25

# A run is stopped after this many times as long as it should take.
PATIENCE = 3


@dataclasses.dataclass
class Row:
    """A limiter, and how to start it: `mock` are flags of the mock, in which {w} stands for the window."""

    name: str
    told: str
    mock: tuple = ()
    command: tuple = ()
    burst: int = 0  # what is allowed beyond 40 a window, once
    calls: int = 0  # in all; 0: what is allowed in all windows
    run: tuple = ()  # further flags of plait run


def fixed(name, headers, refuse="429", told="told", allow="fixed:40/{w}", **more):
    """A limiter that announces its limit in these headers; its windows are fixed unless `allow` says otherwise."""
    return Row(name, told, ("--allow", allow, "--limit-headers", headers, "--refuse-with", refuse), **more)


def bucket(name, headers, refuse="429", told="told", **more):
    return fixed(name, headers, refuse, told, "bucket:40/{w},burst=40", burst=40, **more)


def untold(name, headers="none", refuse="429", allow="fixed:40/{w}", **more):
    """A limiter that says nothing before it refuses."""
    return fixed(name, headers, refuse, "untold", allow, **more)


SLIDING = "40/{w}"
COUNTER = "counter:40/{w}"
BUCKET = "bucket:40/{w},burst=40"
QUEUE = "leaky:40/{w},burst=40,nodelay"  # a token more than its burst
HAPROXY = "counter:40/{w},count-refused"

# No client can know that a bare 403 or 500 is a refusal: builds that have a flag for it are given it.
REFUSAL = "--refusal"
IS_403 = (REFUSAL, "status=403")
IS_500 = (REFUSAL, "status=500")

ROWS = [
    fixed("express-rate-limit draft-8", "draft-8,x-ratelimit:epoch,retry-after"),
    fixed("express-rate-limit draft-7", "draft-7,retry-after"),
    fixed("express draft-6, hono-rate-limiter", "draft-6,retry-after"),
    fixed("express legacy, koa2-ratelimit", "x-ratelimit:epoch,retry-after"),
    fixed("Flask-Limiter with headers", "x-ratelimit:epoch,retry-after:always"),
    fixed("slowapi", "x-ratelimit:epoch:exact,retry-after"),
    fixed("koa-ratelimit", "x-ratelimit:epoch:exact,retry-after:down"),
    fixed("@fastify/rate-limit", "x-ratelimit,retry-after"),
    fixed("@fastify/rate-limit draft", "ratelimit,retry-after"),
    fixed("@nestjs/throttler", "x-ratelimit,retry-after"),
    fixed("@nestjs/throttler named", "x-ratelimit@short,retry-after@short"),
    fixed("hapi-rate-limit", "x-ratelimit-user"),
    untold("restify throttle, echo", allow=BUCKET, burst=40),
    untold("Flask-Limiter default"),
    untold("fastapi-limiter, aiohttp-ratelimiter", allow=SLIDING),
    untold("nginx limit_req 429", allow=QUEUE, burst=41),
    untold("HAProxy 429", allow=HAPROXY),
    untold("DRF, django-ninja", "retry-after", allow=SLIDING),
    untold("Traefik", "retry-after,x-retry-in", allow=BUCKET, burst=40),
    untold("django-ratelimit 403", refuse="403", allow="clock:40/{w}", run=IS_403),
    untold("HAProxy deny 403", refuse="403", allow=HAPROXY, run=IS_403),
    untold("mod_evasive 403", refuse="403", allow="silence:40/{w},count-refused", run=IS_403),
    fixed("Litestar", "draft-6", allow=SLIDING),
    bucket("quart-rate-limiter", "ratelimit,retry-after,retry-after"),
    fixed("httprate", "x-ratelimit:epoch:down,retry-after:window", allow=COUNTER),
    fixed("ulule/limiter", "x-ratelimit:epoch:down"),
    bucket("tollbooth", "ratelimit:one,tollbooth"),
    fixed("go-limiter", "x-ratelimit:date-utc,retry-after:date-utc"),
    fixed("fiber", "x-ratelimit,retry-after"),
    fixed("gin-rate-limit", "x-rate-limit:epoch:down", allow="silence:40/{w}"),
    untold("tower_governor", "retry-after:down,x-ratelimit-after:down", allow=BUCKET, burst=40),
    bucket("actix-governor with headers", "x-ratelimit,retry-after:down,x-ratelimit-after:down"),
    bucket("bucket4j starter", "x-rate-limit-remaining,x-rate-limit-retry-after-seconds:down"),
    bucket("Spring Cloud Gateway", "spring"),
    untold("nginx limit_req 503", refuse="503", allow=QUEUE, burst=41),
    untold("mod_qos 500", refuse="500", allow=BUCKET, burst=40, run=IS_500),
    fixed("Envoy with headers", "envoy", allow="bucket:40/{w},burst=40,step={w}"),
    untold("Envoy without", allow="bucket:40/{w},burst=40,step={w}"),
    fixed("LiteLLM", "x-ratelimit-requests,retry-after,reset-at"),
    fixed("milliseconds from now", "x-rate-limit:ms"),
    bucket("OpenAI", "x-ratelimit-requests:duration,retry-after-ms,retry-after", "openai"),
    bucket("Anthropic", "anthropic,retry-after"),
    untold("Anthropic overloaded 529", refuse="anthropic", allow=BUCKET, burst=40),
    fixed("GitHub 403", "x-ratelimit:epoch", "403"),
    untold("GitHub secondary 403", "retry-after", "github", allow=SLIDING),
    untold("Shopify REST", "retry-after:exact", allow=BUCKET, burst=40),
    untold("Shopify GraphQL 200", refuse="shopify", allow=BUCKET, burst=40),
    untold("Discord body", refuse="discord"),
    untold("Dropbox body", refuse="dropbox"),
    untold("Google 403", refuse="google"),
    untold("Google Cloud retryDelay", refuse="google-cloud"),
    untold("Salesforce 403", refuse="salesforce", allow=SLIDING),
    untold("AWS 400", refuse="aws", allow=BUCKET, burst=40),
    untold("S3 503", refuse="s3", allow=BUCKET, burst=40),
    fixed("HubSpot", "hubspot"),
    fixed("Okta, X", "x-rate-limit:epoch:down"),
    fixed("Reddit", "x-ratelimit:down"),
    # 10 at once that take 200 ms: 50 a second.
    Row("Twilio, Mailchimp: too many at once", "untold", ("--max-in-flight", "10", "--latency", "200ms"), calls=-50),
]


def real(folder):
    """The real limiters, by the tools that are installed."""
    node, python, httprate = folder / "node/limiter.js", folder / "venv/bin/python", folder / "httprate"
    gateway = ROOT / "bench/limiters/gateway.py"

    def row(name, told, needs, *command, **more):
        return needs, Row(name, told, command=(*map(str, command), "{w}"), **more)

    all_rows = [
        row("express-rate-limit 8.7.5, draft-8", "told", node, "node", node, "express-draft-8"),
        row("express-rate-limit 8.7.5, draft-7", "told", node, "node", node, "express-draft-7"),
        row("express-rate-limit 8.7.5, draft-6", "told", node, "node", node, "express-draft-6"),
        row("express-rate-limit 8.7.5, legacy", "told", node, "node", node, "express-legacy"),
        row("@fastify/rate-limit 11.2.0", "told", node, "node", node, "fastify"),
        row("Flask-Limiter 4.1.1, headers", "told", python, python, folder / "python/limiter.py", "flask-with-headers"),
        row("Flask-Limiter 4.1.1, default", "untold", python, python, folder / "python/limiter.py", "flask"),
        row("httprate 0.16.1", "told", httprate, httprate),
        row("nginx limit_req 503", "untold", Path("/usr/sbin/nginx"), gateway, "nginx-503", burst=41),
        row("nginx limit_req 429", "untold", Path("/usr/sbin/nginx"), gateway, "nginx-429", burst=41),
        row("HAProxy 429", "untold", Path("/usr/sbin/haproxy"), gateway, "haproxy-429"),
    ]
    for needs, missing in all_rows:
        if not needs.exists():
            print(f"{missing.name} is not installed and is left out", file=sys.stderr)
    # Envoy is in no Debian release: its limiter is rebuilt in the mock.
    return [found for needs, found in all_rows if needs.exists()] + [found for found in ROWS if found.name == "Envoy without"]


class Limiter:
    """A running limiter, which prints its address."""

    def __init__(self, row, options):
        window = f"{options.window * 1000:.0f}ms"
        if row.mock:
            flags = [flag.replace("{w}", window) for flag in row.mock]
            latency = [] if "--latency" in flags else LATENCY
            self.command = [options.programs[0], "mock", "--port", "0", "--body-bytes", str(len(BODY)), *latency, *flags]
        else:
            self.command = [part.replace("{w}", window) for part in row.command]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        said = self.process.stdout.readline()
        found = re.search(r"http://\S+", said)
        if not found:
            self.process.kill()
            raise RuntimeError(f"{' '.join(self.command)} did not say where it is")
        return found[0].rstrip("/")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


@dataclasses.dataclass
class Reached:
    """The outcome of a run."""

    pace: float
    refused: float
    not_ok: int
    took_s: float

    def is_enough(self, row):
        return self.pace >= PACE and self.refused <= REFUSED[row.told] and self.not_ok == 0


@functools.cache
def knows(program, flag):
    return flag in subprocess.run([program, "run", "--help"], capture_output=True, text=True, check=True).stdout


def calls_of(row, options):
    """As many calls as the limiter allows in all windows."""
    if row.calls < 0:
        return round(-row.calls * options.window * options.windows)
    return row.calls or REQUESTS * options.windows + row.burst


def run(program, row, url, options):
    """Runs as many calls as the row allows, and reads their results."""
    calls = calls_of(row, options)
    span = options.window * options.windows
    with tempfile.TemporaryDirectory(prefix="plait-") as name:
        requests, results = Path(name) / "requests.jsonl", Path(name) / "results.jsonl"
        requests.write_text("".join(json.dumps({"custom_id": f"row-{n}", "url": f"{url}/x/{n}"}) + "\n" for n in range(calls)))
        flags = row.run if knows(program, REFUSAL) else ()
        began = time.monotonic()
        process = subprocess.Popen([program, "run", requests, "-o", results, "--quiet", "--body", "text", *flags],
                                   stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=PATIENCE * span)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            process.wait()
        took = time.monotonic() - began
        lines = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    return judge(lines, calls, span, took)


def judge(lines, calls, span, took):
    attempts = [attempt for line in lines for attempt in line["attempts"]]
    done = [line for line in lines if line["outcome"] == "ok" and line["response"].get("body_text") == BODY]
    first = min((attempt["start_ms"] for attempt in attempts), default=0)
    ends = [line["attempts"][-1]["start_ms"] + line["attempts"][-1]["total_ms"] - first for line in done]
    in_time = sum(end <= span * 1000 for end in ends)
    refused = len(attempts) - len(done)
    return Reached(in_time / calls, refused / max(len(attempts), 1), calls - len(done), took)


def measure(row, options):
    """The row by each program, one after another against limiters of their own."""
    reached = []
    for program in options.programs:
        with Limiter(row, options) as url:
            reached.append(run(program, row, url, options))
    return reached


def describe(one):
    return f"{one.pace:7.1%} {one.refused:8.1%} {one.not_ok:7d} {one.took_s:7.1f} s"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", default=ROOT / "build/release/plait", help="default: %(default)s")
    parser.add_argument("--before", help="another build, run after the first against a limiter of its own")
    parser.add_argument("--real", action="store_true", help="the real limiters that bench/limiters/setup installed")
    parser.add_argument("--limiters", type=Path, default=LIMITERS, help="the folder that they are in (default: %(default)s)")
    parser.add_argument("--only", default="", help="run only the rows whose names match this")
    parser.add_argument("--window", type=float, default=8, help="seconds; limits announced in whole seconds suffer from less (default: %(default)s)")
    parser.add_argument("--windows", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=100, help="rows at a time (default: all)")
    parser.add_argument("--list", action="store_true", help="print the rows and how they are made, and exit")
    options = parser.parse_args()
    options.programs = [str(program) for program in (options.program, options.before) if program]
    return options


def main():
    options = parse_arguments()
    rows = real(options.limiters) if options.real else ROWS
    rows = [row for row in rows if re.search(options.only, row.name, re.IGNORECASE)]
    if options.list:
        for row in rows:
            print(f"{row.name}: {' '.join((*row.mock, *row.command))}")
        return
    width = max(len(row.name) for row in rows)
    print(f"{'limiter':{width}}  " + "     ".join(f"{'pace':>7} {'refused':>8} {'not ok':>7} {'took':>9}" for _ in options.programs))
    enough = [0] * len(options.programs)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        measured = []
        for row in rows:
            measured.append(pool.submit(measure, row, options))
            time.sleep(APART)
        for row, future in zip(rows, measured):
            marks = []
            for number, reached in enumerate(future.result()):
                enough[number] += reached.is_enough(row)
                marks.append(describe(reached) + (" ok" if reached.is_enough(row) else " - "))
            print(f"{row.name:{width}}  " + "  ".join(marks), flush=True)
    for program, count in zip(options.programs, enough):
        print(f"{count} of {len(rows)} rows reach {PACE:.0%} with at most {REFUSED['told']:.0%} refused (headers) or "
              f"{REFUSED['untold']:.0%} (nothing announced), and every call ok: {program}")


if __name__ == "__main__":
    main()
