//! Slack's message text → the text that plugins read.
//!
//! In Slack's text `&`, `<` and `>` are entities, and what stands between a bare `<` and `>` is a token: a mention, a
//! link, a date. Tokens become portable markup; everything else is what a person typed, and whatever a person types must
//! never turn into a mention. So each typed piece is unescaped, normalised and neutralised by itself, and where two
//! pieces meet the seam is looked at as well.

use crate::event::Mention;
use crate::text::{neutralise, normalise};
use std::borrow::Cow;

/// Breaks what would otherwise become a mention; invisible.
const JOINER: char = '\u{2060}';

/// The portable text and its mentions, in order of appearance.
pub fn portable(slack: &str) -> (String, Vec<Mention>) {
    let mut out = Out {
        text: String::with_capacity(slack.len()),
        mentions: Vec::new(),
    };
    let mut rest = slack;
    while let Some((before, token, after)) = next_token(rest) {
        out.typed(before);
        out.token(token);
        rest = after;
    }
    out.typed(rest);
    (out.text, out.mentions)
}

/// `<…>` without `<` or `>` inside; an unclosed `<` is text.
fn next_token(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text.get(from..)?.find('<')?;
        let inside = text.get(open + 1..)?;
        let end = inside.find(['<', '>'])?;
        if inside.as_bytes().get(end) == Some(&b'>') && end > 0 {
            return Some((text.get(..open)?, inside.get(..end)?, inside.get(end + 1..)?));
        }
        from = open + 1 + end;
    }
}

/// The three entities of Slack's text. `&amp;` comes last: `&amp;lt;` is the text `&lt;`.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

struct Out {
    text: String,
    mentions: Vec<Mention>,
}

impl Out {
    fn typed(&mut self, slack: &str) {
        self.plain(&unescape(slack));
    }

    /// Text that is unescaped already.
    fn plain(&mut self, plain: &str) {
        let normal = normalise(plain);
        let harmless = neutralise(&normal);
        if self.text.ends_with('{') && harmless.starts_with(['@', '#']) {
            self.text.push(JOINER);
        }
        self.text.push_str(&harmless);
    }

    fn token(&mut self, token: &str) {
        let (what, label) = match token.split_once('|') {
            Some((what, label)) => (what, Some(label)),
            None => (token, None),
        };
        let label = label.filter(|label| !label.is_empty());
        if let Some(id) = what.strip_prefix('@').filter(|id| is_id(id)) {
            self.text.extend(["{@", id, "}"]);
            self.mentions.push(Mention::User(id.into()));
        } else if let Some(id) = what.strip_prefix('#').filter(|id| is_id(id)) {
            self.text.extend(["{#", id, "}"]);
            self.mentions.push(Mention::Conversation(id.into()));
        } else if let Some(special) = what.strip_prefix('!') {
            self.special(special, label);
        } else if what.contains(':') && !what.starts_with(['@', '#']) {
            self.link(what, label);
        } else {
            self.typed(label.unwrap_or(what));
        }
    }

    fn special(&mut self, special: &str, label: Option<&str>) {
        let (name, argument) = match special.split_once('^') {
            Some((name, argument)) => (name, argument),
            None => (special, ""),
        };
        match name {
            "channel" | "here" | "everyone" => {
                self.mentions.push(Mention::Everyone(name.into()));
                self.typed(&format!("@{name}"));
            }
            "subteam" if is_id(argument) => {
                self.mentions.push(Mention::Group(argument.into()));
                match label {
                    Some(label) => self.typed(label),
                    None => self.typed(&format!("@{argument}")),
                }
            }
            // Dates carry a text for those who cannot show them; of anything unknown the label says most.
            _ => self.typed(label.unwrap_or(name)),
        }
    }

    fn link(&mut self, address: &str, label: Option<&str>) {
        let url = unescape(address);
        let spoken = label.map(unescape);
        let label_or_url = spoken.as_deref().unwrap_or(&url).to_owned();
        self.mentions.push(Mention::Link(url.to_string(), label_or_url));
        let bare = url.strip_prefix("mailto:").or_else(|| url.strip_prefix("tel:"));
        match spoken {
            // Slack wraps by itself what looks like an address; the person typed the label.
            Some(label) if label == url || bare == Some(&label) || is_bare_domain(&url, &label) => self.plain(&label),
            Some(label) if !label.contains(['[', ']', '\n']) && !url.contains(['(', ')']) => {
                self.plain("[");
                self.plain(&label);
                self.plain("](");
                self.plain(&url);
                self.plain(")");
            }
            // A label or an address that the markup cannot hold: both, side by side.
            Some(label) => {
                self.plain(&label);
                self.plain(" ");
                self.plain(&url);
            }
            None => self.plain(&url),
        }
    }
}

/// Somebody typed `example.com`, and Slack made `<http://example.com|example.com>` of it.
fn is_bare_domain(url: &str, label: &str) -> bool {
    let stripped = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    stripped.is_some_and(|bare| bare == label || bare.strip_suffix('/') == Some(label))
}

/// Ids are opaque, but nothing that could end a mention may stand in one.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(slack: &str) -> String {
        portable(slack).0
    }

    #[test]
    fn tokens_become_portable_markup() {
        for (slack, portable) in [
            ("", ""),
            ("hello", "hello"),
            ("<@U012AB3CD> hi", "{@U012AB3CD} hi"),
            ("<@W012AB3CD|rosie>", "{@W012AB3CD}"),
            ("to <#C024BE7LR|general> and <#C1|>", "to {#C024BE7LR} and {#C1}"),
            ("<!subteam^SAZ94GDB8|@devs> up", "@devs up"),
            ("<!subteam^SAZ94GDB8>", "@SAZ94GDB8"),
            ("<!here> <!channel|channel> <!everyone>", "@here @channel @everyone"),
            ("<!date^1392734382^{date} at {time}|18 February>", "18 February"),
            ("<!date^1392734382^{date}^https://e.com|then>", "then"),
            ("<https://example.com>", "https://example.com"),
            (
                "<https://example.com/?a=1&amp;b=2|here>",
                "[here](https://example.com/?a=1&b=2)",
            ),
            ("<http://example.com|example.com>", "example.com"),
            ("<mailto:a@b.c|a@b.c>", "a@b.c"),
            ("<https://e.com/x(1)|odd>", "odd https://e.com/x(1)"),
            ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
            ("&amp;lt;", "&lt;"),
            ("a < b", "a < b"),
            ("a <> b", "a <> b"),
            ("<<@U1>>", "<{@U1}>"),
            ("<unknown>", "unknown"),
            ("!점심팀\u{a0}3", "!점심팀 3"),
        ] {
            assert_eq!(text(slack), portable, "{slack}");
        }
    }

    #[test]
    fn mentions_stand_in_order() {
        let (_, mentions) = portable("<@U1> <#C1|x> <!here> <!subteam^S1|@g> <https://e.com|e> <mailto:a@b.c>");
        assert_eq!(
            mentions,
            [
                Mention::User("U1".into()),
                Mention::Conversation("C1".into()),
                Mention::Everyone("here".into()),
                Mention::Group("S1".into()),
                Mention::Link("https://e.com".into(), "e".into()),
                Mention::Link("mailto:a@b.c".into(), "mailto:a@b.c".into()),
            ]
        );
    }

    #[test]
    fn nothing_typed_becomes_a_mention() {
        for slack in [
            "{@U1}",
            "{#C1}",
            "{\u{200b}@U1}",
            "{\u{2060}@U1}",
            "{<mailto:x@y|@U1}>",
            "{<!channel>}",
            "{<!here|@U1}>}",
            "{<!subteam^S1|@U1}>",
            "{<!subteam^U1>}",
            "{<@}>U1}",
            "<https://e.com|{@U1}>",
            "<https://e.com/{@U1}>",
            "<https://e.com/{|@U1}>",
            "<@U1}{@U2>",
            "&lt;@U1&gt; &lt;!channel&gt;",
            "<@U 1>",
            "[x<https://e|](y)>{@U1}",
        ] {
            let typed = text(slack);
            let spans = crate::text::markup::parse(&typed);
            let text = format!("{spans:?}");
            assert!(
                !text.contains("User(") && !text.contains("Conversation(\"U"),
                "{slack} → {typed} → {text}"
            );
        }
    }

    #[test]
    fn a_mention_behind_a_typed_brace_stays_one() {
        assert_eq!(text("{<@U1>}"), "{{@U1}}");
    }
}
