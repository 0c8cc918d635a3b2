//! `/sim/fault`: what shall go wrong.

use super::{LONGEST_WAIT, one};
use crate::events;
use crate::faults::{ApiFault, Faults, Twin};
use crate::locked;
use crate::shared::Shared;
use crate::socket::envelope::Reason;
use crate::socket::hub::Order;
use crate::socket::regular::Ending;
use serde::Deserialize;
use std::time::{Duration, Instant};

/// A fault as a request names it.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum Fault {
    Refresh {
        #[serde(default)]
        all: bool,
        grace_ms: Option<u64>,
        every: Option<u64>,
    },
    Warning {
        #[serde(default)]
        all: bool,
        grace_ms: Option<u64>,
        every: Option<u64>,
    },
    Close {
        #[serde(default)]
        all: bool,
        every: Option<u64>,
    },
    Silent {
        #[serde(default)]
        all: bool,
    },
    LinkDisabled,
    Duplicate {
        form: Option<Twin>,
        #[serde(default = "one")]
        count: usize,
        every: Option<u64>,
    },
    RateLimit {
        method: Option<String>,
        count: Option<u64>,
        #[serde(default = "once")]
        every: u64,
        #[serde(default = "once")]
        retry_after: u64,
    },
    Error500 {
        method: Option<String>,
        count: Option<u64>,
        #[serde(default = "once")]
        every: u64,
        #[serde(default)]
        after: bool,
    },
    ApiError {
        error: String,
        method: Option<String>,
        count: Option<u64>,
        #[serde(default = "once")]
        every: u64,
    },
    Slow {
        ms: u64,
        method: Option<String>,
    },
    ShortPages,
    AppRateLimited,
    Revoke,
    Clear,
}

fn once() -> u64 {
    1
}

/// Causes a fault; says how many connections it met.
pub(super) fn cause(shared: &Shared, fault: Fault) -> usize {
    let grace = |ms: Option<u64>, default| ms.map_or(default, Duration::from_millis);
    let at_once = |all, ending: Ending| shared.hub.order(all, || ending.order());
    let end = |all, ending, every: Option<u64>, name| {
        let Some(every) = every else {
            return at_once(all, ending);
        };
        shared.hub.end_every(ending, all, every);
        locked(&shared.faults).ends_every.insert(name, every);
        0
    };
    // One of so many goes on until it is cleared, unless told otherwise.
    let arm = |fault, method, count: Option<u64>, every| {
        let count = count.unwrap_or(if every > 1 { u64::MAX } else { 1 });
        locked(&shared.faults).arm(fault, method, count, every);
        0
    };
    match fault {
        Fault::Refresh { all, grace_ms, every } => {
            let (reason, grace) = (Reason::RefreshRequested, grace(grace_ms, shared.options.refresh_grace));
            end(all, Ending::Told { reason, grace }, every, "refresh")
        }
        Fault::Warning { all, grace_ms, every } => {
            let (reason, grace) = (Reason::Warning, grace(grace_ms, shared.options.warning_grace));
            end(all, Ending::Told { reason, grace }, every, "warning")
        }
        Fault::Close { all, every } => end(all, Ending::Sudden, every, "close"),
        Fault::Silent { all } => shared.hub.order(all, || Order::Silence),
        Fault::LinkDisabled => {
            locked(&shared.faults).link_disabled = true;
            let (reason, grace) = (Reason::LinkDisabled, shared.options.refresh_grace);
            at_once(true, Ending::Told { reason, grace })
        }
        Fault::Duplicate {
            form,
            every: Some(every),
            ..
        } => {
            shared.hub.duplicate_every(form, every);
            locked(&shared.faults).twice_every = Some(every);
            0
        }
        Fault::Duplicate { form, count, .. } => {
            shared.hub.duplicate(form.unwrap_or(Twin::Retry), count.min(1_000_000));
            0
        }
        Fault::RateLimit {
            method,
            count,
            every,
            retry_after,
        } => arm(ApiFault::RateLimit(retry_after), method, count, every),
        Fault::Error500 {
            method,
            count,
            every,
            after,
        } => arm(ApiFault::Broken { after }, method, count, every),
        Fault::ApiError {
            error,
            method,
            count,
            every,
        } => arm(ApiFault::Refused(error), method, count, every),
        Fault::Slow { ms, method } => {
            let mut faults = locked(&shared.faults);
            faults.slow = Duration::from_millis(ms).min(LONGEST_WAIT);
            faults.slow_method = method;
            0
        }
        Fault::ShortPages => {
            locked(&shared.faults).short_pages = true;
            0
        }
        Fault::AppRateLimited => {
            let _ = shared.hub.dispatch(events::app_rate_limited(), Instant::now());
            0
        }
        Fault::Revoke => {
            locked(&shared.faults).revoked = true;
            let (reason, grace) = (Reason::RefreshRequested, Duration::ZERO);
            at_once(true, Ending::Told { reason, grace })
        }
        Fault::Clear => {
            *locked(&shared.faults) = Faults::default();
            shared.hub.clear();
            0
        }
    }
}
