"""`make pictures` can draw every picture of docs/concurrency.md again."""

import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

from support.program import PATIENCE_S, PROGRAM

REPOSITORY = Path(__file__).resolve().parent.parent
TITLE = "{http://www.w3.org/2000/svg}title"


class Pictures(unittest.TestCase):
    def test_each_is_drawn_anew_from_runs_of_the_same_methods(self):
        with tempfile.TemporaryDirectory() as folder:
            ended = subprocess.run([sys.executable, REPOSITORY / "scripts/pictures", PROGRAM, folder], capture_output=True, text=True,
                                   timeout=PATIENCE_S)
            self.assertEqual((0, ""), (ended.returncode, ended.stderr))
            self.assertEqual(self.titles(REPOSITORY / "docs/pictures"), self.titles(Path(folder)))

    def titles(self, folder):
        return {file.name: xml.etree.ElementTree.parse(file).find(TITLE).text for file in folder.glob("*.svg")}


if __name__ == "__main__":
    unittest.main()
