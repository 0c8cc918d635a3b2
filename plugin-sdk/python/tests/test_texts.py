import sys
import tempfile
import unittest
from pathlib import Path

import moa
from moa import text
from moa.testing import Host


@unittest.skipIf(sys.version_info < (3, 11), "the texts' format is read by Python 3.11 or newer")
class Texts(unittest.TestCase):
    def read(self, content: str) -> moa.Texts:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        Path(folder.name, "texts.toml").write_text(content, encoding="utf-8")
        module = {"__file__": f"{folder.name}/plugin.py", "moa": moa}
        exec('text = moa.texts("texts.toml")', module)
        return module["text"]

    GREETING = '[ko]\nhi = "{name}님, 안녕하세요 {rest-of-it:markup}"\n[en]\nhi = "Hi {name} {rest-of-it:markup}"\n'

    def test_in_the_language_of_a_locale(self):
        greet = self.read(self.GREETING)
        self.assertEqual(greet("ko-KR", "hi", name="로지", rest_of_it="!"), "로지님, 안녕하세요 !")
        for locale in ("en", "en_GB", "fr", ""):
            self.assertEqual(greet(locale, "hi", name="Rosie", rest_of_it="!", more=1), "Hi Rosie !")
        only = self.read('[ko]\nkey = "{key} {locale}"')
        self.assertEqual(only("fr", "key", key=1, locale=2), "1 2")
        self.assertTrue("hi" in greet and "bye" not in greet)

    def test_what_is_put_in_is_plain(self):
        said = self.read(self.GREETING)("en", "hi", name="*{@U1}*", rest_of_it="*{name}*")
        self.assertEqual(said, f"Hi {text.plain('*{@U1}*')} *{{name}}*")

    def test_what_is_missing_is_told(self):
        greet = self.read(self.GREETING)
        with self.assertRaisesRegex(TypeError, "texts.toml: the text `hi` needs name, rest_of_it"):
            greet("en", "hi")
        with self.assertRaises(KeyError):
            greet("en", "bye")
        for content, told in (
            ("", "texts.toml is empty"),
            ('[ko]\na = "1"\n[en]\n', r"\[en\] lacks the text `a`"),
            ('[ko]\n[en]\na = "1"\n', r"\[ko\] lacks the text `a`"),
            ('[ko]\na = "{x}"\n[en]\na = "{y}"\n', "`a` has not the same holes"),
        ):
            with self.subTest(content=content), self.assertRaisesRegex(ValueError, told):
                self.read(content)


class Helpers(unittest.TestCase):
    def test_templates_of_others(self):
        self.assertEqual(text.fill("{a} {b} {template}", a="*x*", template=1), "*\u2060x*\u2060 {b} 1")
        self.assertEqual(text.holes("{a-b} {c:markup} {@U1} {}"), {"a_b", "c"})

    def test_numbers_as_bars(self):
        self.assertEqual(text.sparkline([100, 120, 60, 130, 0.5]), "▆▇▄█▁")
        self.assertEqual(text.sparkline([3, 3]), "▁▁")
        self.assertEqual(text.sparkline([]), "")

    def test_values_by_path(self):
        item = {"brand": {"name": "분식"}, "images": [{"url": "1.png"}], "stock": 0}
        self.assertEqual(moa.pick(item, "brand.name"), "분식")
        self.assertEqual(moa.pick(item, "images.0.url"), "1.png")
        self.assertEqual(moa.pick(item, "stock"), 0)
        self.assertIs(moa.pick(item, ""), item)
        for path in ("images.1.url", "images.x", "brand.name.x", "none", "stock.0", "images.-1"):
            self.assertIsNone(moa.pick(item, path), path)

    def test_a_history_keeps_the_last(self):
        with Host().entered() as ctx:
            for day in (3, 1, 2, 4):
                ctx.brain.keep("rows", f"day-{day}", day, 3)
            self.assertEqual(list(ctx.brain.get("rows").items()), [("day-2", 2), ("day-3", 3), ("day-4", 4)])
            ctx.brain.keep("rows", "day-3", 33, 3)
            self.assertEqual(ctx.brain.get("rows")["day-3"], 33)
            self.assertEqual(ctx.date("Asia/Seoul").isoformat(), "2026-11-20")
