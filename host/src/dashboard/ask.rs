//! What the pages ask of the host: the very handlers that the command line asks, see [`crate::control`].

use crate::control::client::Client;
use crate::control::http::{empty, full};
use crate::control::pipe::LineReader;
use crate::control::{Control, Told, asked_by};
use bytes::Bytes;
use hyper::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Why something cannot be shown, or was not done: in English, as the command line tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(pub String);

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast_ref::<Told>() {
            Some(told) => Self(told.to_string()),
            None => Self(format!("{error:#}")),
        }
    }
}

/// Asks the host.
#[derive(Clone)]
pub struct Asks(Arc<Client>);

impl Asks {
    /// Asks these handlers.
    pub fn new(control: &Arc<Control>) -> Self {
        Self(Arc::new(Client::inside(control)))
    }

    /// Asks for something.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        Ok(self.0.get(path).await?)
    }

    /// Asks for an answer as it comes.
    pub async fn read(&self, path: &str) -> Result<Bytes, Problem> {
        Ok(self.0.read(Method::GET, path, empty()).await?)
    }

    /// Asks for lines of JSON.
    pub async fn lines<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Problem> {
        let mut lines = self.follow(path).await?;
        let mut found = Vec::new();
        while let Some(line) = lines.next().await.map_err(|error| Problem(error.to_string()))? {
            if line.starts_with(b"{\"error\"") {
                let told: Told = serde_json::from_slice(&line).map_err(|error| Problem(error.to_string()))?;
                return Err(Problem(told.to_string()));
            }
            found.push(serde_json::from_slice(&line).map_err(|error| Problem(error.to_string()))?);
        }
        Ok(found)
    }

    /// Asks for lines that come one by one.
    pub async fn follow(&self, path: &str) -> Result<LineReader, Problem> {
        let response = self.0.send(Method::GET, path, empty()).await?;
        Ok(LineReader::new(response.into_body()))
    }

    /// Orders something, in somebody's name.
    pub async fn order<T: DeserializeOwned>(&self, who: &str, method: Method, path: &str) -> Result<T, Problem> {
        Ok(asked_by(who, self.0.ask(method, path, empty())).await?)
    }

    /// The same with something to go along.
    pub async fn order_with<T: DeserializeOwned>(
        &self,
        who: &str,
        method: Method,
        path: &str,
        what: &impl Serialize,
    ) -> Result<T, Problem> {
        let body = serde_json::to_vec(what).map_err(|error| Problem(error.to_string()))?;
        Ok(asked_by(who, self.0.ask(method, path, full(body))).await?)
    }

    /// The same with a value as it is.
    pub async fn put<T: DeserializeOwned>(&self, who: &str, path: &str, value: String) -> Result<T, Problem> {
        Ok(asked_by(who, self.0.ask(Method::PUT, path, full(value))).await?)
    }
}
