//! What those who decide are shown of a command: all of it, exactly.

use super::{Button, Pending};
use crate::adapter::Adapter;
use crate::registry::{Loaded, hex};
use moa_core::call::ArgValue;
use moa_core::content::{Action, Content, Style};
use moa_core::locale::{Approval, Locale, Standing};
use moa_core::router::CommandMatch;
use moa_core::text::visible;
use sha2::{Digest, Sha256};

/// How many characters of one value are shown, and of all together.
const VALUE: usize = 300;
const ALL: usize = 1_200;
/// How many digits of a digest are shown: enough to be compared by people.
const DIGITS: usize = 16;

/// The digest of what would run: the version of the plugin, the command, all that it would be given.
pub fn digest(loaded: &Loaded, command: &CommandMatch) -> String {
    let CommandMatch {
        plugin,
        command,
        path,
        args,
        rest,
        ..
    } = command;
    let mut hash = Sha256::new();
    // JSON, so that no two lists of parts run together into the same bytes.
    let whole = serde_json::json!([plugin, loaded.version, command, path, args, rest]);
    hash.update(whole.to_string());
    hex(&hash.finalize())
}

/// Values within the space that there is.
#[derive(Debug)]
pub struct Shown {
    left: usize,
    whole: bool,
}

impl Default for Shown {
    fn default() -> Self {
        Self { left: ALL, whole: true }
    }
}

impl Shown {
    fn text(&mut self, text: &str) -> String {
        let max = VALUE.min(self.left);
        let (shown, whole) = visible(text, max);
        self.left = self.left.saturating_sub(shown.chars().count());
        self.whole &= whole;
        match whole {
            true => shown,
            false => format!("{shown}…"),
        }
    }

    fn quoted(&mut self, text: &str) -> String {
        format!("\"{}\"", self.text(text))
    }

    async fn value(&mut self, value: &ArgValue, adapter: &dyn Adapter) -> String {
        match value {
            ArgValue::Text(text) => self.quoted(text),
            ArgValue::Integer(number) => number.to_string(),
            ArgValue::Number(number) => number.to_string(),
            ArgValue::Truth(truth) => truth.to_string(),
            // Names can be anybody's; the id tells who it is.
            ArgValue::User(id) => {
                let name = adapter.user(id).await.display_name;
                format!("@{} ({})", self.text(&name), self.text(id))
            }
            ArgValue::Conversation(id) => {
                let name = adapter.conversation(id).await.name;
                format!("#{} ({})", self.text(&name), self.text(id))
            }
            ArgValue::Seconds(seconds) => format!("{seconds} s"),
            ArgValue::Date(text) | ArgValue::Time(text) => self.text(text),
            ArgValue::Many(texts) => {
                let mut shown = Vec::new();
                for text in texts {
                    if self.left == 0 {
                        self.whole = false;
                        shown.push("…".to_owned());
                        break;
                    }
                    shown.push(self.quoted(text));
                }
                shown.join(", ")
            }
        }
    }

    /// What is shown of a command.
    pub async fn approval(
        mut self,
        asker: &str,
        loaded: &Loaded,
        command: &CommandMatch,
        until: String,
        adapter: &dyn Adapter,
    ) -> Approval {
        let mut args = Vec::with_capacity(command.args.len());
        for arg in &command.args {
            if self.left == 0 {
                self.whole = false;
                break;
            }
            args.push((arg.name.clone(), self.value(&arg.value, adapter).await));
        }
        // Last: the arguments tell the same, and are what counts.
        self.left = self.left.max(VALUE);
        let typed = self.text(&command.rest);
        let digest = digest(loaded, command);
        let names: Vec<&str> = std::iter::once(&command.command)
            .chain(&command.path)
            .map(String::as_str)
            .collect();
        Approval {
            asker: asker.to_owned(),
            confirm: command.confirm,
            command: names.join(" "),
            typed,
            args,
            digest: (!self.whole).then(|| digest.chars().take(DIGITS).collect()),
            plugin: command.plugin.clone(),
            version: loaded.short_version().to_owned(),
            until,
        }
    }
}

/// The message of a command that waits, or waited: with buttons as long as it waits.
pub fn looks(pending: &Pending, standing: &Standing, locale: Locale) -> Content {
    let mut content = Content::text(pending.shown.render(standing, locale));
    if *standing == Standing::Waits {
        let (approve, reject, withdraw) = Approval::labels(pending.shown.confirm, locale);
        let button = |button: Button, label: &str, style| Action::Button {
            id: button.id(&pending.id),
            label: label.to_owned(),
            value: String::new(),
            style,
            confirm: None,
        };
        content.actions.push(button(Button::Approve, approve, Style::Primary));
        if let Some(reject) = reject {
            content.actions.push(button(Button::Reject, reject, Style::Danger));
        }
        content.actions.push(button(Button::Withdraw, withdraw, Style::Normal));
    }
    content
}
