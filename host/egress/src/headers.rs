//! Which headers a plugin may set, and which go along to where a redirect leads.

use crate::error::Error;
use crate::secrets;
use hyper::header::{HeaderName, HeaderValue};

/// How many there may be.
const MOST: usize = 100;
/// How long all of them may be, in bytes.
const LONGEST: usize = 64 << 10;

/// These are the host's and the connection's own; what a plugin says about them is not heard.
const OWN: [&str; 13] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

/// These say who is asking.
const CREDENTIALS: [&str; 4] = ["authorization", "cookie", "cookie2", "www-authenticate"];

/// Headers in the form in which they are sent: names in lower case, those that are not the plugin's left out.
///
/// # Errors
/// One that is none, too many, or too long.
pub fn checked(headers: Vec<(String, String)>) -> Result<Vec<(String, String)>, Error> {
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if headers.len() > MOST || bytes > LONGEST {
        return Err(Error::Invalid(format!(
            "a request has at most {MOST} headers of {LONGEST} bytes together"
        )));
    }
    let mut checked = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let Ok(known) = HeaderName::from_bytes(name.as_bytes()) else {
            return Err(Error::Invalid(format!(
                "`{}` is no name of a header",
                name.escape_debug()
            )));
        };
        if HeaderValue::from_str(&value).is_err() && HeaderValue::from_bytes(value.as_bytes()).is_err() {
            return Err(Error::Invalid(format!(
                "the value of the header `{known}` has a control character in it"
            )));
        }
        if !OWN.contains(&known.as_str()) {
            checked.push((known.as_str().to_owned(), value.trim().to_owned()));
        }
    }
    Ok(checked)
}

/// Whether a header stays behind where a redirect leads to another origin.
pub fn stays(name: &str, value: &str) -> bool {
    CREDENTIALS.contains(&name) || name == "idempotency-key" || secrets::named(value).is_some()
}

/// Whether a header is about a body.
pub fn is_of_body(name: &str) -> bool {
    matches!(
        name,
        "content-type"
            | "content-encoding"
            | "content-language"
            | "content-location"
            | "digest"
            | "content-digest"
            | "content-md5"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn the_connection_is_the_hosts() {
        let given = vec![
            pair("Host", "evil.example"),
            pair("X-A", " 1 "),
            pair("Transfer-Encoding", "chunked"),
            pair("x-a", "김"),
            pair("Proxy-Authorization", "x"),
        ];
        assert_eq!(checked(given).unwrap(), [pair("x-a", "1"), pair("x-a", "김")]);
        for (name, value) in [
            ("a b", "x"),
            ("", "x"),
            ("x\r\ny", "x"),
            ("x", "a\r\nb: c"),
            ("x", "a\0"),
        ] {
            assert!(
                matches!(checked(vec![pair(name, value)]), Err(Error::Invalid(_))),
                "{name:?}"
            );
        }
        assert!(checked(vec![pair("x", &"y".repeat(LONGEST))]).is_err());
        assert!(checked(vec![pair("x", ""); MOST + 1]).is_err());
    }

    #[test]
    fn credentials_stay_behind() {
        for (name, value, stay) in [
            ("authorization", "Bearer x", true),
            ("cookie", "a=b", true),
            ("x-api-key", "{{secret:KEY}}", true),
            ("x-api-key", "plain", false),
            ("accept", "a/b", false),
        ] {
            assert_eq!(stays(name, value), stay, "{name}");
        }
    }
}
