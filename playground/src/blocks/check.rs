//! What Slack refuses of blocks, in its words: each problem ends with a JSON pointer to where it is.
//!
//! The limits are those that Slack documents; the words are those of its answers where they are known.

use super::{elements, member};
use serde_json::Value;
use std::collections::HashSet;

/// Where blocks shall be shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surface {
    /// at most 50 blocks
    Message,
    /// at most 100 blocks
    Modal,
}

/// Elements that stand in an `input` block only.
const TYPED: [&str; 6] = [
    "plain_text_input",
    "number_input",
    "email_text_input",
    "url_text_input",
    "rich_text_input",
    "file_input",
];
const CHOSEN: [&str; 16] = [
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
    "multi_static_select",
    "multi_external_select",
    "multi_users_select",
    "multi_conversations_select",
    "multi_channels_select",
    "datepicker",
    "timepicker",
    "datetimepicker",
    "checkboxes",
    "radio_buttons",
    "workflow_button",
];

struct Checker {
    problems: Vec<String>,
}

/// All problems of these blocks, which stand at the JSON pointer `at`; none is good.
pub(crate) fn check(blocks: &Value, surface: Surface, at: &str) -> Vec<String> {
    let mut checker = Checker { problems: Vec::new() };
    let Some(list) = blocks.as_array() else {
        return vec![format!("must provide an array [json-pointer:{at}]")];
    };
    checker.count(list, 0, if surface == Surface::Message { 50 } else { 100 }, at);
    let mut ids = HashSet::new();
    for (n, block) in list.iter().enumerate() {
        let at = format!("{at}/{n}");
        let id = member(block, "block_id");
        if !id.is_empty() && !ids.insert(id) {
            checker.add(format!("`block_id` \"{id}\" already exists"), &at);
        }
        checker.block(block, surface, &at);
    }
    for block in list {
        let mut ids = HashSet::new();
        let one = Value::Array(vec![block.clone()]);
        for (_, element) in elements(Some(&one)) {
            let id = member(element, "action_id");
            if !id.is_empty() && !ids.insert(id.to_owned()) {
                let block = member(block, "block_id");
                checker.add(
                    format!("`action_id` \"{id}\" already exists for block_id \"{block}\""),
                    at,
                );
            }
        }
    }
    checker.problems
}

/// How many characters the texts of these blocks have together.
pub(crate) fn text_length(value: &Value) -> usize {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| match value {
                Value::String(text) if name == "text" => text.chars().count(),
                other => text_length(other),
            })
            .sum(),
        Value::Array(items) => items.iter().map(text_length).sum(),
        _ => 0,
    }
}

impl Checker {
    fn add(&mut self, problem: impl std::fmt::Display, at: &str) {
        self.problems.push(format!("{problem} [json-pointer:{at}]"));
    }

    fn count(&mut self, list: &[Value], least: usize, most: usize, at: &str) {
        if list.len() < least {
            self.add(format_args!("no fewer than {least} items allowed"), at);
        }
        if list.len() > most {
            self.add(format_args!("no more than {most} items allowed"), at);
        }
    }

    /// A string member of at most `most` characters.
    fn string(&mut self, object: &Value, name: &str, least: usize, most: usize, required: bool, at: &str) {
        match object.get(name) {
            None | Some(Value::Null) if required => self.add(format_args!("missing required field: {name}"), at),
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => {
                let (count, at) = (text.chars().count(), format!("{at}/{name}"));
                if count < least {
                    self.add(format_args!("must be more than {} characters", least - 1), &at);
                }
                if count > most {
                    self.add(format_args!("must be less than {} characters", most + 1), &at);
                }
            }
            Some(_) => self.add("must provide a string", &format!("{at}/{name}")),
        }
    }

    /// A text object of at most `most` characters.
    fn text(&mut self, object: &Value, name: &str, plain: bool, most: usize, required: bool, at: &str) {
        match object.get(name) {
            None | Some(Value::Null) if required => self.add(format_args!("missing required field: {name}"), at),
            None | Some(Value::Null) => {}
            Some(text) => self.text_itself(text, plain, most, &format!("{at}/{name}")),
        }
    }

    fn text_itself(&mut self, text: &Value, plain: bool, most: usize, at: &str) {
        match member(text, "type") {
            _ if !text.is_object() => return self.add("must provide an object", at),
            "plain_text" => {}
            "mrkdwn" if !plain => {
                if text.get("emoji").is_some() {
                    self.add("invalid additional property: emoji", at);
                }
            }
            "" => return self.add("missing required field: type", at),
            other => return self.add(format_args!("unsupported type: {other}"), at),
        }
        self.string(text, "text", 1, most, true, at);
    }

    fn block(&mut self, block: &Value, surface: Surface, at: &str) {
        if !block.is_object() {
            return self.add("must provide an object", at);
        }
        self.string(block, "block_id", 0, 255, false, at);
        match member(block, "type") {
            "" => self.add("missing required field: type", at),
            "section" => self.section(block, at),
            "header" => self.text(block, "text", true, 150, true, at),
            "context" => self.context(block, at),
            "image" => self.image(block, at),
            "actions" => match block.get("elements").and_then(Value::as_array) {
                Some(list) => {
                    let below = format!("{at}/elements");
                    self.count(list, 1, 25, &below);
                    for (n, one) in list.iter().enumerate() {
                        self.element(one, &["button", "overflow"], &format!("{below}/{n}"));
                    }
                }
                None => self.add("missing required field: elements", at),
            },
            "input" => {
                self.text(block, "label", true, 2000, true, at);
                self.text(block, "hint", true, 2000, false, at);
                match block.get("element") {
                    Some(element) => self.element(element, &TYPED, &format!("{at}/element")),
                    None => self.add("missing required field: element", at),
                }
            }
            "markdown" if surface == Surface::Message => self.string(block, "text", 1, 12_000, true, at),
            "rich_text" if !block.get("elements").is_some_and(Value::is_array) => {
                self.add("missing required field: elements", at);
            }
            "divider" | "rich_text" | "video" | "file" | "table" | "call" => {}
            other => self.add(format_args!("unsupported type: {other}"), &format!("{at}/type")),
        }
    }

    fn section(&mut self, block: &Value, at: &str) {
        let fields = block.get("fields").and_then(Value::as_array);
        if block.get("text").is_none() && fields.is_none() {
            self.add("must define either `text` or `fields`", at);
        }
        self.text(block, "text", false, 3000, false, at);
        if let Some(fields) = fields {
            let below = format!("{at}/fields");
            self.count(fields, 1, 10, &below);
            for (n, field) in fields.iter().enumerate() {
                self.text_itself(field, false, 2000, &format!("{below}/{n}"));
            }
        }
        match block.get("accessory") {
            Some(image) if member(image, "type") == "image" => self.image(image, &format!("{at}/accessory")),
            Some(accessory) => self.element(accessory, &["button", "overflow"], &format!("{at}/accessory")),
            None => {}
        }
    }

    fn context(&mut self, block: &Value, at: &str) {
        let Some(list) = block.get("elements").and_then(Value::as_array) else {
            return self.add("missing required field: elements", at);
        };
        let below = format!("{at}/elements");
        self.count(list, 1, 10, &below);
        for (n, one) in list.iter().enumerate() {
            let at = format!("{below}/{n}");
            match member(one, "type") {
                "image" => self.image(one, &at),
                _ => self.text_itself(one, false, 2000, &at),
            }
        }
    }

    fn image(&mut self, block: &Value, at: &str) {
        if block.get("slack_file").is_none() {
            self.string(block, "image_url", 1, 3000, true, at);
        }
        self.string(block, "alt_text", 1, 2000, true, at);
        self.text(block, "title", true, 2000, false, at);
    }

    /// An interactive element: any that is chosen from, and those of `more`.
    fn element(&mut self, element: &Value, more: &[&str], at: &str) {
        let kind = member(element, "type");
        if kind.is_empty() {
            return self.add("missing required field: type", at);
        }
        if !more.contains(&kind) && !CHOSEN.contains(&kind) {
            return self.add(format_args!("unsupported type: {kind}"), &format!("{at}/type"));
        }
        self.string(element, "action_id", 0, 255, false, at);
        self.text(element, "placeholder", true, 150, false, at);
        if let Some(confirm) = element.get("confirm") {
            let at = format!("{at}/confirm");
            self.text(confirm, "title", true, 100, true, &at);
            self.text(confirm, "text", false, 300, true, &at);
            self.text(confirm, "confirm", true, 30, true, &at);
            self.text(confirm, "deny", true, 30, true, &at);
        }
        match kind {
            "button" => {
                self.text(element, "text", true, 75, true, at);
                self.string(element, "value", 0, 2000, false, at);
                self.string(element, "url", 0, 3000, false, at);
                let style = member(element, "style");
                if !["", "primary", "danger"].contains(&style) {
                    self.add("must be one of: primary, danger", &format!("{at}/style"));
                }
            }
            "overflow" => self.options(element, 5, true, at),
            "checkboxes" | "radio_buttons" => self.options(element, 10, true, at),
            "static_select" | "multi_static_select" => match element.get("option_groups").and_then(Value::as_array) {
                Some(groups) => {
                    let below = format!("{at}/option_groups");
                    self.count(groups, 1, 100, &below);
                    for (n, group) in groups.iter().enumerate() {
                        let at = format!("{below}/{n}");
                        self.text(group, "label", true, 75, true, &at);
                        self.options(group, 100, true, &at);
                    }
                }
                None => self.options(element, 100, true, at),
            },
            "datepicker" => self.form(element, "initial_date", "0000-00-00", at),
            "timepicker" => self.form(element, "initial_time", "00:00", at),
            "plain_text_input" => self.string(element, "initial_value", 0, 3000, false, at),
            "number_input" if !element.get("is_decimal_allowed").is_some_and(Value::is_boolean) => {
                self.add("missing required field: is_decimal_allowed", at);
            }
            _ => {}
        }
    }

    fn options(&mut self, holder: &Value, most: usize, required: bool, at: &str) {
        let Some(options) = holder.get("options").and_then(Value::as_array) else {
            if required {
                self.add("missing required field: options", at);
            }
            return;
        };
        let below = format!("{at}/options");
        self.count(options, 1, most, &below);
        for (n, option) in options.iter().enumerate() {
            let at = format!("{below}/{n}");
            self.text(option, "text", false, 75, true, &at);
            self.string(option, "value", 1, 150, true, &at);
            self.text(option, "description", false, 75, false, &at);
        }
    }

    /// A string of the form of `pattern`, where 0 stands for a digit.
    fn form(&mut self, element: &Value, name: &str, pattern: &str, at: &str) {
        let Some(text) = element.get(name).and_then(Value::as_str) else {
            return;
        };
        let fits = text.len() == pattern.len()
            && text
                .bytes()
                .zip(pattern.bytes())
                .all(|(c, p)| if p == b'0' { c.is_ascii_digit() } else { c == p });
        if !fits {
            self.add(
                format_args!("invalid format, expected {}", pattern.replace('0', "#")),
                &format!("{at}/{name}"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problems(block: Value) -> Vec<String> {
        check(&json!([block]), Surface::Message, "/blocks")
    }

    fn button(text: &str) -> Value {
        json!({"type": "button", "text": {"type": "plain_text", "text": text}, "action_id": "a"})
    }

    #[test]
    fn what_slack_documents_is_held_to() {
        let plain = |n: usize| json!({"type": "plain_text", "text": "x".repeat(n)});
        let option = json!({"text": plain(1), "value": "v"});
        for (block, problem) in [
            (json!({}), "missing required field: type [json-pointer:/blocks/0]"),
            (
                json!({"type": "x"}),
                "unsupported type: x [json-pointer:/blocks/0/type]",
            ),
            (
                json!({"type": "section"}),
                "must define either `text` or `fields` [json-pointer:/blocks/0]",
            ),
            (
                json!({"type": "section", "text": {"type": "mrkdwn", "text": ""}}),
                "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
            ),
            (
                json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(3001)}}),
                "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
            ),
            (
                json!({"type": "section", "fields": vec![plain(1); 11]}),
                "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
            ),
            (
                json!({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}),
                "unsupported type: mrkdwn [json-pointer:/blocks/0/text]",
            ),
            (
                json!({"type": "header", "text": plain(151)}),
                "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
            ),
            (
                json!({"type": "actions", "elements": [button(&"x".repeat(76))]}),
                "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
            ),
            (
                json!({"type": "actions", "elements": [{"type": "plain_text_input", "action_id": "a"}]}),
                "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
            ),
            (
                json!({"type": "section", "text": plain(1), "accessory": {"type": "overflow", "options": vec![option.clone(); 6]}}),
                "no more than 5 items allowed [json-pointer:/blocks/0/accessory/options]",
            ),
            (
                json!({"type": "actions", "elements": [{"type": "static_select", "options": vec![option.clone(); 101]}]}),
                "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
            ),
            (
                json!({"type": "actions", "elements": [{"type": "datepicker", "initial_date": "1.2.2026"}]}),
                "invalid format, expected ####-##-## [json-pointer:/blocks/0/elements/0/initial_date]",
            ),
            (
                json!({"type": "input", "label": plain(1), "element": button("x")}),
                "unsupported type: button [json-pointer:/blocks/0/element/type]",
            ),
            (
                json!({"type": "section", "text": {"type": "mrkdwn", "text": "x", "emoji": true}}),
                "invalid additional property: emoji [json-pointer:/blocks/0/text]",
            ),
            (
                json!({"type": "actions", "block_id": "b", "elements": [button("x"), button("y")]}),
                "`action_id` \"a\" already exists for block_id \"b\" [json-pointer:/blocks]",
            ),
        ] {
            assert_eq!(problems(block.clone()), [problem], "{block}");
        }
    }

    #[test]
    fn how_many_blocks_depends_on_where() {
        let divider = json!({"type": "divider"});
        let many = |n: usize| json!(vec![divider.clone(); n]);
        assert_eq!(check(&many(50), Surface::Message, "/blocks"), [""; 0]);
        assert_eq!(
            check(&many(51), Surface::Message, "/blocks"),
            ["no more than 50 items allowed [json-pointer:/blocks]"]
        );
        assert_eq!(check(&many(100), Surface::Modal, "/view/blocks"), [""; 0]);
        assert_eq!(
            check(&many(101), Surface::Modal, "/view/blocks"),
            ["no more than 100 items allowed [json-pointer:/view/blocks]"]
        );
        let twice = json!([{"type": "divider", "block_id": "b"}, {"type": "divider", "block_id": "b"}]);
        assert_eq!(
            check(&twice, Surface::Message, "/blocks"),
            ["`block_id` \"b\" already exists [json-pointer:/blocks/1]"]
        );
    }
}
