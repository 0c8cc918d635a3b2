//! How answers of host calls are kept: as JSON, but for the values of the brain, which are bytes of any number.

use moa_core::call::{CapError, CapResult, FullMessage};
use moa_core::event::{Conversation, MessageRef, Place, User};
use moa_engine::{Entry, HttpResponse, KeyPage};
use serde::{Deserialize, Serialize};

/// What bytes begin with.
const BYTES: u8 = 0;

/// An answer that can be given again.
pub trait Kept: Sized {
    /// Writes it behind what is there.
    fn keep(answer: &CapResult<Self>, out: &mut Vec<u8>);
    /// Reads it; `None` where it cannot be read.
    fn give(bytes: &[u8]) -> Option<CapResult<Self>>;
}

pub(super) fn keep_json(answer: &impl Serialize, out: &mut Vec<u8>) {
    // What cannot be written is found unreadable by a rerun, which then ends as diverged.
    let _ = serde_json::to_writer(out, answer);
}

macro_rules! as_json {
    ($($type:ty),+) => {$(
        impl Kept for $type {
            fn keep(answer: &CapResult<Self>, out: &mut Vec<u8>) {
                keep_json(answer, out);
            }
            fn give(bytes: &[u8]) -> Option<CapResult<Self>> {
                serde_json::from_slice(bytes).ok()
            }
        }
    )+};
}

as_json!(
    (),
    String,
    Place,
    User,
    Conversation,
    Vec<FullMessage>,
    (Vec<String>, Option<String>),
    Option<MessageRef>
);

/// Bytes stand behind a byte that says that there are some; an error is JSON, which begins otherwise.
impl Kept for Vec<u8> {
    fn keep(answer: &CapResult<Self>, out: &mut Vec<u8>) {
        match answer {
            Ok(bytes) => {
                out.push(BYTES);
                out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
                out.extend_from_slice(bytes);
            }
            Err(error) => keep_json(error, out),
        }
    }

    fn give(kept: &[u8]) -> Option<CapResult<Self>> {
        let Some((&BYTES, rest)) = kept.split_first() else {
            return serde_json::from_slice(kept).ok().map(Err);
        };
        let (length, bytes) = rest.split_first_chunk()?;
        (u64::from_le_bytes(*length) == bytes.len() as u64).then(|| Ok(bytes.to_vec()))
    }
}

/// The head as JSON behind its length, then the body.
impl Kept for HttpResponse {
    fn keep(answer: &CapResult<Self>, out: &mut Vec<u8>) {
        let mut head = Vec::new();
        keep_json(
            &answer.as_ref().map(|response| (response.status, &response.headers)),
            &mut head,
        );
        out.extend_from_slice(&(head.len() as u64).to_le_bytes());
        out.append(&mut head);
        if let Ok(response) = answer {
            out.extend_from_slice(&response.body);
        }
    }

    fn give(bytes: &[u8]) -> Option<CapResult<Self>> {
        let (length, rest) = bytes.split_first_chunk()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (head, body) = rest.split_at_checked(length)?;
        let head: CapResult<(u16, Vec<(String, String)>)> = serde_json::from_slice(head).ok()?;
        Some(head.map(|(status, headers)| Self {
            status,
            headers,
            body: body.to_vec(),
        }))
    }
}

impl Kept for KeyPage {
    fn keep(answer: &CapResult<Self>, out: &mut Vec<u8>) {
        keep_json(&answer.as_ref().map(|page| (&page.keys, &page.next)), out);
    }

    fn give(bytes: &[u8]) -> Option<CapResult<Self>> {
        let answer: CapResult<(Vec<String>, Option<String>)> = serde_json::from_slice(bytes).ok()?;
        Some(answer.map(|(keys, next)| Self { keys, next }))
    }
}

/// All of an entry but its value, of which the length is here.
#[derive(Serialize, Deserialize)]
struct About {
    version: String,
    expires: Option<String>,
    length: usize,
}

/// First the length of the head, then the head, then the values.
fn keep_entries(answer: Result<Vec<Option<&Entry>>, &CapError>, out: &mut Vec<u8>) {
    let about = |entry: &Entry| About {
        version: entry.version.clone(),
        expires: entry.expires.clone(),
        length: entry.value.len(),
    };
    let abouts = answer.as_ref().map(|entries| {
        let abouts = entries.iter().map(|entry| entry.map(about));
        abouts.collect::<Vec<_>>()
    });
    let mut head = Vec::new();
    keep_json(&abouts, &mut head);
    out.extend_from_slice(&(head.len() as u64).to_le_bytes());
    out.append(&mut head);
    for entry in answer.into_iter().flatten().flatten() {
        out.extend_from_slice(&entry.value);
    }
}

impl Kept for Vec<Option<Entry>> {
    fn keep(answer: &CapResult<Self>, out: &mut Vec<u8>) {
        let entries = answer
            .as_ref()
            .map(|entries| entries.iter().map(Option::as_ref).collect());
        keep_entries(entries, out);
    }

    fn give(bytes: &[u8]) -> Option<CapResult<Self>> {
        let (length, rest) = bytes.split_first_chunk()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (head, mut values) = rest.split_at_checked(length)?;
        let abouts: CapResult<Vec<Option<About>>> = serde_json::from_slice(head).ok()?;
        let mut entry = |about: About| {
            let (value, rest) = values.split_at_checked(about.length)?;
            values = rest;
            Some(Entry {
                value: value.to_vec(),
                version: about.version,
                expires: about.expires,
            })
        };
        let abouts = match abouts {
            Ok(abouts) => abouts,
            Err(error) => return Some(Err(error)),
        };
        let mut entries = Vec::with_capacity(abouts.len());
        for about in abouts {
            entries.push(match about {
                Some(about) => Some(entry(about)?),
                None => None,
            });
        }
        Some(Ok(entries))
    }
}

impl Kept for Option<Entry> {
    fn keep(answer: &CapResult<Self>, out: &mut Vec<u8>) {
        keep_entries(answer.as_ref().map(|entry| vec![entry.as_ref()]), out);
    }

    fn give(bytes: &[u8]) -> Option<CapResult<Self>> {
        let answer: CapResult<Vec<Self>> = Kept::give(bytes)?;
        match answer {
            Ok(entries) => entries.into_iter().next().map(Ok),
            Err(error) => Some(Err(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Debug;

    fn comes_back<T: Kept + PartialEq + Debug>(answer: CapResult<T>) {
        let mut bytes = Vec::new();
        T::keep(&answer, &mut bytes);
        assert_eq!(T::give(&bytes), Some(answer));
        assert_eq!(T::give(bytes.split_last().unwrap().1), None, "cut off");
    }

    #[test]
    fn what_is_kept_comes_back() {
        let entry = |value: &[u8]| Entry {
            value: value.to_vec(),
            version: "7".into(),
            expires: Some("2026-11-21T00:50:00Z".into()),
        };
        comes_back(Ok(Some(entry(b"\x00\xff"))));
        comes_back(Ok(vec![None, Some(entry(b"one")), Some(entry(b"two"))]));
        comes_back::<Option<Entry>>(Err(CapError::Unavailable("gone".into())));
        comes_back::<Option<Entry>>(Ok(None));
        comes_back(Ok(KeyPage {
            keys: vec!["a".into()],
            next: Some("a".into()),
        }));
        comes_back(Ok(()));
        comes_back(Ok(User::unknown("U1")));
        comes_back(Ok(b"\x00\xff{".to_vec()));
        comes_back::<Vec<u8>>(Err(CapError::NotFound("no file".into())));
        comes_back(Ok("F1".to_owned()));
        comes_back::<Option<MessageRef>>(Err(CapError::Uncertain("?".into())));
    }
}
