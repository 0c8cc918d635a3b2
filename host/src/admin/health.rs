//! `/livez`, `/readyz` and `/metrics`.

use crate::metrics::page;
use crate::sight::Sight;
use crate::web::plain;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use std::sync::Arc;

/// What can be asked about the host's health.
pub fn routes(sight: &Arc<Sight>) -> Router {
    Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::clone(sight))
}

/// Whether the host makes progress: where it does not, it is to be started again.
async fn live(State(sight): State<Arc<Sight>>, headers: HeaderMap) -> Response {
    let reasons = sight.health().alive().err().map(|why| why.to_string());
    answer("alive", reasons.into_iter().collect(), &headers)
}

/// Whether it takes in what comes.
async fn ready(State(sight): State<Arc<Sight>>, headers: HeaderMap) -> Response {
    let sample = sight.sample().await;
    answer("ready", sight.reasons(&sample), &headers)
}

/// What is told to whom reads JSON.
#[derive(Serialize)]
struct Told {
    ok: bool,
    reasons: Vec<String>,
}

fn answer(good: &str, reasons: Vec<String>, headers: &HeaderMap) -> Response {
    let status = match reasons.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if accepts.is_some_and(|accepts| accepts.contains("application/json")) {
        let ok = reasons.is_empty();
        // Texts always have a JSON form.
        let text = serde_json::to_vec(&Told { ok, reasons }).unwrap_or_default();
        return typed(status, "application/json", text);
    }
    match reasons.is_empty() {
        true => plain(status, good),
        false => plain(status, reasons.join("\n")),
    }
}

async fn metrics(State(sight): State<Arc<Sight>>) -> Response {
    typed(StatusCode::OK, page::CONTENT_TYPE, page::of(&sight).await)
}

fn typed(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
