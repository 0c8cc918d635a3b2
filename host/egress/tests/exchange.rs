//! Requests to a real server: redirects, bodies that are too long or too slow, secrets.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects in the shortest way, also outside of its test functions"
)]

mod support;

use axum::Router;
use moa_egress::sign::{hex, hmac_sha256};
use moa_egress::{Caller, Client, Error, NotGiven, Outside, Pace, Redactor, Request, Sign};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::server::app;
use support::{Log, Names, caller, client, get, outside, serve, vault};

struct World {
    names: Arc<Names>,
    client: Client,
    caller: Caller,
    port: u16,
}

const SECRETS: &[(&str, &str)] = &[
    ("TOKEN", "s3cret-value"),
    ("AWS", "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG"),
    ("BAD", "two\nlines"),
];

impl World {
    async fn new() -> Self {
        Self::of(|_| {}).await
    }

    async fn of(change: impl FnOnce(&mut Outside)) -> Self {
        let port = serve(app()).await.port();
        let names = Arc::new(Names::default());
        for name in ["a.example", "b.example", "c.wide.test"] {
            names.set(name, &[&["127.0.0.1"]]);
        }
        let mut made = outside(&names);
        made.redactor = Redactor::new(SECRETS.iter().copied());
        change(&mut made);
        let rules = [format!("http://*.example:{port}"), format!("http://*:{port}")];
        let mut caller = caller(&rules, &["127.0.0.1"]);
        caller.vault = vault(SECRETS);
        Self {
            client: Client::new(made),
            names,
            caller,
            port,
        }
    }

    fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port)
    }

    fn get(&self, path: &str) -> Request {
        get(self.url("a.example", path))
    }

    async fn send(&self, request: Request) -> Result<(u16, String), Error> {
        let response = self.client.send(&self.caller, request).await?;
        let status = response.status;
        Ok((status, String::from_utf8(response.body.all().await?).unwrap()))
    }

    async fn told(&self, request: Request) -> String {
        self.send(request).await.unwrap().1
    }

    fn redirect(&self, status: u16, to: &str) -> Request {
        let to: String = to.bytes().map(|b| format!("%{b:02x}")).collect();
        self.get(&format!("/redirect?status={status}&to={to}"))
    }
}

fn with(mut request: Request, headers: &[(&str, &str)]) -> Request {
    request.headers = headers
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    request
}

fn post(mut request: Request) -> Request {
    request.method = "POST".into();
    request.body = "hello".into();
    request.idempotency_key = Some("f00d-1".into());
    request
}

#[tokio::test]
async fn a_request_arrives_as_it_was_written() {
    let world = World::new().await;
    let request = world.get("/a%20b/../c?q=1&q=%ED%95%9C#fragment");
    let told = world
        .told(with(
            post(request),
            &[
                ("X-One", "1"),
                ("x-one", "둘"),
                ("Host", "evil"),
                ("Content-Length", "999"),
            ],
        ))
        .await;
    assert!(told.starts_with("POST /c?q=1&q=%ED%95%9C\n"), "{told}");
    for line in [
        &format!("host: a.example:{}\n", world.port),
        "x-one: 1\nx-one: 둘\n",
        "content-length: 5\n",
        "idempotency-key: f00d-1\n",
        "user-agent: moa/",
        "accept-encoding: gzip, deflate\n",
        "\n\nhello",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(!told.contains("evil"));
    // Only what changes something needs the key.
    let mut request = world.get("/");
    request.idempotency_key = Some("f00d-1".into());
    assert!(!world.told(request).await.contains("idempotency"));
    for method in ["get", "", "CONNECT", "TRACE", "GET X", "G\r\n"] {
        let mut request = world.get("/");
        request.method = method.into();
        assert!(
            matches!(world.send(request).await, Err(Error::Invalid(_))),
            "{method:?}"
        );
    }
}

#[tokio::test]
async fn redirects_are_followed_as_browsers_do() {
    let world = World::new().await;
    for (status, method, becomes) in [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (301, "PUT", "PUT"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (302, "GET", "GET"),
        (303, "DELETE", "GET"),
    ] {
        let mut request = with(
            post(world.redirect(status, "/there?x")),
            &[("content-type", "a/b"), ("x-b", "c")],
        );
        request.method = method.into();
        let told = world.told(request).await;
        assert!(
            told.starts_with(&format!("{becomes} /there?x\n")),
            "{status} {method}: {told}"
        );
        let kept = becomes == method && method != "GET";
        for of_body in ["content-type", "idempotency-key"] {
            assert_eq!(
                told.contains(of_body),
                kept || (of_body == "content-type" && method == "GET"),
                "{status} {method}: {told}"
            );
        }
        assert!(told.contains("x-b: c"));
        assert_eq!(told.ends_with("\n\nhello"), becomes == method, "{told}");
    }
    assert_eq!(world.told(world.get("/chain?n=5")).await, "there");
    let error = world.send(world.get("/chain?n=6")).await.unwrap_err().to_string();
    assert!(error.contains("more than 5 times"), "{error}");
    // A language's own client follows by itself.
    let mut request = world.get("/chain?n=1");
    request.follow = false;
    assert_eq!(world.send(request).await.unwrap().0, 302);
    // Without a place to go to it is an answer.
    assert_eq!(world.send(world.redirect(304, "/x")).await.unwrap().0, 304);
}

#[tokio::test]
async fn credentials_stay_with_their_origin() {
    let world = World::new().await;
    let headers = [
        ("Authorization", "Basic own"),
        ("Cookie", "a=b"),
        ("x-key", "{{secret:TOKEN}}"),
        ("x-plain", "p"),
    ];
    let same = world.told(with(world.redirect(302, "/same"), &headers)).await;
    assert!(same.contains("authorization") && same.contains("cookie") && same.contains("x-key: [secret:TOKEN]"));
    for host in ["b.example", "a.example.wide.test"] {
        world.names.set(host, &[&["127.0.0.1"]]);
        let mut request = with(world.redirect(307, &world.url(host, "/other")), &headers);
        request.sign = Some(Sign::HmacSha256 {
            secret: "TOKEN".into(),
            header: "x-sign".into(),
        });
        let told = world.told(post(request)).await;
        for gone in ["authorization", "cookie", "x-key", "x-sign", "idempotency"] {
            assert!(!told.contains(gone), "{gone}: {told}");
        }
        assert!(told.contains("x-plain: p") && told.ends_with("hello"), "{told}");
    }
    // There and back again: what was dropped stays dropped.
    let home = world.url("a.example", "/home");
    let home: String = home.bytes().map(|b| format!("%{b:02x}")).collect();
    let away = world.url("b.example", &format!("/redirect?status=302&to={home}"));
    let told = world.told(with(world.redirect(302, &away), &headers)).await;
    assert!(
        told.starts_with("GET /home") && !told.contains("authorization") && !told.contains("x-key"),
        "{told}"
    );
}

#[tokio::test]
async fn secrets_go_out_and_do_not_come_back() {
    // Without hiding it is seen that the server got it.
    let open = World::of(|outside| outside.redactor = Redactor::default()).await;
    let told = open
        .told(with(open.get("/"), &[("authorization", "Bearer {{secret:TOKEN}}")]))
        .await;
    assert!(told.contains("authorization: Bearer s3cret-value\n"), "{told}");

    let world = World::new().await;
    let log = Log::default();
    let guard = log.start();
    let told = world.told(with(world.get("/"), &[("x", "{{secret:TOKEN}}")])).await;
    assert!(told.contains("x: [secret:TOKEN]\n"), "{told}");
    let response = world.client.send(&world.caller, world.get("/tells")).await.unwrap();
    let headers = response.headers.clone();
    assert!(
        headers.contains(&("set-cookie".into(), "a=[secret:TOKEN]".into())),
        "{headers:?}"
    );
    assert_eq!(response.body.all().await.unwrap(), b"one [secret:TOKEN] two");

    // Only towards hosts that a rule names.
    let request = with(get(world.url("c.wide.test", "/")), &[("x", "{{secret:TOKEN}}")]);
    let error = world.send(request).await.unwrap_err();
    assert!(matches!(&error, Error::Secret(NotGiven::Elsewhere { .. })), "{error}");
    for (name, says) in [("OTHER", "not granted"), ("TOKENX", "not granted")] {
        let value = format!("{{{{secret:{name}}}}}");
        let error = world
            .send(with(world.get("/"), &[("x", &value)]))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(name) && error.contains(says), "{error}");
    }
    // One that is no header's value is not told either.
    let error = world
        .send(with(world.get("/"), &[("x", "{{secret:BAD}}")]))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("`x`") && !error.contains("lines"), "{error}");
    drop(guard);
    let log = log.take();
    assert!(
        log.contains("GET http://a.example") && log.contains("status=200") && log.contains("refused GET"),
        "{log}"
    );
    assert!(!log.contains("s3cret-value") && !log.contains("two\nlines"), "{log}");
}

#[tokio::test]
async fn the_host_signs() {
    let world = World::of(|outside| outside.redactor = Redactor::default()).await;
    let mut request = post(world.get("/"));
    request.sign = Some(Sign::HmacSha256 {
        secret: "TOKEN".into(),
        header: "X-Hub-Signature".into(),
    });
    // Whatever the plugin says itself.
    let told = world.told(with(request.clone(), &[("x-hub-signature", "own")])).await;
    let signature = hex(&hmac_sha256(b"s3cret-value", b"hello"));
    assert!(
        told.contains(&format!("x-hub-signature: {signature}\n")) && !told.contains("own"),
        "{told}"
    );

    request.sign = Some(Sign::AwsSigv4 {
        secret: "AWS".into(),
        region: "ap-northeast-2".into(),
        service: "s3".into(),
    });
    let told = world.told(request.clone()).await;
    assert!(
        told.contains("authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") && told.contains("/ap-northeast-2/s3/aws4_request, SignedHeaders=host;idempotency-key;x-amz-content-sha256;x-amz-date, Signature="),
        "{told}"
    );
    for (sign, says) in [
        (
            Sign::AwsSigv4 {
                secret: "TOKEN".into(),
                region: "r".into(),
                service: "s".into(),
            },
            "ACCESS-KEY-ID:SECRET-KEY",
        ),
        (
            Sign::HmacSha256 {
                secret: "NONE".into(),
                header: "x".into(),
            },
            "`NONE` was not granted",
        ),
        (
            Sign::HmacSha256 {
                secret: "TOKEN".into(),
                header: "Host".into(),
            },
            "cannot stand in",
        ),
        (
            Sign::HmacSha256 {
                secret: "TOKEN".into(),
                header: "a b".into(),
            },
            "no name of a header",
        ),
    ] {
        request.sign = Some(sign);
        let error = world.send(request.clone()).await.unwrap_err().to_string();
        assert!(error.contains(says) && !error.contains("s3cret"), "{error}");
    }
    request.sign = Some(Sign::HmacSha256 {
        secret: "TOKEN".into(),
        header: "x".into(),
    });
    request.url = world.url("c.wide.test", "/");
    assert!(matches!(
        world.send(request).await,
        Err(Error::Secret(NotGiven::Elsewhere { .. }))
    ));
}

#[tokio::test]
async fn bodies_are_unpacked_and_bounded() {
    let world = World::new().await;
    let text = "점심 ".repeat(5_000);
    for by in ["1", "7", "100000"] {
        for (form, expected) in [
            ("gzip", text.clone()),
            ("GZIP", format!("{text}!")),
            ("zlib", text.clone()),
            ("raw", text.clone()),
        ] {
            let told = world.told(world.get(&format!("/packed?as={form}&by={by}"))).await;
            assert_eq!(told, expected, "{form} {by}");
        }
    }
    assert_eq!(world.told(world.get("/packed?as=other")).await, "as it is");
    assert_eq!(world.told(world.get("/empty")).await, "");
    for broken in ["cut", "rubbish"] {
        let error = world
            .send(world.get(&format!("/packed?as={broken}")))
            .await
            .unwrap_err();
        assert!(
            matches!(&error, Error::Unavailable(text) if text.contains("unpacked")),
            "{broken}: {error}"
        );
    }
    let response = world
        .client
        .send(&world.caller, world.get("/packed?as=gzip"))
        .await
        .unwrap();
    assert!(
        response
            .headers
            .iter()
            .all(|(name, _)| name != "content-encoding" && name != "content-length")
    );
    for long in ["/packed?as=bomb", "/endless"] {
        let error = world.send(world.get(long)).await.unwrap_err();
        assert!(
            matches!(&error, Error::OverLimit(text) if text.contains("1048576 bytes")),
            "{long}: {error}"
        );
    }
    let mut exact = world.get("/packed?as=gzip");
    exact.limit = text.len();
    assert_eq!(world.send(exact.clone()).await.unwrap().1, text);
    exact.limit -= 1;
    assert!(matches!(world.send(exact).await, Err(Error::OverLimit(_))));
}

#[tokio::test]
async fn nobody_is_waited_for_longer_than_was_said() {
    let world = World::new().await;
    for slow in ["/silence", "/drip"] {
        let mut request = world.get(slow);
        request.timeout = Duration::from_millis(300);
        let began = std::time::Instant::now();
        let error = world.send(request).await.unwrap_err();
        assert!(
            matches!(&error, Error::Unavailable(text) if text.contains("in time")),
            "{slow}: {error}"
        );
        assert!(began.elapsed() < Duration::from_secs(30));
    }
    // Nobody is there.
    let mut request = world.get("/");
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    request.url = format!("http://a.example:{free}/");
    let rules = [format!("http://a.example:{free}"), "http://none.example".into()];
    let caller = caller(&rules, &["127.0.0.1"]);
    let error = world.client.send(&caller, request).await.unwrap_err().to_string();
    assert!(error.contains("cannot be reached"), "{error}");
    let error = world
        .client
        .send(&caller, get("http://none.example/"))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("`none.example` has no address"), "{error}");
}

#[tokio::test]
async fn a_plugin_has_its_pace() {
    let world = World::of(|outside| {
        outside.pace = Pace {
            per_second: 0.001,
            burst: 4.0,
            at_once: 1,
        }
    })
    .await;
    // Redirects count.
    assert!(world.send(world.get("/chain?n=1")).await.is_ok());
    assert!(world.send(world.get("/chain?n=1")).await.is_ok());
    assert!(matches!(world.send(world.get("/")).await, Err(Error::OverLimit(_))));
    let other = Caller {
        plugin: "other".into(),
        ..world.caller.clone()
    };
    // One at a time: the first is not read to its end.
    let first = world.client.send(&other, world.get("/endless")).await.unwrap();
    let mut second = world.get("/");
    second.timeout = Duration::from_millis(200);
    assert!(matches!(
        world.client.send(&other, second).await,
        Err(Error::Unavailable(_))
    ));
    drop(first);
    assert!(world.client.send(&other, world.get("/")).await.is_ok());
}

#[tokio::test]
async fn a_method_that_is_not_granted_is_not_sent() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let app = Router::new().fallback(move || {
        let counted = Arc::clone(&counted);
        async move { counted.fetch_add(1, Ordering::SeqCst).to_string() }
    });
    let port = serve(app).await.port();
    let names = Arc::new(Names::default());
    let client = client(&names);
    let caller = caller(&[format!("GET http://127.0.0.1:{port}/v1/")], &[]);
    let url = format!("http://127.0.0.1:{port}/v1/x");
    assert_eq!(client.send(&caller, get(&url)).await.unwrap().status, 200);
    for (method, path) in [
        ("POST", "/v1/x"),
        ("GET", "/v2/x"),
        ("GET", "/v1/..%2fv2"),
        ("GET", "/v1/%2e%2e/v2"),
    ] {
        let mut request = get(format!("http://127.0.0.1:{port}{path}"));
        request.method = method.into();
        assert!(
            matches!(client.send(&caller, request).await, Err(Error::Refused(_))),
            "{method} {path}"
        );
    }
    assert_eq!(sent.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_redirect_that_is_not_followed_tells_no_secret_and_hides_no_answer() {
    let world = World::new().await;
    for to in [
        "ftp://a.example/s3cret-value",
        "http://user@a.example/s3cret-value",
        "https://a.example/s3cret-value",
    ] {
        let error = world.send(world.redirect(302, to)).await.unwrap_err();
        if !matches!(error, Error::Refused(_)) {
            assert!(!error.to_string().contains("s3cret-value"), "{error}");
        }
        // What changed something was answered, and is not to be sent again.
        for status in [302, 303, 307] {
            assert_eq!(
                world.send(post(world.redirect(status, to))).await.unwrap(),
                (status, "moved".into()),
                "{to}"
            );
        }
    }
}
