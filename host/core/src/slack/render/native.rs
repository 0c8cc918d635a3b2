//! The service's own JSON, written by a plugin: merged into a message after it was checked.
//!
//! | key | what it may be |
//! |---|---|
//! | `text`, `markdown_text` | text; `markdown_text` stands alone |
//! | `blocks`, `attachments` | arrays (a string holding JSON would pass unread) |
//! | `mrkdwn`, `unfurl_links`, `unfurl_media` | true or false |
//!
//! Everything else is refused, above all what decides where the message goes and who it is from. At any depth nothing
//! may call everybody or a group: no `<!…>` but dates, no `broadcast` or `usergroup` element, no `link_names`, no
//! `parse`. Buttons and their like become the plugin's, as in [`super::ids`].

use super::Refused;
use super::ids::Names;
use serde_json::{Map, Value};

/// Puts a plugin's native arguments over the rendered ones.
pub fn merge(native: &str, plugin: &str, arguments: &mut Map<String, Value>) -> Result<(), Refused> {
    let mut names = Names::default();
    let native: Map<String, Value> = serde_json::from_str(native).map_err(|e| {
        refused(format!(
            "the native JSON is no JSON object ({e}); give message arguments as an object"
        ))
    })?;
    for (key, mut value) in native {
        let fits = match key.as_str() {
            "text" | "markdown_text" => value.is_string(),
            "blocks" | "attachments" => value.is_array(),
            "mrkdwn" | "unfurl_links" | "unfurl_media" => value.is_boolean(),
            _ => return Err(refused(format!("the native JSON may not hold \"{key}\"; leave it out"))),
        };
        if !fits {
            return Err(refused(format!(
                "the native JSON's \"{key}\" is of another type than Slack takes"
            )));
        }
        check(&mut value, key == "blocks")?;
        claim(&key, &mut value, plugin, &mut names)?;
        if key == "markdown_text" {
            for other in ["text", "blocks", "attachments"] {
                arguments.remove(other);
            }
        }
        arguments.insert(key, value);
    }
    Ok(())
}

/// Blocks stand in the message itself, and in its attachments.
fn claim(key: &str, value: &mut Value, plugin: &str, names: &mut Names) -> Result<(), Refused> {
    match (key, value) {
        ("blocks", Value::Array(blocks)) => names.claim(blocks, plugin),
        ("attachments", Value::Array(attachments)) => attachments
            .iter_mut()
            .filter_map(|attachment| attachment.get_mut("blocks"))
            .try_for_each(|blocks| match blocks {
                Value::Array(blocks) => names.claim(blocks, plugin),
                _ => Err(refused("an attachment's blocks are no list; give one".into())),
            }),
        _ => Ok(()),
    }
}

fn refused(explanation: String) -> Refused {
    Refused {
        code: "bad_native_json".into(),
        explanation,
    }
}

/// Refuses broadcasts at any depth, and tells Slack not to look for mentions in texts that are marked as mrkdwn.
///
/// `typed` where Slack goes by each object's `type`, as in blocks: there plain text calls nobody, whatever is in it. In
/// attachments a `type` means nothing.
pub fn check(value: &mut Value, typed: bool) -> Result<(), Refused> {
    match value {
        Value::String(text) if calls_many(text) => Err(broadcast("<!…>")),
        Value::Array(list) => list.iter_mut().try_for_each(|value| check(value, typed)),
        Value::Object(object) => {
            for key in ["link_names", "parse"] {
                if object.contains_key(key) {
                    return Err(broadcast(key));
                }
            }
            let kind = object
                .get("type")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            let kind = kind.as_str();
            if matches!(kind, "broadcast" | "usergroup") {
                return Err(broadcast(kind));
            }
            let has_at = object
                .get("text")
                .and_then(Value::as_str)
                .is_some_and(|text| text.contains('@'));
            if kind == "mrkdwn" && has_at {
                object.insert("verbatim".into(), true.into());
            }
            // What is shown as it stands, and what stands in a field to be changed, calls nobody.
            let shown = match kind {
                "plain_text" if typed => "text",
                "plain_text_input" if typed => "initial_value",
                _ => "",
            };
            let spoken = object.iter_mut().filter(|(key, _)| key.as_str() != shown);
            spoken.map(|(_, value)| value).try_for_each(|value| check(value, typed))
        }
        _ => Ok(()),
    }
}

fn broadcast(what: &str) -> Refused {
    Refused {
        code: "broadcast_not_granted".into(),
        explanation: format!("the native JSON calls many people at once ({what}), which this plugin may not"),
    }
}

/// `<!date^…>` is the one special token that calls nobody.
fn calls_many(text: &str) -> bool {
    text.match_indices("<!").any(|(at, mark)| {
        let name = text.get(at + mark.len()..).unwrap_or_default();
        !name.starts_with("date^")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn merged(native: &Value) -> Result<Map<String, Value>, Refused> {
        let mut arguments = Map::new();
        arguments.insert("text".into(), "rendered".into());
        merge(&native.to_string(), "orders", &mut arguments).map(|()| arguments)
    }

    #[test]
    fn harmless_json_is_merged() {
        let blocks = json!([{"type": "section", "text": {"type": "mrkdwn", "text": "<!date^1^{date}|then> <@U1>"}}]);
        let label = json!({"type": "plain_text", "text": "<!DOCTYPE html> or @here"});
        let typed = json!({"type": "plain_text_input", "initial_value": "<!here>"});
        let input = json!([{"type": "input", "label": label, "element": typed}]);
        assert!(merged(&json!({"blocks": input})).is_ok(), "nobody is called by this");
        let arguments = merged(&json!({"blocks": blocks, "unfurl_links": false})).unwrap();
        assert_eq!(arguments["text"], "rendered");
        assert_eq!(arguments["unfurl_links"], false);
        assert_eq!(arguments["blocks"][0]["text"]["verbatim"], true);
        let arguments = merged(&json!({"markdown_text": "# hi"})).unwrap();
        assert!(!arguments.contains_key("text"));
    }

    #[test]
    fn what_can_be_pressed_is_the_plugins() {
        let day = json!([{"type": "actions", "elements": [{"type": "datepicker", "action_id": "day"}]}]);
        let more = json!([{"type": "section", "accessory": {"type": "overflow", "action_id": "more"}}]);
        let native = json!({"blocks": day, "attachments": [{"color": "good"}, {"blocks": more}, {"blocks": day}]});
        let arguments = merged(&native).unwrap();
        assert_eq!(arguments["blocks"][0]["elements"][0]["action_id"], "orders/day");
        let attachments = &arguments["attachments"];
        assert_eq!(attachments[1]["blocks"][0]["accessory"]["action_id"], "orders/more");
        // Of two rows with one field each, both have a name.
        let mut names = [
            &arguments["blocks"][0]["block_id"],
            &attachments[2]["blocks"][0]["block_id"],
        ];
        names.sort_by_key(|name| name.as_str().map(str::len));
        assert_eq!(names, ["day", "day-2"]);
        assert!(merged(&json!({"attachments": [{"blocks": "[]"}]})).is_err());
    }

    #[test]
    fn broadcasts_and_addresses_are_refused() {
        for native in [
            json!({"text": "<!channel>"}),
            json!({"text": "<!here|x>"}),
            json!({"markdown_text": "<!everyone>"}),
            json!({"blocks": [{"text": {"type": "mrkdwn", "text": "a <!subteam^S1> b"}}]}),
            json!({"blocks": [{"type": "rich_text", "elements": [{"elements": [{"type": "broadcast", "range": "here"}]}]}]}),
            json!({"blocks": [{"type": "rich_text", "elements": [{"type": "usergroup", "usergroup_id": "S1"}]}]}),
            json!({"attachments": [{"type": "plain_text", "text": "<!here>"}]}),
            json!({"blocks": [{"type": "section", "text": {"type": "plain_text", "text": "x", "also": "<!here>"}}]}),
            json!({"attachments": [{"fields": [{"title": "x", "value": "<!CHANNEL>"}]}]}),
            json!({"attachments": [{"parse": "full", "text": "@channel"}]}),
            json!({"attachments": "[{\"text\": \"\\u003c!channel>\"}]"}),
            json!({"link_names": true}),
            json!({"parse": "full"}),
            json!({"channel": "C2"}),
            json!({"thread_ts": "1.2"}),
            json!({"username": "boss"}),
            json!({"metadata": {}}),
            json!({"token": "x"}),
            json!([]),
            json!("text"),
        ] {
            assert!(merged(&native).is_err(), "{native}");
        }
        assert!(merge("{\"text\": ", "orders", &mut Map::new()).is_err());
        assert!(merge("{\"text\": \"\\u003c!channel>\"}", "orders", &mut Map::new()).is_err());
    }
}
