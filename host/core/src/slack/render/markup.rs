//! Portable markup → Slack's mrkdwn.
//!
//! Everything that is not markup is escaped, inside code as well: Slack reads `<!channel>` there too.

use crate::text::markup::{self, Span};

/// The text as mrkdwn. No text that goes in can come out as a broadcast, and none but `{@…}` and `{#…}` as a mention.
pub fn mrkdwn(portable: &str) -> String {
    let mut out = String::with_capacity(portable.len() + 16);
    spans(&markup::parse(portable), &mut out);
    out
}

/// Text without markup, escaped.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape(text, &mut out);
    out
}

/// Stands invisibly between a closing mark and a letter: Slack takes the mark for text where a word goes on behind it, as
/// a Korean particle does.
const WORD_END: char = '\u{200b}';

fn spans(list: &[Span], out: &mut String) {
    let behind = list.iter().skip(1).map(Some).chain([None]);
    for (span, behind) in list.iter().zip(behind) {
        let goes_on = matches!(behind, Some(Span::Text(text)) if text.starts_with(char::is_alphanumeric));
        match span {
            Span::Text(text) => escape(text, out),
            Span::Bold(inner) => marked("*", inner, goes_on, out),
            Span::Italic(inner) => marked("_", inner, goes_on, out),
            Span::Strike(inner) => marked("~", inner, goes_on, out),
            Span::Code(code) => {
                out.push('`');
                escape(code, out);
                out.push('`');
            }
            Span::CodeBlock(code) => {
                out.push_str("```\n");
                escape(code, out);
                out.push_str("\n```");
            }
            Span::Link { label, url } => link(label, url, out),
            Span::User(id) => mention("@", id, out),
            Span::Conversation(id) => mention("#", id, out),
        }
    }
}

fn marked(mark: &str, inner: &[Span], goes_on: bool, out: &mut String) {
    out.push_str(mark);
    spans(inner, out);
    out.push_str(mark);
    if goes_on {
        out.push(WORD_END);
    }
}

/// An address that Slack takes as one, with nothing in it that would end the token.
pub fn address(url: &str) -> Option<String> {
    let known = ["https://", "http://", "mailto:"];
    let schemed = |scheme: &&str| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    if !known.iter().any(schemed) || url.chars().any(char::is_control) {
        return None;
    }
    Some(escaped(&url.replace('|', "%7C").replace(' ', "%20")))
}

fn link(label: &str, url: &str, out: &mut String) {
    let Some(address) = address(url) else {
        escape(label, out);
        out.push_str(" (");
        escape(url, out);
        out.push(')');
        return;
    };
    out.push('<');
    out.push_str(&address);
    let label = label.trim().replace('\n', " ");
    if !label.is_empty() && label != url {
        out.push('|');
        escape(&label, out);
    }
    out.push('>');
}

fn mention(mark: &str, id: &str, out: &mut String) {
    let broadcast = ["channel", "here", "everyone", "group"]
        .iter()
        .any(|word| id.eq_ignore_ascii_case(word));
    if broadcast || id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        out.push_str(mark);
        escape(id, out);
    } else {
        out.extend(["<", mark, id, ">"]);
    }
}

/// Slack's three entities; nothing else is to be encoded.
fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        out.push_str(match from.as_bytes().first() {
            Some(b'&') => "&amp;",
            Some(b'<') => "&lt;",
            _ => "&gt;",
        });
        rest = from.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_mrkdwn() {
        for (portable, slack) in [
            ("", ""),
            ("hello", "hello"),
            ("*b* _i_ ~s~ `c`", "*b* _i_ ~s~ `c`"),
            ("*a _b_*", "*a _b_*"),
            ("*점심*은 _b_, ~c~", "*점심*\u{200b}은 _b_, ~c~"),
            ("```rust\nlet a;\n```", "```\nlet a;\n```"),
            ("```\na < b\n```", "```\na &lt; b\n```"),
            ("`<!channel>`", "`&lt;!channel&gt;`"),
            (
                "[the docs](https://e.com/?a=1&b=2)",
                "<https://e.com/?a=1&amp;b=2|the docs>",
            ),
            ("[a|b>](https://e.com/x)", "<https://e.com/x|a|b&gt;>"),
            ("{@U1} and {#C1}", "<@U1> and <#C1>"),
            ("1 < 2 && 3 > 2", "1 &lt; 2 &amp;&amp; 3 &gt; 2"),
            ("&lt;", "&amp;lt;"),
        ] {
            assert_eq!(mrkdwn(portable), slack, "{portable}");
        }
    }

    #[test]
    fn hostile_text_makes_no_token() {
        for portable in [
            "<!channel>",
            "<!here|x> <!everyone> <!subteam^S1>",
            "<@U1> <#C1>",
            "<https://evil|https://bank>",
            "{@channel} {@HERE} {#everyone}",
            "{@U1|x}",
            "{@!channel}",
            "{@<!channel>}",
            "[x](javascript:alert)",
            "[<!channel>](<!channel>)",
            "*<!channel>* _<!here>_ ~<!here>~ `<!here>`",
            "```<!channel>```",
            "<\u{200b}!channel>",
            "&<!channel>",
        ] {
            let out = mrkdwn(portable);
            assert!(!out.contains('<'), "{portable} → {out}");
        }
        // A link keeps its angle brackets, but nothing inside it can end it.
        let out = mrkdwn("[<!channel>](https://e.com/><!channel>)");
        assert!(!out.contains("<!"), "{out}");
    }

    /// Whatever goes in: the only `<` in what comes out begin a mention or a link, and all others are entities.
    #[test]
    fn random_text_makes_no_broadcast() {
        let pieces = [
            "<",
            ">",
            "!",
            "channel",
            "here",
            "{@",
            "{#",
            "}",
            "U1",
            "|",
            "&",
            "lt;",
            "`",
            "```",
            "*",
            "_",
            "[",
            "](",
            ")",
            "https://e.com",
            "\n",
            " ",
            "@",
            "subteam^S1",
            "\u{2060}",
        ];
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..20_000 {
            let text: String = (0..random.usize(1..24)).filter_map(|_| random.choice(pieces)).collect();
            let out = mrkdwn(&text);
            for (at, _) in out.match_indices('<') {
                let token = &out[at..];
                assert!(
                    ["<@U1", "<#U1", "<https://"]
                        .iter()
                        .any(|start| token.starts_with(start))
                        || token.starts_with("<@") && token[2..].starts_with(|c: char| c.is_ascii_alphanumeric())
                        || token.starts_with("<#") && token[2..].starts_with(|c: char| c.is_ascii_alphanumeric()),
                    "{text:?} → {out:?}"
                );
                let end = token.find('>').unwrap();
                assert!(!token[1..end].contains('<'), "{text:?} → {out:?}");
            }
            assert!(
                !out.contains("<!") && !out.contains("<@channel>") && !out.contains("<@here>"),
                "{text:?} → {out:?}"
            );
        }
    }
}
