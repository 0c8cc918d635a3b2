//! What people choose in elements, and how Slack tells it: `state.values` and `actions`.
//!
//! A choice is raw: an option's value, an id, a date, a text, or a list of these where several can be chosen.

use super::member;
use crate::ts::Ts;
use serde_json::{Map, Value, json};

/// What an element holds.
pub(crate) enum Held {
    /// nothing that Slack would tell, such as a button
    Nothing,
    /// the members beside `type`
    Members(Map<String, Value>),
}

/// What an element holds when `chosen` was chosen in it, or what it holds from the start.
///
/// # Errors
/// Why it can't hold that, for whoever chose.
pub(crate) fn held(element: &Value, chosen: Option<&Value>) -> Result<Held, String> {
    let kind = member(element, "type");
    let (several, what) = match kind.strip_prefix("multi_") {
        Some(what) => (true, what),
        None => (kind == "checkboxes", kind),
    };
    let (name, initial) = match (what, several) {
        ("static_select" | "external_select" | "checkboxes", true) => ("selected_options", "initial_options"),
        ("static_select" | "external_select" | "radio_buttons", false) => ("selected_option", "initial_option"),
        ("users_select", true) => ("selected_users", "initial_users"),
        ("users_select", false) => ("selected_user", "initial_user"),
        ("conversations_select", true) => ("selected_conversations", "initial_conversations"),
        ("conversations_select", false) => ("selected_conversation", "initial_conversation"),
        ("channels_select", true) => ("selected_channels", "initial_channels"),
        ("channels_select", false) => ("selected_channel", "initial_channel"),
        ("datepicker", _) => ("selected_date", "initial_date"),
        ("timepicker", _) => ("selected_time", "initial_time"),
        ("datetimepicker", _) => ("selected_date_time", "initial_date_time"),
        ("plain_text_input" | "email_text_input" | "url_text_input" | "number_input", _) => ("value", "initial_value"),
        ("rich_text_input", _) => ("rich_text_value", "initial_value"),
        // Options of an overflow menu are like buttons: nothing stays chosen.
        ("overflow", _) => match chosen {
            Some(value) => {
                return Ok(Held::Members(Map::from_iter([(
                    "selected_option".to_owned(),
                    option(element, value)?,
                )])));
            }
            None => return Ok(Held::Nothing),
        },
        _ => return Ok(Held::Nothing),
    };
    let none = if several { json!([]) } else { Value::Null };
    let value = match chosen {
        None => element.get(initial).cloned().unwrap_or(none),
        Some(Value::Null) => none,
        Some(Value::String(text)) if text.is_empty() => none,
        Some(Value::Array(list)) if several => {
            let each = |one| {
                if name == "selected_options" {
                    option(element, one)
                } else {
                    Ok(one.clone())
                }
            };
            list.iter().map(each).collect::<Result<Value, _>>()?
        }
        Some(other) if several => return Err(format!("{kind} takes a list, not {other}")),
        Some(one) if name == "selected_option" => option(element, one)?,
        Some(Value::String(text)) if name == "rich_text_value" => rich(text),
        Some(Value::String(text)) if name == "selected_date_time" => {
            json!(text.parse::<i64>().map_err(|_| "seconds since 1970")?)
        }
        Some(one @ (Value::String(_) | Value::Number(_))) => one.clone(),
        Some(other) => return Err(format!("{kind} can't hold {other}")),
    };
    Ok(Held::Members(Map::from_iter([(name.to_owned(), value)])))
}

/// The option of an element that has this value.
fn option(element: &Value, value: &Value) -> Result<Value, String> {
    let groups = element
        .get("option_groups")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let lists = groups
        .chain([element])
        .filter_map(|holder| holder.get("options")?.as_array());
    let found = lists.flatten().find(|option| option.get("value") == Some(value));
    found.cloned().ok_or_else(|| format!("there is no option {value}"))
}

fn rich(text: &str) -> Value {
    let line = json!({"type": "rich_text_section", "elements": [{"type": "text", "text": text}]});
    json!({"type": "rich_text", "elements": [line]})
}

/// The entry of `actions` for what was just done with an element.
pub(crate) fn action(block_id: &str, element: &Value, members: Held, at: Ts) -> Value {
    let mut made = json!({"type": element.get("type"), "action_id": element.get("action_id"), "block_id": block_id});
    if let Some(object) = made.as_object_mut() {
        for name in ["text", "value", "style", "url", "placeholder", "initial_option"] {
            object.extend(element.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        if let Held::Members(members) = members {
            object.extend(members);
        }
        object.insert("action_ts".to_owned(), json!(at));
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(element: Value, chosen: Value) -> Result<Value, String> {
        let chosen = (chosen != json!("-")).then_some(chosen);
        held(&element, chosen.as_ref()).map(|held| match held {
            Held::Nothing => Value::Null,
            Held::Members(members) => Value::Object(members),
        })
    }

    #[test]
    fn every_element_tells_what_was_chosen() {
        let option = |value: &str| json!({"text": {"type": "plain_text", "text": value}, "value": value});
        let options = json!([option("a"), option("b")]);
        for (element, chosen, expected) in [
            (json!({"type": "button"}), json!("-"), json!(null)),
            (
                json!({"type": "static_select", "options": options}),
                json!("b"),
                json!({"selected_option": option("b")}),
            ),
            (
                json!({"type": "static_select", "options": options}),
                json!("-"),
                json!({"selected_option": null}),
            ),
            (
                json!({"type": "static_select", "option_groups": [{"options": options}], "initial_option": option("a")}),
                json!("-"),
                json!({"selected_option": option("a")}),
            ),
            (
                json!({"type": "checkboxes", "options": options}),
                json!(["a"]),
                json!({"selected_options": [option("a")]}),
            ),
            (
                json!({"type": "checkboxes", "options": options}),
                json!("-"),
                json!({"selected_options": []}),
            ),
            (
                json!({"type": "overflow", "options": options}),
                json!("a"),
                json!({"selected_option": option("a")}),
            ),
            (
                json!({"type": "multi_users_select"}),
                json!(["U1"]),
                json!({"selected_users": ["U1"]}),
            ),
            (
                json!({"type": "conversations_select"}),
                json!("C1"),
                json!({"selected_conversation": "C1"}),
            ),
            (
                json!({"type": "datepicker", "initial_date": "2026-01-02"}),
                json!("-"),
                json!({"selected_date": "2026-01-02"}),
            ),
            (
                json!({"type": "timepicker"}),
                json!("10:30"),
                json!({"selected_time": "10:30"}),
            ),
            (
                json!({"type": "datetimepicker"}),
                json!("1700000000"),
                json!({"selected_date_time": 1_700_000_000}),
            ),
            (json!({"type": "plain_text_input"}), json!(""), json!({"value": null})),
            (
                json!({"type": "plain_text_input", "initial_value": "x"}),
                json!("y"),
                json!({"value": "y"}),
            ),
        ] {
            assert_eq!(members(element.clone(), chosen), Ok(expected), "{element}");
        }
        assert!(members(json!({"type": "static_select", "options": options}), json!("c")).is_err());
        assert!(members(json!({"type": "checkboxes", "options": options}), json!("a")).is_err());
    }
}
