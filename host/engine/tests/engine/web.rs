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
            "https://broke.example/" => Err(CapError::Uncertain("it broke off".into())),
            url if url.starts_with("https://sized.example/") => Ok(HttpResponse {
                status: 200,
                headers: Vec::new(),
                body: vec![b'x'; url.rsplit('/').next().unwrap().parse().unwrap()],
            }),
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
    ask("surf", rest, limits).await
}

async fn ask(name: &str, rest: &str, limits: &Limits) -> (String, Recorder) {
    let recorder = Recorder::default();
    let host = Host {
        http: Arc::new(World),
        ..recorder.host()
    };
    let surfer = load(engine(), "surfer");
    let done = surfer.command(command(name, rest), host, limits).await;
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
    let (told, _) = surf("POST https broke.example / x", &limits).await;
    assert!(
        told.contains("InternalError") && told.contains("uncertain: it broke off"),
        "{told}"
    );
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

#[tokio::test]
async fn eight_exchanges_are_open_at_once() {
    let limits = Limits::default();
    let told = |count: u32| {
        let limits = limits.clone();
        async move { ask("hold", &format!("sized.example {count} /10"), &limits).await.0 }
    };
    let opened = |count: usize| vec!["200"; count].join(" ");
    // One that was read to its end makes room for another.
    assert_eq!(told(8).await, format!("{} read 10 200", opened(8)));
    let refused = "ErrorCode::ConnectionLimitReached";
    assert_eq!(told(10).await, format!("{} {refused} {refused} read 10 200", opened(8)));
}

#[tokio::test]
async fn what_is_held_for_a_call_is_bounded_together() {
    let small = Limits {
        transfer: 3_000,
        ..Limits::default()
    };
    let told = |count: u32, size: u32| {
        let small = small.clone();
        async move { ask("hold", &format!("sized.example {count} /{size}"), &small).await.0 }
    };
    // Each alone may pass, and three together just so.
    assert_eq!(told(3, 1_000).await, "200 200 200 read 1000 200");
    let refused = "ErrorCode::HttpResponseBodySize(Some(3000))";
    assert_eq!(told(1, 3_001).await, format!("{refused} {refused}"));
    let (told, beyond) = (told(3, 1_001).await, refused);
    // Which of them comes last is nobody's matter; what was read gives its room back.
    assert_eq!(told.matches("200").count(), 3, "{told}");
    assert_eq!(told.matches(beyond).count(), 1, "{told}");
    assert!(told.ends_with("read 1001 200"), "{told}");
}
