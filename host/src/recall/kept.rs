//! How answers of host calls are kept: as JSON, but for the values of the brain, which are bytes of any number.

use moa_core::call::{CapError, CapResult, FullMessage};
use moa_core::event::{Conversation, MessageRef, Place, User};
use moa_engine::{Cell, Entry, HttpResponse, KeyPage, Object, ObjectPage, Rows};
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

pub(crate) fn keep_json(answer: &impl Serialize, out: &mut Vec<u8>) {
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
    u32,
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

/// A cell in a form that stays as it is: numbers by their bits, bytes in hexadecimal digits.
#[derive(Serialize, Deserialize)]
enum KeptCell {
    Null,
    Truth(bool),
    Integer(i64),
    Number(u64),
    Decimal(String),
    Text(String),
    Bytes(String),
    Time(String),
}

impl From<&Cell> for KeptCell {
    fn from(cell: &Cell) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Truth(truth) => Self::Truth(*truth),
            Cell::Integer(number) => Self::Integer(*number),
            Cell::Number(number) => Self::Number(number.to_bits()),
            Cell::Decimal(text) => Self::Decimal(text.clone()),
            Cell::Text(text) => Self::Text(text.clone()),
            Cell::Bytes(bytes) => Self::Bytes(crate::registry::hex(bytes)),
            Cell::Time(text) => Self::Time(text.clone()),
        }
    }
}

impl KeptCell {
    fn cell(self) -> Option<Cell> {
        Some(match self {
            Self::Null => Cell::Null,
            Self::Truth(truth) => Cell::Truth(truth),
            Self::Integer(number) => Cell::Integer(number),
            Self::Number(bits) => Cell::Number(f64::from_bits(bits)),
            Self::Decimal(text) => Cell::Decimal(text),
            Self::Text(text) => Cell::Text(text),
            Self::Bytes(hex) => Cell::Bytes(unhex(&hex)?),
            Self::Time(text) => Cell::Time(text),
        })
    }
}

fn unhex(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok())
        .collect()
}

impl Kept for Rows {
    fn keep(answer: &CapResult<Self>, out: &mut Vec<u8>) {
        let of_row = |row: &Vec<Cell>| row.iter().map(KeptCell::from).collect::<Vec<_>>();
        let kept = answer.as_ref().map(|found| {
            let rows: Vec<Vec<KeptCell>> = found.rows.iter().map(of_row).collect();
            (&found.columns, rows, found.truncated)
        });
        keep_json(&kept, out);
    }

    fn give(bytes: &[u8]) -> Option<CapResult<Self>> {
        let kept: CapResult<(Vec<String>, Vec<Vec<KeptCell>>, bool)> = serde_json::from_slice(bytes).ok()?;
        let (columns, rows, truncated) = match kept {
            Ok(kept) => kept,
            Err(error) => return Some(Err(error)),
        };
        let rows: Option<Vec<Vec<Cell>>> = rows
            .into_iter()
            .map(|row| row.into_iter().map(KeptCell::cell).collect())
            .collect();
        Some(Ok(Self {
            columns,
            rows: rows?,
            truncated,
        }))
    }
}

impl Kept for ObjectPage {
    fn keep(answer: &CapResult<Self>, out: &mut Vec<u8>) {
        let kept = answer.as_ref().map(|(objects, next)| {
            let objects = objects.iter().map(|o| (&o.key, o.size, &o.etag, &o.modified));
            (objects.collect::<Vec<_>>(), next)
        });
        keep_json(&kept, out);
    }

    fn give(bytes: &[u8]) -> Option<CapResult<Self>> {
        type Page = (Vec<(String, u32, String, String)>, Option<String>);
        let kept: CapResult<Page> = serde_json::from_slice(bytes).ok()?;
        Some(kept.map(|(objects, next)| {
            let object = |(key, size, etag, modified)| Object {
                key,
                size,
                etag,
                modified,
            };
            (objects.into_iter().map(object).collect(), next)
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
        let rows = Rows {
            columns: vec!["a".into(), "a".into()],
            rows: vec![
                vec![Cell::Number(-0.0), Cell::Bytes(vec![0, 255])],
                vec![Cell::Null, Cell::Truth(true)],
            ],
            truncated: true,
        };
        comes_back(Ok(rows));
        comes_back::<Rows>(Err(CapError::OverLimit("long".into())));
        let object = Object {
            key: "a/b".into(),
            size: u32::MAX,
            etag: "\"1\"".into(),
            modified: "2026-11-22T00:00:00Z".into(),
        };
        comes_back(Ok((vec![object], Some("next".to_owned()))));
        comes_back(Ok(7_u32));
        comes_back(Ok("F1".to_owned()));
        comes_back::<Option<MessageRef>>(Err(CapError::Uncertain("?".into())));
    }
}
