//! The ids that Moa makes for JANDI's people and rooms.

use super::PREFIX;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The longest id that a mention may carry, less what stands before.
const LONGEST: usize = 100;

/// The id of a hook's room, or of a person's own chat behind it.
pub fn conversation(hook: &str, person: Option<&str>) -> String {
    match person {
        None => format!("{PREFIX}{hook}"),
        Some(person) => format!("{PREFIX}{hook}:{}", person.strip_prefix(PREFIX).unwrap_or(person)),
    }
}

/// The hook that a conversation is of, and the person whose own chat it is.
pub fn hook_of(conversation: &str) -> Option<(&str, Option<String>)> {
    let rest = conversation.strip_prefix(PREFIX)?;
    Some(match rest.split_once(':') {
        Some((hook, person)) => (hook, Some(format!("{PREFIX}{person}"))),
        None => (rest, None),
    })
}

/// The address in the id of a person who is known by one.
pub fn email_of(person: &str) -> Option<String> {
    let rest = person.strip_prefix(PREFIX)?.strip_prefix("email:")?;
    let (local, domain) = rest.rsplit_once(':')?;
    let mut bytes = Vec::new();
    let mut parts = local.split(':');
    bytes.extend(parts.next()?.bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend(part.get(2..)?.bytes());
    }
    Some(format!("{}@{domain}", String::from_utf8(bytes).ok()?))
}

/// A person by address; `None` for what is none.
pub(super) fn by_email(email: &str) -> Option<String> {
    let email = email.trim().to_lowercase();
    let (local, domain) = email.rsplit_once('@')?;
    let is_domain = !domain.is_empty()
        && domain
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    let local = escaped(local);
    let fits = is_domain && !local.is_empty() && local.len() + domain.len() < LONGEST;
    fits.then(|| format!("{PREFIX}email:{local}:{domain}"))
}

/// A person by JANDI's own id.
pub(super) fn by_id(id: &str) -> Option<String> {
    let id = escaped(id.trim());
    (!id.is_empty() && id.len() < LONGEST).then(|| format!("{PREFIX}id:{id}"))
}

/// A person by name.
pub(super) fn by_name(name: &str) -> String {
    format!("{PREFIX}name:{}", digest(&[name]))
}

/// The parts as one short text, each apart from the next.
pub(super) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(12).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Every byte that a mention's id does not take as `:` and two digits. No two texts give the same.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if is_plain(byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, ":{byte:02X}");
        }
        out
    })
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_have_ids_that_nobody_else_can_have() {
        let email = |text| by_email(text).unwrap_or_default();
        assert_eq!(email("Gloria@Toss.im"), "jandi:email:gloria:toss.im");
        assert_eq!(email("a+b@toss.im"), "jandi:email:a:2Bb:toss.im");
        assert_ne!(email("a@b@toss.im"), email("a@toss.im"));
        for none in ["", "gloria", "@toss.im", "a@", "a@토스", "a@b c"] {
            assert_eq!(by_email(none), None, "{none:?}");
        }
        assert_eq!(by_id("1234").as_deref(), Some("jandi:id:1234"));
        assert_ne!(by_name("Gloria"), by_name("gloria"));
        for address in ["gloria@toss.im", "a+b@toss.im", "글:로@toss.im"] {
            assert_eq!(email_of(&email(address)).as_deref(), Some(address));
        }
        for none in [
            "",
            "jandi:id:1",
            "jandi:email:x",
            "jandi:email:a:2:toss.im",
            "gloria@toss.im",
        ] {
            assert_eq!(email_of(none), None, "{none:?}");
        }
        let own = conversation("lunch", Some("jandi:id:1"));
        assert_eq!(hook_of(&own), Some(("lunch", Some("jandi:id:1".into()))));
        assert_eq!(hook_of(&conversation("lunch", None)), Some(("lunch", None)));
        assert_eq!(hook_of("C1"), None);
        // Each can be mentioned.
        for id in [email("a+b@toss.im"), by_name("글로리아"), by_id("a/b").unwrap()] {
            let text = format!("{{@{id}}}");
            assert_eq!(
                crate::text::markup::parse(&text),
                [crate::text::markup::Span::User(id.clone())],
                "{id}"
            );
        }
    }
}
