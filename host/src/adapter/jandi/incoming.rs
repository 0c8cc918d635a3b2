//! JANDI's incoming webhooks: the way to say something later, or by oneself.

use super::super::SendError;
use super::super::webhook::{Address, Answer, Poster, Windows};
use moa_core::jandi::Body;
use serde::Deserialize;
use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The header that JANDI demands.
const ACCEPT: &str = "application/vnd.tosslab.jandi-v2+json";
/// What JANDI is said to take, less some: 60 messages a minute and 500 in ten.
const RULES: [(usize, Duration); 2] = [(55, Duration::from_secs(60)), (480, Duration::from_secs(600))];
/// Where JANDI asks to wait and does not say how long.
const RETRY_AFTER: Duration = Duration::from_secs(10);
/// The longest that it is waited at a word of JANDI's.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(600);

/// An incoming webhook.
#[derive(Debug)]
pub struct Target {
    address: Address,
    pace: Mutex<Windows>,
}

/// What JANDI says of an error.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    code: Value,
    msg: Value,
    data: Value,
}

impl Target {
    /// The webhook at an address.
    pub fn new(address: Address) -> Self {
        Self {
            address,
            pace: Mutex::new(Windows::new(&RULES)),
        }
    }

    /// Its address.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Posts a message.
    ///
    /// # Errors
    /// As [`Adapter::send`](super::super::Adapter::send).
    pub async fn post(&self, poster: &Poster, body: &Body) -> Result<(), SendError> {
        let taken = {
            let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
            pace.take(Instant::now())
        };
        taken.map_err(|retry_after| SendError::RateLimited { retry_after })?;
        let answer = poster.post(&self.address, "application/json", Some(ACCEPT), body.json());
        read(&answer.await?)
    }
}

/// What an answer means. JANDI documents none of its errors; these were seen.
fn read(answer: &Answer) -> Result<(), SendError> {
    let said: Said = serde_json::from_str(&answer.body).unwrap_or_default();
    let code = said.code.as_u64().unwrap_or_default();
    let refused = |code: String, explanation: String| Err(SendError::Refused { code, explanation });
    match (answer.status, code) {
        (429, _) | (_, 42900) => {
            let seconds = answer.retry_after.as_deref().and_then(|text| text.trim().parse().ok());
            let retry_after = seconds.map_or(RETRY_AFTER, Duration::from_secs).min(LONGEST_RETRY_AFTER);
            Err(SendError::RateLimited { retry_after })
        }
        (200..=299, 0..40_000) => Ok(()),
        (500..=599, _) => Err(SendError::Temporary {
            reason: format!("JANDI answers HTTP {}", answer.status),
        }),
        (_, 40051) | (401 | 403 | 404 | 410, _) => refused(
            "bad_webhook".into(),
            "JANDI does not know the address of this incoming webhook, or it was switched off: copy it once more from JANDI Connect".into(),
        ),
        (_, 40000..50_000) => {
            let path = said.data.pointer("/errors/path").or_else(|| said.data.pointer("/errors/0/path"));
            let at = path.map(|path| format!(" (at {path})")).unwrap_or_default();
            let why = said.msg.as_str().map(|msg| format!(": {msg}")).unwrap_or_default();
            refused(format!("jandi_{code}"), format!("JANDI does not take the message{at}{why}"))
        }
        (status, _) => refused(
            format!("http_{status}"),
            "JANDI does not take the message, and does not say why".into(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<(), SendError> {
        read(&Answer {
            status,
            retry_after: None,
            body: body.into(),
        })
    }

    #[test]
    fn answers_are_read() {
        for body in ["", "{}", "{\"code\": 200}", "<html>fine</html>"] {
            assert_eq!(answer(200, body), Ok(()), "{body}");
        }
        for (status, body, says) in [
            (400, "{\"code\":40051,\"msg\":\"Invalid token\"}", "copy it once more"),
            (200, "{\"code\":40051}", "copy it once more"),
            (403, "<html>no</html>", "copy it once more"),
            (
                400,
                "{\"code\":40000,\"msg\":\"bad\",\"data\":{\"errors\":{\"path\":\"body\"}}}",
                "(at \"body\"): bad",
            ),
            (
                400,
                "{\"code\":40000,\"data\":{\"errors\":[{\"path\":\"body\"}]}}",
                "(at \"body\")",
            ),
            (418, "teapot", "http_418"),
        ] {
            let Err(error @ SendError::Refused { .. }) = answer(status, body) else {
                panic!("{status} {body}")
            };
            assert!(error.to_string().contains(says), "{error}");
        }
        for (status, body) in [(429, ""), (400, "{\"code\":42900}"), (200, "{\"code\":42900}")] {
            assert_eq!(
                answer(status, body),
                Err(SendError::RateLimited {
                    retry_after: RETRY_AFTER
                })
            );
        }
        assert!(matches!(answer(502, "<html>"), Err(SendError::Temporary { .. })));
        let wait = read(&Answer {
            status: 429,
            retry_after: Some("3".into()),
            body: String::new(),
        });
        assert_eq!(
            wait,
            Err(SendError::RateLimited {
                retry_after: Duration::from_secs(3)
            })
        );
    }
}
