//! The conformance plugin in Rust; ../README.md says what it does. Here are the commands about arguments, messages, the
//! system and failures; `data` has those about rows, days and servers, `memory` has those about the brain, `missing` what the host does not have yet, `talk` those about
//! chat, `press` the actions and events.

mod data;
mod memory;
mod missing;
mod press;
mod talk;
mod wit;

use moa_plugin::brain::BrainError;
use moa_plugin::prelude::*;
use moa_plugin::{Mention, PlaceKind};
use std::collections::hash_map::RandomState;
use std::fmt::Display;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use triggers::{Pattern, Scopes};

/// `error CASE`: why the host did not do it, in the words of the contract.
struct Refused(&'static str);

impl From<HostError> for Refused {
    fn from(error: HostError) -> Self {
        Self(match error {
            HostError::AccessDenied(_) => "access-denied",
            HostError::NotFound(_) => "not-found",
            HostError::Invalid(_) => "invalid",
            HostError::Conflict(_) => "conflict",
            HostError::OverLimit(_) => "over-limit",
            HostError::Unavailable(_) => "unavailable",
            HostError::Uncertain(_) => "uncertain",
            HostError::Unsupported(_) => "unsupported",
            _ => "unknown",
        })
    }
}

impl From<BrainError> for Refused {
    fn from(error: BrainError) -> Self {
        match error {
            BrainError::Host { source, .. } => source.into(),
            _ => Self("no host error"),
        }
    }
}

/// What a command says, or why the host refused.
fn answer(said: Result<String, Refused>) -> String {
    said.unwrap_or_else(|Refused(case)| format!("error {case}"))
}

/// `ok` or `error CASE`.
fn outcome<T, E: Into<Refused>>(result: Result<T, E>) -> String {
    answer(result.map(|_| "ok".into()).map_err(Into::into))
}

fn or_dash(text: impl Into<String>) -> String {
    let text = text.into();
    if text.is_empty() { "-".into() } else { text }
}

fn shown<T: Display>(value: Option<T>) -> String {
    value.map_or("-".into(), |value| value.to_string())
}

fn kind(kind: PlaceKind) -> &'static str {
    match kind {
        PlaceKind::Channel => "channel",
        PlaceKind::Group => "group",
        PlaceKind::Direct => "direct",
    }
}

#[command(
    aliases = ["메아리"],
    summary(ko = "그대로 말합니다", en = "Says it again"),
    help(ko = "적은 글을 *그대로* 돌려줍니다.", en = "Gives the text back *as it is*.")
)]
/// Example: !echo 안녕
/// Example: !메아리 hello
fn echo(#[rest] text: String) -> String {
    text
}

#[command]
#[allow(clippy::too_many_arguments)]
fn types(
    word: String,
    #[min = 1]
    #[max = 100]
    count: i64,
    #[min = 0.0]
    #[max = 10.0]
    ratio: f64,
    loud: bool,
    wait: Duration,
    day: Date,
    at: Time,
    #[choice("small", "large")] size: String,
    #[list] items: Vec<String>,
) -> String {
    let (wait, items) = (wait.as_secs(), items.join("|"));
    format!(
        "word: {word}\ncount: {count}\nratio: {ratio:.3}\nloud: {loud}\nwait: {wait}\nday: {day}\nat: {at}\nsize: {size}\nitems: {items}"
    )
}

#[command]
fn maybe(
    name: Option<String>,
    #[default = 2] times: i64,
    #[default = 0.5] ratio: f64,
    #[default = false] loud: bool,
    #[choice("small", "large")]
    #[default = "small"]
    size: String,
    #[default = "90s"] wait: Duration,
    #[list] tags: Option<Vec<String>>,
) -> String {
    let (name, wait, tags) = (shown(name), wait.as_secs(), shown(tags.map(|tags| tags.join("|"))));
    format!("name: {name}\ntimes: {times}\nratio: {ratio:.3}\nloud: {loud}\nsize: {size}\nwait: {wait}\ntags: {tags}")
}

#[command]
fn meet(who: User, r#where: Conversation) -> String {
    let place = r#where;
    let (name, id, bot) = (who.display_name, who.id, who.bot);
    format!(
        "who: {name} {id} bot={bot}\nwhere: {} {} {}",
        place.name,
        place.id,
        kind(place.kind)
    )
}

#[command(subcommands = [add, members], default = members)]
struct Team {
    label: String,
}

/// Adds somebody
#[command]
fn add(#[parent] team: Team, name: String, #[default = 1] count: i64) -> String {
    format!("team {}: add {name} {count}", team.label)
}

#[command(aliases = ["ls"])]
fn members(#[parent] team: Team) -> String {
    format!("team {}: members", team.label)
}

#[command]
fn raw(ctx: &Context, #[rest] _text: Option<String>) -> String {
    format!(
        "rest: {}\ntokens: {}",
        or_dash(ctx.rest()),
        or_dash(ctx.tokens().join("|"))
    )
}

#[command]
fn context(ctx: &Context) -> String {
    let lines = [
        ("command", ctx.command().to_owned()),
        ("locale", ctx.locale().to_owned()),
        ("timezone", ctx.timezone().to_owned()),
        ("attempt", ctx.attempt().to_string()),
        ("time", ctx.time().to_owned()),
        ("id", (!ctx.id().is_empty()).to_string()),
        ("service", ctx.place().service.clone()),
        ("kind", kind(ctx.place().kind).to_owned()),
    ];
    lines.map(|(name, value)| format!("{name}: {value}")).join("\n")
}

#[command]
fn message(ctx: &Context, #[rest] _text: Option<String>) -> String {
    let message = ctx.message();
    let mention = |mention: &Mention| match mention {
        Mention::User(id) => format!("user {id}"),
        Mention::Conversation(id) => format!("conversation {id}"),
        Mention::Group(id) => format!("group {id}"),
        Mention::Everyone(what) => format!("everyone {what}"),
        Mention::Link((address, label)) => format!("link {address} {label}"),
    };
    let mentions: Vec<String> = message.mentions.iter().map(mention).collect();
    let files = message.files.iter();
    let files: Vec<String> = files
        .map(|file| format!("{} {} {}", file.name, file.mime, file.size))
        .collect();
    let author = &message.author;
    let lines = [
        ("text", message.text.clone()),
        ("raw", message.raw.clone()),
        ("mentions", or_dash(mentions.join(", "))),
        ("files", or_dash(files.join(", "))),
        ("thread", message.ref_.place.thread.is_some().to_string()),
        ("edited", message.edited.to_string()),
        (
            "author",
            format!("{} {} bot={}", author.display_name, author.id, author.bot),
        ),
        ("time", message.time.clone()),
    ];
    lines.map(|(name, value)| format!("{name}: {value}")).join("\n")
}

#[command]
fn nothing() {}

#[command]
fn plain(#[rest] text: String) -> String {
    text::plain(&text).replace('\u{2060}', "|")
}

#[command(restricted)]
fn secret() -> &'static str {
    "opened"
}

#[command(confirm = "self")]
fn deploy(target: String) -> String {
    format!("deployed {target}")
}

#[command]
fn teach(
    ctx: &Context,
    #[choice("keyword", "regex", "here", "nowhere", "taken")] kind: String,
    #[rest] text: String,
) -> String {
    let keyword = Pattern::keyword(&text);
    let here = ctx.place().conversation.as_str();
    let taught = match kind.as_str() {
        "keyword" => triggers::hear("word", &keyword, Scopes::all(), None),
        "regex" => triggers::hear("pattern", &Pattern::regex(text), Scopes::AMBIENT, None),
        "here" => triggers::hear("here", &keyword, Scopes::all(), Some(here)),
        "nowhere" => triggers::hear("nowhere", &keyword, Scopes::empty(), None),
        _ => triggers::hear("order", &keyword, Scopes::all(), None),
    };
    answer(taught.map(|()| "taught".into()).map_err(Refused::from))
}

#[command]
fn forget(id: String) -> String {
    answer(triggers::forget(&id).map(|was| was.to_string()).map_err(Refused::from))
}

fn heard(ctx: &Context) -> String {
    let captures: Vec<&str> = ctx
        .captures()
        .iter()
        .map(|part| part.as_deref().unwrap_or("-"))
        .collect();
    format!("heard {}: {}", ctx.pattern(), captures.join("|"))
}

#[hear(r"^order (\d+)( please)?$", ambient)]
fn order(ctx: &Context) -> String {
    heard(ctx)
}

#[hear("good job")]
fn thumb(ctx: &Context) -> Result<()> {
    Ok(ctx.react("👍")?)
}

#[hear]
fn taught(ctx: &Context) -> String {
    heard(ctx)
}

#[job(on = "load")]
fn loaded() -> Result<()> {
    let pattern = Pattern::keyword("just loaded");
    Ok(triggers::hear("loaded", &pattern, Scopes::all(), None)?)
}

/// What the operator may set.
#[derive(Config)]
struct Settings {
    /// What it says
    #[default = "hello"]
    greeting: String,
    #[default = 3]
    #[min = 1]
    #[max = 10]
    limit: i64,
}

#[command(name = "system")]
fn system_tour(ctx: &Context) -> Result<String> {
    const INSTANT: &str = "2026-11-21T00:50:00Z";
    let settings: Settings = ctx.config()?;
    let local = |zone| system::local(INSTANT, zone).unwrap_or("error".into());
    let (once, again) = (system::random(16), system::random(16));
    Ok(format!(
        "config: {} {}\nnow: {}\nlocal: {}\nnowhere: {}\nrandom: {} {}",
        settings.greeting,
        settings.limit,
        system::now(),
        local("Asia/Seoul"),
        local("Nowhere"),
        once.len(),
        once != again
    ))
}

#[command(name = "log")]
fn log_levels(#[rest] text: String) -> &'static str {
    log::trace(format!("trace {text}"));
    log::debug(format!("debug {text}"));
    log::info(format!("info {text}"));
    log::warn(format!("warn {text}"));
    log::error(format!("error {text}"));
    "logged"
}

#[command]
fn print(#[rest] text: String) -> &'static str {
    println!("out {text}");
    eprintln!("err {text}");
    "printed"
}

/// Rust has no generator of its own but the one that seeds its hash maps.
fn chance() -> u64 {
    RandomState::new().build_hasher().finish() >> 33
}

#[command]
fn fresh(ctx: &Context) -> Result<String> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let now = (seconds, chance());
    let before: Option<(u64, u64)> = ctx.brain().get("fresh")?;
    ctx.brain().set("fresh", &now)?;
    Ok(match before {
        None => "first".into(),
        Some((then, drawn)) => {
            let drawn = if drawn == now.1 { "same" } else { "different" };
            format!("clock +{}, random {drawn}", seconds - then)
        }
    })
}

#[command]
fn global() -> String {
    static COUNT: AtomicI64 = AtomicI64::new(0);
    (COUNT.fetch_add(1, Ordering::Relaxed) + 1).to_string()
}

#[command]
fn absent(#[choice("http", "sql", "objects", "schedule")] area: String) -> String {
    let results = match area.as_str() {
        "http" => missing::http(),
        "sql" => missing::sql(),
        "objects" => missing::objects(),
        _ => missing::schedule(),
    };
    let lines = results
        .into_iter()
        .map(|(name, result)| format!("{name}: {}", outcome(result)));
    lines.collect::<Vec<_>>().join("\n")
}

#[command]
fn fail(
    ctx: &Context,
    #[choice("usage", "rejected", "retry", "internal", "uncaught", "loop")] how: String,
    #[rest] text: Option<String>,
) -> Result<String> {
    let text = text.unwrap_or_default();
    match how.as_str() {
        "usage" => Err(Error::usage(text)),
        "rejected" => Err(Error::rejected(text)),
        "internal" => Err(Error::internal(text)),
        "retry" if ctx.attempt() == 1 => Err(Error::retry(1)),
        "retry" => Ok(format!("attempt {}", ctx.attempt())),
        "uncaught" => panic!("uncaught {text}"),
        _ => loop {
            std::hint::black_box(&text);
        },
    }
}

/// What a request from outside says.
#[webhook(verify = "hmac-sha256", methods = ["POST", "PUT"])]
fn told(request: &Request) -> Result<String> {
    let body = request.text()?;
    match request.path.as_str() {
        "/usage" => return Err(Error::usage(body)),
        "/rejected" => return Err(Error::rejected(body)),
        "/internal" => return Err(Error::internal(body)),
        _ => {}
    }
    let kind = request.header("Content-Type").unwrap_or_default();
    let parts = [&*request.method, &*request.path, &*request.query, kind, body];
    Ok(parts.map(or_dash).join("|"))
}

plugin! {
    name: "conformance",
    version: "1.0.0",
    summary: { ko: "모든 기능을 한 번씩 씁니다", en: "Uses everything once" },
    commands: [
        echo, types, maybe, meet, Team, raw, context, message, nothing, plain, secret, deploy, teach, forget,
        memory::brain, memory::peek, memory::number, memory::bytes, memory::big, talk::talk, talk::upload, talk::fetch,
        talk::direct, talk::lookup, talk::past, talk::ask, talk::refused, talk::show, press::panel, system_tour,
        log_levels, print, fresh, global, absent, fail, data::rows, data::daily, data::web
    ],
    hears: [order, thumb, taught],
    jobs: [loaded],
    webhooks: [told],
    actions: [
        press::ok, press::no, press::quiet, press::open, press::modal, press::size, press::submitted, press::note,
        press::start, press::answered
    ],
    events: [
        press::reacted, press::unreacted, press::joined, press::left, press::topic, press::edited, press::deleted
    ],
    config: Settings,
    requests: {
        http: ["https://example.com", "http://127.0.0.1:*"],
        users: true,
        sql: ["main"],
        objects: ["files"],
        shared_brain: true,
        schedule: true,
    },
}
