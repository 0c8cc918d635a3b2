//! What the bot tells those who look after it.

use super::Locale;
use std::time::Duration;

/// Something that admins are told in a direct message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminNotice {
    /// A plugin failed again and again, and rests.
    Rests {
        /// The plugin.
        plugin: String,
        /// How many faults in a row it had.
        faults: u32,
        /// The last of them, for operators.
        why: String,
        /// The call, by which the log has more.
        id: String,
        /// How long it rests at first.
        pause: Duration,
    },
    /// A plugin asks for more than it is granted; below stand the buttons.
    GrantAsked {
        /// The plugin.
        plugin: String,
        /// Its version, short.
        version: String,
        /// What it asks for, in lines of the configuration.
        lines: Vec<String>,
    },
    /// That was decided.
    GrantDecided {
        /// The plugin.
        plugin: String,
        /// What it asked for.
        lines: Vec<String>,
        /// Whether it was approved.
        approved: bool,
        /// By whom: an id, or empty for the operator.
        by: String,
    },
    /// There is nothing to decide any more.
    GrantOver,
    /// The audit log cannot be written.
    AuditStuck {
        /// What the disk says.
        reason: String,
    },
    /// The audit log can be written again.
    AuditBack,
    /// The audit log is not as it should be.
    AuditFound {
        /// What is odd.
        what: String,
    },
}

impl AdminNotice {
    /// The message, as portable markup.
    pub fn render(&self, locale: Locale) -> String {
        match self {
            Self::Rests {
                plugin,
                faults,
                why,
                id,
                pause,
            } => {
                let (pause, why) = (locale.duration(*pause), code(why));
                locale.pick(
                    format!(
                        "⏸️ `{plugin}` 플러그인이 {faults}번 거듭 실패해서 {pause} 동안 쉽니다. 그 뒤에도 실패하면 더 오래 쉽니다.\n마지막 원인: {why} ({id})\n고친 파일을 플러그인 폴더에 넣거나 `moa plugin restart {plugin}`을 실행하면 바로 다시 일합니다."
                    ),
                    format!(
                        "⏸️ The plugin `{plugin}` failed {faults} times in a row and rests for {pause}; it rests longer each time that it fails again.\nThe last cause: {why} ({id})\nA mended file in the plugin folder, or `moa plugin restart {plugin}`, puts it back to work at once."
                    ),
                )
            }
            Self::GrantAsked { plugin, version, lines } => {
                let list = list(lines);
                locale.pick(
                    format!(
                        "🔐 `{plugin}` 플러그인({version})이 아직 허락되지 않은 것을 요청합니다.\n{list}\n승인하면 바로 쓸 수 있습니다. moa.toml의 `[plugin.{plugin}.deny]`는 승인보다 앞섭니다."
                    ),
                    format!(
                        "🔐 The plugin `{plugin}` ({version}) asks for what it is not granted yet.\n{list}\nApproved, it can use that at once. `[plugin.{plugin}.deny]` in moa.toml stands over an approval."
                    ),
                )
            }
            Self::GrantDecided {
                plugin,
                lines,
                approved,
                by,
            } => {
                let list = list(lines);
                let who = match by.is_empty() {
                    true => locale.pick("운영자가".to_owned(), "The operator".to_owned()),
                    false => locale.pick(format!("{{@{by}}} 님이"), format!("{{@{by}}}")),
                };
                match approved {
                    true => locale.pick(
                        format!("✅ {who} `{plugin}` 플러그인의 요청을 승인했습니다.\n{list}"),
                        format!("✅ {who} approved what the plugin `{plugin}` asks for.\n{list}"),
                    ),
                    false => locale.pick(
                        format!("🚫 {who} `{plugin}` 플러그인의 요청을 거절했습니다.\n{list}"),
                        format!("🚫 {who} rejected what the plugin `{plugin}` asks for.\n{list}"),
                    ),
                }
            }
            Self::AuditStuck { reason } => {
                let reason = code(reason);
                locale.pick(
                    format!("⚠️ 감사 기록을 쓸 수 없습니다: {reason}\n제한된 명령과 확인이 필요한 명령은 실행하지 않고, 다른 명령은 기록 없이 계속 실행합니다. 데이터 디렉터리의 디스크를 확인해 주세요."),
                    format!("⚠️ The audit log cannot be written: {reason}\nCommands that are restricted or ask for a confirmation are not run; others go on without being recorded. Please look after the disk of the data directory."),
                )
            }
            Self::AuditBack => locale
                .pick(
                    "✅ 감사 기록을 다시 쓸 수 있습니다. 빠진 기록이 얼마나 되는지는 기록에 적혀 있습니다.",
                    "✅ The audit log can be written again. How much is missing stands in the log.",
                )
                .to_owned(),
            Self::AuditFound { what } => {
                let what = code(what);
                locale.pick(
                    format!("⚠️ 시작하면서 보니 감사 기록의 끝이 이상합니다: {what}\n`moa audit verify`로 확인해 주세요."),
                    format!("⚠️ At the start, the end of the audit log is not as it should be: {what}\nPlease look with `moa audit verify`."),
                )
            }
            Self::GrantOver => locale.pick(
                "이 요청은 이미 지나간 것입니다. `moa plugin show`가 지금 상태를 보여 줍니다.".to_owned(),
                "This request is no longer open. `moa plugin show` tells how things stand.".to_owned(),
            ),
        }
    }
}

/// How many lines of a list are shown: a plugin may ask for very many things.
const LINES: usize = 20;

/// Lines of the configuration, each as code.
fn list(lines: &[String]) -> String {
    let mut shown: Vec<String> = lines
        .iter()
        .take(LINES)
        .map(|line| format!("• {}", code(line)))
        .collect();
    if lines.len() > LINES {
        shown.push(format!("• … (+{})", lines.len() - LINES));
    }
    shown.join("\n")
}

/// The longest text in code that is shown, in characters.
const SHOWN: usize = 300;

/// Foreign text as it is safe to show: one line of code that nothing in it can end.
pub(super) fn code(text: &str) -> String {
    let plain = text.chars().take(SHOWN).map(|c| match c {
        '`' => '\'',
        c if crate::text::is_unseen(c) => ' ',
        c => c,
    });
    format!("`{}`", plain.collect::<String>().trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_decided_what_is_told_and_what_a_plugin_wrote_calls_nobody() {
        let lines = vec!["conversations = [\"`<!channel>{@U9}`\"]".to_owned(); 30];
        let asked = AdminNotice::GrantAsked {
            plugin: "lunch".into(),
            version: "0123".into(),
            lines: lines.clone(),
        };
        let decided = |approved, by: &str| AdminNotice::GrantDecided {
            plugin: "lunch".into(),
            lines: lines.clone(),
            approved,
            by: by.into(),
        };
        for locale in [Locale::Ko, Locale::En] {
            let mut texts = std::collections::BTreeSet::new();
            for (notice, pings) in [
                (asked.clone(), 0),
                (decided(true, "U1"), 1),
                (decided(false, "U1"), 1),
                (decided(true, ""), 0),
                (AdminNotice::GrantOver, 0),
            ] {
                let native = crate::slack::render::mrkdwn(&notice.render(locale));
                assert_eq!(native.matches("<@").count(), pings, "{native}");
                assert!(!native.contains("<!") && native.lines().count() < 25, "{native}");
                texts.insert(native);
            }
            assert_eq!(texts.len(), 5);
        }
    }

    #[test]
    fn foreign_text_stays_one_line_of_code() {
        let notice = AdminNotice::Rests {
            plugin: "lunch".into(),
            faults: 5,
            why: "panicked: `<!channel>`\n{@U1} \u{202e}".repeat(100),
            id: "0123".into(),
            pause: Duration::from_secs(30),
        };
        for locale in [Locale::Ko, Locale::En] {
            let text = notice.render(locale);
            assert_eq!(text.lines().count(), 3, "{text}");
            assert!(
                text.contains("`panicked: '<!channel>' {@U1}") && text.contains(locale.pick("30초 동안", "for 30 s;")),
                "{text}"
            );
            let native = crate::slack::render::mrkdwn(&text);
            assert!(!native.contains("<!channel>") && !native.contains("<@U1>"), "{native}");
        }
    }
}
