//! What a form, or the end of an address, says.

use axum::body::Body;
use axum::http::Uri;
use http_body_util::BodyExt;
use std::time::Duration;

/// In how long it has to be there.
const PATIENCE: Duration = Duration::from_secs(20);

/// It did not come whole.
#[derive(Debug)]
pub struct Broken;

/// Names and values; a name may be there several times.
#[derive(Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// What stands behind the `?`.
    pub fn of_query(uri: &Uri) -> Self {
        Self::of(uri.query().unwrap_or_default().as_bytes())
    }

    fn of(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// What was sent. How much there may be of it is the listener's rule.
    ///
    /// # Errors
    /// It breaks off, is too long, or too slow.
    pub async fn read(body: Body) -> Result<Self, Broken> {
        let read = tokio::time::timeout(PATIENCE, body.collect()).await;
        let bytes = read.map_err(|_| Broken)?.map_err(|_| Broken)?.to_bytes();
        Ok(Self::of(&bytes))
    }

    /// The value of a name, or nothing.
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// All values of a name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let fitting = self.0.iter().filter(|(known, _)| known == name);
        fitting.map(|(_, value)| value.as_str()).collect()
    }
}
