//! Block Kit as the workspace needs it: what Slack adds to blocks, what it refuses, and what people choose in them.

mod check;
mod element;

pub(crate) use check::{Surface, check, text_length};
pub(crate) use element::{Held, action, held};

use serde_json::{Value, json};

/// What Slack adds to blocks that it takes: ids where there are none, and `emoji` of plain texts.
pub(crate) fn complete(blocks: &mut Value) {
    for block in blocks.as_array_mut().into_iter().flatten() {
        give_id(block, "block_id");
        emoji(block);
        for element in interactive_mut(block) {
            give_id(element, "action_id");
        }
    }
}

fn give_id(object: &mut Value, name: &str) {
    if let Some(members) = object.as_object_mut() {
        members.entry(name).or_insert_with(|| {
            json!(
                fastrand::choose_multiple(ALPHABET.chars(), 5)
                    .into_iter()
                    .collect::<String>()
            )
        });
    }
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Slack takes plain text for one with emoji unless told otherwise.
fn emoji(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("type").is_some_and(|t| t == "plain_text") && members.contains_key("text") {
                members.entry("emoji").or_insert(Value::Bool(true));
            }
            members.values_mut().for_each(emoji);
        }
        Value::Array(items) => items.iter_mut().for_each(emoji),
        _ => {}
    }
}

/// The elements of a block that people can do something with.
fn interactive_mut(block: &mut Value) -> Vec<&mut Value> {
    let kind = block.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let found = match kind.as_str() {
        "actions" => {
            return block
                .get_mut("elements")
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
                .collect();
        }
        "section" => block
            .get_mut("accessory")
            .filter(|a| a.get("type").is_some_and(|t| t != "image")),
        "input" => block.get_mut("element"),
        _ => None,
    };
    found.into_iter().collect()
}

/// Every interactive element of these blocks, with its block.
pub(crate) fn elements(blocks: Option<&Value>) -> impl Iterator<Item = (&Value, &Value)> {
    blocks
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .flat_map(|block| {
            let found: Vec<&Value> = match block.get("type").and_then(Value::as_str) {
                Some("actions") => block
                    .get("elements")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .collect(),
                Some("section") => block
                    .get("accessory")
                    .into_iter()
                    .filter(|a| a.get("type").is_some_and(|t| t != "image"))
                    .collect(),
                Some("input") => block.get("element").into_iter().collect(),
                _ => Vec::new(),
            };
            found.into_iter().map(move |element| (block, element))
        })
}

/// A string member; empty where there is none.
pub(crate) fn member<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_emoji_are_added_where_there_are_none() {
        let mut blocks = json!([
            {"type": "actions", "elements": [
                {"type": "button", "text": {"type": "plain_text", "text": "a"}, "action_id": "own"},
                {"type": "button", "text": {"type": "plain_text", "text": "b", "emoji": false}},
            ]},
            {"type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": "x"},
             "accessory": {"type": "image", "image_url": "https://x.example/x.png", "alt_text": "x"}},
        ]);
        complete(&mut blocks);
        assert_eq!(blocks[0]["block_id"].as_str().unwrap().len(), 5);
        assert_eq!(blocks[0]["elements"][0]["action_id"], "own");
        assert_eq!(blocks[0]["elements"][0]["text"]["emoji"], true);
        assert_eq!(blocks[0]["elements"][1]["text"]["emoji"], false);
        assert!(blocks[0]["elements"][1]["action_id"].is_string());
        assert_eq!(blocks[1]["block_id"], "s");
        assert!(
            blocks[1]["accessory"].get("action_id").is_none(),
            "a picture does nothing"
        );
        assert_eq!(elements(Some(&blocks)).count(), 2);
    }
}
