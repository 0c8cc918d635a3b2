//! `http`: requests to the outside world. Rules, addresses, secrets and signatures are `moa-egress`'s; here a call's grants
//! become its permit, and what was sent is recorded.

use super::Scene;
use crate::recall::print::{Function, Print};
use async_trait::async_trait;
use moa_core::call::{CapError, CapResult};
use moa_egress::{Caller, Error, NotGiven, Request, Response, Sign, is_safe};
use moa_engine::{HttpBody, HttpRequest, HttpResponse, Signing};
use std::sync::Arc;
use std::time::Duration;

/// How long an exchange may take where the plugin does not say. It never outlasts the call.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Http(pub(super) Arc<Scene>);

#[async_trait]
impl moa_engine::Http for Http {
    async fn fetch(&self, what: HttpRequest) -> CapResult<HttpResponse> {
        let safe = is_safe(&what.method);
        let function = if safe { Function::HttpRead } else { Function::HttpFetch };
        let print = print(function, &what).done();
        match safe {
            true => self.0.read(print, self.exchange(what, None)).await,
            false => self.0.once(print, |key| self.exchange(what, Some(key))).await,
        }
    }
}

impl Http {
    async fn exchange(&self, what: HttpRequest, key: Option<String>) -> CapResult<HttpResponse> {
        let response = self.send(what, key, self.0.file_limit).await?;
        let (status, headers) = (response.status, response.headers);
        let body = response.body.all().await.map_err(|error| self.told(error))?;
        Ok(HttpResponse { status, headers, body })
    }

    async fn send(&self, what: HttpRequest, key: Option<String>, limit: usize) -> CapResult<Response> {
        let scene = &self.0;
        let body = match what.body {
            HttpBody::Empty => Vec::new(),
            HttpBody::Bytes(bytes) => bytes,
            HttpBody::Object { .. } => {
                return Err(CapError::Unsupported(
                    "this host has no objects as the body of a request yet".into(),
                ));
            }
        };
        let most = scene.file_limit;
        if body.len() > most {
            return Err(CapError::OverLimit(format!(
                "the body has {} bytes; the limit is {most}, `http-body` below [plugin.{}.limits] in moa.toml",
                body.len(),
                scene.plugin
            )));
        }
        let request = Request {
            method: what.method,
            url: what.url,
            headers: what.headers,
            body: body.into(),
            sign: what.sign.map(|sign| match sign {
                Signing::AwsSigv4 {
                    secret,
                    region,
                    service,
                } => Sign::AwsSigv4 {
                    secret,
                    region,
                    service,
                },
                Signing::HmacSha256 { secret, header } => Sign::HmacSha256 { secret, header },
            }),
            idempotency_key: key,
            follow: true,
            timeout: match what.timeout_ms {
                0 => PATIENCE,
                ms => Duration::from_millis(ms.into()),
            },
            limit,
        };
        let outward = &scene.outward;
        let caller = Caller {
            plugin: scene.plugin.clone(),
            invocation: scene.invocation.clone(),
            permit: scene.granted.permit(&outward.internal),
            vault: scene.granted.vault(&outward.secrets),
        };
        outward
            .sender
            .send(&caller, request)
            .await
            .map_err(|error| self.told(error))
    }

    /// In the contract's words.
    fn told(&self, error: Error) -> CapError {
        let granted = &self.0.granted;
        match error {
            Error::Refused(refusal) => granted.no_http(&refusal),
            Error::Secret(error) => match &error {
                NotGiven::NotGranted(name) => granted.no_secret(name),
                NotGiven::Unknown(_) => CapError::NotFound(error.to_string()),
                NotGiven::Elsewhere { .. } => CapError::AccessDenied(error.to_string()),
                NotGiven::Unfit { .. } => CapError::Invalid(error.to_string()),
            },
            Error::Invalid(text) => CapError::Invalid(text),
            Error::OverLimit(text) => CapError::OverLimit(text),
            Error::Unavailable(text) => CapError::Unavailable(text),
        }
    }
}

fn print(function: Function, what: &HttpRequest) -> crate::recall::print::Printer {
    let mut print = Print::of(function).text(&what.method).text(&what.url);
    print = print.number(what.headers.len() as u64);
    for (name, value) in &what.headers {
        print = print.text(name).text(value);
    }
    print = match &what.body {
        HttpBody::Empty => print.number(0),
        HttpBody::Bytes(bytes) => print.number(1).bytes(bytes),
        HttpBody::Object { bucket, key } => print.number(2).text(bucket).text(key),
    };
    match &what.sign {
        None => print.number(0),
        Some(Signing::AwsSigv4 {
            secret,
            region,
            service,
        }) => print.number(1).text(secret).text(region).text(service),
        Some(Signing::HmacSha256 { secret, header }) => print.number(2).text(secret).text(header),
    }
}
