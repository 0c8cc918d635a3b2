//! What the bot tells those who look after it.

use super::Locale;
use crate::config::duration_text;
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
                let (pause, why) = (duration_text(*pause), code(why));
                locale.pick(
                    format!(
                        "⏸️ `{plugin}` 플러그인이 {faults}번 거듭 실패해서 {pause} 동안 쉽니다. 그 뒤에도 실패하면 더 오래 쉽니다.\n마지막 원인: {why} ({id})\n고친 파일을 플러그인 폴더에 넣거나 `moa plugin restart {plugin}`을 실행하면 바로 다시 일합니다."
                    ),
                    format!(
                        "⏸️ The plugin `{plugin}` failed {faults} times in a row and rests for {pause}; it rests longer each time that it fails again.\nThe last cause: {why} ({id})\nA mended file in the plugin folder, or `moa plugin restart {plugin}`, puts it back to work at once."
                    ),
                )
            }
        }
    }
}

/// The longest text in code that is shown, in characters.
const SHOWN: usize = 300;

/// Foreign text as it is safe to show: one line of code that nothing in it can end.
fn code(text: &str) -> String {
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
                text.contains("`panicked: '<!channel>' {@U1}") && text.contains("30s"),
                "{text}"
            );
            let native = crate::slack::render::mrkdwn(&text);
            assert!(!native.contains("<!channel>") && !native.contains("<@U1>"), "{native}");
        }
    }
}
