//! What people do, and the events that come of it.

use super::state::{Note, State};
use super::{Room, SERVICE, Spot, TEAM, kind};
use crate::adapter::slack::emoji;
use crate::toolchain::transcript::parse::Act;
use jiff::Timestamp;
use moa_core::event::{Change, Changed, Event, EventKind, File, Identity, Message, MessageRef, Place};

impl Room {
    /// A person writes.
    ///
    /// # Errors
    /// There is no such thread, and it is not the next one either.
    pub(in super::super) fn says(&self, who: &str, spot: &Spot, text: &str, now: Timestamp) -> Result<Event, String> {
        self.writes(who, spot, text, Vec::new(), now)
    }

    /// A person does something else.
    ///
    /// # Errors
    /// Why that is not possible there and then, and what would be.
    pub(in super::super) fn does(&self, who: &str, spot: &Spot, act: &Act, now: Timestamp) -> Result<Event, String> {
        if let Act::Upload { name, content, text } = act {
            let id = {
                let mut state = self.state();
                let id = format!("F{}", state.next_id());
                state.files.insert(id.clone(), content.clone().into_bytes());
                id
            };
            let file = File {
                id,
                name: name.clone(),
                mime: mime(name).into(),
                size: u32::try_from(content.len()).unwrap_or(u32::MAX),
            };
            return self.writes(who, spot, text, vec![file], now);
        }
        let mut state = self.state();
        state.now = now;
        let here = self.here(&state, spot)?;
        let person = self.person_id(who);
        let scene = Scene {
            who,
            person: &person,
            spot,
            seen: state.seen(&here.conversation, spot, here.thread.as_deref(), &person),
            here,
        };
        match act {
            Act::Click(label, value) => self.clicks(&mut state, &scene, label, value.as_ref()),
            Act::Submit(given) => self.submits(&mut state, &scene, given),
            Act::Shortcut(name) => self.shortcut(&mut state, &scene, name),
            Act::Upload { .. } => Err("a file is a message".into()),
            other => {
                let what = self.changes(&mut state, &scene, other)?;
                let id = format!("Ev{}", state.next_id());
                Ok(event(
                    Identity::other(SERVICE, TEAM, &id),
                    EventKind::Change(Change {
                        who: person.clone(),
                        what,
                        time: format!("{now:.3}"),
                    }),
                ))
            }
        }
    }

    fn writes(&self, who: &str, spot: &Spot, text: &str, files: Vec<File>, now: Timestamp) -> Result<Event, String> {
        let conversation = self.conversation_id(spot);
        let (shown, mentions) = self.marked(text);
        let mut state = self.state();
        state.now = now;
        let id = state.next_id();
        if let Spot::Channel(_, Some(number)) = spot
            && *number == state.threads(&conversation) + 1
        {
            // Somebody begins a thread below what was said last.
            let root = state.last(&conversation).map(str::to_owned);
            state.thread_number(&conversation, &root.unwrap_or_else(|| format!("{id}-before")));
        }
        let message = Message {
            at: MessageRef {
                place: self.here(&state, spot)?,
                id: id.clone(),
            },
            author: self.person_id(who),
            text: shown,
            raw: text.into(),
            mentions,
            files,
            time: format!("{now:.3}"),
            edited: false,
        };
        state.notes.push(Note {
            message: message.clone(),
            only: None,
            plugin: String::new(),
            controls: Vec::new(),
            reactions: Vec::new(),
            broadcast: false,
        });
        let identity = Identity::message(SERVICE, TEAM, &conversation, &id);
        Ok(event(identity, EventKind::Message(message)))
    }

    /// The place that is meant.
    fn here(&self, state: &State, spot: &Spot) -> Result<Place, String> {
        let conversation = self.conversation_id(spot);
        let thread = match spot {
            Spot::Channel(_, Some(number)) => {
                let root = state.thread_root(&conversation, *number).ok_or_else(|| {
                    format!(
                        "there is no thread {spot} yet, and it is not the next one either: threads are numbered from 1 in the order in which they begin"
                    )
                })?;
                Some(root.to_owned())
            }
            Spot::Channel(_, None) | Spot::Direct(_) => None,
        };
        Ok(Place {
            service: SERVICE.into(),
            conversation,
            thread,
            kind: kind(spot),
        })
    }

    fn changes(&self, state: &mut State, scene: &Scene<'_>, act: &Act) -> Result<Changed<Message>, String> {
        let everybody = |note: &Note| note.only.is_none();
        let own = |note: &Note| note.message.author == scene.person;
        let channel = || match scene.spot {
            Spot::Channel(..) => Ok(Place {
                thread: None,
                ..scene.here.clone()
            }),
            Spot::Direct(_) => Err(format!(
                "{} is a direct conversation: nobody joins or leaves it, and it has no topic; a line [#lunch] before it goes to a channel",
                scene.spot
            )),
        };
        match act {
            Act::React(with) => {
                let at = scene.newest(state, everybody, "no message to react to")?;
                let note = state.notes.get_mut(at).ok_or("no message")?;
                let reaction = (scene.person.to_owned(), emoji_name(with));
                if note.reactions.contains(&reaction) {
                    return Err(format!("{} has reacted with {with} already", scene.who));
                }
                note.reactions.push(reaction.clone());
                Ok(Changed::Reacted(note.at(), reaction.1))
            }
            Act::Unreact(with) => {
                let reaction = (scene.person.to_owned(), emoji_name(with));
                let has = |note: &Note| note.reactions.contains(&reaction);
                let missing = format!("no message that {} has reacted to with {with}", scene.who);
                let at = scene.newest(state, has, &missing)?;
                let note = state.notes.get_mut(at).ok_or("no message")?;
                note.reactions.retain(|other| *other != reaction);
                Ok(Changed::Unreacted(note.at(), reaction.1))
            }
            Act::Edit(text) => {
                let at = scene.newest(state, own, &format!("no message of {} to change", scene.who))?;
                let note = state.notes.get_mut(at).ok_or("no message")?;
                let (shown, mentions) = self.marked(text);
                note.message.text = shown;
                note.message.raw.clone_from(text);
                note.message.mentions = mentions;
                note.message.edited = true;
                Ok(Changed::Edited(note.message.clone()))
            }
            Act::Delete => {
                let at = scene.newest(state, own, &format!("no message of {} to delete", scene.who))?;
                Ok(Changed::Deleted(state.notes.remove(at).at()))
            }
            Act::Join => {
                let place = channel()?;
                state
                    .left
                    .remove(&(place.conversation.clone(), scene.person.to_owned()));
                Ok(Changed::Joined(place))
            }
            Act::Leave => {
                let place = channel()?;
                state.left.insert((place.conversation.clone(), scene.person.to_owned()));
                Ok(Changed::Left(place))
            }
            Act::Topic(text) => {
                let place = channel()?;
                state.topics.insert(place.conversation.clone(), text.clone());
                Ok(Changed::Topic(place, text.clone()))
            }
            Act::Click(..) | Act::Submit(_) | Act::Shortcut(_) | Act::Upload { .. } => {
                Err("this changes nothing".into())
            }
        }
    }
}

/// Who does something, and where.
pub(super) struct Scene<'a> {
    pub(super) who: &'a str,
    pub(super) person: &'a str,
    pub(super) spot: &'a Spot,
    here: Place,
    /// The messages that the person sees there, newest first.
    pub(super) seen: Vec<usize>,
}

impl Scene<'_> {
    /// Where in the list the newest message is that fits.
    pub(super) fn newest(&self, state: &State, fits: impl Fn(&Note) -> bool, missing: &str) -> Result<usize, String> {
        let mut seen = self.seen.iter().copied();
        let found = seen.find(|at| state.notes.get(*at).is_some_and(&fits));
        found.ok_or_else(|| format!("there is {missing} in {}", self.spot))
    }
}

pub(super) fn event(identity: Identity, kind: EventKind) -> Event {
    Event {
        identity,
        team: TEAM.into(),
        redelivered: false,
        kind,
    }
}

fn emoji_name(emoji: &str) -> String {
    emoji::name(emoji).unwrap_or(emoji).to_owned()
}

/// A file's media type, by the end of its name.
pub(super) fn mime(name: &str) -> &'static str {
    let end = name.rsplit_once('.').map_or("", |(_, end)| end).to_ascii_lowercase();
    match end.as_str() {
        "csv" => "text/csv",
        "txt" | "log" => "text/plain",
        "md" => "text/markdown",
        "json" => "application/json",
        "html" => "text/html",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}
