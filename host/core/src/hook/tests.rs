use super::*;
use crate::manifest::Webhook;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

fn refused(verifier: &Verifier, headers: &[(&str, &str)], now: i64, body: &[u8]) -> Option<Refused> {
    let mut checking = match verifier.begin(headers, now) {
        Ok(checking) => checking,
        Err(refused) => return Some(refused),
    };
    for part in body.chunks(7) {
        checking.update(part);
    }
    checking.finish(body).err()
}

#[test]
fn a_bearer_token_is_checked_before_the_body() {
    let verifier = Verifier::new(Verify::Bearer, "s3cret", None, None);
    let begin = |value: &str| verifier.begin(&[("Authorization", value)][..], 0).err();
    assert_eq!(begin("Bearer s3cret"), None);
    assert_eq!(begin("bearer s3cret"), None, "the scheme's case does not count");
    for (value, why) in [
        ("Bearer s3cre", Refused::Wrong),
        ("Bearer s3cret ", Refused::Wrong),
        ("Bearer S3cret", Refused::Wrong),
        ("Bearer ", Refused::Wrong),
        ("Bearer", Refused::Absent),
        ("Basic s3cret", Refused::Absent),
        ("s3cret", Refused::Absent),
    ] {
        assert_eq!(begin(value), Some(why), "{value}");
    }
    assert_eq!(refused(&verifier, &[], 0, b""), Some(Refused::Absent));
    let twice = [("Authorization", "Bearer s3cret"), ("authorization", "Bearer x")];
    assert_eq!(refused(&verifier, &twice, 0, b""), Some(Refused::Absent));
    assert_eq!(verifier.secret_header(), Some("authorization"));
    // As GitLab sends it.
    let verifier = Verifier::new(Verify::Bearer, "s3cret", Some("X-Gitlab-Token"), Some(""));
    assert_eq!(refused(&verifier, &[("x-gitlab-token", "s3cret")], 0, b"{}"), None);
    assert_eq!(verifier.secret_header(), Some("x-gitlab-token"));
}

/// GitHub's documentation has this example of its own.
const GITHUB: (&str, &str, &str) = (
    "It's a Secret to Everybody",
    "Hello, World!",
    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
);

#[test]
fn githubs_signature_is_checked() {
    let (secret, body, signature) = GITHUB;
    let verifier = Verifier::new(Verify::HmacSha256, secret, None, None);
    let with = |value: &str, body: &str| refused(&verifier, &[("X-Hub-Signature-256", value)], 0, body.as_bytes());
    assert_eq!(with(&format!("sha256={signature}"), body), None);
    assert_eq!(with(&format!("sha256={}", signature.to_uppercase()), body), None);
    assert_eq!(
        with(&format!("sha256={signature}"), "Hello, World?"),
        Some(Refused::Wrong)
    );
    assert_eq!(with(&format!("sha256={}", "0".repeat(64)), body), Some(Refused::Wrong));
    let other = Verifier::new(Verify::HmacSha256, "another", None, None);
    let header = format!("sha256={signature}");
    let headers = [("x-hub-signature-256", header.as_str())];
    assert_eq!(refused(&other, &headers, 0, body.as_bytes()), Some(Refused::Wrong));
    for malformed in [
        "",
        "sha256=",
        signature,
        &format!("sha1={signature}"),
        &format!("sha256={}", &signature[1..]),
        &format!("sha256={signature}0"),
        &format!("sha256=+{}", &signature[1..]),
        &format!("sha256={}", "가".repeat(64 / 3)),
    ] {
        let begun = verifier.begin(&[("x-hub-signature-256", malformed)][..], 0);
        assert_eq!(
            begun.err(),
            Some(Refused::Absent),
            "{malformed:?} is refused before the body"
        );
    }
    assert_eq!(verifier.secret_header(), None);
}

#[test]
fn other_headers_and_base64_are_understood() {
    // RFC 4231, test case 2.
    let verifier = Verifier::new(Verify::HmacSha256, "Jefe", Some("X-Shop-Hmac"), Some(""));
    let body = b"what do ya want for nothing?";
    for value in [
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
    ] {
        assert_eq!(refused(&verifier, &[("X-Shop-HMAC", value)], 0, body), None, "{value}");
    }
}

#[test]
fn a_key_longer_than_a_block_is_its_digest() {
    // RFC 4231, test case 6: a key of 131 bytes.
    let bytes = [0xaa; 131];
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let mut block = [0; 64];
    block[..32].copy_from_slice(&digest);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    mac.update(b"Test Using Larger Than Block-Size Key - Hash Key First");
    let expected = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54";
    assert_eq!(
        signature::digest(expected.as_bytes()).unwrap()[..],
        mac.finalize().into_bytes()[..]
    );
    // The same by our own way, with a key that is text.
    let long = "k".repeat(100);
    let mut by_library = <Hmac<Sha256> as KeyInit>::new_from_slice(long.as_bytes()).unwrap();
    by_library.update(b"body");
    let mut ours = key(&long);
    ours.update(b"body");
    assert_eq!(ours.finalize().into_bytes(), by_library.finalize().into_bytes());
}

/// Slack's documentation has this example of its own.
#[test]
fn slacks_signature_holds_for_five_minutes() {
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let verifier = Verifier::new(Verify::Slack, "8f742231b10e8888abcd99yyyzzz85a5", None, None);
    let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    let time = 1_531_420_618;
    let with = |stamp: &str, now| {
        let headers = [("X-Slack-Signature", signature), ("X-Slack-Request-Timestamp", stamp)];
        refused(&verifier, &headers, now, body.as_bytes())
    };
    for now in [time, time + 300, time - 300] {
        assert_eq!(with("1531420618", now), None, "{now}");
    }
    for now in [time + 301, time - 301, 0, i64::MAX] {
        assert_eq!(with("1531420618", now), Some(Refused::Old), "{now}");
    }
    // Another time is another signature: a copy cannot be made young.
    assert_eq!(with("1531420619", time), Some(Refused::Wrong));
    for stamp in [
        "",
        "-1",
        "+1531420618",
        "1531420618.0",
        "99999999999999999999999",
        " 1531420618",
    ] {
        assert_eq!(with(stamp, time), Some(Refused::Absent), "{stamp:?}");
    }
    let headers = [("X-Slack-Signature", signature), ("X-Slack-Request-Timestamp", "1")];
    let sign = signature.strip_prefix("v0=");
    assert_eq!(verifier.sign_of(&headers[..]).as_deref(), sign);
    // What is not signed may be written in another way, and it is the same request all the same.
    let upper = signature.to_ascii_uppercase();
    let headers = [("x-slack-signature", upper.as_str()), ("Idempotency-Key", "another")];
    assert_eq!(verifier.sign_of(&headers[..]).as_deref(), sign);
    let digest = signature::hexadecimal(sign.unwrap().as_bytes()).unwrap();
    let base64 = format!("v0={}", STANDARD.encode(digest));
    let headers = [
        ("X-Slack-Signature", base64.as_str()),
        ("X-Slack-Request-Timestamp", "1531420618"),
    ];
    assert_eq!(
        refused(&verifier, &headers, time, body.as_bytes()),
        Some(Refused::Absent)
    );
    assert_eq!(verifier.sign_of(&headers[..]), None);
}

#[test]
fn jandis_token_is_in_the_body_and_stays_here() {
    let verifier = Verifier::new(Verify::Jandi, "YE1ronbbuoZkq7h3J5KMI4Tn", None, None);
    let body = r#"{"token":"YE1ronbbuoZkq7h3J5KMI4Tn","writerName":"Gloria","text":"/날씨 서울"}"#;
    assert_eq!(refused(&verifier, &[], 0, body.as_bytes()), None);
    for (body, why) in [
        (r#"{"token":"YE1ronbbuoZkq7h3J5KMI4Tm"}"#, Refused::Wrong),
        (r#"{"token":""}"#, Refused::Wrong),
        (r#"{"token":7}"#, Refused::Absent),
        (r#"{}"#, Refused::Absent),
        (r#"["YE1ronbbuoZkq7h3J5KMI4Tn"]"#, Refused::Absent),
        ("", Refused::Absent),
    ] {
        assert_eq!(refused(&verifier, &[], 0, body.as_bytes()), Some(why), "{body}");
    }
    let shown = String::from_utf8(verifier.without_secret(body.into())).unwrap();
    assert!(!shown.contains("YE1ron") && shown.contains("/날씨 서울"), "{shown}");
}

#[test]
fn what_is_missing_is_told_with_the_line_to_add() {
    let hook = |verify| Webhook {
        name: "build-done".into(),
        methods: vec!["POST".into()],
        verify,
    };
    let none = HookSettings::default();
    let no_secret = none
        .verifier("ci", &hook(Verify::Slack), |_| None)
        .unwrap_err()
        .to_string();
    for part in [
        "[plugin.ci.webhook.build-done]\nsecret = \"CI_BUILD_DONE\"",
        "CI_BUILD_DONE = { env = \"CI_BUILD_DONE\" }",
        "by slack",
    ] {
        assert!(no_secret.contains(part), "{no_secret}");
    }
    let not_open = none
        .verifier("ci", &hook(Verify::None), |_| None)
        .unwrap_err()
        .to_string();
    assert!(
        not_open.contains("[plugin.ci.webhook.build-done]\nopen = true"),
        "{not_open}"
    );
    let set = HookSettings {
        secret: Some("KEY".into()),
        ..HookSettings::default()
    };
    // What checks nothing is not made safe by a secret that nobody uses.
    assert!(set.verifier("ci", &hook(Verify::None), |_| Some("x")).is_err());
    let unknown = set
        .verifier("ci", &hook(Verify::Bearer), |_| None)
        .unwrap_err()
        .to_string();
    assert!(unknown.contains("KEY = { env = \"KEY\" }"), "{unknown}");
    let verifier = set.verifier("ci", &hook(Verify::Bearer), |_| Some("x")).unwrap();
    assert_eq!(format!("{verifier:?}"), "Verifier(bearer)");
}
