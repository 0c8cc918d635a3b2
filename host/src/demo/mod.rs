//! What `moa dev --demo` adds: settings for the bundled plugins on fast clocks, and an outside world that they find at work.
//!
//! - `settings`: the pieces of configuration that lie beside the plugins (`PLUGIN/demo.toml`), as one
//! - `outside`: the world itself, one listener with a module for each system in it
//! - `callers`: what comes from outside by itself: a repository's and a monitoring system's webhooks, people in JANDI
//!
//! Nothing else of the host knows that there is a demo: the plugins meet it by their configuration alone.

mod callers;
mod data;
mod outside;
mod settings;

pub use callers::call;
pub use outside::{NoWorld, World};
pub use settings::{Fault, gather};

use moa_playground::Channel;

/// The channels in which the bundled plugins speak. Their topics say what comes by itself and what to try.
pub fn channels() -> Vec<Channel> {
    [
        (
            "C0000FEED00",
            "feed",
            "상품 목록을 지켜봅니다 · a feed, exported and verified by itself: !feed status",
        ),
        (
            "C00NOTICES0",
            "notices",
            "알림 · notices, pushes and alarms by themselves: !알림 목록, !notify list",
        ),
        (
            "C00SERVERS0",
            "servers",
            "서버 시작과 중지 · servers of a cloud: !서버 dev force_start, then !서버 dev status",
        ),
        (
            "C0000WATCH0",
            "watch",
            "장애 · search goes down once a minute by itself: !watch status",
        ),
        (
            "C00000DATA0",
            "data",
            "데이터 문의 · questions of data: !데이터 신규회원 7일, !data joined",
        ),
    ]
    .map(|(id, name, topic)| Channel {
        id: id.to_owned(),
        name: name.to_owned(),
        topic: topic.to_owned(),
    })
    .into()
}
