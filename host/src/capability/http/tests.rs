//! Requests through the capability: what is denied, what a rerun is given, and that nothing is sent twice.

use super::Http;
use crate::capability::{Approved, Grants, Said, Says};
use crate::outward::{Outward, Sender};
use crate::testing::{Stage, message};
use async_trait::async_trait;
use moa_core::call::{CapError, CapResult};
use moa_core::config::Grant;
use moa_egress::{Body, Caller, Error, Refusal, Request, Response};
use moa_engine::{Http as _, HttpBody, HttpRequest, HttpResponse};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A world that answers how often it was asked, and may keep one waiting.
#[derive(Default)]
struct World {
    asked: AtomicUsize,
    keys: Mutex<Vec<Option<String>>>,
    bodies: Mutex<Vec<String>>,
    silent: std::sync::atomic::AtomicBool,
    breaks: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl Sender for World {
    async fn send(&self, caller: &Caller, request: Request) -> Result<Response, Error> {
        let url = moa_core::http_rule::address(&request.url)?;
        let checked = caller.permit.check(&request.method, &url);
        checked.map_err(|why| Refusal {
            method: request.method.clone(),
            url,
            why,
        })?;
        for (_, value) in &request.headers {
            caller.vault.put_into(value)?;
        }
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.keys.lock().unwrap().push(request.idempotency_key);
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        self.bodies.lock().unwrap().push(body);
        if self.silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.breaks.load(Ordering::SeqCst) {
            return Err(Error::Uncertain("it broke off".into()));
        }
        Ok(Response {
            status: 200,
            headers: vec![("x".into(), "y".into())],
            body: Body::of(format!("answer {asked}")),
        })
    }
}

async fn stage() -> (Stage, Arc<World>) {
    let mut stage = Stage::of(message("U1", "1.0", "!memo")).await;
    let world = Arc::<World>::default();
    stage.outward = Arc::new(Outward {
        sender: Arc::clone(&world) as _,
        secrets: arc_swap::ArcSwap::from_pointee(BTreeMap::from([("A".to_owned(), "1".to_owned())])),
        ..Outward::default()
    });
    stage.requests.http = vec!["https://a.example".into()];
    stage.grants = Grants::Everything;
    (stage, world)
}

fn request(method: &str, url: &str) -> HttpRequest {
    HttpRequest {
        method: method.into(),
        url: url.into(),
        headers: Vec::new(),
        body: HttpBody::Empty,
        timeout_ms: 0,
        sign: None,
    }
}

async fn fetch(stage: &Stage, again: bool, method: &str) -> CapResult<HttpResponse> {
    let http = Http(stage.scene(again).await);
    http.fetch(request(method, "https://a.example/x")).await
}

fn body(answer: CapResult<HttpResponse>) -> String {
    String::from_utf8(answer.unwrap().body).unwrap()
}

#[tokio::test]
async fn a_denial_names_the_line() {
    let (mut stage, world) = stage().await;
    let said = |grant: &str, deny: &str| {
        let line = |line: &str| {
            if line.is_empty() {
                Grant::default()
            } else {
                Grant::of_line(line).unwrap()
            }
        };
        let said = Said {
            grant: line(grant),
            deny: line(deny),
        };
        Grants::Configured(Says {
            by_plugin: BTreeMap::from([("memo".to_owned(), said)]).into(),
            approved: Approved::default(),
        })
    };
    for (grant, deny, url, says) in [
        (
            "",
            "",
            "https://a.example/x?token=1",
            "`http = [\"https://a.example\"]` below [plugin.memo.grant]",
        ),
        (
            "http = ['*']",
            "http = ['https://*']",
            "https://a.example/",
            "[plugin.memo.deny]",
        ),
        (
            "http = ['https://*']",
            "",
            "https://b.example:8443/",
            "\"requests\" must say \"http\": [\"https://b.example:8443\"]",
        ),
    ] {
        stage.grants = said(grant, deny);
        let http = Http(stage.scene(false).await);
        let denied = http.fetch(request("GET", url)).await.unwrap_err();
        assert!(
            matches!(&denied, CapError::AccessDenied(text) if text.contains(says) && !text.contains("token")),
            "{denied}"
        );
    }
    stage.grants = said("http = ['https://*.example']", "");
    assert_eq!(body(fetch(&stage, false, "GET").await), "answer 1");
    // Secrets have lines of their own.
    stage.requests.secrets = vec!["A".into(), "B".into()];
    let with = |name: &str| HttpRequest {
        headers: vec![("x".into(), format!("{{{{secret:{name}}}}}"))],
        ..request("GET", "https://a.example/")
    };
    let http = Http(stage.scene(false).await);
    let denied = http.fetch(with("A")).await.unwrap_err().to_string();
    assert!(
        denied.contains("`secrets = [\"A\"]` below [plugin.memo.grant]"),
        "{denied}"
    );
    let denied = http.fetch(with("C")).await.unwrap_err().to_string();
    assert!(denied.contains("\"secrets\": [\"C\"]"), "{denied}");
    stage.grants = Grants::Everything;
    let http = Http(stage.scene(false).await);
    assert!(http.fetch(with("A")).await.is_ok());
    assert!(matches!(http.fetch(with("B")).await, Err(CapError::NotFound(_))));
    assert_eq!(world.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_changes_something_is_sent_once_and_a_rerun_gets_its_answer() {
    let (stage, world) = stage().await;
    let first = stage.scene(false).await;
    let http = Http(Arc::clone(&first));
    for (n, method) in [(1, "GET"), (2, "POST"), (3, "POST"), (4, "DELETE")] {
        let answer = http.fetch(request(method, "https://a.example/x")).await;
        assert_eq!(body(answer), format!("answer {n}"));
    }
    let keys = world.keys.lock().unwrap().clone();
    // Each has one of its own, and reads have none.
    assert_eq!(keys[0], None);
    assert!(
        keys[1].as_deref().is_some_and(|key| key.starts_with("call-")) && keys[1] != keys[2],
        "{keys:?}"
    );
    for _ in 0..2 {
        let again = Http(stage.scene(true).await);
        for (n, method) in [(1, "GET"), (2, "POST"), (3, "POST"), (4, "DELETE")] {
            let answer = again.fetch(request(method, "https://a.example/x")).await.unwrap();
            assert_eq!((answer.status, answer.headers.len()), (200, 1));
            assert_eq!(answer.body, format!("answer {n}").into_bytes());
        }
        assert_eq!(world.asked.load(Ordering::SeqCst), 4);
        // It goes on where the first one ended.
        assert_eq!(again.0.ordinals.coming(), first.ordinals.coming());
    }
    // Another request there is another call.
    let other = Http(stage.scene(true).await);
    assert!(other.fetch(request("GET", "https://a.example/y")).await.is_err());
    assert_eq!(world.asked.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn what_was_cut_off_is_uncertain_and_stays_so() {
    let (stage, world) = stage().await;
    world.silent.store(true, Ordering::SeqCst);
    let cut = tokio::time::timeout(Duration::from_millis(200), fetch(&stage, false, "POST")).await;
    assert!(cut.is_err());
    world.silent.store(false, Ordering::SeqCst);
    for _ in 0..3 {
        let again = fetch(&stage, true, "POST").await;
        assert!(matches!(again, Err(CapError::Uncertain(_))), "{again:?}");
    }
    assert_eq!(world.asked.load(Ordering::SeqCst), 1);
    // What only asks is asked again.
    let (stage, world) = self::stage().await;
    world.silent.store(true, Ordering::SeqCst);
    let cut = tokio::time::timeout(Duration::from_millis(200), fetch(&stage, false, "GET")).await;
    assert!(cut.is_err());
    world.silent.store(false, Ordering::SeqCst);
    assert_eq!(body(fetch(&stage, true, "GET").await), "answer 2");
}

#[tokio::test]
async fn what_broke_off_while_it_was_sent_is_uncertain_and_not_sent_again() {
    let (stage, world) = stage().await;
    world.breaks.store(true, Ordering::SeqCst);
    let uncertain = |answer: CapResult<HttpResponse>| {
        assert_eq!(answer.unwrap_err(), CapError::Uncertain("it broke off".into()));
    };
    uncertain(fetch(&stage, false, "POST").await);
    world.breaks.store(false, Ordering::SeqCst);
    // A rerun is told the same, by what was recorded.
    for _ in 0..2 {
        uncertain(fetch(&stage, true, "POST").await);
    }
    assert_eq!(world.asked.load(Ordering::SeqCst), 1);
    let (stage, world) = self::stage().await;
    world.breaks.store(true, Ordering::SeqCst);
    let http = Http(stage.scene(false).await);
    uncertain(http.exchange(request("POST", "https://a.example/x")).await);
}

#[tokio::test]
async fn a_languages_own_client_changes_nothing_in_a_rerun() {
    let (stage, world) = stage().await;
    for (again, method, sent) in [
        (false, "GET", true),
        (false, "POST", true),
        (true, "GET", true),
        (true, "POST", false),
    ] {
        let http = Http(stage.scene(again).await);
        let answer = http.exchange(request(method, "https://a.example/x")).await;
        assert_eq!(answer.is_ok(), sent, "{again} {method}: {answer:?}");
    }
    assert_eq!(world.asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_response_becomes_an_object_and_an_object_a_body() {
    let (mut stage, world) = stage().await;
    stage.requests.objects = vec!["files".into()];
    let scene = stage.scene(false).await;
    let http = Http(Arc::clone(&scene));
    for (n, method) in [(1, "GET"), (2, "POST")] {
        let what = request(method, "https://a.example/x");
        let answer = http
            .fetch_to_object(what, "files".into(), format!("k{n}"))
            .await
            .unwrap();
        assert_eq!((answer.status, answer.body.len()), (200, 0));
        let stored = scene.bucket("files").unwrap().get(&format!("k{n}"), 100).await.unwrap();
        assert_eq!(stored, format!("answer {n}").as_bytes());
    }
    let from = |key: &str| HttpRequest {
        body: HttpBody::Object {
            bucket: "files".into(),
            key: key.into(),
        },
        ..request("PUT", "https://a.example/y")
    };
    assert_eq!(body(http.fetch(from("k1")).await), "answer 3");
    assert_eq!(world.bodies.lock().unwrap().last().unwrap(), "answer 1");
    assert!(matches!(http.fetch(from("none")).await, Err(CapError::NotFound(_))));
    // A rerun gets the same, and nothing is asked again.
    let again = Http(stage.scene(true).await);
    for (n, method) in [(1, "GET"), (2, "POST")] {
        let what = request(method, "https://a.example/x");
        let answer = again
            .fetch_to_object(what, "files".into(), format!("k{n}"))
            .await
            .unwrap();
        assert_eq!(answer.status, 200);
    }
    assert_eq!(world.asked.load(Ordering::SeqCst), 3);
    // Not a bucket that it may use.
    let (stage, world) = self::stage().await;
    let http = Http(stage.scene(false).await);
    let denied = http
        .fetch_to_object(request("GET", "https://a.example/x"), "other".into(), "k".into())
        .await;
    assert!(matches!(denied, Err(CapError::AccessDenied(_))), "{denied:?}");
    assert_eq!(world.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_was_answered_and_could_not_be_stored_is_uncertain() {
    let (mut stage, world) = stage().await;
    stage.requests.objects = vec!["files".into()];
    let folder = tempfile::tempdir().unwrap();
    stage.data = crate::data::in_folder(folder.path());
    let scene = stage.scene(false).await;
    // No file can be below another one.
    let there = scene.bucket("files").unwrap().put("a", "x".into(), "").await;
    assert!(there.is_ok(), "{there:?}");
    let store = |http: &Http, method: &str, key: &str| {
        let http = Http(Arc::clone(&http.0));
        let (what, key) = (request(method, "https://a.example/x"), key.to_owned());
        async move { http.fetch_to_object(what, "files".into(), key).await }
    };
    let asked = store(&Http(scene), "GET", "a/b").await.unwrap_err();
    assert!(!matches!(asked, CapError::Uncertain(_)), "nothing was changed: {asked}");
    let http = Http(stage.scene(false).await);
    let sent = store(&http, "POST", "a/b").await.unwrap_err();
    assert!(
        matches!(&sent, CapError::Uncertain(text) if text.contains("the request itself was answered with HTTP 200")),
        "{sent}"
    );
    assert_eq!(world.asked.load(Ordering::SeqCst), 2);
    // What can be known before is said before: nothing is sent.
    let wrong = store(&http, "POST", "../b").await.unwrap_err();
    assert!(matches!(wrong, CapError::Invalid(_)), "{wrong}");
    assert_eq!(world.asked.load(Ordering::SeqCst), 2);
    // A rerun is told the same, and sends nothing.
    let again = Http(stage.scene(true).await);
    assert_eq!(store(&again, "POST", "a/b").await.unwrap_err(), sent);
    assert_eq!(world.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_body_has_its_limit() {
    let (stage, world) = stage().await;
    let http = Http(stage.scene(false).await);
    let large = HttpRequest {
        body: HttpBody::Bytes(vec![0; 101]),
        ..request("PUT", "https://a.example/x")
    };
    let error = http.fetch(large).await.unwrap_err();
    assert!(
        matches!(&error, CapError::OverLimit(text) if text.contains("`http-body` below [plugin.memo.limits]")),
        "{error}"
    );
    assert_eq!(world.asked.load(Ordering::SeqCst), 0);
}
