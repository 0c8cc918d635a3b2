"""What docs/languages/python.md shows works as it stands there."""

import random
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import moa
from moa.testing import Host

from .support import PluginTest

GUIDE = Path(__file__).parents[3] / "docs/languages/python.md"


class Guide(PluginTest):
    def test_its_plugins_do_what_it_says(self):
        blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
        known = {"moa": moa, "random": random, "timedelta": timedelta, "Annotated": Annotated, "__name__": "guide"}
        for block in blocks:
            # The unit test imports a plugin of its own.
            if "import unittest" not in block:
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
