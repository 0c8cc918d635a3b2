//! A bucket in a folder, and one in memory: the same for both where they can be the same.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects in the shortest way, also outside of its test functions"
)]

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use moa_objects::{Bucket, ObjectError, PAGE, Settings, Target};
use std::io;
use std::time::Duration;
use tempfile::TempDir;

fn folder() -> (TempDir, Bucket) {
    let folder = TempDir::new().unwrap();
    let target = Target::parse("file:made/here", folder.path()).unwrap();
    let bucket = Bucket::open("exports", Settings::new(target)).unwrap();
    (folder, bucket)
}

async fn keys(bucket: &Bucket, prefix: &str) -> Vec<String> {
    let (objects, next) = bucket.list(prefix, None).await.unwrap();
    assert_eq!(next, None);
    objects.into_iter().map(|object| object.key).collect()
}

#[tokio::test]
async fn what_is_put_is_there_until_it_is_deleted() {
    let (_folder, in_folder) = folder();
    let in_memory = Bucket::open("m", Settings::new(Target::Memory)).unwrap();
    for bucket in [in_folder, in_memory] {
        let missing = bucket.get("a/b.txt", 100).await.unwrap_err();
        assert!(matches!(missing, ObjectError::NotFound { .. }), "{missing}");
        assert_eq!(keys(&bucket, "").await, Vec::<String>::new());
        let first = bucket.put("a/b.txt", "one".into(), "text/plain").await.unwrap();
        let second = bucket.put("a/b.txt", "second".into(), "").await.unwrap();
        assert_ne!(first, second);
        assert_eq!(bucket.get("a/b.txt", 6).await.unwrap(), "second");
        let large = bucket.get("a/b.txt", 5).await.unwrap_err();
        assert!(matches!(large, ObjectError::TooLarge { limit: 5, .. }), "{large}");

        for key in ["a/bc", "a.txt", "보고서/11월.tsv", "%41", "~x", "ab"] {
            bucket.put(key, Bytes::new(), "").await.unwrap();
            assert_eq!(bucket.get(key, 0).await.unwrap(), "", "{key}");
        }
        assert_eq!(
            keys(&bucket, "").await,
            ["%41", "a.txt", "a/b.txt", "a/bc", "ab", "~x", "보고서/11월.tsv"]
        );
        assert_eq!(keys(&bucket, "a").await, ["a.txt", "a/b.txt", "a/bc", "ab"]);
        assert_eq!(keys(&bucket, "a/").await, ["a/b.txt", "a/bc"]);
        assert_eq!(keys(&bucket, "a/b.").await, ["a/b.txt"]);
        assert_eq!(keys(&bucket, "보").await, ["보고서/11월.tsv"]);
        assert_eq!(keys(&bucket, "nothing/").await, Vec::<String>::new());
        let (objects, _) = bucket.list("a/b.", None).await.unwrap();
        assert_eq!((objects[0].size, objects[0].etag.as_str()), (6, second.as_str()));
        assert!(objects[0].modified.ends_with('Z'), "{:?}", objects[0]);

        for _ in 0..2 {
            assert_eq!(bucket.delete("a/b.txt").await, Ok(()), "what is not there is deleted");
        }
        assert!(bucket.get("a/b.txt", 100).await.is_err());
    }
}

#[tokio::test]
async fn a_key_leads_nowhere_else() {
    let (folder, bucket) = folder();
    std::fs::write(folder.path().join("secret"), "x").unwrap();
    for key in ["../../secret", "/etc/passwd", "a/../../../secret", "", "a//b", "a\0b"] {
        let told = [
            bucket.get(key, 10).await.map(drop),
            bucket.put(key, Bytes::new(), "").await.map(drop),
            bucket.delete(key).await,
            bucket.sign(key, Duration::from_secs(1)).await.map(drop),
        ];
        for told in told {
            assert!(matches!(told, Err(ObjectError::Invalid(_))), "{key:?}: {told:?}");
        }
    }
    assert!(matches!(bucket.list("../", None).await, Err(ObjectError::Invalid(_))));
    // Nor is it another one where it holds what addresses write otherwise.
    bucket.put("%2e%2e/x", "y".into(), "").await.unwrap();
    assert!(folder.path().join("made/here/%2e%2e/x").exists());
}

#[tokio::test]
async fn many_objects_come_page_by_page() {
    let bucket = Bucket::open("m", Settings::new(Target::Memory)).unwrap();
    let total = PAGE * 2 + 1;
    for number in 0..total {
        bucket.put(&format!("k/{number:05}"), Bytes::new(), "").await.unwrap();
    }
    bucket.put("other", Bytes::new(), "").await.unwrap();
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let (page, next) = bucket.list("k/", cursor.as_deref()).await.unwrap();
        all.extend(page.into_iter().map(|object| object.key));
        match next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    let expected: Vec<String> = (0..total).map(|number| format!("k/{number:05}")).collect();
    assert_eq!(all, expected);
}

#[tokio::test]
async fn streams_are_written_whole_or_not_at_all() {
    let (folder, bucket) = folder();
    bucket.put("x", "old".into(), "").await.unwrap();
    let piece = Bytes::from(vec![7_u8; 1 << 20]);
    let pieces = |count: usize| {
        stream::iter(
            (0..count)
                .map(|_| Ok::<_, io::Error>(piece.clone()))
                .collect::<Vec<_>>(),
        )
    };

    // More than one part goes to the store.
    let written = bucket.write("x", "", 20 << 20, pieces(12)).await.unwrap();
    assert_eq!(written.size, 12 << 20);
    let reading = bucket.read("x").await.unwrap();
    assert_eq!(reading.object.size, 12 << 20);
    let read: Vec<Bytes> = reading.body.try_collect().await.unwrap();
    assert!(read.concat().iter().all(|byte| *byte == 7));

    for count in [3, 12] {
        bucket.put("x", "old".into(), "").await.unwrap();
        let broken = pieces(count).chain(stream::iter([Err(io::Error::other("the line went dead"))]));
        let told = bucket.write("x", "", 20 << 20, broken).await.unwrap_err();
        assert!(told.to_string().contains("the line went dead") && matches!(told, ObjectError::BrokeOff { .. }));
        let told = bucket
            .write("x", "", (count as u64) << 19, pieces(count))
            .await
            .unwrap_err();
        assert!(matches!(told, ObjectError::TooLarge { .. }), "{told}");
        // Given up half-way.
        let endless = pieces(count).chain(stream::pending());
        let given_up = tokio::time::timeout(Duration::from_millis(200), bucket.write("x", "", u64::MAX, endless)).await;
        assert!(given_up.is_err());
        assert_eq!(bucket.get("x", 10).await.unwrap(), "old");
    }
    // Nothing half-written stays.
    let begun = std::time::Instant::now();
    loop {
        let files = std::fs::read_dir(folder.path().join("made/here")).unwrap().count();
        if files == 1 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{files} files");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn what_a_bucket_cannot_or_may_not_is_told() {
    let (folder, bucket) = folder();
    let told = bucket.sign("x", Duration::from_secs(60)).await.unwrap_err();
    assert!(
        matches!(&told, ObjectError::Unsupported(text) if text.contains("`exports` is a folder")),
        "{told}"
    );
    for seconds in [0, 604_801] {
        let told = bucket.sign("x", Duration::from_secs(seconds)).await.unwrap_err();
        assert!(matches!(told, ObjectError::Invalid(_)), "{told}");
    }
    assert!(matches!(
        bucket.put("x", Bytes::new(), "a\nb").await,
        Err(ObjectError::Invalid(_))
    ));

    let mut settings = Settings::new(Target::parse("file:made/here", folder.path()).unwrap());
    settings.write = false;
    let reading_only = Bucket::open("exports", settings).unwrap();
    bucket.put("x", "y".into(), "").await.unwrap();
    assert_eq!(reading_only.get("x", 1).await.unwrap(), "y");
    for told in [
        reading_only.put("x", Bytes::new(), "").await.map(drop),
        reading_only.delete("x").await,
        reading_only.write("x", "", 1, stream::iter([])).await.map(drop),
    ] {
        let told = told.unwrap_err().to_string();
        assert!(told.contains("`write = false` below [objects.exports]"), "{told}");
    }

    std::fs::write(folder.path().join("file"), "").unwrap();
    let settings = Settings::new(Target::parse("file:file", folder.path()).unwrap());
    let told = Bucket::open("exports", settings).unwrap_err().to_string();
    assert!(told.starts_with("objects.exports.url: the folder "), "{told}");
}
