//! What the macros write, from a function to the manifest's JSON.

// All of this file is a test; the lints' exemption reaches only the functions marked as one.
#![allow(clippy::unwrap_used)]

use moa_plugin::__private::{Command, CommandFn, Hear, HearFn, Manifest, Requests, Setting, Text};
use moa_plugin::prelude::*;
use serde_json::{Value, json};

const EMPTY: Manifest = Manifest {
    name: "test",
    version: "1",
    summary: Text::Any(""),
    commands: &[],
    hears: &[],
    jobs: &[],
    webhooks: &[],
    presses: &[],
    events: &[],
    config: &[],
    requests: Requests::NONE,
};

fn manifest_of(commands: &'static [Command]) -> Value {
    let manifest = Manifest { commands, ..EMPTY };
    serde_json::to_value(manifest).unwrap()
}

macro_rules! json_of {
    ($command:ident) => {{
        const COMMANDS: &[Command] = &[<$command as CommandFn>::COMMAND];
        manifest_of(COMMANDS)["commands"][0].clone()
    }};
}

/// 오늘의 점심 팀을
/// 알려드립니다.
///
/// 이름은 쉼표로 나눕니다.
///
/// 예) !점심팀 3 로지,샐리
#[command(name = "점심팀", aliases = ["lunch"])]
fn lunch(#[min = 1] size: u32, #[list] names: Vec<String>) -> Result<String> {
    Ok(format!("{size}: {}", names.join(" ")))
}

#[test]
fn a_command_in_full() {
    assert_eq!(
        json_of!(lunch),
        json!({
            "name": "점심팀",
            "aliases": ["lunch"],
            "summary": "오늘의 점심 팀을 알려드립니다.",
            "help": "이름은 쉼표로 나눕니다.",
            "examples": ["!점심팀 3 로지,샐리"],
            "args": [
                { "name": "size", "type": "int", "min": 1, "max": 4_294_967_295_u32 },
                { "name": "names", "type": "list" },
            ],
        })
    );
    // The function stays what it was.
    assert_eq!(lunch(2, vec!["a".into(), "b".into()]), Ok("2: a b".into()));
}

#[command(
    summary(ko = "지웁니다", en = "Deletes"),
    help = "There is no way back.",
    restricted,
    confirm = "second"
)]
fn wipe_all() {}

#[test]
fn options() {
    assert_eq!(
        json_of!(wipe_all),
        json!({
            "name": "wipe-all",
            "summary": { "ko": "지웁니다", "en": "Deletes" },
            "help": "There is no way back.",
            "restricted": true,
            "confirm": "second",
        })
    );
}

#[expect(clippy::too_many_arguments, reason = "one of each")]
#[command]
fn every_type(
    ctx: &Context,
    text: String,
    small: i8,
    number: f64,
    truth: bool,
    user: User,
    conversation: Conversation,
    length: Duration,
    date: Date,
    #[choice("soup", "rice")] dish: String,
    time_of_day: Option<Time>,
    #[default = -0.5]
    #[min = -1.0]
    #[max = 1.0]
    ratio: f32,
    #[default = true] loud: bool,
    #[default = "90s"] wait: Duration,
    #[choice("a", "b")]
    #[default = "b"]
    letter: String,
    big: Option<u64>,
    #[rest] _words: Option<String>,
) -> Option<String> {
    let _ = (
        number,
        truth,
        user,
        conversation,
        length,
        date,
        dish,
        time_of_day,
        ratio,
        loud,
        wait,
        letter,
        big,
    );
    Some(format!("{text} {small} {}", ctx.id()))
}

#[test]
fn every_type_of_argument() {
    assert_eq!(
        json_of!(every_type)["args"],
        json!([
            { "name": "text", "type": "string" },
            { "name": "small", "type": "int", "min": -128, "max": 127 },
            { "name": "number", "type": "float" },
            { "name": "truth", "type": "bool" },
            { "name": "user", "type": "user" },
            { "name": "conversation", "type": "conversation" },
            { "name": "length", "type": "duration" },
            { "name": "date", "type": "date" },
            { "name": "dish", "type": "choice", "choices": ["soup", "rice"] },
            { "name": "time-of-day", "type": "time", "optional": true },
            { "name": "ratio", "type": "float", "default": -0.5, "min": -1.0, "max": 1.0 },
            { "name": "loud", "type": "bool", "default": true },
            { "name": "wait", "type": "duration", "default": "90s" },
            { "name": "letter", "type": "choice", "default": "b", "choices": ["a", "b"] },
            { "name": "big", "type": "int", "optional": true, "min": 0 },
            { "name": "words", "type": "rest", "optional": true },
        ])
    );
}

/// Looks after servers.
#[command(name = "서버", aliases = ["s"], subcommands = [status, Exceptions], default = status)]
struct Server {
    #[max = 9]
    number: Option<u8>,
}

#[command]
fn status(#[parent] server: Server) -> String {
    format!("{:?}", server.number)
}

/// On which days not.
#[command(aliases = ["e"], subcommands = [set])]
struct Exceptions;

#[command(restricted)]
fn set(#[parent] server: &Server, date: Date) -> String {
    format!("{:?} {date}", server.number)
}

#[test]
fn subcommands_of_two_levels() {
    assert_eq!(
        json_of!(Server),
        json!({
            "name": "서버",
            "aliases": ["s"],
            "summary": "Looks after servers.",
            "args": [{ "name": "number", "type": "int", "optional": true, "min": 0, "max": 9 }],
            "subcommands": [
                { "name": "status" },
                {
                    "name": "exceptions",
                    "aliases": ["e"],
                    "summary": "On which days not.",
                    "subcommands": [
                        { "name": "set", "args": [{ "name": "date", "type": "date" }], "restricted": true },
                    ],
                },
            ],
            "default": "status",
        })
    );
    let _: fn(&Server, Date) -> String = set;
}

/// Sets the day of all.
#[command(name = "set-all", confirm = "self", runs = set)]
struct SetAll;

#[test]
fn what_runs_another_command_has_its_arguments_and_texts_of_its_own() {
    assert_eq!(
        json_of!(SetAll),
        json!({
            "name": "set-all",
            "summary": "Sets the day of all.",
            "args": [{ "name": "date", "type": "date" }],
            "confirm": "self",
        })
    );
}

#[hear("가이드|guide")]
fn the_guide() {}

#[hear(r"(\d+)d(\d+)", direct_mention, mention, id = "dice")]
fn dice(count: String, sides: String) -> String {
    format!("{count} {sides}")
}

#[hear]
fn taught(ctx: &Context) -> String {
    ctx.pattern().into()
}

#[test]
fn patterns() {
    const HEARS: &[Hear] = &[
        <the_guide as HearFn>::HEAR,
        <dice as HearFn>::HEAR,
        <taught as HearFn>::HEAR,
    ];
    let manifest = Manifest { hears: HEARS, ..EMPTY };
    assert_eq!(
        serde_json::to_value(manifest).unwrap(),
        json!({
            "name": "test",
            "version": "1",
            "hears": [
                { "id": "the-guide", "pattern": "가이드|guide" },
                { "id": "dice", "pattern": "(\\d+)d(\\d+)", "scopes": ["direct-mention", "mention"] },
            ],
        })
    );
    assert_eq!(dice("1".into(), "6".into()), "1 6");
}

mod elsewhere {
    use moa_plugin::prelude::*;

    /// Nothing to see.
    #[command(confirm = "self")]
    pub fn quiet(ctx: Context) -> &'static str {
        drop(ctx);
        "…"
    }
}

#[test]
fn a_command_of_another_module_is_imported_with_its_function() {
    use elsewhere::quiet;
    assert_eq!(
        json_of!(quiet),
        json!({ "name": "quiet", "summary": "Nothing to see.", "confirm": "self" })
    );
    let _: fn(Context) -> &'static str = quiet;
}

#[test]
fn configuration_and_requests() {
    use moa_plugin::__private::{Kind, Literal};
    let setting = |name, kind, optional, default| Setting {
        name,
        kind,
        optional,
        default,
        summary: Text::Any(""),
        min: None,
        max: None,
        choices: &[],
    };
    let config = [
        setting("team-size", Kind::Int, false, Some(Literal::Int(4))),
        setting("names", Kind::List, false, Some(Literal::Many(&["로지"]))),
        setting("extra", Kind::Table, true, None),
    ];
    let manifest = Manifest {
        name: "test",
        version: "1",
        summary: Text::Any("Tests"),
        commands: &[],
        hears: &[],
        jobs: &[],
        webhooks: &[],
        presses: &[],
        events: &[],
        config: Box::leak(Box::new(config)),
        requests: Requests {
            http: &["https://api.example.com"],
            shared_brain: true,
            ..Requests::NONE
        },
    };
    assert_eq!(
        serde_json::to_value(manifest).unwrap(),
        json!({
            "name": "test",
            "version": "1",
            "summary": "Tests",
            "config": {
                "team-size": { "type": "int", "default": 4 },
                "names": { "type": "list", "default": ["로지"] },
                "extra": { "type": "table", "optional": true },
            },
            "requests": { "http": ["https://api.example.com"], "shared-brain": true },
        })
    );
}

#[derive(Config, Debug, PartialEq)]
struct Settings {
    /// How many people
    /// make a team.
    ///
    /// Not in the manifest.
    #[default = 4]
    #[max = 20]
    team_size: u8,
    #[default("로지")]
    names: Vec<String>,
    #[conversation]
    place: Option<String>,
    #[choice("good", "bad")]
    mood: String,
    #[table]
    prices: Option<std::collections::BTreeMap<String, u32>>,
}

#[test]
fn a_struct_of_settings() {
    let manifest = Manifest {
        config: Settings::SETTINGS,
        ..EMPTY
    };
    assert_eq!(
        serde_json::to_value(manifest).unwrap()["config"],
        json!({
            "team-size": { "type": "int", "summary": "How many people make a team.", "default": 4, "min": 0, "max": 20 },
            "names": { "type": "list", "default": ["로지"] },
            "place": { "type": "conversation", "optional": true },
            "mood": { "type": "choice", "choices": ["good", "bad"] },
            "prices": { "type": "table", "optional": true },
        })
    );
    let read: Settings = serde_json::from_value(json!({ "mood": "bad", "prices": { "soup": 3 } })).unwrap();
    let expected = Settings {
        team_size: 4,
        names: vec!["로지".into()],
        place: None,
        mood: "bad".into(),
        prices: Some([("soup".into(), 3)].into()),
    };
    assert_eq!(read, expected);
    let error = serde_json::from_value::<Settings>(json!({})).unwrap_err();
    assert_eq!(error.to_string(), "the setting `mood` is missing");
}

/// Keeps what a message says.
#[shortcut("keep", name(ko = "간직하기", en = "Keep it"), on = message)]
fn keep(press: &Press) -> String {
    press.field("text").into()
}

#[shortcut("order", name = "Order", description = "Orders lunch", on = anywhere)]
fn order() -> Form {
    Form::new("order", "Order")
}

#[action("order:*")]
fn pressed(_ctx: &Context, number: u32, press: Press) -> Result<PressReply> {
    Ok(PressReply::say(format!("{number} {}", press.value())))
}

#[on(joined)]
fn joined() {}

#[on(topic)]
fn topic(what: moa_plugin::events::Topic) -> Option<String> {
    Some(what.topic)
}

#[test]
fn presses_and_events() {
    use moa_plugin::__private::{EventFn, On, Press, PressFn};
    const PRESSES: &[Press] = &[keep::PRESS, order::PRESS, pressed::PRESS];
    const EVENTS: &[On] = &[joined::ON, topic::ON];
    let manifest = Manifest {
        presses: PRESSES,
        events: EVENTS,
        ..EMPTY
    };
    assert_eq!(
        serde_json::to_value(manifest).unwrap(),
        json!({
            "name": "test",
            "version": "1",
            "shortcuts": [
                {
                    "id": "keep",
                    "on": "message",
                    "name": { "ko": "간직하기", "en": "Keep it" },
                    "description": "Keeps what a message says.",
                },
                { "id": "order", "on": "anywhere", "name": "Order", "description": "Orders lunch" },
            ],
            "events": ["joined", "topic"],
        })
    );
    // What is on messages alone is not in it.
    let manifest = Manifest {
        presses: &[pressed::PRESS],
        ..EMPTY
    };
    assert_eq!(
        serde_json::to_value(manifest).unwrap(),
        json!({ "name": "test", "version": "1" })
    );
}

#[job(cron = "0 9 * * 1-5", timezone = "Asia/Seoul", missed = "all", jitter = "30s")]
fn morning(due: &Due) -> Result<()> {
    log::info(&due.due);
    Ok(())
}

#[job(cron = "*/10 0 9 * * *", id = "every ten seconds", except = "2026-12-25, 01-01")]
fn often() {}

#[job(id = "remind:*")]
fn reminded(number: u32, due: Due) -> Result<(), std::num::ParseIntError> {
    assert_eq!(due.payload.parse::<u32>()?, number);
    Ok(())
}

#[webhook(verify = "hmac-sha256")]
fn build_ended(request: &Request) -> Result<Response> {
    Response::json(&request.path)
}

#[webhook(name = "health-2", methods = ["GET", "HEAD"], verify = "none")]
fn health() -> &'static str {
    "well"
}

#[test]
fn jobs_and_webhooks() {
    use moa_plugin::__private::{Job, JobFn, Webhook, WebhookFn};
    const JOBS: &[Job] = &[morning::JOB, often::JOB, reminded::JOB];
    const WEBHOOKS: &[Webhook] = &[build_ended::WEBHOOK, health::WEBHOOK];
    let manifest = Manifest {
        jobs: JOBS,
        webhooks: WEBHOOKS,
        ..EMPTY
    };
    assert_eq!(
        serde_json::to_value(manifest).unwrap(),
        json!({
            "name": "test",
            "version": "1",
            "jobs": [
                {
                    "id": "morning",
                    "cron": "0 9 * * 1-5",
                    "timezone": "Asia/Seoul",
                    "missed": "all",
                    "jitter": "30s",
                },
                { "id": "every ten seconds", "cron": "*/10 0 9 * * *", "except": ["2026-12-25", "01-01"] },
            ],
            "webhooks": [
                { "name": "build-ended", "verify": "hmac-sha256" },
                { "name": "health-2", "methods": ["GET", "HEAD"], "verify": "none" },
            ],
        })
    );
    // What is made at run time alone is not in it.
    let manifest = Manifest {
        jobs: &[reminded::JOB],
        ..EMPTY
    };
    assert_eq!(
        serde_json::to_value(manifest).unwrap(),
        json!({ "name": "test", "version": "1" })
    );
    assert_eq!(health(), "well");
}
