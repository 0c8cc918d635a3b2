//! What a plugin asks for and has.

use super::http::{self, Body};
use super::{Control, Fault};
use crate::grants::{Asking, GrantError};
use hyper::{Response, StatusCode};
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
    http::json(&asking(&control)?.status(&plugin)?)
}

pub(super) async fn approve(control: Arc<Control>, plugin: String, body: Body) -> Result<Response<Body>, Fault> {
    let request: GrantRequest = http::body_of(body, REQUEST).await?;
    let asking = asking(&control)?;
    http::json(&asking.approve(&plugin, request.lines.as_deref()).await?)
}

pub(super) async fn withdraw(control: Arc<Control>, plugin: String) -> Result<Response<Body>, Fault> {
    http::json(&asking(&control)?.withdraw(&plugin).await?)
}

fn asking(control: &Control) -> Result<&Arc<Asking>, Fault> {
    let none = || {
        Fault::new(StatusCode::SERVICE_UNAVAILABLE, "no moa runs here that loads plugins")
            .hint("start it with `moa run`, or write the lines below [plugin.NAME.grant] in moa.toml")
    };
    control.decides.get().map(|decides| &decides.asking).ok_or_else(none)
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
