//! Slack's incoming webhooks: what is said → the body of the request, and what Slack answers → whether it was taken.
//!
//! Such an address belongs to one channel; Slack answers `ok` and tells no id, so nothing can be changed later. Errors
//! come as one word of plain text with a status of their own.

use super::render::{self, Refused};
use crate::call::Stamp;
use crate::content::{Action, Content};
use serde_json::{Map, Value};
use std::time::Duration;

/// Where a rate limit comes without a `Retry-After` that can be read: Slack takes about one message a second.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The longest that it is waited at a word of Slack's; clocks do not reach as far as its digits do.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(600);

/// Who a message comes from, where the message itself does not say it. A webhook of an app shows the app whatever is
/// given; one of the old kind takes a name and a picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// The name; empty for that of the webhook.
    pub name: String,
    /// An emoji's name (`:bread:`) or the address of a picture; empty for that of the webhook.
    pub icon: String,
}

/// What Slack answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The message stands there.
    Taken,
    /// Too many; nothing was done.
    Wait(Duration),
    /// Slack failed; it may work later.
    Failed(String),
    /// Slack said no, and would again.
    Refused(Refused),
}

/// The body of the request: JSON, and as such also the field `payload` of a form.
///
/// `thread` is the id of a thread's first message. Links stand in the text.
///
/// # Errors
/// As [`render::arguments`], and for buttons and menus: what is pressed below such a message goes to the app that owns the
/// webhook, and would look dead.
pub fn payload(
    content: &Content,
    sender: &Sender,
    thread: Option<&str>,
    stamp: &Stamp,
) -> Result<Map<String, Value>, Refused> {
    let mut said = Content {
        actions: Vec::new(),
        ..content.clone()
    };
    for action in &content.actions {
        let line = match action {
            Action::Link(label, url) => format!("[{label}]({url})"),
            Action::Button { label, .. } | Action::Select { placeholder: label, .. } => {
                return Err(Refused {
                    code: "unsupported".into(),
                    explanation: format!(
                        "nothing can be pressed below a message of an incoming webhook, and this one has `{label}`: send it without, or to a conversation of the bot's"
                    ),
                });
            }
        };
        if !said.text.is_empty() {
            said.text.push('\n');
        }
        said.text.push_str(&line);
    }
    let named = |sender: &Sender| !sender.name.is_empty() || !sender.icon.is_empty();
    if said.sender.is_none() && named(sender) {
        said.sender = Some((sender.name.clone(), sender.icon.clone()));
    }
    let mut out = render::arguments(&said, stamp)?;
    // Only messages with a token carry it.
    out.remove("metadata");
    if out.get("username").is_some_and(|name| name == "") {
        out.remove("username");
    }
    if let Some(thread) = thread {
        out.insert("thread_ts".into(), thread.into());
    }
    Ok(out)
}

/// What an answer means: its status, its header `Retry-After`, its body.
pub fn answer(status: u16, retry_after: Option<&str>, body: &str) -> Answer {
    let word = word(body);
    match status {
        200..=299 => Answer::Taken,
        429 => {
            let seconds = retry_after.and_then(|text| text.trim().parse().ok());
            Answer::Wait(
                seconds
                    .map_or(RETRY_AFTER, Duration::from_secs)
                    .min(LONGEST_RETRY_AFTER),
            )
        }
        500..=599 => Answer::Failed(format!("HTTP {status} {word}").trim_end().to_owned()),
        _ => {
            let code = match word.is_empty() {
                true => format!("http_{status}"),
                false => word,
            };
            let explanation = explained(&code);
            Answer::Refused(Refused { code, explanation })
        }
    }
}

/// Slack's word for an error; nothing where the body is something else, such as a page of a proxy.
fn word(body: &str) -> String {
    let body = body.trim();
    let is_word = body.len() <= 60
        && body
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if is_word { body.to_owned() } else { String::new() }
}

fn explained(code: &str) -> String {
    match code {
        "invalid_payload" | "rollup_error" => "Slack cannot read the message: look at the native JSON, if there is any, and at the addresses in cards",
        "invalid_blocks" | "invalid_blocks_format" | "invalid_attachments" => {
            "Slack does not take the blocks or attachments: look at the native JSON"
        }
        "no_text" => "the message is empty; give it a text, a card or blocks",
        "too_many_attachments" => "the message has more than 100 cards or attachments; send several messages",
        "channel_is_archived" => "the channel of this webhook is archived: unarchive it, or make a new webhook for another channel",
        "channel_not_found" => "the channel of this webhook is not there any more: make a new webhook",
        "user_not_found" => "the person to whom this webhook writes is not there any more: make a new webhook",
        "action_prohibited" => "an admin of the workspace forbids this webhook to post: ask them",
        "posting_to_general_channel_denied" => "only some people may post into this channel: use another, or ask an admin of the workspace",
        "invalid_token" => "Slack does not know the address of this webhook: copy it once more from the app's page \"Incoming Webhooks\"",
        "no_service" | "no_service_id" | "no_active_hooks" => "this webhook was switched off or removed: make a new one, and put its address where `url` points",
        "no_team" | "team_disabled" => "the workspace of this webhook is not there any more, or is disabled",
        _ => "Slack refuses the message; look the word up in its page \"Sending messages using incoming webhooks\"",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{Card, Field, Style};
    use serde_json::json;

    fn stamp() -> Stamp {
        Stamp {
            plugin: "orders".into(),
            invocation: "i1".into(),
            ordinal: 0,
        }
    }

    fn said(content: &Content, sender: &Sender) -> Value {
        payload(content, sender, None, &stamp()).unwrap().into()
    }

    #[test]
    fn a_text_is_all_that_is_needed() {
        let nobody = Sender::default();
        assert_eq!(
            said(&Content::text("*hi* <you>"), &nobody),
            json!({"text": "*hi* &lt;you&gt;"})
        );
        let threaded = payload(&Content::text("hi"), &nobody, Some("1.2"), &stamp()).unwrap();
        assert_eq!(Value::from(threaded), json!({"text": "hi", "thread_ts": "1.2"}));
        assert_eq!(
            payload(&Content::default(), &nobody, None, &stamp()).unwrap_err().code,
            "no_text"
        );
    }

    #[test]
    fn a_sender_has_a_name_and_an_emoji_or_a_picture() {
        let sender = |name: &str, icon: &str| Sender {
            name: name.into(),
            icon: icon.into(),
        };
        for (sender, expected) in [
            (
                sender("빵집", ":bread:"),
                json!({"text": "hi", "username": "빵집", "icon_emoji": ":bread:"}),
            ),
            (sender("", "bread"), json!({"text": "hi", "icon_emoji": ":bread:"})),
            (
                sender("빵집", "https://x.io/b.png"),
                json!({"text": "hi", "username": "빵집", "icon_url": "https://x.io/b.png"}),
            ),
        ] {
            assert_eq!(said(&Content::text("hi"), &sender), expected);
        }
        // What the message says itself goes before what is configured.
        let content = Content {
            sender: Some(("상점".into(), String::new())),
            ..Content::text("hi")
        };
        assert_eq!(
            said(&content, &sender("빵집", ":bread:")),
            json!({"text": "hi", "username": "상점"})
        );
    }

    #[test]
    fn cards_are_attachments() {
        let card = Card {
            pretext: "New order".into(),
            title: "Pizza".into(),
            color: "#FAC11B".into(),
            fields: vec![
                Field {
                    title: "Topping".into(),
                    value: "*Pepperoni*".into(),
                    short: true,
                },
                Field {
                    title: "Where".into(),
                    value: "5th Ave".into(),
                    short: false,
                },
            ],
            ..Card::default()
        };
        let content = Content {
            cards: vec![card],
            ..Content::default()
        };
        let attachment = said(&content, &Sender::default())["attachments"][0].clone();
        assert_eq!(attachment["fallback"], "Pizza");
        assert_eq!(attachment["pretext"], "New order");
        assert_eq!(attachment["color"], "#FAC11B");
        assert_eq!(
            attachment["fields"],
            json!([
                {"title": "Topping", "value": "*Pepperoni*", "short": true},
                {"title": "Where", "value": "5th Ave", "short": false},
            ])
        );
    }

    #[test]
    fn blocks_come_from_the_native_json_and_buttons_are_refused() {
        let blocks = json!([{"type": "section", "text": {"type": "mrkdwn", "text": "hi"}}]);
        let content = Content {
            native: Some(json!({"blocks": blocks, "unfurl_links": false}).to_string()),
            actions: vec![Action::Link("map".into(), "https://m.io".into())],
            ..Content::text("hi")
        };
        let got = said(&content, &Sender::default());
        assert_eq!(got["blocks"], blocks);
        assert_eq!(got["text"], "hi\n<https://m.io|map>");
        assert_eq!(got["unfurl_links"], false);
        let button = Action::Button {
            id: "go".into(),
            label: "Go".into(),
            value: String::new(),
            style: Style::Normal,
            confirm: None,
        };
        let dead = Content {
            actions: vec![button],
            ..Content::text("hi")
        };
        let refused = payload(&dead, &Sender::default(), None, &stamp()).unwrap_err();
        assert!(
            refused.code == "unsupported" && refused.explanation.contains("`Go`"),
            "{refused}"
        );
        let called = Content {
            native: Some(json!({"text": "<!channel>"}).to_string()),
            ..Content::default()
        };
        assert!(
            payload(&called, &Sender::default(), None, &stamp()).is_err(),
            "nobody calls everybody"
        );
    }

    #[test]
    fn errors_are_read() {
        assert_eq!(answer(200, None, "ok"), Answer::Taken);
        assert_eq!(answer(429, Some("7"), ""), Answer::Wait(Duration::from_secs(7)));
        assert_eq!(answer(429, Some("soon"), "rate_limited"), Answer::Wait(RETRY_AFTER));
        let longest = Answer::Wait(LONGEST_RETRY_AFTER);
        assert_eq!(answer(429, Some("18446744073709551615"), ""), longest);
        assert_eq!(
            answer(500, None, "rollup_error"),
            Answer::Failed("HTTP 500 rollup_error".into())
        );
        assert_eq!(
            answer(503, None, "<html>busy</html>"),
            Answer::Failed("HTTP 503".into())
        );
        for (status, body, says) in [
            (400, "invalid_payload", "native JSON"),
            (410, "channel_is_archived\n", "archived"),
            (404, "no_service", "make a new one"),
            (403, "invalid_token", "copy it once more"),
            (418, "<html>teapot</html>", "http_418"),
            (400, "something_new", "something_new"),
        ] {
            let Answer::Refused(refused) = answer(status, None, body) else {
                panic!("{status} {body}")
            };
            assert!(refused.to_string().contains(says), "{refused}");
        }
    }
}
