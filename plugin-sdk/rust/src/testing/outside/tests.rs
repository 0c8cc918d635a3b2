use super::*;
use crate::manifest;
use crate::objects;
use crate::schedule::{self, Missed};
use std::time::Duration;

#[test]
fn what_the_test_does_not_say_is_unavailable_and_says_how() {
    let host = Host::new();
    let error = host.with(|_| http::get("https://example.com/a").send()).unwrap_err();
    assert!(
        error.to_string().contains("GET https://example.com/a") && error.to_string().contains("`Host::http`"),
        "{error}"
    );
    let error = host.with(|_| sql::query("main", "SELECT 1", ())).unwrap_err();
    assert!(error.to_string().contains("`Host::sql_rows`"), "{error}");
    let error = host.with(|_| sql::execute("main", "DELETE", ())).unwrap_err();
    assert!(error.to_string().contains("`Host::sql_changed`"), "{error}");
    assert!(matches!(
        host.with(|_| http::get("file:///etc/passwd").send()),
        Err(HostError::Invalid(_))
    ));
    assert_eq!((host.requests().len(), host.statements().len()), (1, 2));
}

#[test]
fn answers_come_in_their_order_and_errors_as_they_are() {
    let host = Host::new();
    host.http(Ok(http::Response::of(500, "fell").with_header("X-Id", "7")));
    host.http(Err(HostError::AccessDenied("grant it".into())));
    host.with(|_| {
        let first = http::get("https://example.com/").send().unwrap();
        assert_eq!((first.status, first.header("x-id")), (500, Some("7")));
        let second = http::get("https://example.com/").send();
        assert_eq!(second, Err(HostError::AccessDenied("grant it".into())));
    });
}

#[test]
fn only_a_good_response_becomes_an_object() {
    let host = Host::new();
    host.http(Ok(http::Response::of(404, "no")));
    host.http(Ok(http::Response::of(200, "yes")));
    host.with(|_| {
        let fetch = || {
            http::get("https://example.com/")
                .fetch_to_object("files", "a/b")
                .unwrap()
        };
        assert_eq!((fetch().status, objects::get("files", "a/b").is_err()), (404, true));
        assert_eq!(
            (fetch().body.len(), objects::get("files", "a/b").unwrap()),
            (0, b"yes".to_vec())
        );
    });
}

#[test]
fn objects_keep_their_contract() {
    Host::new().with(|_| {
        let first = objects::put("files", "a", "1", "text/plain").unwrap();
        assert_ne!(objects::put("files", "a", "2", "text/plain").unwrap(), first);
        assert_eq!(objects::get("files", "a").unwrap(), b"2");
        assert!(matches!(objects::get("other", "a"), Err(HostError::NotFound(_))));
        for bad in ["", "/a", "a/", "a//b", "./a", "a/../b"] {
            assert!(
                matches!(objects::put("files", bad, "", ""), Err(HostError::Invalid(_))),
                "{bad}"
            );
        }
        for number in 0..1_001 {
            objects::put("files", &format!("many/{number:04}"), "", "").unwrap();
        }
        let keys: Vec<String> = objects::list("files", "many/")
            .map(|found| found.unwrap().key)
            .collect();
        assert!(keys.len() == 1_001 && keys.is_sorted(), "over the end of a page");
        objects::delete("files", "a").unwrap();
        objects::delete("files", "a").unwrap();
        assert_eq!(objects::list("files", "a").count(), 0);
        assert!(objects::sign("files", "a", Duration::ZERO).is_err());
        assert!(objects::sign("files", "a", Duration::from_secs(604_801)).is_err());
    });
}

struct Made;
impl JobFn for Made {
    const JOB: manifest::Job = manifest::Job {
        id: "made:*",
        run: |due| {
            crate::log::info(format!("{} {} {}", due.name, due.due, due.payload));
            Ok(())
        },
        ..manifest::Job::BLANK
    };
}

#[test]
fn jobs_run_when_their_time_has_come_in_its_order() {
    let host = Host::new();
    host.with(|_| {
        schedule::at("made:late", "2026-11-20T12:00:30+09:00", "b").unwrap();
        schedule::at("made:early", "2026-11-20T03:00:10Z", "a").unwrap();
        schedule::at("made:past", "1999-01-01T00:00:00Z", "p").unwrap();
        schedule::at("other", "1999-01-01T00:00:00Z", "").unwrap();
        schedule::after("made:gone", Duration::from_secs(1), "").unwrap();
        assert!(schedule::cancel("made:gone").unwrap());
        assert!(!schedule::cancel("made:gone").unwrap());
        assert!(matches!(schedule::at("made:x", "soon", ""), Err(HostError::Invalid(_))));
        let big = "x".repeat(65_537);
        assert!(matches!(
            schedule::after("made:x", Duration::ZERO, &big),
            Err(HostError::OverLimit(_))
        ));
        assert!(schedule::every("made:x", "daily", "UTC", Missed::All, "").is_err());
    });
    assert_eq!(host.run_job::<Made>(), Ok(1));
    host.advance(Duration::from_secs(30));
    assert_eq!(host.run_job::<Made>(), Ok(2));
    assert_eq!(host.run_job::<Made>(), Ok(0));
    assert_eq!(
        host.log(),
        [
            "info: made:past 1999-01-01T00:00:00.000Z p",
            "info: made:early 2026-11-20T03:00:10.000Z a",
            "info: made:late 2026-11-20T03:00:30.000Z b",
        ]
    );
    let left = host.with(|_| schedule::list()).unwrap();
    assert_eq!(left.iter().map(|job| job.name.as_str()).collect::<Vec<_>>(), ["other"]);
}

#[test]
fn a_repeated_job_stays() {
    let host = Host::new();
    host.with(|_| schedule::every("made:often", "0 9 * * *", "Asia/Seoul", Missed::Once, "x"))
        .unwrap();
    assert_eq!((host.run_job::<Made>(), host.run_job::<Made>()), (Ok(1), Ok(1)));
    let job = host.with(|_| schedule::list()).unwrap().remove(0);
    assert_eq!(
        (job.cron.as_deref(), job.timezone.as_str()),
        (Some("0 9 * * *"), "Asia/Seoul")
    );
}

struct Echo;
impl WebhookFn for Echo {
    const WEBHOOK: manifest::Webhook = manifest::Webhook {
        name: "echo",
        run: |request| match request.parameter("status") {
            Some(status) => Ok(Response::of(status.parse()?)),
            None => Response::json(&(&request.path, &request.query, request.header("X-A"), request.text()?)),
        },
        ..manifest::Webhook::BLANK
    };
}

#[test]
fn a_webhook_is_served_as_the_outside_asks() {
    let host = Host::new();
    let serve = |request| host.serve::<Echo>(request).map_err(|error| error.to_string());
    let sent = http::post("/a/b?c=d").header("X-A", "1").text("soup");
    assert_eq!(serve(sent).unwrap().body, br#"["/a/b","c=d","1","soup"]"#);
    assert_eq!(serve(http::post("/")).unwrap().body, br#"["","",null,""]"#);
    assert_eq!(serve(http::get("/")), Err("`echo` is for POST, not GET".into()));
    assert_eq!(serve(http::post("/").body([0xff])), Err("the body is not UTF-8".into()));
    assert_eq!(serve(http::post("/?status=599")).unwrap().status, 599);
    assert!(serve(http::post("/?status=100")).unwrap_err().contains("not 100"));
    assert!(serve(http::post("/").object("files", "k")).is_err());
}
