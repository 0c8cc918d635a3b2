//! What a person is told when their command could not be carried out: one line, with what, why, and the id by which the
//! operator finds everything else.

use super::{ApprovalNotice, Locale};
use crate::config::size_text;
use crate::rate::Rate;
use crate::text::{markup, printable_line};
use std::time::Duration;

/// The longest text of somebody's own that is shown in a notice, in characters.
const REASON: usize = 300;

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserNotice {
    /// The plugin computed for too long.
    TooSlowCpu {
        /// The plugin.
        plugin: String,
        /// How long it may.
        limit: Duration,
        /// The invocation.
        id: String,
    },
    /// The plugin took too long altogether.
    TooSlowWall {
        /// The plugin.
        plugin: String,
        /// How long it may.
        limit: Duration,
        /// The invocation.
        id: String,
    },
    /// The plugin wanted too much memory.
    TooMuchMemory {
        /// The plugin.
        plugin: String,
        /// How many bytes it may have.
        limit: u64,
        /// The invocation.
        id: String,
    },
    /// The plugin crashed.
    Crashed {
        /// The plugin.
        plugin: String,
        /// The invocation.
        id: String,
    },
    /// Something went wrong that only the operator can look into.
    Internal {
        /// The plugin.
        plugin: String,
        /// The invocation.
        id: String,
    },
    /// The plugin's memory could not be read or written: the disk is full, or Redis is away.
    NoMemory {
        /// The plugin.
        plugin: String,
        /// The invocation.
        id: String,
    },
    /// The bot was restarted in the middle, and the plugin could not go on where it was.
    CutOff {
        /// The plugin.
        plugin: String,
        /// The invocation.
        id: String,
    },
    /// Too many calls wait already.
    Busy {
        /// The plugin; empty for the host's own answers.
        plugin: String,
    },
    /// What it would do has to be written down first, which is not possible.
    Unrecorded {
        /// The plugin.
        plugin: String,
    },
    /// The plugin is not loaded any more.
    PluginGone {
        /// The plugin.
        plugin: String,
    },
    /// The operator stopped the plugin.
    PluginStopped {
        /// The plugin.
        plugin: String,
    },
    /// The plugin failed again and again and rests.
    Resting {
        /// The plugin.
        plugin: String,
        /// Until when, as the person's clock shows it; nothing if that is being found out.
        until: Option<String>,
    },
    /// Somebody else pressed what is for admins.
    AdminsOnly,
    /// They may not.
    Denied(super::Denied),
    /// Somebody else typed a command for admins.
    ForAdmins,
    /// What an admin decided could not be kept.
    Undecided,
    /// What an admin wants could not be kept.
    NotKept,
    /// The bot was away for so long that the command is not carried out any more; whether an earlier run finished it just
    /// before it was cut off is not known.
    TooOld,
    /// Somebody pressed a button of a question that somebody else was asked.
    NotAsked {
        /// Who was asked: their id.
        who: String,
    },
    /// Somebody pressed a button of a question that is over.
    QuestionOver,
    /// The person asks for more than one person may.
    TooMany {
        /// What one may.
        rate: Rate,
        /// How long to wait.
        wait: Duration,
    },
    /// All people together ask for a command more often than it may be.
    TooOften {
        /// The command, as the operator's limit names it.
        command: String,
        /// How often it may be.
        rate: Rate,
        /// How long to wait.
        wait: Duration,
    },
    /// An admin stopped all plugins for a while.
    Paused {
        /// The admin's name.
        by: String,
        /// Since when, as the bot's clock shows it.
        since: String,
        /// Why, in their words; empty where they said nothing.
        reason: String,
    },
    /// An admin made the bot silent where somebody pressed something or used a slash command.
    Muted,
    /// Something about a command that has to be confirmed.
    Approval(ApprovalNotice),
    /// Somebody spoke to the bot where it may not write. They are told so elsewhere.
    NoVoice {
        /// Where: the conversation's id.
        conversation: String,
    },
}

impl UserNotice {
    /// Whether it is nobody's fault and nobody else's business: it is told to the person alone, and nothing failed.
    pub fn is_for_one(&self) -> bool {
        matches!(
            self,
            Self::NotAsked { .. }
                | Self::QuestionOver
                | Self::Denied(_)
                | Self::ForAdmins
                | Self::Approval(_)
                | Self::TooMany { .. }
                | Self::TooOften { .. }
                | Self::Muted
        )
    }

    /// Whether it is as those want it who look after the bot: then nothing failed either, and all who are there may see
    /// it.
    pub fn is_wanted(&self) -> bool {
        matches!(self, Self::Paused { .. })
    }

    /// The line, as portable markup.
    pub fn render(&self, locale: Locale) -> String {
        match self {
            Self::TooSlowCpu { plugin, limit, id } => {
                let limit = locale.duration(*limit);
                locale.pick(
                    format!("⚠️ `{plugin}` 플러그인이 {limit} 넘게 계산해서 중단했습니다. ({id})"),
                    format!("⚠️ The plugin `{plugin}` computed for longer than {limit} and was stopped. ({id})"),
                )
            }
            Self::TooSlowWall { plugin, limit, id } => {
                let limit = locale.duration(*limit);
                locale.pick(
                    format!("⚠️ `{plugin}` 플러그인이 {limit} 안에 끝나지 않아 중단했습니다. ({id})"),
                    format!("⚠️ The plugin `{plugin}` was not done within {limit} and was stopped. ({id})"),
                )
            }
            Self::TooMuchMemory { plugin, limit, id } => {
                let limit = size_text(*limit);
                locale.pick(
                    format!("⚠️ `{plugin}` 플러그인이 메모리를 {limit} 넘게 쓰려고 해서 중단했습니다. ({id})"),
                    format!("⚠️ The plugin `{plugin}` wanted more than {limit} of memory and was stopped. ({id})"),
                )
            }
            Self::Crashed { plugin, id } => locale.pick(
                format!("⚠️ `{plugin}` 플러그인이 오류로 멈췄습니다. 관리자에게 이 번호를 알려 주세요. ({id})"),
                format!("⚠️ The plugin `{plugin}` crashed. Tell the operator this number. ({id})"),
            ),
            Self::Internal { plugin, id } => locale.pick(
                format!(
                    "⚠️ `{plugin}` 플러그인을 실행하다 문제가 생겼습니다. 관리자에게 이 번호를 알려 주세요. ({id})"
                ),
                format!(
                    "⚠️ Something went wrong while the plugin `{plugin}` ran. Tell the operator this number. ({id})"
                ),
            ),
            Self::NoMemory { plugin, id } => locale.pick(
                format!("⚠️ 지금은 봇의 저장소를 쓸 수 없어 `{plugin}` 플러그인이 일을 마치지 못했습니다. 잠시 뒤에 다시 해 주세요. ({id})"),
                format!("⚠️ The bot's memory cannot be used right now, so the plugin `{plugin}` could not finish this. Try again in a while. ({id})"),
            ),
            Self::CutOff { plugin, id } => locale.pick(
                format!(
                    "⚠️ 봇이 다시 시작된 뒤 `{plugin}` 플러그인을 이어서 실행하지 못해 중간에서 멈췄습니다. 관리자에게 이 번호를 알려 주세요. ({id})"
                ),
                format!(
                    "⚠️ After a restart the plugin `{plugin}` could not go on where it was, and was stopped half-way. Tell the operator this number. ({id})"
                ),
            ),
            Self::Busy { plugin } if plugin.is_empty() => locale.pick(
                "⏳ 지금은 요청이 너무 많습니다. 잠시 뒤에 다시 해 주세요.".to_owned(),
                "⏳ Too much is going on right now. Try again in a moment.".to_owned(),
            ),
            Self::Busy { plugin } => locale.pick(
                format!("⏳ `{plugin}` 플러그인에 요청이 너무 많이 밀려 있습니다. 잠시 뒤에 다시 해 주세요."),
                format!("⏳ The plugin `{plugin}` has too much to do right now. Try again in a moment."),
            ),
            Self::Unrecorded { plugin } => locale.pick(
                format!("⚠️ 이 명령은 감사 기록을 남긴 뒤에만 실행하는데 지금 기록할 수 없어서 실행하지 않았습니다. 관리자에게 알려 주세요. (`{plugin}`)"),
                format!("⚠️ This command runs only when it is in the audit log, and that cannot be written just now, so it was not run. Please tell an admin. (`{plugin}`)"),
            ),
            Self::PluginGone { plugin } => locale.pick(
                format!("⚠️ `{plugin}` 플러그인이 방금 내려가서 명령을 실행하지 못했습니다."),
                format!("⚠️ The plugin `{plugin}` has just been removed, so the command was not carried out."),
            ),
            Self::PluginStopped { plugin } => locale.pick(
                format!("⏸️ `{plugin}` 플러그인은 관리자가 멈춰 두어서 지금은 쓸 수 없습니다."),
                format!("⏸️ The plugin `{plugin}` was stopped by the operator and cannot be used for now."),
            ),
            Self::Resting {
                plugin,
                until: Some(until),
            } => locale.pick(
                format!("⏸️ `{plugin}` 플러그인이 거듭 실패해서 {until}까지 쉽니다. 그 뒤에 다시 해 주세요."),
                format!("⏸️ The plugin `{plugin}` failed again and again and rests until {until}. Try again after that."),
            ),
            Self::Resting { plugin, until: None } => locale.pick(
                format!("⏸️ `{plugin}` 플러그인이 거듭 실패해서 다시 되는지 살펴보는 중입니다. 잠시 뒤에 다시 해 주세요."),
                format!("⏸️ The plugin `{plugin}` failed again and again, and whether it works again is being tried. Try again in a moment."),
            ),
            Self::AdminsOnly => locale.pick(
                "이 단추는 관리자만 누를 수 있습니다.".to_owned(),
                "Only admins can press this button.".to_owned(),
            ),
            Self::Denied(denied) => denied.render(locale),
            Self::ForAdmins => locale.pick(
                "🔒 이 명령은 봇의 관리자만 쓸 수 있습니다.".to_owned(),
                "🔒 This command is for the bot's admins only.".to_owned(),
            ),
            Self::NotKept => locale.pick(
                "⚠️ 지금은 봇의 저장소를 쓸 수 없어 바꾸지 못했습니다. 잠시 뒤에 다시 해 주세요.".to_owned(),
                "⚠️ The bot's memory cannot be used right now, so nothing was changed. Try again in a while.".to_owned(),
            ),
            Self::Undecided => locale.pick(
                "⚠️ 지금은 봇의 저장소를 쓸 수 없어 결정하지 못했습니다. 잠시 뒤에 다시 눌러 주세요.".to_owned(),
                "⚠️ The bot's memory cannot be used right now, so nothing was decided. Press again in a while.".to_owned(),
            ),
            Self::TooOld => locale.pick(
                "⚠️ 봇이 오래 멈춰 있어서 이 명령을 끝까지 처리했는지 알 수 없습니다. 확인해 보고, 아직 필요하면 다시 입력해 주세요.".to_owned(),
                "⚠️ The bot was away for long and may not have finished this. Have a look, and ask again if you still need it."
                    .to_owned(),
            ),
            Self::NotAsked { who } => locale.pick(
                format!("이 질문에는 {{@{who}}} 님만 답할 수 있습니다."),
                format!("Only {{@{who}}} can answer this question."),
            ),
            Self::Approval(notice) => notice.render(locale),
            Self::QuestionOver => locale.pick(
                "이 질문은 이미 끝났습니다.".to_owned(),
                "This question is over.".to_owned(),
            ),
            Self::TooMany { rate, wait } => {
                let (count, per, wait) = (rate.count(), locale.duration(rate.period()), seconds(*wait));
                let commands = if count == 1 { "command" } else { "commands" };
                locale.pick(
                    format!("⏳ 명령은 {per}에 {count}번까지 보낼 수 있습니다. {wait}초 뒤에 다시 해 주세요."),
                    format!("⏳ You may send {count} {commands} in {per}. Try again in {wait} s."),
                )
            }
            Self::TooOften { command, rate, wait } => {
                let (count, per, wait) = (rate.count(), locale.duration(rate.period()), seconds(*wait));
                let command = super::admin::code(command);
                let times = match count {
                    1 => "once".to_owned(),
                    _ => format!("{count} times"),
                };
                locale.pick(
                    format!("⏳ {command} 명령은 모두 합해 {per}에 {count}번까지 쓸 수 있습니다. {wait}초 뒤에 다시 해 주세요."),
                    format!("⏳ All people together may use {command} {times} in {per}. Try again in {wait} s."),
                )
            }
            Self::Paused { by, since, reason } => {
                // Nobody is called by it, however often it is said.
                let harmless = |text: &str| markup::escape(&printable_line(text, REASON));
                let by = harmless(by);
                let why = match reason.is_empty() {
                    true => String::new(),
                    false => format!(" — {}", harmless(reason)),
                };
                locale.pick(
                    format!("⏸️ {by} 님이 {since}부터 봇을 점검하고 있어서 지금은 실행할 수 없습니다.{why}"),
                    format!("⏸️ {by} paused the bot on {since}, so this cannot be done now.{why}"),
                )
            }
            Self::Muted => locale.pick(
                "🔇 관리자가 이 대화방에서 봇을 조용히 있게 했습니다.".to_owned(),
                "🔇 An admin made the bot silent in this conversation.".to_owned(),
            ),
            Self::NoVoice { conversation } => locale.pick(
                format!("⚠️ {{#{conversation}}} 대화방에는 봇이 글을 쓸 수 없어 여기에 알려 드립니다. 봇을 그곳에 초대해 주시고(`/invite`), 이미 있다면 워크스페이스 관리자에게 물어봐 주세요."),
                format!("⚠️ The bot may not write in {{#{conversation}}}, so it can tell you only here. Invite it there (`/invite`), or if it is there already, ask an admin of the workspace."),
            ),
        }
    }
}

/// Whole seconds, and never too few.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notice_is_one_line_in_both_languages_and_names_plugin_and_invocation() {
        let (plugin, id) = ("lunch".to_owned(), "0123abcd".to_owned());
        let limit = Duration::from_secs(1);
        let faults = [
            UserNotice::TooSlowCpu {
                plugin: plugin.clone(),
                limit,
                id: id.clone(),
            },
            UserNotice::TooSlowWall {
                plugin: plugin.clone(),
                limit,
                id: id.clone(),
            },
            UserNotice::TooMuchMemory {
                plugin: plugin.clone(),
                limit: 128 << 20,
                id: id.clone(),
            },
            UserNotice::CutOff {
                plugin: plugin.clone(),
                id: id.clone(),
            },
            UserNotice::NoMemory {
                plugin: plugin.clone(),
                id: id.clone(),
            },
            UserNotice::Crashed {
                plugin: plugin.clone(),
                id: id.clone(),
            },
            UserNotice::Internal {
                plugin: plugin.clone(),
                id,
            },
        ];
        for notice in &faults {
            let (ko, en) = (notice.render(Locale::Ko), notice.render(Locale::En));
            assert_ne!(ko, en);
            for text in [ko, en] {
                assert!(
                    text.contains("lunch") && text.contains("0123abcd") && !text.contains('\n'),
                    "{text}"
                );
            }
        }
        let (rate, wait) = (Rate::parse("3/1h").unwrap(), Duration::from_millis(90_001));
        let command = "`<!channel>\n{@U1}".to_owned();
        for notice in [
            UserNotice::TooMany { rate, wait },
            UserNotice::TooOften { command, rate, wait },
        ] {
            for locale in [Locale::Ko, Locale::En] {
                let text = notice.render(locale);
                assert!(
                    text.contains(locale.pick("1시간", "1 h")) && text.contains("91") && !text.contains('\n'),
                    "{text}"
                );
                let native = crate::slack::render::mrkdwn(&text);
                assert!(!native.contains("<!") && !native.contains("<@"), "{native}");
            }
        }
        let paused = UserNotice::Paused {
            by: "*Rosie* <@U1>".into(),
            since: "2026-11-21 19:05".into(),
            reason: "{@U1} <!channel>\n*moves*".into(),
        };
        for notice in [paused, UserNotice::Muted] {
            let (ko, en) = (notice.render(Locale::Ko), notice.render(Locale::En));
            assert_ne!(ko, en);
            for text in [ko, en] {
                let native = crate::slack::render::mrkdwn(&text);
                let calls = native.contains("<!") || native.contains("<@");
                assert!(!calls && !native.contains('\n'), "{native}");
            }
        }
        let here = UserNotice::NoVoice {
            conversation: "C1".into(),
        };
        for locale in [Locale::Ko, Locale::En] {
            assert!(here.render(locale).contains("{#C1}"));
        }
        assert!(faults[2].render(Locale::En).contains("128MiB"));
        assert_ne!(
            UserNotice::Busy { plugin }.render(Locale::En),
            UserNotice::Busy { plugin: String::new() }.render(Locale::En)
        );
    }
}
