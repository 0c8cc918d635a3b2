//! What people ask and do.

use crate::health::Rule;
use crate::incident::{self, Incident};
use crate::round::{self, Book, Mute};
use crate::settings::Check;
use crate::texts::Texts;
use moa_plugin::prelude::*;
use moa_plugin::time::Instant;

/// The longest maintenance.
const LONGEST: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Watches over services.
#[command(
    name = "장애",
    aliases = ["watch"],
    subcommands = [status, uptime, incidents, note, mute, unmute],
    summary(ko = "서비스가 살아 있는지 지켜봅니다", en = "Watches over services")
)]
pub struct Watch;

/// How everything is.
///
/// Example: !watch status
/// 예) !장애 상태
#[command(name = "상태", aliases = ["status", "s"], summary(ko = "지금 어떤지 봅니다", en = "How everything is"))]
fn status(ctx: &Context) -> Result<String> {
    let (texts, watched, book, open) = (
        Texts::of(ctx.locale()),
        round::watched()?,
        Book::read()?,
        incident::open()?,
    );
    let mut lines = Vec::new();
    for (check, rule) in &watched.checks {
        lines.push(line(ctx, texts, (check, rule), &book, &open)?);
    }
    lines.extend(watched.problems.iter().map(|problem| texts.say("problem", &[problem])));
    match lines.is_empty() {
        true => Err(Error::rejected(texts.say("no-checks", &[]))),
        false => Ok(lines.join("\n")),
    }
}

fn line(ctx: &Context, texts: Texts, (check, rule): (&Check, &Rule), book: &Book, open: &[Incident]) -> Result<String> {
    let (name, health) = (check.name.as_str(), book.checks.get(&check.name));
    let span = |since: Instant| texts.span(Instant::now().since(since));
    Ok(match (Mute::of(name)?, health) {
        (Some(mute), _) => texts.muted(ctx, name, &mute)?,
        _ if book.unknown.contains_key(name) => texts.say("unknown", &[name]),
        (_, Some(health)) if let Some(down) = health.down => {
            let incident = open.iter().find(|incident| incident.has(name));
            let number = incident.map(|incident| incident.number.to_string()).unwrap_or_default();
            let line = texts.say("down", &[name, &span(down), &number]);
            match incident.map(Incident::watchers).filter(|names| !names.is_empty()) {
                Some(names) => format!("{line} 🙋 {}", text::plain(&names)),
                None => line,
            }
        }
        (_, Some(health)) if health.streak > 0 && !health.passed => {
            let (streak, limit) = (health.streak.to_string(), rule.open_after.to_string());
            texts.say("failing", &[name, &streak, &limit])
        }
        (_, Some(health)) if health.streak > 0 => texts.say("well", &[name, &span(health.since)]),
        _ => texts.say("new", &[name]),
    })
}

/// How long each check was up on a day, today without one.
///
/// Example: !watch uptime
/// 예) !장애 가동률
#[command(name = "가동률", aliases = ["uptime", "u"], summary(ko = "하루의 가동률을 봅니다", en = "How long everything was up"))]
fn uptime(ctx: &Context, day: Option<Date>) -> Result<String> {
    let (texts, zone) = (Texts::of(ctx.locale()), Book::read()?.zone);
    let zone = if zone.is_empty() { ctx.timezone() } else { &zone };
    let day = day.map_or_else(|| Instant::now().local(zone).map(|(today, _)| today), Ok)?;
    let days = round::days(day)?;
    match days.is_empty() {
        true => Err(Error::rejected(texts.say("no-day", &[&day.to_string()]))),
        false => Ok(texts.report(day, &days)),
    }
}

/// The newest incidents.
///
/// Example: !watch incidents
/// 예) !장애 목록
#[command(name = "목록", aliases = ["incidents", "i"], summary(ko = "최근 장애를 봅니다", en = "The newest incidents"))]
pub fn incidents(ctx: &Context) -> Result<String> {
    let texts = Texts::of(ctx.locale());
    let mut rows = vec![texts.row("incidents")];
    for incident in incident::newest(10)? {
        let state = if incident.is_open() { "🔴" } else { "✅" };
        let lasted = format!("{state} {}", texts.span(incident.lasted()));
        rows.push(vec![
            incident.number.to_string(),
            incident.began()?,
            incident.names(),
            lasted,
            incident.watchers(),
        ]);
    }
    match rows.len() {
        1 => Ok(texts.say("no-incidents", &[])),
        _ => Ok(text::table(rows)),
    }
}

/// Writes something down in the incident of this thread, or in the one that is open.
///
/// Example: !watch note the database was restarted
/// 예) !장애 메모 DB를 다시 켰습니다
#[command(name = "메모", aliases = ["note", "n"], summary(ko = "장애에 메모를 남깁니다", en = "Writes a note into an incident"))]
pub fn note(ctx: &Context, #[rest] text: String) -> Result<()> {
    let which = || Error::rejected(Texts::of(ctx.locale()).say("which", &[]));
    incident::note(
        incident::meant(ctx.place())?.ok_or_else(which)?,
        ctx.who(),
        &text,
        ctx.place(),
    )?;
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
        return Err(Error::usage(texts.say("longest", &[&texts.span(LONGEST)])));
    }
    let (until, by) = (Instant::now() + time, ctx.who().display_name.clone());
    let mute = Mute {
        until,
        by,
        reason: reason.unwrap_or_default(),
    };
    let names = named(texts, &check)?;
    for name in &names {
        ctx.brain().set_with_ttl(&Mute::key(name), &mute, time)?;
    }
    texts.muted(ctx, &names.join(", "), &mute)
}

impl Texts {
    fn muted(self, ctx: &Context, name: &str, mute: &Mute) -> Result<String> {
        let until = mute.until.local(ctx.timezone())?.1.to_string();
        Ok(self
            .say("muted", &[name, &until, &mute.by, &mute.reason])
            .trim_end()
            .to_owned())
    }
}

/// Watches it again.
///
/// Example: !watch unmute all
/// 예) !장애 점검끝 전체
#[command(name = "점검끝", aliases = ["unmute"], summary(ko = "다시 지켜봅니다", en = "Watches it again"))]
fn unmute(ctx: &Context, check: String) -> Result<String> {
    let texts = Texts::of(ctx.locale());
    let names = named(texts, &check)?;
    for name in &names {
        ctx.brain().delete(&Mute::key(name))?;
    }
    Ok(texts.say("unmuted", &[&names.join(", ")]))
}

/// The checks that a person means: by its name, by its group, or all.
fn named(texts: Texts, typed: &str) -> Result<Vec<String>> {
    let checks = round::watched()?.checks;
    let all = matches!(typed, "all" | "전체");
    let is_meant = |(check, _): &&(Check, Rule)| all || check.name == typed || check.group == typed;
    let names: Vec<String> = checks
        .iter()
        .filter(is_meant)
        .map(|(check, _)| check.name.clone())
        .collect();
    if names.is_empty() {
        let known: Vec<&str> = checks.iter().map(|(check, _)| check.name.as_str()).collect();
        return Err(Error::usage(texts.say("no-such", &[typed, &known.join(", ")])));
    }
    Ok(names)
}
