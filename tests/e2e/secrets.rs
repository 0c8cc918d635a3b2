//! What must stay secret is nowhere but where it was given: not in what the host prints or answers, whatever happens and
//! however much it logs, and not in what it keeps on disk.

use super::support::bot::{Bot, Plan};
use super::support::guests::{errands, hello, hostile};
use super::support::process::{Ended, finish, moa};
use super::support::sim::{Line, Workspace};
use serde_json::json;
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

const IN_ENVIRONMENT: &str = "sesame-in-the-environment-8c1f7a";
const IN_FILE: &str = "sesame-in-a-file-51b09e";
const REFUSED: &str = "xoxb-sesame-refused-77d2c4";

/// What is looked for: whole, and what of a token no other text has.
struct Secrets(Vec<String>);

impl Secrets {
    fn of(workspace: &Workspace) -> Self {
        let (app, bot) = workspace.tokens();
        let own = |token: &str| token.rsplit('-').next().unwrap().to_owned();
        let mut all = vec![own(&app), own(&bot)];
        all.extend([IN_ENVIRONMENT, IN_FILE, REFUSED].map(str::to_owned));
        assert!(all.iter().all(|secret| secret.len() > 16), "too short to be told apart");
        Self(all)
    }

    fn found_in<'a>(&'a self, bytes: &[u8]) -> Option<&'a str> {
        let within = |secret: &&String| holds(bytes, secret.as_bytes());
        self.0.iter().find(within).map(String::as_str)
    }

    /// All of what a command prints.
    fn not_in(&self, what: &str, ended: &Ended) {
        for text in [&ended.stdout, &ended.stderr] {
            assert_eq!(
                self.found_in(text.as_bytes()),
                None,
                "`moa {what}` prints a secret:\n{text}"
            );
        }
    }
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

/// Every file at or below, sockets aside.
fn files(dir: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files(&entry.path(), all);
        } else if !kind.is_socket() {
            all.push(entry.path());
        }
    }
}

fn plan(workspace: &Workspace) -> Plan {
    let plan = Plan::new(workspace)
        .plugin(hello())
        .plugin(hostile())
        .plugin(errands())
        .config(
            "[secrets]\nWEATHER = { env = \"WEATHER_KEY\" }\nPARCELS = { file = \"parcels.key\" }\n\
             [plugin.errands.grant]\nsecrets = [\"*\"]\n",
        )
        .env("WEATHER_KEY", IN_ENVIRONMENT)
        .env("MOA_LOG", "trace")
        .env("RUST_BACKTRACE", "full");
    fs::write(plan.home().join("parcels.key"), IN_FILE).unwrap();
    plan
}

/// Everything that an operator may ask, of a host that runs or of its data.
async fn asked(bot: &Bot, secrets: &Secrets) {
    let (app, token) = (&secrets.0[0], &secrets.0[1]);
    for line in [
        "config show",
        "config check",
        "plugin list --json",
        "plugin show hostile --json",
        "plugin grant errands --json",
        "plugin logs hostile --lines 1000 --json",
        "logs --lines 1000 --json",
        "journal list --json",
        "journal show 1 --json",
        "brain export",
        "brain stats",
        "slack manifest",
        "plugin show nothing-of-the-kind",
    ] {
        let mut command = moa(bot.home());
        command
            .args(line.split(' '))
            .env("SLACK_APP_TOKEN", format!("xapp-{app}"))
            .env("SLACK_BOT_TOKEN", format!("xoxb-{token}"))
            .env("WEATHER_KEY", IN_ENVIRONMENT)
            .env("MOA_LOG", "trace");
        let ended = finish(&mut command).await;
        assert!(
            !ended.stdout.is_empty() || !ended.stderr.is_empty(),
            "moa {line} is silent"
        );
        secrets.not_in(line, &ended);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_in_no_output_and_in_no_file() {
    let workspace = Workspace::start().await;
    let secrets = Secrets::of(&workspace);
    let mut bot = plan(&workspace).start().await;
    for line in ["!count", "!panic", "!trap", "!exit", "!deep", "!flood"] {
        workspace.ask(&Line::new(line)).await;
    }
    // The service refuses, is out of order, and hangs up.
    workspace.fault(json!({"kind": "close", "all": true})).await;
    workspace.ask(&Line::new("!count")).await;
    asked(&bot, &secrets).await;

    // For their user alone, while it runs.
    let mode = |path: &str| fs::metadata(bot.home().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("data"), 0o700);
    assert_eq!(mode("data/moa.sock"), 0o600);
    assert_eq!(mode("data/compiled"), 0o700);

    // Refused while it runs, and from the beginning.
    workspace.fault(json!({"kind": "revoke"})).await;
    workspace.fault(json!({"kind": "close", "all": true})).await;
    let ended = bot.process.end().await;
    assert_eq!(ended.code(), Some(3), "{}", bot.log().text());
    let refused = finish(
        moa(bot.home())
            .arg("run")
            .env("SLACK_APP_TOKEN", format!("xapp-playground-{}", secrets.0[0]))
            .env("SLACK_BOT_TOKEN", REFUSED)
            .env("WEATHER_KEY", IN_ENVIRONMENT)
            .env("MOA_LOG", "trace"),
    )
    .await;
    assert_eq!(refused.code, Some(3), "{refused:?}");
    secrets.not_in("run", &refused);
    asked(&bot, &secrets).await;

    let log = bot.log().text();
    // It did log that much.
    assert!(log.contains("TRACE") && log.contains("this was to be expected"));
    assert_eq!(secrets.found_in(log.as_bytes()), None, "the log tells a secret");

    let mut kept = Vec::new();
    files(bot.home(), &mut kept);
    let own = bot.home().join("parcels.key");
    assert_eq!(secrets.found_in(&fs::read(&own).unwrap()), Some(IN_FILE));
    let mut calls = 0;
    for file in kept.iter().filter(|file| **file != own) {
        let bytes = fs::read(file).unwrap();
        assert_eq!(secrets.found_in(&bytes), None, "{} holds a secret", file.display());
        calls += usize::from(holds(&bytes, b"!panic"));
    }
    // The journal was among them, and the compiled code.
    assert!(calls > 0, "{kept:?}");
    assert!(
        kept.iter()
            .any(|file| file.extension().is_some_and(|end| end == "cwasm"))
    );
}
