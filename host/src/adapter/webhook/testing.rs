//! A server on this machine that writes down what is posted to it.

use super::Address;
use crate::web::Web;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::{Router, routing::post};
use moa_core::config::Http;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Posted {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Posted {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What it answers: status, `Retry-After`, body.
type Answer = (u16, Option<&'static str>, &'static str);

#[derive(Default)]
struct Seen {
    posted: Mutex<Vec<Posted>>,
    answers: Mutex<VecDeque<Answer>>,
}

/// The server; it ends when it is dropped.
pub(crate) struct Recorder {
    web: Web,
    seen: Arc<Seen>,
}

impl Recorder {
    pub(crate) async fn start() -> Self {
        let seen = Arc::<Seen>::default();
        let routes = Router::new()
            .route("/{*path}", post(take))
            .with_state(Arc::clone(&seen));
        let http = Http {
            wanted: true,
            listen: ([127, 0, 0, 1], 0).into(),
            body: 1 << 20,
            rate: None,
            proxies: Vec::new(),
        };
        let web = Web::open(&http, routes).await.unwrap();
        Self { web, seen }
    }

    pub(crate) fn address(&self, path: &str) -> Address {
        Address::parse("test", &format!("http://{}/{path}", self.web.address())).unwrap()
    }

    /// What the next request is answered with; without it `200 ok`.
    pub(crate) fn answers(&self, answer: Answer) {
        self.seen.answers.lock().unwrap().push_back(answer);
    }

    pub(crate) fn posted(&self) -> Vec<Posted> {
        self.seen.posted.lock().unwrap().clone()
    }
}

async fn take(State(seen): State<Arc<Seen>>, uri: Uri, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    seen.posted.lock().unwrap().push(Posted {
        path: uri.path().to_owned(),
        headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let (status, retry_after, body) = seen.answers.lock().unwrap().pop_front().unwrap_or((200, None, "ok"));
    let mut headers = HeaderMap::new();
    if let Some(retry_after) = retry_after {
        headers.insert("retry-after", retry_after.parse().unwrap());
    }
    (StatusCode::from_u16(status).unwrap(), headers, body)
}
