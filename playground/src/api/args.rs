//! The arguments of a Web API call, in whichever of the three forms they came: form, JSON, query.

use crate::api::message::Refusal;
use bytes::Bytes;
use serde_json::{Map, Value};

/// The arguments by name. Values from forms and queries are strings, also nested JSON.
#[derive(Default)]
pub(crate) struct Args {
    map: Map<String, Value>,
}

/// What a request body holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyKind<'a> {
    /// `application/json`, and whether the charset was named
    Json {
        charset: bool,
    },
    Form,
    /// with its boundary
    Multipart(&'a str),
}

impl<'a> BodyKind<'a> {
    /// From the `Content-Type` header; Slack takes what isn't named for a form.
    pub fn of(content_type: &'a str) -> Self {
        let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
        let parameter = |name: &str| {
            parameters
                .split(';')
                .find_map(|p| p.trim().strip_prefix(name)?.strip_prefix('='))
                .map(|v| v.trim_matches('"'))
        };
        match kind.trim() {
            "application/json" => BodyKind::Json {
                charset: parameter("charset").is_some(),
            },
            "multipart/form-data" => BodyKind::Multipart(parameter("boundary").unwrap_or_default()),
            _ => BodyKind::Form,
        }
    }
}

impl Args {
    /// Reads query and body. An empty body is no error, whatever its type says.
    ///
    /// # Errors
    /// `invalid_json`, `json_not_object`.
    pub fn read(query: &str, kind: BodyKind, body: &Bytes) -> Result<Self, Refusal> {
        let mut map = Map::new();
        let mut pairs = |text: &[u8]| {
            for (name, value) in form_urlencoded::parse(text) {
                map.insert(name.into_owned(), Value::String(value.into_owned()));
            }
        };
        pairs(query.as_bytes());
        match kind {
            _ if body.is_empty() => {}
            BodyKind::Form => pairs(body),
            BodyKind::Json { .. } => match serde_json::from_slice(body) {
                Ok(Value::Object(object)) if map.is_empty() => map = object,
                Ok(Value::Object(object)) => map.extend(object),
                Ok(_) => return Err("json_not_object".into()),
                Err(_) => return Err("invalid_json".into()),
            },
            BodyKind::Multipart(boundary) => {
                for part in multipart(body, boundary) {
                    let value = String::from_utf8_lossy(&part.content).into_owned();
                    map.insert(part.name, Value::String(value));
                }
            }
        }
        Ok(Self { map })
    }

    /// The members of an object; nothing for any other value.
    pub fn from_json(value: &Value) -> Self {
        Self {
            map: value.as_object().cloned().unwrap_or_default(),
        }
    }

    /// Asks for one item only: Slack may give less than it was asked for.
    pub fn shorten(&mut self) {
        self.map.insert("limit".to_owned(), 1.into());
    }

    /// Whether the argument is there and not null.
    pub fn has(&self, name: &str) -> bool {
        self.map.get(name).is_some_and(|v| !v.is_null())
    }

    /// A string argument that isn't empty.
    pub fn str(&self, name: &str) -> Option<&str> {
        self.map.get(name)?.as_str().filter(|s| !s.is_empty())
    }

    /// A flag: `true`, `1`, or these as strings.
    pub fn flag(&self, name: &str) -> bool {
        match self.map.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            Some(Value::String(text)) => matches!(text.as_str(), "true" | "1" | "True"),
            _ => false,
        }
    }

    /// A whole number, also as a string.
    pub fn count(&self, name: &str) -> Option<usize> {
        match self.map.get(name)? {
            Value::Number(number) => usize::try_from(number.as_u64()?).ok(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A nested argument: a value in a JSON body, JSON in a string elsewhere. Absent, null and empty are `None`.
    ///
    /// # Errors
    /// `error` for a string that isn't JSON.
    pub fn json(&self, name: &str, error: &'static str) -> Result<Option<Value>, Refusal> {
        match self.map.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| error.into()),
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// All arguments but the token, as `api.test` returns them.
    pub fn shown(&self) -> Value {
        Value::Object(
            self.map
                .iter()
                .filter(|(name, _)| *name != "token")
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect(),
        )
    }
}

/// One part of a multipart body.
pub(crate) struct Part {
    pub name: String,
    pub content: Bytes,
}

/// The parts of a `multipart/form-data` body; whatever isn't well formed is left out.
pub(crate) fn multipart(body: &Bytes, boundary: &str) -> Vec<Part> {
    let mark = format!("--{boundary}").into_bytes();
    let mut parts = Vec::new();
    let mut at = find(body, &mark, 0);
    while let Some(start) = at {
        let from = start + mark.len();
        at = find(body, &mark, from);
        let Some(end) = at else { break };
        let part = body.slice(from..end);
        let Some(head) = find(&part, b"\r\n\r\n", 0) else {
            continue;
        };
        let headers = String::from_utf8_lossy(part.get(..head).unwrap_or_default()).into_owned();
        let Some((_, after)) = headers.split_once(" name=\"") else {
            continue;
        };
        let name = after.split('"').next().unwrap_or_default().to_owned();
        let end = part.len().saturating_sub(2).max(head + 4);
        parts.push(Part {
            name,
            content: part.slice((head + 4).min(part.len())..end.min(part.len())),
        });
    }
    parts
}

fn find(text: &[u8], what: &[u8], from: usize) -> Option<usize> {
    text.get(from..)?
        .windows(what.len())
        .position(|w| w == what)
        .map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, content_type: &str, body: &'static str) -> Result<Args, String> {
        Args::read(query, BodyKind::of(content_type), &Bytes::from_static(body.as_bytes()))
            .map_err(|refusal| refusal.error.into_owned())
    }

    #[test]
    fn the_three_forms_say_the_same() {
        let json = read(
            "",
            "application/json; charset=utf-8",
            r#"{"channel":"C1","limit":5,"x":true,"blocks":[1]}"#,
        );
        let form = read(
            "",
            "application/x-www-form-urlencoded",
            "channel=C1&limit=5&x=true&blocks=%5B1%5D",
        );
        let query = read("channel=C1&limit=5&x=1&blocks=[1]", "", "");
        let parts = "--b\r\nContent-Disposition: form-data; name=\"channel\"\r\n\r\nC1\r\n--b\r\n\
                     Content-Disposition: form-data; name=\"limit\"\r\n\r\n5\r\n--b\r\n\
                     Content-Disposition: form-data; name=\"x\"\r\n\r\ntrue\r\n--b\r\n\
                     Content-Disposition: form-data; name=\"blocks\"\r\n\r\n[1]\r\n--b--\r\n";
        let multipart = read("", "multipart/form-data; boundary=b", parts);
        for args in [json, form, query, multipart] {
            let args = args.unwrap();
            assert_eq!(args.str("channel"), Some("C1"));
            assert_eq!(args.count("limit"), Some(5));
            assert!(args.flag("x"));
            assert_eq!(
                args.json("blocks", "invalid_blocks").ok().flatten(),
                Some(serde_json::json!([1]))
            );
        }
    }

    #[test]
    fn bad_json_is_told() {
        assert_eq!(read("", "application/json", "{").err().as_deref(), Some("invalid_json"));
        assert_eq!(
            read("", "application/json", "[]").err().as_deref(),
            Some("json_not_object")
        );
        assert!(read("", "application/json", "").is_ok());
    }

    #[test]
    fn broken_multipart_is_no_panic() {
        for body in ["", "--b", "--b--b", "--b\r\n\r\n--b", "--b name=\"x\"\r\n\r\n--b"] {
            assert!(read("", "multipart/form-data; boundary=b", body).is_ok());
            assert!(read("", "multipart/form-data", body).is_ok());
        }
    }
}
