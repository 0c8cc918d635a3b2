//! Portable markup: what plugins write, for adapters to render in their service's own way.
//!
//! | written | means |
//! |---|---|
//! | `*bold*` `_italic_` `~strike~` | as in most chats; the mark stands at the edge of a word, within one line |
//! | `` `code` `` | within one line, nothing inside is markup |
//! | ` ```code``` ` | over several lines, nothing inside is markup |
//! | `[label](url)` | a link; `http`, `https` and `mailto` only |
//! | `{@USER}` `{#CONVERSATION}` | a mention, by the service's id |
//!
//! Everything else is text. A mark without its partner is text. There is no escape character: [`escape`] makes text
//! harmless with invisible joiners.

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
    /// ` ```…``` `, without the line ends next to the marks.
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
    let tokens = tokens(text);
    let partners = partners(&tokens);
    tree(&tokens, &partners, 0, tokens.len())
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
const JOINER: char = '\u{2060}';

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

fn tokens(text: &str) -> Vec<Token<'_>> {
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
                out.push(Token::Text(text.get(text_from..at).unwrap_or_default()));
            }
            out.push(token);
            text_from = at + len;
        }
        at += len;
    }
    if let Some(rest) = text.get(text_from..).filter(|rest| !rest.is_empty()) {
        out.push(Token::Text(rest));
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
    if inner.trim().is_empty() {
        return Some((None, end + 6));
    }
    let inner = inner.strip_prefix('\n').unwrap_or(inner);
    let inner = inner.strip_suffix('\n').unwrap_or(inner);
    Some((Some(Span::CodeBlock(inner.into())), end + 6))
}

/// Code at the start of the text, or how long the line is in which there is none.
fn code(text: &str) -> Result<(Span, usize), usize> {
    let body = text.get(1..).unwrap_or_default();
    if body.starts_with(['`', JOINER]) {
        return Err(0);
    }
    let line = body.find('\n').unwrap_or(body.len());
    let end = body.get(..line).and_then(|line| line.find('`')).ok_or(line)?;
    Ok((Span::Code(body.get(..end).unwrap_or_default().into()), end + 2))
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
    if label.trim().is_empty() || close <= scheme.len() {
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
