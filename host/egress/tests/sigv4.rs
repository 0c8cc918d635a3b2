//! Our signatures beside those of botocore (PyPI), which AWS itself makes, over a table of requests.
//!
//! botocore is installed once into the folder for temporary files of the build. Where it cannot be, the test says
//! `skipped:`, or fails under `MOA_TEST_REQUIRE=all`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects in the shortest way, also outside of its test functions"
)]

use jiff::Timestamp;
use moa_core::http_rule::address;
use moa_egress::sign::Aws;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const BOTOCORE: &str = "botocore==1.40.0";

const SCRIPT: &str = r#"
import datetime, json, sys
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

moment = datetime.datetime(2026, 11, 20, 3, 4, 5, tzinfo=datetime.timezone.utc)
if hasattr(auth, "get_current_datetime"):
    auth.get_current_datetime = lambda *_: moment.replace(tzinfo=None)
else:
    class Fixed(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return moment.replace(tzinfo=None)
    auth.datetime.datetime = Fixed

answers = []
for row in json.load(sys.stdin):
    request = AWSRequest(method=row["method"], url=row["url"], headers=dict(row["headers"]), data=row["body"].encode())
    request.context["payload_signing_enabled"] = True
    request.context["client_config"] = None
    kind = auth.S3SigV4Auth if row["service"] == "s3" else auth.SigV4Auth
    signer = kind(Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), row["service"], row["region"])
    signer.add_auth(request)
    answers.append({name.lower(): value for name, value in request.headers.items()})
json.dump(answers, sys.stdout)
"#;

/// A Python that has botocore.
fn python() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(BOTOCORE.replace("==", "-"));
    let python = folder.join("bin/python");
    let has = || {
        let asked = Command::new(&python)
            .args(["-c", "import botocore"])
            .stderr(Stdio::null())
            .status();
        asked.is_ok_and(|status| status.success())
    };
    if has() {
        return Some(python);
    }
    let made = Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder)
        .status();
    made.ok().filter(std::process::ExitStatus::success)?;
    let got = Command::new(&python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            BOTOCORE,
        ])
        .status();
    got.ok().filter(std::process::ExitStatus::success)?;
    has().then_some(python)
}

fn table() -> Vec<Value> {
    let mut rows = Vec::new();
    let urls = [
        "https://example.amazonaws.com/",
        "https://example.amazonaws.com",
        "https://example.amazonaws.com:8443/a/b",
        "https://example.amazonaws.com/a//b/",
        "https://example.amazonaws.com/a%20b/%ED%95%9C%EA%B8%80",
        "https://example.amazonaws.com/-._~/x",
        "https://example.amazonaws.com/?b=2&a=1&a=0",
        "https://example.amazonaws.com/?Action=List%20Users&Version=2010-05-08&empty=&flag",
        "https://example.amazonaws.com/x?prefix=%ED%95%9C%2F&list-type=2&a-b=1&a=1",
    ];
    let headers = [
        json!([]),
        json!([
            ["content-type", "application/json; charset=utf-8"],
            ["x-amz-target", "Dynamo.Get"]
        ]),
        json!([
            ["user-agent", "nobody signs this"],
            ["x-spaces", "  a   b  c "],
            ["x-amz-meta-a", "1"]
        ]),
    ];
    for service in ["s3", "execute-api", "iam"] {
        for url in urls {
            // For S3 botocore never meets an empty path, and would sign it as such.
            if service == "s3" && url.ends_with("amazonaws.com") {
                continue;
            }
            for (method, body) in [("GET", ""), ("POST", "{\"점심\": 3}"), ("DELETE", "")] {
                for headers in &headers {
                    rows.push(json!({
                        "method": method, "url": url, "headers": headers, "body": body,
                        "service": service, "region": "ap-northeast-2",
                    }));
                }
            }
        }
    }
    rows
}

#[test]
fn signatures_are_those_of_botocore() {
    let Some(python) = python() else {
        let required = std::env::var("MOA_TEST_REQUIRE").is_ok_and(|what| what == "all");
        assert!(
            !required,
            "{BOTOCORE} cannot be installed: it needs python3 with venv, and PyPI"
        );
        println!("skipped: {BOTOCORE} cannot be installed");
        return;
    };
    let rows = table();
    let mut child = Command::new(python)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&serde_json::to_vec(&rows).unwrap()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let theirs: Vec<serde_json::Map<String, Value>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(theirs.len(), rows.len());

    let now: Timestamp = "2026-11-20T03:04:05Z".parse().unwrap();
    for (row, theirs) in rows.iter().zip(theirs) {
        let text = |name: &str| row[name].as_str().unwrap();
        let aws = Aws {
            id: "AKIDEXAMPLE",
            key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            region: text("region"),
            service: text("service"),
        };
        let headers: Vec<(String, String)> = serde_json::from_value(row["headers"].clone()).unwrap();
        let url = address(text("url")).unwrap();
        let ours = aws.sign(text("method"), &url, &headers, text("body").as_bytes(), now);
        for (name, value) in ours {
            assert_eq!(theirs[&name], value, "{name} of {row}");
        }
    }
    println!("{} signatures", rows.len());
}
