"""Patterns that no source may contain, and why. Each rule is tested on bad and on good examples."""

import re
import unittest
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass
class Rule:
    why: str
    pattern: str
    # The rule does not apply to paths, relative to the repository, that begin with one of these.
    free: tuple = ()
    rejects: tuple = ()
    accepts: tuple = ()


CPP_RULES = [
    Rule(
        why="time comes from a clock that is passed in; only base/clock asks the system",
        pattern=r"\w+_clock::now\b|\bclock_gettime\b|\bgettimeofday\b|(?<![\w.>:])(?:std::|::)?time\(",
        free=("src/plait/base/clock.", "bench/", "examples/"),
        rejects=("auto start = std::chrono::steady_clock::now();", "srand(time(nullptr));", "::clock_gettime(CLOCK, &now);"),
        accepts=("auto start = clock.now();", "send_time(1);", "report.time(2);")),
    Rule(
        why="a blocked thread blocks every task of its loop, and a test that sleeps is slow or wrong: await a timer",
        pattern=r"\bthis_thread::sleep_|(?<![\w.>:])(?:::)?(?:usleep|nanosleep)\(|(?<!\w)::sleep\(",
        rejects=("std::this_thread::sleep_for(1ms);", "usleep(10);", "::sleep(1);"),
        accepts=("co_await sleep_for(1ms);", "co_await loop.sleep(1ms);")),
    Rule(
        why="g++ 12.2 destroys aggregates and capturing closures in a co_await expression twice: name them first, then move",
        pattern=r"co_await[^;]*[(,]\s*(?:\{|\[(?!(?:&\w*(?:, &\w+)*)?\]))",
        rejects=("co_await f({.url = address});", "co_await submit([text] { use(text); });", "co_await submit(pool, [=] { use(text); });",
                 "co_return co_await f({\n1});"),
        accepts=("co_await f(std::move(options));", "co_await submit([] { work(); });",
                 "co_await f([&] { work(); }, [&a, &b] { work(); });", "co_await f(); g({1});")),
    Rule(
        why="the process environment is process-wide and racy to write: set it for a child only",
        pattern=r"(?<![\w.>])(?:::)?(?:setenv|putenv|unsetenv)\(",
        rejects=('setenv("A", "b", 1);',),
        accepts=('getenv("A");',)),
]

TEXT_RULES = [
    Rule(
        why="a path of one machine means nothing on another",
        pattern=r"/(?:work|root|home)/\w",
        rejects=("see /" + "work/main",),
        accepts=("~/work, the network/root",)),
    Rule(
        why="trailing blanks and tabs are noise in every diff",
        pattern=r"[ \t]+$|\t",
        free=("Makefile", "LICENSE", "src/plait/report/page/third_party/"),
        rejects=("text ", "a\tb"),
        accepts=("text",)),
]


def without_comments(cpp):
    """Blanks out comments and string literals, keeping every line where it is."""
    blank = lambda match: re.sub(r"[^\n]", " ", match[0]) if match[0].startswith("/") else '""' + "\n" * match[0].count("\n")
    return re.sub(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', blank, cpp, flags=re.DOTALL)


def breaches(rules, path, text):
    """Returns where the text breaks a rule, as `path:line: why`."""
    return [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match[0].strip()!r}: {rule.why}"
        for rule in rules if not path.startswith(rule.free)
        for match in re.finditer(rule.pattern, text, re.MULTILINE)
    ]


def sources(*suffixes):
    """Yields (path, text) of the repository's files with these suffixes, except built and fetched ones."""
    folders = ("src", "examples", "bench", "tests", "docs", "scripts", "cmake", "")
    for folder in folders:
        paths = (REPOSITORY / folder).rglob("*") if folder else REPOSITORY.glob("*")
        for path in sorted(paths):
            if path.is_file() and path.suffix in suffixes and not {"__pycache__", "node_modules"} & set(path.parts):
                yield str(path.relative_to(REPOSITORY)), path.read_text()


def test_names(cpp):
    """Returns the names of the doctest cases in a source."""
    return re.findall(r'^(?:TEST_CASE|ASYNC_TEST)\("((?:[^"\\]|\\.)*)"', cpp, re.MULTILINE)


class ThisTree(unittest.TestCase):
    def expect_none(self, found):
        if found:
            self.fail("\n" + "\n".join(found))

    def test_no_source_breaks_a_rule(self):
        self.expect_none([found for path, text in sources(".cpp", ".hpp")
                          for found in breaches(CPP_RULES, path, without_comments(text))])

    def test_no_text_breaks_a_rule(self):
        self.expect_none([found for path, text in sources(".cpp", ".hpp", ".md", ".py", ".txt", ".cmake", ".json", ".mjs", ".css", ".html", "")
                          for found in breaches(TEXT_RULES, path, text)])

    def test_every_header_has_its_guard_once(self):
        self.expect_none([path for path, text in sources(".hpp") if text.count("#pragma once\n") != 1])


    def test_every_test_has_a_unique_name_that_ctest_can_select(self):
        seen, found = set(), []
        for path, text in sources(".cpp"):
            for name in test_names(text):
                if (Path(path).parent, name) in seen:
                    found.append(f"{path}: {name!r}: another test of the module has this name, and ctest would run both twice")
                if ";" in name:
                    found.append(f"{path}: {name!r}: ctest splits names at a semicolon, and the halves match nothing and pass")
                seen.add((Path(path).parent, name))
        self.assertGreater(len(seen), 100)
        self.expect_none(found)


class Rules(unittest.TestCase):
    def test_each_rule_rejects_its_bad_examples_and_accepts_the_good_ones(self):
        for rule in CPP_RULES + TEXT_RULES:
            for line in rule.rejects:
                self.assertTrue(breaches([rule], "src/a.cpp", line), f"{rule.why}: does not find {line!r}")
            for line in rule.accepts:
                self.assertFalse(breaches([rule], "src/a.cpp", line), f"{rule.why}: must leave {line!r}")

    def test_comments_and_literals_are_not_code(self):
        code = 'a; // usleep(1)\n/* usleep(1)\n usleep(1) */ b; "usleep(1)" R"x(usleep(1))x"\nusleep(1);'
        self.assertEqual(["src/a.cpp:4: 'usleep(': " + CPP_RULES[1].why],
                         breaches(CPP_RULES, "src/a.cpp", without_comments(code)))


if __name__ == "__main__":
    unittest.main()
