//! Buckets in services: S3 as PyPI's `moto` server has it, Azure as npm's `azurite` has it.
//!
//! Google Cloud Storage is not among them: the emulators that packages have speak another of its interfaces than the one
//! that is used here.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects in the shortest way, also outside of its test functions"
)]

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use moa_objects::{Bucket, ObjectError, PAGE, Secret, Settings, Target};
use moa_test_services::{Server, azurite_or_skip, moto_or_skip};
use std::io;
use std::path::Path;
use std::time::Duration;

/// The account that azurite has, whose key stands in its documents.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

fn s3(server: &Server, url: &str) -> Bucket {
    let mut settings = Settings::new(Target::parse(url, Path::new("")).unwrap());
    settings.endpoint = Some(server.url());
    settings.region = Some("ap-northeast-2".into());
    settings.access_key = Some(Secret::new("AKIDEXAMPLE"));
    settings.secret_key = Some(Secret::new("very-secret-key"));
    Bucket::open("exports", settings).unwrap()
}

fn azure(server: &Server, key: &str) -> Bucket {
    let mut settings = Settings::new(Target::parse("az://moa/in/side", Path::new("")).unwrap());
    settings.endpoint = Some(format!("{}/{ACCOUNT}", server.url()));
    settings.account = Some(ACCOUNT.into());
    settings.secret_key = Some(Secret::new(key));
    Bucket::open("exports", settings).unwrap()
}

async fn keys(bucket: &Bucket, prefix: &str) -> Vec<String> {
    let (objects, next) = bucket.list(prefix, None).await.unwrap();
    assert_eq!(next, None);
    objects.into_iter().map(|object| object.key).collect()
}

/// What every service does.
async fn exercise(bucket: &Bucket) {
    let missing = bucket.get("a/b.txt", 100).await.unwrap_err();
    assert!(matches!(missing, ObjectError::NotFound { .. }), "{missing}");
    assert_eq!(keys(bucket, "").await, Vec::<String>::new());
    let first = bucket.put("a/b.txt", "one".into(), "text/plain").await.unwrap();
    let second = bucket
        .put("a/b.txt", "second".into(), "text/plain; charset=utf-8")
        .await
        .unwrap();
    assert!(!first.is_empty() && first != second);
    assert_eq!(bucket.get("a/b.txt", 6).await.unwrap(), "second");
    let large = bucket.get("a/b.txt", 5).await.unwrap_err();
    assert!(matches!(large, ObjectError::TooLarge { .. }), "{large}");
    for key in ["a/bc", "ab", "보고서/11월 1.tsv", "x+y&z=%41"] {
        bucket.put(key, Bytes::from_static(b"x"), "").await.unwrap();
        assert_eq!(bucket.get(key, 1).await.unwrap(), "x", "{key}");
    }
    assert_eq!(
        keys(bucket, "").await,
        ["a/b.txt", "a/bc", "ab", "x+y&z=%41", "보고서/11월 1.tsv"]
    );
    assert_eq!(keys(bucket, "a/b").await, ["a/b.txt", "a/bc"]);
    let (objects, _) = bucket.list("a/b.", None).await.unwrap();
    assert_eq!((objects[0].size, objects[0].etag.as_str()), (6, second.as_str()));

    // Whoever has the address reads, without any key.
    let address = bucket.sign("a/b.txt", Duration::from_secs(600)).await.unwrap();
    let response = reqwest::get(&address).await.unwrap();
    assert!(response.status().is_success(), "{response:?}");
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    assert_eq!(response.text().await.unwrap(), "second");
    assert!(!address.contains("very-secret-key") && !address.contains(KEY));

    // In several parts.
    let piece = Bytes::from(vec![7_u8; 1 << 20]);
    let pieces = |count: usize| {
        let parts: Vec<io::Result<Bytes>> = (0..count).map(|_| Ok(piece.clone())).collect();
        stream::iter(parts)
    };
    let written = bucket.write("large", "", 20 << 20, pieces(12)).await.unwrap();
    assert_eq!(written.size, 12 << 20);
    let reading = bucket.read("large").await.unwrap();
    assert_eq!((reading.object.size, &reading.object.etag), (12 << 20, &written.etag));
    let read: Vec<Bytes> = reading.body.try_collect().await.unwrap();
    assert!(read.concat().iter().all(|byte| *byte == 7));
    let broken = pieces(12).chain(stream::iter([Err(io::Error::other("the line went dead"))]));
    let told = bucket.write("broken", "", 20 << 20, broken).await.unwrap_err();
    assert!(matches!(told, ObjectError::BrokeOff { .. }), "{told}");
    assert!(bucket.get("broken", 1).await.is_err());

    for _ in 0..2 {
        assert_eq!(bucket.delete("large").await, Ok(()));
    }
    assert_eq!(keys(bucket, "l").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_as_moto_has_it() {
    let Some(server) = moto_or_skip() else { return };
    // This test's own client wants one too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let made = client.put(format!("{}/moa", server.url())).send().await.unwrap();
    assert!(made.status().is_success(), "{made:?}");
    exercise(&s3(&server, "s3://moa/in/side")).await;
    // Nothing of it stands beside its prefix, and what does is not seen.
    let whole = s3(&server, "s3://moa");
    assert!(keys(&whole, "").await.iter().all(|key| key.starts_with("in/side/")));

    // More than a page.
    let many = s3(&server, "s3://moa/many");
    let puts = (0..=PAGE).map(|number| {
        let many = many.clone();
        async move { many.put(&format!("{number:05}"), Bytes::new(), "").await.map(drop) }
    });
    let puts: Vec<Result<(), ObjectError>> = stream::iter(puts).buffer_unordered(8).collect().await;
    assert!(puts.iter().all(Result::is_ok), "{puts:?}");
    let (first, next) = many.list("", None).await.unwrap();
    assert_eq!(first.len(), PAGE);
    let (second, none) = many.list("", next.as_deref()).await.unwrap();
    assert_eq!((second.len(), second[0].key.as_str(), none), (1, "01000", None));

    let told = s3(&server, "s3://nowhere")
        .put("a", Bytes::new(), "")
        .await
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("`exports`") && !told.contains("very-secret-key"),
        "{told}"
    );
    let mut settings = Settings::new(Target::parse("s3://moa", Path::new("")).unwrap());
    settings.endpoint = Some("http://127.0.0.1:1".into());
    settings.access_key = Some(Secret::new("AKIDEXAMPLE"));
    settings.secret_key = Some(Secret::new("very-secret-key"));
    let told = Bucket::open("exports", settings)
        .unwrap()
        .get("a", 1)
        .await
        .unwrap_err();
    let text = told.to_string();
    assert!(
        matches!(told, ObjectError::Unavailable { .. }) && !text.contains("127.0.0.1") && !text.contains("secret-key"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_as_azurite_has_it() {
    let Some(server) = azurite_or_skip(ACCOUNT, KEY) else {
        return;
    };
    exercise(&azure(&server, KEY)).await;
    let told = azure(&server, "AAAA").get("a", 1).await.unwrap_err();
    assert!(matches!(told, ObjectError::Refused { .. }), "{told}");
}
