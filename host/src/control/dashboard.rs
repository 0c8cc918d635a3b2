//! Who may look into the dashboard.

use super::http::{self, Body};
use super::{Control, Fault};
use crate::dashboard::session::{LINK, Sessions};
use hyper::{Response, StatusCode};
use moa_core::audit::{Entry, What};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A running dashboard.
pub struct Door {
    /// Who is signed in.
    pub sessions: Arc<Sessions>,
    /// Where it is, for browsers: `http://127.0.0.1:7701`. The first is on this machine.
    pub origins: Vec<String>,
}

/// A link that lets one person in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The link.
    pub url: String,
    /// The same by the other names that the dashboard has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// How long it lets somebody in, in seconds.
    pub seconds: u64,
}

/// Everybody was signed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedOut {
    /// How many sessions ended.
    pub sessions: usize,
}

pub(super) async fn invite(control: Arc<Control>) -> Result<Response<Body>, Fault> {
    let door = door(&control)?;
    let token = door.sessions.invite();
    let token = token.map_err(|error| Fault::new(StatusCode::SERVICE_UNAVAILABLE, error));
    control.ordered(Entry::operator(What::Dashboard, "dashboard", &["link"]), &token);
    let token = token?;
    let mut links = door
        .origins
        .iter()
        .map(|origin| format!("{origin}/sign-in?token={token}"));
    http::json(&Invitation {
        url: links.next().unwrap_or_default(),
        others: links.collect(),
        seconds: LINK.as_secs(),
    })
}

pub(super) async fn sign_out(control: Arc<Control>) -> Result<Response<Body>, Fault> {
    let sessions = door(&control)?.sessions.end_all();
    let done = Ok::<_, Fault>(());
    let entry = Entry::operator(What::Dashboard, "dashboard", &["sign-out"]).arg("sessions", sessions);
    control.ordered(entry, &done);
    http::json(&SignedOut { sessions })
}

impl Control {
    /// A link that lets one person in, where there is a dashboard.
    pub fn invitation(&self) -> Option<String> {
        let door = self.door.get()?;
        let (origin, token) = (door.origins.first()?, door.sessions.invite().ok()?);
        Some(format!("{origin}/sign-in?token={token}"))
    }

    /// Writes down what somebody did at the dashboard's door.
    pub fn at_the_door(&self, what: &str, who: &str, from: &str) {
        let entry = Entry::operator(What::Dashboard, "dashboard", &[what]).arg("from", from);
        let done = Ok::<_, Fault>(());
        self.ordered_by(who, entry, &done);
    }
}

fn door(control: &Control) -> Result<&Door, Fault> {
    let none = || {
        Fault::new(
            StatusCode::CONFLICT,
            "this moa has no dashboard: admin.listen is empty, or no moa runs here",
        )
        .hint("set admin.listen, and start it with `moa run`")
    };
    control.door.get().ok_or_else(none)
}
