//! What every request passes before anybody looks at it.

use super::source::{Pace, Source};
use super::{plain, refusal};
use crate::metrics;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use moa_core::config::{Http, Network};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Who connected: the listener puts it at every request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Whether requests are let through.
pub(super) struct Gate {
    stopping: AtomicBool,
    pace: Pace,
    proxies: Vec<Network>,
}

impl Gate {
    pub(super) fn new(http: &Http) -> Self {
        Self {
            stopping: AtomicBool::new(false),
            pace: Pace::new(http.rate),
            proxies: http.proxies.clone(),
        }
    }

    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether somebody's word is taken for where requests come from.
    pub(super) fn trusts(&self, peer: IpAddr) -> bool {
        self.proxies.iter().any(|network| network.has(peer))
    }
}

/// The routes behind the gate. What nobody has a route for passes it, too.
pub(super) fn before(routes: Router, gate: &Arc<Gate>) -> Router {
    let nothing = || async { refusal(StatusCode::NOT_FOUND) };
    routes
        .fallback(nothing)
        .layer(middleware::from_fn_with_state(Arc::clone(gate), pass))
}

async fn pass(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let response = let_through(&gate, request, next).await;
    metrics::answered(response.status().as_u16());
    response
}

async fn let_through(gate: &Gate, mut request: Request, next: Next) -> Response {
    if gate.stopping.load(Ordering::Acquire) {
        let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "stopping");
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let Some(peer) = peer else {
        // The listener always says who connected.
        return refusal(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let source = Source::behind(peer, request.headers(), &gate.proxies);
    if let Err(wait) = gate.pace.admit(source) {
        let mut response = refusal(StatusCode::TOO_MANY_REQUESTS);
        response.headers_mut().insert(header::RETRY_AFTER, seconds(wait));
        return response;
    }
    request.extensions_mut().insert(source);
    next.run(request).await
}

/// Whole seconds, rounded up.
fn seconds(wait: Duration) -> HeaderValue {
    HeaderValue::from(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
}
