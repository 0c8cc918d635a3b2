//! A guest whose language brings an HTTP client of its own.

use crate::support::{Recorder, command, engine, load, text};
use async_trait::async_trait;
use moa_core::call::{CapError, CapResult};
use moa_engine::{Host, Http, HttpBody, HttpRequest, HttpResponse, Limits};
use std::sync::Arc;
use std::time::Duration;

struct World;

#[async_trait]
impl Http for World {
    async fn exchange(&self, what: HttpRequest) -> CapResult<HttpResponse> {
        // The host's own timers and sockets work.
        tokio::time::sleep(Duration::from_millis(5)).await;
        drop(tokio::net::TcpListener::bind("127.0.0.1:0").await);
        assert_eq!(what.headers, [("x-here".to_owned(), "surfer".to_owned())]);
        let body = match what.body {
            HttpBody::Bytes(bytes) => String::from_utf8(bytes).unwrap(),
            _ => String::new(),
        };
        match what.url.as_str() {
            "https://denied.example/" => Err(CapError::AccessDenied("the line to add".into())),
            "https://away.example/" => Err(CapError::Unavailable("nobody is there".into())),
            url => Ok(HttpResponse {
                status: 201,
                headers: vec![
                    ("x-there".into(), "yes".into()),
                    ("content-length".into(), "999".into()),
                ],
                body: format!("{} {url} {body}", what.method).into_bytes(),
            }),
        }
    }
}

async fn surf(rest: &str, limits: &Limits) -> (String, Recorder) {
    let recorder = Recorder::default();
    let host = Host {
        http: Arc::new(World),
        ..recorder.host()
    };
    let surfer = load(engine(), "surfer");
    let done = surfer.command(command("surf", rest), host, limits).await;
    (text(done), recorder)
}

#[tokio::test]
async fn its_requests_go_the_hosts_way() {
    let limits = Limits::default();
    for (rest, answer) in [
        ("GET https a.example /x?y=1", "201 yes GET https://a.example/x?y=1 "),
        (
            "POST http a.example:8080 / one two",
            "201 yes POST http://a.example:8080/ onetwo",
        ),
        ("DELETE https a.example /", "201 yes DELETE https://a.example/ "),
    ] {
        assert_eq!(surf(rest, &limits).await.0, answer);
    }
    let (told, recorder) = surf("GET https denied.example /", &limits).await;
    assert_eq!(told, "error ErrorCode::HttpRequestDenied");
    let logged = recorder.records().logged.lock().unwrap().clone();
    assert!(
        logged.iter().any(|(_, line)| line.contains("the line to add")),
        "{logged:?}"
    );
    let (told, _) = surf("GET https away.example /", &limits).await;
    assert!(told.contains("nobody is there"), "{told}");
    let (told, _) = surf("GET ftp a.example /", &limits).await;
    assert!(told.starts_with("error"), "{told}");
}

#[tokio::test]
async fn they_count_and_have_an_end() {
    let few = Limits {
        host_calls: 0,
        ..Limits::default()
    };
    assert!(surf("GET https a.example /", &few).await.0.starts_with("error"));
    let small = Limits {
        transfer: 3_000,
        ..Limits::default()
    };
    // In two pieces, each of which may pass.
    let (one, two) = ("x".repeat(2_000), "y".repeat(2_000));
    let (told, _) = surf(&format!("POST https a.example / {one} {two}"), &small).await;
    assert!(told.contains("HttpRequestBodySize"), "{told}");
}
