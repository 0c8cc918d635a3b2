//! Text in which everything can be seen, for those who have to decide about it.

use super::normal::{is_direction, is_unseen};
use std::fmt::Write as _;

/// Foreign text so that each of its characters can be seen, on one line, with nothing in it that could end the code that
/// it stands in: what is invisible, breaks the line or turns its direction is written as `\u{…}` (line ends and tabs as
/// `\n`, `\t`), a back-slash and a quotation mark behind a back-slash, a back-tick as `\u{60}`. What is written has at most
/// `max` characters; whether that was all of it.
pub fn visible(text: &str, max: usize) -> (String, bool) {
    let mut out = String::new();
    let mut room = max;
    for c in text.chars() {
        let before = out.len();
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' | '"' => out.extend(['\\', c]),
            _ if is_hidden(c) => {
                // Writing into a text cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            _ => out.push(c),
        }
        let written = out.get(before..).map_or(0, |added| added.chars().count());
        match room.checked_sub(written) {
            Some(left) => room = left,
            None => {
                out.truncate(before);
                return (out, false);
            }
        }
    }
    (out, true)
}

/// What nobody would see, or would take for something else.
fn is_hidden(c: char) -> bool {
    c == '`'
        || c.is_whitespace() && c != ' '
        || is_unseen(c)
        || is_direction(c)
        // What Unicode wants to be ignored where it is not known, variation selectors and tags; private characters.
        || matches!(
            c,
            '\u{034f}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2065}' | '\u{206a}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{e000}'..='\u{f8ff}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::markup::{Span, parse};
    use std::collections::HashSet;

    #[test]
    fn everything_in_it_can_be_seen() {
        for (text, seen) in [
            ("main", "main"),
            ("점심 3", "점심 3"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("say \"x\" \\ `y`", "say \\\"x\\\" \\\\ \\u{60}y\\u{60}"),
            ("main\u{202e}txet", "main\\u{202e}txet"),
            (
                "ma\u{200b}in\u{fe0f}\u{3164}\u{a0}",
                "ma\\u{200b}in\\u{fe0f}\\u{3164}\\u{a0}",
            ),
            ("\u{e0041}\u{0}", "\\u{e0041}\\u{0}"),
        ] {
            assert_eq!(visible(text, 100), (seen.to_owned(), true), "{text:?}");
        }
        assert_eq!(visible("abcd", 3), ("abc".into(), false));
        assert_eq!(visible("abc", 3), ("abc".into(), true));
        // What is written long counts as it is written, and is written whole or not at all.
        assert_eq!(visible("a\u{200b}\u{200b}b", 10), ("a\\u{200b}".into(), false));
    }

    #[test]
    fn it_stays_in_its_code_and_no_two_texts_look_the_same() {
        let letters = ['a', '`', '\\', 'u', '{', '@', '}', '"', '\n', '\u{60}', '6', '0'];
        let mut texts = vec![String::new()];
        let mut seen = HashSet::new();
        for _ in 0..4 {
            let longer = texts
                .iter()
                .flat_map(|text| letters.iter().map(move |c| format!("{text}{c}")));
            texts = longer.collect::<HashSet<_>>().into_iter().collect();
            for text in &texts {
                let (shown, whole) = visible(text, usize::MAX);
                assert!(whole);
                let code = format!("\"{shown}\"");
                assert_eq!(parse(&format!("`{code}`")), [Span::Code(code)], "{text:?}");
                assert!(seen.insert(shown), "{text:?}");
            }
        }
    }
}
