//! What plugins ask for beyond what they are granted: shown to operators, and decided by admins or operators.

use super::{Approvals, Ask, Decision, Standing};
use crate::admins::Admins;
use crate::capability::Grants;
use crate::registry::{Follower, Loaded, Snapshot};
use arc_swap::ArcSwap;
use async_trait::async_trait;
use jiff::Timestamp;
use moa_core::config::Grant;
use moa_core::content::{Action, Content, Style};
use moa_core::locale::{AdminNotice, Locale};
use moa_store::StoreError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What the ids of the buttons begin with.
const BUTTON: &str = "moa:grant:";
const APPROVE: &str = "approve";
const REJECT: &str = "reject";

/// Keeps up with what plugins ask for.
pub struct Asking {
    standing: Standing,
    plugins: Arc<ArcSwap<Snapshot>>,
    approvals: Arc<Approvals>,
    admins: Arc<Admins>,
    changed: Notify,
    /// Of the plugins that are there, the version that the log has told of.
    logged: Mutex<BTreeMap<String, String>>,
    /// The questions that are on their way, by their ids: the plugins may change meanwhile.
    sent: Arc<Mutex<BTreeSet<String>>>,
}

impl Asking {
    /// Nobody was asked yet.
    pub fn new(
        plugins: Arc<ArcSwap<Snapshot>>,
        grants: Grants,
        approvals: Arc<Approvals>,
        admins: Arc<Admins>,
    ) -> Arc<Self> {
        let asking = Self {
            standing: Standing::new(Arc::clone(&plugins), grants, Arc::clone(&approvals)),
            plugins,
            approvals,
            admins,
            changed: Notify::new(),
            logged: Mutex::default(),
            sent: Arc::default(),
        };
        // What is loaded already counts.
        asking.changed.notify_one();
        Arc::new(asking)
    }

    /// How plugins stand.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Looks whenever the plugins changed, without end.
    pub async fn watch(self: Arc<Self>) {
        loop {
            self.changed.notified().await;
            let snapshot = self.plugins.load_full();
            lock(&self.logged).retain(|plugin, _| snapshot.plugins.contains_key(plugin));
            for loaded in snapshot.plugins.values() {
                let missing = self.standing.missing(loaded);
                if missing.is_empty() {
                    continue;
                }
                self.log(loaded, &missing);
                if let Err(error) = self.ask(loaded, missing).await {
                    tracing::warn!(plugin = %loaded.name, %error, "whether to grant what a plugin asks for could not be asked");
                }
            }
        }
    }

    fn log(&self, loaded: &Loaded, missing: &Grant) {
        let told = lock(&self.logged).insert(loaded.name.clone(), loaded.version.clone());
        if told.is_none_or(|told| told != loaded.version) {
            let (plugin, lines) = (&loaded.name, missing.lines().join(", "));
            tracing::warn!(
                plugin, version = %loaded.version, missing = lines,
                "asks for more than it is granted; `moa plugin grant {plugin} --all` grants it, or these lines below [plugin.{plugin}.grant]"
            );
        }
    }

    async fn ask(&self, loaded: &Loaded, what: Grant) -> Result<(), StoreError> {
        if self.admins.ids.load().is_empty() {
            return Ok(());
        }
        let Some((ask, look_first)) = self.approvals.ask(&loaded.name, &loaded.version, &what).await? else {
            return Ok(());
        };
        if !lock(&self.sent).insert(ask.id.clone()) {
            return Ok(());
        }
        // It may have arrived while it was looked for.
        let asks = &self.approvals.of(&loaded.name).asks;
        if asks.iter().any(|known| known.id == ask.id && known.told) {
            lock(&self.sent).remove(&ask.id);
            return Ok(());
        }
        let locale = self.admins.locale;
        let notice = AdminNotice::GrantAsked {
            plugin: loaded.name.clone(),
            version: loaded.short_version().to_owned(),
            lines: what.lines(),
        };
        let button = |what: &str, label: &str, style| Action::Button {
            id: format!("{BUTTON}{}:{what}", ask.id),
            label: label.to_owned(),
            value: String::new(),
            style,
            confirm: None,
        };
        let content = Content {
            actions: vec![
                button(APPROVE, locale.pick("승인", "Approve"), Style::Primary),
                button(REJECT, locale.pick("거절", "Reject"), Style::Danger),
            ],
            ..Content::text(notice.render(locale))
        };
        let (approvals, sent) = (Arc::clone(&self.approvals), Arc::clone(&self.sent));
        let (plugin, id) = (loaded.name.clone(), ask.id);
        self.admins.tell(sign(&id), content, look_first, move |count| async move {
            // Where nobody got it, it is tried again when the plugins change, or after a restart.
            if count > 0
                && let Err(error) = approvals.told(&plugin, &id).await
            {
                tracing::warn!(plugin, %error, "that the admins were asked could not be kept; they may be asked again");
            }
            lock(&sent).remove(&id);
        });
        Ok(())
    }
}

#[async_trait]
impl Follower for Asking {
    async fn plugins_changed(&self) {
        self.changed.notify_one();
    }
}

/// A panic elsewhere leaves a set as good as it was.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The sign of a question's message.
pub(crate) fn sign(id: &str) -> String {
    format!("{id}!grant")
}

/// Of the id of a button, the question and whether it is approved.
pub(crate) fn pressed(id: &str) -> Option<(&str, bool)> {
    let (id, what) = id.strip_prefix(BUTTON)?.split_once(':')?;
    match what {
        APPROVE => Some((id, true)),
        REJECT => Some((id, false)),
        _ => None,
    }
}

/// What a question's message says once it is decided; `None`: there is no such question any more.
pub(crate) fn decided(decided: Option<&(String, Ask)>, locale: Locale) -> Content {
    let notice = match decided {
        Some((
            plugin,
            Ask {
                what,
                decision: Some(Decision { approved, by, .. }),
                ..
            },
        )) => AdminNotice::GrantDecided {
            plugin: plugin.clone(),
            lines: what.lines(),
            approved: *approved,
            by: by.clone(),
        },
        _ => AdminNotice::GrantOver,
    };
    Content::text(notice.render(locale))
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
