//! Emoji as characters → the names that Slack's reactions want.
//!
//! Most names are those that GitHub uses. `emoji.txt` holds the others: the character without its presentation selector,
//! and Slack's name. Flags and tones of skin follow a rule.

use emojis::{Emoji, SkinTone};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Where Slack has a name of its own.
const DIFFERENT: &str = include_str!("emoji.txt");

/// Names that are put together, by their character: flags and tones of skin.
static BUILT: LazyLock<HashMap<&'static str, String>> = LazyLock::new(|| {
    let flags = emojis::iter().filter_map(|emoji| Some((emoji.as_str(), flag(emoji)?)));
    let toned = emojis::iter()
        .filter_map(Emoji::skin_tones)
        .flatten()
        .filter_map(|emoji| Some((emoji.as_str(), toned(emoji)?)));
    flags.chain(toned).collect()
});

/// The name of an emoji: given as a name (colons are taken off) or as the character itself. `None` where it is neither.
pub fn name(emoji: &str) -> Option<&str> {
    let bare = bare(emoji);
    if let Some(name) = different(bare) {
        return Some(name);
    }
    if let Some(emoji) = emojis::get(bare).or_else(|| emojis::get(emoji.trim())) {
        let built = BUILT.get(emoji.as_str()).map(String::as_str);
        return built.or_else(|| emoji.shortcode());
    }
    let name = bare.trim_matches(':');
    let is_name = !name.is_empty()
        && name.len() <= 100
        // Workspaces may name their own emoji in any script; skin tones follow a double colon.
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '\'' | ':' | '.'));
    is_name.then_some(name)
}

/// The character of an emoji that is given as either; as it was where none is known.
pub fn picture(emoji: &str) -> &str {
    let Some(name) = name(emoji) else { return emoji };
    let different = DIFFERENT.lines().filter_map(|line| line.split_once(' '));
    if let Some((character, _)) = different.clone().find(|(_, known)| *known == name) {
        return character;
    }
    // A name that GitHub has for another emoji than Slack.
    let known = emojis::get_by_shortcode(name).filter(|emoji| self::name(emoji.as_str()) == Some(name));
    let built = || {
        BUILT
            .iter()
            .find(|(_, built)| *built == name)
            .map(|(character, _)| *character)
    };
    known.map(Emoji::as_str).or_else(built).unwrap_or(emoji)
}

/// The presentation selector only says that the picture is meant.
fn bare(emoji: &str) -> &str {
    emoji.trim().trim_end_matches('\u{fe0f}')
}

fn different(bare: &str) -> Option<&'static str> {
    let same = |line: &&str| {
        line.split_once(' ')
            .is_some_and(|(character, _)| without_selectors(bare).eq(character.chars()))
    };
    DIFFERENT.lines().find(same)?.split_once(' ').map(|(_, name)| name)
}

fn without_selectors(emoji: &str) -> impl Iterator<Item = char> {
    emoji.chars().filter(|c| *c != '\u{fe0f}')
}

/// A country's flag is its two letters.
fn flag(emoji: &Emoji) -> Option<String> {
    let letter = |c: char| {
        let number = u32::from(c).checked_sub(0x1f1e6).filter(|number| *number < 26)?;
        char::from_u32(u32::from('a') + number)
    };
    let letters: Option<String> = emoji.as_str().chars().map(letter).collect();
    Some(format!("flag-{}", letters.filter(|letters| letters.len() == 2)?))
}

/// A tone of skin stands behind the name, counted from 2.
fn toned(emoji: &Emoji) -> Option<String> {
    let tone = match emoji.skin_tone()? {
        SkinTone::Light => 2,
        SkinTone::MediumLight => 3,
        SkinTone::Medium => 4,
        SkinTone::MediumDark => 5,
        SkinTone::Dark => 6,
        _ => return None,
    };
    let plain = emoji.with_skin_tone(SkinTone::Default)?;
    let name = different(bare(plain.as_str())).or_else(|| plain.shortcode())?;
    Some(format!("{name}::skin-tone-{tone}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_names() {
        for (emoji, expected) in [
            ("+1", "👍"),
            (":tada:", "🎉"),
            ("👍", "👍"),
            ("parrot", "🦜"),
            ("no_such_thing", "no_such_thing"),
            ("flag-kr", "🇰🇷"),
            ("thinking_face", "🤔"),
            ("umbrella", "☂"),
            ("wave::skin-tone-5", "👋🏾"),
        ] {
            assert_eq!(picture(emoji), expected);
        }
    }

    #[test]
    fn names_and_characters() {
        for (emoji, expected) in [
            ("⏳", Some("hourglass_flowing_sand")),
            ("❤\u{fe0f}", Some("heart")),
            ("❤", Some("heart")),
            ("tada", Some("tada")),
            (":+1:", Some("+1")),
            ("thumbsup::skin-tone-6", Some("thumbsup::skin-tone-6")),
            ("점심", Some("점심")),
            ("", None),
            ("a b", None),
            ("1", Some("1")),
            ("1\u{fe0f}\u{20e3}", Some("one")),
            ("🦖", Some("t-rex")),
            ("🤔", Some("thinking_face")),
            ("⏸\u{fe0f}", Some("double_vertical_bar")),
            ("🇰🇷", Some("flag-kr")),
            ("🇨🇶", Some("flag-sark")),
            ("👍🏽", Some("+1::skin-tone-4")),
            ("🙆🏻", Some("ok_woman::skin-tone-2")),
            ("👩\u{200d}💻", Some("female-technologist")),
            ("👁\u{fe0f}\u{200d}🗨\u{fe0f}", Some("eye-in-speech-bubble")),
            ("🏳\u{fe0f}\u{200d}🌈", Some("rainbow-flag")),
        ] {
            assert_eq!(name(emoji), expected, "{emoji}");
        }
    }

    /// Every picture has a name, and the name is nobody else's.
    #[test]
    fn there_and_back() {
        let mut count = 0;
        for emoji in emojis::iter().filter(|emoji| emoji.shortcode().is_some()) {
            let name = name(emoji.as_str()).unwrap();
            assert!(name.is_ascii() && !name.contains(' '), "{emoji} is {name}");
            let back = picture(name);
            assert!(
                without_selectors(back).eq(without_selectors(emoji.as_str())),
                "{emoji} is {name}, which is {back}"
            );
            count += 1;
        }
        assert!(count > 1_800, "{count}");
    }
}
