//! A service that builds a branch and puts it on a server: a deployment takes some six seconds, and `broken` fails.

use super::json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const BRANCHES: [&str; 4] = ["main", "develop", "feature/lunch", "broken"];

/// From when on a deployment is in which state.
const STEPS: [(u64, &str, &str); 4] = [
    (0, "queued", "waiting for a worker"),
    (1, "building", "compiling 214 files"),
    (3, "deploying", "copying to the server"),
    (6, "succeeded", "the server answers"),
];

struct Deployment {
    branch: String,
    server: String,
    begun: Instant,
}

type Deployments = Arc<Mutex<Vec<Deployment>>>;

pub(super) fn routes() -> Router {
    Router::new()
        .route("/ci/branches", get(async || json(&json!(BRANCHES))))
        .route("/ci/deployments", post(deploy))
        .route("/ci/deployments/{id}", get(show))
        .with_state(Deployments::default())
}

async fn deploy(State(all): State<Deployments>, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |key: &str| asked.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (branch, server) = (text("branch"), text("server"));
    if !BRANCHES.contains(&branch.as_str()) {
        let error = json!({"error": format!("there is no branch {branch:?}")});
        return (StatusCode::UNPROCESSABLE_ENTITY, json(&error)).into_response();
    }
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    let begun = Instant::now();
    all.push(Deployment { branch, server, begun });
    let id = all.len();
    let said = json!({"id": id.to_string(), "state": "queued", "url": format!("/ci/deployments/{id}")});
    (StatusCode::ACCEPTED, json(&said)).into_response()
}

async fn show(State(all): State<Deployments>, Path(id): Path<String>) -> Response {
    let all = all.lock().unwrap_or_else(PoisonError::into_inner);
    let one = id.parse::<usize>().ok().and_then(|id| all.get(id.checked_sub(1)?));
    let Some(one) = one else {
        return (
            StatusCode::NOT_FOUND,
            json(&json!({"error": "there is no such deployment"})),
        )
            .into_response();
    };
    let (state, step) = state(&one.branch, one.begun.elapsed());
    json(&json!({"id": id, "branch": one.branch, "server": one.server, "state": state, "step": step}))
}

fn state(branch: &str, after: Duration) -> (&'static str, &'static str) {
    if branch == "broken" && after >= Duration::from_secs(3) {
        return ("failed", "cart.rs:41: expected `u64`, found `&str`");
    }
    let reached = STEPS
        .iter()
        .rev()
        .find(|(from, ..)| after >= Duration::from_secs(*from));
    reached.map_or(("queued", ""), |(_, state, step)| (state, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_goes_on_by_itself_and_the_broken_one_fails() {
        let at = |branch, seconds| state(branch, Duration::from_secs(seconds)).0;
        assert_eq!(
            [at("main", 0), at("main", 2), at("main", 4), at("main", 60)],
            ["queued", "building", "deploying", "succeeded"]
        );
        assert_eq!(
            [at("broken", 0), at("broken", 2), at("broken", 60)],
            ["queued", "building", "failed"]
        );
    }
}
