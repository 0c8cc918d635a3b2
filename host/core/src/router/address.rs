//! Whether somebody speaks to the bot, seen from the first characters. Nothing here allocates.

use super::{Me, Settings};
use crate::text::{folded, markup};

/// How the bot was addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// `!lunch`
    Prefix,
    /// `@moa lunch`
    Mention,
    /// `moa, lunch`
    Name,
    /// `lunch`, to the bot alone.
    Direct,
    /// `/lunch` or `/moa lunch`
    Slash,
}

/// What is said to the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Addressed<'a> {
    pub(super) how: How,
    /// What stands behind the prefix, mention or name.
    pub(super) text: &'a str,
}

/// What is said to the bot in a message, if it is.
pub(super) fn address<'a>(text: &'a str, direct: bool, settings: &Settings, me: &Me) -> Option<Addressed<'a>> {
    let text = text.trim_start();
    if let Some(rest) = behind_prefix(text, settings) {
        // A prefix alone, or apart from the next word, is punctuation.
        let text = Some(rest).filter(|rest| rest.starts_with(|c: char| !c.is_whitespace()))?;
        return Some(Addressed { how: How::Prefix, text });
    }
    if let Some(('@', id, length)) = markup::mention(text)
        && (id == me.user_id || id == me.bot_id)
    {
        let rest = text.get(length..).unwrap_or_default();
        return Some(Addressed {
            how: How::Mention,
            text: without_prefix(behind_separator(rest), settings),
        });
    }
    if let Some(rest) = behind_name(text, settings, me) {
        return Some(Addressed {
            how: How::Name,
            text: without_prefix(behind_separator(rest), settings),
        });
    }
    direct.then_some(Addressed { how: How::Direct, text })
}

/// Whether a word is one of the bot's names.
pub(super) fn is_name(word: &str, settings: &Settings, me: &Me) -> bool {
    names(settings, me).any(|name| strip_folded(word, name) == Some(""))
}

/// The text without a prefix that was typed although none was needed.
pub(super) fn without_prefix<'a>(text: &'a str, settings: &Settings) -> &'a str {
    let stripped = behind_prefix(text, settings);
    stripped
        .filter(|rest| rest.starts_with(char::is_alphanumeric))
        .unwrap_or(text)
}

fn behind_prefix<'a>(text: &'a str, settings: &Settings) -> Option<&'a str> {
    let strip = |prefix: &String| {
        let full_width = || text.strip_prefix('！').filter(|_| prefix == "!");
        text.strip_prefix(prefix.as_str())
            .filter(|_| !prefix.is_empty())
            .or_else(full_width)
    };
    // Of `!` and `!!` the longer one is meant.
    settings.prefixes.iter().filter_map(strip).min_by_key(|rest| rest.len())
}

fn names<'a>(settings: &'a Settings, me: &'a Me) -> impl Iterator<Item = &'a str> {
    let names = settings.names.iter().chain(&me.names);
    names.map(|name| name.trim()).filter(|name| !name.is_empty())
}

fn behind_name<'a>(text: &'a str, settings: &Settings, me: &Me) -> Option<&'a str> {
    let text = text.strip_prefix('@').unwrap_or(text);
    names(settings, me)
        .filter_map(|name| strip_folded(text, name))
        .find(|rest| rest.starts_with(is_separator))
}

/// The text behind a name at its start, upper and lower case being the same. Both are in NFC.
fn strip_folded<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text.chars();
    for wanted in name.chars() {
        let got = rest.next()?;
        if got != wanted && !folded(got).eq(folded(wanted)) {
            return None;
        }
    }
    Some(rest.as_str())
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, ':' | ',' | '：' | '，')
}

fn behind_separator(text: &str) -> &str {
    text.trim_start_matches(is_separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_spoken_to() {
        use How::*;
        let settings = Settings {
            prefixes: vec!["!".into(), "!!".into(), "봇아".into()],
            names: vec!["Moa".into(), "모아 봇".into()],
            ..Settings::default()
        };
        let me = Me {
            user_id: "UBOT".into(),
            bot_id: "BBOT".into(),
            names: vec!["moabot".into(), " ".into()],
            keywords: Vec::new(),
        };
        let cases = [
            ("!help", Some((Prefix, "help"))),
            (" ！help me", Some((Prefix, "help me"))),
            ("!!help", Some((Prefix, "help"))),
            ("!?", Some((Prefix, "?"))),
            ("봇아help", Some((Prefix, "help"))),
            ("!", None),
            ("! help", None),
            ("!\n", None),
            ("{@UBOT} help", Some((Mention, "help"))),
            ("{@BBOT}: help", Some((Mention, "help"))),
            ("{@UBOT},!help", Some((Mention, "help"))),
            ("{@UBOT}", Some((Mention, ""))),
            ("{@UBOT} !", Some((Mention, "!"))),
            ("{@UBOTX} help", None),
            ("{@U1} {@UBOT} help", None),
            ("{\u{2060}@UBOT} help", None),
            ("moa: help", Some((Name, "help"))),
            ("MOA, !help", Some((Name, "help"))),
            ("@moa help", Some((Name, "help"))),
            ("모아 봇 도움", Some((Name, "도움"))),
            ("moabot help", Some((Name, "help"))),
            ("moabots help", None),
            ("moa", None),
            ("moaning", None),
            ("hello moa", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let got = address(text, false, &settings, &me).map(|a| (a.how, a.text));
            assert_eq!(got, expected, "{text:?}");
        }
        for (text, expected) in [
            ("help", Some((Direct, "help"))),
            ("!help", Some((Prefix, "help"))),
            ("moa", Some((Direct, "moa"))),
            ("!", None),
            ("{@U1} hi", Some((Direct, "{@U1} hi"))),
        ] {
            let got = address(text, true, &settings, &me).map(|a| (a.how, a.text));
            assert_eq!(got, expected, "{text:?}");
        }
    }

    #[test]
    fn nobody_is_nobody() {
        // A service that tells no ids must not make every empty mention one of the bot.
        let got = address("{@} help", false, &Settings::default(), &Me::default());
        assert_eq!(got, None);
    }
}
