//! What a transcript does not show, through a running bot: its log, and what goes to Slack.

use super::{conformance, suite, updating};
use crate::support::bot::{Bot, Plan};
use crate::support::hooks::Recorder;
use crate::support::sim::{Line, Workspace};
use moa::toolchain::Language;
use serde_json::{Map, Value};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What is compared as it goes to Slack.
const SHOWN: [&str; 8] = [
    "show card",
    "show native",
    "show sender",
    "show everyone",
    "show thread",
    "show broadcast",
    "show asker",
    "panel",
];

type Outcome = (&'static str, &'static str, Result<(), String>);

/// Drives it: the name of each row, what it is about, and how it went. Its code was compiled into a folder already.
pub async fn drive(language: Language, component: &Path, compiled: &Path) -> Vec<Outcome> {
    let workspace = Workspace::start().await;
    let server = Recorder::start().await;
    let plan = Plan::new(&workspace)
        .env("MOA_LOG", "info,plugin=trace")
        .config(&format!(
            "[plugin.conformance.grant]\nhttp = [\"{}\"]\n",
            server.url("dishes/")
        ))
        .plugin(component);
    lend(compiled, &plan.home().join("data/compiled"));
    let bot = plan.start().await;
    let shown = shown(&workspace, language).await;
    let logged = logged(&workspace, &bot).await;
    let printed = printed(&workspace, &bot, language).await;
    let told = told(&workspace, &bot, language).await;
    let asked = asked(&workspace, &server).await;
    vec![
        ("slack", "content reaches Slack as it was meant", shown),
        ("log", "each level of the log", logged),
        ("print", "what is printed stands in the plugin's log", printed),
        ("place", "what nobody caught is logged with file and line", told),
        (
            "web",
            "a real server outside: what it is sent, what it answers, and what is refused",
            asked,
        ),
    ]
}

/// Compiling once is enough.
fn lend(compiled: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
    for file in fs::read_dir(compiled).unwrap() {
        let file = file.unwrap().path();
        if file.is_file() {
            fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
        }
    }
}

/// All lines that follow say one of these each, in this order.
fn in_order(log: &[String], wanted: &[&[&str]]) -> Result<(), String> {
    let mut lines = log.iter();
    for words in wanted {
        if !lines.any(|line| words.iter().all(|word| line.contains(word))) {
            return Err(format!("no line with {words:?} at its place in:\n{}", log.join("\n")));
        }
    }
    Ok(())
}

/// The log of one command that is answered with this.
async fn log_of(workspace: &Workspace, bot: &Bot, line: &str, last: &[&str]) -> Vec<String> {
    let from = bot.lines();
    workspace.ask(&Line::new(line)).await;
    bot.log().wait_for(from, last).await;
    bot.log().lines().split_off(from)
}

async fn logged(workspace: &Workspace, bot: &Bot) -> Result<(), String> {
    let log = log_of(workspace, bot, "!log 소식", &["error 소식"]).await;
    in_order(
        &log,
        &[
            &["TRACE", "trace 소식", "conformance"],
            &["DEBUG", "debug 소식", "conformance"],
            &["INFO", "info 소식", "conformance"],
            &["WARN", "warn 소식", "conformance"],
            &["ERROR", "error 소식", "conformance"],
        ],
    )
}

async fn printed(workspace: &Workspace, bot: &Bot, language: Language) -> Result<(), String> {
    let log = log_of(workspace, bot, "!print 소식", &["err 소식"]).await;
    // Python's `logging` and `warnings` write to standard error whatever they have to say.
    let level = match language {
        Language::Python => "WARN",
        _ => "ERROR",
    };
    in_order(&log, &[&["INFO", "out 소식", "conformance"]])?;
    in_order(&log, &[&[level, "err 소식", "conformance"]])
}

/// The log names the message, the file and the line of an exception.
async fn told(workspace: &Workspace, bot: &Bot, language: Language) -> Result<(), String> {
    let log = log_of(workspace, bot, "!fail uncaught 이런", &["uncaught 이런"]).await;
    // What belongs together may be several lines.
    let log = log.join("\n");
    let named = |file: &String| {
        log.match_indices(file.as_str()).any(|(at, _)| {
            let behind = log[at + file.len()..].trim_start_matches(['"', ',']);
            let number = behind.strip_prefix(':').or_else(|| behind.strip_prefix(" line "));
            number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
        })
    };
    let files = sources(language);
    let named = files.iter().any(named);
    match named {
        true => Ok(()),
        false => Err(format!("no line of {files:?} is named in:\n{log}")),
    }
}

/// A server outside is sent what the plugin says, and the plugin is told what it answers; beside the granted path it is
/// asked nothing.
async fn asked(workspace: &Workspace, server: &Recorder) -> Result<(), String> {
    server.answers(201, "수프");
    let said = workspace
        .ask(&Line::new(format!("!web {}", server.url("dishes/a"))))
        .await;
    let refused = workspace
        .ask(&Line::new(format!("!web {}", server.url("secret"))))
        .await;
    let posted = server.posted();
    let seen: Vec<_> = posted
        .iter()
        .map(|one| format!("{} {} {}", one.path, one.header("x-moa"), one.body))
        .collect();
    let wanted = (
        "201 yes 수프",
        "error access-denied",
        ["/dishes/a soup 안녕".to_owned()].to_vec(),
    );
    let got = (said.text.as_str(), refused.text.as_str(), seen);
    match got == wanted {
        true => Ok(()),
        false => Err(format!("{got:?}, not {wanted:?}")),
    }
}

/// The names of the plugin's own files.
fn sources(language: Language) -> Vec<String> {
    let folder = conformance().join(language.name());
    let folder = match language {
        Language::Rust => folder.join("src"),
        _ => folder,
    };
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let is_source = |file: &std::path::PathBuf| {
        let end = file.extension().unwrap_or_default();
        ["rs", "py", "js", "ts", "go", "c"].iter().any(|known| end == *known)
    };
    files
        .filter(is_source)
        .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}

/// What goes to Slack is what goes there of the plugin in Rust.
async fn shown(workspace: &Workspace, language: Language) -> Result<(), String> {
    let mut got = Map::new();
    for command in SHOWN {
        got.insert(command.into(), sent(workspace, command).await);
    }
    let got = Value::Object(got);
    let file = conformance().join("slack.json");
    if language == Language::Rust && updating() {
        let text = serde_json::to_string_pretty(&got).unwrap();
        fs::write(&file, format!("{text}\n")).unwrap();
    }
    let wanted: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let mut differences = Vec::new();
    suite::compare("", &got, &wanted, &mut differences);
    match differences.is_empty() {
        true => Ok(()),
        false => Err(differences.join("; ")),
    }
}

/// The arguments of the message that answers this, without what is another each time.
async fn sent(workspace: &Workspace, command: &str) -> Value {
    let sent = workspace.send(&Line::new(format!("!{command}"))).await;
    let answer = workspace
        .until(command, |record| {
            let mut calls = record.of("api").filter(|call| {
                let method = call["method"].as_str().unwrap();
                call["n"].as_u64().unwrap() > sent.since && matches!(method, "chat.postMessage" | "chat.postEphemeral")
            });
            calls.next().cloned()
        })
        .await;
    let mut args = answer["args"].clone();
    let map = args.as_object_mut().unwrap();
    for key in ["channel", "user", "metadata", "client_msg_id"] {
        map.remove(key);
    }
    // The thread of the message that asked, whenever that was.
    if let Some(thread) = map.get_mut("thread_ts") {
        *thread = "the message".into();
    }
    map.insert("method".into(), answer["method"].clone());
    if answer["answer"]["ok"] != true {
        map.insert("refused".into(), answer["answer"].clone());
    }
    args
}
