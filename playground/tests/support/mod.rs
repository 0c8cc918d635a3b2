//! A bare HTTP client and a bare Socket Mode client: they see exactly what the playground sends.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod page;

use futures_util::{SinkExt, StreamExt};
use moa_playground::{Options, Playground};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything takes that shall happen at all.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Long enough to say that nothing more comes.
pub const QUIET: Duration = Duration::from_millis(150);

pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.body)))
    }
}

/// Short waits where a test has to sit them out, long ones where waiting is a failure.
pub fn quick() -> Options {
    Options {
        ack_timeout: PATIENCE,
        retry_delays: vec![Duration::ZERO, Duration::from_millis(100), Duration::from_millis(100)],
        ping_interval: Duration::from_millis(50),
        pong_timeout: PATIENCE,
        warning_grace: Duration::from_millis(100),
        refresh_grace: Duration::from_millis(50),
        close_linger: Duration::from_millis(300),
        ..Options::default()
    }
}

/// For tests of what happens when the bot doesn't acknowledge or answer pings.
pub fn hasty() -> Options {
    let short = Duration::from_millis(200);
    Options {
        ack_timeout: short,
        pong_timeout: short,
        ..quick()
    }
}

pub async fn start(options: Options) -> Playground {
    Playground::start(options).await.unwrap()
}

/// Sends one request on a connection of its own. `headers` are whole lines; `Host` is added unless given.
pub async fn request(sim: &Playground, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
    let mut socket = TcpStream::connect(sim.addr()).await.unwrap();
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    if !headers.iter().any(|h| h.starts_with("Host:")) {
        head += &format!("Host: {}\r\n", sim.addr());
    }
    for header in headers {
        head += &format!("{header}\r\n");
    }
    head += "\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(body).await.unwrap();
    let mut all = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut all))
        .await
        .expect("the answer takes too long")
        .unwrap();
    let end = all.windows(4).position(|w| w == b"\r\n\r\n").expect("an answer");
    let headers = String::from_utf8_lossy(&all[..end]).to_ascii_lowercase();
    let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
    Answer {
        status,
        headers,
        body: all[end + 4..].to_vec(),
    }
}

/// Calls the Web API with the bot's token and a JSON body.
pub async fn api(sim: &Playground, method: &str, args: Value) -> Value {
    let token = format!("Authorization: Bearer {}", sim.bot_token());
    let headers = [&*token, "Content-Type: application/json; charset=utf-8"];
    let answer = request(
        sim,
        "POST",
        &format!("/api/{method}"),
        &headers,
        args.to_string().as_bytes(),
    )
    .await;
    assert_eq!(answer.status, 200);
    answer.json()
}

/// Calls the Web API; it must succeed.
pub async fn ok(sim: &Playground, method: &str, args: Value) -> Value {
    let answer = api(sim, method, args).await;
    assert_eq!(answer["ok"], true, "{method}: {answer}");
    answer
}

/// Calls `/sim/{what}`; it must succeed.
pub async fn act(sim: &Playground, what: &str, body: Value) -> Value {
    let answer = request(sim, "POST", &format!("/sim/{what}"), &[], body.to_string().as_bytes()).await;
    assert_eq!(answer.status, 200, "{what}: {}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

/// A person says something.
pub async fn say(sim: &Playground, user: &str, channel: &str, text: &str) -> Value {
    act(sim, "send", json!({"user": user, "channel": channel, "text": text})).await
}

/// The record's entries of one kind.
pub async fn record(sim: &Playground, kind: &str) -> Vec<Value> {
    let answer = request(sim, "GET", "/sim/record?since=0", &[], b"").await.json();
    answer["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["kind"] == kind)
        .cloned()
        .collect()
}

/// A fresh websocket URL.
pub async fn link(sim: &Playground) -> String {
    let token = format!("Authorization: Bearer {}", sim.app_token());
    let answer = request(sim, "POST", "/api/apps.connections.open", &[&token], b"")
        .await
        .json();
    answer["url"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// A bot's Socket Mode connection that does nothing by itself but answer pings.
pub struct Socket {
    pub inner: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Connects; the hello is still to be read.
    pub async fn open(sim: &Playground) -> Self {
        let (inner, _) = connect_async(link(sim).await).await.unwrap();
        Self { inner }
    }

    /// Connects and reads the hello.
    pub async fn greeted(sim: &Playground) -> Self {
        let mut socket = Self::open(sim).await;
        assert_eq!(socket.next().await["type"], "hello");
        socket
    }

    /// The next text frame.
    pub async fn next(&mut self) -> Value {
        self.next_within(PATIENCE).await.expect("no frame came")
    }

    /// The next text frame, if one comes in time and the connection lives.
    pub async fn next_within(&mut self, time: Duration) -> Option<Value> {
        timeout(time, async {
            loop {
                match self.inner.next().await? {
                    Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                    Ok(_) => {}
                    Err(_) => return None,
                }
            }
        })
        .await
        .ok()?
    }

    /// The next frame that isn't a ping or pong; `None` where the connection is gone.
    pub async fn next_frame(&mut self) -> Option<Message> {
        timeout(PATIENCE, async {
            loop {
                match self.inner.next().await? {
                    Ok(Message::Ping(_) | Message::Pong(_)) => {}
                    Ok(frame) => return Some(frame),
                    Err(_) => return None,
                }
            }
        })
        .await
        .expect("neither a frame nor the end came")
    }

    pub async fn send(&mut self, text: String) {
        self.inner.send(Message::text(text)).await.unwrap();
    }

    /// Acknowledges an envelope.
    pub async fn ack(&mut self, envelope: &Value) {
        self.send(json!({"envelope_id": envelope["envelope_id"]}).to_string())
            .await;
    }
}
