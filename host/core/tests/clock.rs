//! Five years of schedules, run by run against others: a walk through every minute in Python with `zoneinfo`, and PyPI's
//! `croniter` where no clock changes. Without Python, and without the package index, they are skipped, except where
//! `MOA_TEST_REQUIRE=all` asks for every check.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use jiff::Timestamp;
use moa_core::schedule::{Pattern, Schedule, SkipDay};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Years that are over: their changes of the clock are the same in every edition of the zones.
const BEGIN: &str = "2020-01-01T00:00:00Z";
const END: &str = "2025-01-01T00:00:00Z";

/// None, Europe, America, at midnight, by half an hour, in the south with a quarter of an hour, against the sun in
/// Ramadan.
const ZONES: [&str; 8] = [
    "Asia/Seoul",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Africa/Casablanca",
];

const TEXTS: [&str; 27] = [
    "50 9 * * 1-5",
    "0 0 * * *",
    "30 0 * * *",
    "30 1 * * *",
    "30 2 * * *",
    "0 3 * * *",
    "45 2 * * SUN",
    "*/10 1-3 * * *",
    "*/30 * * * *",
    "0 * * * *",
    "15 */2 * * *",
    "0 */6 * * *",
    "5 22-2 * * fri-mon",
    "0 2 13 * 5",
    "59 23 L * *",
    "30 2 L-2,1 mar,oct *",
    "0 9 * * friL",
    "30 2 * * 0#2,0#1",
    "0 2 ? apr-nov/2 7",
    "15,45 30 2 * * *",
    "*/30 0 1,2,3 * * sun",
    "7 30 */1 * * *",
    "@daily",
    "@hourly",
    "@monthly",
    "mon-fri 09:50,18:00",
    "daily 00:30,01:30,02:00,02:30,02:30:20,03:00; sun 02:45",
];

#[test]
fn as_a_walk_through_every_minute() {
    let mut cases = Vec::new();
    for zone in ZONES {
        for text in TEXTS {
            cases.push((zone, text.to_owned(), vec![]));
        }
        for text in random(zone.len() as u64, 10) {
            cases.push((zone, text, vec![]));
        }
        let except = vec!["12-25", "2023-03-26", "2021-10-31", "02-29"];
        cases.push((zone, "30 2 * * *".into(), except.clone()));
        cases.push((zone, "30 * * * *".into(), except));
    }
    let Some(expected) = ask(&python(), "walk.py", &cases) else {
        return;
    };
    let mut runs = 0;
    for ((zone, text, except), expected) in cases.iter().zip(expected) {
        runs += compare(zone, text, except, &expected, usize::MAX);
    }
    assert!(runs > 500_000, "{runs} runs");
    println!("{} schedules, {runs} runs, all as the walk has them", cases.len());
}

#[test]
fn as_croniter() {
    let plain = |text: &&str| !text.contains(['L', '@', ':', '?', '#']);
    let mut texts: Vec<String> = TEXTS.iter().copied().filter(plain).map(Into::into).collect();
    texts.extend(random(77, 60));
    let cases: Vec<_> = ["Asia/Seoul", "UTC", "Asia/Kolkata"]
        .into_iter()
        .flat_map(|zone| texts.iter().map(move |text| (zone, text.clone(), vec![])))
        .collect();
    let Some(expected) = venv().and_then(|python| ask(&python, "by_croniter.py", &cases)) else {
        return;
    };
    let mut runs = 0;
    for ((zone, text, _), expected) in cases.iter().zip(expected) {
        runs += compare(zone, text, &[], &expected, 200);
    }
    assert!(runs > 15_000, "{runs} runs");
    println!("{} expressions, {runs} runs, all as croniter has them", cases.len());
}

/// Expressions that both can read: no L, no names, days and weekdays where both say something.
fn random(seed: u64, count: usize) -> Vec<String> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut one = |low: u32, high: u32, any: u32| match rng.u32(0..100) {
        roll if roll < any => "*".to_owned(),
        roll if roll < any + 10 => format!("*/{}", rng.u32(2..=(high - low).min(20))),
        roll if roll < any + 25 => {
            let from = rng.u32(low..high);
            format!("{from}-{}", rng.u32(from + 1..=high))
        }
        roll if roll < any + 35 => format!("{},{}", rng.u32(low..=high), rng.u32(low..=high)),
        _ => rng.u32(low..=high).to_string(),
    };
    (0..count)
        .map(|_| {
            let fields = [
                one(0, 59, 5),
                one(0, 23, 15),
                one(1, 28, 45),
                one(1, 12, 55),
                one(0, 6, 45),
            ];
            // Whether `*/2` says something about days is a matter of taste, and so is a range that names all.
            let [minute, hour, day, month, weekday] = fields;
            let plain = |field: String, all: &str| match field.starts_with("*/") || field == all {
                true => "*".to_owned(),
                false => field,
            };
            format!(
                "{minute} {hour} {} {month} {}",
                plain(day, "1-28"),
                plain(weekday, "0-6")
            )
        })
        .collect()
}

fn compare(zone: &str, text: &str, except: &[&str], expected: &[i64], most: usize) -> usize {
    let except = except.iter().map(|day| SkipDay::parse(day).unwrap()).collect();
    let schedule = Schedule::new(Pattern::parse(text).unwrap(), zone, except).unwrap();
    let (begin, end): (Timestamp, Timestamp) = (BEGIN.parse().unwrap(), END.parse().unwrap());
    let before = begin.checked_sub(jiff::SignedDuration::from_secs(1)).unwrap();
    let mut ours = schedule.upcoming(before).take_while(|due| *due < end).take(most);
    for (index, theirs) in expected.iter().enumerate() {
        let ours = ours.next().map(|due| due.as_second());
        assert_eq!(
            ours,
            Some(*theirs),
            "run {index} of `{text}` in {zone}: expected {}",
            Timestamp::from_second(*theirs)
                .unwrap()
                .to_zoned(schedule.zone().clone())
        );
    }
    assert_eq!(ours.next(), None, "one more than expected of `{text}` in {zone}");
    expected.len()
}

fn ask(python: &Path, script: &str, cases: &[(&str, String, Vec<&str>)]) -> Option<Vec<Vec<i64>>> {
    let second = |text: &str| text.parse::<Timestamp>().unwrap().as_second();
    let cases: Vec<Value> = cases
        .iter()
        .map(|(zone, text, except)| json!({"zone": zone, "text": text, "except": except}))
        .collect();
    let asked = json!({"from": second(BEGIN), "to": second(END), "cases": cases}).to_string();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clock").join(script);
    let child = Command::new(python)
        .arg("-B")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        return missing("python3 cannot be run");
    };
    child.stdin.take().unwrap().write_all(asked.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "the script failed");
    Some(serde_json::from_slice(&ended.stdout).unwrap())
}

fn python() -> PathBuf {
    "python3".into()
}

/// Python with croniter, in a folder of its own.
fn venv() -> Option<PathBuf> {
    let wanted = include_str!("clock/requirements.txt");
    let cache = std::env::var_os("MOA_TEST_CACHE").unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
    let folder = Path::new(&cache).join("croniter");
    let (python, done) = (folder.join("bin/python"), folder.join("installed.txt"));
    if std::fs::read_to_string(&done).is_ok_and(|installed| installed == wanted) {
        return Some(python);
    }
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clock/requirements.txt");
    let steps = [
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder)
            .output(),
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(requirements)
            .output(),
    ];
    for step in steps {
        match step {
            Ok(ended) if ended.status.success() => {}
            Ok(ended) => return missing(&format!("croniter: {}", String::from_utf8_lossy(&ended.stderr))),
            Err(error) => return missing(&format!("python3: {error}")),
        }
    }
    // Last, so that an installation that broke off is done again.
    std::fs::write(done, wanted).unwrap();
    Some(python)
}

fn missing<T>(what: &str) -> Option<T> {
    assert!(std::env::var("MOA_TEST_REQUIRE").as_deref() != Ok("all"), "{what}");
    println!("skipped: {what}");
    None
}
