//! What the host says → the arguments of Slack's message methods, without those that say where it goes.

mod actions;
pub mod form;
mod ids;
mod markup;
mod native;

pub use ids::RESERVED;
pub use markup::mrkdwn;

use crate::call::Stamp;
use crate::content::{Card, Content};
use markup::{address, escaped};
use serde_json::{Map, Value, json};

/// Why something cannot be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {explanation}")]
pub struct Refused {
    /// Slack's own word for it, or one in its manner.
    pub code: String,
    /// What to do, as a sentence.
    pub explanation: String,
}

impl Refused {
    fn new(code: &str, explanation: &str) -> Self {
        Self {
            code: code.into(),
            explanation: explanation.into(),
        }
    }
}

/// The longest text of one message, in characters. Slack recommends 4,000 and counts in its own way; entities make a
/// text longer.
pub const MAX_TEXT: usize = 3_600;
/// Past this Slack cuts the text off without a word, so it is refused before.
const HARD_LIMIT: usize = 40_000;
/// Slack's limits of a message.
const BLOCKS: usize = 50;
const ATTACHMENTS: usize = 100;
/// The event type under which a message's stamp is kept in its metadata.
pub const STAMP: &str = "moa_reply";

/// The message's arguments.
///
/// # Errors
/// [`Refused`] for native JSON that is not allowed, actions that Slack cannot show, a message that is empty
/// or far too long.
pub fn arguments(content: &Content, stamp: &Stamp) -> Result<Map<String, Value>, Refused> {
    let mut out = Map::new();
    let text = mrkdwn(&content.text);
    if text.chars().count() > HARD_LIMIT {
        return Err(Refused::new(
            "msg_too_long",
            "the message is too long for Slack; make it shorter or send it as a file",
        ));
    }
    if !content.actions.is_empty() {
        let mut blocks = actions::sections(&content.text);
        blocks.extend(actions::blocks(&content.actions, &stamp.plugin)?);
        out.insert("blocks".into(), blocks.into());
    }
    // They stand below the text and the buttons.
    let cards: Vec<Value> = content.cards.iter().filter_map(attachment).collect();
    if !cards.is_empty() {
        out.insert("attachments".into(), cards.into());
    }
    out.insert("text".into(), text.into());
    if let Some(native) = &content.native {
        native::merge(native, &stamp.plugin, &mut out)?;
    }
    for (key, what, most) in [
        (
            "blocks",
            "blocks (a row of buttons is one, and so is a section of text)",
            BLOCKS,
        ),
        ("attachments", "cards or attachments", ATTACHMENTS),
    ] {
        let count = out.get(key).and_then(Value::as_array).map_or(0, Vec::len);
        if count > most {
            return Err(Refused::new(
                "too_many_parts",
                &format!("the message has {count} {what}; Slack takes {most}. Send several messages"),
            ));
        }
    }
    let says_something = |key: &str| match out.get(key) {
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        _ => false,
    };
    if !["text", "markdown_text", "blocks", "attachments"]
        .into_iter()
        .any(says_something)
    {
        return Err(Refused::new(
            "no_text",
            "the message is empty; give it a text, a card or blocks",
        ));
    }
    if let Some((name, icon)) = &content.sender {
        out.insert("username".into(), name.as_str().into());
        if let Some(url) = address(icon) {
            out.insert("icon_url".into(), url.into());
        } else if !icon.is_empty() {
            out.insert("icon_emoji".into(), format!(":{}:", icon.trim_matches(':')).into());
        }
    }
    let payload = json!({"invocation": stamp.invocation, "ordinal": stamp.ordinal});
    out.insert(
        "metadata".into(),
        json!({"event_type": STAMP, "event_payload": payload}),
    );
    Ok(out)
}

/// `None` for a card that says nothing: Slack would refuse the message for it.
fn attachment(card: &Card) -> Option<Value> {
    let mut out = Map::new();
    let mut put = |key: &str, value: String| {
        if !value.is_empty() {
            out.insert(key.into(), value.into());
        }
    };
    let spoken = [&card.title, &card.pretext, &card.text]
        .into_iter()
        .find(|text| !text.is_empty());
    put("fallback", spoken.map(|text| escaped(text)).unwrap_or_default());
    put("pretext", mrkdwn(&card.pretext));
    put("title", escaped(&card.title));
    put("title_link", address(&card.link).unwrap_or_default());
    put("text", mrkdwn(&card.text));
    put("image_url", address(&card.image).unwrap_or_default());
    put("footer", escaped(&card.footer));
    let hex = card
        .color
        .strip_prefix('#')
        .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    if hex || matches!(card.color.as_str(), "good" | "warning" | "danger") {
        put("color", card.color.clone());
    }
    if !card.fields.is_empty() {
        let fields = card.fields.iter();
        let fields: Vec<Value> = fields
            .map(|field| json!({"title": escaped(&field.title), "value": mrkdwn(&field.value), "short": field.short}))
            .collect();
        out.insert("fields".into(), fields.into());
    }
    if ["pretext", "title", "text", "image_url", "footer", "fields"]
        .into_iter()
        .all(|key| !out.contains_key(key))
    {
        return None;
    }
    out.insert("mrkdwn_in".into(), json!(["pretext", "text", "fields"]));
    Some(out.into())
}

#[cfg(test)]
mod tests;
