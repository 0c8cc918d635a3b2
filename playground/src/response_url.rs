//! `response_url`: answering what somebody did without a token, also where the bot is no member.

use crate::api::args::Args;
use crate::api::message::{Draft, Refusal};
use crate::conversation::Message;
use crate::events;
use crate::locked;
use crate::record::{Raw, What};
use crate::shared::Shared;
use crate::ts::Ts;
use crate::world::{BOT_USER, Id};
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// How often each may be used, and for how long.
const USES: u32 = 5;
const LIFE: Duration = Duration::from_secs(30 * 60);
/// The oldest ones beyond this number are forgotten early.
const KEPT: usize = 100_000;

/// The message that something was done with.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Original {
    pub ts: Ts,
    pub ephemeral: bool,
}

struct Open {
    channel: Id,
    user: Id,
    original: Option<Original>,
    made: Instant,
    uses: u32,
}

/// All response URLs in force, by their secret.
#[derive(Default)]
pub(crate) struct ResponseUrls {
    open: HashMap<String, Open>,
    order: VecDeque<String>,
}

impl ResponseUrls {
    /// A new secret for answers to this person there.
    pub fn issue(&mut self, channel: Id, user: Id, original: Option<Original>, now: Instant) -> String {
        let secret = format!("{:032x}", fastrand::u128(..));
        self.open.insert(
            secret.clone(),
            Open {
                channel,
                user,
                original,
                made: now,
                uses: 0,
            },
        );
        self.order.push_back(secret.clone());
        while self.order.len() > KEPT {
            if let Some(oldest) = self.order.pop_front() {
                self.open.remove(&oldest);
            }
        }
        secret
    }

    /// Counts a use; says where the answer goes.
    fn take(&mut self, secret: &str, now: Instant) -> Result<(Id, Id, Option<Original>), &'static str> {
        let open = self.open.get_mut(secret).ok_or("invalid_url")?;
        if now.duration_since(open.made) > LIFE {
            return Err("expired_url");
        }
        if open.uses >= USES {
            return Err("used_url");
        }
        open.uses += 1;
        Ok((open.channel.clone(), open.user.clone(), open.original))
    }
}

impl Shared {
    /// Handles a POST to a response URL; gives the HTTP status and body.
    pub fn response_url(&self, secret: &str, body: &Bytes) -> (u16, Bytes) {
        let taken = locked(&self.response_urls).take(secret, Instant::now());
        let (status, answer) = match (taken, serde_json::from_slice::<Value>(body)) {
            (Err(error), _) => (404, format!("{{\"ok\":false,\"error\":\"{error}\"}}").into()),
            (_, Err(_)) => (400, Bytes::from_static(b"invalid_payload")),
            (Ok((channel, user, original)), Ok(message)) => match self.respond(&channel, &user, original, &message) {
                Ok(()) => (200, Bytes::from_static(b"ok")),
                Err(refusal) => (400, refusal.error.into_owned().into()),
            },
        };
        self.record.add(What::ResponseUrl {
            body: Raw(body.clone()),
            status,
        });
        (status, answer)
    }

    /// A new response URL for answers to this person there.
    pub fn issue_url(&self, channel: &Id, user: &Id, original: Option<Original>) -> String {
        let secret = locked(&self.response_urls).issue(channel.clone(), user.clone(), original, Instant::now());
        format!("{}/response/{secret}", self.base)
    }

    /// Shows the answer to what a person did: to them alone unless `response_type` is `in_channel`; instead of the
    /// message that they did it with where `replace_original` says so.
    ///
    /// # Errors
    /// What Slack refuses about the message itself.
    pub fn respond(&self, channel: &Id, user: &Id, original: Option<Original>, answer: &Value) -> Result<(), Refusal> {
        let args = Args::from_json(answer);
        if args.flag("delete_original") {
            return self.take_away(channel, user, original.ok_or("message_not_found")?);
        }
        let in_channel = args.str("response_type") == Some("in_channel");
        if !["text", "blocks", "attachments"].iter().any(|key| args.has(key)) {
            // An empty answer acknowledges; with `in_channel` alone Slack shows the typed command, which the page does
            // anyway.
            return Ok(());
        }
        let (mut message, pings) = Draft::read(&args)?.finish();
        if let Some(original) = original.filter(|_| args.flag("replace_original")) {
            return self.put_instead(channel, user, original, message, pings);
        }
        message.thread_ts = if in_channel {
            args.str("thread_ts").and_then(Ts::parse)
        } else {
            None
        };
        if in_channel {
            // What comes this way is an integration's message, not the bot user's.
            message.subtype = Some("bot_message");
            self.post(channel, message, pings);
        } else {
            self.post_ephemeral(channel, user, message, pings);
        }
        Ok(())
    }

    fn take_away(&self, channel: &Id, user: &Id, original: Original) -> Result<(), Refusal> {
        if !original.ephemeral {
            return self
                .delete(channel, original.ts)
                .ok_or_else(|| "message_not_found".into());
        }
        locked(&self.world).replace_ephemeral(channel, user, original.ts, None);
        self.notice(|| json!({"type": "deleted", "channel": channel, "ts": original.ts}));
        Ok(())
    }

    fn put_instead(
        &self,
        channel: &Id,
        user: &Id,
        original: Original,
        mut new: Message,
        pings: Vec<String>,
    ) -> Result<(), Refusal> {
        if !original.ephemeral {
            let put = |message: &mut Message| {
                (message.text, message.blocks, message.attachments) = (new.text, new.blocks, new.attachments);
            };
            return self
                .edit(channel, original.ts, pings, put)
                .ok_or_else(|| "message_not_found".into());
        }
        (new.ts, new.user, new.ephemeral) = (original.ts, BOT_USER.into(), true);
        let mut world = locked(&self.world);
        if !world.replace_ephemeral(channel, user, original.ts, Some(new.clone())) {
            return Err("message_not_found".into());
        }
        let text = new.text.clone();
        self.record.add(What::Edit {
            channel: channel.clone(),
            ts: original.ts,
            user: new.user.clone(),
            text,
            pings,
        });
        let shown = || events::alone(&new);
        self.notice(|| json!({"type": "ephemeral", "channel": channel, "user": user, "message": shown()}));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_works_five_times_for_half_an_hour() {
        let mut urls = ResponseUrls::default();
        let now = Instant::now();
        let secret = urls.issue("C1".into(), "U1".into(), None, now);
        for _ in 0..USES {
            assert!(urls.take(&secret, now).is_ok());
        }
        assert_eq!(urls.take(&secret, now), Err("used_url"));
        let secret = urls.issue("C1".into(), "U1".into(), None, now);
        assert_eq!(
            urls.take(&secret, now + LIFE + Duration::from_secs(1)),
            Err("expired_url")
        );
        assert_eq!(urls.take("other", now), Err("invalid_url"));
    }
}
