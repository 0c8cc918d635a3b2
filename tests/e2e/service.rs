//! Moa as a service of a real systemd, on a machine of its own: installed by `moa service`, and then everything happens to
//! it that happens to a service in years, while people type. Nothing is lost, nothing is answered twice.
//!
//! `MOA_TEST_LONG=1` lets each of it happen five times.

mod docs;
mod machine;
mod upgrade;

use super::support::guests::hello;
use super::support::sim::{Line, Sim, Workspace};
use super::support::{DEADLINE, GLANCE, long};
use machine::Machine;
use moa_playground::Options;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// For the tests: quick restarts, a watchdog that does not wait a minute, and a way to make things hang.
const QUICK: &str = "[Service]\nRestartSec=100ms\nWatchdogSec=10s\nEnvironment=MOA_TEST_HANG=/var/lib/moa/hang\n";
/// The worst score of `systemd-analyze security` that is let through; `docs/operate.md` names what it is.
const EXPOSED: f64 = 1.5;

/// Words that wait for their answer at the same time.
const WINDOW: usize = 40;

/// People who go on typing all the while.
struct Typing {
    sim: Arc<Sim>,
    stop: Arc<AtomicBool>,
    typed: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Typing {
    fn begin(sim: Arc<Sim>) -> Self {
        let (stop, typed) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let task = tokio::spawn({
            let (sim, stop, typed) = (Arc::clone(&sim), Arc::clone(&stop), Arc::clone(&typed));
            async move {
                let who = [
                    ("ben", "#general"),
                    ("rosie", "#lunch"),
                    ("sally", "#dev"),
                    ("ally", "@dm"),
                ];
                while !stop.load(Ordering::Relaxed) {
                    let number = typed.load(Ordering::Relaxed);
                    let answered = sim.record().await.posts();
                    let answered = answered.iter().filter(|post| post.text.starts_with("word-")).count();
                    if number > answered + WINDOW {
                        tokio::time::sleep(GLANCE).await;
                        continue;
                    }
                    let (user, channel) = who[number % who.len()];
                    let line = Line::new(format!("!echo word-{number}.")).by(user).at(channel);
                    // Ben speaks English, and his counts are told from others' by that.
                    sim.send_all(&[line, Line::new("!count")]).await;
                    typed.store(number + 1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(60)).await;
                }
            }
        });
        Self { sim, stop, typed, task }
    }

    /// Waits until something that was typed from now on is answered.
    async fn answered(&self) {
        let number = self.typed.load(Ordering::Relaxed) + 1;
        let wanted = format!("word-{number}.");
        let begun = Instant::now();
        while self.sim.record().await.saying(&wanted).is_empty() {
            assert!(begun.elapsed() < DEADLINE, "{wanted} is not answered");
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Ends it; all that was typed is answered, once, and counted once. How much it was.
    async fn end(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
        let typed = self.typed.load(Ordering::Relaxed);
        let all = |said: &BTreeMap<String, usize>| (0..typed).all(|n| said.contains_key(&format!("word-{n}.")));
        let begun = Instant::now();
        loop {
            let record = self.sim.record().await;
            let mut said = BTreeMap::<String, usize>::new();
            for post in record.posts() {
                *said.entry(post.text).or_default() += 1;
            }
            let mut counted = record.counted();
            if all(&said) && counted.len() >= typed && record.unacknowledged().is_empty() {
                counted.sort_unstable();
                let expected: Vec<u64> = (1..=typed as u64).collect();
                assert_eq!(counted, expected, "each count is said once");
                let twice: Vec<_> = said
                    .iter()
                    .filter(|(text, n)| text.starts_with("word-") && **n > 1)
                    .collect();
                assert!(twice.is_empty(), "answered twice: {twice:?}");
                return typed;
            }
            assert!(
                begun.elapsed() < DEADLINE * 2,
                "of {typed} words {} are answered, and {} counts",
                said.keys().filter(|text| text.starts_with("word-")).count(),
                counted.len()
            );
            tokio::time::sleep(GLANCE * 5).await;
        }
    }
}

/// A workspace that has the patience to send again what nobody acknowledged for minutes.
async fn workspace() -> Workspace {
    Workspace::with(Options {
        retry_delays: vec![Duration::from_millis(300); 1_000],
        ack_timeout: Duration::from_secs(2),
        record_capacity: 400_000,
        ..Options::default()
    })
    .await
}

/// A machine with a service that is connected to the workspace, and has the plugin `hello`.
async fn installed(workspace: &Workspace) -> Option<Machine> {
    let machine = Machine::boot(&[(hello(), "/root/hello.wasm")]).await?;
    let (app, bot) = workspace.tokens();
    machine.write("/etc/moa/moa.toml", &config(workspace, ""));
    let said = machine.done("moa service install");
    for step in [
        "made the user moa",
        "wrote /etc/systemd/system/moa.service",
        "moa is started at each boot",
        "missing: the credential slack-app-token: write it into /etc/moa/credentials/slack-app-token",
    ] {
        assert!(said.contains(step), "{step:?} is not said:\n{said}");
    }
    for (name, token) in [("app", app), ("bot", bot)] {
        machine.done(&format!(
            "umask 077; echo '{token}' > /etc/moa/credentials/slack-{name}-token"
        ));
    }
    machine.write("/etc/systemd/system/moa.service.d/test.conf", QUICK);
    machine.done("install -d -o moa -g moa -m 700 /var/lib/moa /var/lib/moa/plugins && cp /root/hello.wasm /var/lib/moa/plugins/");
    let said = machine.done("moa service install --start");
    assert!(
        said.contains("moa.service is as it has to be") && said.contains("moa runs"),
        "{said}"
    );
    Some(machine)
}

fn config(workspace: &Workspace, more: &str) -> String {
    format!(
        "[bot]\ndata-dir = \"/var/lib/moa\"\nlocale = \"ko\"\n[slack]\napi-url = \"{}\"\n\
         app-token = {{ credential = \"slack-app-token\" }}\nbot-token = {{ credential = \"slack-bot-token\" }}\n\
         [outbox]\nper-conversation-per-second = 0\n[http]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n\
         # What is typed while nobody is there comes all at once afterwards.\n[plugin.hello.limits]\nqueue = 10000\n{more}",
        workspace.api_url()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_ends_it_the_service_is_up_again_and_nothing_is_lost() {
    let workspace = workspace().await;
    let Some(mut machine) = installed(&workspace).await else {
        return;
    };
    // Ready means connected, with all plugins loaded.
    assert_eq!(machine.property("ActiveState"), "active");
    assert!(
        machine.property("StatusText").starts_with("1 plugins answer"),
        "{}",
        machine.property("StatusText")
    );
    assert_eq!(workspace.record().await.of("open").count(), 2);
    machine.done("systemd-analyze verify /etc/systemd/system/moa.service");
    let score = exposure(&machine);
    println!("systemd-analyze security: {score}");
    assert!(score <= EXPOSED, "the service is exposed: {score}");
    assert_eq!(machine.property("LimitNOFILE"), "65536");

    let typing = Typing::begin(workspace.sim());
    typing.answered().await;
    let rounds = if long() { 5 } else { 1 };
    for _ in 0..rounds {
        killed(&machine, &typing).await;
        terminated(&machine, &typing).await;
        for what in ["event loop", "websocket", "store"] {
            hung(&machine, &typing, what).await;
        }
        out_of_memory(&machine, &typing).await;
        let before = machine.said("Started moa.service");
        machine.reboot().await;
        machine.says("Started moa.service", before).await;
        typing.answered().await;
        assert_eq!(machine.property("NRestarts"), "0", "started once after the boot");
    }
    let typed = typing.end().await;
    println!("{typed} words and counts, each answered once, over {rounds} rounds");

    // Until here the service has never said what it must not.
    let (app, bot) = workspace.tokens();
    let journal = machine.journal();
    assert!(
        !journal.contains(&app) && !journal.contains(&bot),
        "a token stands in the journal"
    );
    refused(&machine).await;
    let said = machine.done("moa service uninstall");
    assert!(said.contains("removed /etc/systemd/system/moa.service"), "{said}");
    assert!(machine.file("/var/lib/moa/moa.redb").exists(), "the data stays");
    assert_eq!(machine.run("systemctl cat moa").code, Some(1));
}

/// The score of `systemd-analyze security`: the lower the better.
fn exposure(machine: &Machine) -> f64 {
    let text = machine.run("systemd-analyze security --no-pager moa.service").text;
    let line = text
        .lines()
        .find(|line| line.contains("Overall exposure level"))
        .unwrap_or_default();
    let number = line.split(": ").nth(1).and_then(|rest| rest.split(' ').next());
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("no score in\n{text}"))
}

/// Waits until a service that fell is up again, for this reason.
async fn again(machine: &Machine, typing: &Typing, restarts: u32, reason: &str, before: usize) {
    machine.says(reason, before).await;
    let begun = Instant::now();
    while self::restarts(machine) <= restarts {
        assert!(
            begun.elapsed() < DEADLINE,
            "it is not started again:\n{}",
            machine.journal()
        );
        tokio::time::sleep(GLANCE * 5).await;
    }
    machine.until("ActiveState", "active").await;
    typing.answered().await;
}

fn restarts(machine: &Machine) -> u32 {
    machine.property("NRestarts").parse().unwrap()
}

async fn killed(machine: &Machine, typing: &Typing) {
    let (count, reason) = (restarts(machine), "Failed with result 'signal'");
    let before = machine.said(reason);
    machine.done("systemctl kill --kill-whom=main --signal=KILL moa");
    again(machine, typing, count, reason, before).await;
}

/// SIGTERM is no failure: it ends, and stays so until it is started.
async fn terminated(machine: &Machine, typing: &Typing) {
    let before = machine.said("Deactivated successfully");
    let count = restarts(machine);
    machine.done("systemctl kill --kill-whom=main --signal=TERM moa");
    machine.says("Deactivated successfully", before).await;
    assert_eq!(machine.property("ActiveState"), "inactive");
    assert_eq!(machine.property("Result"), "success");
    assert_eq!(restarts(machine), count, "it is not started again by itself");
    let begun = Instant::now();
    machine.done("systemctl start moa");
    println!("started, connected and ready after {} ms", begun.elapsed().as_millis());
    typing.answered().await;
}

async fn hung(machine: &Machine, typing: &Typing, what: &str) {
    let (count, reason) = (restarts(machine), "Failed with result 'watchdog'");
    let before = (machine.said(reason), machine.said("has made no progress"));
    machine.write("/var/lib/moa/hang", what);
    let line = machine.says("has made no progress", before.1).await;
    machine.done("rm /var/lib/moa/hang");
    println!("{line}");
    again(machine, typing, count, reason, before.0).await;
}

async fn out_of_memory(machine: &Machine, typing: &Typing) {
    let count = restarts(machine);
    let before = machine.said("Main process exited, code=killed, status=9/KILL");
    let starved = match machine.starve(64 << 10) {
        Ok(starved) => starved,
        Err(why) => {
            assert!(!super::support::required(), "no group of memory: {why}");
            return println!("SKIPPED: no group of memory: {why}");
        }
    };
    again(
        machine,
        typing,
        count,
        "Main process exited, code=killed, status=9/KILL",
        before,
    )
    .await;
    drop(starved);
}

/// Refused credentials: it fails, and is not started again.
async fn refused(machine: &Machine) {
    let before = machine.said("status=3/NOTIMPLEMENTED");
    machine.done("cp -a /etc/moa/credentials /root/kept && echo xapp-wrong > /etc/moa/credentials/slack-app-token");
    machine.done("echo xoxb-wrong > /etc/moa/credentials/slack-bot-token");
    assert_ne!(machine.run("systemctl restart moa").code, Some(0));
    machine.says("status=3/NOTIMPLEMENTED", before).await;
    assert_eq!(machine.property("ActiveState"), "failed");
    assert_eq!(
        machine.property("SubState"),
        "failed",
        "it is not about to be started again"
    );
    let status = machine.run("moa service status");
    assert_eq!(status.code, Some(1), "{}", status.text);
    assert!(status.text.contains("failed"), "{}", status.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_takes_over_what_it_can_tells_the_rest_and_refuses_what_is_bad() {
    let workspace = workspace().await;
    let Some(machine) = installed(&workspace).await else {
        return;
    };
    let process = machine.property("MainPID");
    let typing = Typing::begin(workspace.sim());
    typing.answered().await;

    assert!(
        !workspace
            .ask(&Line::new("!repeat-it a").by("vincent").at("@dm"))
            .await
            .text
            .starts_with("a")
    );
    machine.write("/etc/moa/key", "s3cret-of-the-operator\n");
    let changed = config(
        &workspace,
        "[commands.alias]\nrepeat-it = \"hello:echo\"\n\
         [secrets]\nKEY = { file = \"/etc/moa/key\" }\n[rate]\nuser = \"100000/1m\"\n[journal]\nmax-age = \"20m\"\n",
    );
    let changed = changed.replace("queue = 10000\n", "queue = 10000\ncpu = \"2s\"\n");
    machine.write("/etc/moa/moa.toml", &changed);
    machine.done("systemctl reload moa");
    machine.says("the configuration was read again: ", 0).await;
    let journal = machine.journal();
    for line in [
        "configuration: plugin.hello.limits.cpu: ",
        "configuration: commands.alias.repeat-it: ",
        "configuration: the secret KEY is another one",
        "needs a restart: journal.max-age: \"10m\" → \"20m\"",
    ] {
        assert!(journal.contains(line), "{line:?} is not told:\n{journal}");
    }
    assert!(!journal.contains("s3cret-of-the-operator"), "{journal}");
    let answer = workspace
        .ask(&Line::new("!repeat-it taken over").by("vincent").at("@dm"))
        .await;
    assert_eq!(answer.text, "taken over");

    // Bad in one place: nothing of it counts.
    let bad = changed.replace("repeat-it", "say-it").replace("[journal]", "[jurnal]");
    machine.write("/etc/moa/moa.toml", &bad);
    machine.done("systemctl reload moa");
    let line = machine.says("is refused; what was before stays", 0).await;
    assert!(machine.journal().contains("jurnal"), "{line}");
    let answer = workspace
        .ask(&Line::new("!repeat-it still").by("vincent").at("@dm"))
        .await;
    assert_eq!(answer.text, "still");
    // What plugins have now is not taken from them because a file is gone.
    machine.write("/etc/moa/moa.toml", &changed.replace("/etc/moa/key", "/etc/moa/gone"));
    machine.done("systemctl reload moa");
    machine
        .says("secrets that count now cannot be read any more: KEY", 0)
        .await;
    machine.until("ActiveState", "active").await;
    assert_eq!(machine.property("MainPID"), process, "it is the same process");
    println!(
        "{} words and counts, each answered once, over three reloads",
        typing.end().await
    );
}
