//! What leaves for Slack, over random texts: nothing is lost, nothing is said twice, nobody is called who was not meant.
//!
//! The texts are the same in every run; with `MOA_TEST_LONG=1` they are many more and others each time, and the seed is
//! told where one fails.

use moa_core::slack::decode::portable;
use moa_core::slack::render::mrkdwn;
use moa_core::text::markup::{self, Span};
use moa_core::text::{normalise, split};

/// What texts are made of: everything that means something to the markup or to Slack, and what is easily cut in two.
const PIECES: &[&str] = &[
    "word ",
    "가나다 ",
    " ",
    "\n",
    "\n\n",
    "  indented",
    "a&b",
    "&amp;",
    "&lt;",
    "<",
    ">",
    "<!channel>",
    "<!here|x>",
    "<@U9>",
    "<#C9|c>",
    "<https://evil.com|bank>",
    "{@U1}",
    "{#C1}",
    "{@channel}",
    "{@",
    "}",
    "{",
    "@here",
    "\u{2060}",
    "*b*",
    "*",
    "_i j_",
    "_",
    "~s~",
    "~",
    "*a _b ~c~ d_ e*",
    "*점심*은",
    "`code`",
    "`<!here>`",
    "`{@U1} x`",
    "`",
    "``",
    "```",
    "```\n",
    "\n```",
    "```\nlet a = 1;\n  b < c\n\nd\n```",
    "```rust\nfn f() {}\n```",
    "```one {@U1} two <!channel>```",
    "[label](https://e.com/a?b=c&d)",
    "[*l* <x>](https://e.com)",
    "[",
    "](",
    "](https://",
    ")",
    "|",
    "👩\u{200d}👩\u{200d}👧",
    "👍🏽",
    "🇰🇷",
    "e\u{301}",
    "각",
    "averyveryverylongwordthatdoesnotend",
    "1 < 2 && 3 > 2",
    "!",
    "\u{200b}",
    "| a | b |\n|---|---|\n",
];

struct Source {
    random: fastrand::Rng,
    seed: u64,
    left: usize,
}

impl Source {
    fn new(seed: u64, count: usize) -> Self {
        let long = std::env::var_os("MOA_TEST_LONG").is_some();
        let seed = if long { fastrand::u64(..) } else { seed };
        Self {
            random: fastrand::Rng::with_seed(seed),
            seed,
            left: if long { count * 100 } else { count },
        }
    }

    fn text(&mut self, pieces: usize) -> Option<String> {
        self.left = self.left.checked_sub(1)?;
        let count = self.random.usize(1..pieces);
        Some((0..count).filter_map(|_| self.random.choice(PIECES)).copied().collect())
    }
}

/// What a reader sees, piece by piece.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    /// A character, and whether it stands in a code block.
    Char(char, bool),
    User(String),
    Conversation(String),
    Link(String),
}

/// Without blanks, which may go where a text is cut, and without what nobody sees.
fn chars(text: &str, block: bool, out: &mut Vec<Seen>) {
    let seen = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{2060}' | '\u{200b}'));
    out.extend(seen.map(|c| Seen::Char(c, block)));
}

/// Marks count as what they are made of: a text between two that is cut shows them.
fn seen(spans: &[Span], out: &mut Vec<Seen>) {
    for span in spans {
        let (mark, inner) = match span {
            Span::Text(text) => {
                chars(text, false, out);
                continue;
            }
            Span::CodeBlock(code) => {
                chars(code, true, out);
                continue;
            }
            Span::Code(code) => {
                chars(code, false, out);
                continue;
            }
            Span::User(id) => {
                out.push(Seen::User(id.clone()));
                continue;
            }
            Span::Conversation(id) => {
                out.push(Seen::Conversation(id.clone()));
                continue;
            }
            Span::Link { label, url } => {
                chars(label, false, out);
                out.push(Seen::Link(url.clone()));
                continue;
            }
            Span::Bold(inner) => ('*', inner),
            Span::Italic(inner) => ('_', inner),
            Span::Strike(inner) => ('~', inner),
        };
        out.push(Seen::Char(mark, false));
        seen(inner, out);
        out.push(Seen::Char(mark, false));
    }
}

/// The longest link as it is written; one that no part has room for is cut like any text.
fn longest_link(spans: &[Span]) -> usize {
    let length = |span: &Span| match span {
        Span::Link { label, url } => label.chars().count() + url.chars().count() + 4,
        Span::Bold(inner) | Span::Italic(inner) | Span::Strike(inner) => longest_link(inner),
        _ => 0,
    };
    spans.iter().map(length).max().unwrap_or(0)
}

fn seen_in(text: &str) -> Vec<Seen> {
    let mut out = Vec::new();
    seen(&markup::parse(text), &mut out);
    out
}

/// The longest thing of the pieces that is not to be cut; with less room mentions and links may be cut as well.
const ROOM: usize = 48;

#[test]
fn parts_together_show_the_text() {
    let mut source = Source::new(1, 4_000);
    let seed = source.seed;
    while let Some(text) = source.text(60) {
        let max = source.random.usize(ROOM..400);
        if longest_link(&markup::parse(&text)) > max {
            continue;
        }
        let parts = split(&text, max);
        let mut together = Vec::new();
        for part in &parts {
            assert_eq!(
                check_mrkdwn(&mrkdwn(part)),
                Ok(()),
                "{seed}: {text:?} by {max} gave {part:?}"
            );
            assert!(part.chars().count() <= max, "{seed}: {text:?} by {max} gave {part:?}");
            assert!(!part.trim().is_empty(), "{seed}: {text:?} by {max} gave an empty part");
            together.extend(seen_in(part));
        }
        let meant = seen_in(&text);
        let same = together
            .iter()
            .zip(&meant)
            .take_while(|(one, other)| one == other)
            .count();
        assert!(
            same == together.len() && same == meant.len(),
            "{seed}: {text:?} by {max} gave {parts:?}; instead of {:?} they show {:?}",
            meant.get(same..meant.len().min(same + 9)),
            together.get(same..together.len().min(same + 9)),
        );
    }
}

/// What a reader of the text sees as one line, however it is normalised.
fn shown(text: &str) -> String {
    let mut line = String::new();
    let mut block_before = false;
    for seen in seen_in(text) {
        let block = matches!(seen, Seen::Char(_, true));
        if block != block_before {
            line.push(if block { '⟦' } else { '⟧' });
            block_before = block;
        }
        match seen {
            Seen::Char(c, _) => line.push(c),
            Seen::User(id) => line.extend(["@", &id]),
            Seen::Conversation(id) => line.extend(["#", &id]),
            Seen::Link(_) => {}
        }
    }
    if block_before {
        line.push('⟧');
    }
    normalise(&line).replace('\u{2060}', "")
}

/// Checks that Slack reads the text as it is meant: entities, and tokens of three kinds.
fn check_mrkdwn(slack: &str) -> Result<(), &'static str> {
    let mut rest = slack;
    while let Some(at) = rest.find(['<', '>', '&']) {
        rest = &rest[at..];
        if let Some(token) = rest.strip_prefix('<') {
            let end = token.find('>').ok_or("a token is not closed")?;
            let inner = &token[..end];
            if inner.contains(['<', '\n']) {
                return Err("a token holds what it must not");
            }
            let id = inner.strip_prefix(['@', '#']);
            let is_id = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric());
            match id {
                Some(id) if is_id(id) && !["channel", "here", "everyone", "group"].contains(&id) => {}
                Some(_) => return Err("a mention of nobody"),
                None if inner.starts_with("https://") => {}
                None => return Err("a token of another kind"),
            }
            rest = &token[end + 1..];
        } else if rest.starts_with('>') {
            return Err("a bracket closes nothing");
        } else {
            let entity = ["&amp;", "&lt;", "&gt;"]
                .into_iter()
                .find(|entity| rest.starts_with(entity));
            rest = &rest[entity.ok_or("an ampersand is no entity")?.len()..];
        }
    }
    Ok(())
}

#[test]
fn slack_reads_what_is_meant() {
    let mut source = Source::new(2, 8_000);
    let seed = source.seed;
    while let Some(text) = source.text(20) {
        assert_eq!(check_mrkdwn(&mrkdwn(&text)), Ok(()), "{seed}: {text:?}");
        // Reading drops what nobody sees, the joiners of what is only text as well.
        let text = normalise(&text).into_owned();
        let slack = mrkdwn(&text);
        assert_eq!(check_mrkdwn(&slack), Ok(()), "{seed}: {text:?} became {slack:?}");
        // An address with brackets is not read as a link: it stands beside its label.
        let bracket = |seen: &Seen| matches!(seen, Seen::Link(url) if url.contains(['(', ')']));
        if seen_in(&text).iter().any(bracket) {
            continue;
        }
        let (back, mentions) = portable(&slack);
        assert_eq!(
            shown(&back),
            shown(&text),
            "{seed}: {text:?} became {slack:?}, read as {back:?}"
        );
        // Nobody is called but those whom the text means.
        let meant = format!("{:?}", seen_in(&text));
        for mention in mentions {
            let mention = format!("{mention:?}");
            assert!(
                !mention.starts_with("Everyone") && !mention.starts_with("Group"),
                "{seed}: {text:?} became {slack:?}"
            );
            assert!(
                mention.starts_with("Link") || meant.contains(&mention),
                "{seed}: {text:?} became {slack:?}"
            );
        }
    }
}
