//! A random life of a store: what callers ask of it, one after the other, the same for two stores.

use moa_store::{Answer, Cell, Effect, EffectKey, Entry, NewRecord, Outcome, Scope, Seq, Space, Store, Which, Write};
use std::fmt::Write as _;

/// One request.
#[derive(Clone, Debug)]
pub enum Deed {
    Write(Vec<Write>, Option<Effect>),
    Import(Vec<(Cell, Entry)>),
    Note(Effect, Vec<u8>),
    Accept(NewRecord),
    Finish(Seq, Outcome),
    Reopen(Seq, bool),
    Fact(String, Option<String>),
    Purge(i64),
}

impl Deed {
    /// Does it; what came of it, as text.
    pub async fn done_to(self, store: &dyn Store) -> String {
        match self {
            Self::Write(writes, effect) => format!("{:?}", store.write(writes, effect).await),
            Self::Import(entries) => format!("{:?}", store.import(entries).await),
            Self::Note(effect, answer) => format!("{:?}", store.note(effect, answer).await),
            Self::Accept(record) => format!("{:?}", store.accept(record).await),
            Self::Finish(seq, outcome) => format!("{:?}", store.finish(seq, outcome).await),
            Self::Reopen(seq, fresh) => format!("{:?}", store.reopen(seq, fresh).await),
            Self::Fact(name, value) => format!("{:?}", store.fact_set(&name, value.as_deref()).await),
            Self::Purge(now_ms) => format!("{:?}", store.purge(now_ms).await),
        }
    }
}

/// A deed that makes sense after `seqs` records were accepted.
pub fn any(random: &mut fastrand::Rng, seqs: u64, now_ms: i64) -> Deed {
    match random.u8(0..20) {
        0..6 => Deed::Write(writes(random), None),
        6..10 => Deed::Write(writes(random), Some(effect(random, seqs))),
        10 => Deed::Import(vec![
            (cell(random), imported(random, now_ms)),
            (cell(random), imported(random, now_ms)),
        ]),
        11..13 => Deed::Note(effect(random, seqs), bytes(random)),
        13..16 => Deed::Accept(NewRecord {
            identity: random.u8(0..40).to_string(),
            kind: "message".to_owned(),
            body: bytes(random),
            received_ms: now_ms,
        }),
        16 => {
            let reason = String::new();
            let outcomes = [
                Outcome::Done,
                Outcome::Done,
                Outcome::Failed { reason: reason.clone() },
                Outcome::Diverged { reason },
                Outcome::Dropped,
            ];
            Deed::Finish(seq(random, seqs), random.choice(outcomes).unwrap_or(Outcome::Done))
        }
        17 => Deed::Reopen(seq(random, seqs), random.bool()),
        18 => Deed::Fact(
            random.u8(0..5).to_string(),
            random.bool().then(|| random.u8(..).to_string()),
        ),
        _ => Deed::Purge(now_ms),
    }
}

fn writes(random: &mut fastrand::Rng) -> Vec<Write> {
    (0..random.usize(1..4))
        .map(|_| {
            let cell = cell(random);
            let write = match random.u8(0..8) {
                0..4 => Write::set(cell, bytes(random)),
                4 => Write::delete(cell),
                5..7 => Write::increment(cell, random.i64(-9..9)),
                _ => Write::compare_and_swap(cell, "7", None),
            };
            let write = if random.u8(0..4) == 0 {
                write.ttl(random.u64(1..50))
            } else {
                write
            };
            write.within(200_000)
        })
        .collect()
}

fn imported(random: &mut fastrand::Rng, now_ms: i64) -> Entry {
    Entry {
        value: bytes(random),
        version: random.u32(1..500).to_string(),
        expires_ms: random.bool().then(|| now_ms + random.i64(-5..50)),
    }
}

fn effect(random: &mut fastrand::Rng, seqs: u64) -> Effect {
    Effect {
        key: EffectKey {
            seq: seq(random, seqs),
            invocation: random.u8(0..2).to_string(),
            ordinal: random.u32(0..3),
        },
        fingerprint: vec![u8::from(random.u8(0..5) == 0)],
        by: "1.0.0".to_owned(),
        seen: bytes(random),
    }
}

/// One of the last few.
fn seq(random: &mut fastrand::Rng, seqs: u64) -> Seq {
    Seq(seqs.saturating_sub(random.u64(0..6)))
}

fn cell(random: &mut fastrand::Rng) -> Cell {
    let scope = [Scope::Plugin, Scope::User("U1".to_owned()), Scope::Shared];
    let plugin = if random.bool() { "memo" } else { "hello" };
    let scope = random.choice(scope).unwrap_or(Scope::Plugin);
    Space::new(plugin, scope).cell(random.u8(0..8).to_string())
}

/// Mostly a number or little, seldom much, so that the file grows.
fn bytes(random: &mut fastrand::Rng) -> Vec<u8> {
    match random.u8(0..12) {
        0..6 => random.u8(..).to_string().into_bytes(),
        6..9 => vec![random.u8(..); random.usize(0..40)],
        9..11 => vec![random.u8(..); random.usize(0..6_000)],
        _ => vec![random.u8(..); random.usize(0..90_000)],
    }
}

/// All that can be seen of a store, as text.
pub async fn view(store: &dyn Store) -> String {
    let mut text = String::new();
    let mut scan = store.scan(None).await.unwrap();
    loop {
        let page = scan.next(1000).await.unwrap();
        if page.is_empty() {
            break;
        }
        for (cell, entry) in page {
            let digest = (entry.value.len(), entry.value.first().copied());
            let Entry {
                version, expires_ms, ..
            } = entry;
            writeln!(text, "{cell:?} version: {version:?} {expires_ms:?} {digest:?}").unwrap();
        }
    }
    for filed in store.records(Which::All, None, u32::MAX).await.unwrap() {
        let record = filed.record;
        let body = (record.body.len(), record.body.first().copied());
        writeln!(text, "{} {} {body:?} {:?}", record.seq, record.identity, filed.end).unwrap();
        for (call, known) in store.all_effects(record.seq).await.unwrap() {
            let answer = match known.answer {
                Answer::Written(answer) => format!("{answer:?}"),
                Answer::Noted(answer) => answer.len().to_string(),
            };
            let (ordinal, seen) = (known.ordinal, known.seen.len());
            writeln!(text, " {call} {ordinal} {:?} {seen} {answer}", known.fingerprint).unwrap();
        }
    }
    for which in [Which::Open, Which::Failed] {
        let some = store.records(which, None, u32::MAX).await.unwrap();
        let some: Vec<_> = some.iter().map(|filed| filed.record.seq.0).collect();
        writeln!(text, "{which:?} {some:?}").unwrap();
    }
    // Not since when: of a reopened record that is made up.
    let known = store.identities(0).await.unwrap();
    let known: Vec<_> = known.into_iter().map(|known| known.identity).collect();
    writeln!(text, "{known:?} {:?}", store.fact_list("").await.unwrap()).unwrap();
    text
}
