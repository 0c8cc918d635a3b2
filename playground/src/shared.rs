//! What all parts of a running playground share.

use crate::author::Author;
use crate::faults::Faults;
use crate::features::Features;
use crate::files::Files;
use crate::interact::Interactions;
use crate::record::Record;
use crate::response_url::ResponseUrls;
use crate::socket::hub::Hub;
use crate::text::Names;
use crate::ts::Ts;
use crate::wire::Frames;
use crate::world::{BOT_USER, Id, World};
use crate::{Options, locked};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How far a page may lag behind before it is told to load everything anew.
const NOTICES: usize = 4096;

/// Somebody who waits for the bot's answers.
pub(crate) struct Watcher {
    pub thread: Option<Ts>,
    /// the person who also sees their ephemeral answers
    pub user: Id,
    pub answers: mpsc::UnboundedSender<Value>,
}

/// The one state. Locks are held shortly and taken in the order world, then interactions, then hub, then record.
pub(crate) struct Shared {
    pub options: Options,
    pub addr: SocketAddr,
    /// `http://127.0.0.1:PORT`
    pub base: String,
    pub app_token: String,
    pub bot_token: String,
    pub world: Mutex<World>,
    pub names: Names,
    pub hub: Hub,
    pub record: Arc<Record>,
    pub frames: Frames,
    pub author: Author,
    pub faults: Mutex<Faults>,
    pub features: Mutex<Features>,
    pub response_urls: Mutex<ResponseUrls>,
    pub interactions: Mutex<Interactions>,
    pub files: Mutex<Files>,
    pub notices: broadcast::Sender<Arc<str>>,
    pub stop: CancellationToken,
    pub tasks: TaskTracker,
    watchers: Mutex<HashMap<Id, Vec<Watcher>>>,
    /// so that nobody locks `watchers` for nothing
    watching: AtomicUsize,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The tokens stay out of logs.
        f.debug_struct("Shared")
            .field("addr", &self.addr)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// A fresh workspace that is reached at `addr`.
    pub fn new(options: Options, addr: SocketAddr) -> Self {
        let mut world = World::new(options.bot_name.clone(), options.messages_per_conversation);
        for channel in &options.channels {
            world.open_channel(channel);
        }
        let mut people = vec![(options.bot_name.clone(), Id::from(BOT_USER))];
        for person in &world.people {
            people.extend([person.name, person.display].map(|name| (name.to_owned(), person.id.clone())));
        }
        let channels = world.conversations.iter().filter(|c| !c.name.is_empty());
        let names = Names::new(people, channels.map(|c| (c.name.clone(), c.id.clone())).collect());
        let record = Arc::new(Record::new(options.record_capacity));
        let hub = Hub::new(record.clone(), options.ack_timeout, options.retry_delays.clone());
        // An address that stands for all addresses is no address to open.
        let host = match addr.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        let token = |kind: &str| format!("{kind}-playground-{:032x}", fastrand::u128(..));
        Self {
            base: format!("http://{}", SocketAddr::new(host, addr.port())),
            addr,
            app_token: token("xapp"),
            bot_token: token("xoxb"),
            world: Mutex::new(world),
            names,
            hub,
            record,
            frames: Frames::default(),
            author: Author::default(),
            faults: Mutex::default(),
            features: Mutex::default(),
            response_urls: Mutex::default(),
            interactions: Mutex::default(),
            files: Mutex::default(),
            notices: broadcast::channel(NOTICES).0,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            watchers: Mutex::default(),
            watching: AtomicUsize::new(0),
            options,
        }
    }

    /// Tells the open pages; `make` isn't called when there are none.
    pub fn notice(&self, make: impl FnOnce() -> Value) {
        if self.notices.receiver_count() > 0 {
            // No receiver left by now is fine.
            let _ = self.notices.send(make().to_string().into());
        }
    }

    /// The app offers other slash commands and shortcuts than before.
    pub fn offer(&self, features: Features) {
        let mut offered = locked(&self.features);
        if *offered != features {
            // Under the lock, so that pages hear of changes in their order.
            self.notice(|| json!({"type": "features", "features": features}));
            *offered = features;
        }
    }

    /// Tells the pages which faults are still to come.
    pub fn notice_faults(&self) {
        let faults = locked(&self.faults).in_force();
        self.notice(|| json!({"type": "faults", "faults": faults}));
    }

    /// Tells the pages how many connections the bot has.
    pub fn notice_connections(&self) {
        self.notice(|| json!({"type": "bot", "connections": self.hub.connections()}));
    }

    /// From now on the bot's messages there go to this watcher too, until its receiver is dropped.
    pub fn watch(&self, channel: Id, watcher: Watcher) {
        let mut watchers = locked(&self.watchers);
        watchers.entry(channel).or_default().push(watcher);
        self.watching.store(watchers.len(), Ordering::Release);
    }

    /// Hands a message of the bot to those who wait for one there.
    pub fn tell_watchers(&self, channel: &Id, thread: Option<Ts>, only: Option<&Id>, answer: impl FnOnce() -> Value) {
        if self.watching.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut watchers = locked(&self.watchers);
        let Some(here) = watchers.get_mut(channel) else { return };
        here.retain(|w| !w.answers.is_closed());
        let fits = |w: &&Watcher| (w.thread.is_none() || w.thread == thread) && only.is_none_or(|user| *user == w.user);
        if here.iter().any(|w| fits(&w)) {
            let answer = answer();
            for watcher in here.iter().filter(fits) {
                let _ = watcher.answers.send(answer.clone());
            }
        }
        if here.is_empty() {
            watchers.remove(channel);
        }
        self.watching.store(watchers.len(), Ordering::Release);
    }
}

/// Redelivers what isn't acknowledged in time, until the playground stops.
pub(crate) async fn deliver(shared: Arc<Shared>) {
    loop {
        let (next, failures) = shared.hub.run_due(Instant::now());
        for failure in failures {
            shared.unanswered(&failure);
        }
        let next = next.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
        tokio::select! {
            () = tokio::time::sleep_until(next.into()) => {}
            () = shared.hub.wake.notified() => {}
            () = shared.stop.cancelled() => return,
        }
    }
}
