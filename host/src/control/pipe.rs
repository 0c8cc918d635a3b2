//! Bodies that are longer than memory: lines out while they are made, lines in while they come.

use super::Fault;
use super::http::{self, Body};
use super::lines::Broken;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use http_body_util::{BodyDataStream, BodyExt};
use hyper::{Response, StatusCode};
use serde::Serialize;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::mpsc;

/// What is gathered before it goes out.
const CHUNK: usize = 64 << 10;
/// Chunks on their way. A reader that is slow holds the writer back, not memory.
const AHEAD: usize = 2;
/// A reader that takes nothing for this long is given up: what is read for it is held open on disk meanwhile.
const STALL: Duration = Duration::from_secs(300);
/// The longest line that is taken, in bytes: one entry.
const LONGEST: usize = 256 << 20;

/// Why a stream ends before its end.
pub(super) enum Ended {
    /// The reader went away; there is nobody to tell.
    Gone,
    /// Something failed.
    Fault(Fault),
}

impl<E: Into<Fault>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

/// Where a stream is written to.
pub(super) struct Pipe {
    to: mpsc::Sender<Bytes>,
    /// What was not sent yet. To be written to, and followed by [`Pipe::pass`].
    pub(super) out: Vec<u8>,
}

impl Pipe {
    /// Sends what is there, if it is enough to be worth it.
    pub(super) async fn pass(&mut self) -> Result<(), Ended> {
        match self.out.len() >= CHUNK {
            true => self.flush().await,
            false => Ok(()),
        }
    }

    /// Sends what is there.
    pub(super) async fn flush(&mut self) -> Result<(), Ended> {
        if self.out.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::take(&mut self.out).into();
        match tokio::time::timeout(STALL, self.to.send(chunk)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Ended::Gone),
        }
    }

    /// Returns when nobody reads any more.
    pub(super) async fn unread(&self) {
        self.to.closed().await;
    }

    /// Adds a line.
    pub(super) fn line(&mut self, line: &impl Serialize) -> Result<(), Ended> {
        serde_json::to_writer(&mut self.out, line)
            .map_err(|error| Fault::new(StatusCode::INTERNAL_SERVER_ERROR, error))?;
        self.out.push(b'\n');
        Ok(())
    }
}

/// An answer of lines that is written while it is read. What fails on the way is told in a last line.
pub(super) fn lines(
    write: impl for<'p> FnOnce(&'p mut Pipe) -> BoxFuture<'p, Result<(), Ended>> + Send + 'static,
) -> Response<Body> {
    let (to, from) = mpsc::channel(AHEAD);
    let mut pipe = Pipe { to, out: Vec::new() };
    tokio::spawn(async move {
        match write(&mut pipe).await {
            Ok(()) => {}
            Err(Ended::Gone) => return,
            Err(Ended::Fault(fault)) => {
                let error = fault.to_string().into();
                // An error text always has a JSON form.
                let _ = pipe.line(&Broken { error });
            }
        }
        let _ = pipe.flush().await;
    });
    let chunks = futures_util::stream::unfold(from, |mut from| async move {
        let chunk = from.recv().await?;
        Some((Ok::<_, Infallible>(chunk), from))
    });
    http::answer(StatusCode::OK, "application/jsonl", http::stream(chunks))
}

/// A body, line by line.
pub struct LineReader {
    from: BodyDataStream<Body>,
    buffer: BytesMut,
    /// How much of the buffer is known to hold no line end.
    searched: usize,
    over: bool,
}

/// Why a body cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The connection broke.
    #[error("the connection ended in the middle: {0}")]
    Broken(String),
    /// A line does not fit into memory.
    #[error("a line is longer than {} MiB, more than any entry is", LONGEST >> 20)]
    TooLong,
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        Self::wrong(error)
    }
}

impl LineReader {
    /// Reads this body.
    pub fn new(body: Body) -> Self {
        Self {
            from: body.into_data_stream(),
            buffer: BytesMut::new(),
            searched: 0,
            over: false,
        }
    }

    /// The next line, without its end; `None` behind the last.
    ///
    /// # Errors
    /// The connection broke, or the line is too long.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ReadError> {
        loop {
            let unsearched = self.buffer.get(self.searched..).unwrap_or_default();
            if let Some(at) = unsearched.iter().position(|byte| *byte == b'\n') {
                let mut line = self.buffer.split_to(self.searched + at + 1).freeze();
                line.truncate(line.len() - 1);
                self.searched = 0;
                return Ok(Some(line));
            }
            self.searched = self.buffer.len();
            if self.over {
                self.searched = 0;
                let rest = self.buffer.split().freeze();
                return Ok(Some(rest).filter(|rest| !rest.is_empty()));
            }
            if self.searched > LONGEST {
                return Err(ReadError::TooLong);
            }
            match self.from.next().await {
                Some(Ok(chunk)) => self.buffer.extend_from_slice(&chunk),
                Some(Err(error)) => return Err(ReadError::Broken(error.to_string())),
                None => self.over = true,
            }
        }
    }

    /// Reads the rest and drops it: whoever still sends would not see the answer otherwise.
    pub async fn drain(&mut self) {
        while let Some(Ok(_)) = self.from.next().await {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_found_however_they_are_cut() {
        let text = "a\n\nbcd\nlast";
        for size in 1..text.len() {
            let chunks: Vec<Result<Bytes, Infallible>> = text
                .as_bytes()
                .chunks(size)
                .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
                .collect();
            let mut reader = LineReader::new(http::stream(futures_util::stream::iter(chunks)));
            let mut lines = Vec::new();
            while let Some(line) = reader.next().await.unwrap() {
                lines.push(String::from_utf8(line.to_vec()).unwrap());
            }
            assert_eq!(lines, ["a", "", "bcd", "last"]);
        }
    }
}
