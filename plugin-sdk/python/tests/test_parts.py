import io
import json
import tempfile
import unittest
from contextlib import redirect_stdout
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import moa
from moa import brain, chat, system, text
from moa.testing import Host
from tools.moa_lint import Lint

from .support import PluginTest


class Memory(PluginTest):
    def setUp(self):
        super().setUp()
        self.host = Host()
        context = self.host.entered()
        self.ctx = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)

    def test_values_in_their_scopes(self):
        own = self.ctx.brain
        own.set("menu", ["국", {"n": 1}])
        self.assertEqual(own.get("menu"), ["국", {"n": 1}])
        self.assertIsNone(self.ctx.user_brain.get("menu"))
        self.assertEqual(brain.shared().get("menu", "none"), "none")
        self.assertTrue(own.delete("menu"))
        self.assertFalse(own.delete("menu"))
        with self.assertRaisesRegex(TypeError, "no JSON form"):
            own.set("x", object())

    def test_expiry(self):
        self.ctx.brain.set("menu", "soup", ttl=timedelta(minutes=1))
        entry = self.ctx.brain.entry("menu")
        self.assertEqual(entry.expires, datetime(2026, 11, 20, 3, 1, tzinfo=timezone.utc))
        self.host.advance(timedelta(minutes=1))
        self.assertIsNone(self.ctx.brain.get("menu"))

    def test_writers_that_come_first(self):
        own = self.ctx.brain
        version = own.compare_and_swap("n", 1, None)
        own.compare_and_swap("n", 2, version)
        with self.assertRaises(moa.Conflict):
            own.compare_and_swap("n", 3, version)
        tries = []

        def change(names):
            if not tries:
                own.set("names", ["other"])
            tries.append(1)
            return [*names, "own"]

        self.assertEqual(own.update("names", change, []), ["other", "own"])
        self.assertEqual(own.increment("count"), 1)
        self.assertEqual(own.increment("count", -3), -2)

    def test_many(self):
        own = self.ctx.brain
        own.set_many({"m2": 2, "m1": 1, "x": 0})
        self.assertEqual(list(own.keys("m")), ["m1", "m2"])
        self.assertEqual(own.get_many(["m1", "m0"]), {"m1": 1})
        keys, following = own.page("m", limit=1)
        self.assertEqual((keys, own.page("m", following)[0]), (["m1"], ["m2"]))

    def test_chat(self):
        first = self.ctx.reply("3…")
        chat.edit(first, moa.Card("go"))
        self.assertEqual(self.host.messages[0].content.cards[0].title, "go")
        chat.delete(first)
        chat.delete(first)
        self.assertEqual(self.host.texts, [])
        progress = chat.Progress(self.ctx.place, "0 %")
        progress.update("50 %")
        self.assertEqual(self.host.texts, ["50 %"])
        file = chat.upload(self.ctx.place, "a.csv", "a,b")
        self.assertEqual(chat.download(file), b"a,b")
        with self.assertRaises(moa.NotFound):
            chat.user("U404")

    def test_time(self):
        self.assertEqual(system.rfc3339(system.now()), "2026-11-20T03:00:00.000Z")
        self.assertEqual(system.local(system.now(), "Asia/Seoul").isoformat(), "2026-11-20T12:00:00+09:00")
        with self.assertRaises(moa.Invalid):
            system.local(system.now(), "Nowhere")
        self.assertEqual(system.instant("2026-11-20T03:00:00.5Z").microsecond, 500_000)
        self.assertEqual(len(system.random_bytes(70_000)), 70_000)


class Texts(unittest.TestCase):
    def test_marks_are_broken_and_nothing_else(self):
        self.assertEqual(text.plain("a (b) {@U1}"), "a (b) {\u2060@U1}")
        self.assertEqual(text.plain("로지 2~3"), "로지 2~\u20603")

    def test_tables_keep_their_columns(self):
        table = text.table([["메뉴", "수량"], ["김밥", 2], ["tteokbokki", "10"]])
        expected = ["```", "메뉴       수량", "---------- ----", "김밥          2", "tteokbokki   10", "```"]
        self.assertEqual(table.split("\n"), expected)
        self.assertEqual((text.width("moa"), text.width("모아"), text.width("👍")), (3, 4, 2))
        self.assertEqual(text.width("\u1112\u1161\u11ab"), 2)
        self.assertEqual([text.width(one) for one in ("✅ 로지", "e\u0301", "ㄱ", "\u303f")], [7, 1, 2, 1])

    def test_rows_become_tables_and_files(self):
        # The same rows as in the tests of the other languages' SDKs, and the same text.
        instant = datetime(2026, 11, 21, 9, 50, 0, 500000, timezone(timedelta(hours=9)))
        found = [
            ['로지, "R"', True, 3.0],
            [" a\r\nb`", b"\x00\xff", 1e-7],
            ["👍", Decimal("12.50"), 1e21],
            ["", instant, -7],
            ["e\u0301", None, None],
        ]
        rows = moa.sql.Rows(["이름", "kind", "sum"], found, True)
        file = (
            '이름,kind,sum\r\n"로지, ""R""",true,3\r\n" a\r\nb`",00ff,0.0000001\r\n'
            "👍,12.50,1000000000000000000000\r\n,2026-11-21T00:50:00.5Z,-7\r\ne\u0301,,\r\n"
        )
        self.assertEqual(rows.csv(), file)
        table = [
            "```",
            "이름      kind                                      sum",
            "--------- ---------------------- ----------------------",
            '로지, "R" true                                        3',
            "a  b`\u2060     00ff                                0.0000001",
            "👍        12.50                  1000000000000000000000",
            "          2026-11-21T00:50:00.5Z                     -7",
            "e\u0301",
            "…",
            "```",
        ]
        self.assertEqual(rows.table().split("\n"), table)
        numbers = moa.sql.Rows(["n"], [[Decimal("1E-8")], [float("inf")], [float("nan")], [-0.0]], False)
        self.assertEqual(numbers.csv(), "n\r\n0.00000001\r\ninf\r\nNaN\r\n-0\r\n")
        host = Host()
        with host.entered() as ctx:
            rows.send_csv(ctx.place, "members.csv", "Here *they* are")
        (sent,) = host.files
        self.assertEqual((sent.name, sent.data, sent.comment), ("members.csv", ("\ufeff" + file).encode(), "Here *they* are"))

    def test_what_a_spreadsheet_would_run_is_a_text(self):
        # These too.
        cells = ["=1+1", "+82", "+82 10", "-", "-5.5", "-x", "@me", "\tx", "\nx", "＝1", "a=1", '="a",b', -2.5, float("-inf")]
        rows = moa.sql.Rows(["=name"], [[cell] for cell in cells], False)
        bare = "=name|=1+1|+82|+82 10|-|-5.5|-x|@me|\tx|\"\nx\"|＝1|a=1|\"=\"\"a\"\",b\"|-2.5|-inf|"
        safe = "'=name|'=1+1|+82|'+82 10|-|-5.5|'-x|'@me|'\tx|\"'\nx\"|'＝1|a=1|\"'=\"\"a\"\",b\"|-2.5|-inf|"
        self.assertEqual(rows.csv().replace("\r\n", "|"), safe)
        self.assertEqual(rows.csv(bom=True, disarm=False).replace("\r\n", "|"), "\ufeff" + bare)

    def test_forms(self):
        form = moa.Form("f", "A heading that is far too long", data="d").radio("size", "Size", ["s", "l"], initial="l")
        view = json.loads(form.to_json())
        self.assertEqual(len(view["title"]["text"]), 24)
        self.assertEqual(view["blocks"][0]["element"]["initial_option"]["value"], "l")
        self.assertEqual(moa.Form.json(view), form)
        with self.assertRaisesRegex(TypeError, "'hnit'"):
            form.text("a", "A", hnit="x")


class Linting(unittest.TestCase):
    def lint(self, **files):
        with tempfile.TemporaryDirectory() as folder:
            for name, source in files.items():
                Path(folder, f"{name}.py").write_text(source, encoding="utf-8")
            out = io.StringIO()
            with redirect_stdout(out):
                Lint(Path(folder, "plugin.py").resolve(), [Path(__file__).parent.parent]).run()
            found = [json.loads(line) for line in out.getvalue().splitlines()]
            return [(Path(one["file"]).name, one["line"], one["severity"], one["message"]) for one in found]

    def test_what_cannot_work_is_found_where_it_is(self):
        for source, says in [
            ("import socket", "`socket` can't work"),
            ("from urllib.request import urlopen", "`urllib.request` can't work"),
            ("import requests", "`requests` can't work"),
            ("from threading import Thread", "`threading.Thread` can't work"),
            ("import os\ndef f(): os.system('x')", "`os.system` can't work"),
            ("import numpy as np", "native code"),
            ("import moa\ndef f(): moa.texts('x')", "`moa.texts` finds nothing"),
            ("import nothing_like_it", "there is no module"),
            ("def f(:", "syntax error"),
        ]:
            found = self.lint(plugin="# the plugin\n" + source)
            self.assertEqual(len(found), 1, (source, found))
            self.assertEqual(found[0][:3], ("plugin.py", 2 + source.count("\n"), "error"))
            self.assertIn(says, found[0][3])

    def test_what_works_is_left_alone(self):
        source = (
            "import json, moa, urllib.parse, threading\nfrom typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    import socket\n"
            "try:\n    import numpy\nexcept ImportError:\n    numpy = None\nlock = threading.Lock()\ndata = open(__file__)\n"
            "text = moa.texts('texts.toml')\n"
        )
        self.assertEqual(self.lint(plugin=source), [])

    def test_files_beside_it_are_looked_at_and_reads_in_calls_warned_of(self):
        found = self.lint(plugin="import parts\n", parts="def f():\n    return open('x')\n", other="import socket\n")
        self.assertEqual(found, [("parts.py", 2, "warning", "`open` finds nothing when a call runs")])
