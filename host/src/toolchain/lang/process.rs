//! Running a tool: its words are told as they come, and the last of them kept for an error.

use super::Job;
use crate::toolchain::diagnostic::without_colours;
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

/// Lines of a tool's own words that an error shows.
const LAST_WORDS: usize = 30;

/// How a tool ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) success: bool,
    /// The last lines on its standard error, without colours.
    pub(super) words: String,
}

/// A tool that begins in `folder`, reads nothing, and ends when nobody waits for it any more.
pub(super) fn command(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs a tool to its end. Each line on standard output goes to `each`; those on standard error are progress.
///
/// # Errors
/// When it can't be started.
pub(super) async fn run(job: &Job<'_>, mut command: Command, each: impl FnMut(String)) -> std::io::Result<Ended> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut words = VecDeque::new();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let output = each_line(stdout, each);
    let errors = each_line(stderr, |line| {
        job.say(&line);
        if words.len() == LAST_WORDS {
            words.pop_front();
        }
        words.push_back(without_colours(&line));
    });
    let (output, errors, status) = tokio::join!(output, errors, child.wait());
    output.and(errors)?;
    let success = status?.success();
    let words = words.into_iter().collect::<Vec<_>>().join("\n");
    Ok(Ended { success, words })
}

async fn each_line(from: Option<impl AsyncRead + Unpin>, mut each: impl FnMut(String)) -> std::io::Result<()> {
    let Some(from) = from else { return Ok(()) };
    let mut lines = BufReader::new(from).split(b'\n');
    while let Some(line) = lines.next_segment().await? {
        each(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned());
    }
    Ok(())
}
