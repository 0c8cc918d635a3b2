//! The body of a response: decompressed, bounded, without secrets, as it comes in.

use crate::error::Error;
use crate::redact::{Redactor, Stream};
use bytes::Bytes;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use std::io::{self, Write};
use tokio::time::Instant;

/// What a body may be packed with; the client says so in each request.
pub(crate) const ENCODINGS: &str = "gzip, deflate";

/// What came out of a decoder and was not taken yet. Takes no more than is allowed.
#[derive(Debug)]
struct Sink {
    bytes: Vec<u8>,
    /// How many more may come.
    left: usize,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self
            .left
            .checked_sub(bytes.len())
            .ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
enum Decoder {
    Plain(Sink),
    Gzip(Box<MultiGzDecoder<Sink>>),
    /// What servers call deflate is either of two things; the first byte tells.
    Deflate(Option<Sink>),
    Zlib(Box<ZlibDecoder<Sink>>),
    Raw(Box<DeflateDecoder<Sink>>),
}

impl Decoder {
    fn new(encoding: Option<&str>, limit: usize) -> Self {
        let sink = Sink {
            bytes: Vec::new(),
            left: limit,
        };
        match encoding {
            Some("gzip" | "x-gzip") => Self::Gzip(Box::new(MultiGzDecoder::new(sink))),
            Some("deflate") => Self::Deflate(Some(sink)),
            _ => Self::Plain(sink),
        }
    }

    fn push(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        if let (Self::Deflate(sink), [first, ..]) = (&mut *self, bytes)
            && let Some(sink) = sink.take()
        {
            *self = match first & 0x0f == 8 && first >> 4 <= 7 {
                true => Self::Zlib(Box::new(ZlibDecoder::new(sink))),
                false => Self::Raw(Box::new(DeflateDecoder::new(sink))),
            };
        }
        let sink = match self {
            Self::Plain(sink) => {
                sink.write_all(bytes)?;
                sink
            }
            Self::Gzip(decoder) => {
                decoder.write_all(bytes)?;
                decoder.flush()?;
                decoder.get_mut()
            }
            Self::Zlib(decoder) => {
                decoder.write_all(bytes)?;
                decoder.flush()?;
                decoder.get_mut()
            }
            Self::Raw(decoder) => {
                decoder.write_all(bytes)?;
                decoder.flush()?;
                decoder.get_mut()
            }
            Self::Deflate(_) => return Ok(Vec::new()),
        };
        Ok(std::mem::take(&mut sink.bytes))
    }

    fn finish(&mut self) -> io::Result<Vec<u8>> {
        let sink = match self {
            Self::Plain(sink) => sink,
            Self::Gzip(decoder) => {
                decoder.try_finish()?;
                decoder.get_mut()
            }
            Self::Zlib(decoder) => {
                decoder.try_finish()?;
                decoder.get_mut()
            }
            Self::Raw(decoder) => {
                decoder.try_finish()?;
                decoder.get_mut()
            }
            Self::Deflate(_) => return Ok(Vec::new()),
        };
        Ok(std::mem::take(&mut sink.bytes))
    }
}

/// Whether a body that is packed so can be unpacked.
pub(crate) fn is_known(encoding: &str) -> bool {
    matches!(encoding, "gzip" | "x-gzip" | "deflate")
}

/// What a body is held to, and what is told where it does not come.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// How many bytes are taken, unpacked.
    pub(crate) limit: usize,
    pub(crate) deadline: Instant,
    /// Who answers.
    pub(crate) host: String,
    /// The status, where the request may have changed something.
    pub(crate) taken: Option<u16>,
}

impl Bounds {
    /// Why the body is not there. A program must not take that for a request that was not done.
    fn told(&self, error: Error) -> Error {
        match self.taken {
            Some(status) => Error::Uncertain(format!("{error}; the request itself was answered with HTTP {status}")),
            None => error,
        }
    }
}

/// A response's body. It is to be read to its end: only then is it whole.
#[derive(Debug)]
pub struct Body {
    /// What was there from the beginning.
    ready: Option<Bytes>,
    incoming: Option<Incoming>,
    decoder: Decoder,
    /// Whether anything came: nothing at all is not packed either.
    fed: bool,
    redact: Stream,
    bounds: Bounds,
    /// What has to live as long: the connection, the plugin's turn.
    _with: Box<dyn std::any::Any + Send + Sync>,
}

impl Body {
    pub(crate) fn new(
        incoming: Incoming,
        encoding: Option<&str>,
        redactor: &Redactor,
        bounds: Bounds,
        with: Box<dyn std::any::Any + Send + Sync>,
    ) -> Self {
        Self {
            ready: None,
            incoming: Some(incoming),
            decoder: Decoder::new(encoding, bounds.limit),
            fed: false,
            redact: redactor.stream(),
            bounds,
            _with: with,
        }
    }

    /// One that is there already.
    pub fn of(bytes: impl Into<Bytes>) -> Self {
        Self {
            ready: Some(bytes.into()),
            incoming: None,
            decoder: Decoder::new(None, 0),
            fed: false,
            redact: Redactor::default().stream(),
            bounds: Bounds {
                limit: 0,
                deadline: Instant::now(),
                host: String::new(),
                taken: None,
            },
            _with: Box::new(()),
        }
    }

    /// The next bytes; `None` at the end. A body that was cut off ends as an error.
    ///
    /// # Errors
    /// It is too long, cannot be read, or does not come in time. Where the request may have changed something, each of
    /// these is [`Error::Uncertain`].
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let next = self.piece().await;
        next.map_err(|error| self.bounds.told(error))
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(ready) = self.ready.take().filter(|ready| !ready.is_empty()) {
            return Ok(Some(ready));
        }
        loop {
            let Some(incoming) = &mut self.incoming else {
                return Ok(None);
            };
            let frame = tokio::time::timeout_at(self.bounds.deadline, incoming.frame()).await;
            let frame =
                frame.map_err(|_| Error::Unavailable(format!("`{}` did not answer in time", self.bounds.host)))?;
            let bytes = match frame {
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else {
                        continue;
                    };
                    self.fed |= !data.is_empty();
                    let bytes = self.decoder.push(&data);
                    let bytes = bytes.map_err(|error| self.unpacked(&error))?;
                    self.redact.push(bytes)
                }
                Some(Err(error)) => {
                    let host = &self.bounds.host;
                    return Err(Error::Unavailable(format!("`{host}` broke its answer off: {error}")));
                }
                None => {
                    let rest = match self.fed {
                        true => self.decoder.finish().map_err(|error| self.unpacked(&error))?,
                        false => Vec::new(),
                    };
                    self.incoming = None;
                    let mut bytes = self.redact.push(rest);
                    bytes.extend(self.redact.finish());
                    bytes
                }
            };
            if !bytes.is_empty() {
                return Ok(Some(bytes.into()));
            }
        }
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`Body::next`].
    pub async fn all(mut self) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        while let Some(bytes) = self.next().await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }

    fn unpacked(&self, error: &io::Error) -> Error {
        let Bounds { host, limit, .. } = &self.bounds;
        match error.kind() {
            io::ErrorKind::FileTooLarge => Error::OverLimit(format!("`{host}` answers with more than {limit} bytes")),
            _ => Error::Unavailable(format!("what `{host}` answers cannot be unpacked: {error}")),
        }
    }
}
