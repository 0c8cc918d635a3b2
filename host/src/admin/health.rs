//! `/livez`: whether the host is alive, for whoever starts it again when it is not.

use crate::health::Health;
use crate::web::plain;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use std::sync::Arc;

/// What can be asked about the host's health.
pub fn routes(health: &Arc<Health>) -> Router {
    Router::new().route("/livez", get(live)).with_state(Arc::clone(health))
}

async fn live(State(health): State<Arc<Health>>) -> Response {
    match health.alive() {
        Ok(()) => plain(StatusCode::OK, "alive"),
        Err(why) => plain(StatusCode::SERVICE_UNAVAILABLE, why.to_string()),
    }
}
