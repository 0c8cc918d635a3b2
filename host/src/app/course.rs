//! What goes on while a host runs, and how it comes to its end.

use super::{CredentialsRefused, signal};
use crate::adapter::{Adapter, Fatal};
use crate::dispatch::Dispatch;
use crate::intake::Intake;
use crate::invocation::Work;
use crate::metrics;
use crate::registry::{Registry, Report};
use crate::service::Life;
use anyhow::Context as _;
use moa_store::Store;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, watch};
use tokio_util::task::TaskTracker;

/// How long calls that run may go on after a stop was asked for.
const DRAIN: Duration = Duration::from_secs(15);
/// How often old records, identities and entries are removed.
const HOUSEKEEPING: Duration = Duration::from_secs(3600);

/// What is told of a start.
pub(super) struct Told<'a> {
    pub(super) registry: &'a Registry,
    pub(super) life: &'a Life,
    /// Whether there is a service that connections are kept to.
    pub(super) connects: bool,
    pub(super) begun: Instant,
}

impl Told<'_> {
    /// How it stands. It does its work from when it was connected for the first time and all plugins are loaded.
    fn tell(&self, adapter: &dyn Adapter, opened: bool, is_ready: &mut bool, connections: usize) {
        let plugins = self.registry.current().plugins.len();
        let status = match (opened, connections) {
            (false, _) => "loading plugins".to_owned(),
            (true, 0) if self.connects => format!("no connection to {}; trying again", adapter.service()),
            (true, 0) => format!("{plugins} plugins answer"),
            (true, _) => format!(
                "{plugins} plugins answer; {connections} connections to {}",
                adapter.service()
            ),
        };
        *is_ready |= opened && (connections > 0 || !self.connects);
        match *is_ready {
            true => self.life.ready(&status),
            false => self.life.status(&status),
        }
    }
}

/// Watches the connection until the host is to stop.
pub(super) async fn attend(
    intake: &Intake,
    adapter: &Arc<dyn Adapter>,
    told: Told<'_>,
    opening: tokio::task::JoinHandle<Result<(), moa_store::StoreError>>,
    mut revoked: watch::Receiver<Option<Fatal>>,
    mut stop: impl Future<Output = ()> + Unpin,
) -> anyhow::Result<()> {
    let mut link = intake.link();
    let mut opening = std::pin::pin!(opening);
    let (mut opened, mut is_ready) = (false, false);
    let mut before = 0;
    loop {
        told.tell(&**adapter, opened, &mut is_ready, before);
        tokio::select! {
            biased;
            () = &mut stop => {
                tracing::info!("stopping: no new events, {} s for the calls that run", DRAIN.as_secs());
                return Ok(());
            }
            Ok(fatal) = revoked.wait_for(Option::is_some) => {
                if let Some(fatal) = fatal.clone() {
                    return Err(CredentialsRefused(fatal).into());
                }
            }
            result = &mut opening, if !opened => {
                opened = true;
                result.context("taking up the journal failed")??;
                let plugins = told.registry.current();
                tracing::info!("{} plugins answer", plugins.plugins.len());
            }
            changed = link.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                let now = link.borrow_and_update().clone();
                if let Some(fatal) = now.fatal {
                    return Err(CredentialsRefused(fatal).into());
                }
                if let Some(why) = now.replaced {
                    return Err(why.into());
                }
                if now.connections == 0 {
                    tracing::warn!("no connection to {}; trying again", adapter.service());
                } else if before == 0 {
                    let me = adapter.me();
                    tracing::info!(
                        "connected to {} as {} in team {}, {} ms after the start",
                        adapter.service(), me.name, me.team, told.begun.elapsed().as_millis()
                    );
                } else {
                    tracing::debug!("{} connections to {}", now.connections, adapter.service());
                }
                before = now.connections;
            }
        }
    }
}

/// Waits for the calls that run. A second Ctrl-C or SIGTERM ends the wait: what is not done is in the journal.
pub(super) async fn drain(dispatch: &Dispatch<Work>, calls: &TaskTracker) {
    let quiet = async {
        while dispatch.outstanding() > 0 || !calls.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        () = quiet => {}
        () = tokio::time::sleep(DRAIN) => {
            tracing::warn!("{} calls did not end in time; they run again at the next start", dispatch.outstanding());
        }
        () = signal::stop_requested() => {
            tracing::warn!("{} calls are cut off; they run again at the next start", dispatch.outstanding());
        }
    }
}

/// Removes what is over, now and then.
pub(super) async fn keep_house(store: Arc<dyn Store>, intake: Arc<Intake>) {
    loop {
        tokio::time::sleep(HOUSEKEEPING).await;
        intake.forget();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        match store.purge(i64::try_from(now).unwrap_or(i64::MAX)).await {
            Ok(purged) => tracing::debug!(?purged, "removed what is over"),
            Err(error) => tracing::warn!(%error, "old records could not be removed; trying again in an hour"),
        }
    }
}

/// Passes on what the registry tells, or logs it where nobody else listens.
pub(super) async fn report(mut reports: mpsc::UnboundedReceiver<Report>, to: Option<mpsc::UnboundedSender<Report>>) {
    while let Some(report) = reports.recv().await {
        if matches!(report, Report::Failed(_)) {
            metrics::LOAD_FAILURES.add();
        }
        match &to {
            // Whoever asked for them may be gone by now.
            Some(to) => drop(to.send(report)),
            None if report.is_problem() => tracing::warn!("{report}"),
            None => tracing::info!("{report}"),
        }
    }
}
