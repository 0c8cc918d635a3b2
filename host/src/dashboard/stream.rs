//! The live log: lines as server-sent events, as many as somebody can read.

use super::ask::Asks;
use super::pages::log::Wanted;
use super::session::{Session, Sessions};
use crate::control::pipe::LineReader;
use crate::logs::LogLine;
use axum::body::Body;
use bytes::Bytes;
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How long lines are gathered before they are sent together.
const GATHER: Duration = Duration::from_millis(150);
/// How often something is sent where nothing happens, so that who went away is noticed.
const BEAT: Duration = Duration::from_secs(15);
/// Lines that are sent at once; of more, the latest.
const MOST: usize = 200;

/// A few lines, the oldest first.
#[derive(Serialize)]
struct Batch<'a> {
    /// How many were left out before them.
    skipped: usize,
    lines: &'a [LogLine],
}

struct Following {
    reader: LineReader,
    session: Arc<Session>,
    sessions: Arc<Sessions>,
    ended: watch::Receiver<bool>,
    begun: bool,
}

/// The lines that are wanted, as they come; until the session ends.
pub async fn stream(
    asks: &Asks,
    wanted: &Wanted,
    session: Arc<Session>,
    sessions: &Arc<Sessions>,
) -> Result<Body, super::ask::Problem> {
    let reader = asks.follow(&wanted.request(true)).await?;
    let following = Following {
        reader,
        ended: session.ended(),
        sessions: Arc::clone(sessions),
        session,
        begun: false,
    };
    let chunks = futures_util::stream::unfold(following, |mut following| async move {
        let chunk = following.next().await?;
        Some((Ok::<_, Infallible>(chunk), following))
    });
    Ok(Body::from_stream(chunks))
}

impl Following {
    /// What is to be sent next; nothing at the end.
    async fn next(&mut self) -> Option<Bytes> {
        // Whoever only looks leaves the session alone, and its time may be over.
        self.sessions.sweep();
        if !self.begun {
            self.begun = true;
            // What the browser shows from before is replaced by what comes now.
            return Some(Bytes::from_static(b"retry: 2000\nevent: begin\ndata: {}\n\n"));
        }
        let (mut lines, mut skipped) = (Vec::new(), 0);
        let mut until = Instant::now() + BEAT;
        loop {
            tokio::select! {
                biased;
                _ = self.ended.wait_for(|ended| *ended) => return None,
                () = tokio::time::sleep_until(until) => break,
                line = self.reader.next() => {
                    let Ok(Some(line)) = line else {
                        // What is there is sent, and the next look finds the end again.
                        if lines.is_empty() {
                            return None;
                        }
                        break;
                    };
                    let Ok(line) = serde_json::from_slice::<LogLine>(&line) else { continue };
                    if lines.is_empty() {
                        until = until.min(Instant::now() + GATHER);
                    }
                    lines.push(line);
                    if lines.len() > MOST * 2 {
                        lines.drain(..MOST);
                        skipped += MOST;
                    }
                }
            }
        }
        if lines.is_empty() {
            return Some(Bytes::from_static(b": still here\n\n"));
        }
        let extra = lines.len().saturating_sub(MOST);
        lines.drain(..extra);
        let batch = Batch {
            skipped: skipped + extra,
            lines: &lines,
        };
        // JSON has no line ends in it.
        let text = serde_json::to_string(&batch).unwrap_or_default();
        Some(format!("event: lines\ndata: {text}\n\n").into())
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        tracing::debug!(session = %self.session.name, "somebody looks at the live log no more");
    }
}
