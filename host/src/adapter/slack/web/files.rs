//! The content of files: bytes to and from addresses that the Web API names.
//!
//! An upload address is a secret by itself, so no token is sent there. Downloads need the bot token, which goes to Slack
//! alone, and nowhere that an answer redirects to.

use super::{CallError, FIRST_PAUSE, LONGEST_PAUSE, Web, api, retry_after, transport};
use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Response, StatusCode, Url};
use std::time::Duration;
use tokio::time::Instant;

/// From the first byte to the last.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long it is tried in all.
const PATIENCE: Duration = Duration::from_secs(60);

impl Web {
    /// Puts a file's content to an upload address. May be repeated: nobody sees it before the upload is completed.
    pub async fn put(&self, url: &str, content: Bytes) -> Result<(), CallError> {
        let Some(url) = self.base.check_response_url(url) else {
            return Err(api("bad_upload_url".into()));
        };
        let mut tries = Tries::new();
        loop {
            match self.put_once(url.clone(), content.clone()).await {
                Err(error) => tries.after(error).await?,
                done => return done,
            }
        }
    }

    async fn put_once(&self, url: Url, content: Bytes) -> Result<(), CallError> {
        let request = self.http.post(url).timeout(TIMEOUT).body(content);
        let request = request.header(CONTENT_TYPE, "application/octet-stream");
        let response = request.send().await.map_err(|e| broken(&e))?;
        match status(&response)? {
            status if status.is_success() => Ok(()),
            StatusCode::PAYLOAD_TOO_LARGE => Err(api("too_large".into())),
            _ => Err(api("upload_refused".into())),
        }
    }

    /// A file's content; `None` where there is none. `html` is whether it may be a web page: in place of a file that the
    /// app must not read Slack may answer with its page for signing in.
    pub async fn fetch(&self, url: &str, limit: usize, html: bool) -> Result<Option<Vec<u8>>, CallError> {
        let Some(url) = self.base.check_file_url(url) else {
            return Err(api("bad_file_url".into()));
        };
        let mut tries = Tries::new();
        loop {
            match self.fetch_once(url.clone(), limit, html).await {
                Err(error) => tries.after(error).await?,
                done => return done,
            }
        }
    }

    async fn fetch_once(&self, url: Url, limit: usize, html: bool) -> Result<Option<Vec<u8>>, CallError> {
        let request = self.http.get(url).timeout(TIMEOUT);
        let request = request.header(AUTHORIZATION, self.bot.clone());
        let response = request.send().await.map_err(|e| broken(&e))?;
        let kind = response.headers().get(CONTENT_TYPE);
        let page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        match status(&response)? {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            status if status.is_success() && (html || !page) => content(response, limit).await.map(Some),
            _ => Err(api("file_not_accessible".into())),
        }
    }
}

/// The status, where it is not one that passes.
fn status(response: &Response) -> Result<StatusCode, CallError> {
    match response.status() {
        StatusCode::TOO_MANY_REQUESTS => Err(CallError::RateLimited(retry_after(response))),
        status if status.is_server_error() => Err(CallError::ServerFailed(format!(
            "Slack's file store answered HTTP {}",
            status.as_u16()
        ))),
        status => Ok(status),
    }
}

async fn content(mut response: Response, limit: usize) -> Result<Vec<u8>, CallError> {
    let too_large = || api("too_large".into());
    let announced = response.content_length().unwrap_or_default();
    if usize::try_from(announced).map_or(true, |length| length > limit) {
        return Err(too_large());
    }
    let mut content = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| broken(&e))? {
        if content.len() + chunk.len() > limit {
            return Err(too_large());
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content.into())
}

fn broken(error: &reqwest::Error) -> CallError {
    match transport(error) {
        CallError::Unclear(_) if error.is_timeout() => {
            CallError::Unclear(format!("Slack's file store took longer than {} s", TIMEOUT.as_secs()))
        }
        error => error,
    }
}

/// How often something that may be repeated is tried.
struct Tries {
    give_up: Instant,
    pause: Duration,
}

impl Tries {
    fn new() -> Self {
        Self {
            give_up: Instant::now() + PATIENCE,
            pause: FIRST_PAUSE,
        }
    }

    /// Waits for the next attempt, or says why there is none.
    async fn after(&mut self, error: CallError) -> Result<(), CallError> {
        let wait = match &error {
            CallError::Fatal(_) | CallError::Api { .. } => return Err(error),
            CallError::RateLimited(wait) => *wait,
            CallError::NotDone(_) | CallError::ServerFailed(_) | CallError::Unclear(_) => self.pause,
        };
        if Instant::now() + wait > self.give_up {
            return Err(match error {
                // Neither way leaves anything behind that somebody could see.
                CallError::Unclear(reason) => CallError::NotDone(reason),
                error => error,
            });
        }
        tracing::debug!(?error, "the transfer of a file failed and is tried again");
        tokio::time::sleep(wait).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}
