//! Which keys there are: relative paths that mean the same in every store.

use crate::ObjectError;
use object_store::path::Path;

/// How many bytes a key may have, with what the bucket's address puts before it: the least of what the stores allow.
pub const MAX_KEY: usize = 1024;
/// How many bytes may stand between two slashes: what a file system allows, with room for the name of a file that is
/// being written.
pub const MAX_SEGMENT: usize = 240;

/// Checks a key.
///
/// # Errors
/// [`ObjectError::Invalid`], and what is wrong with it.
pub fn check(key: &str) -> Result<(), ObjectError> {
    let wrong = |what: &str| Err(ObjectError::Invalid(format!("{key:?} is no key: {what}")));
    if key.is_empty() {
        return wrong("it is empty");
    }
    if key.len() > MAX_KEY {
        return Err(ObjectError::Invalid(format!(
            "the key has {} bytes and may have {MAX_KEY}",
            key.len()
        )));
    }
    if key.starts_with('/') {
        return wrong("it begins with a slash; keys are relative, such as \"reports/2026.tsv\"");
    }
    if key.chars().any(char::is_control) {
        return wrong("it holds a control character");
    }
    if key.contains('\\') {
        return wrong("it holds a backslash; folders are separated by slashes");
    }
    for segment in key.split('/') {
        match segment {
            "" => return wrong("it ends with a slash, or has two in a row"),
            "." | ".." => return wrong("none of its parts may be `.` or `..`"),
            long if long.len() > MAX_SEGMENT => {
                return Err(ObjectError::Invalid(format!(
                    "a part of the key has {} bytes and may have {MAX_SEGMENT}",
                    long.len()
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Checks the beginning of keys: like a key, but that it may end anywhere, or be empty.
pub(crate) fn check_prefix(prefix: &str) -> Result<(), ObjectError> {
    match prefix.strip_suffix('/').unwrap_or(prefix) {
        "" if prefix.is_empty() => Ok(()),
        // What keys begin with may be the beginning of `.hidden`.
        whole if !prefix.ends_with('/') => match whole.rsplit_once('/') {
            Some((folders, last)) => check(folders).and_then(|()| check_last(last)),
            None => check_last(whole),
        },
        whole => check(whole),
    }
}

fn check_last(last: &str) -> Result<(), ObjectError> {
    match last {
        "" | "." | ".." => Ok(()),
        last => check(last),
    }
}

/// A checked key as a path in the store.
pub(crate) fn path(prefix: &str, key: &str) -> Result<Path, ObjectError> {
    check(key)?;
    let whole = format!("{prefix}{key}");
    if whole.len() > MAX_KEY {
        return Err(ObjectError::Invalid(format!(
            "the key has {} bytes with what the bucket's address puts before it, and may have {MAX_KEY}",
            whole.len()
        )));
    }
    Path::parse(&whole).map_err(|error| ObjectError::Invalid(format!("{key:?} is no key: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_relative_path() {
        for good in [
            "a",
            "a/b.txt",
            "보고서/2026 11월.tsv",
            "a%2e",
            "...",
            ".hidden",
            "~",
            "a#1x",
            "😀",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
            assert_eq!(path("in/", good).unwrap().as_ref(), format!("in/{good}"));
        }
        let long = format!("{}/b", "x".repeat(MAX_SEGMENT + 1));
        let whole = vec!["x".repeat(200); 6].join("/");
        for bad in [
            "", "/a", "a/", "a//b", ".", "..", "a/../b", "../a", "a/.", "a\\b", "a\nb", "\0", &long, &whole,
        ] {
            assert!(matches!(check(bad), Err(ObjectError::Invalid(_))), "{bad:?}");
        }
    }

    #[test]
    fn a_prefix_ends_anywhere() {
        for good in ["", "a", "a/", "a/b", "a/b/", "."] {
            assert_eq!(check_prefix(good), Ok(()), "{good}");
        }
        for bad in ["/", "../", "../a", "a//", "/a", "a/../", "a\n"] {
            assert!(check_prefix(bad).is_err(), "{bad:?}");
        }
    }
}
