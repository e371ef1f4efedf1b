"""The examples of requests, httpx and aiohttp that docs/python.md shows beside plait's: each of ours runs."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from pathlib import Path
from typing import Any

import plait
import pytest

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "python.md"


def ported() -> list[str]:
    """The right column of the tables below the heading."""
    text = DOCUMENT.read_text(encoding="utf-8").partition("\n## What reads the same\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(.+?)` \| `(.+?)` \|$", text, re.MULTILINE)
    return [ours.replace("\\|", "|") for _, ours in rows]


def test_there_are_examples() -> None:
    assert len(ported()) >= 25


@pytest.mark.parametrize("code", ported())
def test_an_example_runs(code: str) -> None:
    def answer(request: plait.Request) -> Any:
        fields = [("Link", '<https://api.github.com/events?page=2>; rel="next"')]
        return plait.Answer(json={"url": request.url, "slideshow": {"title": "x"}}, headers=fields)

    hosts = ("api.github.com", "httpbin.org", "github.com", "www.example.com", "python.org", "example.com")
    with plait.mock(intercept=hosts) as mock:
        mock.on("GET", "/status/404", status=404)
        mock.answer(answer)
        names: dict[str, Any] = {"plait": plait, "asyncio": asyncio, "url": "https://httpbin.org/get"}
        names["r"] = names["resp"] = plait.get("https://api.github.com/events")
        names["client"] = names["s"] = plait.BlockingSession()
        names["log"] = plait.Hook()
        names["handler"] = answer

        async def run() -> None:
            if "session." in code and "as session" not in code:
                names["session"] = plait.Session(base_url="https://httpbin.org")
            made = eval(compile(code, "docs/python.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
            if inspect.isawaitable(made):
                await made

        asyncio.run(run())
