//! The CI service, as it is asked over HTTP.

use crate::{Settings, Texts};
use moa_plugin::prelude::*;
use serde::{Deserialize, Serialize};

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Queued,
    Building,
    Deploying,
    Succeeded,
    Failed,
}

impl State {
    /// As people read it.
    pub fn text(self, texts: &Texts) -> String {
        match self {
            Self::Queued => texts.queued(),
            Self::Building => texts.building(),
            Self::Deploying => texts.deploying(),
            Self::Succeeded => texts.succeeded(),
            Self::Failed => texts.failed(),
        }
    }

    pub fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// What the service tells of a deployment, when it is asked or by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub state: State,
    #[serde(default)]
    pub step: String,
    /// Its last lines; they matter if it fails.
    #[serde(default)]
    pub log: String,
}

/// A deployment that was begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Begun {
    pub id: String,
    /// Where people see it.
    #[serde(default)]
    pub url: String,
}

/// Why there is no answer to go on with.
#[derive(Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It was refused, with these words: there is no such branch.
    Refused(String),
    /// It can't be reached, or answers nonsense.
    Away,
    /// It was told, perhaps: nobody knows whether the deployment goes on.
    Uncertain,
}

#[derive(Serialize)]
struct Order<'a> {
    branch: &'a str,
    server: &'a str,
    by: &'a str,
}

/// Begins a deployment.
pub fn begin(settings: &Settings, branch: &str, server: &str, by: &str) -> Result<Begun, Trouble> {
    let order = Order { branch, server, by };
    asked(http::post(&settings.url).json(&order), settings)
}

/// How far it is.
pub fn progress(settings: &Settings, id: &str) -> Result<Progress, Trouble> {
    // What the service calls it is nothing that may lead elsewhere.
    let id: String = id
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect();
    asked(
        http::get(format!("{}/{id}", settings.url.trim_end_matches('/'))),
        settings,
    )
}

fn asked<T: serde::de::DeserializeOwned>(request: http::Request, settings: &Settings) -> Result<T, Trouble> {
    let request = match &settings.authorization {
        Some(value) => request.header("Authorization", value),
        None => request,
    };
    let response = request.timeout(Duration::from_secs(5)).send().map_err(|error| {
        log::warn(format!("the CI service: {error}"));
        match error {
            HostError::Uncertain(_) => Trouble::Uncertain,
            _ => Trouble::Away,
        }
    })?;
    if (400..=499).contains(&response.status) {
        return Err(Trouble::Refused(reason(&response)));
    }
    let read = response.ok().and_then(|response| response.json());
    read.map_err(|error| {
        log::warn(error.to_string());
        Trouble::Away
    })
}

/// `{"error": "…"}`, or the beginning of what it says.
fn reason(response: &http::Response) -> String {
    #[derive(Deserialize)]
    struct Said {
        #[serde(alias = "message")]
        error: String,
    }
    let text = match response.json::<Said>() {
        Ok(said) => said.error,
        Err(_) => String::from_utf8_lossy(&response.body).into_owned(),
    };
    let short: String = text.chars().take(200).collect();
    if short.trim().is_empty() {
        format!("HTTP {}", response.status)
    } else {
        short.trim().into()
    }
}
