//! `http`: requests to the outside world. Rules, addresses, secrets and signatures are `moa-egress`'s; here a call's grants
//! become its permit, and what was sent is recorded.

#[cfg(test)]
mod tests;

use super::Scene;
use crate::data::object_error;
use crate::metrics::plugin::Outside;
use crate::recall::print::{Function, Print};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;
use moa_core::call::{CapError, CapResult};
use moa_core::http_rule::address;
use moa_egress::{Body, Caller, Error, NotGiven, Refusal, Request, Response, Sign, is_safe};
use moa_engine::{HttpBody, HttpRequest, HttpResponse, Signing};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long an exchange may take where the plugin does not say. It never outlasts the call.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many bytes a response may have that is stored as an object: 1 GiB.
const LARGEST: usize = 1 << 30;

pub(super) struct Http(pub(super) Arc<Scene>);

#[async_trait]
impl moa_engine::Http for Http {
    async fn fetch(&self, what: HttpRequest) -> CapResult<HttpResponse> {
        let safe = is_safe(&what.method);
        let function = if safe { Function::HttpRead } else { Function::HttpFetch };
        let print = print(function, &what).done();
        match safe {
            true => self.0.read(print, self.whole(what, None, true)).await,
            false => self.0.once(print, |key| self.whole(what, Some(key), true)).await,
        }
    }

    async fn fetch_to_object(&self, what: HttpRequest, bucket: String, key: String) -> CapResult<HttpResponse> {
        let print = print(Function::HttpObject, &what).text(&bucket).text(&key).done();
        if !is_safe(&what.method) {
            let sending = |id| self.stored(what, Some(id), &bucket, &key);
            return self.0.once(print, sending).await;
        }
        // Asked and stored again it leaves no more behind than the world's answer of now.
        let live = async {
            let ready = self.0.bucket(&bucket).map(drop);
            ready.and_then(|()| moa_objects::check(&key).map_err(object_error))?;
            self.0.ordinals.next();
            self.stored(what, None, &bucket, &key).await
        };
        self.0.outward(print, live).await
    }

    async fn may(&self, method: &str, url: &str) -> CapResult<()> {
        let url = address(url).map_err(|error| self.told(error.into()))?;
        let permit = self.0.granted.permit(&self.0.outward.internal);
        let refused = |why| {
            let method = method.to_owned();
            self.told(
                Refusal {
                    method,
                    url: url.clone(),
                    why,
                }
                .into(),
            )
        };
        permit.check(method, &url).map_err(refused)
    }

    /// What a language's own client sends is not recorded: it goes on beside whatever else the call does, so there is no
    /// order to record it in. A rerun asks again, and what may change something is not sent by a rerun at all.
    async fn exchange(&self, what: HttpRequest) -> CapResult<HttpResponse> {
        if !is_safe(&what.method) && self.0.look_first {
            return Err(CapError::Uncertain(format!(
                "an earlier run of this call may have sent {} {}",
                what.method, what.url
            )));
        }
        self.whole(what, None, false).await
    }
}

impl Http {
    async fn whole(&self, what: HttpRequest, key: Option<String>, follow: bool) -> CapResult<HttpResponse> {
        let response = self.send(what, key, follow, self.0.file_limit).await?;
        let (status, headers) = (response.status, response.headers);
        let body = response.body.all().await.map_err(|error| self.told(error))?;
        Ok(HttpResponse { status, headers, body })
    }

    /// The body goes piece by piece from the one to the other.
    async fn stored(&self, what: HttpRequest, id: Option<String>, bucket: &str, key: &str) -> CapResult<HttpResponse> {
        let open = self.0.bucket(bucket)?;
        open.writable().map_err(object_error)?;
        moa_objects::check(key).map_err(object_error)?;
        let changes = !is_safe(&what.method);
        let response = self.send(what, id, true, LARGEST).await?;
        let (status, headers) = (response.status, response.headers);
        if (200..=299).contains(&status) {
            let kind = headers.iter().find(|(name, _)| name == "content-type");
            let fits = kind
                .map(|(_, value)| value.as_str())
                .filter(|kind| moa_objects::is_type(kind));
            let mime = fits.unwrap_or("application/octet-stream");
            let why = Arc::new(Mutex::new(None));
            let pieces = pieces(response.body, Arc::clone(&why));
            let written = open.write(key, mime, LARGEST as u64, Box::pin(pieces)).await;
            let why = why.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(error) = why {
                return Err(self.told(error));
            }
            written.map_err(|error| match changes {
                true => CapError::Uncertain(format!("{error}; the request itself was answered with HTTP {status}")),
                false => object_error(error),
            })?;
        }
        Ok(HttpResponse {
            status,
            headers,
            body: Vec::new(),
        })
    }

    async fn send(&self, what: HttpRequest, key: Option<String>, follow: bool, limit: usize) -> CapResult<Response> {
        let scene = &self.0;
        let body = match what.body {
            HttpBody::Empty => Vec::new(),
            HttpBody::Bytes(bytes) => bytes,
            HttpBody::Object { bucket, key } => {
                let content = scene.bucket(&bucket)?.get(&key, scene.file_limit as u64).await;
                content.map_err(object_error)?.into()
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
            follow,
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
            vault: scene.granted.vault(&outward.secrets.load_full()),
        };
        let sent = outward.sender.send(&caller, request).await;
        scene.counted(Outside::Http, sent.map_err(|error| self.told(error)))
    }

    /// In the contract's words.
    fn told(&self, error: Error) -> CapError {
        let granted = &self.0.granted;
        // An address that somebody redirected to may have a secret in it.
        let hidden = |text: String| self.0.outward.redactor.text(&text).into_owned();
        match error {
            Error::Refused(refusal) => match granted.no_http(&refusal) {
                CapError::AccessDenied(text) => CapError::AccessDenied(hidden(text)),
                other => other,
            },
            Error::Secret(error) => match &error {
                NotGiven::NotGranted(name) => granted.no_secret(name),
                NotGiven::Unknown(_) => CapError::NotFound(error.to_string()),
                NotGiven::Elsewhere { .. } => CapError::AccessDenied(error.to_string()),
                NotGiven::Unfit { .. } => CapError::Invalid(error.to_string()),
            },
            Error::Invalid(text) => CapError::Invalid(hidden(text)),
            Error::OverLimit(text) => CapError::OverLimit(hidden(text)),
            Error::Unavailable(text) => CapError::Unavailable(hidden(text)),
            Error::Uncertain(text) => CapError::Uncertain(hidden(text)),
        }
    }
}

/// A body piece by piece; `why` keeps what it broke off by.
fn pieces(body: Body, why: Arc<Mutex<Option<Error>>>) -> impl Stream<Item = io::Result<Bytes>> + Send {
    futures_util::stream::unfold(Some(body), move |body| {
        let why = Arc::clone(&why);
        async move {
            let mut body = body?;
            match body.next().await {
                Ok(Some(bytes)) => Some((Ok(bytes), Some(body))),
                Ok(None) => None,
                Err(error) => {
                    let told = io::Error::other(error.to_string());
                    *why.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    Some((Err(told), None))
                }
            }
        }
    })
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
