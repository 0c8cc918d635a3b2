//! `reactions.*`.

use super::chat::{channel, ts};
use super::{Answer, ok};
use crate::api::args::Args;
use crate::locked;
use crate::shared::Shared;
use crate::world::BOT_USER;
use serde_json::json;

/// Whether this can be the name of an emoji: no colons around it, a skin tone may follow.
pub(crate) fn is_emoji_name(name: &str) -> bool {
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c == ':' || c.is_uppercase());
    match name.split_once("::") {
        Some((name, tone)) => plain(name) && tone.starts_with("skin-tone-") && plain(tone),
        None => plain(name) && name.len() <= 100,
    }
}

/// `reactions.add` and `reactions.remove`.
pub(crate) fn change(shared: &Shared, args: &Args, added: bool) -> Answer {
    let name = args
        .str("name")
        .filter(|name| is_emoji_name(name))
        .ok_or("invalid_name")?;
    if args.str("timestamp").is_none() {
        return Err("no_item_specified".into());
    }
    let channel = channel(shared, args)?;
    let ts = ts(args, "timestamp", "bad_timestamp")?;
    shared.react(&channel, ts, &BOT_USER.into(), name, added)?;
    ok(json!({}))
}

/// `reactions.get`.
pub(crate) fn get(shared: &Shared, args: &Args) -> Answer {
    let channel = channel(shared, args)?;
    let ts = ts(args, "timestamp", "bad_timestamp")?;
    let world = locked(&shared.world);
    let conversation = world.conversation(&channel).ok_or("channel_not_found")?;
    let message = conversation.message(ts).ok_or("message_not_found")?;
    ok(json!({"type": "message", "channel": channel, "message": conversation.view(message, false)}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_colons_but_may_have_a_tone() {
        for good in ["eyes", "+1", "thumbsup::skin-tone-6", "한글"] {
            assert!(is_emoji_name(good), "{good}");
        }
        for bad in ["", ":eyes:", "a b", "eyes::", "eyes::x", "Eyes"] {
            assert!(!is_emoji_name(bad), "{bad}");
        }
    }
}
