use super::*;
use crate::capability::{Grants, Says};
use crate::testing::{Stage, message};
use moa_engine::Objects as _;

async fn stage() -> Stage {
    let mut stage = Stage::of(message("U1", "1.0", "!x")).await;
    stage.requests.objects = vec!["exports".into()];
    stage.grants = Grants::Everything;
    stage
}

fn put(objects: &Objects, key: &str, data: &[u8]) -> impl Future<Output = CapResult<String>> {
    let (objects, key, data) = (Objects(Arc::clone(&objects.0)), key.to_owned(), data.to_vec());
    async move { objects.put("exports".into(), key, data, "text/plain".into()).await }
}

#[tokio::test]
async fn a_bucket_is_used_by_whom_it_is_granted_to() {
    let mut stage = stage().await;
    stage.grants = Grants::Configured(Says::default());
    let objects = Objects(stage.scene(false).await);
    for told in [
        objects.get("exports".into(), "a".into()).await.map(drop),
        put(&objects, "a", b"x").await.map(drop),
        objects.list("exports".into(), String::new(), None).await.map(drop),
        objects.delete("exports".into(), "a".into()).await,
        objects.sign("exports".into(), "a".into(), 60).await.map(drop),
    ] {
        let told = told.unwrap_err().to_string();
        assert!(
            told.contains("`objects = [\"exports\"]` below [plugin.memo.grant]"),
            "{told}"
        );
    }
    let told = objects.get("other".into(), "a".into()).await.unwrap_err().to_string();
    assert!(told.contains("\"objects\": [\"other\"]"), "{told}");
}

#[tokio::test]
async fn what_is_put_can_be_got_listed_linked_and_deleted() {
    let stage = stage().await;
    let objects = Objects(stage.scene(false).await);
    assert!(matches!(
        objects.get("exports".into(), "a/b".into()).await,
        Err(CapError::NotFound(_))
    ));
    let etag = put(&objects, "a/b", b"hello").await.unwrap();
    assert_eq!(objects.get("exports".into(), "a/b".into()).await.unwrap(), b"hello");
    let (found, next) = objects.list("exports".into(), "a".into(), None).await.unwrap();
    assert_eq!((found.len(), next), (1, None));
    assert_eq!(
        (found[0].key.as_str(), found[0].size, &found[0].etag),
        ("a/b", 5, &etag)
    );
    let link = objects.sign("exports".into(), "a/b".into(), 60).await.unwrap();
    assert!(link.ends_with("/a/b?seconds=60"), "{link}");
    objects.delete("exports".into(), "a/b".into()).await.unwrap();
    assert!(objects.get("exports".into(), "a/b".into()).await.is_err());

    for key in ["../x", "/x", ""] {
        assert!(
            matches!(put(&objects, key, b"x").await, Err(CapError::Invalid(_))),
            "{key}"
        );
        let deleted = objects.delete("exports".into(), key.into()).await;
        assert!(matches!(deleted, Err(CapError::Invalid(_))), "{key}");
    }
    // A file may have a hundred bytes here.
    let told = put(&objects, "large", &[0; 101]).await.unwrap_err();
    assert!(
        matches!(&told, CapError::OverLimit(text) if text.contains("http-body")),
        "{told}"
    );
    stage
        .data
        .bucket("exports")
        .unwrap()
        .put("large", vec![0; 101].into(), "")
        .await
        .unwrap();
    let told = objects.get("exports".into(), "large".into()).await.unwrap_err();
    assert!(
        matches!(&told, CapError::OverLimit(text) if text.contains("http-body")),
        "{told}"
    );
}

#[tokio::test]
async fn a_rerun_is_given_what_was_read_and_puts_nothing_twice() {
    let stage = stage().await;
    let bucket = stage.data.bucket("exports").unwrap();
    bucket.put("in", "one".into(), "").await.unwrap();
    let first = Objects(stage.scene(false).await);
    assert_eq!(first.get("exports".into(), "in".into()).await.unwrap(), b"one");
    let etag = put(&first, "out", b"ONE").await.unwrap();

    bucket.put("in", "two".into(), "").await.unwrap();
    bucket.delete("out").await.unwrap();
    let again = Objects(stage.scene(true).await);
    assert_eq!(
        again.get("exports".into(), "in".into()).await.unwrap(),
        b"one",
        "as it was then"
    );
    assert_eq!(put(&again, "out", b"ONE").await.unwrap(), etag);
    assert!(
        bucket.get("out", 10).await.is_err(),
        "it was done, and is not done again"
    );
    assert_eq!(
        again.get("exports".into(), "in".into()).await.unwrap(),
        b"two",
        "from here on it is new"
    );
}
