//! Forms: the plugin's view → a view that leads back to its plugin and its place.
//!
//! A view says nothing of where it was opened, so its private data carries that, beside the plugin's own.

use super::ids::{self, Names};
use super::{Refused, native};
use crate::event::{MessageRef, Place};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Slack's limits: of a title and the words on the buttons in characters, of blocks, of the private data in characters.
const TITLE: usize = 24;
const BLOCKS: usize = 100;
const PRIVATE: usize = 3_000;

/// What a form keeps while it is open.
#[derive(Serialize, Deserialize)]
struct Private {
    place: Place,
    on: Option<MessageRef>,
    data: String,
}

/// The view as Slack is told it: `callback_id` and every `action_id` are `PLUGIN/ID`, blocks with a field have a
/// `block_id` (the field's id where the plugin gave none), and the private data holds where the form was opened as well.
///
/// # Errors
/// [`Refused`] for JSON that is no form, anything past Slack's limits, ids that cannot lead back, and texts that call
/// many people.
pub fn view(view: &str, plugin: &str, place: &Place, on: Option<&MessageRef>) -> Result<Value, Refused> {
    let mut view: Map<String, Value> = serde_json::from_str(view)
        .map_err(|e| refused(format!("the view is no JSON object ({e}); give a view of type modal")))?;
    if view.get("type").and_then(Value::as_str) != Some("modal") {
        return Err(refused("the view is not of type modal; no other can be opened".into()));
    }
    for (key, value) in &view {
        let fits = match key.as_str() {
            "type" | "callback_id" | "private_metadata" => value.is_string(),
            "title" | "submit" | "close" => value.is_object(),
            "blocks" => value.is_array(),
            "clear_on_close" | "notify_on_close" | "submit_disabled" => value.is_boolean(),
            _ => return Err(refused(format!("the view may not hold \"{key}\"; leave it out"))),
        };
        if !fits {
            return Err(refused(format!(
                "the view's \"{key}\" is of another type than Slack takes"
            )));
        }
    }
    words(&view)?;
    let data = match view.remove("private_metadata") {
        Some(Value::String(data)) => data,
        _ => String::new(),
    };
    let id = match view.get("callback_id").and_then(Value::as_str) {
        Some(id) if !id.is_empty() => ids::own("the view's callback_id", plugin, id)?,
        _ => {
            return Err(refused(
                "the view has no callback_id; give it one, under it the form comes back".into(),
            ));
        }
    };
    for value in view.values_mut() {
        native::check(value, true)?;
    }
    match view.get_mut("blocks").and_then(Value::as_array_mut) {
        Some(blocks) if blocks.len() > BLOCKS => {
            return Err(refused(format!(
                "the view has {} blocks; Slack takes {BLOCKS}",
                blocks.len()
            )));
        }
        Some(blocks) => Names::default().claim(blocks, plugin)?,
        None => return Err(refused("the view has no blocks; give it some".into())),
    }
    view.insert("callback_id".into(), id.into());
    view.insert("private_metadata".into(), private(place, on, data)?.into());
    Ok(view.into())
}

/// Where a form was opened, about which message, and the plugin's own private data: what [`view`] put into
/// `private_metadata`. `None` for that of a form which was opened otherwise.
pub fn opened(private_metadata: &str) -> Option<(Place, Option<MessageRef>, String)> {
    let Private { place, on, data } = serde_json::from_str(private_metadata).ok()?;
    Some((place, on, data))
}

fn private(place: &Place, on: Option<&MessageRef>, data: String) -> Result<String, Refused> {
    let wrapped = |data| {
        serde_json::to_string(&Private {
            place: place.clone(),
            on: on.cloned(),
            data,
        })
        .map_err(|e| refused(format!("the view's place cannot be kept ({e})")))
    };
    let all = wrapped(data)?;
    let length = all.chars().count();
    if length > PRIVATE {
        let room = PRIVATE.saturating_sub(wrapped(String::new())?.chars().count());
        return Err(refused(format!(
            "the view's private_metadata is too long: {room} characters are left for it here, with each quotation mark \
             and backslash counted twice. Keep what is longer in the brain"
        )));
    }
    Ok(all)
}

/// The title and the words on the buttons.
fn words(view: &Map<String, Value>) -> Result<(), Refused> {
    for key in ["title", "submit", "close"] {
        let Some(object) = view.get(key) else {
            match key {
                "title" => return Err(refused("the view has no title; give it one".into())),
                _ => continue,
            }
        };
        let text = object.get("text").and_then(Value::as_str).unwrap_or_default();
        let length = text.chars().count();
        if object.get("type").and_then(Value::as_str) != Some("plain_text") || text.trim().is_empty() {
            return Err(refused(format!(
                "the view's {key} is no text; give {{\"type\": \"plain_text\", \"text\": …}}"
            )));
        }
        if length > TITLE {
            return Err(refused(format!(
                "the view's {key} is {length} characters long; Slack takes {TITLE}"
            )));
        }
    }
    Ok(())
}

fn refused(explanation: String) -> Refused {
    Refused {
        code: "bad_view".into(),
        explanation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::PlaceKind;
    use serde_json::json;

    fn place() -> Place {
        Place {
            service: "slack".into(),
            conversation: "C1".into(),
            thread: Some("1.000100".into()),
            kind: PlaceKind::Channel,
        }
    }

    fn order() -> Value {
        json!({
            "type": "modal",
            "callback_id": "order",
            "title": {"type": "plain_text", "text": "주문"},
            "submit": {"type": "plain_text", "text": "보내기"},
            "private_metadata": "table \"7\" <!here>",
            "blocks": [
                {"type": "input", "label": {"type": "plain_text", "text": "What?"}, "element": {"type": "plain_text_input", "action_id": "dish"}},
                {"type": "section", "text": {"type": "mrkdwn", "text": "*@you*"}, "accessory": {"type": "button", "action_id": "help", "text": {"type": "plain_text", "text": "?"}}},
            ],
        })
    }

    fn made(view: &Value, on: Option<&MessageRef>) -> Result<Value, Refused> {
        super::view(&view.to_string(), "orders", &place(), on)
    }

    #[test]
    fn a_form_leads_back_to_its_plugin_and_its_place() {
        let on = MessageRef {
            place: place(),
            id: "1.000200".into(),
        };
        let view = made(&order(), Some(&on)).unwrap();
        assert_eq!(view["callback_id"], "orders/order");
        assert_eq!(view["blocks"][0]["element"]["action_id"], "orders/dish");
        assert_eq!(view["blocks"][0]["block_id"], "dish");
        assert_eq!(view["blocks"][1]["accessory"]["action_id"], "orders/help");
        assert_eq!(view["blocks"][1]["text"]["verbatim"], true);
        let kept = view["private_metadata"].as_str().unwrap();
        assert_eq!(
            opened(kept),
            Some((place(), Some(on), "table \"7\" <!here>".to_owned()))
        );
        let mut bare = order();
        bare.as_object_mut().unwrap().remove("private_metadata");
        let view = made(&bare, None).unwrap();
        assert_eq!(
            opened(view["private_metadata"].as_str().unwrap()),
            Some((place(), None, String::new()))
        );
        for foreign in ["", "table 7", "{}", "{\"data\": \"x\"}"] {
            assert_eq!(opened(foreign), None);
        }
    }

    #[test]
    fn what_slack_or_the_host_cannot_take_is_refused_with_a_reason() {
        let with = |key: &str, value: Value| {
            let mut view = order();
            view.as_object_mut().unwrap().insert(key.into(), value);
            view
        };
        let text = |text: &str| json!({"type": "plain_text", "text": text});
        let words = "<!channel>";
        for (view, word) in [
            (json!([]), "no JSON object"),
            (with("type", json!("home")), "modal"),
            (with("external_id", json!("x")), "leave it out"),
            (with("blocks", json!("[]")), "another type"),
            (
                with("blocks", json!(vec![json!({"type": "divider"}); 101])),
                "101 blocks",
            ),
            (with("title", text(&"가".repeat(25))), "25 characters"),
            (with("title", text("")), "no text"),
            (with("submit", json!({"type": "mrkdwn", "text": "x"})), "no text"),
            (with("callback_id", json!("")), "no callback_id"),
            (with("callback_id", json!("moa:x")), "host's own"),
            (with("callback_id", json!("x".repeat(250))), "at most 248"),
            (
                with("private_metadata", json!("\"".repeat(1_500))),
                "characters are left",
            ),
            (
                with(
                    "blocks",
                    json!([{"type": "section", "text": {"type": "mrkdwn", "text": words}}]),
                ),
                "many people",
            ),
        ] {
            let Refused { explanation, .. } = made(&view, None).unwrap_err();
            assert!(explanation.contains(word), "{explanation}");
        }
        let room = made(&with("private_metadata", json!("x".repeat(3_000))), None).unwrap_err();
        let room: usize = room.explanation.split(' ').find_map(|word| word.parse().ok()).unwrap();
        assert!(room > 2_800, "{room}");
        assert!(made(&with("private_metadata", json!("x".repeat(room))), None).is_ok());
        assert!(made(&with("private_metadata", json!("x".repeat(room + 1))), None).is_err());
    }
}
