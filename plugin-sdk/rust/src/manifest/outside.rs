//! Jobs and webhooks as plain data. What the macros wrote was checked there.

use crate::Error;
use crate::schedule::Due;
use crate::webhooks::{Request, Response};
use serde::Serializer;

/// A job of the manifest, or those of one name that `schedule` makes, and the function behind it.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Job {
    /// The name, or what it begins with: `menu`, `remind:*`.
    pub id: &'static str,
    /// When it is due; empty for jobs that are due at a moment, or made at run time.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub cron: &'static str,
    /// The moment at which it is due; empty for none.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub on: &'static str,
    /// In which zone; empty for the bot's.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub timezone: &'static str,
    /// The days on which it is not due, with commas between; empty for none.
    #[serde(skip_serializing_if = "str::is_empty", serialize_with = "days")]
    pub except: &'static str,
    /// What happens to runs that were missed; empty for what the contract says then.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub missed: &'static str,
    /// By how much the start may be put off; empty for not at all.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub jitter: &'static str,
    /// The job that goes first where both are due; empty for none.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub after: &'static str,
    /// Calls the author's function.
    #[serde(skip)]
    pub run: fn(&Due) -> Result<(), Error>,
}

impl Job {
    /// What an array is filled with before it has its parts.
    pub(crate) const BLANK: Self = Self {
        id: "",
        cron: "",
        on: "",
        timezone: "",
        except: "",
        missed: "",
        jitter: "",
        after: "",
        run: |_| Ok(()),
    };

    /// Whether the manifest has it, and not `schedule` alone.
    fn is_of_manifest(&self) -> bool {
        !self.cron.is_empty() || !self.on.is_empty()
    }

    /// Whether this is its name.
    pub(crate) fn is_for(&self, name: &str) -> bool {
        match self.id.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => self.id == name,
        }
    }
}

/// An address for the outside world, and the function behind it.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Webhook {
    /// Its name.
    pub name: &'static str,
    /// What it answers to; empty for what the contract says then.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub methods: &'static [&'static str],
    /// How the host checks a request.
    pub verify: &'static str,
    /// Calls the author's function.
    #[serde(skip)]
    pub run: fn(Request) -> Result<Response, Error>,
}

impl Webhook {
    /// What an array is filled with before it has its parts.
    pub(crate) const BLANK: Self = Self {
        name: "",
        methods: &[],
        verify: "none",
        run: |_| Ok(Response::ok()),
    };
}

fn days<S: Serializer>(days: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(days.split(',').map(str::trim))
}

pub(super) fn are_not_of_manifest(jobs: &&[Job]) -> bool {
    !jobs.iter().any(Job::is_of_manifest)
}

pub(super) fn of_manifest<S: Serializer>(jobs: &[Job], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(jobs.iter().filter(|job| job.is_of_manifest()))
}
