//! The audit log of a host that runs.

use crate::admins::Admins;
use crate::audit::kept::{self, Kept};
use crate::audit::{Audit, Policy};
use crate::grants::now_ms;
use crate::settings;
use anyhow::Context;
use moa_core::config::Config;
use moa_core::content::Content;
use moa_core::locale::AdminNotice;
use moa_store::Store;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long is waited for the store to take the end of the log.
const LAST: Duration = Duration::from_secs(2);

/// At least so much time is between two words to the admins about the disk.
const OFTEN: Duration = Duration::from_secs(60);

/// The log, and the store that knows its end.
pub(super) struct Record {
    audit: Arc<Audit>,
    following: JoinHandle<()>,
}

impl Record {
    /// Opens the log, and lets the store know of its end from then on.
    pub(super) async fn open(
        config: &Config,
        store: &Arc<dyn Store>,
        own: &[(String, String)],
    ) -> anyhow::Result<Self> {
        let dir = config.bot.data_dir.join("audit");
        let known = Kept::read(&**store).await?;
        let audit = Audit::open(&dir, policy(config, own), known.map(|kept| kept.head)).with_context(|| {
            format!(
                "the audit log in {} cannot be opened; make it writable, and stop any other moa that uses it",
                dir.display()
            )
        })?;
        let known = match known {
            Some(known) => known,
            // From the very first line on.
            None => {
                let kept = Kept::default();
                kept.write(&**store).await?;
                kept
            }
        };
        let following = tokio::spawn(kept::follow(
            Arc::clone(&audit),
            Arc::clone(store),
            known,
            config.audit.keep,
        ));
        Ok(Self { audit, following })
    }

    /// The log.
    pub(super) fn audit(&self) -> Arc<Audit> {
        Arc::clone(&self.audit)
    }

    /// From now on those who look after the bot hear of what is wrong with it.
    pub(super) fn tell(&self, admins: &Arc<Admins>) {
        let now = now_ms();
        for (number, what) in self.audit.found().iter().enumerate() {
            let notice = AdminNotice::AuditFound { what: what.clone() };
            say(admins, format!("audit/{now}/{number}"), &notice);
        }
        let (admins, mut trouble) = (Arc::downgrade(admins), self.audit.trouble());
        tokio::spawn(async move {
            let mut was = None;
            // Until the log is closed.
            while let Ok(now) = trouble.wait_for(|now| *now != was).await.map(|now| now.clone()) {
                let Some(admins) = admins.upgrade() else {
                    return;
                };
                let notice = match &now {
                    Some(trouble) => AdminNotice::AuditStuck {
                        reason: trouble.reason.clone(),
                    },
                    None => AdminNotice::AuditBack,
                };
                say(&admins, format!("audit/{}", now_ms()), &notice);
                was = now;
                // Nobody wants to hear more often how a disk fares that is nearly full.
                tokio::time::sleep(OFTEN).await;
            }
        });
    }

    /// Closes the log, and lets the store know of its end.
    pub(super) async fn close(self) {
        self.audit.close().await;
        // It ends by itself when the writer has told of the last line.
        if !matches!(tokio::time::timeout(LAST, self.following).await, Ok(Ok(()))) {
            tracing::warn!("the store does not know the end of the audit log; the next start takes it as it is");
        }
    }
}

fn say(admins: &Arc<Admins>, sign: String, notice: &AdminNotice) {
    let content = Content::text(notice.render(admins.locale));
    admins.tell(sign, content, false, |_| async {});
}

/// What is written, and which secrets never are: those that the host knows.
fn policy(config: &Config, own: &[(String, String)]) -> Policy {
    // One that cannot be read is nobody's to write down either.
    let read = |source| settings::secret("secrets", source).ok();
    let secrets = config.secrets.values().filter_map(read);
    Policy::new(
        &config.audit,
        secrets.chain(own.iter().map(|(_, secret)| secret.clone())),
    )
}
