//! Requests from outside: `hook build {"status": "ok"}`.

/// The methods that a webhook can have.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
/// How such a line is right.
const FORM: &str = "say which webhook: hook build {\"status\": \"ok\"}; the method and what follows the address may stand \
                    between: hook build GET /7?all=yes; and where no success is expected, the status: hook! 403 build {}";

/// A request from outside to one of the plugin's webhooks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookLine {
    /// The webhook's name.
    pub name: String,
    /// The method; the first of the manifest's where none is written.
    pub method: Option<String>,
    /// What follows the hook's own address.
    pub path: String,
    /// What stands behind the `?`.
    pub query: String,
    /// The body.
    pub body: String,
    /// The status that is expected; any success where none is written.
    pub status: Option<u16>,
    /// `hook= text`: the body of the answer that is expected.
    pub answer: Option<String>,
}

impl HookLine {
    /// `| text`: another line of what is expected, or of the body.
    pub(super) fn goes_on(&mut self, more: &str) {
        let text = self.answer.as_mut().unwrap_or(&mut self.body);
        text.push('\n');
        text.push_str(more);
    }
}

/// The text of a line `hook= text`.
pub(super) fn answer(line: &str) -> Option<&str> {
    let text = line.strip_prefix("hook=")?;
    Some(text.strip_prefix(char::is_whitespace).unwrap_or(text))
}

/// Reads a line that begins with `hook` or `hook!`; `None` where it does not.
pub(super) fn line(line: &str) -> Option<Result<HookLine, String>> {
    let rest = line.strip_prefix("hook")?;
    if let Some(rest) = rest.strip_prefix('!') {
        return Some(expecting(rest));
    }
    // Somebody may be called so.
    let rest = rest.strip_prefix(char::is_whitespace)?;
    Some(request(rest))
}

fn expecting(rest: &str) -> Result<HookLine, String> {
    let (status, rest) = word(rest);
    let status = status.parse().ok().filter(|status| (200..=599).contains(status));
    let status = status.ok_or_else(|| format!("a status is a number from 200 to 599; {FORM}"))?;
    let request = request(rest)?;
    Ok(HookLine {
        status: Some(status),
        ..request
    })
}

fn request(rest: &str) -> Result<HookLine, String> {
    let (name, mut rest) = word(rest);
    if name.is_empty() {
        return Err(FORM.into());
    }
    let mut method = None;
    let (first, behind) = word(rest);
    if METHODS.contains(&first) {
        method = Some(first.to_owned());
        rest = behind;
    }
    let (mut path, mut query) = ("", "");
    let (first, behind) = word(rest);
    if first.starts_with(['/', '?']) {
        (path, query) = first.split_once('?').unwrap_or((first, ""));
        rest = behind;
    }
    Ok(HookLine {
        name: name.into(),
        method,
        path: path.into(),
        query: query.into(),
        body: rest.trim().into(),
        ..HookLine::default()
    })
}

/// The first word, and what is behind it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> HookLine {
        line(text).unwrap().unwrap()
    }

    #[test]
    fn a_request_has_a_name_and_perhaps_more() {
        let build = HookLine {
            name: "build".into(),
            ..HookLine::default()
        };
        assert_eq!(read("hook build"), build);
        let body = HookLine {
            body: r#"{"status": "ok"}"#.into(),
            ..build.clone()
        };
        assert_eq!(read(r#"hook build {"status": "ok"}"#), body);
        let refused = HookLine {
            status: Some(403),
            ..body.clone()
        };
        assert_eq!(read(r#"hook! 403 build {"status": "ok"}"#), refused);
        let all = HookLine {
            method: Some("PUT".into()),
            path: "/7".into(),
            query: "all=yes".into(),
            body: "a b".into(),
            ..build
        };
        assert_eq!(read("hook build PUT /7?all=yes a b"), all);
        for wrong in ["hook ", "hook! build", "hook! 42 build", "hook! 403"] {
            assert!(line(wrong).unwrap().is_err(), "{wrong}");
        }
        assert!(line("hookah: hi").is_none() && line("hook: hi").is_none());
    }
}
