//! Cursor paging.

use crate::api::args::Args;
use crate::api::message::Refusal;
use serde_json::{Value, json};

/// The most that any method gives at once.
const MOST: usize = 1000;

/// `limit`, within Slack's bounds.
pub(crate) fn limit(args: &Args, default: usize) -> usize {
    args.count("limit").filter(|n| *n > 0).unwrap_or(default).min(MOST)
}

/// The cursor's content, if there is a cursor.
///
/// # Errors
/// `invalid_cursor`.
pub(crate) fn cursor(args: &Args) -> Result<Option<u64>, Refusal> {
    let Some(cursor) = args.str("cursor") else {
        return Ok(None);
    };
    let inner = cursor.strip_prefix("next_").and_then(|c| c.strip_suffix('='));
    let number = inner.and_then(|n| u64::from_str_radix(n, 16).ok());
    number.map(Some).ok_or_else(|| "invalid_cursor".into())
}

/// `response_metadata` with the cursor that leads on from here; the `=` must be URL-encoded by clients, as Slack's.
pub(crate) fn metadata(next: Option<u64>) -> Value {
    json!({"next_cursor": next.map_or(String::new(), |n| format!("next_{n:x}="))})
}

/// One page of a list, and the `response_metadata` that belongs to it.
///
/// # Errors
/// `invalid_cursor`.
pub(crate) fn of<T>(args: &Args, default: usize, items: Vec<T>) -> Result<(Vec<T>, Value), Refusal> {
    let start = usize::try_from(cursor(args)?.unwrap_or(0)).unwrap_or(usize::MAX);
    let (limit, count) = (limit(args, default), items.len());
    let end = start.saturating_add(limit);
    let next = if end < count { u64::try_from(end).ok() } else { None };
    Ok((items.into_iter().skip(start).take(limit).collect(), metadata(next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lead_to_the_end() {
        let (mut cursor, mut got) = (String::new(), Vec::new());
        loop {
            let args = Args::from_json(&json!({"limit": 3, "cursor": cursor}));
            let (page, metadata) = of(&args, 100, (0..7).collect::<Vec<_>>()).unwrap();
            got.extend(page);
            cursor = metadata["next_cursor"].as_str().unwrap().to_owned();
            if cursor.is_empty() {
                break;
            }
            assert!(cursor.ends_with('='));
        }
        assert_eq!(got, (0..7).collect::<Vec<_>>());
        for bad in ["x", "next_=", "next_zz=", "next_1"] {
            assert!(
                super::cursor(&Args::from_json(&json!({"cursor": bad}))).is_err(),
                "{bad}"
            );
        }
    }
}
