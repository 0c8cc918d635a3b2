//! The floor: the least that a bot can do, as fast as it can be done. Socket Mode, one connection, `!echo X` → `X`.
//! No plugins, no journal, no names, no limits. What Moa costs is what it costs beside this; it may only get faster.

use crate::http::Http;
use anyhow::Context;
use futures_util::{FutureExt, SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    envelope_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    payload: Option<Payload<'a>>,
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    event: Option<Event<'a>>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    bot_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    channel: Option<Cow<'a, str>>,
    #[serde(borrow)]
    thread_ts: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
struct Post<'a> {
    channel: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<&'a str>,
}

#[derive(Deserialize)]
struct Opened {
    url: String,
}

/// Kept connections to the Web API.
struct Api {
    to: SocketAddr,
    token: String,
    idle: Mutex<Vec<Http>>,
}

impl Api {
    async fn post(&self, body: &[u8]) -> anyhow::Result<()> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let mut http = kept.unwrap_or_else(|| Http::new(self.to, Some(&self.token)));
        http.ask("POST", "/api/chat.postMessage", body).await?;
        idle().push(http);
        Ok(())
    }
}

/// Runs it until the workspace is gone.
pub async fn run(to: SocketAddr, app_token: &str, bot_token: &str) -> anyhow::Result<()> {
    let opened = Http::new(to, Some(app_token))
        .ask("POST", "/api/apps.connections.open", b"{}")
        .await?;
    let Opened { url } = serde_json::from_slice(&opened).context("no address for the websocket")?;
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await?;
    let api = Arc::new(Api {
        to,
        token: bot_token.to_owned(),
        idle: Mutex::default(),
    });
    while let Some(message) = socket.next().await {
        let mut next = Some(message?);
        // What came together is acknowledged together.
        while let Some(message) = next {
            if let Message::Text(text) = message {
                let frame: Frame<'_> = serde_json::from_str(&text)?;
                if let Some(id) = &frame.envelope_id {
                    let ack = format!("{{\"envelope_id\":\"{id}\"}}");
                    socket.feed(Message::text(ack)).await?;
                }
                if let Some(body) = answer(&frame) {
                    let api = Arc::clone(&api);
                    tokio::spawn(async move {
                        if let Err(error) = api.post(&body).await {
                            eprintln!("floor: {error:#}");
                        }
                    });
                }
            }
            next = socket.next().now_or_never().flatten().transpose()?;
        }
        socket.flush().await?;
    }
    Ok(())
}

fn answer(frame: &Frame<'_>) -> Option<Vec<u8>> {
    let event = frame.payload.as_ref()?.event.as_ref()?;
    if event.kind != "message" || event.bot_id.is_some() {
        return None;
    }
    let post = Post {
        channel: event.channel.as_deref()?,
        text: event.text.as_deref()?.strip_prefix("!echo ")?,
        thread_ts: event.thread_ts.as_deref(),
    };
    serde_json::to_vec(&post).ok()
}
