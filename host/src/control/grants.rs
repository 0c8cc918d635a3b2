//! What a plugin asks for and has.

use super::http::{self, Body};
use super::{Control, Fault};
use crate::grants::{GrantError, Standing};
use hyper::{Response, StatusCode};
use moa_core::audit::{Entry, What};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The longest request, in bytes.
const REQUEST: usize = 64 << 10;

/// What is to be approved.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct GrantRequest {
    /// Lines of `[plugin.NAME.grant]`; nothing: all that the plugin asks for.
    pub lines: Option<Vec<String>>,
}

pub(super) async fn show(control: Arc<Control>, plugin: String) -> Result<Response<Body>, Fault> {
    http::json(&standing(&control)?.status(&plugin)?)
}

pub(super) async fn approve(control: Arc<Control>, plugin: String, body: Body) -> Result<Response<Body>, Fault> {
    let request: GrantRequest = http::body_of(body, REQUEST).await?;
    let done = standing(&control)?
        .approve(&plugin, request.lines.as_deref())
        .await
        .map_err(Fault::from);
    let lines = request.lines.map_or_else(|| "all".to_owned(), |lines| lines.join(", "));
    let mut entry = Entry::operator(What::Grant, "plugin", &["grant"]).arg("grant", lines);
    entry.plugin = plugin;
    control.ordered(entry, &done);
    http::json(&done?)
}

pub(super) async fn withdraw(control: Arc<Control>, plugin: String) -> Result<Response<Body>, Fault> {
    let done = standing(&control)?.withdraw(&plugin).await.map_err(Fault::from);
    let mut entry = Entry::operator(What::Grant, "plugin", &["deny"]);
    entry.plugin = plugin;
    control.ordered(entry, &done);
    http::json(&done?)
}

fn standing(control: &Control) -> Result<&Standing, Fault> {
    let none = || {
        Fault::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "this moa is not connected yet, and decides nothing until it is",
        )
        .hint("try again in a moment, or see its log")
    };
    control.standing.get().ok_or_else(none)
}

impl From<GrantError> for Fault {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::NoPlugin(_) => Self::new(StatusCode::NOT_FOUND, error),
            GrantError::Line(_) => Self::wrong(error),
            GrantError::Store(error) => error.into(),
        }
    }
}
