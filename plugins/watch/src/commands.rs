//! What people ask and do.

use crate::Texts;
use crate::incident::incidents as all;
use crate::round::{Book, days, report};
use crate::settings::{Check, Settings};
use moa_plugin::alarm::Mute;
use moa_plugin::config;
use moa_plugin::prelude::*;
use moa_plugin::time::{Instant, in_words};

/// The longest maintenance.
const LONGEST: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Watches over services.
#[command(
    name = "장애",
    aliases = ["watch"],
    subcommands = [status, uptime, incidents, note, mute, unmute],
    default = status,
    summary(ko = "서비스가 살아 있는지 지켜봅니다", en = "Watches over services")
)]
pub struct Watch;

/// How everything is.
///
/// Example: !watch status
/// 예) !장애 상태
#[command(name = "상태", aliases = ["status", "s"], summary(ko = "지금 어떤지 봅니다", en = "How everything is"))]
fn status(ctx: &Context) -> Result<String> {
    let (texts, mutes, open) = (Texts::of(ctx.locale()), Mute::all()?, all().all_open()?);
    let (checks, problems) = config::settings::<Settings>()?.checks();
    let mut book: Book = ctx.brain().get("book")?.unwrap_or_default();
    let span = |since: Instant| in_words(Instant::now().since(since), ctx.locale());
    let mut lines = Vec::new();
    for check in &checks {
        let name = &check.name;
        let health = book.checks.remove(name).unwrap_or_default();
        lines.push(match (mutes.get(name), health.alarm.on, health.alarm.streak) {
            (Some(mute), ..) => muted(ctx, &texts, name, mute)?,
            _ if health.unknown => texts.unknown(name),
            (_, Some(since), _) => match open.iter().find(|open| open.about.is_down(name)) {
                Some(its) if !its.on_it.is_empty() => texts.down_watched(name, span(since), its.number, its.people()),
                its => texts.down(name, span(since), its.map_or(0, |its| its.number)),
            },
            (_, _, None) => texts.unseen(name),
            (_, _, Some(streak)) if streak.passed => texts.well(name, span(streak.since)),
            (_, _, Some(streak)) => texts.failing(name, streak.count, check.open_after),
        });
    }
    lines.extend(problems.iter().map(|problem| texts.problem(problem)));
    ensure!(!lines.is_empty(), texts.no_checks());
    Ok(lines.join("\n"))
}

/// How long each check was up on a day, today without one.
///
/// Example: !watch uptime
/// 예) !장애 가동률
#[command(name = "가동률", aliases = ["uptime", "u"], summary(ko = "하루의 가동률을 봅니다", en = "How long everything was up"))]
fn uptime(ctx: &Context, day: Option<Date>) -> Result<String> {
    let zone = ctx.brain().get::<Book>("book")?.and_then(|book| book.zone);
    let today = Instant::now().local(zone.as_deref().unwrap_or(ctx.timezone()))?.0;
    let day = day.unwrap_or(today);
    let days = days(day)?;
    ensure!(!days.is_empty(), Texts::of(ctx.locale()).no_day(day));
    Ok(report(ctx.locale(), day, &days))
}

/// The newest incidents.
///
/// Example: !watch incidents
/// 예) !장애 목록
#[command(name = "목록", aliases = ["incidents", "i"], summary(ko = "최근 장애를 봅니다", en = "The newest incidents"))]
pub fn incidents(ctx: &Context) -> Result<String> {
    let texts = Texts::of(ctx.locale());
    let table = all().table(10, &texts.incident_columns(), ctx.locale())?;
    Ok(table.unwrap_or_else(|| texts.no_incidents()))
}

/// Writes something down in the incident of this thread, or in the one that is open.
///
/// Example: !watch note the database was restarted
/// 예) !장애 메모 DB를 다시 켰습니다
#[command(name = "메모", aliases = ["note", "n"], summary(ko = "장애에 메모를 남깁니다", en = "Writes a note into an incident"))]
pub fn note(ctx: &Context, #[rest] text: String) -> Result<()> {
    let incident = all().meant(ctx.place())?;
    let incident = incident.ok_or_else(|| Error::rejected(Texts::of(ctx.locale()).which()))?;
    let line = Texts::of(&incident.desk.locale).note(&ctx.who().display_name, &text);
    all().note(ctx.place(), incident.number, &line)?;
    Ok(ctx.react("memo")?)
}

/// Leaves a check, a group or all of them alone for a while.
///
/// Example: !watch mute all 2h moving to the new rack
/// 예) !장애 점검 전체 2시간 서버실 이전
#[command(name = "점검", aliases = ["mute", "m"], summary(ko = "한동안 지켜보지 않습니다", en = "Leaves a check alone for a while"))]
fn mute(ctx: &Context, check: String, time: Duration, #[rest] reason: Option<String>) -> Result<String> {
    let texts = Texts::of(ctx.locale());
    if time.is_zero() || time > LONGEST {
        return Err(Error::usage(texts.longest(in_words(LONGEST, ctx.locale()))));
    }
    let (names, reason) = (named(&texts, &check)?, reason.unwrap_or_default());
    let mute = Mute::set(&names, time, ctx.who(), &reason)?;
    muted(ctx, &texts, &names.join(", "), &mute)
}

fn muted(ctx: &Context, texts: &Texts, names: &str, mute: &Mute) -> Result<String> {
    let (day, time) = mute.until.local(ctx.timezone())?;
    let today = Instant::now().local(ctx.timezone())?.0;
    let until = format!("{day} {time}").replace(&format!("{today} "), "");
    let said = texts.muted(names, until, &mute.by, &mute.reason);
    Ok(said.trim_end().to_owned())
}

/// Watches it again.
///
/// Example: !watch unmute all
/// 예) !장애 점검끝 전체
#[command(name = "점검끝", aliases = ["unmute"], summary(ko = "다시 지켜봅니다", en = "Watches it again"))]
fn unmute(ctx: &Context, check: String) -> Result<String> {
    let texts = Texts::of(ctx.locale());
    let names = named(&texts, &check)?;
    Mute::lift(&names)?;
    Ok(texts.unmuted(names.join(", ")))
}

/// The names of the checks that a person means: one by its name, those of a group, or all.
fn named(texts: &Texts, typed: &str) -> Result<Vec<String>> {
    let (mut checks, _) = config::settings::<Settings>()?.checks();
    let names = |checks: &[Check]| -> Vec<String> { checks.iter().map(|check| check.name.clone()).collect() };
    let known = names(&checks).join(", ");
    checks.retain(|check| matches!(typed, "all" | "전체") || check.name == typed || check.group == typed);
    match (checks.is_empty(), known.is_empty()) {
        (false, _) => Ok(names(&checks)),
        (true, false) => Err(Error::usage(texts.no_such(typed, known))),
        (true, true) => Err(Error::rejected(texts.no_checks())),
    }
}
