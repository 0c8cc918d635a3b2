//! The functions that a plugin imports, as far as the SDK calls them, answered by the host in memory.

mod outside;

pub(crate) use outside::{http, objects, schedule, sql};

use super::state::{BOT, State, current};
use crate::bindings::moa::plugin::types::Error;

/// Outside of a call there is nobody to ask.
fn ask<R>(answer: impl FnOnce(&mut State) -> Result<R, Error>) -> Result<R, Error> {
    current(answer).unwrap_or_else(|| {
        Err(Error::Unsupported(
            "there is no host here; in a unit test use `moa_plugin::testing::Host`".into(),
        ))
    })
}

pub(crate) mod brain {
    use super::{Error, ask};
    use crate::bindings::moa::plugin::brain::{Entry, KeyPage, Scope, Write};
    use crate::clock;
    use crate::testing::state::{State, Stored};

    const MAX_KEY: usize = 512;
    const MAX_VALUE: usize = 1 << 20;

    /// A scope's name among the keys: no two scopes have the same.
    fn name(at: &Scope) -> String {
        format!("{at:?}")
    }

    fn check(key: &str) -> Result<(), Error> {
        match (1..=MAX_KEY).contains(&key.len()) {
            true => Ok(()),
            false => Err(Error::Invalid(format!(
                "a key has 1 to {MAX_KEY} bytes, not {}",
                key.len()
            ))),
        }
    }

    fn stored<'a>(state: &'a mut State, at: &Scope, key: &str) -> Result<Option<&'a Stored>, Error> {
        check(key)?;
        let now = state.now;
        state
            .brain
            .retain(|_, stored| stored.expires.is_none_or(|expires| expires > now));
        Ok(state.brain.get(&(name(at), key.into())))
    }

    fn write(state: &mut State, at: &Scope, what: &Write) -> Result<String, Error> {
        check(&what.key)?;
        if what.value.len() > MAX_VALUE {
            return Err(Error::OverLimit(format!("a value has at most {MAX_VALUE} bytes")));
        }
        if what.ttl_seconds == Some(0) {
            return Err(Error::Invalid("an entry lives for at least one second".into()));
        }
        state.writes += 1;
        let stored = Stored {
            value: what.value.clone(),
            version: state.writes,
            expires: what.ttl_seconds.map(|ttl| state.now + u64::from(ttl) * 1_000),
        };
        state.brain.insert((name(at), what.key.clone()), stored);
        Ok(state.writes.to_string())
    }

    pub(crate) fn get(at: &Scope, key: &str) -> Result<Option<Entry>, Error> {
        ask(|state| {
            let entry = stored(state, at, key)?.map(|stored| Entry {
                value: stored.value.clone(),
                version: stored.version.to_string(),
                expires: stored.expires.map(clock::format),
            });
            Ok(entry)
        })
    }

    pub(crate) fn set(at: &Scope, what: &Write) -> Result<String, Error> {
        ask(|state| write(state, at, what))
    }

    pub(crate) fn delete(at: &Scope, key: &str) -> Result<bool, Error> {
        ask(|state| {
            let there = stored(state, at, key)?.is_some();
            state.brain.remove(&(name(at), key.into()));
            Ok(there)
        })
    }

    pub(crate) fn list_keys(at: &Scope, prefix: &str, cursor: Option<&str>, limit: u32) -> Result<KeyPage, Error> {
        ask(|state| {
            if !(1..=1_000).contains(&limit) {
                return Err(Error::Invalid(format!("a page has 1 to 1000 keys, not {limit}")));
            }
            let (now, scope) = (state.now, name(at));
            let alive = state
                .brain
                .iter()
                .filter(|(_, stored)| stored.expires.is_none_or(|expires| expires > now));
            let mut keys = alive
                .map(|((scope, key), _)| (scope, key))
                .filter(|(of, key)| **of == scope && key.starts_with(prefix))
                .map(|(_, key)| key.clone())
                .filter(|key| cursor.is_none_or(|last| key.as_str() > last));
            let page: Vec<String> = keys.by_ref().take(limit as usize).collect();
            let next = keys.next().and(page.last().cloned());
            Ok(KeyPage { keys: page, next })
        })
    }

    pub(crate) fn increment(at: &Scope, key: &str, by: i64) -> Result<i64, Error> {
        ask(|state| {
            let stored = stored(state, at, key)?;
            let (number, expires) = match stored {
                None => (Some(0), None),
                Some(stored) => {
                    let text = std::str::from_utf8(&stored.value).ok();
                    (text.and_then(|text| text.parse().ok()), stored.expires)
                }
            };
            let Some(sum) = number.and_then(|number: i64| number.checked_add(by)) else {
                return Err(Error::Invalid(format!(
                    "`{key}` is no number, or the sum has no room in 64 bits"
                )));
            };
            let what = Write {
                key: key.into(),
                value: sum.to_string().into(),
                ttl_seconds: None,
            };
            write(state, at, &what)?;
            if let Some(stored) = state.brain.get_mut(&(name(at), key.into())) {
                stored.expires = expires;
            }
            Ok(sum)
        })
    }

    pub(crate) fn compare_and_swap(at: &Scope, what: &Write, expected: Option<&str>) -> Result<String, Error> {
        ask(|state| {
            let there = stored(state, at, &what.key)?.map(|stored| stored.version.to_string());
            match there.as_deref() == expected {
                true => write(state, at, what),
                false => Err(Error::Conflict(format!("`{}` was written meanwhile", what.key))),
            }
        })
    }
}

pub(crate) mod chat {
    use super::ask as with;
    use super::{BOT, Error, State};
    use crate::bindings::moa::plugin::types::{Action, Content, Conversation, Message, MessageRef, Place, User};
    use crate::testing::Uploaded;
    use crate::testing::state::{Line, Question, Shown, direct, message};

    fn check(what: &Content) -> Result<(), Error> {
        match what.text.is_empty() && what.cards.is_empty() && what.native.is_none() {
            true => Err(Error::Invalid("there is nothing to show".into())),
            false => Ok(()),
        }
    }

    fn find<'a>(state: &'a mut State, which: &MessageRef) -> Result<&'a mut Line, Error> {
        let mut lines = state.lines.iter_mut();
        lines
            .find(|line| line.address == *which)
            .ok_or_else(|| Error::NotFound(format!("there is no message `{}` there", which.id)))
    }

    fn find_own<'a>(state: &'a mut State, which: &MessageRef) -> Result<&'a mut Line, Error> {
        let line = find(state, which)?;
        match line.author.id == BOT {
            true => Ok(line),
            false => Err(Error::AccessDenied("this message is somebody else's".into())),
        }
    }

    pub(crate) fn send(to: &Place, what: &Content) -> Result<MessageRef, Error> {
        check(what)?;
        with(|state| Ok(state.post(to, what)))
    }

    pub(crate) fn edit(which: &MessageRef, what: &Content) -> Result<(), Error> {
        check(what)?;
        with(|state| {
            find_own(state, which)?;
            state.replace(which, what);
            Ok(())
        })
    }

    pub(crate) fn delete(which: &MessageRef) -> Result<(), Error> {
        with(|state| match find_own(state, which) {
            Ok(_) => {
                let posted = state.posted().into_iter().find(|posted| posted.address == *which);
                state.deleted.extend(posted);
                state.questions.retain(|question| question.message != *which);
                state.lines.retain(|line| line.address != *which);
                state.reactions.retain(|(on, _)| on != which);
                Ok(())
            }
            Err(Error::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        })
    }

    pub(crate) fn react(which: &MessageRef, emoji: &str) -> Result<(), Error> {
        with(|state| {
            find(state, which)?;
            let reaction = (which.clone(), emoji.to_owned());
            if !state.reactions.contains(&reaction) {
                state.reactions.push(reaction);
            }
            Ok(())
        })
    }

    pub(crate) fn unreact(which: &MessageRef, emoji: &str) -> Result<(), Error> {
        with(|state| {
            find(state, which)?;
            state.reactions.retain(|(on, known)| on != which || known != emoji);
            Ok(())
        })
    }

    pub(crate) fn upload(to: &Place, name: &str, data: &[u8], comment: &str) -> Result<String, Error> {
        if name.is_empty() {
            return Err(Error::Invalid("a file needs a name".into()));
        }
        with(|state| {
            state.files.push(Uploaded {
                place: to.clone(),
                name: name.into(),
                data: data.into(),
                comment: comment.into(),
            });
            Ok(format!("F{}", state.files.len()))
        })
    }

    pub(crate) fn download(file: &str) -> Result<Vec<u8>, Error> {
        with(|state| {
            if let Some(content) = state.contents.get(file) {
                return Ok(content.clone());
            }
            let number = file.strip_prefix('F').and_then(|number| number.parse::<usize>().ok());
            let found = number.and_then(|number| state.files.get(number.checked_sub(1)?));
            found
                .map(|file| file.data.clone())
                .ok_or_else(|| Error::NotFound(format!("there is no file `{file}`")))
        })
    }

    pub(crate) fn open_direct(user: &str) -> Result<Place, Error> {
        get_user(user).map(|user| direct(&user.id))
    }

    pub(crate) fn open_modal(trigger: &str, view: &str) -> Result<(), Error> {
        let view = serde_json::from_str(view).map_err(|error| Error::Invalid(error.to_string()))?;
        with(|state| {
            let now = state.now;
            let good = state
                .trigger
                .take_if(|known| known.name == trigger && known.until > now);
            let Some(trigger) = good else {
                return Err(Error::NotFound(
                    "this trigger is used up, or it is too late for it".into(),
                ));
            };
            state.form = Some(Shown {
                view,
                errors: Vec::new(),
                place: trigger.place,
                on: trigger.on,
            });
            Ok(())
        })
    }

    pub(crate) fn ask(to: &Place, who: &str, id: &str, what: &Content, wait_seconds: u32) -> Result<MessageRef, Error> {
        check(what)?;
        let can_answer = |action: &Action| !matches!(action, Action::Link(_));
        if id.is_empty() || !what.actions.iter().any(can_answer) {
            return Err(Error::Invalid("a question needs an id, and a button or menu".into()));
        }
        with(|state| {
            let message = state.post(to, what);
            state.questions.retain(|open| open.id != id);
            state.questions.push(Question {
                message: message.clone(),
                who: who.into(),
                id: id.into(),
                seconds: wait_seconds,
            });
            Ok(message)
        })
    }

    pub(crate) fn get_user(id: &str) -> Result<User, Error> {
        with(|state| {
            let found = state.users.iter().find(|user| user.id == id);
            found
                .cloned()
                .ok_or_else(|| Error::NotFound(format!("there is no person `{id}`")))
        })
    }

    pub(crate) fn get_conversation(id: &str) -> Result<Conversation, Error> {
        with(|state| {
            let found = state.conversations.iter().find(|known| known.id == id);
            found
                .cloned()
                .ok_or_else(|| Error::NotFound(format!("there is no conversation `{id}`")))
        })
    }

    /// Everybody is everywhere, on one page.
    pub(crate) fn members(_: &str, cursor: Option<&str>) -> Result<(Vec<String>, Option<String>), Error> {
        with(|state| match cursor {
            None => Ok((state.users.iter().map(|user| user.id.clone()).collect(), None)),
            Some(_) => Err(Error::Invalid("there is one page".into())),
        })
    }

    pub(crate) fn history(at: &Place, before: Option<&str>, limit: u32) -> Result<Vec<Message>, Error> {
        if !(1..=200).contains(&limit) {
            return Err(Error::Invalid(format!("1 to 200 messages, not {limit}")));
        }
        with(|state| {
            let here = || state.lines.iter().filter(|line| line.address.place == *at).rev();
            let older = here().skip_while(|line| before.is_some_and(|id| line.address.id != id));
            let older = older.skip(usize::from(before.is_some()));
            Ok(older.take(limit as usize).map(message).collect())
        })
    }
}

pub(crate) mod triggers {
    use super::{Error, ask};
    use crate::bindings::moa::plugin::triggers::{Pattern, Scopes};
    use crate::testing::state::{Taught, compile};

    const MAX_TAUGHT: usize = 1_000;

    pub(crate) fn hear(id: &str, what: &Pattern, scopes: Scopes, conversation: Option<&str>) -> Result<(), Error> {
        ask(|state| {
            let Some(regex) = compile(what) else {
                return Err(Error::Invalid("the pattern is malformed".into()));
            };
            if id.is_empty() || scopes.is_empty() {
                return Err(Error::Invalid("a pattern needs an id and at least one scope".into()));
            }
            if state.taught.len() >= MAX_TAUGHT && !state.taught.contains_key(id) {
                return Err(Error::OverLimit(format!("a plugin has at most {MAX_TAUGHT} patterns")));
            }
            let taught = Taught {
                regex,
                scopes,
                conversation: conversation.map(Into::into),
            };
            state.taught.insert(id.into(), taught);
            Ok(())
        })
    }

    pub(crate) fn forget(id: &str) -> Result<bool, Error> {
        ask(|state| Ok(state.taught.remove(id).is_some()))
    }
}

pub(crate) mod system {
    use crate::bindings::moa::plugin::system::Level;
    use crate::clock;
    use crate::testing::state::current;
    use std::hash::{BuildHasher, RandomState};
    use std::time::{SystemTime, UNIX_EPOCH};

    /// Outside of a call nothing is configured.
    pub(crate) fn config() -> String {
        current(|state| state.config.clone()).unwrap_or_else(|| "{}".into())
    }

    /// Outside of a call it is the machine's clock; one before 1970 reads as 1970.
    pub(crate) fn now() -> String {
        clock::format(current(|state| state.now).unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        }))
    }

    pub(crate) fn local(instant: &str, timezone: &str) -> Result<String, String> {
        let hours = match timezone {
            "UTC" => 0_u64,
            "Asia/Seoul" => 9,
            _ => {
                return Err(format!(
                    "the test host knows the time zones UTC and Asia/Seoul, not `{timezone}`"
                ));
            }
        };
        let millis = clock::parse(instant).ok_or_else(|| format!("`{instant}` is no instant"))?;
        let (date, time) = clock::civil(millis + hours * 3_600_000);
        Ok(format!("{date}T{time}+{hours:02}:00[{timezone}]"))
    }

    /// Outside of a call each word has a fresh key: nobody can foretell it, without a dependency.
    pub(crate) fn random(len: u32) -> Vec<u8> {
        let word = || {
            let seeded = current(|state| {
                // SplitMix64, by Sebastiano Vigna.
                state.chance = state.chance.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut word = state.chance;
                word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                word ^ (word >> 31)
            });
            seeded.unwrap_or_else(|| RandomState::new().hash_one(0_u8))
        };
        let words = std::iter::repeat_with(|| word().to_le_bytes());
        words.flatten().take(len as usize).collect()
    }

    pub(crate) fn log(level: Level, text: &str) {
        let line = format!("{}: {text}", format!("{level:?}").to_lowercase().replace("level::", ""));
        let mut line = Some(line);
        current(|state| state.log.extend(line.take()));
        if let Some(line) = line {
            eprintln!("{line}");
        }
    }
}
