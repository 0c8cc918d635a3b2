//! What people do besides writing: the part of a line behind `name>`.

use serde_json::{Deserializer, Map, Value};

/// What a person does besides writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Presses a button or makes a choice in a menu; a menu of several or a picker by its label, with what is chosen.
    Click(String, Option<Value>),
    /// Sends the form that is open.
    Submit(Map<String, Value>),
    /// Reacts to the last message.
    React(String),
    /// Takes the own reaction back.
    Unreact(String),
    /// Changes the own last message to this.
    Edit(String),
    /// Deletes the own last message.
    Delete,
    /// Joins the channel.
    Join,
    /// Leaves the channel.
    Leave,
    /// Gives the channel a topic.
    Topic(String),
    /// Uses one of the plugin's shortcuts, on the last message or from anywhere.
    Shortcut(String),
    /// Sends a file.
    Upload {
        /// Its name.
        name: String,
        /// What is in it.
        content: String,
        /// What is written with it; empty: nothing.
        text: String,
    },
}

/// What there is, for whoever wrote something else.
const ACTS: &str = "a person can click, submit, react, unreact, edit, delete, join, leave, topic, shortcut or upload: \
                    로지> click \"주문\"";

/// Reads what stands behind `name>`.
pub(super) fn act(text: &str) -> Result<Act, String> {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    let nothing_behind = |act: Act| match rest.is_empty() {
        true => Ok(act),
        false => Err(format!("nothing stands behind `{word}`: 로지> {word}")),
    };
    match word {
        "click" => {
            let wrong = || "say which button, in quotes: 로지> click \"주문\"".to_owned();
            match values(rest).ok_or_else(wrong)?.as_slice() {
                [Value::String(label)] if !label.is_empty() => Ok(Act::Click(label.clone(), None)),
                [Value::String(label), value] if !label.is_empty() => {
                    Ok(Act::Click(label.clone(), Some(value.clone())))
                }
                _ => Err(wrong()),
            }
        }
        "submit" => match serde_json::from_str::<Value>(rest) {
            Ok(Value::Object(form)) => Ok(Act::Submit(form)),
            _ => Err("say what the form holds, as a JSON object: 로지> submit {\"size\": \"3\"}".into()),
        },
        "react" | "unreact" => {
            if rest.is_empty() || rest.contains(char::is_whitespace) {
                return Err(format!("say with which emoji: 로지> {word} 👍"));
            }
            Ok(match word {
                "react" => Act::React(rest.into()),
                _ => Act::Unreact(rest.into()),
            })
        }
        "edit" => match quoted(rest) {
            Some(text) if !text.trim().is_empty() => Ok(Act::Edit(text)),
            _ => Err("say how the message reads now, in quotes: 로지> edit \"!주문 짜장면\"".into()),
        },
        "delete" => nothing_behind(Act::Delete),
        "join" => nothing_behind(Act::Join),
        "leave" => nothing_behind(Act::Leave),
        "topic" => quoted(rest)
            .map(Act::Topic)
            .ok_or_else(|| "say what the topic is now, in quotes (\"\": none): 로지> topic \"점심 12시\"".into()),
        "shortcut" => match quoted(rest) {
            Some(name) if !name.is_empty() => Ok(Act::Shortcut(name)),
            _ => Err("say which shortcut, by its name or id in quotes: 로지> shortcut \"주문에 넣기\"".into()),
        },
        "upload" => {
            let texts = values(rest).unwrap_or_default();
            match texts.as_slice() {
                [Value::String(name), Value::String(content)] if !name.is_empty() => Ok(upload(name, content, "")),
                [Value::String(name), Value::String(content), Value::String(text)] if !name.is_empty() => {
                    Ok(upload(name, content, text))
                }
                _ => Err("say what the file is called and what is in it, both in quotes (a third text is written with it): 로지> upload \"list.csv\" \"a,b\"".into()),
            }
        }
        _ => Err(ACTS.into()),
    }
}

fn upload(name: &str, content: &str, text: &str) -> Act {
    Act::Upload {
        name: name.into(),
        content: content.into(),
        text: text.into(),
    }
}

fn quoted(text: &str) -> Option<String> {
    serde_json::from_str(text).ok()
}

/// JSON values, one behind the other.
fn values(text: &str) -> Option<Vec<Value>> {
    Deserializer::from_str(text).into_iter().collect::<Result<_, _>>().ok()
}
