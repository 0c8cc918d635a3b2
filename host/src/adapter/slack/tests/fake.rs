//! A Slack of a few lines: answers Web API calls as it is told and plays a script on each socket.

use crate::adapter::slack::{Secret, Slack, SlackOptions};
use crate::adapter::{Delivery, Fatal, Intake};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// An answer to a call.
#[derive(Clone)]
pub enum Answer {
    Json(Value),
    Status(u16, &'static str),
    RetryAfter(u64),
    /// Content of that type.
    Content(&'static str, Vec<u8>),
    /// Leads to another address.
    Redirect(String),
    /// Takes the call and drops the connection.
    HangUp,
    /// The address of the websocket.
    Socket,
}

pub type Socket = WebSocketStream<TcpStream>;

#[derive(Default)]
struct State {
    /// Per method: answers to give, the last of them again and again.
    answers: HashMap<String, Vec<Answer>>,
    calls: Vec<(String, Value)>,
}

pub struct Fake {
    pub api: String,
    /// Where websockets are accepted.
    pub websocket: SocketAddr,
    state: Arc<Mutex<State>>,
    sockets: tokio::sync::Mutex<mpsc::UnboundedReceiver<Socket>>,
}

impl Fake {
    pub async fn start() -> Self {
        let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let websocket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = format!("http://{}/api/", http.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let fake = Arc::clone(&state);
        let address = websocket.local_addr().unwrap();
        let url = format!("ws://{address}/link/?ticket=sesame");
        tokio::spawn(async move {
            while let Ok((stream, _)) = http.accept().await {
                let (state, url) = (Arc::clone(&fake), url.clone());
                tokio::spawn(async move {
                    let service = service_fn(move |request| answer(request, Arc::clone(&state), url.clone()));
                    // Ends with an error where an answer is to hang up.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        let (sender, sockets) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = websocket.accept().await {
                let _ = sender.send(tokio_tungstenite::accept_async(stream).await.unwrap());
            }
        });
        let me = json!({"ok": true, "user_id": "UBOT", "bot_id": "BBOT", "team_id": "T1", "user": "moa"});
        let fake = Self {
            api,
            websocket: address,
            state,
            sockets: tokio::sync::Mutex::new(sockets),
        };
        fake.answer("auth.test", Answer::Json(me));
        fake
    }

    /// An address outside of the Web API; what it answers goes by its last part, as a method's does.
    pub fn address(&self, name: &str) -> String {
        self.api.replace("/api/", &format!("/{name}"))
    }

    /// What a method answers from now on; called again, what it answers after that, once each before the last.
    pub fn answer(&self, method: &str, answer: Answer) {
        self.state
            .lock()
            .unwrap()
            .answers
            .entry(method.into())
            .or_default()
            .push(answer);
    }

    /// Arguments of the calls of a method so far.
    pub fn calls(&self, method: &str) -> Vec<Value> {
        let state = self.state.lock().unwrap();
        state
            .calls
            .iter()
            .filter(|(name, _)| name == method)
            .map(|(_, arguments)| arguments.clone())
            .collect()
    }

    pub fn options(&self) -> SlackOptions {
        SlackOptions {
            api_url: self.api.clone(),
            app_token: Secret::new("xapp-1"),
            bot_token: Secret::new("xoxb-1"),
            connections: 1,
            ping_timeout: Duration::from_secs(10),
        }
    }

    pub async fn slack(&self) -> Slack {
        Slack::sign_in(&self.options()).await.unwrap()
    }

    /// The next connection, without a word said on it.
    pub async fn socket(&self) -> Socket {
        within(async { self.sockets.lock().await.recv().await.unwrap() }).await
    }

    /// The next connection, greeted.
    pub async fn greeted(&self) -> Socket {
        let mut socket = self.socket().await;
        say(&mut socket, &json!({"type": "hello", "num_connections": 1})).await;
        socket
    }
}

/// Fails the test instead of hanging.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future)
        .await
        .expect("it took too long")
}

pub async fn say(socket: &mut Socket, frame: &Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

/// The next text frame; pings and pongs are passed over. `None` at the end.
pub async fn hear(socket: &mut Socket) -> Option<Value> {
    within(async {
        loop {
            match socket.next().await? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    })
    .await
}

pub fn message(envelope: &str, ts: &str) -> Value {
    json!({"envelope_id": envelope, "type": "events_api", "retry_attempt": 0, "accepts_response_payload": false,
        "payload": {"type": "event_callback", "team_id": "T1", "event_id": format!("Ev{envelope}"),
            "event": {"type": "message", "channel": "C1", "user": "U1", "text": "!hi", "ts": ts}}})
}

async fn answer(
    request: Request<hyper::body::Incoming>,
    state: Arc<Mutex<State>>,
    socket_url: String,
) -> Result<Response<Full<Bytes>>, &'static str> {
    let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .map(|v| v.to_str().unwrap().to_owned())
            .unwrap_or_default()
    };
    let (token, kind) = (header("authorization"), header("content-type"));
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let arguments: Value = if kind.starts_with("application/json") {
        serde_json::from_slice(&body).unwrap()
    } else if kind == "application/octet-stream" {
        String::from_utf8(body.to_vec()).unwrap().into()
    } else {
        let url = reqwest::Url::parse(&format!("http://x/?{}", String::from_utf8_lossy(&body))).unwrap();
        url.query_pairs()
            .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
            .collect()
    };
    let expected = if method == "apps.connections.open" {
        "Bearer xapp-1"
    } else {
        "Bearer xoxb-1"
    };
    let wanted = match ["respond", "put"].iter().any(|open| method.starts_with(open)) {
        true => "",
        false => expected,
    };
    assert_eq!(token, wanted, "{method} with the wrong token");
    let mut state = state.lock().unwrap();
    state.calls.push((method.clone(), arguments));
    let answer = match state.answers.get_mut(&method) {
        Some(answers) if answers.len() > 1 => answers.remove(0),
        Some(answers) => answers[0].clone(),
        None if method == "apps.connections.open" => Answer::Socket,
        None => Answer::Json(json!({"ok": false, "error": "unknown_method"})),
    };
    let response = Response::builder();
    Ok(match answer {
        Answer::Json(json) => response.body(Full::from(json.to_string())).unwrap(),
        Answer::Status(status, text) => response.status(status).body(Full::from(text)).unwrap(),
        Answer::RetryAfter(seconds) => {
            let body = r#"{"ok":false,"error":"ratelimited"}"#;
            response
                .status(429)
                .header("Retry-After", seconds)
                .body(Full::from(body))
                .unwrap()
        }
        Answer::Content(kind, content) => {
            let response = response.header("Content-Type", kind);
            response.body(Full::from(content)).unwrap()
        }
        Answer::Redirect(to) => {
            let response = response.status(302).header("Location", to);
            response.body(Full::default()).unwrap()
        }
        Answer::Socket => response
            .body(Full::from(json!({"ok": true, "url": socket_url}).to_string()))
            .unwrap(),
        Answer::HangUp => return Err("told to hang up"),
    })
}

/// An intake that writes down what it gets.
pub struct Log {
    deliveries: mpsc::UnboundedSender<Delivery>,
    pub connected: Mutex<Vec<usize>>,
    pub fatal: Mutex<Vec<Fatal>>,
}

impl Log {
    pub fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<Delivery>) {
        let (deliveries, received) = mpsc::unbounded_channel();
        (
            Arc::new(Self {
                deliveries,
                connected: Mutex::default(),
                fatal: Mutex::default(),
            }),
            received,
        )
    }
}

impl Intake for Log {
    fn deliver(&self, delivery: Delivery) {
        let _ = self.deliveries.send(delivery);
    }

    fn connected(&self, connections: usize) {
        self.connected.lock().unwrap().push(connections);
    }

    fn fatal(&self, why: Fatal) {
        self.fatal.lock().unwrap().push(why);
    }
}
