//! Paths as rules compare them.

/// How often a path may be encoded over and over before that alone is reason enough to refuse it.
const LAYERS: usize = 4;

/// A path in one form: what needs no encoding is not encoded, and hexadecimal digits are in capitals.
pub(super) fn plain(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, code)) = rest.split_once('%') {
        out.push_str(before);
        match byte(code) {
            Some((byte, after)) => {
                match byte {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
                    _ => out.push_str(&format!("%{byte:02X}")),
                }
                rest = after;
            }
            None => {
                out.push('%');
                rest = code;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Whether a server may read the path as another one than it seems to be: an encoded slash, backslash or dot segment,
/// also where it is encoded twice or has a parameter behind it.
pub(super) fn is_devious(path: &str) -> bool {
    let mut layer = path.as_bytes().to_vec();
    for _ in 0..LAYERS {
        let odd = |segment: &[u8]| {
            let name = segment.split(|b| *b == b';').next().unwrap_or_default();
            matches!(name, b"." | b"..") || segment.iter().any(|b| matches!(b, b'\\' | 0))
        };
        if layer.split(|b| *b == b'/').any(odd) {
            return true;
        }
        let next = decoded(&layer);
        if next == layer {
            return false;
        }
        let slashes = |bytes: &[u8]| bytes.iter().filter(|b| **b == b'/').count();
        if slashes(&next) != slashes(&layer) {
            return true;
        }
        layer = next;
    }
    true
}

/// A path as the most forgiving server reads it: decoded, without parameters (`;…`) and empty segments, in lower case.
pub(super) fn folded(path: &str) -> String {
    let mut layer = path.as_bytes().to_vec();
    for _ in 0..LAYERS {
        layer = decoded(&layer);
    }
    let text = String::from_utf8_lossy(&layer).to_lowercase();
    let mut out = String::with_capacity(text.len() + 1);
    let mut last = "";
    for segment in text.split('/') {
        last = segment.split(';').next().unwrap_or_default();
        if !last.is_empty() {
            out.push('/');
            out.push_str(last);
        }
    }
    // Whether a rule is about what it names or only about what is below is told by the slash at its end.
    if last.is_empty() {
        out.push('/');
    }
    out
}

/// Whether a path is the one that a rule names or one below it. Both are [`plain`].
pub(super) fn begins(path: &str, with: &str) -> bool {
    match path.strip_prefix(with) {
        Some(rest) => rest.is_empty() || rest.starts_with('/') || with.ends_with('/'),
        None => false,
    }
}

fn byte(code: &str) -> Option<(u8, &str)> {
    let (hex, after) = code.split_at_checked(2)?;
    let digits = hex.bytes().all(|b| b.is_ascii_hexdigit());
    digits
        .then(|| u8::from_str_radix(hex, 16).ok())
        .flatten()
        .map(|byte| (byte, after))
}

fn decoded(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [first, after @ ..] = rest {
        let code = match rest {
            [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let hex = [*high, *low];
                std::str::from_utf8(&hex)
                    .ok()
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            }
            _ => None,
        };
        match (code, rest) {
            (Some(code), [_, _, _, behind @ ..]) => {
                out.push(code);
                rest = behind;
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}
