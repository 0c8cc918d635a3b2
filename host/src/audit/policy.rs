//! What is written down: which commands, and which of their texts.

use moa_core::audit::{Entry, Outcome, What};
use moa_core::config::{Audit, Recorded};
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError, RwLock};

/// The longest text that is written, in characters.
const LONGEST: usize = 2_000;
/// A secret that is shorter would hide what is none.
const SHORTEST: usize = 8;
/// What the words begin with by which chat services and others know their own secrets.
const SECRET_WORDS: [&str; 6] = ["xoxb-", "xoxp-", "xoxa-", "xoxe", "xoxs-", "xapp-"];

/// What is written down.
#[derive(Clone, Default)]
pub struct Policy {
    commands: Recorded,
    text: Recorded,
    /// Copies share them.
    secrets: Arc<RwLock<Vec<String>>>,
}

impl Policy {
    /// What the configuration says. `secrets` are never written, wherever they stand.
    pub fn new(config: &Audit, secrets: impl IntoIterator<Item = String>) -> Self {
        let policy = Self {
            commands: config.commands,
            text: config.text,
            secrets: Arc::default(),
        };
        policy.hide(secrets);
        policy
    }

    /// These are never written either, from now on.
    pub fn hide(&self, secrets: impl IntoIterator<Item = String>) {
        let mut all = self.secrets.write().unwrap_or_else(PoisonError::into_inner);
        for secret in secrets {
            if secret.len() >= SHORTEST && !all.contains(&secret) {
                all.push(secret);
            }
        }
    }

    /// Whether a command is written down.
    pub fn wants(&self, guarded: bool) -> bool {
        self.commands.covers(guarded)
    }

    /// Takes away what is not to be written.
    pub(super) fn apply(&self, entry: &mut Entry) {
        let text = self.text.covers(entry.guarded);
        for arg in &mut entry.args {
            if arg.free && !text {
                arg.value = json!({ "characters": characters(&arg.value) });
            } else {
                self.clean_value(&mut arg.value);
            }
        }
        // What a plugin says of its failure may repeat what it was given.
        let is_of_plugin = entry.what == What::Command && matches!(entry.outcome, Outcome::Failed | Outcome::Diverged);
        if is_of_plugin && !text && !entry.reason.is_empty() {
            entry.reason = format!("({} characters)", entry.reason.chars().count());
        } else {
            self.clean(&mut entry.reason);
        }
    }

    fn clean_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.clean(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.clean_value(value)),
            _ => {}
        }
    }

    /// Without secrets, and not too long.
    fn clean(&self, text: &mut String) {
        for secret in self.secrets.read().unwrap_or_else(PoisonError::into_inner).iter() {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret, "[secret]");
            }
        }
        while let Some((from, to)) = secret_word(text) {
            text.replace_range(from..to, "[secret]");
        }
        if let Some((at, _)) = text.char_indices().nth(LONGEST) {
            let all = text.chars().count();
            text.truncate(at);
            text.push_str(&format!("… ({all} characters)"));
        }
    }
}

/// Where a word is that can only be a secret.
fn secret_word(text: &str) -> Option<(usize, usize)> {
    SECRET_WORDS.iter().find_map(|word| {
        let from = text.find(word)?;
        let rest = text.get(from..)?;
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.' | '_'));
        Some((from, from + length.unwrap_or(rest.len())))
    })
}

fn characters(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        Value::Array(values) => values.iter().map(characters).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn policy(commands: Recorded, text: Recorded) -> Policy {
        let config = Audit {
            keep: Duration::ZERO,
            commands,
            text,
        };
        Policy::new(&config, ["s3cret-value".to_owned(), "short".to_owned()])
    }

    fn after(policy: &Policy, guarded: bool, outcome: Outcome) -> (Value, Value, String) {
        let mut entry = Entry::own(What::Command, outcome)
            .arg("user", "U1")
            .free("text", "오늘 xoxb-1-abc. s3cret-value short")
            .because("no s3cret-value here");
        entry.guarded = guarded;
        policy.apply(&mut entry);
        (entry.args[0].value.clone(), entry.args[1].value.clone(), entry.reason)
    }

    #[test]
    fn free_text_is_written_where_the_operator_wants_it() {
        let whole = json!("오늘 [secret] [secret] short");
        let length = json!({ "characters": 33 });
        for (text, guarded, written) in [
            (Recorded::All, false, true),
            (Recorded::All, true, true),
            (Recorded::Restricted, false, false),
            (Recorded::Restricted, true, true),
            (Recorded::None, false, false),
            (Recorded::None, true, false),
        ] {
            let policy = policy(Recorded::All, text);
            let (user, said, reason) = after(&policy, guarded, Outcome::Failed);
            assert_eq!(user, "U1");
            assert_eq!(
                said,
                if written { &whole } else { &length }.clone(),
                "{text:?} {guarded}"
            );
            let told = if written { "no [secret] here" } else { "(20 characters)" };
            assert_eq!(reason, told);
            // Why it was denied is the host's own word.
            assert_eq!(after(&policy, guarded, Outcome::Denied).2, "no [secret] here");
        }
    }

    #[test]
    fn a_text_has_its_end() {
        let policy = policy(Recorded::All, Recorded::All);
        let mut entry = Entry::own(What::Command, Outcome::Done).free("text", "글".repeat(3_000));
        policy.apply(&mut entry);
        let Value::String(text) = &entry.args[0].value else {
            panic!()
        };
        assert!(text.ends_with("글… (3000 characters)") && text.chars().count() < 2_100);
    }

    #[test]
    fn which_commands_are_written_down_is_the_operators_choice() {
        let wants = |commands| {
            let policy = policy(commands, Recorded::All);
            (policy.wants(false), policy.wants(true))
        };
        assert_eq!(wants(Recorded::All), (true, true));
        assert_eq!(wants(Recorded::Restricted), (false, true));
        assert_eq!(wants(Recorded::None), (false, false));
    }
}
