//! An equal hog: a program that takes as much of the processors as the corpus took, by as many threads, at the same time.
//!
//! While the corpus is at work the processor time of the host is looked at every 50 ms: that of each of the guests' threads,
//! that of the rest of the host, and that of its children, which compile at low priority. What the bystander's own commands
//! cost (measured beside the hog) is taken off. The hog plays it back: for each of those threads one of its own that
//! computes, in each 50 ms, until it has had as much; what it does not get in time it goes on to ask for, as the corpus did.
//! So the two are equal in what they take, in how many threads ask for it, and in when.

use crate::process::Process;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// How often is looked.
const SLICE: Duration = Duration::from_millis(50);
/// The priority of the host's children.
const NICE: libc::c_int = 10;
/// After its trace is over, what a hog still has to take; it is told that it was not enough where it does not suffice.
const GRACE: Duration = Duration::from_secs(2);

/// What was taken within 50 ms, in seconds of processor time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// By each thread: those of the guests, and one for all others.
    pub threads: Vec<f64>,
    /// At low priority.
    pub nice: f64,
}

/// Looks at the host while something is done.
pub struct Sampler {
    stop: Arc<AtomicBool>,
    task: JoinHandle<anyhow::Result<Vec<Slice>>>,
}

impl Sampler {
    /// Begins. Each command that is `answered` costs the host so many seconds that are not counted.
    pub fn start(process: u32, answered: Arc<AtomicU64>, cost: f64) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&stop);
        let mut last = Reading::of(process)?;
        let task = tokio::spawn(async move {
            let (mut slices, mut commands, mut debt) = (Vec::new(), answered.load(Ordering::Relaxed), 0.0);
            let mut every = tokio::time::interval(SLICE);
            every.tick().await;
            while !over.load(Ordering::Relaxed) {
                every.tick().await;
                let (reading, now) = (Reading::of(process)?, answered.load(Ordering::Relaxed));
                let own = now.saturating_sub(commands) as f64 * cost + debt;
                let (slice, left) = reading.since(&last, own);
                slices.push(slice);
                (last, commands, debt) = (reading, now, left);
            }
            Ok(slices)
        });
        Ok(Self { stop, task })
    }

    /// Ends it.
    pub async fn stop(self) -> anyhow::Result<Vec<Slice>> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await?
    }
}

/// Processor time so far, in seconds.
#[derive(Clone, Debug, Default)]
struct Reading {
    guests: Vec<f64>,
    others: f64,
    children: f64,
}

impl Reading {
    fn of(process: u32) -> anyhow::Result<Self> {
        let mut reading = Self::default();
        for task in fs::read_dir(format!("/proc/{process}/task"))? {
            let task = task?.path();
            // A thread may end meanwhile; what it took is not much.
            let (Ok(name), Ok(times)) = (
                fs::read_to_string(task.join("comm")),
                fs::read_to_string(task.join("schedstat")),
            ) else {
                continue;
            };
            let nanos: u64 = times
                .split_whitespace()
                .next()
                .context("no times of a thread")?
                .parse()?;
            let seconds = Duration::from_nanos(nanos).as_secs_f64();
            if name.trim() == "moa-guest" {
                reading.guests.push(seconds);
            } else {
                reading.others += seconds;
            }
        }
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        let (_, fields) = stat.rsplit_once(')').context("no process statistics")?;
        let ticks = fields.split_whitespace().skip(13).take(2);
        let ticks: f64 = ticks.filter_map(|time| time.parse::<f64>().ok()).sum();
        // SAFETY: no memory is involved.
        reading.children = ticks / unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as f64;
        Ok(reading)
    }

    /// What was taken since, without `own`; and how much of that is still to be taken off.
    fn since(&self, last: &Self, own: f64) -> (Slice, f64) {
        let mut threads: Vec<f64> = self
            .guests
            .iter()
            .zip(&last.guests)
            .map(|(now, then)| (now - then).max(0.0))
            .collect();
        // The bystander's calls hardly ever reach the guests' threads: they are over before.
        threads.push((self.others - last.others).max(0.0));
        let mut left = own;
        for thread in threads.iter_mut().rev() {
            let off = left.min(*thread);
            *thread -= off;
            left -= off;
        }
        let slice = Slice {
            threads,
            nice: (self.children - last.children).max(0.0),
        };
        (slice, left)
    }
}

/// Runs a hog in a process of its own for so many slices; the seconds of processor time that it took, and took at low
/// priority.
pub async fn beside(trace: &Path, slices: usize) -> anyhow::Result<(f64, f64)> {
    let taken = trace.with_extension("taken");
    let mut command = Command::new(std::env::current_exe()?);
    let _process = Process::start(command.arg("hog").arg(trace).arg(&taken))?;
    tokio::time::sleep(SLICE * u32::try_from(slices)?).await;
    let begun = Instant::now();
    while begun.elapsed() < GRACE * 2 {
        if let Ok(text) = fs::read_to_string(&taken)
            && let Ok(taken) = serde_json::from_str(&text)
        {
            return Ok(taken);
        }
        tokio::time::sleep(SLICE).await;
    }
    bail!("the hog does not end")
}

/// What the hog does: plays the trace of one file, and writes to the other what it took.
pub fn play(trace: &Path, taken: &Path) -> anyhow::Result<()> {
    let slices: Vec<Slice> = serde_json::from_slice(&fs::read(trace)?).context("the trace cannot be read")?;
    let _ = fs::remove_file(taken);
    let width = slices.iter().map(|slice| slice.threads.len()).max().unwrap_or_default();
    let begun = Instant::now();
    let mut threads = Vec::new();
    for which in 0..width {
        let wanted = |slice: &Slice| slice.threads.get(which).copied().unwrap_or_default();
        let wanted: Vec<f64> = slices.iter().map(wanted).collect();
        threads.push(thread::spawn(move || burn(&wanted, begun)));
    }
    let nicely: Vec<f64> = slices.iter().map(|slice| slice.nice).collect();
    let nicely = thread::spawn(move || {
        // SAFETY: takes plain numbers; on Linux it is this thread alone whose priority changes.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
        burn(&nicely, begun)
    });
    let mut busy = 0.0;
    for thread in threads {
        busy += thread.join().unwrap_or_default();
    }
    let partial = taken.with_extension("partial");
    fs::write(
        &partial,
        serde_json::to_vec(&(busy, nicely.join().unwrap_or_default()))?,
    )?;
    Ok(fs::rename(partial, taken)?)
}

/// Takes what is wanted in each slice; the seconds that it got.
fn burn(wanted: &[f64], begun: Instant) -> f64 {
    let end = begun + SLICE * u32::try_from(wanted.len()).unwrap_or(u32::MAX) + GRACE;
    let mut owed = 0.0;
    for (slice, wanted) in (0..).zip(wanted) {
        owed += wanted;
        let next = begun + SLICE * (slice + 1);
        while cpu() < owed && Instant::now() < next {
            compute();
        }
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    while cpu() < owed && Instant::now() < end {
        compute();
    }
    cpu()
}

/// Some ten microseconds of work.
fn compute() {
    let mut number = 1_u64;
    for _ in 0..10_000 {
        number = black_box(number.wrapping_mul(3));
    }
}

/// The processor time of this thread, in seconds.
fn cpu() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place to write to.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_bystander_costs_is_taken_off_what_is_not_the_guests_first() {
        let reading = |guests: [f64; 2], others, children| Reading {
            guests: guests.into(),
            others,
            children,
        };
        let (slice, left) = reading([1.5, 3.25], 5.5, 2.0).since(&reading([1.0, 3.0], 5.0, 1.0), 0.625);
        assert_eq!((slice.threads, slice.nice, left), (vec![0.5, 0.125, 0.0], 1.0, 0.0));
        let (slice, left) = reading([1.0, 0.0], 1.0, 0.0).since(&reading([1.0, 0.0], 0.5, 0.0), 0.75);
        assert_eq!((slice.threads, left), (vec![0.0, 0.0, 0.0], 0.25));
    }

    #[test]
    fn a_hog_takes_what_it_is_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let (trace, taken) = (folder.path().join("trace"), folder.path().join("taken"));
        let slice = Slice {
            threads: vec![0.01, 0.0],
            nice: 0.005,
        };
        fs::write(&trace, serde_json::to_vec(&vec![slice; 4]).unwrap()).unwrap();
        play(&trace, &taken).unwrap();
        let (busy, nicely): (f64, f64) = serde_json::from_slice(&fs::read(taken).unwrap()).unwrap();
        assert!(busy >= 0.04 && nicely >= 0.02, "{busy} s, {nicely} s");
    }
}
