//! The log of the process: one layer that collects each line with what it is about, and three forms in which it leaves.
//!
//! What a line is about comes from its own fields and from the spans around it: [`event`] is around everything that an event
//! leads to, and gives each line the same `trace`, from the frame to the reply; [`call`] is around a call of a plugin, and
//! gives it `plugin`, `version` and `invocation`. So whatever is said on the way, by whichever part, can be found by one word.

mod human;
mod journald;
mod json;
pub mod levels;
mod record;

pub use journald::Journal;
pub use levels::Level;

use moa_core::config::LogFormat;
use moa_core::event::{Event, EventKind, Identity};
use record::{Record, SpanFields};
use std::io::{IsTerminal, Write};
use std::os::unix::fs::MetadataExt;
use tracing::span::{Attributes, Id};
use tracing::{Metadata, Span, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// How lines leave.
pub enum Form {
    /// For people, with colours or without.
    Human {
        /// Whether there are colours.
        color: bool,
    },
    /// An object on each line.
    Json,
    /// To the system's journal, field by field.
    Journald(Journal),
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Human { .. } => "human",
            Self::Json => "json",
            Self::Journald(_) => "journald",
        })
    }
}

impl Form {
    /// The form that is wanted. `auto`: the journal's, where standard error is connected to it; otherwise for people.
    ///
    /// # Errors
    /// The journal is asked for and not there.
    pub fn of(wanted: LogFormat, color: bool) -> std::io::Result<Self> {
        let human = Self::Human { color };
        Ok(match wanted {
            LogFormat::Human => human,
            LogFormat::Json => Self::Json,
            LogFormat::Journald => Self::Journald(Journal::connect()?),
            LogFormat::Auto if !std::io::stderr().is_terminal() && is_journal() => match Journal::connect() {
                Ok(journal) => Self::Journald(journal),
                // It reads what is written to standard error, too.
                Err(_) => human,
            },
            LogFormat::Auto => human,
        })
    }
}

/// Whether standard error leads to the system's journal: the service manager says to which file it does.
fn is_journal() -> bool {
    let Ok(said) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    let Some((device, inode)) = said.split_once(':') else {
        return false;
    };
    std::fs::metadata("/proc/self/fd/2")
        .is_ok_and(|file| device.parse() == Ok(file.dev()) && inode.parse() == Ok(file.ino()))
}

/// Everything that an event leads to happens within this.
pub fn event(event: &Event) -> Span {
    let conversation = match &event.kind {
        // These have no place of their own.
        EventKind::Due(_) | EventKind::Hook(_) => "",
        _ => event.place().conversation.as_str(),
    };
    tracing::info_span!("event", trace = trace(&event.identity), conversation)
}

/// A call of a plugin happens within this.
pub fn call(plugin: &str, version: &str, invocation: &str) -> Span {
    tracing::info_span!("call", plugin, version, invocation)
}

/// The word by which everything is found that an event leads to: the same for every delivery of it, and on every host.
pub fn trace(identity: &Identity) -> String {
    // FNV-1a: short, and the same for ever.
    let hash = identity.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Whether a line is about a plugin.
pub fn is_about_a_plugin(line: &Metadata<'_>) -> bool {
    line.target() == levels::PLUGIN || line.fields().field("plugin").is_some()
}

/// The layer that writes lines in this form.
pub struct Lines<W> {
    form: Form,
    to: W,
}

impl<W: Fn() -> Box<dyn Write> + Send + Sync + 'static> Lines<W> {
    /// Lines in this form; what the journal does not take goes where texts go.
    pub fn new(form: Form, to: W) -> Self {
        Self { form, to }
    }

    fn write(&self, text: &str) {
        // Nobody can be told that the log cannot be written.
        let _ = (self.to)().write_all(text.as_bytes());
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn() -> Box<dyn Write> + Send + Sync + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(SpanFields::of(attributes));
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let mut record = Record::of(event);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<SpanFields>() {
                record.within(fields);
            }
        }
        match &self.form {
            Form::Human { color } => self.write(&human::line(&record, *color)),
            Form::Json => self.write(&json::line(&record)),
            Form::Journald(journal) => {
                if journal.send(&record).is_err() {
                    self.write(&human::line(&record, false));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
