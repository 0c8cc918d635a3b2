//! Whether a request began to leave: what broke before can be tried again, what broke after may have been done.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const CLOSED: u8 = 2;

/// Whether a request began to leave. It is settled once: one that was closed before its first byte never begins, whatever
/// its connection still tries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Begun(Arc<AtomicU8>);

impl Begun {
    /// About to write; whether that is still allowed.
    fn begin(&self) -> bool {
        self.settle(BEGUN) == BEGUN
    }

    /// Nothing is to be sent any more; whether something may have been.
    pub(crate) fn close(&self) -> bool {
        self.settle(CLOSED) == BEGUN
    }

    fn settle(&self, to: u8) -> u8 {
        let settled = self.0.compare_exchange(WAITING, to, Ordering::SeqCst, Ordering::SeqCst);
        settled.map_or_else(|earlier| earlier, |_| to)
    }
}

/// A connection that has nothing to do but to take one request. Whatever is handed over to be written counts as sent: how
/// much of it left the machine before it broke, nobody knows.
pub(crate) struct Watched<T> {
    wire: T,
    begun: Begun,
}

impl<T> Watched<T> {
    pub(crate) fn new(wire: T, begun: Begun) -> Self {
        Self { wire, begun }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_read(cx, to)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !self.begun.begin() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.wire).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.begun.begin() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.wire).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn what_was_closed_first_sends_nothing() {
        let (wire, mut other) = tokio::io::duplex(64);
        let begun = Begun::default();
        let mut watched = Watched::new(wire, begun.clone());
        assert!(!begun.close());
        let error = watched.write_all(b"POST").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        drop(watched);
        let mut seen = Vec::new();
        other.read_to_end(&mut seen).await.unwrap();
        assert!(seen.is_empty() && !begun.close());
    }

    #[tokio::test]
    async fn what_was_written_stays_begun() {
        let (wire, _other) = tokio::io::duplex(64);
        let begun = Begun::default();
        Watched::new(wire, begun.clone()).write_all(b"P").await.unwrap();
        assert!(begun.close() && begun.close());
        // Also where the other side is gone.
        let (wire, other) = tokio::io::duplex(64);
        drop(other);
        let begun = Begun::default();
        assert!(Watched::new(wire, begun.clone()).write_all(b"P").await.is_err());
        assert!(begun.close());
    }
}
