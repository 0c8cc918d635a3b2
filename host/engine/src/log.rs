//! A plugin's log: what it says by the contract's `log` and by its language's standard output and error.

use crate::capability::{Level, System};
use bytes::Bytes;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError};

/// A line of standard output that is longer is taken as several.
const LINE: usize = 8 << 10;
/// A line counts at least this much: the host writes when it was and of whom, however short it is.
const LEAST: u64 = 64;
/// How much of what it said last is kept for the case that it ends itself.
const LAST_WORDS: usize = 2 << 10;

/// One call's log, shared with its standard streams.
pub(crate) struct Log {
    system: Arc<dyn System>,
    lines: Mutex<Lines>,
}

struct Lines {
    left: u64,
    full: bool,
    out: Vec<u8>,
    err: Vec<u8>,
    last_words: String,
}

impl Log {
    pub(crate) fn new(system: Arc<dyn System>, bytes: u64) -> Arc<Self> {
        Arc::new(Self {
            system,
            lines: Mutex::new(Lines {
                left: bytes,
                full: false,
                out: Vec::new(),
                err: Vec::new(),
                last_words: String::new(),
            }),
        })
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One line by the contract.
    pub(crate) fn line(&self, level: Level, text: &str) {
        self.put(&mut self.lines(), level, text);
    }

    /// Passes on what is left without a line's end.
    pub(crate) fn finish(&self) {
        let lines = &mut *self.lines();
        for level in [Level::Info, Level::Error] {
            let rest = std::mem::take(lines.buffer(level));
            if !rest.is_empty() {
                self.put(lines, level, &String::from_utf8_lossy(&rest));
            }
        }
    }

    /// What it said last as errors, cut down to the reason; `None` if it said nothing.
    pub(crate) fn last_words(&self) -> Option<String> {
        reason(&self.lines().last_words)
    }

    fn put(&self, lines: &mut Lines, level: Level, text: &str) {
        let text = text.trim_end();
        if text.is_empty() || lines.full {
            return;
        }
        if level == Level::Error {
            lines.remember(text);
        }
        match lines.left.checked_sub((text.len() as u64).max(LEAST)) {
            Some(left) => {
                lines.left = left;
                self.system.log(level, text);
            }
            None => {
                lines.full = true;
                self.system
                    .log(Level::Warn, "the log of this call is full; what follows is dropped");
            }
        }
    }

    fn write(&self, level: Level, bytes: &[u8]) {
        let lines = &mut *self.lines();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let buffer = lines.buffer(level);
            buffer.extend_from_slice(piece);
            if piece.ends_with(b"\n") || buffer.len() >= LINE {
                let line = std::mem::take(buffer);
                self.put(lines, level, &String::from_utf8_lossy(&line));
            }
        }
    }
}

impl Lines {
    fn buffer(&mut self, level: Level) -> &mut Vec<u8> {
        match level {
            Level::Error => &mut self.err,
            _ => &mut self.out,
        }
    }

    fn remember(&mut self, text: &str) {
        self.last_words.push_str(text);
        self.last_words.push('\n');
        if self.last_words.len() > LAST_WORDS {
            let mut cut = self.last_words.len() - LAST_WORDS;
            while !self.last_words.is_char_boundary(cut) {
                cut += 1;
            }
            self.last_words.drain(..cut);
        }
    }
}

/// The reason in what a language says as it ends: Rust's and Go's panics stand before notes and stack traces, in others
/// (Python, C's assert) the last line says most.
fn reason(text: &str) -> Option<String> {
    let rust = text
        .rfind("panicked at ")
        .and_then(|at| text.get(at + "panicked at ".len()..));
    let lines = |text: &str| {
        text.lines()
            .take_while(|line| !line.starts_with("note: ") && !line.starts_with("goroutine "))
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let said = if let Some(rust) = rust {
        lines(rust)
    } else if let Some((_, go)) = ["panic: ", "fatal error: "]
        .iter()
        .filter_map(|mark| text.rsplit_once(mark))
        .max_by_key(|(before, _)| before.len())
    {
        lines(go)
    } else {
        text.lines().map(str::trim).rfind(|line| !line.is_empty())?.to_owned()
    };
    (!said.is_empty()).then_some(said)
}

/// Standard output (info) or standard error (error) of a call.
pub(crate) struct Standard {
    log: Arc<Log>,
    level: Level,
}

impl Standard {
    pub(crate) fn new(log: Arc<Log>, level: Level) -> Self {
        Self { log, level }
    }

    fn again(&self) -> Self {
        Self::new(self.log.clone(), self.level)
    }
}

impl IsTerminal for Standard {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Standard {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.again())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.again())
    }
}

impl OutputStream for Standard {
    fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        self.log.write(self.level, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        Ok(64 << 10)
    }
}

#[async_trait]
impl Pollable for Standard {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Standard {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        self.log.write(self.level, bytes);
        std::task::Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[derive(Default)]
    struct Kept(Mutex<Vec<(Level, String)>>);

    impl System for Kept {
        fn config(&self) -> String {
            "{}".into()
        }
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH
        }
        fn elapsed(&self) -> std::time::Duration {
            std::time::Duration::ZERO
        }
        fn random(&self, _: &mut [u8]) {}
        fn log(&self, level: Level, text: &str) {
            self.0.lock().unwrap().push((level, text.into()));
        }
    }

    #[test]
    fn streams_are_cut_into_lines_and_the_rest_comes_at_the_end() {
        let kept = Arc::new(Kept::default());
        let log = Log::new(kept.clone(), 4 * LEAST);
        log.write(Level::Info, b"one\ntw");
        log.write(Level::Error, b"bad");
        log.write(Level::Info, b"o\n\n\xff");
        log.finish();
        let lines: Vec<_> = kept.0.lock().unwrap().drain(..).collect();
        let expected = [
            (Level::Info, "one"),
            (Level::Info, "two"),
            (Level::Info, "\u{fffd}"),
            (Level::Error, "bad"),
        ];
        assert_eq!(lines, expected.map(|(level, text)| (level, text.to_owned())));
    }

    #[test]
    fn a_full_log_is_noted_once_and_still_tells_the_reason() {
        let kept = Arc::new(Kept::default());
        let log = Log::new(kept.clone(), LEAST);
        log.line(Level::Info, "short");
        log.line(Level::Error, "boom");
        log.line(Level::Info, "more");
        let lines = kept.0.lock().unwrap();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1].0, Level::Warn);
        assert_eq!(log.last_words().as_deref(), Some("boom"));
    }

    #[test]
    fn reasons_are_found_in_what_languages_say() {
        for (said, expected) in [
            (
                "thread 'main' (1) panicked at src/lib.rs:1:2:\nboom\nnote: run with `RUST_BACKTRACE=1`\n",
                Some("src/lib.rs:1:2: boom"),
            ),
            (
                "panic: index out of range\n\ngoroutine 1 [running]:\nmain.f()\n",
                Some("index out of range"),
            ),
            (
                "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive]:\nmain.f()\n",
                Some("all goroutines are asleep - deadlock!"),
            ),
            (
                "panic: first\n\ngoroutine 1 [running]:\nmain.f()\nfatal error: second\n\ngoroutine 1 [running]:\n",
                Some("second"),
            ),
            (
                "Traceback (most recent call last):\n  File \"app.py\"\nKeyError: 'x'\n",
                Some("KeyError: 'x'"),
            ),
            ("  \n", None),
        ] {
            assert_eq!(reason(said).as_deref(), expected, "{said}");
        }
    }

    #[test]
    fn last_words_are_kept_short_at_a_character() {
        let log = Log::new(Arc::new(Kept::default()), 1 << 20);
        log.line(Level::Error, &"가".repeat(LAST_WORDS));
        assert!(log.lines().last_words.len() <= LAST_WORDS);
    }
}
