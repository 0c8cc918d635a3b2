//! Child processes, and what the system says of them.

use anyhow::{Context, bail};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a bot may take to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process that is ended at the latest when this is dropped.
pub struct Process(Child);

impl Process {
    /// Starts it.
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("{} does not start", command.get_program().display()))?;
        Ok(Self(child))
    }

    /// Starts it and reads the first line that it prints.
    pub fn start_and_hear(command: &mut Command) -> anyhow::Result<(Self, String)> {
        let mut process = Self::start(command.stdout(Stdio::piped()))?;
        let output = process.0.stdout.take().context("a process without output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        Ok((process, line))
    }

    /// Asks it to stop and waits until it has.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let id = i32::try_from(self.0.id())?;
        // SAFETY: no memory is involved; the child is ours and not waited for yet, so its id is its own.
        unsafe { libc::kill(id, libc::SIGTERM) };
        let begun = Instant::now();
        while self.0.try_wait()?.is_none() {
            if begun.elapsed() > PATIENCE {
                bail!("a bot did not end in {} s", PATIENCE.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Processor time so far, in seconds.
    pub fn cpu(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        // The name before the last `)` may hold anything; user and system time are the 12th and 13th field behind it.
        let (_, fields) = stat.rsplit_once(')').context("no process statistics")?;
        let times = fields.split_whitespace().skip(11).take(2);
        let ticks: f64 = times.filter_map(|time| time.parse::<f64>().ok()).sum();
        // SAFETY: no memory is involved.
        let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
        Ok(ticks / per_second as f64)
    }

    /// Memory that it holds now (`VmRSS`), in MB (a million bytes).
    pub fn memory(&self) -> anyhow::Result<f64> {
        self.status("VmRSS:")
    }

    /// That part of it that is its own (`RssAnon`), in MB: not pages of files, which the system can drop at any time and
    /// read again.
    pub fn own_memory(&self) -> anyhow::Result<f64> {
        self.status("RssAnon:")
    }

    /// How many files it has open.
    pub fn open_files(&self) -> anyhow::Result<usize> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.0.id()))?.count())
    }

    /// Whether it has not ended.
    pub fn is_up(&mut self) -> anyhow::Result<bool> {
        Ok(self.0.try_wait()?.is_none())
    }

    fn status(&self, name: &str) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib: f64 = line
            .and_then(|line| line.trim().strip_suffix("kB"))
            .context("no memory statistics")?
            .trim()
            .parse()?;
        Ok(kib * 1024.0 / 1e6)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone, and then there is nothing to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
