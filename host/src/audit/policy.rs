//! What is written down: which commands, and which of their texts.

use moa_core::audit::{Entry, Given, Outcome, What};
use serde_json::{Value, json};

/// What is written down.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Which commands.
    pub commands: Which,
    /// Of which commands the free texts.
    pub text: Which,
}

/// Which commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// All.
    #[default]
    All,
    /// Those that are restricted or ask for a confirmation.
    Restricted,
    /// None.
    None,
}

impl Policy {
    /// Whether a command is written down.
    pub fn wants(&self, guarded: bool) -> bool {
        self.commands.covers(guarded)
    }

    /// Takes away what is not to be written.
    pub(super) fn apply(&self, entry: &mut Entry) {
        if self.text.covers(entry.guarded) {
            return;
        }
        for arg in entry.args.iter_mut().filter(|arg| arg.free) {
            arg.value = length(arg);
        }
        // What a plugin says of its failure may repeat them.
        if entry.what == What::Command
            && matches!(entry.outcome, Outcome::Failed | Outcome::Diverged)
            && !entry.reason.is_empty()
        {
            entry.reason = format!("({} characters)", entry.reason.chars().count());
        }
    }
}

impl Which {
    fn covers(self, guarded: bool) -> bool {
        match self {
            Self::All => true,
            Self::Restricted => guarded,
            Self::None => false,
        }
    }
}

fn length(arg: &Given) -> Value {
    let characters = match &arg.value {
        Value::String(text) => text.chars().count(),
        Value::Array(texts) => texts
            .iter()
            .filter_map(Value::as_str)
            .map(|text| text.chars().count())
            .sum(),
        _ => 0,
    };
    json!({ "characters": characters })
}
