"""The documents agree with the tree: modules, links, flags. Code in a document is a literal part of an example."""

import os
import re
import shlex
import tempfile
import textwrap
import unittest
from pathlib import Path

from layers_test import module_table
from support.program import OTHER_MACHINE, other_machine, plait

REPOSITORY = Path(__file__).resolve().parent.parent
TABLE = module_table((REPOSITORY / "src/plait/CMakeLists.txt").read_text())
DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])


def without_code(markdown):
    return re.sub(r"^```.*?^```|`[^`\n]+`", "", markdown, flags=re.DOTALL | re.MULTILINE)


def anchors(markdown):
    """Returns the anchors of this page's headings, as code hosts generate them."""
    headings = re.findall(r"^#+ +(.*)$", re.sub(r"^```.*?^```", "", markdown, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(path):
    """Returns the links of a page to missing files or headings."""
    found = []
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(path.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        if not target.exists():
            found.append(f"{path.name}: {link}: no such file")
        elif anchor and anchor not in anchors(target.read_text()):
            found.append(f"{path.name}: {link}: no such heading")
    return found


def first_cells(markdown):
    """Returns the names in the first columns of this page's tables."""
    return re.findall(r"^\| `([\w/]+)` \|", markdown, re.MULTILINE)


def fenced(markdown, language):
    """Returns the content of the code blocks in this language."""
    return re.findall(rf"^```{re.escape(language)}\n(.*?)^```", markdown, re.DOTALL | re.MULTILINE)


def is_part_of(snippet, source):
    """Returns whether the source contains the snippet's lines in sequence, perhaps indented further."""
    wanted = textwrap.dedent(snippet).strip("\n").split("\n")
    lines = source.split("\n")
    windows = (lines[start:start + len(wanted)] for start in range(len(lines) - len(wanted) + 1))
    return any(textwrap.dedent("\n".join(window)).split("\n") == wanted for window in windows)


class Documents(unittest.TestCase):
    def test_every_link_has_a_target(self):
        found = [dead for path in DOCUMENTS for dead in dead_links(path)]
        if found:
            self.fail("\n" + "\n".join(found))

    def test_code_is_part_of_an_example_that_is_built(self):
        for language, names in (("cpp", ["examples/*.cpp", "tests/consumer/*.cpp"]), ("cmake", ["tests/consumer/CMakeLists.txt"]),
                                ("python", ["python/examples/*.py"])):
            examples = [path.read_text() for name in names for path in sorted(REPOSITORY.glob(name))]
            for path in DOCUMENTS:
                if path.name == "reading.md":
                    continue  # scripts/readers runs its code, taken from the page
                for snippet in fenced(path.read_text(), language):
                    self.assertTrue(any(is_part_of(snippet, example) for example in examples),
                                    f"{path.name}: this is in none of {', '.join(names)}:\n{snippet}")
            self.assertTrue(fenced((REPOSITORY / "README.md").read_text(), language), f"the README shows no {language}")

    def test_lines_have_at_most_120_columns(self):
        for path in DOCUMENTS:
            # A program's output, indented as code, is not wrapped.
            wide = [number for number, line in enumerate(path.read_text().split("\n"), 1)
                    if len(line) > 120 and not line.startswith("    ")]
            self.assertEqual([], wide, f"{path.name}: lines of more than 120 columns")

    def test_commands_in_the_readme_are_targets_of_the_makefile(self):
        targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
        for path in DOCUMENTS:
            for target in re.findall(r"`(?:sudo )?make ([a-z-]+)`", path.read_text()):
                self.assertIn(target, targets, f"{path.name}: make {target}")


class Commands(unittest.TestCase):
    def accept(self, commands):
        """Checks that each command is understood: without its files, it fails only because they are missing."""
        for command in commands:
            words = shlex.split(command, comments=True)
            if "|" in words or "--cpu" in words or words[1] == "doctor":
                continue  # these need no file, and would begin to work
            with tempfile.TemporaryDirectory() as folder:
                ended = plait(*words[1:], cwd=folder, env={**os.environ, "API_KEY": "key"})
            self.assertEqual(2, ended.code, command + "\n" + ended.err)
            self.assertRegex(ended.err, "No such file|has no .* beside it|are not recorded", command)

    def test_those_in_the_readme_are_understood(self):
        text = "".join(fenced((REPOSITORY / "README.md").read_text(), "sh")).replace("\\\n", " ")
        self.accept(re.findall(r"^plait .*", text, re.MULTILINE))

    def test_those_in_the_help_are_understood(self):
        self.accept(re.findall(r"^  (plait .*)", plait("--help").out, re.MULTILINE))


class Pictures(unittest.TestCase):
    FILES = sorted((REPOSITORY / "docs/pictures").iterdir())

    def test_each_is_shown_by_a_document(self):
        shown = {name for path in DOCUMENTS for name in re.findall(r"!\[[^\]]+\]\(pictures/([^)]+)\)", path.read_text())}
        self.assertEqual({file.name for file in self.FILES}, shown)

    def test_each_is_small_and_follows_light_and_dark(self):
        for file in self.FILES:
            is_drawing = file.suffix == ".svg"
            self.assertLess(file.stat().st_size, 30_000 if is_drawing else 100_000, file.name)
            if is_drawing:
                self.assertIn("prefers-color-scheme:dark", file.read_text(), file.name)


class CommandReference(unittest.TestCase):
    @unittest.skipUnless(OTHER_MACHINE, "nothing can be preloaded into this build")
    def test_it_is_the_same_on_every_machine(self):
        here = plait("--help-markdown").out
        for processors in (1, 3, 64):
            self.assertEqual(here, plait("--help-markdown", env=other_machine(PLAIT_PROCESSORS=str(processors))).out)

    def test_it_is_what_the_program_prints(self):
        said = plait("--help-markdown")
        self.assertEqual(said.out, (REPOSITORY / "docs/cli.md").read_text(),
                         "after a change of a flag: plait --help-markdown > docs/cli.md")


class Architecture(unittest.TestCase):
    TEXT = (REPOSITORY / "docs/architecture.md").read_text()

    def test_it_is_short_enough_for_one_sitting(self):
        self.assertLess(len(self.TEXT.split("\n")), 175)

    def test_its_houses_are_those_of_the_table_in_that_order(self):
        houses = list(dict.fromkeys(module.split("/")[0] for module in TABLE))
        self.assertEqual(houses, first_cells(self.TEXT))
        self.assertIn(f"The code stands in {len(houses)} houses", self.TEXT)

    def test_the_page_of_the_modules_has_them_in_the_order_of_the_table(self):
        self.assertEqual(list(TABLE), first_cells((REPOSITORY / "docs/modules.md").read_text()))


class Rules(unittest.TestCase):
    def test_a_snippet_may_be_indented_further_but_its_lines_stay_together(self):
        source = "void f() {\n    one();\n\n    two();\n}\n"
        self.assertTrue(is_part_of("one();\n\ntwo();\n", source))
        self.assertFalse(is_part_of("one();\ntwo();\n", source))

    def test_a_heading_becomes_its_anchor(self):
        self.assertEqual({"a-lifes-work"}, anchors("# A `life's` work\n```\n# no heading\n```\n"))


if __name__ == "__main__":
    unittest.main()
