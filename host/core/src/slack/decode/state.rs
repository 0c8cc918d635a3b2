//! What people typed into Slack's elements, and what they chose in them.
//!
//! What the plugin itself put there (the values of buttons and choices) comes back to it to the letter. What a person
//! typed is treated as the text of messages is, so that nobody can type a mention into a form.

use super::press::{own_id, text};
use super::text::portable;
use crate::text::{neutralise, normalise};
use serde_json::{Map, Value};

/// What an element holds, or an action on it brought: text, the value of the choice (several with commas between), an id,
/// `YYYY-MM-DD`, `HH:MM`, seconds since 1970. Empty where nothing is chosen.
pub fn value(element: &Value) -> String {
    let verbatim = |path: &str| text(element, path).to_owned();
    match text(element, "/type") {
        "button" => verbatim("/value"),
        "static_select" | "external_select" | "radio_buttons" | "overflow" => verbatim("/selected_option/value"),
        "multi_static_select" | "multi_external_select" | "checkboxes" => many(element, "/selected_options", "/value"),
        "users_select" => verbatim("/selected_user"),
        "conversations_select" => verbatim("/selected_conversation"),
        "channels_select" => verbatim("/selected_channel"),
        "multi_users_select" => many(element, "/selected_users", ""),
        "multi_conversations_select" => many(element, "/selected_conversations", ""),
        "multi_channels_select" => many(element, "/selected_channels", ""),
        "datepicker" => verbatim("/selected_date"),
        "timepicker" => verbatim("/selected_time"),
        "datetimepicker" => match element.get("selected_date_time").and_then(Value::as_i64) {
            Some(seconds) => seconds.to_string(),
            None => String::new(),
        },
        "file_input" => many(element, "/files", "/id"),
        "rich_text_input" => {
            let mut slack = String::new();
            if let Some(value) = element.get("rich_text_value") {
                rich_text(value, &mut slack);
            }
            portable(slack.trim_end_matches('\n')).0
        }
        // `plain_text_input`, `email_text_input`, `url_text_input`, `number_input`, and those of tomorrow.
        _ => neutralise(&normalise(text(element, "/value"))).into_owned(),
    }
}

fn many(element: &Value, list: &str, each: &str) -> String {
    let values: Vec<&str> = items(element, list).iter().map(|one| text(one, each)).collect();
    values.join(",")
}

/// The items of a list, none where there is no list.
pub fn items<'v>(value: &'v Value, path: &str) -> &'v [Value] {
    value.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Rich text as Slack's own plain form of it, where tokens cannot be confused with what was typed.
fn rich_text(value: &Value, out: &mut String) {
    match text(value, "/type") {
        "text" => escape(text(value, "/text"), out),
        "emoji" => out.extend([":", text(value, "/name"), ":"]),
        // Plain text, as whatever is typed into a form: a plugin that repeats it must call nobody.
        "user" => escape(&format!("@{}", text(value, "/user_id")), out),
        "channel" => escape(&format!("#{}", text(value, "/channel_id")), out),
        "link" => match text(value, "/text") {
            "" => escape(text(value, "/url"), out),
            label => {
                escape(label, out);
                out.push(' ');
                escape(text(value, "/url"), out);
            }
        },
        "broadcast" => escape(&format!("@{}", text(value, "/range")), out),
        kind => {
            items(value, "/elements").iter().for_each(|one| rich_text(one, out));
            let line = matches!(kind, "rich_text_section" | "rich_text_preformatted" | "rich_text_quote");
            if line && !out.ends_with('\n') {
                out.push('\n');
            }
        }
    }
}

fn escape(text: &str, out: &mut String) {
    out.push_str(&text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
}

/// An element by the names of its block and its own.
type Address<'a> = (&'a str, &'a str);

/// The other menus of a message, by their own ids. `pressed` is left out.
pub fn of_message(payload: &Value, pressed: Address<'_>) -> Vec<(String, String)> {
    let blocks = items(payload, "/message/blocks").iter();
    let attached = items(payload, "/message/attachments")
        .iter()
        .flat_map(|attachment| items(attachment, "/blocks"));
    let blocks: Vec<&Value> = blocks.chain(attached).collect();
    in_order(&blocks, values(payload))
        .into_iter()
        .filter(|((block, id), _)| (*block, *id) != pressed)
        .map(|((_, id), element)| (own_id(id).into(), value(element)))
        .collect()
}

/// The fields of a view, by the names of their blocks; several in one block by their own ids. `pressed` is left out.
pub fn of_view(view: &Value, pressed: Address<'_>) -> Vec<(String, String)> {
    let blocks: Vec<&Value> = items(view, "/blocks").iter().collect();
    let values = values(view);
    let alone = |block: &str| {
        let fields = values.and_then(|values| values.get(block)?.as_object());
        fields.is_some_and(|fields| fields.len() == 1)
    };
    in_order(&blocks, values)
        .into_iter()
        .filter(|((block, id), _)| (*block, *id) != pressed)
        .map(|((block, id), element)| {
            // A block's name is the plugin's own to the letter; only an element's carries the plugin's before it.
            let name = if alone(block) { block } else { own_id(id) };
            (name.into(), value(element))
        })
        .collect()
}

fn values(of: &Value) -> Option<&Map<String, Value>> {
    of.pointer("/state/values")?.as_object()
}

/// What is held, in the order in which the elements stand; what stands nowhere comes last.
fn in_order<'v>(blocks: &[&'v Value], values: Option<&'v Map<String, Value>>) -> Vec<(Address<'v>, &'v Value)> {
    let Some(values) = values else { return Vec::new() };
    let mut standing = Vec::new();
    for block in blocks {
        let mut ids = Vec::new();
        elements(block, &mut ids);
        standing.extend(ids.into_iter().map(|id| (text(block, "/block_id"), id)));
    }
    let place = |address: &Address<'_>| {
        let known = standing.iter().position(|one| one == address);
        known.unwrap_or(usize::MAX)
    };
    let held = values.iter().flat_map(|(block, elements)| {
        let elements = elements.as_object().into_iter().flatten();
        elements.map(move |(id, element)| ((block.as_str(), id.as_str()), element))
    });
    let mut held: Vec<_> = held.collect();
    held.sort_by_cached_key(|(address, _)| place(address));
    held
}

/// The ids of the elements of a block, in the order in which they stand.
pub fn elements<'v>(value: &'v Value, ids: &mut Vec<&'v str>) {
    match value {
        Value::Array(list) => list.iter().for_each(|one| elements(one, ids)),
        Value::Object(object) => {
            ids.extend(object.get("action_id").and_then(Value::as_str));
            object.values().for_each(|one| elements(one, ids));
        }
        _ => {}
    }
}
