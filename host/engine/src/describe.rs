//! The host that a plugin meets when it is asked what it is: nothing is available and nothing ever differs, so that the
//! answer cannot depend on it.

use crate::capability::{
    Brain, Cell, Chat, Entry, Host, Http, HttpRequest, HttpResponse, Job, KeyPage, Level, Missed, ObjectPage, Objects,
    Rows, Schedule, Scope, Sql, System, Triggers, Write,
};
use async_trait::async_trait;
use moa_core::call::{CapError, CapResult, FullMessage, Sent};
use moa_core::content::Content;
use moa_core::event::{Conversation, MessageRef, Place, User};
use moa_core::router::hears::Taught;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

/// A fresh one for each question: chance begins anew.
pub(crate) fn host() -> Host {
    Host {
        brain: Arc::new(Nothing),
        chat: Arc::new(Nothing),
        system: Arc::new(Still(AtomicU64::new(1))),
        triggers: Arc::new(Nothing),
        schedule: Arc::new(Nothing),
        http: Arc::new(Nothing),
        sql: Arc::new(Nothing),
        objects: Arc::new(Nothing),
    }
}

fn nothing<T>() -> CapResult<T> {
    Err(CapError::Unavailable(
        "nothing of the host can be used by `describe`".into(),
    ))
}

struct Nothing;

#[async_trait]
impl Brain for Nothing {
    async fn get(&self, _: Scope, _: String) -> CapResult<Option<Entry>> {
        nothing()
    }
    async fn set(&self, _: Scope, _: Write) -> CapResult<String> {
        nothing()
    }
    async fn delete(&self, _: Scope, _: String) -> CapResult<bool> {
        nothing()
    }
    async fn list_keys(&self, _: Scope, _: String, _: Option<String>, _: u32) -> CapResult<KeyPage> {
        nothing()
    }
    async fn increment(&self, _: Scope, _: String, _: i64) -> CapResult<i64> {
        nothing()
    }
    async fn compare_and_swap(&self, _: Scope, _: Write, _: Option<String>) -> CapResult<String> {
        nothing()
    }
    async fn get_many(&self, _: Scope, _: Vec<String>) -> CapResult<Vec<Option<Entry>>> {
        nothing()
    }
    async fn set_many(&self, _: Scope, _: Vec<Write>) -> CapResult<()> {
        nothing()
    }
}

#[async_trait]
impl Chat for Nothing {
    async fn send(&self, _: Place, _: Content) -> CapResult<Sent> {
        nothing()
    }
    async fn edit(&self, _: MessageRef, _: Content) -> CapResult<()> {
        nothing()
    }
    async fn react(&self, _: MessageRef, _: String) -> CapResult<()> {
        nothing()
    }
    async fn delete(&self, _: MessageRef) -> CapResult<()> {
        nothing()
    }
    async fn unreact(&self, _: MessageRef, _: String) -> CapResult<()> {
        nothing()
    }
    async fn upload(&self, _: Place, _: String, _: Vec<u8>, _: String) -> CapResult<String> {
        nothing()
    }
    async fn download(&self, _: String) -> CapResult<Vec<u8>> {
        nothing()
    }
    async fn open_direct(&self, _: String) -> CapResult<Place> {
        nothing()
    }
    async fn open_modal(&self, _: String, _: String) -> CapResult<()> {
        nothing()
    }
    async fn get_user(&self, _: String) -> CapResult<User> {
        nothing()
    }
    async fn get_conversation(&self, _: String) -> CapResult<Conversation> {
        nothing()
    }
    async fn members(&self, _: String, _: Option<String>) -> CapResult<(Vec<String>, Option<String>)> {
        nothing()
    }
    async fn history(&self, _: Place, _: Option<String>, _: u32) -> CapResult<Vec<FullMessage>> {
        nothing()
    }
    async fn ask(&self, _: Place, _: String, _: String, _: Content, _: u32) -> CapResult<MessageRef> {
        nothing()
    }
}

#[async_trait]
impl Triggers for Nothing {
    async fn hear(&self, _: String, _: Taught) -> CapResult<()> {
        nothing()
    }
    async fn forget(&self, _: String) -> CapResult<bool> {
        nothing()
    }
}

#[async_trait]
impl Schedule for Nothing {
    async fn at(&self, _: String, _: String, _: String) -> CapResult<()> {
        nothing()
    }
    async fn every(&self, _: String, _: String, _: String, _: Missed, _: String) -> CapResult<()> {
        nothing()
    }
    async fn cancel(&self, _: String) -> CapResult<bool> {
        nothing()
    }
    async fn list(&self) -> CapResult<Vec<Job>> {
        nothing()
    }
}

#[async_trait]
impl Http for Nothing {
    async fn fetch(&self, _: HttpRequest) -> CapResult<HttpResponse> {
        nothing()
    }
    async fn fetch_to_object(&self, _: HttpRequest, _: String, _: String) -> CapResult<HttpResponse> {
        nothing()
    }
    async fn exchange(&self, _: HttpRequest) -> CapResult<HttpResponse> {
        nothing()
    }
}

#[async_trait]
impl Sql for Nothing {
    async fn query(&self, _: String, _: String, _: Vec<Cell>) -> CapResult<Rows> {
        nothing()
    }
    async fn execute(&self, _: String, _: String, _: Vec<Cell>) -> CapResult<u32> {
        nothing()
    }
}

#[async_trait]
impl Objects for Nothing {
    async fn get(&self, _: String, _: String) -> CapResult<Vec<u8>> {
        nothing()
    }
    async fn put(&self, _: String, _: String, _: Vec<u8>, _: String) -> CapResult<String> {
        nothing()
    }
    async fn list(&self, _: String, _: String, _: Option<String>) -> CapResult<ObjectPage> {
        nothing()
    }
    async fn delete(&self, _: String, _: String) -> CapResult<()> {
        nothing()
    }
    async fn sign(&self, _: String, _: String, _: u32) -> CapResult<String> {
        nothing()
    }
}

/// A clock that stands and chance that repeats.
struct Still(AtomicU64);

impl System for Still {
    fn config(&self) -> String {
        "{}".into()
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn random(&self, buffer: &mut [u8]) {
        // Not all the same: a generator that looks for something particular must find it some day.
        for byte in buffer {
            let next = self
                .0
                .load(Relaxed)
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            self.0.store(next, Relaxed);
            *byte = next.to_be_bytes()[0];
        }
    }

    fn log(&self, level: Level, text: &str) {
        tracing::debug!(?level, text, "a plugin speaks while it is asked what it is");
    }
}
