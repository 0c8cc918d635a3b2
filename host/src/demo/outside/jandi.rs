//! A topic in JANDI: a page to write in, and what the bot answers and sends.

use super::super::callers::TOKEN;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

/// How much of the conversation the page shows.
const SHOWN: usize = 40;
/// What the demo's outgoing webhook listens for.
const KEYWORD: &str = "서버";

/// What was said, and how to reach the bot.
#[derive(Default)]
pub struct Room {
    said: Mutex<VecDeque<(String, Value)>>,
    /// The bot's webhook, once it is known.
    hook: Mutex<Option<(reqwest::Client, String)>>,
}

impl Room {
    /// From now on what is written goes there.
    pub fn connect(&self, client: reqwest::Client, hook: String) {
        *self.hook.lock().unwrap_or_else(PoisonError::into_inner) = Some((client, hook));
    }

    /// Somebody writes a line; if it is for the bot, its answer follows.
    pub async fn write(&self, who: &str, text: &str) {
        self.keep(who, json!({ "body": text }));
        let hook = self.hook.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some((client, hook)) = hook.filter(|_| text.starts_with(&format!("/{KEYWORD}"))) else {
            return;
        };
        let post = json!({
            "token": TOKEN, "teamName": "모아", "roomName": "서버", "writerName": who, "text": text,
            "keyword": KEYWORD, "createdAt": jiff::Timestamp::now().to_string(),
        });
        let sent = client
            .post(hook)
            .header("content-type", "application/json")
            .body(post.to_string())
            .send();
        let answer = match sent.await {
            Ok(response) => response
                .bytes()
                .await
                .ok()
                .and_then(|bytes| serde_json::from_slice(&bytes).ok()),
            Err(error) => Some(json!({ "body": format!("(no answer: {})", error.without_url()) })),
        };
        if let Some(answer) = answer {
            self.keep("moa", answer);
        }
    }

    fn keep(&self, who: &str, what: Value) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.push_back((who.to_owned(), what));
        while said.len() > SHOWN {
            said.pop_front();
        }
    }

    fn page(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = String::new();
        for (who, what) in said.iter() {
            let text = |value: &Value, key: &str| escaped(value.get(key).and_then(Value::as_str).unwrap_or_default());
            let color = what.get("connectColor").and_then(Value::as_str).unwrap_or("#ddd");
            let _ = write!(lines, "<li><b>{}</b> {}", escaped(who), text(what, "body"));
            for info in what.get("connectInfo").and_then(Value::as_array).into_iter().flatten() {
                let (title, description) = (text(info, "title"), text(info, "description"));
                let _ = write!(
                    lines,
                    "<blockquote style=\"border-color:{}\"><b>{title}</b>\n{description}</blockquote>",
                    escaped(color)
                );
            }
        }
        format!("{HEAD}<ul>{lines}</ul>{FORM}")
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

pub(super) fn routes(room: Arc<Room>) -> Router {
    Router::new()
        .route("/jandi", get(async |State(room): State<Arc<Room>>| Html(room.page())))
        .route("/jandi/incoming", post(incoming))
        .route("/jandi/write", post(write))
        .with_state(room)
}

async fn incoming(State(room): State<Arc<Room>>, body: Bytes) -> Response {
    match serde_json::from_slice(&body) {
        Ok(what) => {
            room.keep("moa", what);
            StatusCode::OK.into_response()
        }
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn write(State(room): State<Arc<Room>>, body: Bytes) -> Redirect {
    let text = form_urlencoded::parse(&body).find(|(name, _)| name == "text");
    if let Some((_, text)) = text.filter(|(_, text)| !text.trim().is_empty()) {
        room.write("로지", text.trim()).await;
    }
    Redirect::to("/jandi")
}

const HEAD: &str = r#"<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="15"><title>JANDI</title>
<style>body{font:15px/1.5 system-ui;max-width:44rem;margin:2rem auto;padding:0 1rem}ul{list-style:none;padding:0}li{margin:.6rem 0;white-space:pre-wrap}
blockquote{margin:.3rem 0;padding:.2rem .8rem;border-left:4px solid #ddd}input{width:80%;font:inherit;padding:.4rem}button{font:inherit;padding:.4rem}</style>
<h1>토픽: 서버</h1>"#;

const FORM: &str = r#"<form method="post" action="/jandi/write"><input name="text" autofocus value="/서버 help"> <button>↵</button></form>"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_escaped_and_bounded() {
        let room = Room::default();
        for number in 0..100 {
            room.keep("<b>", json!({"body": format!("line {number}"), "connectInfo": [{"title": "<script>", "description": "a & b"}]}));
        }
        let page = room.page();
        assert!(page.contains("line 99") && !page.contains("line 59<"), "{page}");
        assert!(page.contains("&lt;script>") && page.contains("a &amp; b"));
    }
}
