//! Bodies of requests, as far as they are wanted.

use super::refusal;
use crate::settings::shortened;
use axum::body::{Body, HttpBody};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// In how long a body has to be there.
pub const TIME: Duration = Duration::from_secs(30);
/// How long nothing of it may come.
const PAUSE: Duration = Duration::from_secs(10);

/// How many bytes of all bodies together are kept while they are read: nobody knows yet who sends them. Twice what the
/// connections of one source come to at the usual limit of 1 MiB, so that one alone keeps nobody out.
pub const TOGETHER: usize = 256 << 20;

static ROOM: Room = Room::new(TOGETHER);

/// What bodies that are being read may take together.
#[derive(Debug)]
struct Room {
    held: AtomicUsize,
    most: usize,
}

/// What one body takes of it.
struct Share<'a> {
    room: &'a Room,
    bytes: usize,
}

impl Room {
    const fn new(most: usize) -> Self {
        Self {
            held: AtomicUsize::new(0),
            most,
        }
    }
}

impl Share<'_> {
    /// Takes room for more; whether there is any. What is larger than all of the room has it alone.
    fn grow(&mut self, bytes: usize) -> bool {
        let own = self.bytes;
        let grown = self
            .room
            .held
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                let after = held.saturating_add(bytes);
                (after <= self.room.most || held == own).then_some(after)
            });
        if grown.is_ok() {
            self.bytes += bytes;
        }
        grown.is_ok()
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.room.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Reads a body; `each` is given its parts as they come. What says that it is larger than `limit` is refused unread.
///
/// # Errors
/// The refusal: it is too large (413), too slow (408), breaks off (400), or too much is being read already (503).
pub async fn read(body: Body, limit: u64, each: impl FnMut(&[u8])) -> Result<Vec<u8>, Response> {
    read_in(&ROOM, body, limit, each).await
}

async fn read_in(room: &Room, body: Body, limit: u64, mut each: impl FnMut(&[u8])) -> Result<Vec<u8>, Response> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut share = Share { room, bytes: 0 };
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(last(StatusCode::PAYLOAD_TOO_LARGE));
    }
    // Room for what is there, not for what is promised.
    let mut whole = Vec::with_capacity(announced.min(64 << 10));
    let mut body = body;
    let pause = shortened("MOA_TEST_HTTP_SECONDS", PAUSE);
    let reading = async {
        loop {
            let frame = match tokio::time::timeout(pause, body.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(_))) => return Err(last(StatusCode::BAD_REQUEST)),
                Ok(None) => return Ok(whole),
                Err(_) => return Err(last(StatusCode::REQUEST_TIMEOUT)),
            };
            let Ok(part) = frame.into_data() else { continue };
            if whole.len().saturating_add(part.len()) > limit {
                return Err(last(StatusCode::PAYLOAD_TOO_LARGE));
            }
            if !share.grow(part.len()) {
                let mut response = last(StatusCode::SERVICE_UNAVAILABLE);
                let seconds = HeaderValue::from_static("10");
                response.headers_mut().insert(header::RETRY_AFTER, seconds);
                return Err(response);
            }
            each(&part);
            whole.extend_from_slice(&part);
        }
    };
    match tokio::time::timeout(shortened("MOA_TEST_HTTP_SECONDS", TIME), reading).await {
        Ok(read) => read,
        Err(_) => Err(last(StatusCode::REQUEST_TIMEOUT)),
    }
}

/// A refusal after which the connection ends: what is still to come of the body is not worth reading.
fn last(status: StatusCode) -> Response {
    let mut response = refusal(status);
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    /// A body that comes when the test says so.
    fn coming() -> (mpsc::UnboundedSender<Vec<u8>>, Body) {
        let (send, receive) = mpsc::unbounded_channel::<Vec<u8>>();
        let parts = futures_util::stream::unfold(receive, |mut receive| async move {
            let part = receive.recv().await?;
            Some((Ok::<_, std::io::Error>(part), receive))
        });
        (send, Body::from_stream(parts))
    }

    #[tokio::test]
    async fn bodies_that_are_read_at_once_are_bounded_together() {
        static SMALL: Room = Room::new(100);
        let read = |body| read_in(&SMALL, body, 1_000, |_| {});
        let (send, body) = coming();
        send.send(vec![0; 60]).unwrap();
        let first = tokio::spawn(read(body));
        while SMALL.held.load(Ordering::Relaxed) < 60 {
            tokio::task::yield_now().await;
        }
        // Beside the first there is no room for this, though it is allowed.
        let refused = read(Body::from(vec![0; 41])).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.headers().contains_key(header::RETRY_AFTER));
        assert_eq!(refused.headers()[header::CONNECTION], "close");
        assert_eq!(read(Body::from(vec![0; 40])).await.unwrap().len(), 40);
        // What was refused, read or given up gives its room back.
        assert_eq!(SMALL.held.load(Ordering::Relaxed), 60);
        drop(send);
        assert_eq!(first.await.unwrap().unwrap().len(), 60);
        assert_eq!(SMALL.held.load(Ordering::Relaxed), 0);
        // Alone it may be as large as it may be.
        assert_eq!(read(Body::from(vec![0; 900])).await.unwrap().len(), 900);
        let (send, body) = coming();
        send.send(vec![0; 60]).unwrap();
        let given_up = tokio::time::timeout(Duration::from_millis(50), read(body)).await;
        assert!(given_up.is_err() && SMALL.held.load(Ordering::Relaxed) == 0);
    }
}
