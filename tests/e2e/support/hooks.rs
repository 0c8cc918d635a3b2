//! Servers that webhooks lead to, and who calls those of the bot.

use super::bot::Bot;
use super::{DEADLINE, GLANCE};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::{Router, routing::post};
use moa::web::Web;
use moa_core::config::Http;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Posted {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Posted {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Seen {
    posted: Mutex<Vec<Posted>>,
    answers: Mutex<VecDeque<(u16, &'static str)>>,
}

/// A server that writes down what is posted to it. As JANDI and Slack do it answers `200`.
pub struct Recorder {
    web: Web,
    seen: Arc<Seen>,
}

impl Recorder {
    pub async fn start() -> Self {
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

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.web.address())
    }

    /// What the next request is answered with.
    pub fn answers(&self, status: u16, body: &'static str) {
        self.seen.answers.lock().unwrap().push_back((status, body));
    }

    pub fn posted(&self) -> Vec<Posted> {
        self.seen.posted.lock().unwrap().clone()
    }

    /// All that arrived, once there are so many.
    pub async fn until(&self, count: usize) -> Vec<Posted> {
        let all = async {
            while self.posted().len() < count {
                tokio::time::sleep(GLANCE).await;
            }
            self.posted()
        };
        match tokio::time::timeout(DEADLINE, all).await {
            Ok(all) => all,
            Err(_) => panic!("only {:?} arrived instead of {count} messages", self.posted()),
        }
    }
}

async fn take(State(seen): State<Arc<Seen>>, uri: Uri, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    seen.posted.lock().unwrap().push(Posted {
        path: uri.path().to_owned(),
        headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let (status, body) = seen.answers.lock().unwrap().pop_front().unwrap_or((200, "ok"));
    (StatusCode::from_u16(status).unwrap(), [("x-there", "yes")], body)
}

/// JANDI as it calls an outgoing webhook.
pub struct Jandi {
    http: reqwest::Client,
    address: String,
    token: String,
    keyword: String,
    second: Mutex<u32>,
}

impl Jandi {
    /// JANDI, with a webhook that leads to a hook of this bot.
    pub async fn of(bot: &Bot, hook: &str, keyword: &str, token: &str) -> Self {
        let file = bot.home().join("data/endpoints.json");
        let found = async {
            loop {
                if let Ok(text) = std::fs::read(&file) {
                    let endpoints = serde_json::from_slice::<Value>(&text).unwrap();
                    if endpoints.get("http").is_some() {
                        break endpoints;
                    }
                }
                tokio::time::sleep(GLANCE).await;
            }
        };
        let endpoints = tokio::time::timeout(DEADLINE, found).await.expect("the bot listens");
        Self {
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(30))
                .build()
                .unwrap(),
            address: format!("{}/jandi/{hook}", endpoints["http"].as_str().unwrap()),
            token: token.into(),
            keyword: keyword.into(),
            second: Mutex::new(0),
        }
    }

    /// The post that follows when somebody in a topic writes this behind the keyword.
    pub fn post(&self, said: &str) -> Value {
        let mut second = self.second.lock().unwrap();
        *second += 1;
        json!({
            "token": self.token,
            "teamName": "Toss Lab, Inc.",
            "roomName": "토스랩 코리아",
            "writerName": "Gloria",
            "text": format!("/{} {said}", self.keyword).trim_end(),
            "keyword": self.keyword,
            "createdAt": format!("2026-11-22T14:{:02}:{:02}.266Z", *second / 60, *second % 60),
        })
    }

    /// Sends a post: the status of the response, and what JANDI shows of it.
    pub async fn send(&self, post: &Value) -> (u16, Value) {
        let sent = self.http.post(&self.address).header("content-type", "application/json");
        let response = sent.body(post.to_string()).send().await.unwrap();
        let status = response.status().as_u16();
        let body = response.text().await.unwrap();
        let shown = match body.is_empty() {
            true => Value::Null,
            false => serde_json::from_str(&body).unwrap(),
        };
        (status, shown)
    }

    /// Says something, and returns what JANDI shows at once.
    pub async fn say(&self, said: &str) -> Value {
        let (status, shown) = self.send(&self.post(said)).await;
        assert_eq!(status, 200, "{shown}");
        shown
    }

    /// The same, of which only the text matters.
    pub async fn ask(&self, said: &str) -> String {
        let shown = self.say(said).await;
        shown["body"]
            .as_str()
            .unwrap_or_else(|| panic!("{said}: {shown}"))
            .to_owned()
    }
}
