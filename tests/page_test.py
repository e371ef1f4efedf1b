"""`plait report`: the page in Chromium. The pure functions of all pages, in node."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

from support.node import missing, node
from support.program import plait

HERE = Path(__file__).resolve().parent
REPORT = HERE.parent / "src/plait/report"
sys.path.insert(0, str(HERE / "page"))
import traces

NAMES = [
    "</script><script>window.isBroken = 1</script>",
    "<img src=x onerror='window.isBroken = 2'>",
    "<!-- <script>",
    "https://api.example/?a=1&b=\"2\"&c='3'",
    "line\u2028separator\u2029",
    "]]> {{data}} ${window.isBroken = 3} `\\",
    "naïve 名前 🧵",
]


class Parts(unittest.TestCase):
    def test_pure_functions_in_node(self):
        self.assertIsNone(missing(needs_chromium=False))
        failed = node(REPORT / "page/page_test.mjs", REPORT / "live/live_test.mjs")
        if failed:
            self.fail(failed)


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        (cls.folder / "facts.json").write_text(json.dumps(make_pages(cls.folder)))

    def test_the_page_in_chromium(self):
        self.assertIsNone(missing())
        failed = node(HERE / "page/browser_test.mjs", PLAIT_PAGES=str(self.folder))
        if failed:
            self.fail(failed)

    def test_a_page_of_100_000_calls_is_below_20_mib(self):
        self.assertLess((self.folder / "big.html").stat().st_size, 20 * 2**20)


def make_page(folder, name, trace=None, is_cut=False):
    """Writes the page of a trace, or of the folder of traces with this name."""
    source = folder / name
    if trace:
        source = folder / f"{name}.json"
        trace.write(source, is_cut)
    page = folder / f"{name}.html"
    ended = plait("report", source, "-o", page)
    if ended.code != 0:
        raise AssertionError(f"plait report {name}: {ended.err}")
    return page


def thinned():
    """Returns a trace in which, after the first ten, each call stands for four."""
    trace = traces.one_after_another("sync", "caller", traces.some_calls(20), 1)
    ended = sorted(end for end, _ in trace.ended)
    trace.ended.append((ended[9] + 1, {"ph": "i", "s": "p", "cat": "plait", "name": "thinned", "pid": 1, "tid": 1,
                                       "ts": (ended[9] + 1) / 10, "args": {"one_in": 4}}))
    return trace


def make_pages(folder):
    """Writes the pages, and returns what they must show."""
    (folder / "four").mkdir()
    traces.four_ways(folder / "four")
    make_page(folder, "four")
    make_page(folder, "async", traces.woven(traces.some_calls(160, 100), 100))
    make_page(folder, "big", traces.woven(traces.some_calls(100_000), 1000))
    make_page(folder, "cut", traces.woven(traces.some_calls(40), 10), is_cut=True)
    make_page(folder, "thinned", thinned())
    hostile = [traces.Call(number, name, [("R", 200), ("f", 900_000 + number), ("R", 50)]) for number, name in enumerate(NAMES, 1)]
    make_page(folder, "hostile", traces.woven(hostile, 3))
    return {
        "four": [{"title": "sync", "calls": 160, "lanes": 1}, {"title": "threads", "calls": 160, "lanes": 16},
                 {"title": "async", "calls": 160, "lanes": 1}, {"title": "processes", "calls": 160, "lanes": 8}],
        "async": [{"title": "async", "calls": 160, "lanes": 1}],
        "big": [{"title": "async", "calls": 100_000, "lanes": 1}],
        "names": NAMES,
        "thinned": 10 + 10 * 4,
    }


if __name__ == "__main__":
    unittest.main()
