//! Slack's text: what its client makes of typed text, what its server makes of a bot's text, and who is notified.

use crate::world::{BOT_USER, Id};
use serde_json::Value;

/// The names that typed text can mention.
pub(crate) struct Names {
    /// (name, id) of people and the bot, the longest names first
    people: Vec<(String, Id)>,
    /// (name, id) of channels, the longest names first
    channels: Vec<(String, Id)>,
}

impl Names {
    /// From (name, id) pairs of users and of channels.
    pub fn new(mut people: Vec<(String, Id)>, mut channels: Vec<(String, Id)>) -> Self {
        for list in [&mut people, &mut channels] {
            list.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        }
        Self { people, channels }
    }

    /// What Slack's client sends for typed text: `&`, `<`, `>` escaped; `@name`, `#name`, `@channel` and addresses as
    /// tokens, except in code.
    pub fn typed(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 16);
        let (mut rest, mut before) = (text, ' ');
        // how many backticks opened the code that we are in; 0 outside
        let mut code = 0;
        while let Some(c) = rest.chars().next() {
            if c == '`' {
                let ticks = if rest.starts_with("```") { 3 } else { 1 };
                code = match code {
                    0 => ticks,
                    open if open == ticks => 0,
                    open => open,
                };
                let (run, after) = rest.split_at(ticks);
                out.push_str(run);
                (rest, before) = (after, '`');
                continue;
            }
            let token = if code == 0 && !before.is_alphanumeric() {
                self.token(rest)
            } else {
                None
            };
            if let Some((token, length)) = token {
                out.push_str(&token);
                rest = rest.get(length..).unwrap_or_default();
                before = '>';
            } else {
                push_escaped(&mut out, c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
                before = c;
            }
        }
        out
    }

    /// The token that `rest` starts with, and how many bytes of `rest` it stands for.
    fn token(&self, rest: &str) -> Option<(String, usize)> {
        if let Some(after) = rest.strip_prefix('@') {
            for word in ["channel", "here", "everyone"] {
                if starts_with_name(after, word) {
                    return Some((format!("<!{word}>"), 1 + word.len()));
                }
            }
            let (name, id) = self.people.iter().find(|(name, _)| starts_with_name(after, name))?;
            return Some((format!("<@{id}>"), 1 + name.len()));
        }
        if let Some(after) = rest.strip_prefix('#') {
            let (name, id) = self.channels.iter().find(|(name, _)| starts_with_name(after, name))?;
            return Some((format!("<#{id}|{name}>"), 1 + name.len()));
        }
        let length = url_length(rest)?;
        let url = rest.get(..length)?;
        Some((format!("<{}>", escape(url)), length))
    }
}

/// Whether `text` begins with `name` as a whole word. Korean particles may follow a name without a blank
/// (`@로지야`), so only a name that ends in an ASCII letter or digit must not be followed by another one.
fn starts_with_name(text: &str, name: &str) -> bool {
    let Some(head) = text.get(..name.len()) else {
        return false;
    };
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    head.eq_ignore_ascii_case(name)
        && !(name.ends_with(word) && text.get(name.len()..).is_some_and(|after| after.starts_with(word)))
}

/// How long the web address at the start of `text` is; punctuation that ends a sentence isn't part of it.
fn url_length(text: &str) -> Option<usize> {
    let scheme = ["https://", "http://"].into_iter().find(|s| text.starts_with(s))?;
    let end = text
        .find(|c: char| c.is_whitespace() || "<>|\"`".contains(c))
        .unwrap_or(text.len());
    let url = text
        .get(..end)?
        .trim_end_matches(['.', ',', '!', '?', ';', ':', ')', '*', '_', '~', '\'']);
    (url.len() > scheme.len()).then_some(url.len())
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        _ => out.push(c),
    }
}

/// Escapes the three characters that Slack escapes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push_escaped(&mut out, c));
    out
}

/// What Slack keeps of the text that a bot posts: tokens and entities stay, loose `&`, `<`, `>` are escaped, bare web
/// addresses become tokens.
pub(crate) fn posted(text: &str) -> String {
    if !text.contains(['&', '<', '>']) && !text.contains("http") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    let (mut rest, mut before) = (text, ' ');
    while let Some(c) = rest.chars().next() {
        let kept = match c {
            '&' => ["&amp;", "&lt;", "&gt;"]
                .iter()
                .find(|e| rest.starts_with(**e))
                .map(|e| e.len()),
            '<' => token_length(rest),
            _ => None,
        };
        let taken = if let Some(length) = kept {
            out.push_str(rest.get(..length).unwrap_or_default());
            before = '>';
            length
        } else if let Some(length) = url_length(rest).filter(|_| !before.is_alphanumeric()) {
            // `&amp;` in a bare address stays as it is, a loose `&` is escaped.
            let url = posted_address(rest.get(..length).unwrap_or_default());
            out.extend(["<", &url, ">"]);
            before = '>';
            length
        } else {
            push_escaped(&mut out, c);
            before = c;
            c.len_utf8()
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

fn posted_address(url: &str) -> String {
    url.replace("&amp;", "&").replace('&', "&amp;")
}

/// The length of the token `<…>` at the start of `text`, if it is one that Slack knows.
fn token_length(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('<')?;
    let end = inner.find(['<', '>'])?;
    let inner = inner.get(..end)?;
    let known = inner.starts_with(['@', '#', '!'])
        || ["http://", "https://", "mailto:", "tel:"]
            .iter()
            .any(|scheme| inner.starts_with(scheme));
    (known && text.as_bytes().get(end + 1) == Some(&b'>') && inner.len() > 1).then_some(end + 2)
}

/// Whom a bot's text notifies: its unescaped `<!channel>`, `<!here>`, `<!everyone>`, `<!subteam^…>` and `<@U…>` tokens
/// without labels. A mention of the bot itself is none.
pub(crate) fn pings(text: &str, found: &mut Vec<String>) {
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = rest.get(at..).unwrap_or_default();
        let Some(length) = token_length(rest) else {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        };
        let (token, after) = rest.split_at(length);
        let inner = token.trim_start_matches('<').trim_end_matches('>');
        let name = inner.split('|').next().unwrap_or_default();
        let special = matches!(name, "!channel" | "!here" | "!everyone" | "!group") || name.starts_with("!subteam^");
        if special || name.strip_prefix('@').is_some_and(|user| user != BOT_USER) {
            found.push(format!("<{name}>"));
        }
        rest = after;
    }
}

/// `@channel`, `@here`, `@everyone` as plain words: they notify when a bot posts with `link_names` or `parse=full`.
pub(crate) fn linked_pings(text: &str, found: &mut Vec<String>) {
    for word in ["channel", "here", "everyone"] {
        let mut parts = text.split('@').skip(1);
        if parts.any(|after| starts_with_name(after, word)) {
            found.push(format!("<!{word}>"));
        }
    }
}

/// Whom blocks and attachments notify: tokens in every mrkdwn text, and the `user`, `usergroup` and `broadcast`
/// elements of rich text. Plain text notifies nobody.
pub(crate) fn pings_in(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| pings_in(item, found)),
        Value::Object(map) => {
            let text_of = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default();
            match text_of("type") {
                "plain_text" | "text" => return,
                "broadcast" => found.push(format!("<!{}>", text_of("range"))),
                "user" if text_of("user_id") != BOT_USER => found.push(format!("<@{}>", text_of("user_id"))),
                "usergroup" => found.push(format!("<!subteam^{}>", text_of("usergroup_id"))),
                _ => {}
            }
            for (key, item) in map {
                match item {
                    Value::String(text) if matches!(key.as_str(), "text" | "pretext" | "value" | "title") => {
                        pings(text, found);
                    }
                    other => pings_in(other, found),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names() -> Names {
        let pair = |name: &str, id: &str| (name.to_owned(), Id::from(id));
        Names::new(
            vec![
                pair("Ben", "UBEN"),
                pair("로지", "UROSIE"),
                pair("rosie", "UROSIE"),
                pair("moa", BOT_USER),
            ],
            vec![pair("dev", "CDEV"), pair("dev-ops", "COPS")],
        )
    }

    #[test]
    fn typed_text_is_escaped_and_names_become_tokens() {
        for (typed, sent) in [
            ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
            ("<!channel>", "&lt;!channel&gt;"),
            ("@channel @here!", "<!channel> <!here>!"),
            ("@로지야 안녕", "<@UROSIE>야 안녕"),
            (
                "hi @BEN, see #dev-ops and #dev.",
                "hi <@UBEN>, see <#COPS|dev-ops> and <#CDEV|dev>.",
            ),
            ("@benny @nobody ben@moa.dev #none", "@benny @nobody ben@moa.dev #none"),
            ("@channels", "@channels"),
            (
                "`@Ben <` and ```@Ben `x` @here```@Ben",
                "`@Ben &lt;` and ```@Ben `x` @here```<@UBEN>",
            ),
            ("see https://a.b/?x=1&y=2.", "see <https://a.b/?x=1&amp;y=2>."),
            ("http:// xhttps://a", "http:// xhttps://a"),
        ] {
            assert_eq!(names().typed(typed), sent, "{typed}");
        }
    }

    #[test]
    fn a_bots_text_keeps_tokens_and_entities() {
        for (sent, kept) in [
            ("a & b &amp; c < d > e", "a &amp; b &amp; c &lt; d &gt; e"),
            (
                "<@U1> <#C1|x> <!here> <https://a.b|c>",
                "<@U1> <#C1|x> <!here> <https://a.b|c>",
            ),
            ("<b> <> <@", "&lt;b&gt; &lt;&gt; &lt;@"),
            ("at https://a.b/?x&y, ok", "at <https://a.b/?x&amp;y>, ok"),
            ("한글 그대로", "한글 그대로"),
        ] {
            assert_eq!(posted(sent), kept, "{sent}");
            assert_eq!(posted(kept), kept, "settled: {kept}");
        }
    }

    #[test]
    fn pings_are_found_unless_escaped() {
        let of = |text: &str| {
            let mut found = Vec::new();
            pings(text, &mut found);
            found
        };
        assert_eq!(
            of("<!channel> <@U1> <@U2|x> <!subteam^S1>"),
            ["<!channel>", "<@U1>", "<@U2>", "<!subteam^S1>"]
        );
        assert_eq!(of("&lt;!channel&gt; @here <#C1> <!date^1^x|y> <https://a>"), [""; 0]);
        assert_eq!(of("<<!here>>"), ["<!here>"]);
        assert_eq!(of(&format!("<@{BOT_USER}>")), [""; 0]);
        let mut found = Vec::new();
        linked_pings("hey @here and @channels", &mut found);
        assert_eq!(found, ["<!here>"]);
    }

    #[test]
    fn pings_are_found_inside_blocks_and_attachments() {
        let mut found = Vec::new();
        pings_in(
            &json!([
                {"type": "section", "text": {"type": "mrkdwn", "text": "<!here>"}},
                {"type": "header", "text": {"type": "plain_text", "text": "<!channel>"}},
                {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
                    {"type": "broadcast", "range": "everyone"}, {"type": "user", "user_id": "U9"},
                    {"type": "text", "text": "<!channel>"}]}]},
                {"pretext": "<@U1>", "fields": [{"value": "<@U2>"}]},
            ]),
            &mut found,
        );
        assert_eq!(found, ["<!here>", "<!everyone>", "<@U9>", "<@U2>", "<@U1>"]);
    }
}
