//! Starts and stops servers by schedule, with exceptions, and by hand.

mod desk;
mod settings;
#[cfg(test)]
mod tests;

use desk::{Desk, ERROR, message};
use moa_plugin::prelude::*;
use moa_plugin::time::{self, Moment};
use settings::Act;

texts!("voices/plain.toml", "voices/soldier.toml");

#[command(
    name = "서버",
    aliases = ["server"],
    subcommands = [help, status, info, Exception, force_start, force_stop],
    default = status,
    summary(ko = "서버를 일정에 맞추어 켜고 끕니다", en = "Starts and stops servers by schedule")
)]
struct Server {
    schedule: Option<String>,
}

/// Runs a command. What people can put right themselves is told in red.
fn answer(ctx: &Context, server: Server, run: impl FnOnce(&Desk) -> Result<Content>) -> Result<Content> {
    let answer = Desk::open(ctx.language(), server.schedule).and_then(|desk| run(&desk));
    match answer.as_ref().map_err(Error::told) {
        Err(Some(why)) => Ok(message(ERROR, why.to_owned(), Card::titled("⚠️"))),
        _ => answer,
    }
}

/// Example: !server help
#[command(name = "help", aliases = ["도움말"], summary(ko = "명령을 보여 줍니다", en = "Shows the commands"))]
fn help(ctx: &Context, #[parent] server: Server) -> Result<Content> {
    let sign = if ctx.place().service == "jandi" { "/" } else { "!" };
    let command = format!("{sign}{}", ctx.command());
    answer(ctx, server, |desk| Ok(desk.texts.help(command).into()))
}

/// Example: !server status
/// 예) !서버 office 상태
#[command(name = "status", aliases = ["s", "상태"], summary(ko = "지금 서버 상태를 보여 줍니다", en = "Shows how the servers are now"))]
fn status(ctx: &Context, #[parent] server: Server) -> Result<Content> {
    let again = format!("status:{}", server.schedule.as_deref().unwrap_or_default());
    answer(ctx, server, |desk| {
        let shown = desk.each(|of| Ok(desk.status(of)))?;
        let button = (ctx.place().service != "jandi").then(|| Button::new(again, desk.texts.look_again()));
        Ok(button.into_iter().fold(shown, Content::button))
    })
}

#[action("status:*")]
fn look_again(ctx: &Context, name: String) -> Result<Update> {
    let schedule = Some(name).filter(|name| !name.is_empty());
    Ok(Update(status(ctx, Server { schedule })?))
}

/// Example: !server info
/// 예) !서버 office 일정 내일
#[command(name = "info", aliases = ["i", "일정"], summary(ko = "오늘이나 그날의 일정을 보여 줍니다", en = "Shows the times of today or of a date"))]
fn info(ctx: &Context, #[parent] server: Server, date: Option<Date>) -> Result<Content> {
    // Below `exception` it shows those alone.
    let other = ctx.path().len() > 1;
    answer(ctx, server, |desk| desk.each(|of| desk.day_of(of, date, other)))
}

#[command(
    name = "exception",
    aliases = ["e", "예외"],
    subcommands = [Shown, set, del],
    default = Shown,
    summary(ko = "어느 날만의 예외를 보고, 설정하고, 지웁니다", en = "Other times on a date")
)]
struct Exception;

/// Example: !server office exception info 2027-01-04
#[command(runs = info, name = "info", aliases = ["i", "조회"], summary(ko = "오늘이나 그날의 예외를 보여 줍니다", en = "Shows the exceptions of today or of a date"))]
struct Shown;

/// Example: !server office exception set 2027-01-04 stop 22:30
/// 예) !서버 office 예외 설정 2027-01-04 시작 없음
#[command(name = "set", aliases = ["s", "설정"], summary(ko = "그날의 시각을 바꿉니다. `없음`은 하지 않음", en = "Sets another time on a date; `none` for not at all"))]
fn set(ctx: &Context, #[parent] server: Server, date: Date, what: Act, time: String) -> Result<Content> {
    answer(ctx, server, |desk| except(desk, date, what, &time))
}

fn except(desk: &Desk, date: Date, act: Act, time: &str) -> Result<Content> {
    let ((name, _), today) = (desk.one()?, desk.now.date);
    let clock = time::time_of_day(time);
    let is_none = matches!(time, "none" | "없음");
    ensure!(is_none || clock.is_some(), desk.texts.no_time(time));
    ensure!(date >= today, desk.texts.past(date));
    desk.remember(name, |memory| {
        // Yesterday's times may still count.
        memory.exceptions.forget_before(today.plus_days(-1).unwrap_or(today));
        memory.exceptions.set(date, act, clock);
    })?;
    Ok(desk.changed(desk.texts.exception_set(name), name, date, act, clock))
}

/// Example: !server office exception del 2027-01-04 stop
#[command(name = "del", aliases = ["d", "delete", "삭제"], summary(ko = "그날의 예외를 지웁니다", en = "Takes an exception away"))]
fn del(ctx: &Context, #[parent] server: Server, date: Date, what: Act) -> Result<Content> {
    answer(ctx, server, |desk| {
        let ((name, schedule), texts) = (desk.one()?, &desk.texts);
        let was_there = desk.remember(name, |memory| memory.exceptions.clear(date, &what))?;
        ensure!(was_there, texts.exception_missing(name, date, desk.act(what)));
        let usual = schedule.times(&desk.recall(name)?).at(date, &what);
        Ok(desk.changed(texts.exception_gone(name), name, date, what, usual))
    })
}

/// What a stop that was announced becomes: date, time and schedule.
#[action("stop:*")]
fn postpone(ctx: &Context, which: String) -> Result<Update> {
    let (date, rest) = which.split_once('/').unwrap_or_default();
    let (time, name) = rest.split_once('/').unwrap_or_default();
    let (date, schedule) = (date.parse()?, Some(name.to_owned()));
    let answer = answer(ctx, Server { schedule }, |desk| {
        let (name, schedule) = desk.one()?;
        let stop = schedule.times(&desk.recall(name)?).at(date, &Act::Stop);
        let is_ahead = stop.is_some_and(|time| Moment { date, time } > desk.now);
        ensure!(is_ahead, desk.texts.too_late());
        let mut said = except(desk, date, Act::Stop, time)?;
        said.text += &format!(" ({})", text::plain(&ctx.who().display_name));
        Ok(said)
    });
    Ok(Update(answer?))
}

/// Example: !server office force_start
#[command(name = "force_start", aliases = ["강제시작"], restricted, summary(ko = "서버를 지금 강제로 켭니다", en = "Starts the servers now"))]
fn force_start(ctx: &Context, #[parent] server: Server) -> Result<Content> {
    answer(ctx, server, |desk| desk.force(Act::Start))
}

/// Example: !server office force_stop
#[command(name = "force_stop", aliases = ["강제중지"], restricted, summary(ko = "서버를 지금 강제로 끕니다", en = "Stops the servers now"))]
fn force_stop(ctx: &Context, #[parent] server: Server) -> Result<Content> {
    answer(ctx, server, |desk| desk.force(Act::Stop))
}

#[job(cron = "config:round", missed = "once")]
fn watch(due: &Due) -> Result<()> {
    Desk::open(&due.invocation.locale, None)?.round()
}

plugin! {
    summary: { ko: "서버를 일정에 맞추어 켜고 끕니다", en: "Starts and stops servers by schedule" },
    commands: [Server],
    actions: [look_again, postpone],
    jobs: [watch],
    config: settings::Settings,
    requests: {
        http: [
            "https://*.amazonaws.com", "config:aws.ec2", "config:aws.rds",
            "config:schedules.*.groups.*.start", "config:schedules.*.groups.*.stop", "config:schedules.*.groups.*.status",
        ],
        secrets: ["config:aws.key", "config:schedules.*.groups.*.secret"],
        conversations: ["config:announce"],
    },
}
