//! Connections.

use super::gate::Peer;
use super::{HEAD, Source};
use crate::settings::shortened;
use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use tower_service::Service;

/// How long a connection is used: whoever never reads what it is answered does not stay for ever.
const LIFE: Duration = Duration::from_secs(600);
/// How long what is under way at its end may take.
const LAST: Duration = Duration::from_secs(60);
/// How large a head may be.
const HEAD_BYTES: usize = 32 << 10;
/// How many headers it may have.
const HEADERS: usize = 100;

/// How many connections there may be.
pub(crate) struct Seats {
    /// Of all.
    pub total: usize,
    /// Of one source.
    pub of_one: Box<dyn Fn(IpAddr) -> usize + Send + Sync>,
}

/// A listener that serves.
pub(crate) struct Listening {
    accepting: JoinHandle<()>,
    connections: TaskTracker,
    end: watch::Sender<bool>,
    abort: watch::Sender<bool>,
}

impl Listening {
    pub(crate) fn start(listener: TcpListener, routes: Router, seats: Seats) -> Self {
        let (connections, end, abort) = (TaskTracker::new(), watch::Sender::new(false), watch::Sender::new(false));
        let accepting = tokio::spawn(accept(Accepting {
            listener,
            routes,
            seats,
            connections: connections.clone(),
            end: end.subscribe(),
            abort: abort.subscribe(),
            head: shortened("MOA_TEST_HTTP_SECONDS", HEAD),
        }));
        Self {
            accepting,
            connections,
            end,
            abort,
        }
    }

    /// Lets nobody in any more, and waits for those inside.
    pub(crate) async fn close(self, patience: Duration) {
        self.accepting.abort();
        self.end.send_replace(true);
        self.connections.close();
        if tokio::time::timeout(patience, self.connections.wait()).await.is_err() {
            tracing::warn!("{} requests from outside are cut off", self.connections.len());
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.accepting.abort();
        self.abort.send_replace(true);
    }
}

struct Accepting {
    listener: TcpListener,
    routes: Router,
    seats: Seats,
    connections: TaskTracker,
    end: watch::Receiver<bool>,
    abort: watch::Receiver<bool>,
    head: Duration,
}

/// How many connections each source has.
type Open = Arc<Mutex<HashMap<Source, usize>>>;

async fn accept(accepting: Accepting) {
    let open = Open::default();
    loop {
        let (stream, peer) = match accepting.listener.accept().await {
            Ok((stream, peer)) => (stream, peer.ip().to_canonical()),
            Err(error) => {
                tracing::warn!(%error, "somebody outside could not connect");
                // Out of file descriptors, most likely: they come back with time.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Seats { total, of_one } = &accepting.seats;
        // One too many is closed without a word, which costs least.
        let Some(place) = Place::take(&open, Source::of(peer), *total, of_one(peer)) else {
            continue;
        };
        let (routes, head) = (accepting.routes.clone(), accepting.head);
        let (mut end, mut abort) = (accepting.end.clone(), accepting.abort.clone());
        accepting.connections.spawn(async move {
            let _place = place;
            tokio::select! {
                () = talk(stream, peer, routes, head, &mut end) => {}
                _ = abort.wait_for(|abort| *abort) => {}
            }
        });
    }
}

/// One of the connections that there may be.
struct Place {
    open: Open,
    source: Source,
}

impl Place {
    fn take(open: &Open, source: Source, total: usize, of_one: usize) -> Option<Self> {
        let mut all = open.lock().unwrap_or_else(PoisonError::into_inner);
        let taken: usize = all.values().sum();
        let own = all.entry(source).or_default();
        if taken >= total || *own >= of_one {
            if *own == 0 {
                all.remove(&source);
            }
            return None;
        }
        *own += 1;
        Some(Self {
            open: Arc::clone(open),
            source,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = all.get_mut(&self.source) {
            *own -= 1;
            if *own == 0 {
                all.remove(&self.source);
            }
        }
    }
}

/// Serves one connection, until it ends or is to end.
async fn talk(stream: TcpStream, peer: IpAddr, routes: Router, head: Duration, end: &mut watch::Receiver<bool>) {
    // Answers are small and one at a time.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        let mut routes = routes.clone();
        async move { Service::call(&mut routes, request).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        _ = end.wait_for(|end| *end) => None,
        () = tokio::time::sleep(LIFE) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(LAST, connection).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection from outside ended");
    }
}
