import random
from datetime import date, timedelta
from enum import Enum
from typing import Annotated, Optional

import moa
from moa import Form, Press, _guard, events
from moa.testing import Host

from .support import PluginTest


class Mood(Enum):
    GOOD = 1
    BAD = 2


class Commands(PluginTest):
    def test_arguments_arrive_as_their_types(self):
        got = []

        @moa.command(aliases=["주문"])
        def order(ctx: moa.Context, count: int, mood: Mood = Mood.GOOD, *dishes: str) -> str:
            got.append((count, mood, dishes, ctx.rest, ctx.tokens))
            return f"{count} for {ctx.who.display_name}"

        host = Host(speaker="로지")
        self.assertEqual(host.say("!주문 2"), ["2 for 로지"])
        self.assertEqual(host.say("!order 3 bad soup,rice"), ["3 for 로지"])
        self.assertEqual(got[0], (2, Mood.GOOD, (), "2", ["2"]))
        self.assertEqual(got[1][:3], (3, Mood.BAD, ("soup", "rice")))
        with self.assertRaises(moa.Usage):
            host.say("!order many")

    def test_subcommands_get_what_stands_before_them(self):
        @moa.group
        def server(name: str) -> None: ...

        @server.command(aliases=["r"])
        def restart(ctx: moa.Context, name: str, after: Optional[timedelta] = None) -> str:
            return f"{ctx.path} {name} {after}"

        self.assertEqual(Host().say("!server build-1 r 10m"), ["['restart'] build-1 0:10:00"])

    def test_what_can_be_returned(self):
        @moa.command
        def card() -> moa.Card:
            return moa.Card("soup").field("rice", "white")

        @moa.command
        def number() -> str:
            return 3  # type: ignore[return-value]

        host = Host()
        host.say("!card")
        self.assertEqual(host.messages[0].content.cards[0].fields[0].value, "white")
        with self.assertRaisesRegex(TypeError, r"number\(\) returned int"):
            host.say("!number")

    def test_chance_is_fresh_and_print_is_logged(self):
        @moa.command
        def roll() -> str:
            print("rolling")
            return str(random.random())

        host = Host(seed=7)
        first, second = host.say("!roll"), host.say("!roll")
        self.assertNotEqual(first, second)
        self.assertEqual(Host(seed=7).say("!roll"), first)
        self.assertEqual(host.log, ["info: rolling", "info: rolling"])

    def test_settings(self):
        @moa.config
        class Settings:
            size: int = 4
            pause: timedelta = timedelta(seconds=90)
            where: Annotated[Optional[str], moa.Arg(type="conversation")] = None

        @moa.command
        def size(ctx: moa.Context) -> str:
            settings = ctx.config(Settings)
            return f"{settings.size} {settings.pause} {settings.where}"

        self.assertEqual(Host().say("!size"), ["4 0:01:30 None"])
        self.assertEqual(Host(config={"size": 2, "pause": "1m", "where": "C1"}).say("!size"), ["2 0:01:00 C1"])

    def test_tables_inside_of_the_settings(self):
        @moa.table
        class Feed:
            url: str
            rows_min: Annotated[int, moa.Arg(min=0)] = 1
            max_age: timedelta = timedelta(hours=26)
            columns: list[str] = []

        feed = moa.read_table(Feed, {"url": "x", "max-age": "2h", "at": "00:05"}, "feeds.a", {"at"})
        self.assertEqual((feed.url, feed.rows_min, feed.max_age, feed.columns), ("x", 1, timedelta(hours=2), []))
        for table, told in (
            ({}, "config.feeds.a.url: is missing; it must be a text in quotes"),
            ({"url": 7}, "config.feeds.a.url: must be a text in quotes, but is 7"),
            ({"url": "x", "rows-min": -1}, "config.feeds.a.rows-min: must be a whole number from 0, but is -1"),
            ({"url": "x", "max-age": "soon"}, "config.feeds.a.max-age: must be a length of time"),
            ({"url": "x", "colums": []}, "config.feeds.a.colums: there is no such key; did you mean `columns`?"),
            ("x", "config.feeds.a: must be a table"),
        ):
            with self.subTest(table=table), self.assertRaises(moa.ConfigError) as raised:
                moa.read_table(Feed, table, "feeds.a")
            self.assertIn(told, str(raised.exception))


class Hearing(PluginTest):
    def test_groups_and_scopes(self):
        @moa.hear(r"(\d+) ?%( off)?", scopes=["ambient"])
        def percent(number: int, off: Optional[str]) -> str:
            return f"{number} {off}"

        host = Host()
        self.assertEqual(host.say("only 3 % left"), ["3 None"])
        self.assertEqual(host.say("3% off"), ["3  off"])
        self.assertEqual(Host(direct=True).say("3%"), [])

    def test_what_was_taught(self):
        @moa.command
        def link(ctx: moa.Context, word: str, address: moa.Rest) -> None:
            ctx.brain.set_text(word, address)
            moa.triggers.hear(word, keyword=word)

        @moa.hear()
        def taught(ctx: moa.Context) -> Optional[str]:
            return ctx.brain.get_text(ctx.pattern)

        host = Host()
        host.say("!link 가이드 https://example.com")
        self.assertEqual(host.say("가이드 어디 있어요?"), ["https://example.com"])


class Presses(PluginTest):
    def setUp(self):
        super().setUp()

        @moa.command
        def menu() -> moa.Content:
            return moa.Content("Lunch?").button("open", "Order").button("vote:12", "at twelve").button("close", "Close")

        @moa.action("open")
        def opened() -> Form:
            return Form("order", "Order").text("dish", "Dish").number("bowls", "Bowls", initial=1)

        @moa.action("vote:*")
        def vote(press: Press, hour: int) -> str:
            return f"{press.who.display_name} {hour + 1}"

        @moa.action("close")
        def close() -> moa.Update:
            return moa.Update("closed")

        @moa.submit("order")
        def ordered(press: Press) -> str:
            bowls = press.field("bowls", int)
            if bowls > 20:
                raise moa.FieldErrors(bowls="too many")
            return f"{bowls} {press.field('dish')}"

        self.host = Host(speaker="Rosie")
        self.host.say("!menu")

    def test_buttons(self):
        self.host.press("at twelve")
        self.assertEqual(self.host.texts[-1], "Rosie 13")
        self.host.press("close")
        self.assertEqual(self.host.texts[0], "closed")

    def test_forms(self):
        self.host.press("Order")
        wrong = self.host.submit(dish="soup", bowls="many")
        self.assertEqual(wrong.fields, {"bowls": "This does not fit."})
        self.host.locale = "ko"
        self.assertEqual(self.host.submit(bowls="").fields, {"bowls": "이 칸을 채워 주세요."})
        self.assertEqual(self.host.submit(bowls="21").fields, {"bowls": "too many"})
        self.host.submit(dish="soup")
        self.assertEqual(self.host.texts[-1], "1 soup")

    def test_questions(self):
        @moa.command
        def invite(ctx: moa.Context, whom: moa.User) -> None:
            moa.chat.ask(ctx.place, whom.id, "invite:1", moa.Content("Lunch?").button("yes", "Yes"), timedelta(minutes=1))

        @moa.answer("invite:*")
        def invited(press: Press, answer: moa.Answer, number: int) -> str:
            return f"{number} {press.who.display_name} {answer.value}"

        self.host.say("!invite Sally")
        self.host.press("Yes")
        self.assertEqual(self.host.texts[-1], "1 Sally yes")
        self.host.say("!invite Sally")
        self.host.time_out("invite:1")
        self.assertEqual(self.host.texts[-1], "1 Sally None")

    def test_shortcuts(self):
        @moa.shortcut("keep", name="Keep")
        def keep(press: Press) -> str:
            return f"{press.field('text')} {press.message.text} {press.on is not None}"

        self.host.shortcut("keep", "hello")
        self.assertEqual(self.host.texts[-1], "hello hello True")

    def test_ids_in_full_go_first_and_unknown_ones_are_told(self):
        @moa.action("vote:13")
        def one() -> str:
            return "one"

        self.host._do(moa.PressKind.BUTTON, "vote:13", "", [], None)
        self.assertEqual(self.host.texts[-1], "one")
        with self.assertRaisesRegex(moa.Internal, "`nobody`"):
            self.host._do(moa.PressKind.BUTTON, "nobody", "", [], None)


class Others(PluginTest):
    def test_events(self):
        @moa.on("reacted")
        def reacted(ctx: moa.Context, what: events.Reacted) -> Optional[str]:
            return f"{what.emoji} by {ctx.who.display_name}" if what.emoji == "tada" else None

        host = Host(speaker="Rosie")
        message = moa.MessageRef(host.place, "1")
        host.event(events.Reacted(message, "tada"))
        host.event(events.Reacted(message, "eyes"))
        self.assertEqual(host.texts, ["tada by Rosie"])

    def test_jobs(self):
        @moa.job("remind:*")
        def remind(job: moa.Job, day: date) -> None:
            moa.chat.send(moa.Place("test", "C1"), f"{day.day} {job.payload}")

        host = Host()
        host.run_job("remind:2026-11-21", "soup")
        self.assertEqual(host.texts, ["21 soup"])

    def test_webhooks(self):
        @moa.webhook("build", verify="none")
        def build(request: moa.Request) -> dict:
            return {"got": request.json()["status"], "branch": request.params["branch"]}

        answer = Host().request("build", '{"status": "ok"}', query="branch=a%2Fb")
        self.assertEqual((answer.status, answer.body), (200, '{"got": "ok", "branch": "a/b"}'))

    def test_http(self):
        @moa.command
        def weather(city: str) -> str:
            return moa.http.get("https://w.example/", params={"q": city}).raise_for_status().json()["sky"]

        asked = []

        def web(method, url, headers, body):
            asked.append((method, url))
            return {"sky": "blue"}

        self.assertEqual(Host(http=web).say("!weather 서울"), ["blue"])
        self.assertEqual(asked, [("GET", "https://w.example/?q=%EC%84%9C%EC%9A%B8")])
        with self.assertRaisesRegex(moa.http.StatusError, "404"):
            Host(http=lambda *_: (404, "no")).say("!weather x")


class DailyThreads(PluginTest):
    def test_a_day_has_one_thread_in_a_conversation(self):
        host = Host()
        with host.entered():
            job = moa.Job(moa.Invocation("i", moa.system.now(), 1, "ko", "UTC"), "daily", moa.system.instant("2026-11-20T15:30:00Z"))
            day = job.date("Asia/Seoul")
            self.assertEqual(str(day), "2026-11-21")
            place = moa.Place.of("C9")
            first = moa.chat.daily_thread(place, day, "*Feed*", "Reports come here.")
            moa.chat.send(first, "one")
            again = moa.chat.daily_thread(place, day, "*Feed*", "Reports come here.")
            self.assertEqual(again, first)
            self.assertNotEqual(moa.chat.daily_thread(place, "2026-11-22", "*Feed*").thread, first.thread)
        self.assertEqual(host.texts, ["*Feed*", "Reports come here.", "one", "*Feed*"])


class Failures(PluginTest):
    def test_what_escapes_is_told_with_its_place(self):
        host = Host()

        def broken():
            return {}["soup"]

        with host.entered():
            try:
                broken()
            except KeyError as error:
                failure = _guard.failure_of(error)
        self.assertIsInstance(failure, moa.Internal)
        self.assertRegex(str(failure), r"^KeyError: 'soup' \(test_calls\.py:\d+ in broken\)$")
        self.assertIn('return {}["soup"]', host.log[0])

    def test_the_authors_line_is_told_where_the_host_refuses(self):
        host = Host()
        with host.entered() as ctx:
            try:
                ctx.brain.get("")
            except moa.HostError as error:
                failure = _guard.failure_of(error)
        self.assertRegex(str(failure), r"^invalid: .* \(test_calls\.py:\d+")

    def test_outside_of_a_call_there_is_no_host(self):
        with self.assertRaisesRegex(RuntimeError, "moa.testing.Host"):
            moa.brain.plugin().get("x")
