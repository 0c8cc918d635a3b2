//! What changes something, and is done to its end.

use super::http::Body;
use super::{Fault, audit};
use futures_util::future::BoxFuture;
use hyper::{Response, StatusCode};
use tracing::Instrument as _;

/// An order that was taken is carried out and written down, whether or not somebody waits for the answer.
pub(super) async fn to_its_end(
    work: BoxFuture<'static, Result<Response<Body>, Fault>>,
) -> Result<Response<Body>, Fault> {
    let task = tokio::spawn(audit::in_the_same_name(work).in_current_span());
    task.await.unwrap_or_else(|error| {
        tracing::error!(%error, "an order of the operator was broken off");
        let fault = Fault::new(StatusCode::INTERNAL_SERVER_ERROR, "this was broken off in the middle");
        Err(fault.hint("see the host's log, and look at what was done of it"))
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::{Audit, Policy};
    use crate::control::http::{empty, full, path, stream};
    use crate::control::{Control, Quotas, answer, asked_by};
    use bytes::Bytes;
    use hyper::{Method, Request};
    use moa_core::config::Config;
    use moa_store::{Options, RedbStore, Scope, Space, Store};
    use std::path::Path;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    /// What stands in the audit log, once it is there.
    async fn audited(audit: &Audit, dir: &Path, wanted: &str) -> String {
        let begun = Instant::now();
        loop {
            audit.flush().await.unwrap();
            let files = std::fs::read_dir(dir).unwrap().flatten();
            let text: String = files
                .filter_map(|file| std::fs::read_to_string(file.path()).ok())
                .collect();
            if text.contains(wanted) {
                return text;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "no {wanted} in {text}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn an_order_is_done_and_written_down_though_whoever_gave_it_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("audit");
        let config = Config::parse(None, []).unwrap();
        let store = RedbStore::open(dir.path().join("brain.redb"), Options::default()).unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        let control = Control::new(Arc::clone(&store), config.store.url.clone(), Quotas::of(&config));
        let audit = Audit::open(&log, Policy::default(), None).unwrap();
        assert!(control.audit.set(Arc::clone(&audit)).is_ok());
        let asked = |who: &'static str, method, key: &str, body| {
            let way = path(
                "/v1/brain/entry",
                &[("plugin", "memo"), ("scope", "plugin"), ("key", key)],
            );
            let request = Request::builder().method(method).uri(way).body(body).unwrap();
            Box::pin(asked_by(who, answer(Arc::clone(&control), request)))
        };
        let cell = |key: &str| Space::new("memo", Scope::Plugin).cell(key);

        // It is begun, and nobody waits for it.
        let mut left = asked("U-left", Method::PUT, "a", full("1"));
        assert!(futures_util::poll!(&mut left).is_pending());
        drop(left);
        let text = audited(&audit, &log, "U-left").await;
        assert!(text.contains("\"done\""), "{text}");
        assert_eq!(store.get(&cell("a")).await.unwrap().unwrap().value, b"1");

        // Of this one not all came; it is no order yet, and nothing waits for the rest.
        let pending = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
        let mut half = asked("U-half", Method::PUT, "b", stream(pending));
        assert!(futures_util::poll!(&mut half).is_pending());
        drop(half);
        let mut after = asked("U-after", Method::DELETE, "a", empty());
        assert!(futures_util::poll!(&mut after).is_pending());
        drop(after);
        audited(&audit, &log, "U-after").await;
        assert!(store.get(&cell("a")).await.unwrap().is_none());
        assert!(store.get(&cell("b")).await.unwrap().is_none());
        audit.close().await;
        store.close().await.unwrap();
    }
}
