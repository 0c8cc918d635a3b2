//! How entries, records and effects are written into Redis.

use crate::error::{Refusal, StoreError};
use crate::plan;
use crate::types::{Answer, Effect, Entry, NewRecord, Record, Recorded, Seq, WriteOutcome};
use serde::{Deserialize, Serialize};

/// What a write answered.
pub(super) type Written = Result<Vec<WriteOutcome>, Refusal>;

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(format!("{what} in Redis is not what moa wrote there"))
}

/// Absent: `-`.
pub(super) fn expiry(expires_ms: Option<i64>) -> String {
    expires_ms.map_or_else(|| "-".to_owned(), |at| at.to_string())
}

/// The entry of `VERSION EXPIRY VALUE`, whether or not it has expired.
pub(super) fn entry(packed: &[u8]) -> Result<Entry, StoreError> {
    let mut parts = packed.splitn(3, |byte| *byte == b' ');
    let mut part = || parts.next().ok_or_else(|| damaged("an entry"));
    let version = String::from_utf8(part()?.to_vec()).map_err(|_| damaged("a version"))?;
    let expires_ms = match part()? {
        b"-" => None,
        digits => {
            let at = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
            Some(at.ok_or_else(|| damaged("an expiry"))?)
        }
    };
    let value = part()?.to_vec();
    Ok(Entry {
        value,
        version,
        expires_ms,
    })
}

/// The entry, unless it has expired.
pub(super) fn live_entry(packed: Option<Vec<u8>>, now_ms: i64) -> Result<Option<Entry>, StoreError> {
    let found = packed.map(|packed| entry(&packed)).transpose()?;
    Ok(found.filter(|entry| !plan::expired(entry.expires_ms, now_ms)))
}

#[derive(Serialize, Deserialize)]
struct Header<'h> {
    #[serde(borrow)]
    identity: std::borrow::Cow<'h, str>,
    #[serde(borrow)]
    kind: std::borrow::Cow<'h, str>,
    received_ms: i64,
}

/// A line of JSON, then the body.
pub(super) fn pack_record(record: &NewRecord) -> Result<Vec<u8>, StoreError> {
    let header = Header {
        identity: record.identity.as_str().into(),
        kind: record.kind.as_str().into(),
        received_ms: record.received_ms,
    };
    let mut packed = serde_json::to_vec(&header).map_err(|error| StoreError::Io(error.to_string()))?;
    packed.push(b'\n');
    packed.extend_from_slice(&record.body);
    Ok(packed)
}

pub(super) fn record(seq: Seq, packed: &[u8]) -> Result<Record, StoreError> {
    let bad = || damaged(&format!("journal record {seq}"));
    let end = packed.iter().position(|byte| *byte == b'\n').ok_or_else(bad)?;
    let (header, body) = packed.split_at_checked(end).ok_or_else(bad)?;
    let header: Header<'_> = serde_json::from_slice(header).map_err(|_| bad())?;
    Ok(Record {
        seq,
        identity: header.identity.into_owned(),
        kind: header.kind.into_owned(),
        body: body.get(1..).unwrap_or_default().to_vec(),
        received_ms: header.received_ms,
    })
}

pub(super) fn seq(digits: &[u8]) -> Result<Seq, StoreError> {
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    number.map(Seq).ok_or_else(|| damaged("a number of the journal"))
}

/// What is known of an effect before it happens, and how many bytes of that are its fingerprint. The answer follows it:
/// `w` and JSON for writes, `n` and bytes for a note.
pub(super) fn effect_head(effect: &Effect) -> (Vec<u8>, usize) {
    let mut head = Vec::with_capacity(effect.fingerprint.len() + effect.by.len() + effect.seen.len() + 12);
    push(&mut head, &effect.fingerprint);
    let fingerprint = head.len();
    push(&mut head, effect.by.as_bytes());
    push(&mut head, &effect.seen);
    (head, fingerprint)
}

pub(super) fn pack_note(effect: &Effect, answer: &[u8]) -> Vec<u8> {
    let (mut packed, _) = effect_head(effect);
    packed.push(b'n');
    packed.extend_from_slice(answer);
    packed
}

pub(super) fn recorded(ordinal: u32, packed: &[u8]) -> Result<Recorded, StoreError> {
    let bad = || damaged("an effect");
    let mut left = packed;
    let fingerprint = take(&mut left).ok_or_else(bad)?.to_vec();
    let by = String::from_utf8(take(&mut left).ok_or_else(bad)?.to_vec()).map_err(|_| bad())?;
    let seen = take(&mut left).ok_or_else(bad)?.to_vec();
    let answer = match left.split_first() {
        Some((b'w', json)) => Answer::Written(written(json)?),
        Some((b'n', bytes)) => Answer::Noted(bytes.to_vec()),
        _ => return Err(bad()),
    };
    Ok(Recorded {
        ordinal,
        fingerprint,
        by,
        seen,
        answer,
    })
}

pub(super) fn written(json: &[u8]) -> Result<Written, StoreError> {
    serde_json::from_slice(json).map_err(|_| damaged("an answer"))
}

fn push(to: &mut Vec<u8>, bytes: &[u8]) {
    // No effect is 4 GiB long: plugins have far less memory.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    to.extend_from_slice(&length.to_be_bytes());
    to.extend_from_slice(bytes);
}

fn take<'b>(from: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, rest) = from.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (bytes, rest) = rest.split_at_checked(length)?;
    *from = rest;
    Some(bytes)
}
