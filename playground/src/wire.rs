//! The newest frames and calls of the Web API exactly as they went over the wire, for the page.
//!
//! Nothing is copied on the way: texts and bodies are shared with whoever sends or reads them.

use crate::locked;
use crate::record::Raw;
use bytes::Bytes;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// How many entries are kept.
const ENTRIES: usize = 400;
/// How many bytes they may hold together.
const BYTES: usize = 8 << 20;
/// The most bytes of one text that are shown; a page has no use for more.
const SHOWN: usize = 32 << 10;

/// One thing that went over the wire. "In" is towards the bot.
#[derive(Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Wire {
    /// a text frame for the bot
    In { connection: u64, text: Shown },
    /// a text frame of the bot
    Out { connection: u64, text: Shown },
    /// a call of the bot
    Call {
        method: String,
        args: Body,
        status: u16,
        answer: Body,
        took_us: u64,
    },
}

/// A frame's text.
#[derive(Clone)]
pub(crate) struct Shown(pub Utf8Bytes);

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.as_str();
        serializer.serialize_str(text.get(..text.floor_char_boundary(SHOWN)).unwrap_or_default())
    }
}

/// A body of HTTP: JSON where it is, else text.
#[derive(Clone)]
pub(crate) struct Body(pub Bytes);

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.len() > SHOWN {
            let text = String::from_utf8_lossy(self.0.get(..SHOWN).unwrap_or_default());
            return serializer.serialize_str(&text);
        }
        Raw(self.0.clone()).serialize(serializer)
    }
}

impl Wire {
    fn bytes(&self) -> usize {
        match self {
            Self::In { text, .. } | Self::Out { text, .. } => text.0.len(),
            Self::Call { args, answer, .. } => args.0.len() + answer.0.len(),
        }
    }
}

#[derive(Serialize)]
struct Entry {
    n: u64,
    /// milliseconds since 1970
    at: u64,
    #[serde(flatten)]
    wire: Wire,
}

#[derive(Default)]
struct Ring {
    entries: VecDeque<Arc<Entry>>,
    next: u64,
    bytes: usize,
}

/// The ring. Numbers start at 1 and have no gaps.
#[derive(Default)]
pub(crate) struct Frames {
    ring: Mutex<Ring>,
}

impl Frames {
    /// Adds what just went over the wire.
    pub fn add(&self, wire: Wire) {
        let at = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        let at = u64::try_from(at).unwrap_or(u64::MAX);
        let mut ring = locked(&self.ring);
        ring.next += 1;
        ring.bytes += wire.bytes();
        let n = ring.next;
        ring.entries.push_back(Arc::new(Entry { n, at, wire }));
        while ring.entries.len() > ENTRIES || (ring.bytes > BYTES && ring.entries.len() > 1) {
            let gone = ring.entries.pop_front().map_or(0, |entry| entry.wire.bytes());
            ring.bytes -= gone;
        }
    }

    /// The entries numbered above `since`, as `{"ok":true,"next":…,"frames":[…]}`.
    pub fn since(&self, since: u64) -> serde_json::Result<Value> {
        let ring = locked(&self.ring);
        let (next, newer): (u64, Vec<Arc<Entry>>) = (
            ring.next,
            ring.entries.iter().filter(|entry| entry.n > since).cloned().collect(),
        );
        drop(ring);
        let frames = serde_json::to_value(newer)?;
        Ok(serde_json::json!({"ok": true, "next": next, "frames": frames}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stay() {
        let frames = Frames::default();
        for n in 0..ENTRIES + 3 {
            let text = Shown(format!("{n}").into());
            frames.add(Wire::In { connection: 1, text });
        }
        let all = frames.since(0).unwrap();
        assert_eq!(all["frames"].as_array().unwrap().len(), ENTRIES);
        assert_eq!(all["frames"][0]["text"], "3");
        assert_eq!(all["next"], ENTRIES + 3);
        let last = frames.since(ENTRIES as u64 + 2).unwrap();
        assert_eq!(last["frames"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn large_ones_are_let_go_and_cut() {
        let frames = Frames::default();
        for _ in 0..3 {
            let (args, answer) = (
                Body(vec![b'x'; BYTES / 2].into()),
                Body(Bytes::from_static(b"{\"ok\":true}")),
            );
            frames.add(Wire::Call {
                method: "files.x".to_owned(),
                args,
                status: 200,
                answer,
                took_us: 1,
            });
        }
        let all = frames.since(0).unwrap();
        assert_eq!(all["frames"].as_array().unwrap().len(), 1);
        assert_eq!(all["frames"][0]["args"].as_str().unwrap().len(), SHOWN);
        assert_eq!(all["frames"][0]["answer"]["ok"], true);
    }
}
