//! `@http METHOD ADDRESS STATUS BODY`: what the requests of a plugin are answered while a transcript is played, for nothing
//! is sent from there.

use crate::outward::Sender;
use async_trait::async_trait;
use moa_core::http_rule::address;
use moa_egress::{Body, Caller, Error, NotGiven, Refusal, Request, Response};
use std::sync::{Mutex, PoisonError};
use url::Url;

const FORM: &str = "@http takes a method, an address, a status and perhaps a body: @http GET https://api.example.com/menu 200 {\"dishes\": []}";

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Canned {
    method: String,
    url: Url,
    status: u16,
    body: String,
}

impl Canned {
    /// Reads what stands behind `@http`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text.trim();
        let mut word = || {
            let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            rest = after.trim_start();
            word
        };
        let (method, url, status) = (word(), word(), word());
        let status = status
            .parse()
            .ok()
            .filter(|status| (200..=599).contains(status))
            .ok_or(FORM)?;
        if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(FORM.into());
        }
        Ok(Self {
            method: method.to_owned(),
            url: address(url).map_err(|error| error.to_string())?,
            status,
            body: rest.to_owned(),
        })
    }
}

/// All that are known. A later one for the same request takes the place of an earlier one.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<Vec<Canned>>);

impl Answers {
    pub(super) fn add(&self, canned: Canned) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|known| known.method != canned.method || known.url != canned.url);
        all.push(canned);
    }
}

#[async_trait]
impl Sender for Answers {
    async fn send(&self, caller: &Caller, request: Request) -> Result<Response, Error> {
        let url = address(&request.url)?;
        let method = request.method;
        caller.permit.check(&method, &url).map_err(|why| Refusal {
            method: method.clone(),
            url: url.clone(),
            why,
        })?;
        for (_, value) in &request.headers {
            match caller.vault.put_into(value) {
                // A transcript has no secrets, and needs none.
                Ok(_) | Err(NotGiven::Unknown(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = all.iter().find(|canned| canned.method == method && canned.url == url) else {
            return Err(Error::Unavailable(format!(
                "nothing is sent from a transcript; say what is answered: @http {method} {url} 200 BODY"
            )));
        };
        let looks_like_json = found.body.starts_with(['{', '[']);
        let kind = if looks_like_json {
            "application/json"
        } else {
            "text/plain; charset=utf-8"
        };
        Ok(Response {
            status: found.status,
            headers: vec![("content-type".into(), kind.into())],
            body: Body::of(found.body.clone().into_bytes()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_method_an_address_a_status_and_a_body() {
        let read = Canned::parse("GET https://A.example/x?q=1  200   {\"a\":  1}").unwrap();
        assert_eq!(
            (read.method.as_str(), read.url.as_str(), read.status),
            ("GET", "https://a.example/x?q=1", 200)
        );
        assert_eq!(read.body, "{\"a\":  1}");
        assert_eq!(Canned::parse("POST http://a.example 204").unwrap().body, "");
        for (text, says) in [
            ("", "@http takes"),
            ("https://a.example 200", "@http takes"),
            ("get https://a.example 200", "@http takes"),
            ("GET https://a.example OK", "@http takes"),
            ("GET https://a.example 99", "@http takes"),
            ("GET a.example 200", "no address"),
        ] {
            let error = Canned::parse(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
