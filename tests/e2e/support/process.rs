//! Processes of the `moa` binary.

use super::{DEADLINE, GLANCE};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A command line of the binary under test, free of whatever `MOA_` and `SLACK_` variables the tests run with.
pub fn moa(dir: &Path) -> Command {
    clean(dir, Command::new(MOA))
}

/// The same, run by another program that is given it as its last arguments.
pub fn moa_within(dir: &Path, by: &[String]) -> Command {
    let (program, arguments) = by.split_first().unwrap();
    let mut command = Command::new(program);
    command.args(arguments).arg(MOA);
    clean(dir, command)
}

const MOA: &str = env!("CARGO_BIN_EXE_moa");

fn clean(dir: &Path, mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("MOA_") || text.starts_with("SLACK_") {
            command.env_remove(&name);
        }
    }
    command
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What a process wrote, line by line as it comes, from both of its streams.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn follow(&self, stream: impl Read + Send + 'static) {
        let lines = Arc::clone(&self.0);
        std::thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                lines.lock().unwrap().push(String::from_utf8_lossy(&line).into_owned());
            }
        });
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// All lines so far as one text.
    pub fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// Waits for a line, from number `from` on, that holds all of `words`.
    pub async fn wait_for(&self, from: usize, words: &[&str]) -> String {
        self.wait_long_for(from, words, DEADLINE).await
    }

    /// The same for what may take long.
    pub async fn wait_long_for(&self, from: usize, words: &[&str], deadline: Duration) -> String {
        let begun = Instant::now();
        loop {
            let lines = self.lines();
            let fits = |line: &&String| words.iter().all(|word| line.contains(word));
            if let Some(line) = lines.iter().skip(from).find(fits) {
                return line.clone();
            }
            assert!(
                begun.elapsed() < deadline,
                "waited {} s in vain for a line with {words:?}",
                deadline.as_secs()
            );
            tokio::time::sleep(GLANCE).await;
        }
    }
}

/// A process that goes on until it is ended; at the latest when this is dropped.
pub struct Running {
    child: Child,
    pub log: Log,
}

impl Running {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        Self::logging(command, Log::default())
    }

    /// Starts it with a log that has lines already.
    pub fn logging(command: &mut Command, log: Log) -> Self {
        let mut child = command.spawn().unwrap();
        log.follow(child.stdout.take().unwrap());
        log.follow(child.stderr.take().unwrap());
        Self { child, log }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended.
    pub fn is_up(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: i32) {
        let id = i32::try_from(self.child.id()).unwrap();
        // SAFETY: no memory is involved; the child is ours and not waited for yet, so its id is its own.
        let done = unsafe { libc::kill(id, signal) };
        assert_eq!(done, 0, "the process is gone already:\n{}", self.log.text());
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it ends by itself.
    pub async fn end(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            if begun.elapsed() > DEADLINE {
                self.kill();
                panic!(
                    "the process did not end in {} s; it wrote:\n{}",
                    DEADLINE.as_secs(),
                    self.log.text()
                );
            }
            tokio::time::sleep(GLANCE).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be gone, and then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the process wrote:\n{}\n---", self.log.text());
        }
    }
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a process to its end.
pub async fn finish(command: &mut Command) -> Ended {
    finish_within(command, DEADLINE).await
}

/// Runs a process to its end, which may take long.
pub async fn finish_within(command: &mut Command, deadline: Duration) -> Ended {
    let mut child = command.spawn().unwrap();
    let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let read = |mut stream: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let (stdout, stderr) = (read(Box::new(stdout)), read(Box::new(stderr)));
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break Some(status),
            None if begun.elapsed() > deadline => break None,
            None => tokio::time::sleep(GLANCE).await,
        }
    };
    if status.is_none() {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    let Some(status) = status else {
        panic!(
            "the process did not end in {} s; it wrote:\n{stdout}\n{stderr}",
            deadline.as_secs()
        );
    };
    Ended {
        code: status.code(),
        stdout,
        stderr,
    }
}
