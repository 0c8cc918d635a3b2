//! Portable markup: what plugins write, for adapters to render in their service's own way.
//!
//! | written | means |
//! |---|---|
//! | `*bold*` `_italic_` `~strike~` | as in most chats; the mark stands at the edge of a word, within one line |
//! | `` `code` `` | within one line, nothing inside is markup |
//! | ` ```code``` ` | over several lines, nothing inside is markup; the name of a language behind the opening mark, alone in its line, is not shown |
//! | `[label](url)` | a link; `http`, `https` and `mailto` only |
//! | `{@USER}` `{#CONVERSATION}` | a mention, by the service's id |
//!
//! Everything else is text. A mark without its partner is text. There is no escape character: [`escape`] makes text
//! harmless with invisible joiners.

use super::normal::is_zero_width;
use std::ops::Range;

/// A piece of parsed markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// Plain text; it may hold line ends.
    Text(String),
    /// `*…*`
    Bold(Vec<Span>),
    /// `_…_`
    Italic(Vec<Span>),
    /// `~…~`
    Strike(Vec<Span>),
    /// `` `…` ``
    Code(String),
    /// ` ```…``` `, without the line ends next to the marks and without the name of a language.
    CodeBlock(String),
    /// `[label](url)`
    Link {
        /// What people read; plain text.
        label: String,
        /// Where it leads.
        url: String,
    },
    /// `{@…}`: a person's id.
    User(String),
    /// `{#…}`: a conversation's id.
    Conversation(String),
}

/// The longest id that a mention may carry, in bytes.
const MAX_ID: usize = 128;

/// Reads portable markup. Never fails, and takes time in proportion to the text's length.
pub fn parse(text: &str) -> Vec<Span> {
    let tokens: Vec<Token<'_>> = tokens(text).into_iter().map(|(_, token)| token).collect();
    let partners = partners(&tokens);
    tree(&tokens, &partners, 0, tokens.len())
}

/// What in a text should stay in one piece, by its place in bytes.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// Mentions, links and code: cut, they would be something else.
    pub(super) whole: Vec<Range<usize>>,
    /// What stands between two marks, and the marks: cut, it is shown in another way.
    pub(super) marked: Vec<Range<usize>>,
    /// Those of `whole` that are code.
    pub(super) code: Vec<Range<usize>>,
    /// Code blocks with their marks.
    pub(super) blocks: Vec<Range<usize>>,
    /// Back-ticks that are text. Where a text is cut they could become marks.
    pub(super) ticks: Vec<usize>,
}

/// Looks for them. None of a kind overlaps another of its kind; all are in order.
pub(super) fn pieces(text: &str) -> Pieces {
    let (starts, tokens): (Vec<usize>, Vec<Token<'_>>) = tokens(text).into_iter().unzip();
    let partners = partners(&tokens);
    // The tokens lie side by side.
    let start = |at: usize| starts.get(at).copied().unwrap_or(text.len());
    let mut pieces = Pieces::default();
    let mut marked_to = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Whole(Span::CodeBlock(_)) => pieces.blocks.push(start(at)..start(at + 1)),
            Token::Text(text) => {
                let from = start(at);
                pieces.ticks.extend(text.match_indices('`').map(|(at, _)| from + at));
            }
            Token::Whole(span) => {
                pieces.whole.push(start(at)..start(at + 1));
                if matches!(span, Span::Code(_)) {
                    pieces.code.push(start(at)..start(at + 1));
                }
            }
            Token::Mark { .. } if at >= marked_to => {
                if let Some(end) = partners.get(at).copied().flatten() {
                    pieces.marked.push(start(at)..start(end + 1));
                    marked_to = end;
                }
            }
            _ => {}
        }
    }
    pieces
}

/// Makes foreign text harmless inside markup: every character that could open or close something is followed by an
/// invisible joiner, which makes it text.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        out.push(c);
        if matches!(c, '*' | '_' | '~' | '`' | '[' | '{') {
            out.push(JOINER);
        }
    }
    out
}

/// Behind a mark, makes it text.
pub(super) const JOINER: char = '\u{2060}';

/// The mention at the very start of a text: its mark (`@` or `#`), its id, and its length in bytes.
pub(crate) fn mention(text: &str) -> Option<(char, &str, usize)> {
    let rest = text.strip_prefix('{')?;
    let mark = rest.chars().next().filter(|c| matches!(c, '@' | '#'))?;
    let rest = rest.get(1..)?;
    let end = rest
        .bytes()
        .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':')))?;
    if end == 0 || end > MAX_ID || !rest.get(end..)?.starts_with('}') {
        return None;
    }
    Some((mark, rest.get(..end)?, end + 3))
}

#[derive(Debug)]
enum Token<'a> {
    Text(&'a str),
    LineEnd,
    Whole(Span),
    Mark { mark: char, opens: bool, closes: bool },
}

/// Side by side from the text's start to its end: where each begins, and what it is.
fn tokens(text: &str) -> Vec<(usize, Token<'_>)> {
    let mut out = Vec::new();
    let mut text_from = 0;
    let mut at = 0;
    // Where a search for a closing mark found none, it is not made again: see `parse` about time.
    let mut no_fence = false;
    let mut no_code_before = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(found) = rest.find(['\n', '`', '*', '_', '~', '[', '{']) else {
            break;
        };
        at += found;
        let rest = text.get(at..).unwrap_or_default();
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let (token, len) = match rest.chars().next() {
            Some('\n') => (Some(Token::LineEnd), 1),
            Some('`') if rest.starts_with("```") => match (!no_fence).then(|| fence(rest)).flatten() {
                Some((span, len)) => (span.map(Token::Whole), len),
                None => {
                    no_fence = true;
                    (None, run(rest, b'`'))
                }
            },
            Some('`') => match (at >= no_code_before).then(|| code(rest)) {
                Some(Ok((span, len))) => (Some(Token::Whole(span)), len),
                Some(Err(line)) => {
                    no_code_before = at + line;
                    (None, run(rest, b'`'))
                }
                None => (None, run(rest, b'`')),
            },
            Some('[') => match link(rest) {
                Some((span, len)) => (Some(Token::Whole(span)), len),
                None => (None, 1),
            },
            Some('{') => match mention(rest) {
                Some(('@', id, len)) => (Some(Token::Whole(Span::User(id.into()))), len),
                Some((_, id, len)) => (Some(Token::Whole(Span::Conversation(id.into()))), len),
                None => (None, 1),
            },
            Some(mark) => {
                let len = run(rest, mark as u8);
                let behind = rest.get(len..).and_then(|t| t.chars().next());
                let token = (len == 1 && behind != Some(JOINER)).then(|| edges(mark, before, behind));
                (token, len)
            }
            None => break,
        };
        if let Some(token) = token {
            if text_from < at {
                out.push((text_from, Token::Text(text.get(text_from..at).unwrap_or_default())));
            }
            out.push((at, token));
            text_from = at + len;
        }
        at += len;
    }
    if let Some(rest) = text.get(text_from..).filter(|rest| !rest.is_empty()) {
        out.push((text_from, Token::Text(rest)));
    }
    out
}

/// How many times the (ASCII) character stands at the start.
fn run(text: &str, mark: u8) -> usize {
    text.bytes().take_while(|&b| b == mark).count().max(1)
}

fn edges<'a>(mark: char, before: Option<char>, behind: Option<char>) -> Token<'a> {
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
    // A Korean particle follows its word directly: `*점심*은`.
    let particle = behind.is_some_and(|c| matches!(c, '가'..='힣'));
    Token::Mark {
        mark,
        opens: !word(before) && !blank(behind),
        closes: !blank(before) && (!word(behind) || particle),
    }
}

/// A code block at the start of the text and its length; one with nothing in it is text.
fn fence(text: &str) -> Option<(Option<Span>, usize)> {
    let body = text.strip_prefix("```")?;
    let end = body.find("```")?;
    let inner = body.get(..end)?;
    if is_blank(inner) {
        return Some((None, end + 6));
    }
    let (_, inner) = language(inner);
    Some((Some(Span::CodeBlock(inner.into())), end + 6))
}

/// What stands behind a code block's opening mark to tell the language, as people are used to write it. Any other word
/// is code.
const LANGUAGES: &[&str] = &[
    "bash",
    "c",
    "c++",
    "console",
    "cpp",
    "cs",
    "csharp",
    "css",
    "csv",
    "diff",
    "dockerfile",
    "elixir",
    "erlang",
    "go",
    "graphql",
    "haskell",
    "hcl",
    "html",
    "http",
    "ini",
    "java",
    "javascript",
    "js",
    "json",
    "jsonc",
    "jsonl",
    "jsx",
    "kotlin",
    "kt",
    "lua",
    "makefile",
    "markdown",
    "md",
    "mermaid",
    "nix",
    "ocaml",
    "perl",
    "php",
    "plaintext",
    "powershell",
    "proto",
    "protobuf",
    "python",
    "py",
    "r",
    "rb",
    "ruby",
    "rs",
    "rust",
    "scala",
    "sh",
    "shell",
    "sql",
    "swift",
    "terraform",
    "text",
    "toml",
    "ts",
    "tsx",
    "txt",
    "typescript",
    "wat",
    "wit",
    "xml",
    "yaml",
    "yml",
    "zig",
    "zsh",
];

/// A code block's language (empty where there is none) and its code, of what stands between its marks.
pub(super) fn language(inner: &str) -> (&str, &str) {
    let (language, code) = match inner.split_once('\n') {
        Some((first, code)) if is_language(first.trim_end()) && !is_blank(code) => (first.trim_end(), code),
        Some(("", code)) => ("", code),
        _ => ("", inner),
    };
    (language, code.strip_suffix('\n').unwrap_or(code))
}

fn is_language(word: &str) -> bool {
    LANGUAGES.iter().any(|language| language.eq_ignore_ascii_case(word))
}

/// Whether there is nothing to be seen in it.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_zero_width(c))
}

/// Code at the start of the text, or how long the line is in which there is none.
fn code(text: &str) -> Result<(Span, usize), usize> {
    let body = text.get(1..).unwrap_or_default();
    if body.starts_with(['`', JOINER]) {
        return Err(0);
    }
    let line = body.find('\n').unwrap_or(body.len());
    let end = body.get(..line).and_then(|line| line.find('`')).ok_or(line)?;
    let code = body.get(..end).unwrap_or_default();
    if code.chars().all(is_zero_width) {
        return Err(0);
    }
    Ok((Span::Code(code.into()), end + 2))
}

fn link(text: &str) -> Option<(Span, usize)> {
    let body = text.strip_prefix('[')?;
    if body.starts_with(JOINER) {
        return None;
    }
    let end = body.find(['[', ']', '\n'])?;
    let label = body.get(..end)?;
    let url = body.get(end..)?.strip_prefix("](")?;
    let scheme = ["https://", "http://", "mailto:"].into_iter().find(|scheme| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })?;
    let mut depth = 0_u32;
    let close = url.char_indices().find_map(|(at, c)| match c {
        ')' if depth == 0 => Some(Some(at)),
        ')' => {
            depth -= 1;
            None
        }
        '(' => {
            depth += 1;
            None
        }
        '[' | '<' | '>' | '|' | '"' => Some(None),
        c if c.is_whitespace() || c.is_control() => Some(None),
        _ => None,
    })??;
    if is_blank(label) || close <= scheme.len() {
        return None;
    }
    let span = Span::Link {
        label: label.into(),
        url: url.get(..close)?.into(),
    };
    Some((span, 1 + end + 2 + close + 1))
}

/// For each token that opens something, the token that closes it.
fn partners(tokens: &[Token<'_>]) -> Vec<Option<usize>> {
    let mut partners = vec![None; tokens.len()];
    // At most one entry for each of the three marks.
    let mut open: Vec<(usize, char)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::LineEnd => open.clear(),
            Token::Whole(Span::CodeBlock(code)) if code.contains('\n') => open.clear(),
            Token::Mark { mark, opens, closes } => {
                let same = open.iter().position(|(_, other)| other == mark);
                match same {
                    Some(depth) if *closes => {
                        if let Some(slot) = open.get(depth).and_then(|(from, _)| partners.get_mut(*from)) {
                            *slot = Some(at);
                        }
                        open.truncate(depth);
                    }
                    None if *opens => open.push((at, *mark)),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    partners
}

fn tree(tokens: &[Token<'_>], partners: &[Option<usize>], from: usize, to: usize) -> Vec<Span> {
    let mut out = Vec::new();
    let mut at = from;
    while at < to {
        let Some(token) = tokens.get(at) else { break };
        match token {
            Token::Text(text) => push_text(&mut out, text),
            Token::LineEnd => push_text(&mut out, "\n"),
            Token::Whole(span) => out.push(span.clone()),
            Token::Mark { mark, .. } => match partners.get(at).copied().flatten() {
                Some(end) => {
                    let inner = tree(tokens, partners, at + 1, end);
                    out.push(match mark {
                        '*' => Span::Bold(inner),
                        '_' => Span::Italic(inner),
                        _ => Span::Strike(inner),
                    });
                    at = end;
                }
                None => push_text(&mut out, mark.encode_utf8(&mut [0; 4])),
            },
        }
        at += 1;
    }
    out
}

fn push_text(out: &mut Vec<Span>, text: &str) {
    match out.last_mut() {
        Some(Span::Text(last)) => last.push_str(text),
        _ => out.push(Span::Text(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Span {
        Span::Text(text.into())
    }
    fn bold(inner: Vec<Span>) -> Span {
        Span::Bold(inner)
    }

    #[test]
    fn each_form_is_read() {
        let cases: Vec<(&str, Vec<Span>)> = vec![
            ("", vec![]),
            ("plain\ntext", vec![text("plain\ntext")]),
            ("*bold*", vec![bold(vec![text("bold")])]),
            ("a *b c* d", vec![text("a "), bold(vec![text("b c")]), text(" d")]),
            ("*점심*은", vec![bold(vec![text("점심")]), text("은")]),
            (
                "_i_ ~s~",
                vec![Span::Italic(vec![text("i")]), text(" "), Span::Strike(vec![text("s")])],
            ),
            ("*a _b_*", vec![bold(vec![text("a "), Span::Italic(vec![text("b")])])]),
            ("`*c*`", vec![Span::Code("*c*".into())]),
            ("```\nlet a = *b*;\n```", vec![Span::CodeBlock("let a = *b*;".into())]),
            ("```rust\nlet a;\n```", vec![Span::CodeBlock("let a;".into())]),
            ("```JSON \n{}```", vec![Span::CodeBlock("{}".into())]),
            ("```one\ntwo```", vec![Span::CodeBlock("one\ntwo".into())]),
            ("```go\n```", vec![Span::CodeBlock("go".into())]),
            ("```go```", vec![Span::CodeBlock("go".into())]),
            ("```\ngo\n```", vec![Span::CodeBlock("go".into())]),
            (
                "```one``` `two`",
                vec![Span::CodeBlock("one".into()), text(" "), Span::Code("two".into())],
            ),
            (
                "[a *b*](https://x.io/a_(b)) z",
                vec![
                    Span::Link {
                        label: "a *b*".into(),
                        url: "https://x.io/a_(b)".into(),
                    },
                    text(" z"),
                ],
            ),
            (
                "{@U1}, {#C_2.x}",
                vec![Span::User("U1".into()), text(", "), Span::Conversation("C_2.x".into())],
            ),
            ("_{@U_1}_", vec![Span::Italic(vec![Span::User("U_1".into())])]),
        ];
        for (input, expected) in cases {
            assert_eq!(parse(input), expected, "{input:?}");
        }
    }

    #[test]
    fn what_only_looks_like_markup_is_text() {
        for input in [
            "*",
            "2 * 3 * 4",
            "snake_case_name",
            "__init__",
            "**two**",
            "*a\nb*",
            "* a*",
            "`a\nb`",
            "``",
            "```",
            "``` ```",
            "[a](javascript:alert)",
            "[a](/relative)",
            "[](https://x.io)",
            "[a](https://)",
            "[a](https://x.io",
            "[a](https://x y)",
            "[a](https://x|y)",
            "{@}",
            "{@U1",
            "{@U 1}",
            "{@U1|x}",
            "{\u{2060}@U1}",
            "{!U1}",
        ] {
            assert_eq!(parse(input), vec![text(input)], "{input:?}");
        }
    }

    #[test]
    fn crossing_marks_pair_the_outer_one() {
        assert_eq!(parse("*a _b* c_"), vec![bold(vec![text("a _b")]), text(" c_")]);
    }

    #[test]
    fn escaped_text_holds_no_markup() {
        for input in [
            "*b* _i_ ~s~ `c` ```d``` [l](https://x.io) {@U1} {#C1}",
            "```\n*\n```",
            "``",
            "````a````",
            "*점심*은",
        ] {
            let spans = parse(&escape(input));
            assert!(matches!(spans.as_slice(), [Span::Text(_)]), "{input:?} gave {spans:?}");
        }
    }

    #[test]
    fn hostile_input_takes_linear_time() {
        // With a search for each mark these would take minutes.
        for unit in [
            "*a ",
            "`a\u{2060}`",
            "```a",
            "[a](http://x",
            "{@",
            "_~*",
            "`",
            "[",
            "*a_b ",
        ] {
            let input = unit.repeat(20_000);
            let mut length = 0;
            let mut stack = parse(&input);
            while let Some(span) = stack.pop() {
                match span {
                    Span::Text(t) => length += t.len(),
                    Span::Code(t) | Span::CodeBlock(t) => length += t.len(),
                    Span::Bold(s) | Span::Italic(s) | Span::Strike(s) => stack.extend(s),
                    _ => {}
                }
            }
            assert!(length > 0);
        }
    }
}
