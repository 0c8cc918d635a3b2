//! Lines for machines.

use super::record::{Record, Value};
use serde_json::{Map, json};

/// Names that a line has of its own.
const OWN: [&str; 4] = ["time", "level", "message", "target"];

/// `{"time", "level", "message", "target", …}` with the fields beside them, and a line end.
pub(super) fn line(record: &Record) -> String {
    let mut object = Map::new();
    object.insert("time".into(), json!(format!("{:.6}", record.time)));
    object.insert("level".into(), json!(record.level.as_str().to_ascii_lowercase()));
    object.insert("message".into(), json!(record.message));
    object.insert("target".into(), json!(record.target));
    for (name, value) in &record.fields {
        let value = match value {
            Value::Text(text) | Value::Other(text) => json!(text),
            Value::Integer(number) => match i64::try_from(*number) {
                Ok(number) => json!(number),
                Err(_) => json!(number.to_string()),
            },
            Value::Number(number) => json!(number),
            Value::Truth(truth) => json!(truth),
        };
        let name = match OWN.contains(name) {
            true => format!("field.{name}"),
            false => (*name).to_owned(),
        };
        object.insert(name, value);
    }
    format!("{}\n", serde_json::Value::Object(object))
}
