//! How the host is, and its end.

use super::http::{self, Body};
use super::{Control, Fault};
use crate::sight::Sight;
use hyper::{Response, StatusCode};
use moa_core::audit::{Entry, What};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::Notify;

/// A running host, as far as its operator looks at it and ends it.
#[derive(Clone)]
pub struct Watched {
    /// What it looks like.
    pub sight: Arc<Sight>,
    /// Told when it is to stop.
    pub stop: Arc<Notify>,
}

/// A host that was asked to stop.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stopping {
    /// The process that ends.
    pub pid: u32,
    /// Calls that run or wait.
    pub outstanding: usize,
}

impl Control {
    fn watched(&self) -> Result<&Watched, Fault> {
        self.watched.get().ok_or_else(|| {
            Fault::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "no host runs here, so there is nothing to look at",
            )
            .hint("start it with `moa run`")
        })
    }
}

pub(super) async fn show(control: Arc<Control>) -> Result<Response<Body>, Fault> {
    http::json(&control.watched()?.sight.status().await)
}

/// Begins the end: what runs may end first.
pub(super) async fn stop(control: Arc<Control>) -> Result<Response<Body>, Fault> {
    let watched = control.watched()?;
    let loads = watched.sight.loads();
    let outstanding = loads.values().map(|load| load.running + load.waiting);
    let stopping = Stopping {
        pid: std::process::id(),
        outstanding: outstanding.sum(),
    };
    let done = http::json(&stopping);
    control.ordered(Entry::operator(What::Host, "stop", &[]), &done);
    watched.stop.notify_one();
    done
}
