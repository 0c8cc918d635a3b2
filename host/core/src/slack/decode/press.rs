//! `interactive` payloads: what people do with buttons, menus, forms and shortcuts.
//!
//! Whose it is stands in the ids that the host gave to all of it, `PLUGIN/ID`. An id of another shape is nobody's: a
//! button that only opens a link, or something that was left by another bot of the same account.

use super::form::{Fields, Form};
use super::message::{SERVICE, place_kind, place_kind_by_name, thread};
use super::state::{items, of_message, of_view, value};
use super::text::portable;
use super::{Context, Ignored, What, time};
use crate::event::{Event, EventKind, Identity, MessageRef, Place, PlaceKind, Press, PressKind};
use crate::manifest::is_plain_name;
use crate::slack::render::RESERVED;
use crate::slack::render::form::opened;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Whole {
    payload: Value,
}

/// The text at a JSON pointer; empty where there is none.
pub fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// Takes `PLUGIN/ID` apart; `None` for what is nobody's. What the host itself put there has no plugin.
fn owned(id: &str) -> Option<(&str, &str)> {
    let host_s = |plugin: &str, id: &str| plugin.is_empty() && id.starts_with(RESERVED);
    id.split_once('/')
        .filter(|(plugin, id)| is_plain_name(plugin) && !id.is_empty() || host_s(plugin, id))
}

/// The plugin's own part of an id, or the whole where it names no plugin.
pub fn own_id(id: &str) -> &str {
    owned(id).map_or(id, |(_, own)| own)
}

/// The interaction in a frame.
pub fn interaction(frame: &str, envelope: &str, answerable: bool, context: Context<'_>) -> What {
    let Ok(Whole { payload }) = serde_json::from_str(frame) else {
        return What::Unreadable;
    };
    let kind = text(&payload, "/type");
    let user = text(&payload, "/user/id");
    let read = Reading {
        payload: &payload,
        user,
        envelope,
        context,
    };
    let what = match kind {
        "" => return What::Unreadable,
        "block_actions" => read.action(),
        "view_submission" => read.submission(answerable),
        "shortcut" | "message_action" => read.shortcut(),
        // Choices while somebody types, forms that were closed, and all of the older kinds.
        _ => None,
    };
    match what {
        Some(_) if user.is_empty() => What::Unreadable,
        Some(what) => what,
        None => What::Ignored(Ignored::Interaction(kind.into())),
    }
}

struct Reading<'a> {
    payload: &'a Value,
    user: &'a str,
    envelope: &'a str,
    context: Context<'a>,
}

/// What differs from one press to another.
struct Made<'a> {
    kind: PressKind,
    /// The whole id.
    id: &'a str,
    value: String,
    state: Vec<(String, String)>,
    place: Place,
    on: Option<MessageRef>,
    /// Slack's time of it, where it tells one.
    ts: &'a str,
}

impl<'a> Reading<'a> {
    fn text(&self, path: &str) -> &'a str {
        text(self.payload, path)
    }

    /// One of a plugin's elements was used. Should several come at once, the first is it.
    fn action(&self) -> Option<What> {
        let (action, id) = items(self.payload, "/actions").iter().find_map(|action| {
            let id = text(action, "/action_id");
            owned(id).map(|_| (action, id))
        })?;
        let pressed = (text(action, "/block_id"), id);
        let kind = match text(action, "/type") {
            "button" => PressKind::Button,
            _ => PressKind::Select,
        };
        let view = self.payload.get("view").filter(|view| view.is_object());
        let (place, on) = match view {
            Some(view) => {
                let (place, on, _) = self.opened(view);
                (place, on)
            }
            None => {
                let place = self.place();
                let on = self.on(&place);
                (place, on)
            }
        };
        self.event(Made {
            kind,
            id,
            value: value(action),
            state: match view {
                Some(view) => of_view(view, pressed),
                None => of_message(self.payload, pressed),
            },
            place,
            on,
            ts: text(action, "/action_ts"),
        })
        .map(|event| What::Event(Box::new(event)))
    }

    fn submission(&self, answerable: bool) -> Option<What> {
        let view = self.payload.get("view")?;
        let (place, on, value) = self.opened(view);
        let event = self.event(Made {
            kind: PressKind::Modal,
            id: text(view, "/callback_id"),
            value,
            state: of_view(view, ("", "")),
            place,
            on,
            ts: "",
        })?;
        Some(What::Form(Box::new(Form {
            event,
            fields: Fields::of(view),
            answerable,
        })))
    }

    /// On a message, or from anywhere.
    fn shortcut(&self) -> Option<What> {
        let place = self.place();
        let mut on = self.on(&place);
        if self.text("/type") == "shortcut" {
            on = None;
        }
        let state = match &on {
            Some(_) => vec![
                ("text".into(), portable(self.text("/message/text")).0),
                ("author".into(), self.text("/message/user").into()),
            ],
            None => Vec::new(),
        };
        self.event(Made {
            kind: PressKind::Shortcut,
            id: self.text("/callback_id"),
            value: String::new(),
            state,
            place,
            on,
            ts: self.text("/action_ts"),
        })
        .map(|event| What::Event(Box::new(event)))
    }

    /// `None` where it is nobody's.
    fn event(&self, made: Made<'_>) -> Option<Event> {
        let (plugin, id) = owned(made.id)?;
        let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let trigger = filled(self.text("/trigger_id"));
        // Of an app that is installed for a whole organisation no team is named, but that of the person.
        let team = ["/team/id", "/user/team_id", "/enterprise/id"].map(|path| self.text(path));
        let team = team.into_iter().find(|team| !team.is_empty()).unwrap_or_default();
        let name = match (&trigger, made.ts) {
            (Some(trigger), _) => trigger.clone(),
            (None, "") => self.envelope.into(),
            (None, ts) => format!("{ts}/{}/{}", self.user, made.id),
        };
        Some(Event {
            identity: Identity::other(SERVICE, team, &name),
            team: team.into(),
            redelivered: false,
            kind: EventKind::Press(Press {
                kind: made.kind,
                plugin: plugin.into(),
                id: id.into(),
                value: made.value,
                state: made.state,
                user: self.user.into(),
                place: made.place,
                on: made.on,
                trigger,
                response_url: filled(self.text("/response_url")),
                time: time::rfc3339(made.ts).unwrap_or_else(|| self.context.now.to_string()),
            }),
        })
    }

    /// The first of these that is told.
    fn first(&self, paths: &[&str]) -> &'a str {
        let told = paths.iter().map(|path| self.text(path));
        told.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// Where the message stands; without one, with the person.
    fn place(&self) -> Place {
        let channel = self.first(&["/channel/id", "/container/channel_id"]);
        if channel.is_empty() {
            return self.with_person();
        }
        let kind = match place_kind_by_name(self.text("/channel/name")) {
            PlaceKind::Channel => place_kind("", channel),
            kind => kind,
        };
        let thread_ts = self.first(&["/message/thread_ts", "/container/thread_ts"]);
        Place {
            service: SERVICE.into(),
            conversation: channel.into(),
            thread: thread(thread_ts, self.ts()),
            kind,
        }
    }

    fn with_person(&self) -> Place {
        Place {
            service: SERVICE.into(),
            conversation: self.user.into(),
            thread: None,
            kind: PlaceKind::Direct,
        }
    }

    fn ts(&self) -> &'a str {
        self.first(&["/message/ts", "/container/message_ts", "/message_ts"])
    }

    /// The message. What only one person sees stands in no history, so its number leads to nothing and is left out.
    fn on(&self, place: &Place) -> Option<MessageRef> {
        let ephemeral = self.payload.pointer("/container/is_ephemeral") == Some(&Value::Bool(true));
        let ts = self.ts();
        (!ts.is_empty()).then(|| MessageRef {
            place: place.clone(),
            id: if ephemeral { String::new() } else { ts.into() },
        })
    }

    /// Where a view was opened, about which message, and the plugin's own data in it.
    fn opened(&self, view: &Value) -> (Place, Option<MessageRef>, String) {
        let private = text(view, "/private_metadata");
        opened(private).unwrap_or_else(|| (self.with_person(), None, private.into()))
    }
}
