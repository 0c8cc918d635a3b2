//! While commands come all the time, a plugin's file is replaced again and again, by good versions and by broken files in
//! turn: every command is answered once, by a version that was valid while it was under way.

use super::support::bot::{Bot, Plan as Host};
use super::support::guests::{EMPTY_COMPONENT, edition};
use super::support::process::{finish, moa};
use super::support::sim::{Line, Sim, Workspace};
use super::support::{DEADLINE, long};
use jiff::Timestamp;
use moa_playground::Options;
use moa_test_guests::hostile;
use moa_test_rough::{Answer, Asking, Plan, Rates, Report, drive};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Commands that wait for their answers at the same time.
const OUTSTANDING: usize = 64;
const NAME: &str = "plugin-0001";
const FILE: &str = "plugin-0001.wasm";

struct People(Arc<Sim>);

impl moa_test_rough::Workspace for People {
    async fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        Ok(self.0.ask_raw(method, path, body).await)
    }
}

/// How a file comes to its place.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Over what is there, as `cp` does it.
    Rewritten,
    /// Over what is there, with a pause in the middle.
    InPieces,
    /// Beside it first, then in one step, as `mv` does it.
    Renamed,
}

const WAYS: [Way; 3] = [Way::Rewritten, Way::Renamed, Way::InPieces];

async fn place(bytes: &[u8], folder: &Path, way: Way) {
    let file = folder.join(FILE);
    match way {
        Way::Rewritten => std::fs::write(file, bytes).unwrap(),
        Way::InPieces => {
            use std::io::Write;
            let mut file = std::fs::File::create(file).unwrap();
            let (one, two) = bytes.split_at(bytes.len() / 2);
            file.write_all(one).unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            file.write_all(two).unwrap();
        }
        Way::Renamed => {
            let new = folder.join("new.part");
            std::fs::write(&new, bytes).unwrap();
            std::fs::rename(new, file).unwrap();
        }
    }
}

/// A good version, and between which moments its answers are right.
#[derive(Debug)]
struct Served {
    edition: String,
    digest: String,
    /// Its file was not there before.
    from: Timestamp,
    /// By then the host had told that the next one serves.
    to: Option<Timestamp>,
}

impl Served {
    fn new(number: usize, from: Timestamp) -> (Self, Vec<u8>) {
        let edition_name = format!("edition-{number:04}");
        let bytes = edition(NAME, &edition_name);
        let served = Self {
            edition: edition_name,
            digest: digest(&bytes),
            from,
            to: None,
        };
        (served, bytes)
    }
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Replaces the file so many times, every second time by a broken one; what served when.
async fn replace(bot: &Bot, first: Served, times: usize) -> Vec<Served> {
    let mut served = vec![first];
    for number in 1..=times {
        let from = bot.lines();
        let before = served.last_mut().unwrap();
        let (next, bytes) = Served::new(number, Timestamp::now());
        if number % 2 == 1 {
            place(&bytes, &bot.plugins(), WAYS[number / 2 % 3]).await;
            let words = ["replaced", NAME, &next.digest[..12]];
            before.to = Some(time_of(&bot.log().wait_for(from, &words).await));
            served.push(next);
        } else {
            let broken = broken(number / 2, &bytes);
            place(&broken, &bot.plugins(), WAYS[(number / 2 + number / 6) % 3]).await;
            let words = [FILE, "is not loaded", &before.digest[..12], "serves on"];
            bot.log().wait_for(from, &words).await;
        }
    }
    served
}

/// A file that cannot become a plugin; half of one carries an edition of its own.
fn broken(number: usize, good: &[u8]) -> Vec<u8> {
    match number % 4 {
        0 => good[..good.len() * 2 / 3].to_vec(),
        1 => format!("this is no plugin, for the {number}th time").into_bytes(),
        2 => {
            let all = hostile::components();
            let trap = all.into_iter().find(|component| component.name == "trap-in-describe");
            trap.unwrap().bytes
        }
        _ => EMPTY_COMPONENT.to_vec(),
    }
}

/// When a line of the log was written.
fn time_of(line: &str) -> Timestamp {
    let time = line.split_whitespace().next().unwrap();
    time.parse()
        .unwrap_or_else(|_| panic!("{line:?} does not begin with a time"))
}

/// The workspace's clock beside the machine's.
struct Clock {
    /// When it began; at the earliest, and at the latest.
    zero: (Timestamp, Timestamp),
}

impl Clock {
    /// Of many looks the quickest is the most exact.
    async fn read(sim: &Sim) -> Self {
        let mut looks = Vec::new();
        for _ in 0..20 {
            let before = Timestamp::now();
            let sent = sim.send(&Line::new("what time is it?").at("#random")).await;
            let after = Timestamp::now();
            let record = sim.record().await;
            let mut messages = record.of("message").filter(|message| message["ts"] == *sent.ts);
            let at = Duration::from_micros(messages.next().unwrap()["at_us"].as_u64().unwrap());
            looks.push((after.duration_since(before), (before - at, after - at)));
        }
        let (_, zero) = looks.into_iter().min_by_key(|(took, _)| *took).unwrap();
        Self { zero }
    }

    fn earliest(&self, at: u64) -> Timestamp {
        self.zero.0 + Duration::from_micros(at)
    }

    fn latest(&self, at: u64) -> Timestamp {
        self.zero.1 + Duration::from_micros(at)
    }
}

/// What is wrong with an answer, by who gave it.
fn wrong(answer: &Answer, served: &BTreeMap<&str, &Served>, clock: &Clock) -> Option<String> {
    let Answer {
        number,
        sent,
        answered,
        by,
    } = answer;
    let Some(version) = served.get(by.as_str()) else {
        return Some(format!("command {number} was answered by {by:?}, which never served"));
    };
    if clock.latest(*answered) < version.from {
        return Some(format!(
            "command {number} was answered by {by} before its file was there"
        ));
    }
    if version.to.is_some_and(|to| clock.earliest(*sent) > to) {
        return Some(format!(
            "command {number} was given when {by} had been replaced, and answered by it"
        ));
    }
    None
}

/// How many commands were under way when a version was replaced.
fn overtaken(report: &Report, served: &[Served], clock: &Clock) -> usize {
    let swaps: Vec<Timestamp> = served.iter().filter_map(|served| served.to).collect();
    let met = |answer: &&Answer| {
        let (sent, answered) = (clock.latest(answer.sent), clock.earliest(answer.answered));
        swaps.iter().any(|swap| sent < *swap && *swap < answered)
    };
    report.answers.iter().filter(met).count()
}

#[test]
fn an_answer_by_who_serves_no_more_or_not_yet_or_never_did_is_found() {
    let zero: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let at = |seconds| zero + Duration::from_secs(seconds);
    let served = |from, to| Served {
        edition: String::new(),
        digest: String::new(),
        from: at(from),
        to: Some(at(to)),
    };
    let (old, new) = (served(0, 20), served(10, 30));
    let all = BTreeMap::from([("old", &old), ("new", &new)]);
    let clock = Clock { zero: (zero, at(1)) };
    let fits = |sent: u64, answered: u64, by: &str| {
        let (sent, answered) = (sent * 1_000_000, answered * 1_000_000);
        wrong(
            &Answer {
                number: 1,
                sent,
                answered,
                by: by.to_owned(),
            },
            &all,
            &clock,
        )
        .is_none()
    };
    assert!(fits(5, 6, "old") && fits(19, 25, "old") && fits(5, 12, "new") && fits(21, 22, "new"));
    assert!(!fits(21, 22, "old") && !fits(5, 8, "new") && !fits(31, 32, "new") && !fits(12, 15, "other"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_its_file_is_replaced_every_command_is_answered_once_by_a_version_that_was_valid() {
    let (commands, times) = if long() { (20_000, 200) } else { (2_000, 20) };
    let workspace = Workspace::with(Options {
        record_capacity: 400_000,
        ..Options::default()
    })
    .await;
    let (first, bytes) = Served::new(0, Timestamp::now());
    let sources = tempfile::tempdir().unwrap();
    let file = sources.path().join(FILE);
    std::fs::write(&file, bytes).unwrap();
    // A call ends a little after its answer is seen.
    let limits = format!("[plugin.{NAME}.limits]\nconcurrency = 8\nqueue = {}\n", 2 * OUTSTANDING);
    let mut bot = Host::new(&workspace).plugin(&file).config(&limits).start().await;
    let clock = Clock::read(&workspace).await;

    let over = Arc::new(AtomicBool::new(false));
    let plan = Plan {
        commands,
        asking: Asking {
            // Calls that take their time run on while their version is replaced, and others wait behind them.
            command: format!("!{NAME} slow "),
            signed: true,
        },
        until: Some(Arc::clone(&over)),
        outstanding: OUTSTANDING,
        rates: Rates {
            duplicate: 20,
            ..Rates::NONE
        },
        patience: DEADLINE,
    };
    let mut people = People(workspace.sim());
    let replacing = async {
        let served = replace(&bot, first, times).await;
        over.store(true, Ordering::SeqCst);
        served
    };
    let (report, served) = tokio::join!(drive(&mut people, &plan), replacing);
    let report = report.unwrap();

    let by_edition: BTreeMap<&str, &Served> = served.iter().map(|served| (&*served.edition, served)).collect();
    let mistaken: Vec<String> = report
        .answers
        .iter()
        .filter_map(|answer| wrong(answer, &by_edition, &clock))
        .collect();
    let overtaken = overtaken(&report, &served, &clock);
    println!(
        "{}\n{times} files in the place of the first, {} of them good versions; {overtaken} commands were under way when \
         their plugin was replaced; {} were answered by a version that was not valid",
        report.closing_line(),
        served.len() - 1,
        mistaken.len(),
    );
    assert_eq!(report.wrong(), Vec::<String>::new(), "{}", report.closing_line());
    assert!(report.commands >= commands && report.once == report.commands);
    assert!(mistaken.is_empty(), "{}", mistaken[..mistaken.len().min(10)].join("\n"));
    assert!(
        overtaken >= times,
        "only {overtaken} commands were under way at a replacement"
    );
    for Served { edition, .. } in &served {
        let answered = report.answers.iter().any(|answer| answer.by == *edition);
        assert!(answered, "{edition} answered nothing, though it served");
    }

    // The host says so as well: the last good version serves, beside a broken file.
    let shown = finish(moa(bot.home()).args(["plugin", "show", NAME, "--json"])).await;
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    let last = &served.last().unwrap().digest;
    assert!(shown.to_string().contains(last), "{shown}");
    assert!(bot.stop().await.success());
}
