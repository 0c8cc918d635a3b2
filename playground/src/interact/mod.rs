//! What people do with blocks, modals and shortcuts, and what becomes of the bot's answers.

mod payload;
mod trigger;
mod view;

pub(crate) use payload::{channel_name, trigger_id};
pub(crate) use trigger::Triggers;
pub(crate) use view::{Chosen, View, Views, define, invalid};

use crate::blocks::{action, elements, held, member};
use crate::conversation::Message;
use crate::events;
use crate::record::What;
use crate::response_url::Original;
use crate::shared::Shared;
use crate::socket::envelope::{Asked, Event, Kind, Origin};
use crate::ts::Ts;
use crate::world::{Id, World};
use crate::{locked, merge};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

/// Of how many messages it is remembered what somebody chose in them.
const CHOICES: usize = 1_000;

/// A message as one person has it before them.
type Before = (Id, Ts, Id);

/// Everything that is going on between people and the bot's elements.
#[derive(Default)]
pub(crate) struct Interactions {
    pub triggers: Triggers,
    pub views: Views,
    chosen: HashMap<Before, Chosen>,
    order: VecDeque<Before>,
}

impl Interactions {
    fn chosen(&mut self, before: Before) -> &mut Chosen {
        if !self.chosen.contains_key(&before) {
            self.order.push_back(before.clone());
            if self.order.len() > CHOICES
                && let Some(oldest) = self.order.pop_front()
            {
                self.chosen.remove(&oldest);
            }
        }
        self.chosen.entry(before).or_default()
    }
}

/// Something done with one element.
pub(crate) struct Press<'a> {
    /// empty: whichever block has the element
    pub block_id: &'a str,
    pub action_id: &'a str,
    /// what was chosen in it
    pub value: Option<&'a Value>,
    /// what the other elements there hold: `{block_id: {action_id: raw}}`
    pub values: &'a Value,
}

/// An element and where it is.
struct Found {
    block_id: String,
    element: Value,
    /// the number of the attachment that holds it, from 1
    attachment: Option<usize>,
    /// whether the bot hears of it
    dispatched: bool,
}

fn find(press: &Press, blocks: Option<&Value>, attachment: Option<usize>) -> Option<Found> {
    let fits = |(block, element): &(&Value, &Value)| {
        member(element, "action_id") == press.action_id
            && (press.block_id.is_empty() || member(block, "block_id") == press.block_id)
    };
    let (block, element) = elements(blocks).find(fits)?;
    let quiet = member(block, "type") == "input" && block.get("dispatch_action") != Some(&Value::Bool(true));
    Some(Found {
        block_id: member(block, "block_id").to_owned(),
        element: element.clone(),
        attachment,
        dispatched: !quiet,
    })
}

fn find_in_message(press: &Press, message: &Message) -> Option<Found> {
    let attached = message
        .attachments
        .as_deref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate();
    let attached = attached.map(|(n, attachment)| (attachment.get("blocks"), Some(n + 1)));
    [(message.blocks.as_deref(), None)]
        .into_iter()
        .chain(attached)
        .find_map(|(blocks, n)| find(press, blocks, n))
}

fn message_state(chosen: &Chosen, message: &Message) -> Result<Value, String> {
    let mut state = chosen.state(message.blocks.as_deref())?;
    for attachment in message
        .attachments
        .as_deref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let more = chosen.state(attachment.get("blocks"))?;
        if let Some(values) = state.get_mut("values") {
            merge(values, more.get("values").cloned().unwrap_or_default());
        }
    }
    Ok(state)
}

impl Shared {
    /// A person does something with an element of a message. `None` where the bot doesn't hear of it.
    ///
    /// # Errors
    /// Why that can't be done.
    pub fn press(&self, user: &Id, channel: &Id, ts: Ts, press: &Press) -> Result<Option<Arc<str>>, String> {
        let world = locked(&self.world);
        let conversation = world.conversation(channel).ok_or("no such conversation")?;
        let message = world
            .seen(channel, user, ts)
            .ok_or_else(|| format!("there is no message {ts}"))?;
        let found = find_in_message(press, message)
            .ok_or_else(|| format!("the message has no element with the action_id {}", press.action_id))?;
        let members = held(&found.element, press.value)?;
        let mut interactions = locked(&self.interactions);
        let chosen = interactions.chosen((channel.clone(), ts, user.clone()));
        chosen.take(press.values);
        if let Some(value) = press.value {
            chosen.take(&json!({&found.block_id: {press.action_id: value}}));
        }
        let state = message_state(chosen, message)?;
        if !found.dispatched {
            return Ok(None);
        }
        let trigger = trigger_id();
        interactions
            .triggers
            .add(trigger.clone(), user.clone(), None, Instant::now());
        drop(interactions);
        let original = Original {
            ts,
            ephemeral: message.ephemeral,
        };
        let url = self.issue_url(channel, user, Some(original));
        let mut container = json!({
            "type": if found.attachment.is_some() { "message_attachment" } else { "message" },
            "message_ts": ts, "channel_id": channel, "is_ephemeral": message.ephemeral,
        });
        if let Some(n) = found.attachment {
            merge(&mut container, json!({"attachment_id": n, "is_app_unfurl": false}));
        }
        if let Some(thread) = message.thread_ts {
            merge(&mut container, json!({"thread_ts": thread}));
        }
        let mut body = payload::common(&world, "block_actions", user, &trigger);
        merge(
            &mut body,
            json!({
                "container": container, "channel": payload::channel(conversation), "state": state, "response_url": url,
                "actions": [action(&found.block_id, &found.element, members, Ts::now())],
            }),
        );
        // Slack tells nothing of the message itself where it stands in no history.
        if !message.ephemeral {
            merge(&mut body, json!({"message": conversation.view(message, true)}));
        }
        drop(world);
        let asked = Asked::Action {
            channel: Some(channel.clone()),
            ts: Some(ts),
            view: None,
            block_id: found.block_id,
            action_id: press.action_id.to_owned(),
        };
        self.interact(user, asked, trigger.clone(), &body);
        Ok(Some(trigger))
    }

    /// A person does something with an element of a modal. `None` where the bot doesn't hear of it.
    ///
    /// # Errors
    /// Why that can't be done.
    pub fn press_in_view(&self, user: &Id, view_id: &str, press: &Press) -> Result<Option<Arc<str>>, String> {
        let world = locked(&self.world);
        let mut interactions = locked(&self.interactions);
        let view = own_view(&mut interactions.views, user, view_id)?;
        let found = find(press, view.blocks(), None)
            .ok_or_else(|| format!("the modal has no element with the action_id {}", press.action_id))?;
        let members = held(&found.element, press.value)?;
        view.chosen.take(press.values);
        if let Some(value) = press.value {
            view.chosen.take(&json!({&found.block_id: {press.action_id: value}}));
        }
        let state = view.chosen.state(view.blocks())?;
        if !found.dispatched {
            return Ok(None);
        }
        let trigger = trigger_id();
        let mut body = payload::common(&world, "block_actions", user, &trigger);
        merge(
            &mut body,
            json!({
                "container": {"type": "view", "view_id": view_id}, "view": view.shown(state),
                "actions": [action(&found.block_id, &found.element, members, Ts::now())],
            }),
        );
        interactions
            .triggers
            .add(trigger.clone(), user.clone(), Some(view_id.to_owned()), Instant::now());
        drop((interactions, world));
        let asked = Asked::Action {
            channel: None,
            ts: None,
            view: Some(view_id.to_owned()),
            block_id: found.block_id,
            action_id: press.action_id.to_owned(),
        };
        self.interact(user, asked, trigger.clone(), &body);
        Ok(Some(trigger))
    }

    /// A person submits a modal. `None` where their client keeps it, as something is missing; the page shows what.
    ///
    /// # Errors
    /// Why that can't be done.
    pub fn submit(&self, user: &Id, view_id: &str, values: &Value) -> Result<Option<Arc<str>>, String> {
        let world = locked(&self.world);
        let korean = world.is_korean(user);
        let mut interactions = locked(&self.interactions);
        let view = own_view(&mut interactions.views, user, view_id)?;
        view.chosen.take(values);
        let state = view.chosen.state(view.blocks())?;
        let missing = incomplete(view, &state, korean);
        let shown = view.shown(state);
        interactions.views.right(view_id);
        if interactions.views.wrong(view_id, &missing) {
            self.notice_views(&interactions.views, user);
            return Ok(None);
        }
        let trigger = trigger_id();
        interactions
            .triggers
            .add(trigger.clone(), user.clone(), Some(view_id.to_owned()), Instant::now());
        drop(interactions);
        let mut body = payload::common(&world, "view_submission", user, &trigger);
        merge(&mut body, json!({"view": shown, "response_urls": []}));
        drop(world);
        self.interact(
            user,
            Asked::Submission {
                view: view_id.to_owned(),
            },
            trigger.clone(),
            &body,
        );
        Ok(Some(trigger))
    }

    /// A person closes a modal, or with `all` every one that is open.
    ///
    /// # Errors
    /// Why that can't be done.
    pub fn close_view(&self, user: &Id, view_id: &str, all: bool) -> Result<(), String> {
        let world = locked(&self.world);
        let mut interactions = locked(&self.interactions);
        let all = all || own_view(&mut interactions.views, user, view_id)?.flag("clear_on_close");
        let closed = if all {
            interactions.views.clear(user)
        } else {
            interactions.views.close(view_id).into_iter().collect()
        };
        self.notice_views(&interactions.views, user);
        drop(interactions);
        for view in closed {
            self.record.add(What::View {
                user: user.clone(),
                view_id: view.id.clone(),
                change: "closed",
            });
            if !view.flag("notify_on_close") {
                continue;
            }
            let trigger = trigger_id();
            let mut body = payload::common(&world, "view_closed", user, &trigger);
            let state = view.chosen.state(view.blocks()).unwrap_or_default();
            merge(&mut body, json!({"view": view.shown(state), "is_cleared": all}));
            // There is nothing more to open for who just closed.
            if let Some(members) = body.as_object_mut() {
                members.remove("trigger_id");
            }
            self.interact(user, Asked::Closed, trigger, &body);
        }
        Ok(())
    }

    /// A person uses a shortcut: on a message, or from anywhere.
    ///
    /// # Errors
    /// Why that can't be done.
    pub fn shortcut(&self, user: &Id, callback_id: &str, on: Option<(&Id, Ts)>) -> Result<Arc<str>, String> {
        let world = locked(&self.world);
        let trigger = trigger_id();
        let kind = if on.is_some() { "message_action" } else { "shortcut" };
        let mut body = payload::common(&world, kind, user, &trigger);
        payload::of_shortcut(&mut body, callback_id, on.is_none());
        if let Some((channel, ts)) = on {
            let conversation = world.conversation(channel).ok_or("no such conversation")?;
            let message = conversation
                .message(ts)
                .ok_or_else(|| format!("there is no message {ts}"))?;
            merge(
                &mut body,
                json!({
                    "channel": payload::channel(conversation), "message_ts": ts, "message": conversation.view(message, false),
                    "response_url": self.issue_url(channel, user, None),
                }),
            );
        }
        drop(world);
        locked(&self.interactions)
            .triggers
            .add(trigger.clone(), user.clone(), None, Instant::now());
        let asked = Asked::Shortcut {
            callback_id: callback_id.to_owned(),
            message: on.is_some(),
        };
        self.interact(user, asked, trigger.clone(), &body);
        Ok(trigger)
    }

    fn interact(&self, user: &Id, asked: Asked, trigger: Arc<str>, body: &Value) {
        let name = asked.name();
        self.record.add(What::Interaction {
            interaction: name,
            user: user.clone(),
            trigger_id: trigger.clone(),
        });
        let channel = match &asked {
            Asked::Action {
                channel: Some(channel), ..
            } => channel.clone(),
            _ => "".into(),
        };
        let origin = Origin {
            user: user.clone(),
            asked,
        };
        let event = Event {
            kind: Kind::Once(Arc::new(origin)),
            id: trigger,
            name,
            channel,
            ts: Ts::now(),
            rest: events::rest(body),
        };
        if let Err(failure) = self.hub.dispatch(event, Instant::now()) {
            self.unanswered(&failure);
        }
    }

    /// The bot answered a submission; nothing closes the modal.
    pub fn submitted(&self, user: &Id, view_id: &str, answer: &Value) {
        if let Err(error) = self.obey(user, view_id, answer) {
            self.record.add(What::View {
                user: user.clone(),
                view_id: view_id.to_owned(),
                change: "refused",
            });
            self.notice(|| json!({"type": "unanswered", "user": user, "view": view_id, "error": error}));
        }
    }

    fn obey(&self, user: &Id, view_id: &str, answer: &Value) -> Result<(), String> {
        let mut interactions = locked(&self.interactions);
        let views = &mut interactions.views;
        let defined = || define(answer.get("view").unwrap_or(&Value::Null)).map_err(|refusal| refusal.to_string());
        let change = match member(answer, "response_action") {
            "" => {
                views.close(view_id);
                "submitted"
            }
            "clear" => {
                views.clear(user);
                "cleared"
            }
            "errors" if views.wrong(view_id, answer.get("errors").unwrap_or(&Value::Null)) => "errors",
            "errors" => return Err("errors: each must name the block_id of an input".to_owned()),
            "update" => {
                views
                    .update(view_id, defined()?)
                    .map_err(|refusal| refusal.to_string())?;
                "updated"
            }
            "push" => {
                views
                    .open(user, defined()?, true)
                    .map_err(|refusal| refusal.to_string())?;
                "pushed"
            }
            other => return Err(format!("there is no response_action {other}")),
        };
        self.notice_views(views, user);
        self.record.add(What::View {
            user: user.clone(),
            view_id: view_id.to_owned(),
            change,
        });
        Ok(())
    }

    /// Tells the pages which modals somebody has open.
    pub fn notice_views(&self, views: &Views, user: &Id) {
        self.notice(|| json!({"type": "views", "user": user, "views": views.stack(user)}));
    }
}

fn own_view<'a>(views: &'a mut Views, user: &Id, id: &str) -> Result<&'a mut View, String> {
    match views.get_mut(id) {
        Some(view) if view.user == *user => Ok(view),
        _ => Err(format!("this person has no modal {id} open")),
    }
}

/// What Slack's client itself finds wrong before it submits, by block id.
fn incomplete(view: &View, state: &Value, korean: bool) -> Value {
    let say = |ko: &str, en: &str| Some(json!(if korean { ko } else { en }));
    let wrong = |block: &Value, element: &Value| {
        let held = state
            .get("values")?
            .get(member(block, "block_id"))?
            .get(member(element, "action_id"))?;
        let value = held.as_object()?.iter().find(|(name, _)| *name != "type")?.1;
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if empty {
            let optional = block.get("optional") == Some(&Value::Bool(true));
            return if optional {
                None
            } else {
                say("필수 항목입니다", "Please complete this required field.")
            };
        }
        let text = value.as_str().unwrap_or_default();
        let (count, number) = (text.chars().count() as u64, |name: &str| {
            element.get(name).and_then(Value::as_u64)
        });
        let bound = |name: &str| {
            let bound = element.get(name)?;
            bound.as_f64().or_else(|| bound.as_str()?.parse().ok())
        };
        match member(element, "type") {
            "plain_text_input" if number("min_length").is_some_and(|least| count < least) => {
                say("너무 짧습니다", "This entry is too short.")
            }
            "plain_text_input" if count > number("max_length").unwrap_or(3000) => {
                say("너무 깁니다", "This entry is too long.")
            }
            "number_input" => match text.parse::<f64>() {
                Err(_) => say("숫자를 넣어 주세요", "Please enter a number."),
                Ok(n)
                    if bound("min_value").is_some_and(|least| n < least)
                        || bound("max_value").is_some_and(|most| n > most) =>
                {
                    say("범위를 벗어난 숫자입니다", "This number is out of range.")
                }
                Ok(_) => None,
            },
            "email_text_input" if !text.contains('@') => {
                say("이메일 주소를 넣어 주세요", "Please enter an email address.")
            }
            "url_text_input" if !text.starts_with("http") => say("웹 주소를 넣어 주세요", "Please enter a URL."),
            _ => None,
        }
    };
    let inputs = elements(view.blocks()).filter(|(block, _)| member(block, "type") == "input");
    inputs
        .filter_map(|(block, element)| Some((member(block, "block_id").to_owned(), wrong(block, element)?)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

impl World {
    /// A message as this person sees it: of the history, or shown to them alone.
    fn seen(&self, channel: &Id, user: &Id, ts: Ts) -> Option<&Message> {
        let whispered = || self.ephemeral(channel, user, ts).map(|e| &e.message);
        self.conversation(channel)?.message(ts).or_else(whispered)
    }
}
