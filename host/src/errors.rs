//! The last warnings and errors of this process's log, for whoever asks how it is.

use crate::metrics;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fmt::{Debug, Write};
use std::sync::{Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// How many are kept.
const KEPT: usize = 50;
/// The longest text that is kept whole, in bytes.
const LONGEST: usize = 1 << 10;

/// The ring, the oldest first. A lock that only warnings take.
static RING: Mutex<VecDeque<Noticed>> = Mutex::new(VecDeque::new());

/// A warning or an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noticed {
    /// When it was last.
    pub at: Timestamp,
    /// `warn` or `error`.
    pub level: String,
    /// What was said.
    pub text: String,
    /// How often in a row.
    #[serde(default = "one")]
    pub times: u64,
}

fn one() -> u64 {
    1
}

/// The last ones, the newest last.
pub fn last() -> Vec<Noticed> {
    let ring = RING.lock().unwrap_or_else(PoisonError::into_inner);
    ring.iter().cloned().collect()
}

/// Takes them from the log. What plugins say themselves is theirs, and not counted here.
pub fn layer<S>() -> impl Layer<S> + Send + Sync + 'static
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    Tap.with_filter(LevelFilter::WARN)
}

struct Tap;

impl<S: Subscriber> Layer<S> for Tap {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        // Its backtraces, too: a plugin's fault is one line of the host's, and not one for each frame.
        if metadata.target().split("::").next() == Some("plugin") {
            return;
        }
        let is_error = *metadata.level() == Level::ERROR;
        metrics::LOG_LINES.add(usize::from(is_error));
        let mut text = Text::default();
        event.record(&mut text);
        let mut said = text.message + &text.fields;
        if said.len() > LONGEST {
            said.truncate(said.floor_char_boundary(LONGEST));
            said.push('…');
        }
        keep(Noticed {
            at: Timestamp::now(),
            level: metadata.level().as_str().to_ascii_lowercase(),
            text: said,
            times: 1,
        });
    }
}

fn keep(noticed: Noticed) {
    let mut ring = RING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(last) = ring.back_mut()
        && (&last.text, &last.level) == (&noticed.text, &noticed.level)
    {
        last.at = noticed.at;
        last.times += 1;
        return;
    }
    if ring.len() >= KEPT {
        ring.pop_front();
    }
    ring.push_back(noticed);
}

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            name => {
                let _ = write!(self.fields, " {name}={value}");
            }
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt as _;

    #[test]
    fn the_last_troubles_are_kept_and_repeated_ones_once() {
        let log = tracing_subscriber::registry().with(layer());
        let before = metrics::LOG_LINES.each().map(|(_, count)| count).sum::<u64>();
        tracing::subscriber::with_default(log, || {
            tracing::info!("not this");
            tracing::warn!(target: "plugin", "nor this");
            tracing::warn!(target: "plugin::fault", "nor this frame");
            tracing::error!(conversation = "C1", "given up");
            for _ in 0..3 {
                tracing::warn!("slow {}", "x".repeat(LONGEST));
            }
        });
        let last = last();
        let ours: Vec<&Noticed> = last.iter().filter(|noticed| !noticed.text.contains("not")).collect();
        let given_up = ours
            .iter()
            .find(|noticed| noticed.text == "given up conversation=C1")
            .unwrap();
        assert_eq!((given_up.level.as_str(), given_up.times), ("error", 1));
        let slow = ours.iter().find(|noticed| noticed.text.starts_with("slow x")).unwrap();
        assert!(slow.times == 3 && slow.text.len() < LONGEST + 10);
        assert!(metrics::LOG_LINES.each().map(|(_, count)| count).sum::<u64>() >= before + 4);
        assert!(last.len() <= KEPT && !last.iter().any(|noticed| noticed.text.starts_with("nor this")));
    }
}
