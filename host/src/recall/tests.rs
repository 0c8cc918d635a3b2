//! Given again in order, stopped where it differs, and no more kept than may be.

use super::*;
use crate::testing::begun;
use moa_core::call::CapError;
use moa_engine::Entry;

const NOW: SystemTime = SystemTime::UNIX_EPOCH;

fn at(seconds: u64) -> SystemTime {
    NOW + Duration::from_secs(seconds)
}

fn first() -> Recall {
    Recall::first(begun("memo"), "v1".into(), at(100))
}

fn get(key: &str) -> Print {
    Print::of(Function::BrainGet).text(key).done()
}

fn set(key: &str) -> Print {
    Print::of(Function::BrainSet).text(key).done()
}

fn entry(value: &[u8]) -> CapResult<Option<Entry>> {
    Ok(Some(Entry {
        value: value.to_vec(),
        version: "1".into(),
        expires: None,
    }))
}

/// The effect that the store would record now.
fn effect(recall: &Recall, ordinal: u32, print: &Print) -> Recorded {
    let recorded = Recorded {
        ordinal,
        fingerprint: print.bytes().to_vec(),
        by: recall.by().to_owned(),
        seen: recall.seen(),
        answer: Answer::Written(Ok(Vec::new())),
    };
    recall.recorded();
    recorded
}

fn again(recorded: Vec<Recorded>) -> Recall {
    Recall::again(Past::read(recorded).unwrap().unwrap(), at(0))
}

/// Reads twice, asks for the time and chance, writes; reads, writes.
fn run() -> Vec<Recorded> {
    let recall = first();
    let ordinals = Ordinals::default();
    assert!(matches!(recall.ask(&get("a"), &ordinals), Step::New));
    recall.saw(&get("a"), &entry(b"one"));
    assert_eq!(recall.now(|| at(200)), at(200));
    recall.random(&mut [0; 4], |buffer| buffer.copy_from_slice(&[1, 2, 3, 4]));
    let one = effect(&recall, 0, &set("a"));
    recall.saw::<Option<Entry>>(&get("b"), &Err(CapError::Unavailable("gone".into())));
    let two = effect(&recall, 1, &set("b"));
    vec![one, two]
}

#[test]
fn a_rerun_is_given_what_the_first_run_got_and_goes_on_from_there() {
    let recorded = run();
    let past = Past::read(recorded.clone()).unwrap().unwrap();
    assert_eq!((past.begun, past.by.as_str()), (begun("memo"), "v1"));
    let recall = again(recorded);
    let ordinals = Ordinals::default();
    let Step::Saw(bytes) = recall.ask(&get("a"), &ordinals) else {
        panic!("it was read before")
    };
    assert_eq!(Kept::give(&bytes), Some(entry(b"one")));
    assert_eq!(recall.now(|| panic!("the clock is not asked")), at(200));
    let mut random = [0; 4];
    recall.random(&mut random, |_| panic!("chance is not asked"));
    assert_eq!(random, [1, 2, 3, 4]);
    assert!(matches!(recall.ask(&set("a"), &ordinals), Step::Did(_)));
    assert!(matches!(recall.ask(&get("b"), &ordinals), Step::Saw(_)));
    assert!(matches!(recall.ask(&set("b"), &ordinals), Step::Did(_)));
    assert_eq!(ordinals.coming(), 1, "the caller counts how many it took");
    // From here on it is as any other call, in a time that goes on.
    assert!(matches!(recall.ask(&get("a"), &ordinals), Step::New));
    assert_eq!(recall.now(|| at(150)), at(200), "the clock was set back meanwhile");
    assert_eq!(recall.now(|| at(300)), at(300));
    assert_eq!(recall.ended(), None);
    // And what it is given from here on is kept for the run after.
    let third = effect(&recall, 2, &set("c"));
    let mut all = run();
    all.push(third);
    assert_eq!(Past::read(all).unwrap().unwrap().events.len(), 9);
}

#[test]
fn another_call_than_the_first_runs_stops_it_for_good() {
    let differs = |asked: &[Print]| {
        let recall = again(run());
        let ordinals = Ordinals::default();
        for print in asked {
            recall.ask(print, &ordinals);
        }
        assert!(matches!(recall.ask(&get("a"), &ordinals), Step::Stop));
        let Some(Stop::Diverged(why)) = recall.stopped() else {
            panic!("it was not stopped")
        };
        assert_eq!(recall.ended(), Some(Stop::Diverged(why.clone())));
        why
    };
    let why = differs(&[set("a")]);
    assert!(
        why.contains("effect 0, `brain.set`") && why.contains("`brain.get` there"),
        "{why}"
    );
    let why = differs(&[get("a"), get("a")]);
    assert!(
        why.contains("`brain.get`") && why.contains("`system.now` there"),
        "{why}"
    );
}

#[test]
fn what_ends_before_it_did_all_that_the_first_run_did_diverged() {
    let recall = again(run());
    let Some(Stop::Diverged(why)) = recall.ended() else {
        panic!("it left out two effects")
    };
    assert!(why.contains("effect 0") && why.contains("came to its end"), "{why}");
}

#[test]
fn the_steady_clock_goes_on_where_it_was() {
    let recall = first();
    let mut then = recall.elapsed();
    while then < Duration::from_millis(30) {
        std::thread::sleep(Duration::from_millis(5));
        then = recall.elapsed();
    }
    let recall = again(vec![effect(&recall, 0, &set("a"))]);
    let mut now = recall.elapsed();
    while now != then {
        now = recall.elapsed();
    }
    recall.ask(&set("a"), &Ordinals::default());
    assert!(recall.elapsed() >= then);
}

#[test]
fn what_is_too_much_is_not_kept_and_met_anew() {
    let recall = first();
    let large = vec![7; 1 << 20];
    for _ in 0..6 {
        recall.saw(&get("large"), &entry(&large));
    }
    // A refusal counts also then: a rerun must not do what was refused.
    recall.saw::<()>(&set("denied"), &Err(CapError::AccessDenied("no".into())));
    recall.saw(&get("large"), &entry(&large));
    assert!(recall.seen().len() < LIMIT + 10_000);
    let recall = again(vec![effect(&recall, 0, &set("a"))]);
    let ordinals = Ordinals::default();
    for _ in 0..3 {
        assert!(matches!(recall.ask(&get("large"), &ordinals), Step::Saw(_)));
    }
    for _ in 0..3 {
        assert!(matches!(recall.ask(&get("large"), &ordinals), Step::New));
    }
    assert!(matches!(recall.ask(&set("denied"), &ordinals), Step::Saw(_)));
    assert!(matches!(recall.ask(&get("large"), &ordinals), Step::New));
    assert!(matches!(recall.ask(&set("a"), &ordinals), Step::Did(_)));
    assert!(recall.seen().len() < 10, "what is given between is not recorded twice");

    // Where it leads to something else it is not guessed.
    let recall = first();
    for _ in 0..6 {
        recall.saw(&get("large"), &entry(&large));
    }
    let recall = again(vec![effect(&recall, 0, &set("a"))]);
    for _ in 0..6 {
        recall.ask(&get("large"), &ordinals);
    }
    assert!(matches!(recall.ask(&set("b"), &ordinals), Step::Stop));
}

#[test]
fn what_another_moa_recorded_is_not_guessed() {
    let [one, two] = <[Recorded; 2]>::try_from(run()).unwrap();
    assert_eq!(Past::read(Vec::new()), Ok(None));
    for seen in [Vec::new(), vec![9], one.seen[..20].to_vec(), two.seen.clone()] {
        let strange = Recorded { seen, ..one.clone() };
        let error = Past::read(vec![strange]).unwrap_err().to_string();
        assert!(error.contains("effect 0"), "{error}");
    }
    let old = Recorded {
        fingerprint: vec![1; 32],
        ..one
    };
    assert!(Past::read(vec![old]).is_err());
}
