//! White space, quotes and back-slashes.

use std::borrow::Cow;

/// One word behind a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// The word, without its quotes and back-slashes.
    pub text: Cow<'a, str>,
    /// Where it begins in the text, in bytes, its quotes included.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// Whether any of it was quoted: it is then meant as a value, never as the name of a subcommand.
    pub quoted: bool,
}

/// A text cut into words.
///
/// Words stand between white space. `"double"` and `“smart”` quotes group, whichever of them opens or closes; a quote
/// that is never closed is a character like any other (`5"`). A back-slash takes the meaning from white space, quotes,
/// commas and itself; before anything else it stays (`C:\temp`, `\d+`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens<'a> {
    source: &'a str,
    list: Vec<Token<'a>>,
}

impl<'a> Tokens<'a> {
    /// Cuts a text into words.
    pub fn new(source: &'a str) -> Self {
        Self {
            source,
            list: cut(source, char::is_whitespace),
        }
    }

    /// The words.
    pub fn list(&self) -> &[Token<'a>] {
        &self.list
    }

    /// The word of this number, from 0.
    pub fn get(&self, index: usize) -> Option<&Token<'a>> {
        self.list.get(index)
    }

    /// Everything behind the first `count` words, as typed, without white space around it.
    pub fn rest_after(&self, count: usize) -> &'a str {
        let start = self.list.get(count).map_or(self.source.len(), |token| token.start);
        self.source.get(start..).unwrap_or_default().trim_end()
    }

    /// The text from a word on, as typed.
    pub(crate) fn raw_from(&self, index: usize) -> &'a str {
        let start = self.list.get(index).map_or(self.source.len(), |token| token.start);
        self.source.get(start..).unwrap_or_default()
    }

    /// How many words from `index` on end exactly `length` bytes behind the start of word `index`.
    pub(crate) fn count_of(&self, index: usize, length: usize) -> Option<usize> {
        let end = self.get(index)?.start + length;
        let last = self.list.iter().skip(index).position(|token| token.end == end)?;
        Some(last + 1)
    }

    /// The words as owned texts.
    pub fn texts(&self) -> Vec<String> {
        self.list.iter().map(|token| token.text.clone().into_owned()).collect()
    }
}

/// A list: cut at commas and white space, quotes and back-slashes respected. Nothing between two commas is left out.
pub fn list(source: &str) -> Vec<String> {
    cut(source, |c| c.is_whitespace() || matches!(c, ',' | '，' | '、'))
        .into_iter()
        .map(|token| token.text.into_owned())
        .collect()
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '‟' | '＂')
}

fn is_escapable(c: char) -> bool {
    c.is_whitespace() || is_quote(c) || matches!(c, '\\' | ',' | '，' | '、')
}

fn cut(source: &str, separates: impl Fn(char) -> bool) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let mut chars = source.char_indices().peekable();
    // Behind it no quote closes any more: found out once, so that many lone quotes cost no more than one.
    let last_quote = last_closing(source);
    while let Some(&(start, c)) = chars.peek() {
        if separates(c) {
            chars.next();
            continue;
        }
        let mut changed = None::<String>;
        let mut quoted = false;
        let mut inside = false;
        let mut end = start;
        while let Some(&(at, c)) = chars.peek() {
            if !inside && separates(c) {
                break;
            }
            chars.next();
            end = at + c.len_utf8();
            let before = || source.get(start..at).unwrap_or_default().to_owned();
            if c == '\\'
                && let Some(&(next_at, next)) = chars.peek()
                && is_escapable(next)
            {
                changed.get_or_insert_with(before).push(next);
                end = next_at + next.len_utf8();
                chars.next();
            } else if is_quote(c) && (inside || last_quote.is_some_and(|last| at < last)) {
                changed.get_or_insert_with(before);
                inside = !inside;
                quoted = true;
            } else if let Some(text) = &mut changed {
                text.push(c);
            }
        }
        out.push(Token {
            text: match changed {
                Some(text) => Cow::Owned(text),
                None => Cow::Borrowed(source.get(start..end).unwrap_or_default()),
            },
            start,
            end,
            quoted,
        });
    }
    out
}

/// Where the last quote stands that is no escaped one.
fn last_closing(source: &str) -> Option<usize> {
    let mut last = None;
    let mut chars = source.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && chars.peek().is_some_and(|&(_, next)| is_escapable(next)) {
            chars.next();
        } else if is_quote(c) {
            last = Some(at);
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_quotes_and_back_slashes() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("  \n\t ", &[]),
            ("a b\n c", &["a", "b", "c"]),
            ("3 로지,샐리", &["3", "로지,샐리"]),
            (r#""a b" c"#, &["a b", "c"]),
            ("“a b” c", &["a b", "c"]),
            ("“a b\" c", &["a b", "c"]),
            (r#"key="a b"x c"#, &["key=a bx", "c"]),
            (r#"" " "" x"#, &[" ", "", "x"]),
            (r#"5" wide"#, &["5\"", "wide"]),
            (r#""a b" 5" c"#, &["a b", "5\"", "c"]),
            (r"a\ b \\ \d+ C:\temp \", &["a b", r"\", r"\d+", r"C:\temp", r"\"]),
            (r#"\"a b\""#, &["\"a", "b\""]),
            (r#""a \" b""#, &["a \" b"]),
            ("it's o'clock", &["it's", "o'clock"]),
        ];
        for (input, expected) in cases {
            assert_eq!(Tokens::new(input).texts(), *expected, "{input:?}");
        }
    }

    #[test]
    fn positions_lead_to_the_raw_rest() {
        let tokens = Tokens::new("  set \"a b\"   the  rest\n of it  ");
        assert_eq!(tokens.rest_after(0), "set \"a b\"   the  rest\n of it");
        assert_eq!(tokens.rest_after(1), "\"a b\"   the  rest\n of it");
        assert_eq!(tokens.rest_after(2), "the  rest\n of it");
        assert_eq!(tokens.rest_after(9), "");
        assert!(tokens.get(1).unwrap().quoted);
        assert_eq!(tokens.count_of(2, "the  rest".len()), Some(2));
        assert_eq!(tokens.count_of(2, "the  re".len()), None);
    }

    #[test]
    fn lists_split_at_commas_too() {
        let cases: &[(&str, &[&str])] = &[
            ("로지,샐리, 앨리 빈센트", &["로지", "샐리", "앨리", "빈센트"]),
            ("a,,b, ,c,", &["a", "b", "c"]),
            (r#"로지,"샐리 김",앨리"#, &["로지", "샐리 김", "앨리"]),
            (r"a\,b，c", &["a,b", "c"]),
            ("", &[]),
        ];
        for (input, expected) in cases {
            assert_eq!(list(input), *expected, "{input:?}");
        }
    }
}
