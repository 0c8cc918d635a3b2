//! How what a call was given is stored with its effects: a byte for the format, then one item after the other.

use super::Begun;
use super::print::Print;

/// The format.
const FORMAT: u8 = 1;
/// What the call was begun with: 4 bytes of length, then JSON.
const BEGUN: u8 = 1;
/// A host call that changed nothing outside: its print, 4 bytes of length, what was answered.
const SAW: u8 = 2;
/// Here further answers were given that are not kept.
const LOST: u8 = 3;

/// One item.
#[derive(Debug, PartialEq)]
pub(super) enum Item<'a> {
    Begun(Box<Begun>),
    Saw { print: Print, answer: &'a [u8] },
    Lost,
}

/// What stands before the items of one effect. `begun` goes with the first effect of a call.
pub(super) fn head(begun: Option<&Begun>) -> Vec<u8> {
    let mut out = vec![FORMAT];
    if let Some(json) = begun.and_then(|begun| serde_json::to_vec(begun).ok()) {
        out.push(BEGUN);
        put_bytes(&mut out, &json);
    }
    out
}

/// Appends an answer, which `write` writes.
pub(super) fn saw(out: &mut Vec<u8>, print: &Print, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(SAW);
    out.extend_from_slice(print.bytes());
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = u32::try_from(out.len().saturating_sub(at + 4)).unwrap_or(u32::MAX);
    if let Some(room) = out.get_mut(at..at + 4) {
        room.copy_from_slice(&length.to_le_bytes());
    }
}

pub(super) fn lost(out: &mut Vec<u8>) {
    out.push(LOST);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// The items of one effect; `None` where they cannot be read.
pub(super) fn read(seen: &[u8]) -> Option<Vec<Item<'_>>> {
    let (format, mut rest) = seen.split_first()?;
    if *format != FORMAT {
        return None;
    }
    let mut items = Vec::new();
    while let Some((tag, after)) = rest.split_first() {
        rest = after;
        items.push(match *tag {
            BEGUN => Item::Begun(serde_json::from_slice(take_bytes(&mut rest)?).ok()?),
            SAW => {
                let (print, after) = rest.split_at_checked(Print::BYTES)?;
                rest = after;
                Item::Saw {
                    print: Print::read(print)?,
                    answer: take_bytes(&mut rest)?,
                }
            }
            LOST => Item::Lost,
            _ => return None,
        });
    }
    Some(items)
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (bytes, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(bytes)
}
