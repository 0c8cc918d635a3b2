//! The forms in which signatures, times and tokens arrive.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The bytes of an HMAC-SHA256: 64 hexadecimal digits, or 44 characters of base64.
pub(super) fn digest(text: &[u8]) -> Option<[u8; 32]> {
    match text.len() {
        64 => hexadecimal(text),
        44 => STANDARD.decode(text).ok()?.try_into().ok(),
        _ => None,
    }
}

/// The bytes of an HMAC-SHA256: 64 hexadecimal digits.
pub(super) fn hexadecimal(text: &[u8]) -> Option<[u8; 32]> {
    if text.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        // Digits alone: a number may have a sign in front.
        if !pair.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Seconds since 1970, in digits alone.
pub(super) fn seconds(text: &[u8]) -> Option<i64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    is_number
        .then(|| std::str::from_utf8(text).ok()?.parse().ok())
        .flatten()
}

/// The `token` of a JSON object.
pub(super) fn token(body: &[u8]) -> Option<String> {
    match serde_json::from_slice(body).ok()? {
        Value::Object(mut fields) => match fields.remove("token")? {
            Value::String(token) => Some(token),
            _ => None,
        },
        _ => None,
    }
}

/// A JSON object without its `token`; anything else as it is.
pub(super) fn without_token(body: Vec<u8>) -> Vec<u8> {
    match serde_json::from_slice(&body) {
        Ok(Value::Object(mut fields)) => {
            fields.remove("token");
            Value::Object(fields).to_string().into_bytes()
        }
        _ => body,
    }
}
