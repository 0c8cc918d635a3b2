import sys
import tempfile
import unittest
from pathlib import Path

from moa import _preload


class Preloading(unittest.TestCase):
    def test_what_functions_import_is_there_before_they_run(self):
        with tempfile.TemporaryDirectory() as folder:
            files = {
                "moa_test_top.py": "def f():\n    import moa_test_inner.part\n    import moa_test_missing\n",
                "moa_test_inner/__init__.py": "",
                "moa_test_inner/part.py": "def g():\n    from . import other\n    from .other import value\n",
                "moa_test_inner/other.py": "value = 1\n",
                "moa_test_unwanted.py": "",
            }
            for name, text in files.items():
                path = Path(folder, name)
                path.parent.mkdir(exist_ok=True)
                path.write_text(text)
            sys.path.insert(0, folder)
            self.addCleanup(lambda: [sys.modules.pop(name) for name in list(sys.modules) if "moa_test_" in name])
            self.addCleanup(sys.path.remove, folder)
            __import__("moa_test_top")
            _preload.preload((folder,))
            loaded = {name for name in sys.modules if name.startswith("moa_test_")}
            expected = {"moa_test_top", "moa_test_inner", "moa_test_inner.part", "moa_test_inner.other"}
            self.assertEqual(loaded, expected)
            self.assertIn("encodings.cp949", sys.modules)
