"""Watches over data feeds: exports them, verifies the files, and tells all of it in one thread a day."""

from __future__ import annotations

from datetime import date

import history
import moa
import work
from feeds import Feed, Settings, feed_of
from texts import filled, text

moa.plugin(
    summary={"ko": "데이터 피드를 만들어 올리고 검증합니다", "en": "Exports data feeds and verifies them"},
    requests={
        "http": ["config:feeds.*.url", "config:feeds.*.address", "config:feeds.*.invalidate.url"],
        "objects": ["config:feeds.*.bucket"],
        "conversations": ["config:feeds.*.channel"],
        "secrets": ["config:feeds.*.secrets"],
    },
)


@moa.job("thread:*", cron="config:feeds.*.thread", timezone="Asia/Seoul")
def new_day(job: moa.Job) -> None:
    """Begins the day's thread."""
    feed = of_job(job)
    thread(feed, job.date(feed.timezone), job.language)


@moa.job("export:*", cron="config:feeds.*.export", timezone="Asia/Seoul", after="thread:*")
def export_due(job: moa.Job) -> None:
    """Makes and uploads the file."""
    feed = of_job(job)
    tell(job, feed, work.export(feed, job.due, job.date(feed.timezone)))


@moa.job("verify:*", cron="config:feeds.*.verify", timezone="Asia/Seoul", after="export:*")
def verify_due(job: moa.Job) -> None:
    """Looks at the file."""
    feed = of_job(job)
    tell(job, feed, work.verify(feed, job.due, job.date(feed.timezone), job.language))


def of_job(job: moa.Job) -> Feed:
    """The feed that a job is about."""
    return feed_of(job.config(Settings).feeds, job.rest)


def tell(job: moa.Job, feed: Feed, report: work.Report) -> None:
    """Puts a report into the thread of the day on which it was due."""
    late = (moa.system.now() - job.due).total_seconds() > 120
    due = moa.system.local(job.due, feed.timezone)
    note = text(job.language, "missed", time=f"{due:%H:%M}") if late else ""
    moa.chat.send(thread(feed, due.date(), job.language), report.content(job.language, note))


def thread(feed: Feed, day: date, language: str) -> moa.Place:
    """The feed's thread of a day, begun where it is not there yet."""
    values = {"feed": feed.title, "day": day.isoformat(), "key": feed.key}
    head, guide = (filled(own or text(language, name), **values) for own, name in ((feed.head, "head"), (feed.guide, "guide")))
    return moa.chat.daily_thread(feed.place, f"{feed.key}/{day}", head, guide)


@moa.group("피드", aliases=["feed"], summary={"ko": "데이터 피드를 봅니다", "en": "Looks at data feeds"})
def feed_group() -> None:
    """Looks at data feeds."""


@feed_group.command("상태", aliases=["status"], summary={"ko": "모든 피드의 상태", "en": "How all feeds are"})
def status(ctx: moa.Context) -> str:
    tables = ctx.config(Settings).feeds
    rows, wrong = [text(ctx.language, "columns-of-status").split("\t")], []
    for key in tables:
        try:
            one = feed_of(tables, key)
        except moa.ConfigError as error:
            wrong.append(f"⚠️ {moa.text.plain(error)}")
            continue
        counts = list(history.rows(key).values())
        last = {run["what"]: shown(one, run) for run in history.runs(key)}
        count = f"{counts[-1]:,}" if counts else "-"
        rows.append([one.title, count, last.get("export", "-"), last.get("verify", "-")])
    table = [moa.text.table(rows)] if len(rows) > 1 else []
    return "\n".join(table + wrong) or text(ctx.language, "none")


@feed_group.command("검증", aliases=["verify"], summary={"ko": "지금 파일을 검증합니다", "en": "Verifies the file now"})
def verify(ctx: moa.Context, feed: str | None = None) -> moa.Content:
    chosen = the(ctx, feed)
    return answer(ctx, chosen, work.verify(chosen, ctx.time, today(ctx, chosen), ctx.language))


@feed_group.command(
    "업로드", aliases=["export"], summary={"ko": "지금 파일을 만들어 올립니다", "en": "Makes and uploads the file now"}, restricted=True
)
def export(ctx: moa.Context, feed: str | None = None) -> moa.Content:
    chosen = the(ctx, feed)
    return answer(ctx, chosen, work.export(chosen, ctx.time, today(ctx, chosen)))


@feed_group.command("기록", aliases=["history"], summary={"ko": "지난 날들의 기록", "en": "The days before"})
def past(ctx: moa.Context, feed: str | None = None) -> str:
    chosen = the(ctx, feed)
    rows, verified = history.rows(chosen.key), history.verified(chosen)
    days = sorted({*rows, *verified})[-14:]
    if not days:
        return text(ctx.language, "never")
    table = [text(ctx.language, "columns-of-history").split("\t")]
    for day in reversed(days[-7:]):
        marks = "".join("○" if ok else "×" for ok in verified.get(day, []))
        table.append([day, f"{rows[day]:,}" if day in rows else "-", marks])
    line = history.sparkline([rows[day] for day in days if day in rows])
    return f"*{moa.text.plain(chosen.title)}* {line}\n{moa.text.table(table)}"


def the(ctx: moa.Context, key: str | None) -> Feed:
    """The feed that somebody means; the only one where nothing was said."""
    tables = ctx.config(Settings).feeds
    if not tables:
        raise moa.Rejected(text(ctx.language, "none"))
    names = ", ".join(sorted(tables))
    if key is None and len(tables) > 1:
        raise moa.Rejected(text(ctx.language, "which", feeds=names))
    key = key if key is not None else next(iter(tables))
    if key not in tables:
        raise moa.Rejected(text(ctx.language, "unknown", feed=key, feeds=names))
    return feed_of(tables, key)


def answer(ctx: moa.Context, feed: Feed, report: work.Report) -> moa.Content:
    """What is said to who asked; everybody else finds it in the day's thread."""
    content = report.content(ctx.language)
    day = thread(feed, today(ctx, feed), ctx.language)
    if (day.conversation, day.thread) != (ctx.place.conversation, ctx.place.thread):
        moa.chat.send(day, content)
    return content


def today(ctx: moa.Context, feed: Feed) -> date:
    """The day in the feed's zone."""
    return moa.system.local(ctx.time, feed.timezone).date()


def shown(feed: Feed, run: dict) -> str:
    """A run in a table."""
    return f"{'○' if run['ok'] else '×'} {moa.system.local(run['at'], feed.timezone):%m-%d %H:%M}"
