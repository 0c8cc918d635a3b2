//! Services that are well or not, by the clock.

use super::json;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use std::time::{Duration, Instant};

pub(super) fn routes() -> Router {
    let begun = Instant::now();
    Router::new().route(
        "/health/{service}",
        get(async move |Path(service): Path<String>| answer(&service, begun.elapsed())),
    )
}

fn answer(service: &str, after: Duration) -> Response {
    match is_well(service, after) {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(true) => json(&json!({"status": "ok", "queue": 3})),
        Some(false) => {
            let said = json!({"status": "down", "error": "no connection to the database"});
            (StatusCode::SERVICE_UNAVAILABLE, json(&said)).into_response()
        }
    }
}

/// `None`: there is no such service.
fn is_well(service: &str, after: Duration) -> Option<bool> {
    let second = after.as_secs();
    match service {
        "shop" => Some(true),
        // Well when one begins to look, then down for 20 s of each minute.
        "search" => Some(!(20..40).contains(&(second % 60))),
        // Never long enough to matter.
        "pay" => Some(!second.is_multiple_of(7)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_its_ways() {
        let well = |service, second| is_well(service, Duration::from_secs(second));
        assert!((0..120).all(|second| well("shop", second) == Some(true)));
        assert_eq!(
            [
                well("search", 5),
                well("search", 25),
                well("search", 45),
                well("search", 85)
            ],
            [Some(true), Some(false), Some(true), Some(false)]
        );
        assert_eq!((0..70).filter(|second| well("pay", *second) == Some(false)).count(), 10);
        assert_eq!(well("nothing", 0), None);
    }
}
