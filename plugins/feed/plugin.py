"""Watches over data feeds: exports them, verifies the files, and tells all of it in one thread a day."""

from datetime import date

import history
import moa
import work
from feeds import Feed, Settings, feed_of
from report import Report, text

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
    tell(job, feed, work.verify(feed, job.due, job.date(feed.timezone)))


def of_job(job: moa.Job) -> Feed:
    """The feed that a job is about."""
    return feed_of(job.config(Settings).feeds, job.rest)


def tell(job: moa.Job, feed: Feed, report: Report) -> None:
    """Puts a report into the thread of the day on which it was due."""
    late = (moa.system.now() - job.due).total_seconds() > 120
    due = moa.system.local(job.due, feed.timezone)
    note = text(job.language, "missed", time=f"{due:%H:%M}") if late else ""
    moa.chat.send(thread(feed, due.date(), job.language), report.content(job.language, note))


def thread(feed: Feed, day: date, language: str) -> moa.Place:
    """The feed's thread of a day, begun where it is not there yet."""
    values = {"feed": feed.title, "day": day, "key": feed.key}
    head, guide = (
        moa.text.fill(own, **values) if own else text(language, name, **values)
        for own, name in ((feed.head, "head"), (feed.guide, "guide"))
    )
    return moa.chat.daily_thread(feed.place, f"{feed.key}/{day}", head, guide)


@moa.group("피드", aliases=["feed"], default="상태", summary={"ko": "데이터 피드를 봅니다", "en": "Looks at data feeds"})
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
            where, _, problem = str(error).partition(": ")
            wrong.append(f"⚠️ `{where}`: {problem}")
            continue
        last = {run.what: f"{'×○'[run.ok]} {run.at:%m-%d %H:%M}" for run in history.runs(one)}
        counts = ["-", *(f"{count:,}" for count in history.rows(one).values())]
        rows.append([one.title, counts[-1], last.get("export", "-"), last.get("verify", "-")])
    table = [moa.text.table(rows)] if len(rows) > 1 else []
    return "\n".join(table + wrong) or text(ctx.language, "none")


@feed_group.command("검증", aliases=["verify"], summary={"ko": "지금 파일을 검증합니다", "en": "Verifies the file now"})
def verify(ctx: moa.Context, feed: str | None = None) -> moa.Content:
    chosen = the(ctx, feed)
    return answer(ctx, chosen, work.verify(chosen, ctx.time, ctx.date(chosen.timezone)))


@feed_group.command(
    "업로드", aliases=["export"], summary={"ko": "지금 파일을 만들어 올립니다", "en": "Makes and uploads the file now"}, restricted=True
)
def export(ctx: moa.Context, feed: str | None = None) -> moa.Content:
    chosen = the(ctx, feed)
    return answer(ctx, chosen, work.export(chosen, ctx.time, ctx.date(chosen.timezone)))


@feed_group.command("기록", aliases=["history"], summary={"ko": "지난 날들의 기록", "en": "The days before"})
def past(ctx: moa.Context, feed: str | None = None) -> str:
    chosen = the(ctx, feed)
    rows = history.rows(chosen)
    marks = dict.fromkeys(rows, "")
    for run in history.runs(chosen):
        if run.what == "verify":
            day = run.at.date().isoformat()
            marks[day] = marks.get(day, "") + "×○"[run.ok]
    if not marks:
        return text(ctx.language, "never")
    table = [text(ctx.language, "columns-of-history").split("\t")]
    table += [[day, f"{rows[day]:,}" if day in rows else "-", marks[day]] for day in sorted(marks, reverse=True)[:7]]
    line = moa.text.sparkline(list(rows.values())[-14:])
    return f"*{moa.text.plain(chosen.title)}* {line}\n{moa.text.table(table)}"


def the(ctx: moa.Context, key: str | None) -> Feed:
    """The feed that somebody means; the only one where nothing was said."""
    tables = ctx.config(Settings).feeds
    if not tables:
        raise moa.Rejected(text(ctx.language, "none"))
    if key is None and len(tables) == 1:
        (key,) = tables
    if key not in tables:
        problem = "which" if key is None else "unknown"
        raise moa.Rejected(text(ctx.language, problem, feed=key, feeds=", ".join(sorted(tables))))
    return feed_of(tables, key)


def answer(ctx: moa.Context, feed: Feed, report: Report) -> moa.Content:
    """What is said to who asked; everybody else finds it in the day's thread, where those who have to look are called."""
    day = thread(feed, ctx.date(feed.timezone), ctx.language)
    if (day.conversation, day.thread) == (ctx.place.conversation, ctx.place.thread):
        return report.content(ctx.language)
    moa.chat.send(day, report.content(ctx.language))
    return report.content(ctx.language, call=False)
