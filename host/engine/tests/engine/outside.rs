//! Jobs, requests from outside, and what reaches beyond chat.

use crate::support::{Recorder, command, hostile, probe, text};
use async_trait::async_trait;
use moa_core::call::{CapError, CapResult, Failure, HookAnswer, HookCall, JobCall};
use moa_engine::{
    Cell, Fault, Host, Http, HttpBody, HttpRequest, HttpResponse, Job, Limits, Missed, Object, ObjectPage, Objects,
    Rows, Schedule, Signing, Sql,
};
use std::sync::{Arc, Mutex};

/// Writes down what it was asked.
#[derive(Default)]
struct Outside(Mutex<Vec<String>>);

impl Outside {
    fn ask(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }
}

#[async_trait]
impl Schedule for Outside {
    async fn at(&self, name: String, when: String, payload: String) -> CapResult<()> {
        self.ask(format!("at {name} {when} {payload}"));
        Ok(())
    }
    async fn every(
        &self,
        name: String,
        cron: String,
        timezone: String,
        missed: Missed,
        payload: String,
    ) -> CapResult<()> {
        self.ask(format!("every {name} {cron} {timezone} {missed:?} {payload}"));
        Err(CapError::Conflict("it is the manifest's".into()))
    }
    async fn cancel(&self, name: String) -> CapResult<bool> {
        self.ask(format!("cancel {name}"));
        Ok(true)
    }
    async fn list(&self) -> CapResult<Vec<Job>> {
        Ok(vec![Job {
            name: "daily".into(),
            next: Some("2026-11-21T00:00:00Z".into()),
            cron: None,
            timezone: "UTC".into(),
            payload: "p".into(),
        }])
    }
}

#[async_trait]
impl Http for Outside {
    async fn fetch(&self, what: HttpRequest) -> CapResult<HttpResponse> {
        let expected = HttpRequest {
            method: "POST".into(),
            url: "https://example.com/a?b".into(),
            headers: vec![("x-a".into(), "{{secret:S}}".into())],
            body: HttpBody::Bytes(b"body".to_vec()),
            timeout_ms: 1_000,
            sign: Some(Signing::AwsSigv4 {
                secret: "S".into(),
                region: "region".into(),
                service: "s3".into(),
            }),
        };
        assert_eq!(what, expected);
        Ok(HttpResponse {
            status: 204,
            headers: vec![("etag".into(), "1".into())],
            body: b"answer".to_vec(),
        })
    }
    async fn fetch_to_object(&self, what: HttpRequest, bucket: String, key: String) -> CapResult<HttpResponse> {
        let object = HttpBody::Object {
            bucket: "from".into(),
            key: "key".into(),
        };
        let sign = Signing::HmacSha256 {
            secret: "S".into(),
            header: "x-sign".into(),
        };
        assert_eq!((what.body, what.sign), (object, Some(sign)));
        self.ask(format!("store {bucket} {key}"));
        Err(CapError::Uncertain("it may be there".into()))
    }
}

#[async_trait]
impl Sql for Outside {
    async fn query(&self, connection: String, text: String, params: Vec<Cell>) -> CapResult<Rows> {
        self.ask(format!("query {connection} {text} {params:?}"));
        Ok(Rows {
            columns: vec!["a".into()],
            rows: params.into_iter().map(|cell| vec![cell]).collect(),
            truncated: true,
        })
    }
    async fn execute(&self, connection: String, text: String, params: Vec<Cell>) -> CapResult<u32> {
        self.ask(format!("execute {connection} {text} {params:?}"));
        Ok(7)
    }
}

#[async_trait]
impl Objects for Outside {
    async fn get(&self, bucket: String, key: String) -> CapResult<Vec<u8>> {
        self.ask(format!("get {bucket} {key}"));
        Err(CapError::NotFound("no".into()))
    }
    async fn put(&self, bucket: String, key: String, data: Vec<u8>, mime: String) -> CapResult<String> {
        self.ask(format!("put {bucket} {key} {data:?} {mime}"));
        Ok("etag".into())
    }
    async fn list(&self, bucket: String, prefix: String, cursor: Option<String>) -> CapResult<ObjectPage> {
        self.ask(format!("list {bucket} {prefix} {cursor:?}"));
        let object = Object {
            key: "k".into(),
            size: 5,
            etag: "e".into(),
            modified: "2026-11-20T00:00:00Z".into(),
        };
        Ok((vec![object], Some("more".into())))
    }
    async fn delete(&self, bucket: String, key: String) -> CapResult<()> {
        self.ask(format!("delete {bucket} {key}"));
        Ok(())
    }
    async fn sign(&self, bucket: String, key: String, seconds: u32) -> CapResult<String> {
        self.ask(format!("sign {bucket} {key} {seconds}"));
        Ok("https://signed".into())
    }
}

#[tokio::test]
async fn what_reaches_beyond_chat_arrives_whole_both_ways() {
    let outside = Arc::new(Outside::default());
    let host = Host {
        schedule: outside.clone(),
        http: outside.clone(),
        sql: outside.clone(),
        objects: outside.clone(),
        ..Recorder::default().host()
    };
    let done = probe().command(command("outside", ""), host, &Limits::default()).await;
    let got = text(done);
    let got: Vec<&str> = got.lines().collect();
    let expected: &[(usize, &[&str])] = &[
        (0, &["Ok(())"]),
        (1, &["Error::Conflict", "it is the manifest's"]),
        (2, &["Ok(true)"]),
        (3, &["\"daily\"", "2026-11-21T00:00:00Z", "cron: None", "\"UTC\""]),
        (4, &["status: 204", "\"etag\", \"1\"", "[97, 110, 115, 119, 101, 114]"]),
        (5, &["Error::Uncertain"]),
        (
            6,
            &[
                "Null",
                "Truth(true)",
                "Integer(-1)",
                "Number(0.5)",
                "Decimal(\"1.10\")",
                "Text(\"a\")",
                "[0, 255]",
                "Time(\"2026-11-20\")",
                "truncated: true",
            ],
        ),
        (7, &["Ok(7)"]),
        (8, &["Error::NotFound"]),
        (9, &["Ok(\"etag\")"]),
        (10, &["\"k\"", "size: 5", "\"more\""]),
        (11, &["Ok(())"]),
        (12, &["https://signed"]),
        (13, &["Error::Invalid"]),
        (14, &["Error::OverLimit", "65536"]),
        (15, &["Error::Invalid", "604800"]),
        (16, &["Error::Invalid"]),
    ];
    assert_eq!(got.len(), expected.len(), "{got:#?}");
    for (line, parts) in expected {
        for part in *parts {
            assert!(got[*line].contains(part), "no {part} in {}", got[*line]);
        }
    }
    let asked = outside.0.lock().unwrap();
    let expected = [
        "store bucket k",
        "at once 2026-11-20T00:00:00Z p",
        "every often 0 9 * * * Asia/Seoul All q",
        "cancel once",
        "query db select ? [Null, Truth(true), Integer(-1), Number(0.5), Decimal(\"1.10\"), Text(\"a\"), Bytes([0, 255]), Time(\"2026-11-20\")]",
        "execute db delete []",
        "get b k",
        "put b k [100, 97, 116, 97] text/plain",
        "list b pre Some(\"next\")",
        "delete b k",
        "sign b k 60",
    ];
    assert_eq!(*asked, expected);
}

#[tokio::test]
async fn a_host_that_lacks_it_says_so() {
    let done = probe()
        .command(command("outside", ""), Recorder::default().host(), &Limits::default())
        .await;
    let got = text(done);
    let refused = got.lines().filter(|line| line.contains("Error::Unsupported(")).count();
    assert_eq!(refused, 13, "{got}");
}

#[tokio::test]
async fn jobs_and_requests_from_outside_arrive() {
    let job = JobCall {
        invocation: command("", "").invocation,
        name: "daily".into(),
        due: "2026-11-20T00:50:00Z".into(),
        payload: "p".into(),
    };
    let host = || Recorder::default().host();
    let ran = probe().job(job.clone(), host(), &Limits::default()).await.result;
    let Ok(Err(Failure::Internal(got))) = ran else {
        panic!("{ran:?}")
    };
    for part in ["\"daily\"", "\"2026-11-20T00:50:00Z\"", "\"p\"", "\"i1\""] {
        assert!(got.contains(part), "no {part} in {got}");
    }
    let hook = |name: &str| HookCall {
        invocation: command("", "").invocation,
        name: name.into(),
        method: "POST".into(),
        path: "/a".into(),
        query: "b=c".into(),
        headers: vec![("x-h".into(), "v".into())],
        body: vec![1, 2],
    };
    let served = probe().serve(hook("build"), host(), &Limits::default()).await.result;
    let Ok(Ok(HookAnswer {
        status: 201,
        headers,
        body,
    })) = served
    else {
        panic!("{served:?}")
    };
    assert_eq!(headers, [("x-a".to_owned(), "b=c".to_owned())]);
    let got = String::from_utf8(body).unwrap();
    for part in ["\"build\"", "\"POST\"", "\"/a\"", "(\"x-h\", \"v\")", "[1, 2]"] {
        assert!(got.contains(part), "no {part} in {got}");
    }
    let refused = probe().serve(hook("rejected"), host(), &Limits::default()).await.result;
    assert_eq!(refused, Ok(Err(Failure::Rejected("/a".into()))));

    let lacking = hostile().job(job, host(), &Limits::default()).await.result;
    assert_eq!(lacking, Err(Fault::MissingExport("moa:plugin/jobs")));
    let lacking = hostile().serve(hook("build"), host(), &Limits::default()).await.result;
    assert_eq!(lacking, Err(Fault::MissingExport("moa:plugin/webhooks")));
}
