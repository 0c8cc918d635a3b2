//! What people are told about commands that have to be confirmed.

use super::Locale;
use crate::event::Decided;
use crate::manifest::Confirm;
use crate::text::printable_line;
use serde::{Deserialize, Serialize};

/// Why somebody's press does not count, or why a command is not asked about or not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApprovalNotice {
    /// Only who asked for it confirms it.
    NotYours {
        /// Who asked: their id.
        asker: String,
    },
    /// Somebody else than who asked has to decide.
    NeedsAnother,
    /// Only who asked can withdraw it.
    NotYoursToWithdraw {
        /// Who asked: their id.
        asker: String,
    },
    /// Whoever pressed may not run that command themselves.
    NoRight,
    /// Programs decide nothing.
    Robot,
    /// Nobody knows of such a command any more.
    Over,
    /// The time is over.
    Late,
    /// Somebody was faster, this very moment.
    Deciding,
    /// It is decided.
    Decided {
        /// What.
        what: Decided,
        /// By whom: an id, or empty.
        by: String,
        /// When, as a clock shows it.
        at: String,
    },
    /// What was asked for does not run: told to who asked, who did not decide that.
    Ended {
        /// What was decided.
        what: Decided,
        /// Who asked: their id.
        asker: String,
        /// By whom: an id, or empty.
        by: String,
        /// When, as a clock shows it.
        at: String,
    },
    /// The chat service does not tell reliably who asks.
    NoId,
    /// Somebody else has to decide, and nobody else is there.
    NobodyElse,
    /// Too many commands wait already.
    TooMany,
    /// The store cannot keep it.
    NotKept,
    /// The message with the buttons cannot be sent.
    NotShown,
    /// What would run now is not what was shown.
    Changed,
    /// Somebody may not run it any more.
    LostRight {
        /// Who: their id.
        who: String,
    },
}

impl ApprovalNotice {
    /// The line, as portable markup.
    pub fn render(&self, locale: Locale) -> String {
        let (ko, en) = match self {
            Self::NotYours { asker } => (
                format!("🔐 이 명령은 요청한 {{@{asker}}} 님만 확인할 수 있습니다."),
                format!("🔐 Only {{@{asker}}}, who asked for this command, can confirm it."),
            ),
            Self::NeedsAnother => (
                "🔐 요청한 사람이 아닌 다른 사람이 승인해야 합니다. 그만두려면 `철회`를 눌러 주세요.".into(),
                "🔐 Somebody else than you has to approve it. To give it up, press `Withdraw`.".into(),
            ),
            Self::NotYoursToWithdraw { asker } => (
                format!("🔐 이 요청은 {{@{asker}}} 님만 철회할 수 있습니다."),
                format!("🔐 Only {{@{asker}}}, who asked for it, can withdraw this."),
            ),
            Self::NoRight => (
                "🔐 이 명령을 직접 실행할 수 있는 사람만 결정할 수 있습니다.".into(),
                "🔐 Only somebody who may run this command can decide about it.".into(),
            ),
            Self::Robot => (
                "🔐 프로그램은 확인이 필요한 명령을 요청하거나 결정할 수 없습니다.".into(),
                "🔐 Programs can neither ask for a command that has to be confirmed nor decide about it.".into(),
            ),
            Self::Over => (
                "🔐 이 버튼에 해당하는 요청이 없습니다. 아무것도 실행하지 않았습니다.".into(),
                "🔐 There is no request for this button any more. Nothing was run.".into(),
            ),
            Self::Late => (
                "🔐 결정할 수 있는 시간이 지났습니다. 아무것도 실행하지 않았습니다. 필요하면 명령을 다시 입력해 주세요."
                    .into(),
                "🔐 The time to decide is over, and nothing was run. If it is still wanted, give the command again.".into(),
            ),
            Self::Deciding => (
                "🔐 누군가 먼저 결정했습니다. 결과는 곧 요청 메시지에 나타납니다.".into(),
                "🔐 Somebody decided just before you. The request will show it in a moment.".into(),
            ),
            Self::Decided { what, by, at } => {
                let (ko, en) = decided(*what, by, at);
                (format!("🔐 이미 결정되었습니다. {ko}"), format!("🔐 This is decided already. {en}"))
            }
            Self::Ended { what, asker, by, at } => {
                let (ko, en) = decided(*what, by, at);
                let mark = mark(*what);
                (
                    format!("{mark} {{@{asker}}} 님이 요청한 명령은 실행하지 않습니다. {ko}"),
                    format!("{mark} What {{@{asker}}} asked for is not run. {en}"),
                )
            }
            Self::NoId => (
                "🔐 이 채팅 서비스에서는 누가 요청했는지 확실히 알 수 없어서, 확인이 필요한 명령을 실행하지 않습니다."
                    .into(),
                "🔐 This chat service does not tell for certain who asks, so a command that has to be confirmed is not run."
                    .into(),
            ),
            Self::NobodyElse => (
                "🔐 다른 사람의 승인이 필요한 명령입니다. 승인할 사람이 있는 대화방에서 입력해 주세요.".into(),
                "🔐 Somebody else has to approve this command. Give it in a conversation where such a person is.".into(),
            ),
            Self::TooMany => (
                "🔐 확인을 기다리는 명령이 너무 많습니다. 먼저 있는 것을 결정하거나 철회해 주세요.".into(),
                "🔐 Too many commands wait to be confirmed. Decide or withdraw some of them first.".into(),
            ),
            Self::NotKept => (
                "🔐 지금은 봇의 저장소를 쓸 수 없어서 명령을 실행하지 않았습니다. 잠시 뒤에 다시 해 주세요.".into(),
                "🔐 The bot's memory cannot be used right now, so the command was not run. Try again in a while.".into(),
            ),
            Self::NotShown => (
                "🔐 확인을 요청하는 메시지를 보낼 수 없어서 명령을 실행하지 않았습니다.".into(),
                "🔐 The message that asks for the confirmation cannot be sent, so the command was not run.".into(),
            ),
            Self::Changed => (
                "🔐 지금 실행될 것이 보여 드린 것과 다릅니다(플러그인이 바뀌었거나 없어졌습니다). 명령을 다시 입력해 주세요."
                    .into(),
                "🔐 What would run now is not what was shown (the plugin was replaced or removed). Give the command again."
                    .into(),
            ),
            Self::LostRight { who } => (
                format!("🔐 {{@{who}}} 님은 이제 이 명령을 실행할 수 없습니다."),
                format!("🔐 {{@{who}}} may not run this command any more."),
            ),
        };
        locale.pick(ko, en)
    }
}

fn mark(what: Decided) -> &'static str {
    match what {
        Decided::Approved => "✅",
        Decided::Rejected => "🚫",
        Decided::Withdrawn => "↩️",
        Decided::Expired => "⌛",
    }
}

/// What was decided, by whom and when, in Korean and English.
fn decided(what: Decided, by: &str, at: &str) -> (String, String) {
    match what {
        Decided::Approved => (
            format!("{{@{by}}} 님이 {at}에 승인했습니다."),
            format!("{{@{by}}} approved it at {at}."),
        ),
        Decided::Rejected => (
            format!("{{@{by}}} 님이 {at}에 거절했습니다."),
            format!("{{@{by}}} rejected it at {at}."),
        ),
        Decided::Withdrawn => (
            format!("{{@{by}}} 님이 {at}에 철회했습니다."),
            format!("{{@{by}}} withdrew it at {at}."),
        ),
        Decided::Expired => (
            format!("아무도 결정하지 않아 {at}에 만료되었습니다."),
            format!("Nobody decided, and it expired at {at}."),
        ),
    }
}

/// A command that waits to be confirmed, as it is shown to those who decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who asks: their id.
    pub asker: String,
    /// Who has to be asked.
    pub confirm: Confirm,
    /// The command and its subcommands.
    pub command: String,
    /// What was typed behind the command, every character of it [visible](crate::text::visible); empty for nothing.
    pub typed: String,
    /// Names and values of the arguments, every character visible.
    pub args: Vec<(String, String)>,
    /// Of a command that is too long to be shown whole, the beginning of its digest.
    pub digest: Option<String>,
    /// The plugin.
    pub plugin: String,
    /// Its version, short.
    pub version: String,
    /// Until when it can be decided, as a clock shows it.
    pub until: String,
}

/// How it stands with a command that had to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits.
    Waits,
    /// It is decided.
    Decided {
        /// What.
        what: Decided,
        /// By whom: an id, or empty.
        by: String,
        /// When, as a clock shows it.
        at: String,
    },
    /// It was approved, and nothing was run.
    NotRun {
        /// Who approved it.
        by: String,
        /// When.
        at: String,
        /// Why not, as a sentence in the same language.
        why: String,
    },
    /// It was approved and began, and did not end well.
    Failed {
        /// Who approved it.
        by: String,
        /// When.
        at: String,
        /// The call's id.
        id: String,
    },
}

impl Approval {
    /// The message, as portable markup.
    pub fn render(&self, standing: &Standing, locale: Locale) -> String {
        let asker = &self.asker;
        let head = match standing {
            Standing::Waits => match self.confirm {
                Confirm::Second => locale.pick(
                    format!("🔐 *승인이 필요합니다.* {{@{asker}}} 님이 실행하려고 합니다:"),
                    format!("🔐 *This has to be approved.* {{@{asker}}} wants to run:"),
                ),
                _ => locale.pick(
                    format!("🔐 *확인해 주세요.* {{@{asker}}} 님, 이것을 실행할까요?"),
                    format!("🔐 *Please confirm.* {{@{asker}}}, is this to be run?"),
                ),
            },
            Standing::Decided { what, by, at } => {
                let mark = mark(*what);
                let (ko, en) = decided(*what, by, at);
                locale.pick(format!("{mark} {ko}"), format!("{mark} {en}"))
            }
            Standing::NotRun { by, at, why } => {
                let (ko, en) = decided(Decided::Approved, by, at);
                locale.pick(
                    format!("⛔ {ko} 그러나 *실행하지 않았습니다*: {why}"),
                    format!("⛔ {en} But it was *not run*: {why}"),
                )
            }
            Standing::Failed { by, at, id } => {
                let (ko, en) = decided(Decided::Approved, by, at);
                locale.pick(
                    format!("⚠️ {ko} 실행했지만 *끝까지 잘되지는 않았습니다*. ({id})"),
                    format!("⚠️ {en} It was begun and did *not end well*. ({id})"),
                )
            }
        };
        let mut lines = vec![head, format!("`{}`", self.command)];
        if !self.typed.is_empty() {
            let typed = &self.typed;
            lines.push(locale.pick(format!("입력: `{typed}`"), format!("Typed: `{typed}`")));
        }
        let arg = |(name, value): &(String, String)| format!("• {}: `{value}`", printable_line(name, 80));
        lines.extend(self.args.iter().map(arg));
        if let Some(digest) = &self.digest {
            lines.push(locale.pick(
                format!("길어서 다 보여 드리지 못했습니다. 전체의 SHA-256: `{digest}`"),
                format!("Too long to be shown whole. SHA-256 of all of it: `{digest}`"),
            ));
        }
        if *standing != Standing::Waits {
            lines.push(locale.pick(
                format!("요청: {{@{asker}}} · 플러그인 `{}` ({})", self.plugin, self.version),
                format!("Asked by {{@{asker}}} · plugin `{}` ({})", self.plugin, self.version),
            ));
            return lines.join("\n");
        }
        lines.push(locale.pick(
            format!("플러그인 `{}` ({}) · {}까지", self.plugin, self.version, self.until),
            format!("Plugin `{}` ({}) · until {}", self.plugin, self.version, self.until),
        ));
        lines.push(match self.confirm {
            Confirm::Second => locale.pick(
                "이 명령을 실행할 수 있는 다른 사람이 결정합니다. 요청한 사람은 철회할 수 있습니다.".to_owned(),
                "Somebody else who may run this command decides. Who asked can withdraw it.".to_owned(),
            ),
            _ => locale.pick(
                "요청한 사람만 결정할 수 있습니다.".to_owned(),
                "Only who asked can decide.".to_owned(),
            ),
        });
        lines.join("\n")
    }

    /// What stands on the buttons: to let it run, to refuse it where somebody else decides, to give it up.
    pub fn labels(confirm: Confirm, locale: Locale) -> (&'static str, Option<&'static str>, &'static str) {
        match confirm {
            Confirm::Second => (
                locale.pick("승인", "Approve"),
                Some(locale.pick("거절", "Reject")),
                locale.pick("철회", "Withdraw"),
            ),
            _ => (locale.pick("실행", "Run it"), None, locale.pick("그만두기", "Don't")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approval(confirm: Confirm) -> Approval {
        Approval {
            asker: "U1".into(),
            confirm,
            command: "deploy start".into(),
            typed: "prod".into(),
            args: vec![("target".into(), "\"prod\"".into())],
            digest: None,
            plugin: "deploy".into(),
            version: "abc".into(),
            until: "12:00:00".into(),
        }
    }

    #[test]
    fn what_is_shown_says_who_what_by_which_plugin_and_until_when() {
        for locale in [Locale::Ko, Locale::En] {
            for confirm in [Confirm::Caller, Confirm::Second] {
                let text = approval(confirm).render(&Standing::Waits, locale);
                for part in [
                    "{@U1}",
                    "`deploy start`",
                    "`prod`",
                    "target: `\"prod\"`",
                    "`deploy` (abc)",
                    "12:00:00",
                ] {
                    assert!(text.contains(part), "{part} in {text}");
                }
            }
        }
        let long = Approval {
            digest: Some("0123".into()),
            ..approval(Confirm::Second)
        };
        assert!(long.render(&Standing::Waits, Locale::En).contains("0123"));
    }

    #[test]
    fn what_was_decided_stays_with_what_it_was_about() {
        let (by, at) = ("U2".to_owned(), "12:01:00".to_owned());
        let decided = |what| Standing::Decided {
            what,
            by: by.clone(),
            at: at.clone(),
        };
        let not_run = Standing::NotRun {
            by: by.clone(),
            at: at.clone(),
            why: "because".into(),
        };
        let failed = Standing::Failed {
            by: by.clone(),
            at: at.clone(),
            id: "c0ffee".into(),
        };
        for (standing, says) in [
            (decided(Decided::Approved), vec!["✅", "{@U2} approved it at 12:01:00"]),
            (decided(Decided::Rejected), vec!["🚫", "{@U2} rejected it at 12:01:00"]),
            (decided(Decided::Withdrawn), vec!["{@U2} withdrew it"]),
            (decided(Decided::Expired), vec!["expired at 12:01:00"]),
            (not_run, vec!["{@U2} approved", "*not run*: because"]),
            (failed, vec!["{@U2} approved", "c0ffee"]),
        ] {
            let text = approval(Confirm::Second).render(&standing, Locale::En);
            for part in says.into_iter().chain(["Asked by {@U1}", "target: `\"prod\"`"]) {
                assert!(text.contains(part), "{part} in {text}");
            }
            assert!(!text.contains("until"), "{text}");
        }
    }
}
