//! Names and values in addresses and forms.

/// `name=value`, with everything encoded that RFC 3986 does not leave unreserved.
pub(super) fn push_pair(to: &mut String, name: &str, value: &str) {
    push_encoded(to, name);
    to.push('=');
    push_encoded(to, value);
}

fn push_encoded(to: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            to.push(byte.into());
        } else {
            to.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// Undoes `%…` and `+`. What is no encoding stays as it is, what is no UTF-8 becomes `�`.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [b'%', high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(nibble(*high) << 4 | nibble(*low));
                tail
            }
            [b'+', tail @ ..] => {
                bytes.push(b' ');
                tail
            }
            [byte, tail @ ..] => {
                bytes.push(*byte);
                tail
            }
            [] => return String::from_utf8_lossy(&bytes).into_owned(),
        };
    }
}

/// Of a hexadecimal digit.
fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let text = "로지 & 샐리=1+1%/?#~";
        let mut encoded = String::new();
        push_encoded(&mut encoded, text);
        assert!(
            encoded.is_ascii() && !encoded.contains([' ', '&', '=', '+', '/', '?', '#']),
            "{encoded}"
        );
        assert_eq!(decode(&encoded), text);
    }

    #[test]
    fn what_is_no_encoding_stays() {
        for (text, expected) in [
            ("a+b", "a b"),
            ("%e2%98%83", "☃"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%zz", "%zz"),
            ("%ff", "�"),
        ] {
            assert_eq!(decode(text), expected, "{text}");
        }
    }
}
