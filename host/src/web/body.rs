//! Bodies of requests, as far as they are wanted.

use super::refusal;
use crate::settings::shortened;
use axum::body::{Body, HttpBody};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use std::time::Duration;

/// In how long a body has to be there.
pub const TIME: Duration = Duration::from_secs(30);
/// How long nothing of it may come.
const PAUSE: Duration = Duration::from_secs(10);

/// Reads a body; `each` is given its parts as they come. What says that it is larger than `limit` is refused unread.
///
/// # Errors
/// The refusal: it is too large (413), too slow (408), or breaks off (400).
pub async fn read(body: Body, limit: u64, mut each: impl FnMut(&[u8])) -> Result<Vec<u8>, Response> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
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
