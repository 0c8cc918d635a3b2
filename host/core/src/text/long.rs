//! Texts that are too long for messages.

use super::split::{only_block, split};

/// The most messages that a text is said in.
const MOST_PARTS: usize = 5;
/// How much of a file's beginning is said with it, in characters.
const BEGINNING: usize = 300;
/// Makes marks text in portable markup; in a file nothing else is.
const JOINER: char = '\u{2060}';

/// A text as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// The file's name.
    pub name: &'static str,
    /// What is in it: the whole text. A text that is one code block stands in it without the marks.
    pub data: String,
    /// What is said with it, portable markup: how the text begins.
    pub comment: String,
}

/// The text as a file, if it were more than 5 messages of at most `max_chars` characters. `parts` are what [`split`] made
/// of it with that limit.
pub fn as_file(text: &str, parts: &[String], max_chars: usize) -> Option<TextFile> {
    if parts.len() <= MOST_PARTS {
        return None;
    }
    let beginning = BEGINNING.min(max_chars.saturating_sub(2));
    let comment = match split(text, beginning).into_iter().next() {
        Some(first) => format!("{first}\n…"),
        None => "…".into(),
    };
    let plain = only_block(text).unwrap_or(text);
    let mut data: String = plain.chars().filter(|c| *c != JOINER).collect();
    if !data.ends_with('\n') {
        data.push('\n');
    }
    Some(TextFile {
        name: "answer.txt",
        data,
        comment,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str, max_chars: usize) -> Option<TextFile> {
        as_file(text, &split(text, max_chars), max_chars)
    }

    #[test]
    fn only_what_is_more_than_five_messages_is_a_file() {
        let five = ["12345678"; 5].join("\n\n");
        assert_eq!(file(&five, 8), None);
        let six = format!("*first* line\n\n{five}");
        let TextFile { data, comment, .. } = file(&six, 12).unwrap();
        assert_eq!((data, comment), (format!("{six}\n"), "*first*\n…".to_owned()));
    }

    #[test]
    fn code_stands_in_the_file_without_its_marks() {
        let code = "let a = \u{2060}1;\n".repeat(200);
        let TextFile { data, comment, .. } = file(&format!("```\n{code}```"), 100).unwrap();
        assert_eq!(data, code.replace('\u{2060}', ""));
        assert!(
            comment.starts_with("```\nlet a") && comment.ends_with("\n```\n…"),
            "{comment}"
        );
        assert!(comment.chars().count() <= 100);
        // Beside other text the marks tell where it begins.
        let TextFile { data, .. } = file(&format!("see:\n```\n{code}```"), 100).unwrap();
        assert!(data.starts_with("see:\n```\n"));
    }
}
