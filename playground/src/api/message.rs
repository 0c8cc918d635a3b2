//! What all methods that make a message have in common: its content, its limits, whom it notifies.

use crate::api::args::Args;
use crate::blocks::{Surface, check, complete, text_length};
use crate::conversation::Message;
use crate::text;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::sync::Arc;

/// Beyond this many characters Slack cuts a text off.
const TEXT_LIMIT: usize = 40_000;
const MARKDOWN_LIMIT: usize = 12_000;
/// Reported, not documented: about this many characters in all blocks of a message together.
const BLOCKS_LIMIT: usize = 13_200;
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

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let messages = self
            .more
            .as_ref()
            .and_then(|more| more.pointer("/response_metadata/messages"));
        match messages {
            Some(messages) => write!(f, "{}: {messages}", self.error),
            None => f.write_str(&self.error),
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
    /// `no_text`, `invalid_blocks_format`, `invalid_blocks`, `msg_blocks_too_long`, `invalid_attachments`, `too_many_attachments`, `invalid_metadata_format`,
    /// `markdown_text_conflict`, `msg_too_long`.
    pub fn read(args: &Args) -> Result<Self, Refusal> {
        let blocks = blocks(args)?;
        let attachments = attachments(args)?;
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
    pub fn finish(mut self) -> (Message, Vec<String>) {
        for list in [&mut self.message.blocks, &mut self.message.attachments] {
            // An empty list says to have none.
            *list = list
                .take()
                .filter(|list| list.as_array().is_none_or(|list| !list.is_empty()));
        }
        (self.message, self.pings)
    }
}

/// The blocks of a message, with all that Slack adds.
pub(crate) fn blocks(args: &Args) -> Result<Option<Value>, Refusal> {
    let Some(mut blocks) = args.json("blocks", "invalid_blocks_format")? else {
        return Ok(None);
    };
    if !blocks.is_array() {
        return Err("invalid_blocks_format".into());
    }
    wrong("invalid_blocks", check(&blocks, Surface::Message, "/blocks"))?;
    if text_length(&blocks) > BLOCKS_LIMIT {
        return Err("msg_blocks_too_long".into());
    }
    complete(&mut blocks);
    Ok(Some(blocks))
}

/// The attachments of a message, with all that Slack adds.
fn attachments(args: &Args) -> Result<Option<Value>, Refusal> {
    let Some(mut attachments) = args.json("attachments", "invalid_attachments")? else {
        return Ok(None);
    };
    let list = attachments.as_array_mut().ok_or("invalid_attachments")?;
    if list.len() > ATTACHMENTS {
        return Err("too_many_attachments".into());
    }
    for (n, attachment) in list.iter_mut().enumerate() {
        let members = attachment.as_object_mut().ok_or("invalid_attachments")?;
        members.entry("id").or_insert_with(|| (n + 1).into());
        if let Some(blocks) = members.get_mut("blocks") {
            wrong(
                "invalid_attachments",
                check(blocks, Surface::Message, &format!("/attachments/{n}/blocks")),
            )?;
            complete(blocks);
        }
    }
    Ok(Some(attachments))
}

/// Refuses with Slack's list of what is wrong, if anything is.
fn wrong(error: &'static str, problems: Vec<String>) -> Result<(), Refusal> {
    if problems.is_empty() {
        return Ok(());
    }
    let messages: Vec<String> = problems.iter().map(|problem| format!("[ERROR] {problem}")).collect();
    Err(Refusal {
        error: Cow::Borrowed(error),
        more: Some(json!({"errors": problems, "response_metadata": {"messages": messages}})),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (json!({"blocks": "["}), "invalid_blocks_format"),
            (json!({"blocks": {}}), "invalid_blocks_format"),
            (json!({"blocks": [1]}), "invalid_blocks"),
            (
                json!({"blocks": vec![json!({"type": "divider"}); 51]}),
                "invalid_blocks",
            ),
            (
                json!({"blocks": vec![json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(2700)}}); 5]}),
                "msg_blocks_too_long",
            ),
            (json!({"attachments": [{"blocks": [{}]}]}), "invalid_attachments"),
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
