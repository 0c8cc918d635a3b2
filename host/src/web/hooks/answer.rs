//! Answers to requests for webhooks.

use super::super::{plain, refusal};
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use moa_core::call::HookAnswer;

/// Headers that are about the connection: they are the host's.
const OF_THE_CONNECTION: [&str; 10] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What a plugin answers. A header that is none, or about the connection, is left out.
pub(super) fn response(answer: HookAnswer) -> Response {
    let Ok(status) = StatusCode::from_u16(answer.status) else {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let bare = matches!(
        status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    );
    let body = if bare { Body::empty() } else { Body::from(answer.body) };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    // What a plugin passes on of others is not to be taken for something else by a browser.
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    for (name, value) in answer.headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(&name), HeaderValue::try_from(&value)) else {
            tracing::warn!(
                header = name,
                "a plugin answers a request from outside with a header that is none"
            );
            continue;
        };
        if !OF_THE_CONNECTION.contains(&name.as_str()) {
            headers.append(name, value);
        }
    }
    response
}

/// Not now: the sender may try again.
pub(super) fn later(why: &str) -> Response {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, why);
    let seconds = HeaderValue::from_static("10");
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
    response
}

/// There are only these methods.
pub(super) fn other_method(methods: &[String]) -> Response {
    let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED);
    if let Ok(methods) = HeaderValue::try_from(methods.join(", ")) {
        response.headers_mut().insert(header::ALLOW, methods);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_the_connection_is_the_hosts() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let response = response(HookAnswer {
            status: 201,
            headers: vec![
                header("Content-Type", "text/html"),
                header("Transfer-Encoding", "chunked"),
                header("content-length", "7"),
                header("bad name", "x"),
                header("x-bad", "a\r\nset-cookie: b"),
                header("set-cookie", "a=1"),
                header("set-cookie", "b=2"),
            ],
            body: b"hello".to_vec(),
        });
        assert_eq!(response.status(), 201);
        let names: Vec<&str> = response.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["x-content-type-options", "content-type", "set-cookie"]);
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    }
}
