//! Emoji as characters → the names that Slack's reactions want.

/// The characters that bots react with most. Others go by their names.
const NAMES: &[(&str, &str)] = &[
    ("⏳", "hourglass_flowing_sand"),
    ("⌛", "hourglass"),
    ("👍", "+1"),
    ("👎", "-1"),
    ("✅", "white_check_mark"),
    ("✔", "heavy_check_mark"),
    ("☑", "ballot_box_with_check"),
    ("❌", "x"),
    ("⭕", "o"),
    ("❗", "exclamation"),
    ("❓", "question"),
    ("⚠", "warning"),
    ("🚫", "no_entry_sign"),
    ("👀", "eyes"),
    ("🎉", "tada"),
    ("🙏", "pray"),
    ("👏", "clap"),
    ("🙌", "raised_hands"),
    ("💯", "100"),
    ("🔥", "fire"),
    ("🚀", "rocket"),
    ("⭐", "star"),
    ("❤", "heart"),
    ("😀", "grinning"),
    ("😄", "smile"),
    ("😂", "joy"),
    ("😢", "cry"),
    ("🤔", "thinking_face"),
    ("👋", "wave"),
    ("☕", "coffee"),
    ("🍚", "rice"),
    ("🔒", "lock"),
    ("⏰", "alarm_clock"),
    ("▶", "arrow_forward"),
    ("⏸", "double_vertical_bar"),
    ("🔁", "repeat"),
];

/// The name of an emoji: given as a name (colons are taken off) or as the character itself. `None` where it is neither.
pub fn name(emoji: &str) -> Option<&str> {
    // The presentation selector only says that the picture is meant.
    let bare = emoji.trim().trim_end_matches('\u{fe0f}');
    if let Some((_, name)) = NAMES.iter().find(|(character, _)| *character == bare) {
        return Some(name);
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
    let known = NAMES.iter().find(|(_, known)| name(emoji) == Some(known));
    known.map_or(emoji, |(character, _)| character)
}

#[cfg(test)]
mod tests {
    use super::{name, picture};

    #[test]
    fn pictures_of_names() {
        for (emoji, expected) in [("+1", "👍"), (":tada:", "🎉"), ("👍", "👍"), ("parrot", "parrot")] {
            assert_eq!(picture(emoji), expected);
        }
    }

    #[test]
    fn names_and_characters() {
        for (emoji, expected) in [
            ("⏳", Some("hourglass_flowing_sand")),
            ("❤\u{fe0f}", Some("heart")),
            ("tada", Some("tada")),
            (":+1:", Some("+1")),
            ("thumbsup::skin-tone-6", Some("thumbsup::skin-tone-6")),
            ("점심", Some("점심")),
            ("", None),
            ("a b", None),
            ("🦖", None),
        ] {
            assert_eq!(name(emoji), expected, "{emoji}");
        }
    }
}
