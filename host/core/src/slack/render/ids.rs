//! Whose button is it: every interactive element that leaves carries the name of its plugin, `PLUGIN/ID`.
//!
//! Slack wants an `action_id` to be the only one of its name in its block, and a `block_id` in the whole message or view.
//! A block that holds a field and has no name gets the field's, because that is the name under which its value comes
//! back.

use super::Refused;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The longest `action_id`, `block_id` and `callback_id`, in characters.
const LONGEST: usize = 255;
/// What the ids of the host's own elements begin with.
pub const RESERVED: &str = "moa:";

/// The id as Slack is told it.
///
/// # Errors
/// [`Refused`] for an id that is too long for Slack together with the plugin's name.
pub fn owned(what: &str, plugin: &str, id: &str) -> Result<String, Refused> {
    let owned = format!("{plugin}/{id}");
    let length = owned.chars().count();
    if length > LONGEST {
        let own = LONGEST.saturating_sub(length - id.chars().count());
        return Err(refused(format!(
            "{what} is {} characters long; at most {own} go beside the plugin's name. Keep what is longer in the brain",
            id.chars().count()
        )));
    }
    Ok(owned)
}

/// The same for an id in JSON that the plugin wrote, where none may look like the host's.
pub fn own(what: &str, plugin: &str, id: &str) -> Result<String, Refused> {
    if id.starts_with(RESERVED) {
        return Err(refused(format!(
            "{what} \"{id}\" begins with \"{RESERVED}\", which is the host's own; give it another"
        )));
    }
    owned(what, plugin, id)
}

/// The names that are taken in one message or view.
#[derive(Default)]
pub struct Names {
    blocks: HashSet<String>,
    filled: usize,
}

impl Names {
    /// Makes the elements of these blocks the plugin's, and fills in the ids that are missing.
    ///
    /// # Errors
    /// [`Refused`] for ids that are too long, reserved or there twice, and for menus whose choices come from elsewhere.
    pub fn claim(&mut self, blocks: &mut [Value], plugin: &str) -> Result<(), Refused> {
        for id in blocks.iter().filter_map(block_id) {
            if id.chars().count() > LONGEST {
                return Err(refused(format!(
                    "a block_id is longer than the {LONGEST} characters that Slack takes; shorten it"
                )));
            }
            if !self.blocks.insert(id.into()) {
                return Err(refused(format!(
                    "two blocks have the block_id \"{id}\"; give each its own"
                )));
            }
        }
        for block in blocks {
            let name = block_id(block).map(str::to_owned);
            let mut found = Elements {
                plugin,
                name: name.as_deref(),
                ids: HashSet::new(),
                field: None,
                filled: &mut self.filled,
            };
            found.walk(block)?;
            let field = found.field;
            if let (None, Some(field), Value::Object(block)) = (name, field, block) {
                block.insert("block_id".into(), self.free(field).into());
            }
        }
        Ok(())
    }

    /// This name, or where it is taken the same with a number behind.
    fn free(&mut self, name: String) -> String {
        let mut free = name.clone();
        let mut number = 1_usize;
        while !self.blocks.insert(free.clone()) {
            number += 1;
            // A name may be as long as it can be.
            let kept: String = name.chars().take(LONGEST - 21).collect();
            free = format!("{kept}-{number}");
        }
        free
    }
}

fn block_id(block: &Value) -> Option<&str> {
    block.get("block_id")?.as_str().filter(|id| !id.is_empty())
}

/// The interactive elements of one block.
struct Elements<'a> {
    plugin: &'a str,
    /// The block's own name, where it has one.
    name: Option<&'a str>,
    ids: HashSet<String>,
    /// The id of the first element that keeps what is typed or chosen.
    field: Option<String>,
    filled: &'a mut usize,
}

impl Elements<'_> {
    fn walk(&mut self, value: &mut Value) -> Result<(), Refused> {
        match value {
            Value::Array(list) => list.iter_mut().try_for_each(|value| self.walk(value)),
            Value::Object(object) => {
                self.element(object)?;
                object.values_mut().try_for_each(|value| self.walk(value))
            }
            _ => Ok(()),
        }
    }

    fn element(&mut self, object: &mut Map<String, Value>) -> Result<(), Refused> {
        let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
        if kind.ends_with("external_select") {
            return Err(refused(format!(
                "a {kind} asks for its choices while somebody types, which is not served here; use static_select"
            )));
        }
        let keeps = keeps_value(kind);
        let id = match object.get("action_id") {
            Some(Value::String(id)) if !id.is_empty() => id.clone(),
            Some(Value::String(_)) | None => match keeps || presses(kind) {
                true => self.fill(kind),
                false => return Ok(()),
            },
            Some(_) => return Err(refused("an action_id is no text; give it one".into())),
        };
        let owned = own("an action_id", self.plugin, &id)?;
        if !self.ids.insert(id.clone()) {
            return Err(refused(format!(
                "two elements of one block have the action_id \"{id}\"; give each its own"
            )));
        }
        object.insert("action_id".into(), owned.into());
        if keeps && self.field.is_none() {
            self.field = Some(id);
        }
        Ok(())
    }

    /// The block's name for its first element without one, else the kind and a number.
    fn fill(&mut self, kind: &str) -> String {
        // A block's name may be as long as Slack takes, which leaves no room for the plugin's.
        let name = self
            .name
            .filter(|name| !self.ids.contains(*name) && !name.starts_with(RESERVED) && name.len() <= 128);
        if let Some(name) = name {
            return name.to_owned();
        }
        loop {
            *self.filled += 1;
            let id = format!("{kind}-{}", self.filled);
            if !self.ids.contains(&id) {
                return id;
            }
        }
    }
}

/// Elements that keep a value, which comes along with every press and with a form.
fn keeps_value(kind: &str) -> bool {
    kind.ends_with("_select")
        || kind.ends_with("_input")
        || matches!(
            kind,
            "checkboxes" | "radio_buttons" | "datepicker" | "timepicker" | "datetimepicker"
        )
}

/// Elements that are only pressed.
fn presses(kind: &str) -> bool {
    matches!(
        kind,
        "button" | "overflow" | "workflow_button" | "icon_button" | "feedback_buttons"
    )
}

fn refused(explanation: String) -> Refused {
    Refused {
        code: "bad_action".into(),
        explanation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claimed(mut blocks: Value) -> Result<Value, Refused> {
        Names::default()
            .claim(blocks.as_array_mut().unwrap(), "orders")
            .map(|()| blocks)
    }

    #[test]
    fn every_element_names_its_plugin_wherever_it_stands() {
        let blocks = claimed(json!([
            {"type": "section", "text": {"type": "mrkdwn", "text": "x"}, "accessory": {"type": "overflow", "action_id": "more"}},
            {"type": "actions", "elements": [{"type": "button", "action_id": "yes"}, {"type": "datepicker", "action_id": "day"}]},
            {"type": "input", "block_id": "why", "element": {"type": "plain_text_input", "action_id": "text"}},
            {"type": "carousel", "elements": [{"type": "card", "actions": [{"type": "some_new_thing", "action_id": "deep"}]}]},
        ]))
        .unwrap();
        assert_eq!(blocks[0]["accessory"]["action_id"], "orders/more");
        assert_eq!(blocks[1]["elements"][0]["action_id"], "orders/yes");
        assert_eq!(blocks[1]["elements"][1]["action_id"], "orders/day");
        assert_eq!(blocks[1]["block_id"], "day", "the name of the field, not of the button");
        assert_eq!(blocks[2]["element"]["action_id"], "orders/text");
        assert_eq!(blocks[2]["block_id"], "why");
        assert_eq!(blocks[3]["elements"][0]["actions"][0]["action_id"], "orders/deep");
        assert!(blocks[0].get("block_id").is_none(), "no field");
    }

    #[test]
    fn missing_names_are_filled_in() {
        let field = json!({"type": "plain_text_input"});
        let blocks = claimed(json!([
            {"type": "input", "block_id": "named", "element": field},
            {"type": "input", "element": field},
            {"type": "input", "element": {"type": "number_input", "action_id": "twice"}},
            {"type": "input", "element": {"type": "number_input", "action_id": "twice"}},
            {"type": "input", "element": {"type": "number_input", "action_id": "named"}},
            {"type": "actions", "block_id": "row", "elements": [{"type": "button"}, {"type": "button", "action_id": ""}]},
            {"type": "section", "text": {"type": "plain_text", "text": "x"}},
        ]))
        .unwrap();
        assert_eq!(blocks[0]["element"]["action_id"], "orders/named");
        assert_eq!(blocks[1]["element"]["action_id"], "orders/plain_text_input-1");
        assert_eq!(blocks[1]["block_id"], "plain_text_input-1");
        assert_eq!(
            (&blocks[2]["block_id"], &blocks[3]["block_id"]),
            (&json!("twice"), &json!("twice-2"))
        );
        assert_eq!(blocks[4]["block_id"], "named-2");
        assert_eq!(blocks[5]["elements"][0]["action_id"], "orders/row");
        assert_eq!(blocks[5]["elements"][1]["action_id"], "orders/button-2");
        assert!(blocks[6].get("block_id").is_none());
    }

    #[test]
    fn what_cannot_lead_back_is_refused() {
        let button = |id: &str| json!({"type": "actions", "elements": [{"type": "button", "action_id": id}]});
        assert!(claimed(json!([button(&"i".repeat(255 - 7))])).is_ok());
        for (blocks, word) in [
            (json!([button(&"i".repeat(255 - 6))]), "at most 248"),
            (json!([button("moa:ask:1:x")]), "host's own"),
            (json!([{"elements": [{"type": "button", "action_id": 7}]}]), "no text"),
            (
                json!([{"elements": [{"type": "button", "action_id": "a"}, {"type": "button", "action_id": "a"}]}]),
                "two elements",
            ),
            (json!([{"block_id": "a"}, {"block_id": "a"}]), "two blocks"),
            (json!([{"block_id": "b".repeat(256)}]), "shorten"),
            (
                json!([{"accessory": {"type": "multi_external_select"}}]),
                "static_select",
            ),
        ] {
            let Refused { explanation, .. } = claimed(blocks.clone()).unwrap_err();
            assert!(explanation.contains(word), "{blocks}: {explanation}");
        }
        assert!(
            claimed(json!([button("a"), button("a")])).is_ok(),
            "in blocks of their own"
        );
    }
}
