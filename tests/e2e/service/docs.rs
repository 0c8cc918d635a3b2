//! `docs/operate.md`, done as it stands there: every block of commands in it, from top to bottom, on a fresh machine.

use super::super::support::guests::hello;
use super::super::support::hooks::Recorder;
use super::super::support::process::moa;
use super::super::support::required;
use super::super::support::sim::{Line, Workspace};
use super::machine::Machine;
use super::{EXPOSED, exposure, workspace};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const PAGE: &str = include_str!("../../../docs/operate.md");
const UNIT: &str = include_str!("../../../packaging/debian/moa.service");
/// What stands on the page for what everybody has of their own.
const APP_TOKEN: &str = "xapp-1-A0123456789-your-own";
const BOT_TOKEN: &str = "xoxb-0123456789-your-own";
const INCOMING: &str = "https://wh.jandi.com/connect-api/webhook/123/your-own";

/// Commands on the page.
struct Block {
    /// The heading above it.
    section: String,
    /// Who runs them, where that is not root.
    user: Option<String>,
    text: String,
}

fn blocks() -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut section, mut open, mut other) = (String::new(), false, false);
    for line in PAGE.lines() {
        match line.strip_prefix("```") {
            Some("") if open || other => (open, other) = (false, false),
            Some(what) => {
                let (language, user) = what
                    .split_once(" as=")
                    .map_or((what, None), |(a, b)| (a, Some(b.to_owned())));
                // Anything that looks like a command and is not run would be a hole.
                assert_eq!(language, "sh", "a block of another kind: ```{what}");
                open = true;
                blocks.push(Block {
                    section: section.clone(),
                    user,
                    text: String::new(),
                });
            }
            None if open => {
                let block = blocks.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {
                if let Some(heading) = line
                    .trim_start_matches('#')
                    .strip_prefix(' ')
                    .filter(|_| line.starts_with('#'))
                {
                    section = heading.to_owned();
                }
            }
        }
    }
    assert!(!open && blocks.len() > 10, "the page has its blocks");
    blocks
}

/// Commands that stand in a sentence are those of a block, too; but for what wants an editor, or a name that nobody knows.
fn in_passing(blocks: &[Block]) {
    const NOT_RUN: [&str; 6] = [
        "systemctl edit moa",
        "systemctl --user",
        "moa new",
        "moa build",
        "moa plugin rollback NAME",
        "moa journal retry NUMBER",
    ];
    let prose: String = PAGE.split("```").step_by(2).collect();
    for code in prose.split('`').skip(1).step_by(2) {
        let is_command = ["sudo ", "systemctl ", "journalctl ", "moa "]
            .iter()
            .any(|word| code.starts_with(word));
        let is_run = || blocks.iter().any(|block| block.text.contains(code));
        assert!(
            !is_command || NOT_RUN.contains(&code) || is_run(),
            "`{code}` is run by no block"
        );
    }
}

/// The package of the binary under test; or why there is none.
fn package(folder: &Path) -> Result<PathBuf, String> {
    let binary = PathBuf::from(moa(folder).get_program());
    let profile = match binary.parent().and_then(Path::file_name).and_then(|name| name.to_str()) {
        Some("release") => "release",
        _ => "dev",
    };
    let file = folder.join("moa_0.1.0-1_amd64.deb");
    let output = Command::new("cargo")
        .args([
            "deb",
            "--package",
            "moa",
            "--no-build",
            "--fast",
            "--profile",
            profile,
            "--output",
        ])
        .arg(&file)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .env("CARGO_TARGET_DIR", binary.ancestors().nth(2).unwrap())
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let lacks = said.contains("no such command");
        assert!(lacks, "the package cannot be made: {said}");
        return Err("cargo-deb not found".into());
    }
    Ok(file)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_of_the_page_does_what_it_says() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let package = match package(folder.path()) {
        Ok(package) => package,
        Err(why) => {
            assert!(!required(), "no package: {why}");
            return println!("SKIPPED: no package: {why}");
        }
    };
    let (workspace, jandi) = (workspace().await, Recorder::start().await);
    let bound = [
        (&*package, "/root/moa_0.1.0-1_amd64.deb"),
        (hello(), "/root/hello.wasm"),
    ];
    let Some(mut machine) = Machine::empty(&bound).await else {
        return;
    };
    // The machine that the page takes for given: somebody who may use sudo; and, for the test, where Slack is.
    machine.done("useradd --create-home --shell /bin/bash me && echo 'me ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/me");
    machine.write(
        "/etc/moa/environment",
        &format!(
            "MOA_SLACK__API_URL={}\nMOA_HTTP__LISTEN=127.0.0.1:0\nMOA_ADMIN__LISTEN=127.0.0.1:0\n",
            workspace.api_url()
        ),
    );
    let (mut done, blocks) = (0, blocks());
    in_passing(&blocks);
    for block in blocks {
        run(&mut machine, &block, &workspace, &jandi).await;
        look(&machine, &block, &workspace, &jandi).await;
        done += 1;
    }
    println!("docs/operate.md: {done} blocks of commands, each run");
}

/// Runs it as it stands, but for what everybody has of their own.
async fn run(machine: &mut Machine, block: &Block, workspace: &Workspace, jandi: &Recorder) {
    let (app, bot) = workspace.tokens();
    let text = block
        .text
        .replace(APP_TOKEN, &app)
        .replace(BOT_TOKEN, &bot)
        .replace(INCOMING, &jandi.url("connect-api/webhook/123/x"));
    if text.trim() == "sudo systemctl reboot" {
        return machine.reboot().await;
    }
    machine.write("/root/block.sh", &format!("set -e\n{text}"));
    match &block.user {
        None => machine.done("bash -o pipefail /root/block.sh"),
        Some(user) => {
            machine.done("cp /root/block.sh /tmp/block.sh && chmod 755 /tmp/block.sh");
            machine.done(&format!(
                "loginctl enable-linger {user}; for i in $(seq 100); do [ -S /run/user/$(id -u {user})/systemd/private ] && break; sleep 0.1; done; \
                 runuser -u {user} -- env HOME=/home/{user} USER={user} XDG_RUNTIME_DIR=/run/user/$(id -u {user}) bash /tmp/block.sh"
            ))
        }
    };
}

/// Looks whether that is so which the page says follows.
async fn look(machine: &Machine, block: &Block, workspace: &Workspace, jandi: &Recorder) {
    let has = |words: &str| block.text.contains(words);
    match block.section.as_str() {
        "Ten minutes" if has("apt-get install") => {
            assert_eq!(
                machine.property("ActiveState"),
                "inactive",
                "nothing is started that was not set up"
            );
            let unit = machine.done("cat /usr/lib/systemd/system/moa.service");
            assert_eq!(unit, UNIT);
            // It is what `moa service install` writes, there.
            let written = machine.done("/usr/bin/moa service install --dry-run");
            // The package's fits every systemd: one that does not know steps passes over them.
            let steps = "RestartSteps=8\nRestartMaxDelaySec=60s\n";
            let note = "# A systemd before 254 says that it does not know the steps, and waits 3 s each time.\n";
            let packaged = format!("{note}RestartSec=3s\n{steps}");
            assert!(UNIT.contains(&packaged), "{UNIT}");
            let written = written.replace(&format!("RestartSec=1s\n{steps}"), "RestartSec=3s\n");
            assert_eq!(written, UNIT.replace(&packaged, "RestartSec=3s\n"));
            let verified = machine
                .run("systemd-analyze verify /usr/lib/systemd/system/moa.service")
                .text;
            let version: u32 = machine
                .done("systemctl --version | sed -n '1s/systemd \\([0-9]*\\).*/\\1/p'")
                .trim()
                .parse()
                .unwrap();
            assert_eq!(
                verified.contains("RestartSteps"),
                version < 254,
                "{version}: {verified}"
            );
        }
        "Ten minutes" if has("plugin install") => {
            assert_eq!(
                workspace.ask(&Line::new("!echo from the page")).await.text,
                "from the page"
            );
        }
        "Ten minutes" if has("is-active") => {
            assert_eq!(
                workspace.ask(&Line::new("!echo after the reboot")).await.text,
                "after the reboot"
            );
        }
        "JANDI" if has("--start") => {
            let endpoints: Value =
                serde_json::from_slice(&std::fs::read(machine.file("/var/lib/moa/endpoints.json")).unwrap()).unwrap();
            let post = json!({
                "token": "the-token-that-jandi-shows", "teamName": "팀", "roomName": "방", "writerName": "로지",
                "text": "/모아 echo 안녕", "keyword": "모아", "createdAt": "2026-11-22T14:00:00.000Z",
            });
            let url = format!("{}/jandi/team", endpoints["http"].as_str().unwrap());
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let sent = client
                .post(url)
                .header("content-type", "application/json")
                .body(post.to_string());
            let answer: Value = serde_json::from_slice(&sent.send().await.unwrap().bytes().await.unwrap()).unwrap();
            assert_eq!(answer["body"], "안녕", "{answer}; {:?}", jandi.posted());
        }
        "Change the configuration" => {
            machine.says("configuration: plugin.hello.limits.cpu: ", 0).await;
            assert_eq!(workspace.ask(&Line::new("!repeat taken over")).await.text, "taken over");
        }
        "Back up and restore" if has("restore") => {
            assert_eq!(workspace.ask(&Line::new("!echo restored")).await.text, "restored");
        }
        "Every day" if has("doctor") => {
            // It had the tokens that the service has, and asked where the service's environment says.
            let told = machine.done("ulimit -n 512; moa -c /etc/moa/moa.toml doctor");
            let limit = machine.done(&format!(
                "awk '/^Max open files/ {{ print $5 }}' /proc/{}/limits",
                machine.property("MainPID")
            ));
            for words in [
                "read as it reads them: /etc/moa/environment, /etc/moa/credentials",
                "opens connections",
                &format!("moa may have {}\n", limit.trim()),
                "and is ready",
                ": 0 problems",
            ] {
                assert!(told.contains(words), "{words} in {told}");
            }
            assert!(!told.contains("waits for a restart"), "{told}");
            // Somebody else's word is not that of a machine in order.
            let said = machine.run("runuser -u me -- moa -c /etc/moa/moa.toml doctor");
            assert_eq!(said.code, Some(1), "{}", said.text);
            assert_eq!(machine.property("ActiveState"), "active", "after\n{}", block.text);
        }
        "Upgrade" | "Every day" => {
            assert_eq!(machine.property("ActiveState"), "active", "after\n{}", block.text);
        }
        "If systemd itself is not enough" if has("cron.d") => {
            let line = block.text.lines().nth(1).unwrap();
            let command = line.strip_prefix("* * * * * root ").unwrap();
            let process = machine.property("MainPID");
            machine.done(command);
            assert_eq!(machine.property("MainPID"), process, "what runs is left alone");
            machine.done("systemctl stop moa");
            machine.done(command);
            assert_eq!(machine.property("ActiveState"), "active", "what does not is started");
            machine.done(&format!("grep -qxF '{line}' /etc/cron.d/moa"));
        }
        "How closed it is" => {
            let (score, told) = (exposure(machine), told_exposure());
            assert!(
                told <= EXPOSED && (score - told).abs() < 0.25,
                "the page says {told}, and it is {score}"
            );
        }
        "A service of your own" if block.user.is_some() => {
            assert!(machine.file("/home/me/.config/systemd/user/moa.service").exists());
        }
        "Take it away" => {
            assert_eq!(machine.run("systemctl cat moa").code, Some(1));
            assert!(!machine.file("/var/lib/moa").exists() && !machine.file("/usr/bin/moa").exists());
        }
        _ => {}
    }
}

/// The score that the page names.
fn told_exposure() -> f64 {
    let (_, rest) = PAGE.split_once("The unit scores ").unwrap();
    rest.split(' ').next().unwrap().parse().unwrap()
}
