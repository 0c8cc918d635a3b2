import unittest
from datetime import date, time, timedelta
from enum import Enum
from typing import Annotated, Literal, Optional

import moa
from moa import _docs
from moa._arguments import seconds

from .support import PluginTest


class Documentation(unittest.TestCase):
    def check(self, text, summary, help, examples):
        docs = _docs.read(text)
        self.assertEqual((docs.summary, docs.help, docs.examples), (summary, help, examples))

    def test_paragraphs(self):
        self.check(None, "", "", [])
        self.check("Says\n    hello.", "Says hello.", "", [])
        self.check("One.\n\n    Two,\n    three.\n\n      four\n    ", "One.", "Two,\nthree.\n\n  four", [])

    def test_examples_in_every_form(self):
        both = ["!a 1", "!a 2"]
        self.check("팀을 정합니다.\n\n예) !점심팀 3 로지,샐리", "팀을 정합니다.", "", ["!점심팀 3 로지,샐리"])
        self.check("S.\n\nExample: `!a 1`\nExample: `!a 2`", "S.", "", both)
        self.check("S.\n\nExamples:\n!a 1\n!a 2", "S.", "", both)
        self.check("S.\n\n예시)\n\n```text\n!a 1\n!a 2\n```", "S.", "", both)
        self.check("S.\n\n예:\n- `!a 1`\n- `!a 2`", "S.", "", both)

    def test_text_around_examples_stays(self):
        self.check("S.\n\nBefore.\nExample: !a\n\nAfter.", "S.", "Before.\n\nAfter.", ["!a"])
        self.check("Example: !a\n\nS.\n\nH.", "S.", "H.", ["!a"])
        self.check("Sees !important as text.\n!really", "Sees !important as text. !really", "", [])


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Arguments(PluginTest):
    def test_every_type(self):
        @moa.command
        def all_of(
            ctx: moa.Context,
            a: str,
            b: int,
            c: float,
            d: bool,
            e: moa.User,
            f: moa.Conversation,
            g: timedelta,
            h: date,
            i: time,
            j: Literal["x", "y"],
            k: Size,
            l_: list[str],
        ) -> None: ...

        kinds = [(arg["name"], arg["type"]) for arg in self.args()]
        expected = "string int float bool user conversation duration date time choice choice list".split()
        self.assertEqual(kinds, list(zip("abcdefghijkl", expected)))
        self.assertEqual(self.args()[10]["choices"], ["small", "large"])
        self.assertEqual(self.manifest["commands"][0]["name"], "all-of")

    def test_what_may_be_missing(self):
        @moa.command
        def maybe(
            a: Optional[int] = None,
            b: "str | None" = None,
            wait: timedelta = timedelta(minutes=90),
            at: time = time(9, 30),
            size: Size = Size.LARGE,
            *names: str,
        ) -> None: ...

        a, b, wait, at, size, names = self.args()
        self.assertEqual(a, {"name": "a", "type": "int", "optional": True})
        self.assertEqual(b, {"name": "b", "type": "string", "optional": True})
        self.assertEqual(wait["default"], "5400s")
        self.assertEqual((at["default"], size["default"]), ("09:30:00", "large"))
        self.assertEqual(names, {"name": "names", "type": "list", "optional": True})

    def test_annotated_says_more(self):
        @moa.command
        def order(
            how_many: Annotated[int, moa.Arg(min=1, max=20, summary={"ko": "몇", "en": "how many"})],
            dish: Annotated[str, "what"],
            note: Optional[moa.Rest] = None,
        ) -> None: ...

        count, dish, note = self.args()
        self.assertEqual((count["name"], count["min"], count["max"]), ("how-many", 1, 20))
        self.assertEqual(count["summary"], {"ko": "몇", "en": "how many"})
        self.assertEqual(dish["summary"], "what")
        self.assertEqual(note, {"name": "note", "type": "rest", "optional": True})

    def test_wrong_use_is_explained(self):
        def refused(says, function):
            with self.assertRaisesRegex((TypeError, ValueError), says):
                moa.command(function)

        def of_set(a: set) -> None: ...
        def rest_first(a: moa.Rest, b: int) -> None: ...
        def optional_first(a: Optional[int], b: int) -> None: ...
        def keywords(**more: str) -> None: ...
        def default(a: int = "x") -> None: ...  # type: ignore[assignment]
        def bounds(a: Annotated[str, moa.Arg(min=1)]) -> None: ...
        async def later() -> None: ...

        refused("people can't type", of_set)
        refused("has to be the last", rest_first)
        refused("stands behind an optional one", optional_first)
        refused("nobody can type", keywords)
        refused("its default 'x' is none", default)
        refused("which only int and float have", bounds)
        refused("without `async`", later)

    def test_words_are_unique(self):
        @moa.command(aliases=["a"])
        def one() -> None: ...

        with self.assertRaisesRegex(ValueError, "`a`"):

            @moa.command("a")
            def two() -> None: ...

    def test_groups(self):
        @moa.group(aliases=["s"])
        def server(name: str) -> None:
            """Looks after servers."""

        @server.command(aliases=["r"])
        def restart(name: str, after: Optional[timedelta] = None) -> str:
            return f"{name} after {after}"

        command = self.manifest["commands"][0]
        self.assertEqual(command["args"], [{"name": "name", "type": "string"}])
        self.assertEqual(command["subcommands"][0]["args"], [{"name": "after", "type": "duration", "optional": True}])


class Parts(PluginTest):
    def test_everything_stands_in_it(self):
        @moa.config
        class Settings:
            team_size: Annotated[int, moa.Arg(min=2)] = 4
            place: Annotated[Optional[str], moa.Arg(type="conversation")] = None
            pause: timedelta = timedelta(minutes=1)

        moa.plugin("lunch", version="1.0.0", summary="Lunch", requests={"http": ["https://a.example"], "shared_brain": True})

        @moa.hear("a|b", scopes=["direct_mention"])
        def heard() -> None: ...

        @moa.hear()
        def taught() -> None: ...

        @moa.job(cron="0 9 * * *", timezone="Asia/Seoul", missed="skip", except_days=["12-25"])
        def morning(job: moa.Job) -> None: ...

        @moa.job("later:*")
        def later(job: moa.Job, id: int) -> None: ...

        @moa.webhook("build", methods=["post"])
        def build(request: moa.Request) -> None: ...

        @moa.on("joined")
        def joined() -> None: ...

        @moa.shortcut("keep", name="Keep")
        def keep() -> None:
            """Keeps it."""

        self.assertEqual(
            self.manifest,
            {
                "name": "lunch",
                "version": "1.0.0",
                "summary": "Lunch",
                "hears": [{"id": "heard", "pattern": "a|b", "scopes": ["direct-mention"]}],
                "jobs": [{"id": "morning", "cron": "0 9 * * *", "timezone": "Asia/Seoul", "except": ["12-25"], "missed": "skip"}],
                "webhooks": [{"name": "build", "verify": "hmac-sha256", "methods": ["POST"]}],
                "events": ["joined"],
                "shortcuts": [{"id": "keep", "on": "message", "name": "Keep", "description": "Keeps it."}],
                "config": {
                    "team-size": {"type": "int", "default": 4, "min": 2},
                    "place": {"type": "conversation", "optional": True},
                    "pause": {"type": "duration", "default": "60s"},
                },
                "requests": {"http": ["https://a.example"], "shared-brain": True},
            },
        )

    def test_unknown_requests_and_events_are_refused(self):
        with self.assertRaisesRegex(ValueError, "'htp'"):
            moa.plugin(requests={"htp": []})
        with self.assertRaisesRegex(ValueError, "'join'"):
            moa.on("join")(lambda: None)

    def test_lengths_of_time(self):
        self.assertEqual(seconds("90s"), timedelta(seconds=90))
        self.assertEqual(seconds("1h30m"), timedelta(minutes=90))
        self.assertEqual(seconds("250ms"), timedelta(milliseconds=250))
