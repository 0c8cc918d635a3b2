//! Text that somebody else wrote, inside the markup of a message.
//!
//! ```
//! use moa_plugin::{Context, text};
//!
//! fn greeting(ctx: &Context) -> String {
//!     format!("*Hello*, {}!", text::plain(&ctx.who().display_name))
//! }
//! ```

/// Makes foreign text plain: what would be markup or a mention in it is shown as it stands. Use it for names and other
/// text that people chose, when it is put into a message.
///
/// ```
/// use moa_plugin::text;
///
/// let name = "*별*";
/// let greeting = format!("*안녕하세요*, {}님", text::plain(name));
/// assert_ne!(greeting, format!("*안녕하세요*, {name}님"));
/// assert_eq!(text::plain("Rosie"), "Rosie");
/// ```
pub fn plain(text: &str) -> String {
    /// Invisible; behind a mark it makes the mark plain text, says the contract.
    const JOINER: char = '\u{2060}';
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        plain.push(character);
        if matches!(character, '*' | '_' | '~' | '`' | '[' | '{') {
            plain.push(JOINER);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn marks_are_broken_and_nothing_else() {
        assert_eq!(plain("a (b) {@U1}"), "a (b) {\u{2060}@U1}");
        assert_eq!(plain("```x"), "`\u{2060}`\u{2060}`\u{2060}x");
        assert_eq!(plain("로지 2~3"), "로지 2~\u{2060}3");
    }
}
