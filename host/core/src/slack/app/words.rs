//! Which words Slack takes for slash commands.

use crate::router::FALLBACK_SLASH;

/// The longest slash command without its slash, in characters.
pub(super) const MAX_SLASH: usize = 31;
/// Commands that Slack has itself and gives to no app, sorted.
pub(super) const BUILT_IN: [&str; 38] = [
    "active",
    "apps",
    "archive",
    "away",
    "call",
    "collapse",
    "dm",
    "dnd",
    "expand",
    "feed",
    "huddle",
    "invite",
    "invite_people",
    "join",
    "keys",
    "kick",
    "leave",
    "me",
    "msg",
    "mute",
    "open",
    "part",
    "prefs",
    "pro",
    "remind",
    "remove",
    "rename",
    "search",
    "shortcuts",
    "shrug",
    "star",
    "status",
    "topic",
    "trigger",
    "unarchive",
    "unmute",
    "unstar",
    "who",
];

/// Whether Slack has this command itself.
pub(super) fn is_built_in(word: &str) -> bool {
    BUILT_IN.binary_search(&word).is_ok()
}

/// The slash command, without the slash, of a bot with this name: the name itself where Slack takes it.
pub fn own_slash(name: &str) -> String {
    slash_word(name.trim())
        .filter(|word| !is_built_in(word))
        .unwrap_or_else(|| FALLBACK_SLASH.into())
}

/// A word as a slash command, if Slack takes it.
pub(super) fn slash_word(word: &str) -> Option<String> {
    let word = word.to_ascii_lowercase();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    let fits =
        word.len() <= MAX_SLASH && word.bytes().all(plain) && word.starts_with(|c: char| c.is_ascii_alphanumeric());
    fits.then_some(word)
}
