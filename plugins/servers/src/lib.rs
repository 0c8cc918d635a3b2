//! Starts and stops servers by schedule, with exceptions, and by hand.

mod aws;
mod cloud;
mod desk;
mod memory;
mod rules;
mod settings;
mod show;
mod voice;

use desk::Desk;
use moa_plugin::prelude::*;
use rules::Act;

#[command(
    name = "서버",
    aliases = ["server"],
    subcommands = [help, status, info, Exception, force_start, force_stop],
    summary(ko = "서버를 일정에 맞추어 켜고 끕니다", en = "Starts and stops servers by schedule")
)]
struct Server {
    schedule: Option<String>,
}

/// Runs a command. What people can put right themselves is told in red.
fn answer(ctx: &Context, run: impl FnOnce(&Desk) -> Result<Content>) -> Result<Content> {
    let answer = Desk::open(ctx.language()).and_then(|desk| run(&desk));
    match answer.as_ref().map_err(Error::told) {
        Err(Some(why)) => Ok(show::message([show::piece(show::ERROR, why.to_owned(), "⚠️")])),
        _ => answer,
    }
}

/// Example: !server help
#[command(name = "help", aliases = ["도움말"], summary(ko = "명령을 보여 줍니다", en = "Shows the commands"))]
fn help(ctx: &Context) -> Result<Content> {
    let sign = if ctx.place().service == "jandi" { "/" } else { "!" };
    let command = format!("{sign}{}", ctx.command());
    answer(ctx, |desk| Ok(desk.voice.say("help", &[("command", &command)]).into()))
}

/// Example: !server status
/// 예) !서버 office 상태
#[command(name = "status", aliases = ["s", "상태"], summary(ko = "지금 서버 상태를 보여 줍니다", en = "Shows how the servers are now"))]
fn status(ctx: &Context, #[parent] server: Server) -> Result<Content> {
    answer(ctx, |desk| {
        let these = desk.some(server.schedule.as_deref())?;
        let found = cloud::look(&desk.settings, &these);
        let shown = show::message(these.iter().map(|(name, _)| desk.status(name, &found)));
        if ctx.place().service == "jandi" {
            return Ok(shown);
        }
        let again = format!("status:{}", server.schedule.as_deref().unwrap_or_default());
        Ok(shown.button(Button::new(again, desk.voice.say("look-again", &[]))))
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
    answer(ctx, |desk| {
        let these = desk.some(server.schedule.as_deref())?.into_iter();
        let pieces = these.map(|(name, schedule)| desk.info(name, schedule, date.unwrap_or(desk.now.date)));
        Ok(show::message(pieces.collect::<Result<Vec<_>>>()?))
    })
}

#[command(
    name = "exception",
    aliases = ["e", "예외"],
    subcommands = [shown, set, del],
    summary(ko = "어느 날만의 예외를 보고, 설정하고, 지웁니다", en = "Other times on a date")
)]
struct Exception;

/// Example: !server office exception info 2027-01-04
#[command(name = "info", aliases = ["i", "조회"], summary(ko = "오늘이나 그날의 예외를 보여 줍니다", en = "Shows the exceptions of today or of a date"))]
fn shown(ctx: &Context, #[parent] server: Server, date: Option<Date>) -> Result<Content> {
    answer(ctx, |desk| {
        let these = desk.some(server.schedule.as_deref())?.into_iter();
        let pieces = these.map(|(name, _)| desk.exceptions(name, date.unwrap_or(desk.now.date)));
        Ok(show::message(pieces.collect::<Result<Vec<_>>>()?))
    })
}

/// Example: !server office exception set 2027-01-04 stop 22:30
/// 예) !서버 office 예외 설정 2027-01-04 시작 없음
#[command(name = "set", aliases = ["s", "설정"], summary(ko = "그날의 시각을 바꿉니다. `없음`은 하지 않음", en = "Sets another time on a date; `none` for not at all"))]
fn set(
    ctx: &Context,
    #[parent] server: Server,
    date: Date,
    #[choice("start", "stop", "시작", "중지")] what: String,
    time: String,
) -> Result<Content> {
    answer(ctx, |desk| {
        except(desk, server.schedule.as_deref(), date, act(&what), &time)
    })
}

fn except(desk: &Desk, schedule: Option<&str>, date: Date, act: Act, time: &str) -> Result<Content> {
    let (name, _) = desk.one(schedule)?;
    // As people write it: `9:5` too.
    let clock = time
        .split_once(':')
        .filter(|(hour, minute)| !hour.is_empty() && !minute.is_empty());
    let clock = clock.and_then(|(hour, minute)| format!("{hour:0>2}:{minute:0>2}").parse().ok());
    if clock.is_none() && !matches!(time, "none" | "없음") {
        return Err(desk.told("no-time", &[("time", time)]));
    }
    if date < desk.now.date {
        return Err(desk.told("past", &[("date", &date.to_string())]));
    }
    memory::except(name, desk.now.date, date, act, Some(clock))?;
    Ok(desk.exception("exception-set", name, date, act, clock))
}

/// Example: !server office exception del 2027-01-04 stop
#[command(name = "del", aliases = ["d", "delete", "삭제"], summary(ko = "그날의 예외를 지웁니다", en = "Takes an exception away"))]
fn del(
    ctx: &Context,
    #[parent] server: Server,
    date: Date,
    #[choice("start", "stop", "시작", "중지")] what: String,
) -> Result<Content> {
    answer(ctx, |desk| {
        let ((name, schedule), act) = (desk.one(server.schedule.as_deref())?, act(&what));
        if !memory::except(name, desk.now.date, date, act, None)? {
            let values = [
                ("schedule", name),
                ("date", &*date.to_string()),
                ("act", &desk.act(act)),
            ];
            return Err(desk.told("exception-missing", &values));
        }
        let usual = schedule.hours.at(date, act, &memory::exceptions(name)?);
        Ok(desk.exception("exception-gone", name, date, act, usual))
    })
}

fn act(word: &str) -> Act {
    match word {
        "start" | "시작" => Act::Start,
        _ => Act::Stop,
    }
}

/// What a stop that was announced becomes: date, time and schedule.
#[action("stop:*")]
fn postpone(ctx: &Context, which: String) -> Result<Update> {
    let answer = answer(ctx, |desk| {
        let mut parts = which.splitn(3, '/');
        let (date, time, name) = (parts.next().map(str::parse), parts.next(), parts.next());
        let (Some(Ok(date)), Some(time), (name, schedule)) = (date, time, desk.one(name)?) else {
            return Err(desk.told("too-late", &[]));
        };
        let stop = schedule.hours.at(date, Act::Stop, &memory::exceptions(name)?);
        if stop.is_none_or(|time| rules::Moment { date, time } <= desk.now) {
            return Err(desk.told("too-late", &[]));
        }
        let mut said = except(desk, Some(name), date, Act::Stop, time)?;
        said.text
            .push_str(&format!(" ({})", text::plain(&ctx.who().display_name)));
        Ok(said)
    });
    Ok(Update(answer?))
}

/// Example: !server office force_start
#[command(name = "force_start", aliases = ["강제시작"], restricted, summary(ko = "서버를 지금 강제로 켭니다", en = "Starts the servers now"))]
fn force_start(ctx: &Context, #[parent] server: Server) -> Result<Content> {
    answer(ctx, |desk| desk.force(server.schedule.as_deref(), Act::Start))
}

/// Example: !server office force_stop
#[command(name = "force_stop", aliases = ["강제중지"], restricted, summary(ko = "서버를 지금 강제로 끕니다", en = "Stops the servers now"))]
fn force_stop(ctx: &Context, #[parent] server: Server) -> Result<Content> {
    answer(ctx, |desk| desk.force(server.schedule.as_deref(), Act::Stop))
}

#[job(cron = "*/5 * * * *", missed = "once")]
fn watch(due: &Due) -> Result<()> {
    Desk::open(&due.invocation.locale)?.round()
}

plugin! {
    summary: { ko: "서버를 일정에 맞추어 켜고 끕니다", en: "Starts and stops servers by schedule" },
    commands: [Server],
    actions: [look_again, postpone],
    jobs: [watch],
    config: settings::Settings,
    requests: {
        http: [
            "https://*.amazonaws.com",
            "config:aws.ec2",
            "config:aws.rds",
            "config:schedules.*.groups.*.start",
            "config:schedules.*.groups.*.stop",
            "config:schedules.*.groups.*.status",
        ],
        secrets: ["config:aws.key", "config:schedules.*.groups.*.secret"],
        conversations: ["*"],
    },
}
