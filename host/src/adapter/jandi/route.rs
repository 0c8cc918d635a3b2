//! `POST /jandi/NAME`.

use super::Jandi;
use crate::adapter::Intake;
use crate::web::body;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::post;
use std::sync::Arc;

/// The largest post: what people type has some thousand characters.
const LARGEST: u64 = 256 << 10;

struct Served {
    jandi: Arc<Jandi>,
    intake: Arc<dyn Intake>,
}

/// The routes of the hooks.
pub fn routes(jandi: &Arc<Jandi>, intake: Arc<dyn Intake>) -> Router {
    let served = Arc::new(Served {
        jandi: Arc::clone(jandi),
        intake,
    });
    Router::new().route("/jandi/{name}", post(take)).with_state(served)
}

async fn take(State(served): State<Arc<Served>>, Path(name): Path<String>, body: Body) -> Response {
    let body = match body::read(body, LARGEST, |_| ()).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let said = served.jandi.receive(&name, &body, &*served.intake).await;
    let mut response = Response::new(Body::from(said.body));
    *response.status_mut() = StatusCode::from_u16(said.status).unwrap_or(StatusCode::NOT_FOUND);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
