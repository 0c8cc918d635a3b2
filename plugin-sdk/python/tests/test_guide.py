"""What docs/languages/python.md shows works as it stands there."""

import random
import re
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import moa
from moa.testing import Host

from .support import PluginTest

HAS_TOML = sys.version_info >= (3, 11)
GUIDE = Path(__file__).parents[3] / "docs/languages/python.md"


class Guide(PluginTest):
    def test_its_plugins_do_what_it_says(self):
        guide = GUIDE.read_text(encoding="utf-8")
        blocks = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        (texts,) = re.findall(r"```toml\n# texts.toml\n(.*?)```", guide, re.DOTALL)
        Path(folder.name, "texts.toml").write_text(texts, encoding="utf-8")
        known = {"moa": moa, "random": random, "timedelta": timedelta, "Annotated": Annotated, "__name__": "guide"}
        known["__file__"] = f"{folder.name}/plugin.py"
        for block in blocks:
            # The unit test imports a plugin of its own, and texts need Python 3.11.
            if "import unittest" not in block and (HAS_TOML or "moa.texts" not in block):
                exec(compile(block, "guide", "exec", dont_inherit=True), known)
        host = Host(speaker="Rosie")
        self.assertIn(host.say("!toss pizza, rice"), (["I say pizza."], ["I say rice."]))
        with self.assertRaisesRegex(moa.Rejected, "something to choose"):
            host.say("!toss")
        self.assertEqual(host.say("!s build-1 r 10m"), ["build-1 restarts in 0:10:00"])
        host.say("!lunch")
        host.press("at twelve")
        self.assertEqual(host.texts[-1], "Rosie comes at 12")
        self.assertEqual(host.say("!size"), ["4"])
        if HAS_TOML:
            self.assertEqual(host.say("!eat soup"), ["There is no soup any more. 2 are left: rice, noodles"])
            self.assertEqual(Host(locale="ko").say("!eat 국"), ["국: 다 나갔습니다. 남은 것은 2가지: rice, noodles"])
