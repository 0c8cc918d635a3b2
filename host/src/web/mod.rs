//! The listener for the outside world (`[http]`): webhooks of plugins, and of chat services that call us.
//!
//! # How to add a route
//!
//! A module makes an [`axum::Router`] and the composition root merges it with the others before [`Web::open`]:
//!
//! ```ignore
//! Router::new().route("/jandi/{name}", post(take)).with_state(state)
//! ```
//!
//! Before a handler is called the request has passed the gate (`gate.rs`): it is refused with 503 while the host stops, and
//! with 429 when its source asks too often. A handler finds the [`Source`] in the request's extensions
//! (`Extension(source): Extension<Source>`). It reads a body by [`body::read`], which keeps size and time, and refuses by
//! [`refusal`]: whoever is refused learns nothing but the status. What must not be lost is in the journal before a 2xx.
//!
//! The listener bears slow and many senders: heads have to come in [`HEAD`], there are at most [`CONNECTIONS`] connections
//! and [`CONNECTIONS_OF_ONE`] of one source.

pub mod body;
mod endpoints;
mod gate;
mod hooks;
mod listen;
mod source;

pub use endpoints::{Addresses, ENDPOINTS, Endpoints, Listener};
pub(crate) use gate::Peer;
pub use hooks::{Hooks, Past, SetUp};
pub(crate) use listen::{Listening, Seats};
pub(crate) use source::Pace;
pub use source::Source;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use gate::Gate;
use moa_core::config::Http;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// In how long the head of a request has to be there, the wait for it included.
pub const HEAD: Duration = Duration::from_secs(10);
/// Connections at a time.
pub const CONNECTIONS: usize = 1024;
/// Connections of one source at a time; trusted proxies may have more.
pub const CONNECTIONS_OF_ONE: usize = 128;

/// Why nothing can be listened at.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The address cannot be had.
    #[error("nothing can be listened at on {address}: {source}; set another with http.listen, port 0 for any")]
    Address {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// The listener. Dropped, it ends at once.
pub struct Web {
    address: SocketAddr,
    gate: Arc<Gate>,
    listening: Listening,
}

impl Web {
    /// Listens, and serves these routes.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn open(http: &Http, routes: Router) -> Result<Self, WebError> {
        let failed = |source| WebError::Address {
            address: http.listen,
            source,
        };
        let listener = tokio::net::TcpListener::bind(http.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let gate = Arc::new(Gate::new(http));
        let routes = gate::before(routes, &gate);
        let of_one = {
            let gate = Arc::clone(&gate);
            move |peer| match gate.trusts(peer) {
                true => CONNECTIONS,
                false => CONNECTIONS_OF_ONE,
            }
        };
        let seats = Seats {
            total: CONNECTIONS,
            of_one: Box::new(of_one),
        };
        let listening = Listening::start(listener, routes, seats);
        Ok(Self {
            address,
            gate,
            listening,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on requests are refused with 503; those that run go on.
    pub fn pause(&self) {
        self.gate.stop();
    }

    /// Waits until the requests that run are answered, but no longer than this, and ends.
    pub async fn close(self, patience: Duration) {
        self.pause();
        self.listening.close(patience).await;
    }
}

/// A refusal: the status and its name, nothing else.
pub fn refusal(status: StatusCode) -> Response {
    let text = status.canonical_reason().unwrap_or("refused").to_ascii_lowercase();
    plain(status, text)
}

/// A short answer in words.
pub fn plain(status: StatusCode, text: impl Into<String>) -> Response {
    let mut text = text.into();
    text.push('\n');
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests;
