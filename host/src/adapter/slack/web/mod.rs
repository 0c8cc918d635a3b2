//! Slack's Web API: one HTTP client, typed errors, patience.
//!
//! | what comes back | what is done |
//! |---|---|
//! | HTTP 429, or the error `ratelimited` | the method rests as long as `Retry-After` says: other calls of it wait in line |
//! | the connection could not be made | nothing happened: try again, waiting longer each time |
//! | the connection broke or timed out later, 5xx, `internal_error`, no JSON | it may have happened: calls that may be repeated are, others ask [`Doubt`] first |
//! | `ok: false` | an error, see [`super::explain`] |
//!
//! All waiting of one call together ends with its patience; then the caller gets the error and decides. Tokens are sent
//! as a header and stand in no address, no log line, no error and no `Debug` output.

mod examine;
mod files;
mod gate;

pub use examine::{Examined, examine};

use super::Network;
use super::explain::{self, Token, Whose};
use super::options::{ApiUrl, Secret, SlackOptions};
use super::told::Told;
use crate::adapter::{Fatal, SendError};
use crate::metrics::slack as counted;
use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use gate::{Gates, OVERLAP, Turn};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::Instant;

/// The longest that one call waits in all, for rate limits and between attempts.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// The same for calls that read.
pub const READ_PATIENCE: Duration = Duration::from_secs(20);
/// From the request's first byte to the answer's last.
const TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Answers are cut off here: a page of a conversation's history with 200 long messages stays well below.
const MAX_ANSWER: usize = 8 << 20;
/// Where a rate limit comes without a `Retry-After` that can be read. Slack's own SDK for Python takes the same.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(30);
/// Past this a `Retry-After` is a mistake; clocks do not reach as far as its digits do.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);
/// How often the operator hears of the same refusal in the same conversation.
const TOLD: Duration = Duration::from_secs(600);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// One call.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The method's name, for example `chat.postMessage`.
    pub method: &'static str,
    /// With which token.
    pub token: Token,
    /// The conversation that it is about, if it is about one: for what the operator is told when it is refused.
    pub scope: &'a str,
    /// The arguments.
    pub body: Body,
    /// The longest that it waits in all, for rate limits and between attempts.
    pub patience: Duration,
}

impl<'a> Call<'a> {
    /// A call that writes something, with the bot token.
    pub fn write(method: &'static str, scope: &'a str, arguments: &impl Serialize) -> Self {
        // Maps with text keys always serialise; an empty body would be answered with an error, not with silence.
        let json = serde_json::to_vec(arguments).unwrap_or_default();
        Self {
            method,
            token: Token::Bot,
            scope,
            body: Body::Json(json.into()),
            patience: PATIENCE,
        }
    }

    /// A call that reads something, with the bot token. Reading is less patient: somebody waits for it to go on.
    pub fn read(method: &'static str, arguments: Vec<(&'static str, String)>) -> Self {
        Self {
            method,
            token: Token::Bot,
            scope: "",
            body: Body::Form(arguments),
            patience: READ_PATIENCE,
        }
    }
}

/// Arguments. Methods that write take JSON; methods that read may take only a form.
#[derive(Clone, Debug)]
pub enum Body {
    /// A JSON object, serialised.
    Json(Bytes),
    /// Names and values.
    Form(Vec<(&'static str, String)>),
}

/// Why a call did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The token is refused for good.
    Fatal(Fatal),
    /// Slack said no.
    Api {
        /// Slack's word for it.
        code: String,
        /// The scope that is missing, where that is the reason.
        needed: Option<String>,
        /// About single arguments.
        details: Vec<String>,
    },
    /// Too many calls.
    RateLimited(Duration),
    /// Nothing was done.
    NotDone(String),
    /// Slack's side failed; most likely nothing was done.
    ServerFailed(String),
    /// It may have been done.
    Unclear(String),
}

impl From<CallError> for SendError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Fatal(fatal) => Self::Revoked(fatal),
            CallError::Api { code, needed, details } => explain::refused(&code, needed.as_deref(), &details),
            CallError::RateLimited(retry_after) => Self::RateLimited { retry_after },
            CallError::NotDone(reason) | CallError::ServerFailed(reason) => Self::Temporary { reason },
            CallError::Unclear(reason) => Self::Uncertain { reason },
        }
    }
}

/// What somebody who looked says about a call of which it is unclear whether it was carried out.
pub enum Doubt<T> {
    /// It was; this is what would have been answered.
    Done(T),
    /// It was not.
    NotDone,
    /// There is no way to know.
    Unknown,
}

/// The client.
pub struct Web {
    http: reqwest::Client,
    base: ApiUrl,
    app: HeaderValue,
    bot: HeaderValue,
    gates: Gates,
    told: Told,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// A token cannot be sent at all.
    #[error("{0} holds characters that no token has; copy it again")]
    BadToken(&'static str),
    /// The HTTP library refused.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}

#[derive(Deserialize)]
struct Status {
    ok: bool,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    needed: Option<String>,
    #[serde(default)]
    response_metadata: Option<Metadata>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    messages: Vec<String>,
}

impl Web {
    /// A client for these tokens and this address.
    pub fn new(options: &SlackOptions, base: ApiUrl, network: &Network) -> Result<Self, WebError> {
        let mut tls = rustls::ClientConfig::clone(&network.tls);
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("moa/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .tcp_nodelay(true)
            // A redirected call would lose its token or its body; Slack's API has none.
            .redirect(reqwest::redirect::Policy::none())
            // The library would read the environment by itself, and not quite as the socket does.
            .no_proxy();
        if let Some(proxy) = &network.proxy {
            builder = builder.proxy(proxy.for_http().map_err(WebError::Client)?);
        }
        Ok(Self {
            http: builder
                .build()
                .map_err(|e| WebError::Client(e.without_url().to_string()))?,
            base,
            app: bearer(&options.app_token).ok_or(WebError::BadToken("slack.app-token"))?,
            bot: bearer(&options.bot_token).ok_or(WebError::BadToken("slack.bot-token"))?,
            gates: Gates::default(),
            told: Told::new(TOLD),
        })
    }

    /// The address that calls go to.
    pub fn base(&self) -> &ApiUrl {
        &self.base
    }

    /// A call that may be repeated without harm.
    pub async fn call<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, CallError> {
        self.call_or_look(call, || Box::pin(async { Doubt::NotDone })).await
    }

    /// A call that must not happen twice: where it is unclear whether it did, `look` finds out before it is tried
    /// again. If nobody can know, the call ends as [`CallError::Unclear`], except where the server itself reported its
    /// failure: then it is tried again, for a server that answers with an error has hardly done the work.
    pub async fn call_or_look<'l, T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        look: impl Fn() -> BoxFuture<'l, Doubt<T>>,
    ) -> Result<T, CallError> {
        let give_up = Instant::now() + call.patience;
        let mut pause = FIRST_PAUSE;
        loop {
            let mut turn = match self.gates.enter(call.method, give_up).await {
                Ok(turn) => turn,
                Err(wait) => return Err(CallError::RateLimited(wait)),
            };
            let error = loop {
                let error = match self.in_turn(call, &mut turn).await {
                    Ok(answer) => return Ok(answer),
                    Err(error) => error,
                };
                let CallError::RateLimited(wait) = error else {
                    break error;
                };
                tracing::warn!(
                    method = call.method,
                    seconds = wait.as_secs(),
                    "Slack asks to slow down"
                );
                self.gates.close(call.method, wait);
                turn = match turn {
                    // Still at the head of the line.
                    Some(turn) => match turn.wait(give_up).await {
                        Ok(()) => Some(turn),
                        Err(wait) => return Err(CallError::RateLimited(wait)),
                    },
                    None => match self.gates.enter(call.method, give_up).await {
                        Ok(turn) => turn,
                        Err(wait) => return Err(CallError::RateLimited(wait)),
                    },
                };
            };
            drop(turn);
            self.report(call, &error);
            match &error {
                CallError::Fatal(_) | CallError::Api { .. } | CallError::RateLimited(_) => return Err(error),
                CallError::NotDone(_) => {}
                CallError::ServerFailed(_) | CallError::Unclear(_) => match look().await {
                    Doubt::Done(answer) => return Ok(answer),
                    Doubt::NotDone => {}
                    Doubt::Unknown if matches!(error, CallError::ServerFailed(_)) => {}
                    Doubt::Unknown => return Err(error),
                },
            }
            // Half of it by chance, so that many waiting calls do not come back together.
            let wait = pause.mul_f64(0.5 + fastrand::f64() / 2.0);
            if Instant::now() + wait > give_up {
                // Whoever looked last found it not done.
                return Err(match error {
                    CallError::Unclear(reason) => CallError::NotDone(reason),
                    error => error,
                });
            }
            tracing::debug!(method = call.method, ?error, "a call failed and is tried again");
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// One attempt, with the head of the line where there is one.
    async fn in_turn<T: DeserializeOwned>(&self, call: &Call<'_>, turn: &mut Option<Turn<'_>>) -> Result<T, CallError> {
        let attempt = self.once(call);
        if turn.is_none() {
            return attempt.await;
        }
        let mut attempt = std::pin::pin!(attempt);
        match tokio::time::timeout(OVERLAP, &mut attempt).await {
            Ok(answer) => answer,
            Err(_) => {
                *turn = None;
                attempt.await
            }
        }
    }

    /// Tells the operator of a refusal, once for a cause. Whoever called gets the error and tells the person.
    fn report(&self, call: &Call<'_>, error: &CallError) {
        let CallError::Api { code, needed, details } = error else {
            return;
        };
        let whose = explain::whose(code);
        // To look up what is not there is no mistake.
        let looked_up = matches!(call.body, Body::Form(_)) && code.ends_with("_not_found");
        if whose == Whose::Nobody || looked_up {
            tracing::debug!(method = call.method, conversation = call.scope, code, "Slack refused");
            return;
        }
        let cause = format!("{code} {} {}", needed.as_deref().unwrap_or_default(), call.scope);
        let Some(held_back) = self.told.again(&cause) else {
            return;
        };
        let error = explain::refused(code, needed.as_deref(), details);
        let (method, conversation) = (call.method, call.scope);
        match whose {
            Whose::Operator => tracing::error!(method, conversation, held_back, "{error}"),
            Whose::Author | Whose::Nobody => tracing::warn!(method, conversation, held_back, "{error}"),
        }
    }

    /// How long a method rests, if it does. For callers of [`Web::once`], who wait by themselves.
    pub fn resting(&self, method: &'static str) -> Option<Duration> {
        self.gates.resting(method)
    }

    /// The method rests from now on for so long.
    pub fn rest(&self, method: &'static str, wait: Duration) {
        self.gates.close(method, wait);
    }

    /// One attempt, counted.
    pub async fn once<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, CallError> {
        let begun = Instant::now();
        let done = self.attempt(call).await;
        counted::CALL_TIMES.took(begun.elapsed());
        counted::CALLS.add(match &done {
            Ok(_) => 0,
            Err(CallError::RateLimited(_)) => 1,
            Err(CallError::Api { .. } | CallError::Fatal(_)) => 2,
            Err(CallError::NotDone(_) | CallError::ServerFailed(_)) => 3,
            Err(CallError::Unclear(_)) => 4,
        });
        done
    }

    async fn attempt<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, CallError> {
        let token = match call.token {
            Token::App => &self.app,
            Token::Bot => &self.bot,
        };
        let request = self
            .http
            .post(self.base.method(call.method))
            .header(AUTHORIZATION, token.clone());
        let request = match &call.body {
            Body::Json(json) => json_body(request, json.clone()),
            Body::Form(pairs) => request.form(pairs),
        };
        let response = request.send().await.map_err(|e| transport(&e))?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(CallError::RateLimited(retry_after(&response)));
        }
        if status.is_server_error() {
            return Err(CallError::ServerFailed(format!(
                "{} answered HTTP {}",
                call.method,
                status.as_u16()
            )));
        }
        let wait = retry_after(&response);
        let body = read(response).await?;
        let Ok(answer) = serde_json::from_slice::<Status>(&body) else {
            return Err(if status.is_success() {
                CallError::Unclear(format!("{} answered something that is not Slack's JSON", call.method))
            } else {
                api(format!("http_{}", status.as_u16()))
            });
        };
        if !answer.ok {
            return Err(refusal(answer, call.token, wait));
        }
        serde_json::from_slice(&body)
            .map_err(|e| CallError::Unclear(format!("{} answered without what was asked for: {e}", call.method)))
    }

    /// Answers through a response URL. It may be used 5 times within 30 minutes, needs no token and no membership.
    pub async fn respond(&self, url: &str, json: Bytes) -> Result<(), CallError> {
        let Some(url) = self.base.check_response_url(url) else {
            return Err(api("bad_response_url".into()));
        };
        let give_up = Instant::now() + PATIENCE;
        let mut pause = FIRST_PAUSE;
        loop {
            let (error, wait) = match self.respond_once(url.clone(), json.clone()).await {
                Ok(()) => return Ok(()),
                Err(CallError::RateLimited(wait)) => (CallError::RateLimited(wait), wait),
                Err(error @ (CallError::Api { .. } | CallError::Fatal(_))) => return Err(error),
                Err(error) => (error, pause),
            };
            if Instant::now() + wait > give_up {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn respond_once(&self, url: reqwest::Url, json: Bytes) -> Result<(), CallError> {
        let response = json_body(self.http.post(url), json)
            .send()
            .await
            .map_err(|e| transport(&e))?;
        match response.status() {
            status if status.is_success() => {
                // `ok` as text, or JSON that may hold an error.
                let body = read(response).await?;
                match serde_json::from_slice::<Status>(&body) {
                    Ok(Status { ok: false, error, .. }) => Err(api(error.unwrap_or_else(|| "unknown".into()))),
                    _ => Ok(()),
                }
            }
            StatusCode::TOO_MANY_REQUESTS => Err(CallError::RateLimited(retry_after(&response))),
            status if status.is_server_error() => Err(CallError::ServerFailed(format!(
                "the response URL answered HTTP {}",
                status.as_u16()
            ))),
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(api("expired_url".into())),
            status => Err(api(format!("http_{}", status.as_u16()))),
        }
    }
}

fn bearer(token: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn json_body(request: RequestBuilder, json: Bytes) -> RequestBuilder {
    // Without the charset Slack adds a warning to every answer.
    request
        .header(CONTENT_TYPE, "application/json; charset=utf-8")
        .body(json)
}

fn api(code: String) -> CallError {
    CallError::Api {
        code,
        needed: None,
        details: Vec::new(),
    }
}

fn refusal(answer: Status, token: Token, wait: Duration) -> CallError {
    let code = answer.error.unwrap_or_else(|| "unknown".into());
    if let Some(fatal) = explain::fatal(&code, token) {
        return CallError::Fatal(fatal);
    }
    if explain::is_rate_limit(&code) {
        return CallError::RateLimited(wait);
    }
    if explain::is_passing(&code) {
        return CallError::ServerFailed(format!("Slack answered {code}"));
    }
    let details = answer.response_metadata.unwrap_or_default().messages;
    CallError::Api {
        code,
        needed: answer.needed,
        details,
    }
}

fn retry_after(response: &Response) -> Duration {
    let seconds = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    // A wait of nothing would be a busy loop.
    seconds
        .map_or(DEFAULT_RETRY_AFTER, Duration::from_secs)
        .clamp(FIRST_PAUSE, LONGEST_RETRY_AFTER)
}

fn transport(error: &reqwest::Error) -> CallError {
    // The library's own text ends in the address; the causes are what helps.
    let mut causes = Vec::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    let cause = causes.pop().unwrap_or_else(|| "no cause given".into());
    if error.is_connect() {
        CallError::NotDone(format!("no connection to Slack's Web API: {cause}"))
    } else if error.is_timeout() {
        CallError::Unclear(format!("Slack's Web API did not answer within {} s", TIMEOUT.as_secs()))
    } else {
        CallError::Unclear(format!("the connection to Slack's Web API broke: {cause}"))
    }
}

async fn read(mut response: Response) -> Result<Bytes, CallError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| transport(&e))? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(CallError::Unclear(format!(
                "the answer is longer than {MAX_ANSWER} bytes"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
