"""The module table in src/plait/CMakeLists.txt and the #include lines agree, both ways.

The rules are also run on small made-up trees, to show that each of them can fail.
"""

import re
import tempfile
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent

# A public header may include the standard library, POSIX and fmt; every other library is private to a module.
LIBRARIES = re.compile(r"(boost|openssl|simdjson|CLI|cereal|nghttp2|doctest|benchmark|sqlite3|zlib|brotli|zstd|libpsl)\b")
# Exceptions: the library that a module's public headers are about.
SHOWN_ON_PURPOSE = {"testing": "doctest", "json": "simdjson"}


def module_table(cmake):
    """Returns {module: [used modules]} in the order of the table."""
    table = {}
    for arguments in re.findall(r"^plait_module\(([^)]*)\)", cmake, re.MULTILINE):
        name, *rest = arguments.split()
        keywords = {"USES": [], "LINKS": []}
        current = None
        for word in rest:
            if word in keywords:
                current = keywords[word]
            else:
                current.append(word)
        table[name] = keywords["USES"]
    return table


def included(text):
    """Returns the names in #include lines, without quotes or brackets."""
    return re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', text, re.MULTILINE)


def complaints(plait):
    """Returns what is wrong with the tree of modules in the folder `plait`, one sentence each."""
    table = module_table((plait / "CMakeLists.txt").read_text())
    found = [f"{folder}: the folder is in no plait_module() line" for folder in sorted(module_folders(plait, table) - table.keys())]

    for module, uses in table.items():
        for_tests = {"testing", *table.get("testing", []), f"{module.split('/')[0]}/testing"}
        really_used = set()
        for path in sorted((plait / module).rglob("*.[ch]pp")):
            if module_of(str(path.relative_to(plait)), table)[0] != module:
                continue  # a module within this one
            is_test = path.name.endswith("_test.cpp") or (path.parent.name == "internal" and path.name.endswith("_test.hpp"))
            is_public = path.suffix == ".hpp" and path.parent == plait / module
            allowed = {module, *uses, *(for_tests if is_test else [])}
            for name in included(path.read_text()):
                where = f"{path.relative_to(plait)} includes {name}"
                if is_public and is_hidden_library(name, module):
                    found.append(f"{where}: a library's header stays in .cpp and internal/ files")
                if not name.startswith("plait/"):
                    continue
                other, rest = module_of(name.removeprefix("plait/"), table)
                if other not in allowed:
                    found.append(f"{where}: '{module}' does not use '{other}' in the table")
                house = other.split("/")[0]
                if house != module.split("/")[0] and rest.startswith("internal/"):
                    found.append(f"{where}: internal/ is for '{house}' alone")
                if not is_test:
                    really_used.add(other)
        for unused in sorted(set(uses) - really_used):
            found.append(f"{module}: the table says it uses '{unused}', and no file but a test includes it")
    return found


def module_folders(plait, table):
    """Returns the folders that must be modules: those in `plait`, and those within a folder that contains modules. A folder
    that contains only modules, and no sources, is not one itself."""
    parents = {module.split("/")[0] for module in table if "/" in module}
    folders = {path.name for path in plait.iterdir() if path.is_dir()}
    nested = {f"{parent}/{path.name}" for parent in parents for path in (plait / parent).iterdir()
              if path.is_dir() and path.name != "internal"}
    return {folder for folder in folders if folder not in parents or any((plait / folder).glob("*.[ch]pp"))} | nested


def module_of(name, table):
    """Returns the module of a file, and the rest of its path: `batch/run`, `caller.hpp`."""
    first, _, rest = name.partition("/")
    folder, _, rest_of_folder = rest.partition("/")
    return (f"{first}/{folder}", rest_of_folder) if f"{first}/{folder}" in table else (first, rest)


def is_hidden_library(name, module):
    library = LIBRARIES.match(name)
    return bool(library) and library[1] != SHOWN_ON_PURPOSE.get(module)


class ThisTree(unittest.TestCase):
    def test_the_table_and_the_includes_agree(self):
        found = complaints(REPOSITORY / "src/plait")
        if found:
            self.fail("\n" + "\n".join(found))


class MadeUpTrees(unittest.TestCase):
    TABLE = "plait_module(low LINKS some::library)\nplait_module(high\n    USES low)\n"

    def complaints_about(self, table=TABLE, **files):
        """Returns the complaints about a tree with these files; `high__internal__a_hpp` stands for high/internal/a.hpp."""
        with tempfile.TemporaryDirectory() as folder:
            plait = Path(folder)
            (plait / "CMakeLists.txt").write_text(table)
            for name, text in files.items():
                path = plait / re.sub(r"_([ch]pp)$", r".\1", name.replace("__", "/"))
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return complaints(plait)

    def test_a_table_of_several_lines_is_understood(self):
        self.assertEqual({"low": [], "high": ["low"]}, module_table(self.TABLE))

    def test_a_correct_tree_has_no_complaints(self):
        self.assertEqual([], self.complaints_about(
            low__a_hpp="#include <string>\n",
            high__a_cpp='#include <boost/url.hpp>\n#include "plait/low/a.hpp"\n#include "plait/high/internal/b.hpp"\n'))

    def test_an_include_that_the_table_lacks_is_found(self):
        found = self.complaints_about(low__a_cpp='#include "plait/high/a.hpp"\n',
                                      high__a_cpp='#include "plait/low/a.hpp"\n')
        self.assertEqual(["low/a.cpp includes plait/high/a.hpp: 'low' does not use 'high' in the table"], found)

    def test_an_edge_that_no_include_uses_is_found(self):
        found = self.complaints_about(low__a_hpp="", high__a_test_cpp='#include "plait/low/a.hpp"\n')
        self.assertEqual(["high: the table says it uses 'low', and no file but a test includes it"], found)

    def test_a_folder_without_a_line_in_the_table_is_found(self):
        found = self.complaints_about(table="plait_module(low)\n", low__a_hpp="", stray__a_hpp="")
        self.assertEqual(["stray: the folder is in no plait_module() line"], found)

    def test_a_test_may_include_testing_and_other_files_may_not(self):
        table = "plait_module(testing)\nplait_module(low)\n"
        line = '#include "plait/testing/a.hpp"\n'
        self.assertEqual([], self.complaints_about(table=table, low__a_test_cpp=line, low__internal__b_test_hpp=line))
        self.assertEqual(["low/a.cpp includes plait/testing/a.hpp: 'low' does not use 'testing' in the table"],
                         self.complaints_about(table=table, low__a_cpp=line))

    def test_a_test_may_include_what_testing_uses(self):
        table = "plait_module(low)\nplait_module(middle)\nplait_module(testing USES middle)\n"
        files = {"middle__a_hpp": "", "testing__a_hpp": '#include "plait/middle/a.hpp"\n'}
        line = '#include "plait/middle/a.hpp"\n'
        self.assertEqual([], self.complaints_about(table=table, low__a_test_cpp=line, **files))
        self.assertEqual(["low/a.cpp includes plait/middle/a.hpp: 'low' does not use 'middle' in the table"],
                         self.complaints_about(table=table, low__a_cpp=line, **files))

    def test_another_modules_internal_header_is_found(self):
        found = self.complaints_about(low__a_hpp="", high__a_cpp='#include "plait/low/internal/b.hpp"\n')
        self.assertEqual(["high/a.cpp includes plait/low/internal/b.hpp: internal/ is for 'low' alone"], found)

    def test_nested_modules_are_modules_like_others(self):
        table = "plait_module(house/low)\nplait_module(house/high USES house/low)\nplait_module(house/testing)\n"
        files = {"house__low__a_hpp": "", "house__high__b_hpp": '#include "plait/house/low/a.hpp"\n',
                 "house__high__b_test_cpp": '#include "plait/house/testing/t.hpp"\n', "house__testing__t_hpp": ""}
        self.assertEqual([], self.complaints_about(table=table, **files))
        self.assertEqual(["house: the folder is in no plait_module() line"],
                         self.complaints_about(table=table, house__door_hpp="", **files))
        self.assertEqual([], self.complaints_about(table=table + "plait_module(house USES house/high)\n",
                                                   house__door_hpp='#include "plait/house/high/b.hpp"\n', **files))
        self.assertEqual(["house/stray: the folder is in no plait_module() line"],
                         self.complaints_about(table=table, house__stray__a_hpp="", **files))
        self.assertEqual(["house/low/a.hpp includes plait/house/high/b.hpp: 'house/low' does not use 'house/high' in the table"],
                         self.complaints_about(table=table, **{**files, "house__low__a_hpp": '#include "plait/house/high/b.hpp"\n'}))
        within = {**files, "house__low__internal__c_hpp": "",
                  "house__high__b_hpp": '#include "plait/house/low/a.hpp"\n#include "plait/house/low/internal/c.hpp"\n'}
        self.assertEqual([], self.complaints_about(table=table, **within))
        self.assertEqual(["next/d.hpp includes plait/house/low/internal/c.hpp: internal/ is for 'house' alone"],
                         self.complaints_about(table=table + "plait_module(next USES house/low)\n", **within,
                                               next__d_hpp='#include "plait/house/low/internal/c.hpp"\n'))

    def test_a_librarys_header_in_a_public_header_is_found(self):
        table = "plait_module(low)\n"
        for name in ("openssl/ssl.h", "zlib.h", "boost/beast/http.hpp", "CLI/CLI.hpp"):
            found = self.complaints_about(table=table, low__a_hpp=f"#include <{name}>\n",
                                          low__internal__b_hpp=f"#include <{name}>\n")
            self.assertEqual([f"low/a.hpp includes {name}: a library's header stays in .cpp and internal/ files"], found)


if __name__ == "__main__":
    unittest.main()
