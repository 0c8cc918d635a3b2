//! Random lives: whatever is asked for in whatever order, every backend answers like the one in memory.

use crate::*;

#[path = "../support/deeds.rs"]
mod deeds;

contract![random_lives_are_like_those_in_memory];

/// Versions are every backend's own; so is when it removes an entry that nobody sees any more.
fn without_its_own(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::new();
    while let Some(at) = ["version: \"", "current: Some(\"", "entries: "]
        .iter()
        .filter_map(|mark| rest.find(mark).map(|at| at + mark.len()))
        .min()
    {
        let (before, after) = rest.split_at(at);
        plain.push_str(before);
        rest = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
    }
    plain + rest
}

async fn random_lives_are_like_those_in_memory(House { store, clock, .. }: House) {
    // Among others one in which a record is opened again whose identity is forgotten.
    let seed = std::env::var("MOA_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(205);
    let mut random = fastrand::Rng::with_seed(seed);
    let model_clock = Arc::new(ManualClock::at(START));
    let model = MemoryStore::new(Arc::clone(&model_clock));
    let mut seqs = 0;
    for n in 0..400 {
        let deed = deeds::any(&mut random, seqs, moa_store::Clock::now_ms(&clock));
        let expected = deed.clone().done_to(&model).await;
        seqs += u64::from(expected.contains("New("));
        let done = deed.clone().done_to(&*store).await;
        assert_eq!(without_its_own(&done), without_its_own(&expected), "{n}: {deed:?}");
        if n % 5 == 0 {
            // What comes to disk by itself does so before time goes on.
            settle(&*store).await;
            settle(&model).await;
            let (seen, expected) = (deeds::view(&*store).await, deeds::view(&model).await);
            for (seen, expected) in seen.lines().zip(expected.lines()) {
                assert_eq!(without_its_own(seen), without_its_own(expected), "after {n} deeds");
            }
            assert_eq!(seen.lines().count(), expected.lines().count(), "after {n} deeds");
            let passed = [0, 3, 20, DAY / 2];
            let passed = random.choice(passed).unwrap();
            // Back would show again what one backend has removed and the other not yet.
            let jump = random.choice([0, 0, DAY]).unwrap();
            for clock in [&clock, &model_clock] {
                clock.advance(passed);
                clock.jump(jump);
            }
        }
    }
}
