//! What all methods that make a message have in common: its content, its limits, whom it notifies.

use crate::api::args::Args;
use crate::conversation::Message;
use crate::text;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// Beyond this many characters Slack cuts a text off.
const TEXT_LIMIT: usize = 40_000;
const MARKDOWN_LIMIT: usize = 12_000;
const BLOCKS: usize = 50;
const ATTACHMENTS: usize = 100;

/// `ok: false`: Slack's error and what stands beside it.
#[derive(Debug, PartialEq)]
pub(crate) struct Refusal {
    pub error: Cow<'static, str>,
    /// more members of the answer
    pub more: Option<Value>,
}

impl From<&'static str> for Refusal {
    fn from(error: &'static str) -> Self {
        Self {
            error: Cow::Borrowed(error),
            more: None,
        }
    }
}

/// The content of a message, read from arguments and checked.
pub(crate) struct Draft {
    message: Message,
    pings: Vec<String>,
}

impl Draft {
    /// Reads `text`, `markdown_text`, `blocks`, `attachments`, `metadata`.
    ///
    /// # Errors
    /// `no_text`, `invalid_blocks`, `invalid_attachments`, `too_many_attachments`, `invalid_metadata_format`,
    /// `markdown_text_conflict`, `msg_too_long`.
    pub fn read(args: &Args) -> Result<Self, Refusal> {
        let blocks = list(args, "blocks", "invalid_blocks", "invalid_blocks", BLOCKS)?;
        let attachments = list(
            args,
            "attachments",
            "invalid_attachments",
            "too_many_attachments",
            ATTACHMENTS,
        )?;
        let metadata = args.json("metadata", "invalid_metadata_format")?;
        if metadata.as_ref().is_some_and(|m| {
            !m.get("event_type").is_some_and(Value::is_string) || !m.get("event_payload").is_some_and(Value::is_object)
        }) {
            return Err("invalid_metadata_format".into());
        }
        let markdown = args.str("markdown_text");
        let text = match (markdown, args.str("text")) {
            (Some(_), Some(_)) => return Err("markdown_text_conflict".into()),
            (Some(_), None) if blocks.is_some() => return Err("markdown_text_conflict".into()),
            (Some(markdown), None) if markdown.chars().count() > MARKDOWN_LIMIT => return Err("msg_too_long".into()),
            (Some(text), None) | (None, Some(text)) => text,
            (None, None) => "",
        };
        let empty = |list: &Option<Value>| list.as_ref().and_then(Value::as_array).is_none_or(Vec::is_empty);
        if text.is_empty() && empty(&blocks) && empty(&attachments) {
            return Err("no_text".into());
        }
        let cut = text
            .char_indices()
            .nth(TEXT_LIMIT)
            .map_or(text, |(at, _)| text.get(..at).unwrap_or(text));
        let kept = text::posted(cut);
        let mut pings = Vec::new();
        text::pings(&kept, &mut pings);
        if args.flag("link_names") || args.str("parse") == Some("full") {
            text::linked_pings(&kept, &mut pings);
        }
        for value in [&blocks, &attachments].into_iter().flatten() {
            text::pings_in(value, &mut pings);
        }
        let message = Message {
            text: kept.into(),
            blocks: blocks.map(Arc::new),
            attachments: attachments.map(Arc::new),
            metadata: metadata.map(Arc::new),
            ..Message::default()
        };
        Ok(Self { message, pings })
    }

    /// The message, not posted yet, and whom it notifies.
    pub fn finish(self) -> (Message, Vec<String>) {
        (self.message, self.pings)
    }
}

fn list(
    args: &Args,
    name: &str,
    invalid: &'static str,
    too_many: &'static str,
    most: usize,
) -> Result<Option<Value>, Refusal> {
    let value = args.json(name, invalid)?;
    match &value {
        Some(Value::Array(items)) if items.len() > most => Err(too_many.into()),
        Some(Value::Array(items)) if !items.iter().all(Value::is_object) => Err(invalid.into()),
        Some(Value::Array(_)) | None => Ok(value),
        Some(_) => Err(invalid.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(args: Value) -> Result<(Message, Vec<String>), String> {
        Draft::read(&Args::from_json(&args))
            .map(Draft::finish)
            .map_err(|refusal| refusal.error.into_owned())
    }

    #[test]
    fn a_message_needs_content_of_the_right_kind() {
        for (args, error) in [
            (json!({}), "no_text"),
            (json!({"text": "", "blocks": []}), "no_text"),
            (json!({"blocks": "["}), "invalid_blocks"),
            (json!({"blocks": {}}), "invalid_blocks"),
            (json!({"blocks": [1]}), "invalid_blocks"),
            (json!({"blocks": vec![json!({}); 51]}), "invalid_blocks"),
            (json!({"attachments": vec![json!({}); 101]}), "too_many_attachments"),
            (
                json!({"text": "x", "metadata": {"event_type": "x"}}),
                "invalid_metadata_format",
            ),
            (json!({"text": "x", "markdown_text": "x"}), "markdown_text_conflict"),
            (json!({"markdown_text": "x".repeat(12_001)}), "msg_too_long"),
        ] {
            assert_eq!(read(args.clone()).err().as_deref(), Some(error), "{args}");
        }
    }

    #[test]
    fn long_text_is_cut_at_whole_characters() {
        let (message, _) = read(json!({"text": "한".repeat(40_001)})).unwrap();
        assert_eq!(message.text.chars().count(), 40_000);
    }

    #[test]
    fn pings_of_all_parts_are_found() {
        let blocks = json!([{"type": "section", "text": {"type": "mrkdwn", "text": "<@U1>"}}]).to_string();
        let (_, pings) = read(json!({"text": "<!here> @channel", "blocks": blocks, "link_names": true})).unwrap();
        assert_eq!(pings, ["<!here>", "<!channel>", "<@U1>"]);
        let (_, pings) = read(json!({"text": "&lt;!here&gt; @channel"})).unwrap();
        assert_eq!(pings, [""; 0]);
    }
}
