//! A server that does what servers do to those who ask them.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, Request as Asked};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_ENCODING, LOCATION, SET_COOKIE};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use std::collections::HashMap;
use std::convert::Infallible;
use std::io::Write as _;
use std::time::Duration;

/// Answers what it was asked: a line for the method and the address, then the headers, then the body.
async fn echo(asked: Asked) -> String {
    let (head, body) = asked.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let mut told = format!("{} {}\n", head.method, head.uri);
    for (name, value) in &head.headers {
        told.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    }
    told + "\n" + &String::from_utf8_lossy(&body)
}

async fn redirect(Query(query): Query<HashMap<String, String>>) -> Response {
    let status = StatusCode::from_bytes(query["status"].as_bytes()).unwrap();
    (status, [(LOCATION, query["to"].clone())], "moved").into_response()
}

/// Redirects so many times.
async fn chain(Query(query): Query<HashMap<String, usize>>) -> Response {
    match query["n"] {
        0 => "there".into_response(),
        n => (StatusCode::FOUND, [(LOCATION, format!("?n={}", n - 1))]).into_response(),
    }
}

fn endless() -> Body {
    Body::from_stream(futures(|_| async { Bytes::from(vec![b'x'; 8 << 10]) }))
}

/// A stream without an end.
fn futures<F: Future<Output = Bytes> + Send + 'static>(
    next: impl Fn(usize) -> F + Send + 'static,
) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
    futures_util::stream::unfold((0, next), |(n, next)| async move {
        let bytes = next(n).await;
        Some((Ok(bytes), (n + 1, next)))
    })
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

async fn packed(Query(query): Query<HashMap<String, String>>) -> Response {
    let text = "점심 ".repeat(5_000);
    let (encoding, bytes) = match query["as"].as_str() {
        "gzip" => ("gzip", gzip(text.as_bytes())),
        "GZIP" => ("GZip", [gzip(text.as_bytes()), gzip(b"!")].concat()),
        "zlib" => {
            let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
            packed.write_all(text.as_bytes()).unwrap();
            ("deflate", packed.finish().unwrap())
        }
        "raw" => {
            let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
            packed.write_all(text.as_bytes()).unwrap();
            ("deflate", packed.finish().unwrap())
        }
        "cut" => {
            let mut bytes = gzip(text.as_bytes());
            bytes.truncate(40);
            ("gzip", bytes)
        }
        "rubbish" => ("gzip", b"rubbish".to_vec()),
        "other" => ("br", b"as it is".to_vec()),
        // 64 MiB of nothing in 64 KiB.
        _ => ("gzip", gzip(&vec![0; 64 << 20])),
    };
    let size: usize = query.get("by").map_or(usize::MAX, |by| by.parse().unwrap());
    let parts: Vec<_> = bytes
        .chunks(size.min(bytes.len()))
        .map(Bytes::copy_from_slice)
        .collect();
    let body = Body::from_stream(futures_util::stream::iter(parts.into_iter().map(Ok::<_, Infallible>)));
    ([(CONTENT_ENCODING, encoding)], body).into_response()
}

pub fn app() -> Router {
    Router::new()
        .route("/redirect", any(redirect))
        .route("/chain", any(chain))
        .route("/endless", any(|| async { endless() }))
        .route(
            "/drip",
            any(|| async {
                Body::from_stream(futures(|_| async {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    Bytes::from_static(b".")
                }))
            }),
        )
        .route(
            "/silence",
            any(|| async {
                tokio::time::sleep(Duration::from_secs(60)).await;
                "late"
            }),
        )
        .route("/packed", any(packed))
        .route("/empty", any(|| async { ([(CONTENT_ENCODING, "gzip")], "") }))
        .route(
            "/tells",
            any(|| async {
                (
                    [(SET_COOKIE, "a=s3cret-value"), (LOCATION, "/s3cret-value")],
                    Body::from_stream(futures_util::stream::iter(
                        ["one s3c", "ret-v", "alue two"].map(|part| Ok::<_, Infallible>(Bytes::from(part))),
                    )),
                )
            }),
        )
        .fallback(echo)
}
