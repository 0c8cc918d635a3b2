//! The DevTools connection: calls with numbered answers; events are ignored.

use crate::Error;
use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Sink = SplitSink<WebSocketStream<MaybeTlsStream<TcpStream>>, Message>;
type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

#[derive(Debug)]
pub(crate) struct Devtools {
    sink: tokio::sync::Mutex<Sink>,
    waiting: Waiting,
    next: AtomicU64,
    reader: JoinHandle<()>,
}

impl Devtools {
    pub(crate) async fn connect(address: &str) -> Result<Self, Error> {
        let (socket, _) = connect_async(address).await.map_err(broke)?;
        let (sink, mut stream) = socket.split();
        let waiting = Waiting::default();
        let answers = waiting.clone();
        let reader = tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                let Ok(text) = message.into_text() else { continue };
                let Ok(answer) = serde_json::from_str::<Value>(&text) else {
                    continue;
                };
                let Some(id) = answer.get("id").and_then(Value::as_u64) else {
                    continue;
                };
                if let Some(caller) = answers.lock().unwrap_or_else(PoisonError::into_inner).remove(&id) {
                    // A caller that no longer waits needs no answer.
                    let _ = caller.send(answer);
                }
            }
            // Dropping the senders wakes every caller with an error.
            answers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        });
        Ok(Self {
            sink: tokio::sync::Mutex::new(sink),
            waiting,
            next: AtomicU64::new(1),
            reader,
        })
    }

    pub(crate) async fn call(&self, session: Option<&str>, method: &str, params: Value) -> Result<Value, Error> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut request = json!({"id": id, "method": method, "params": params});
        if let (Some(session), Some(members)) = (session, request.as_object_mut()) {
            members.insert("sessionId".to_owned(), json!(session));
        }
        let (sender, answer) = oneshot::channel();
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, sender);
        self.sink
            .lock()
            .await
            .send(Message::text(request.to_string()))
            .await
            .map_err(broke)?;
        let mut answer = answer.await.map_err(|_| Error::Connection("it closed".to_owned()))?;
        if let Some(error) = answer.get("error") {
            let message = error
                .get("message")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            return Err(Error::Refused {
                method: method.to_owned(),
                message,
            });
        }
        Ok(answer.get_mut("result").map(Value::take).unwrap_or_default())
    }
}

impl Drop for Devtools {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

fn broke(error: tokio_tungstenite::tungstenite::Error) -> Error {
    Error::Connection(error.to_string())
}
