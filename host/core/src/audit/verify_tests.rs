//! Whatever one does to a log, it shows; and a log to which nobody did anything shows nothing.

use super::super::{Entry, What};
use super::*;

type File = (String, Vec<u8>);

/// A log of a few files, and its end.
fn log(random: &mut fastrand::Rng) -> (Vec<File>, Head) {
    let mut head = Head::NONE;
    let mut files: Vec<File> = Vec::new();
    for _ in 0..random.usize(2..5) {
        let mut bytes = Vec::new();
        for _ in 0..random.usize(2..8) {
            let entry = Entry::own(What::Command, Outcome::Done)
                .command("deploy", &["now"])
                .free("text", "한글 \"quoted\"\n".repeat(random.usize(0..3)))
                .because("because");
            let mut line = Vec::new();
            head.chain("2026-11-21T00:00:00.000Z".into(), entry, &mut line).unwrap();
            bytes.extend(line);
        }
        files.push((format!("file {}", files.len() + 1), bytes));
    }
    (files, head)
}

fn verify(files: &[File], removed: Head, head: Option<Head>) -> Result<(Whole, bool), Broken> {
    let mut verifier = Verifier::new(removed, head);
    let mut torn = false;
    for (at, (name, bytes)) in files.iter().enumerate() {
        torn |= verifier.file(name, bytes, at + 1 == files.len())?;
    }
    verifier.finish().map(|whole| (whole, torn))
}

/// All lines with their newlines, and in which file they stand.
fn lines(files: &[File]) -> Vec<(usize, Vec<u8>)> {
    let of = |(at, (_, bytes)): (usize, &File)| {
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        lines.map(move |line| (at, line.to_vec())).collect::<Vec<_>>()
    };
    files.iter().enumerate().flat_map(of).collect()
}

fn joined(files: &[File], lines: &[(usize, Vec<u8>)]) -> Vec<File> {
    let of = |(at, (name, _)): (usize, &File)| {
        let own = lines.iter().filter(|(file, _)| *file == at);
        (name.clone(), own.flat_map(|(_, line)| line.clone()).collect())
    };
    files.iter().enumerate().map(of).collect()
}

/// The number of the line that is named as the first bad one.
fn named(broken: &Broken) -> u64 {
    match broken {
        Broken::NoLine { expected, .. } | Broken::Number { expected, .. } => *expected,
        Broken::Changed { seq, .. } => *seq,
        Broken::End { from, .. } => *from,
    }
}

/// Does one thing to a log. What was done, and the number of the first line that is not what it was.
fn damage(random: &mut fastrand::Rng, files: &mut Vec<File>) -> (String, usize) {
    let mut all = lines(files);
    let (one, other) = (random.usize(..all.len()), random.usize(..all.len()));
    match random.u32(..8) {
        0 => {
            all.remove(one);
            *files = joined(files, &all);
            (format!("line {} removed", one + 1), one + 1)
        }
        1 => {
            let at = random.usize(..all[one].1.len());
            let was = all[one].1[at];
            all[one].1[at] = was ^ random.u8(1..);
            let what = format!("byte {at} of line {} changed from {was} to {}", one + 1, all[one].1[at]);
            *files = joined(files, &all);
            (what, one + 1)
        }
        2 if one != other => {
            let (a, b) = (all[one].1.clone(), all[other].1.clone());
            (all[one].1, all[other].1) = (b, a);
            *files = joined(files, &all);
            (
                format!("lines {} and {} swapped", one + 1, other + 1),
                one.min(other) + 1,
            )
        }
        3 => {
            let doubled = (all[other].0, all[one].1.clone());
            all.insert(other, doubled);
            *files = joined(files, &all);
            // Beside itself the second of the two is the one too many.
            let first = if one == other { other + 2 } else { other + 1 };
            (format!("line {} doubled before line {}", one + 1, other + 1), first)
        }
        4 => {
            let whole = all[one].1.len();
            let left = random.usize(1..whole);
            all[one].1.truncate(left);
            if random.bool() && left < whole - 1 {
                all[one].1.push(b'\n');
            }
            *files = joined(files, &all);
            (format!("line {} cut after {left} bytes", one + 1), one + 1)
        }
        5 => {
            let gone = random.usize(..files.len());
            files.remove(gone);
            let first = all.iter().position(|(file, _)| *file == gone).unwrap();
            (format!("file {} removed", gone + 1), first + 1)
        }
        6 => {
            let (from, to) = (random.usize(..files.len()), random.usize(..=files.len()));
            files.insert(to, files[from].clone());
            let first = all
                .iter()
                .position(|(file, _)| *file == to.max(from + usize::from(to == from)));
            let first = if to == from {
                first
            } else {
                all.iter().position(|(file, _)| *file == to)
            };
            (
                format!("file {} doubled before file {}", from + 1, to + 1),
                first.unwrap_or(all.len()) + 1,
            )
        }
        _ => {
            let last = random.usize(..all.len());
            all.truncate(last);
            *files = joined(files, &all);
            (format!("all from line {} on removed", last + 1), last + 1)
        }
    }
}

#[test]
fn whatever_is_done_to_a_log_is_found_and_nothing_else_is() {
    for seed in 0..2_000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut files, head) = log(&mut random);
        let (whole, torn) = verify(&files, Head::NONE, Some(head)).unwrap_or_else(|broken| panic!("{seed}: {broken}"));
        assert_eq!((whole.last, whole.lines, torn), (head, head.seq, false));
        let (what, first) = damage(&mut random, &mut files);
        match verify(&files, Head::NONE, Some(head)) {
            Ok(_) => panic!("seed {seed}: {what}: not found"),
            Err(broken) => assert_eq!(named(&broken), first as u64, "seed {seed}: {what}: {broken}"),
        }
    }
}

#[test]
fn up_to_the_end_that_is_known_everything_is_found() {
    for seed in 0..1_000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut files, _) = log(&mut random);
        let all = lines(&files);
        let known = random.usize(..all.len());
        let line = &all[known].1;
        let known = Head {
            seq: known as u64 + 1,
            hash: Hash::of(&line[..line.len() - 1]),
        };
        verify(&files, Head::NONE, Some(known)).unwrap();
        let (what, first) = damage(&mut random, &mut files);
        if first as u64 <= known.seq {
            assert!(verify(&files, Head::NONE, Some(known)).is_err(), "seed {seed}: {what}");
        }
    }
}

#[test]
fn a_host_that_ended_in_the_middle_of_a_line_did_no_harm() {
    let mut random = fastrand::Rng::with_seed(1);
    let (mut files, head) = log(&mut random);
    files.last_mut().unwrap().1.extend(br#"{"seq":"#);
    let (whole, torn) = verify(&files, Head::NONE, Some(head)).unwrap();
    assert_eq!((whole.last, torn), (head, true));
    // But not where the line is known to have been written.
    let further = Head {
        seq: head.seq + 1,
        hash: Hash::of(b"x"),
    };
    let broken = verify(&files, Head::NONE, Some(further)).unwrap_err();
    assert!(
        matches!(broken, Broken::NoLine { expected, .. } if expected == head.seq + 1),
        "{broken}"
    );
}

#[test]
fn old_files_that_were_removed_by_the_host_are_not_missed() {
    let mut random = fastrand::Rng::with_seed(2);
    let (mut files, head) = log(&mut random);
    let old = lines(&files[..1]);
    let last = &old.last().unwrap().1;
    let removed = Head {
        seq: old.len() as u64,
        hash: Hash::of(&last[..last.len() - 1]),
    };
    // The host may have ended before it removed them.
    verify(&files, removed, Some(head)).unwrap();
    let first = files.remove(0);
    verify(&files, removed, Some(head)).unwrap();
    verify(&files, Head::NONE, Some(head)).unwrap_err();
    let other = Head {
        hash: Hash::of(b"x"),
        ..removed
    };
    assert!(matches!(verify(&files, other, Some(head)), Err(Broken::Changed { .. })));
    files.remove(0);
    verify(&files, removed, Some(head)).unwrap_err();
    let (whole, _) = verify(&[first], Head::NONE, None).unwrap();
    assert_eq!(whole.last, removed, "whose end nobody knows");
    assert_eq!(verify(&[], Head::NONE, None).unwrap().0, Whole::default());
    let broken = verify(&[], removed, Some(head)).unwrap_err();
    assert_eq!(
        broken,
        Broken::End {
            from: removed.seq + 1,
            to: head.seq
        }
    );
}

#[test]
fn from_a_line_on_the_rest_can_be_verified_alone() {
    let mut random = fastrand::Rng::with_seed(3);
    let (mut files, head) = log(&mut random);
    let at = files[0].1.iter().position(|byte| *byte == b'b').unwrap();
    files[0].1[at] = b'B';
    verify(&files, Head::NONE, Some(head)).unwrap_err();
    let rest = lines(&files[..1]).len() as u64 + 1;
    let from = |seq| {
        let mut verifier = Verifier::from(seq, Some(head));
        for (name, bytes) in &files {
            verifier.file(name, bytes, false)?;
        }
        verifier.finish()
    };
    assert_eq!(from(rest).unwrap().lines, head.seq + 1 - rest);
    from(2).unwrap();
    from(1).unwrap_err();
    assert_eq!(from(head.seq + 1).unwrap().lines, 0);
}
