//! Hostile input without any tool: the recorded payloads, damaged at random, through the targets that libFuzzer runs too.
//!
//! Deterministic: so many inputs from a fixed seed. `MOA_FUZZ_SECONDS` asks for that many seconds over all targets instead,
//! from a seed of the moment, which a finding names; `MOA_FUZZ_SEED` repeats one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test without its input cannot go on, and a finding is a panic"
)]

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Inputs for each target where no time is asked for.
const INPUTS: u64 = 3_000;

/// What finds the corners: JSON's own, Slack's, and ours.
const WORDS: [&str; 44] = [
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "0",
    "-1",
    "1e999",
    "\"\\ud800\"",
    "\\u0000",
    "<@U1>",
    "{@U1}",
    "{#C1}",
    "<!channel>",
    "<!here|x>",
    "<https://e.com|x>",
    "&lt;",
    "&amp;",
    "```",
    "`",
    "*",
    "_",
    "~",
    "[x](",
    ")",
    "\u{2060}",
    "\u{200b}",
    "\u{feff}",
    "가",
    "!lunch 3",
    "@moa",
    "\"lunch/order\"",
    "\"moa:ask:1:x\"",
    "\"message_changed\"",
    "\"message_deleted\"",
    "\"channel_topic\"",
    "\"view_submission\"",
    "\"block_actions\"",
    "\"subtype\":",
    "\"ts\":\"1.2\",",
    "\"user\":{\"id\":\"U1\"},",
    "\"envelope_id\":\"e2\",",
    "99999999999999999999",
    "\"hidden\":true,",
];

/// Every recorded payload, and lines that people type.
fn seeds() -> Vec<Vec<u8>> {
    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => files(&path, found),
                false if path.extension().is_some_and(|extension| extension == "json") => found.push(path),
                false => {}
            }
        }
    }
    let mut found = Vec::new();
    files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples/slack"),
        &mut found,
    );
    found.sort();
    assert!(found.len() > 150, "{} samples", found.len());
    let compact = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        // The shapes are of 100 kB, most of it blocks: damage would hardly ever hit anything.
        let text = value.to_string().into_bytes();
        (text.len() < 16_384).then_some(text)
    };
    let mut seeds: Vec<Vec<u8>> = found.iter().filter_map(compact).collect();
    // The ids of a plugin's own elements, without which an interaction is nobody's.
    let own: Vec<Vec<u8>> = seeds
        .iter()
        .map(|seed| {
            String::from_utf8_lossy(seed)
                .replace("_id\":\"", "_id\":\"lunch/")
                .into_bytes()
        })
        .collect();
    seeds.extend(own);
    let envelopes: Vec<Vec<u8>> = seeds
        .iter()
        .zip(["events_api", "interactive"].into_iter().cycle())
        .map(|(seed, kind)| {
            let seed = String::from_utf8_lossy(seed);
            format!("{{\"envelope_id\":\"e1\",\"type\":\"{kind}\",\"payload\":{seed}}}").into_bytes()
        })
        .collect();
    seeds.extend(envelopes);
    for line in [
        "!점심팀 3 10m <@U1> \"a b\" c",
        "!echo <https://e.com|x> {@U1}",
        "<@UBOT>, lunch 2 --names a,b",
        "guide me",
        "",
        "*b* _i_ ~s~ `c` ```\nblock\n``` [x](https://e.com) {@U1} {#C1}",
        "<!subteam^S1|@g> <!date^1^{date}|then> &amp;lt;",
    ] {
        seeds.push(line.as_bytes().to_vec());
    }
    seeds
}

/// One input: a seed with a few things done to it.
fn damaged(seeds: &[Vec<u8>], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = seeds[random.usize(..seeds.len())].clone();
    for _ in 0..random.usize(1..8) {
        let at = random.usize(..=bytes.len());
        let end = (at + random.usize(..64)).min(bytes.len());
        match random.u8(..8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte ^= 1 << random.u8(..8)),
            3 => {
                let again = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, again));
            }
            4 => {
                let other = &seeds[random.usize(..seeds.len())];
                let from = random.usize(..=other.len());
                let to = (from + random.usize(..256)).min(other.len());
                drop(bytes.splice(at..end, other[from..to].iter().copied()));
            }
            5 => drop(bytes.splice(at..at, WORDS[random.usize(..WORDS.len())].bytes())),
            // A whole value of the JSON becomes another: what stays well-formed gets deepest.
            _ => {
                let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']');
                let Some(colon) = bytes.iter().skip(at).position(|byte| *byte == b':') else {
                    continue;
                };
                let from = at + colon + 1;
                let length = bytes[from..].iter().position(ends).unwrap_or_default();
                drop(bytes.splice(from..from + length, WORDS[random.usize(..WORDS.len())].bytes()));
            }
        }
    }
    bytes
}

fn asked(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

#[test]
fn nothing_that_comes_in_does_harm() {
    let seconds = asked("MOA_FUZZ_SECONDS");
    let moment = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let seed = asked("MOA_FUZZ_SEED").unwrap_or(if seconds.is_some() { moment } else { 11 });
    let seeds = seeds();
    let each = seconds.map(|all| Duration::from_secs(all) / u32::try_from(targets::TARGETS.len()).unwrap());
    for (name, target) in targets::TARGETS {
        let mut random = fastrand::Rng::with_seed(seed);
        let (begun, mut inputs) = (Instant::now(), 0_u64);
        let on = |inputs: u64| match each {
            Some(each) => begun.elapsed() < each,
            None => inputs < INPUTS,
        };
        for whole in &seeds {
            target(whole);
        }
        while on(inputs) {
            let input = damaged(&seeds, &mut random);
            inputs += 1;
            if std::panic::catch_unwind(|| target(&input)).is_err() {
                let shown = String::from_utf8_lossy(&input);
                panic!("`{name}` fails at input {inputs} of MOA_FUZZ_SEED={seed}: {shown}");
            }
        }
        println!("{name}: {inputs} inputs in {:.1} s", begun.elapsed().as_secs_f64());
    }
}
