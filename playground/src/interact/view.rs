//! Modals: what bots define, which of them are open for whom, and what was put into them.

use crate::api::message::Refusal;
use crate::blocks::{self, Held, Surface, check, elements, held, member};
use crate::ts::Ts;
use crate::world::{APP, BOT, Id, TEAM};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::HashMap;

/// How many modals can be open over each other.
const STACK: usize = 3;
/// The most bytes of a view.
const LARGEST: usize = 250_000;

/// What was chosen, raw, by block id and action id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chosen(HashMap<(String, String), Value>);

impl Chosen {
    /// Takes over `{block_id: {action_id: raw}}`.
    pub fn take(&mut self, values: &Value) {
        for (block, actions) in values.as_object().into_iter().flatten() {
            for (action, value) in actions.as_object().into_iter().flatten() {
                self.0.insert((block.clone(), action.clone()), value.clone());
            }
        }
    }

    /// What was chosen in one element.
    pub fn of(&self, block_id: &str, action_id: &str) -> Option<&Value> {
        self.0.get(&(block_id.to_owned(), action_id.to_owned()))
    }

    /// `state.values` of these blocks.
    ///
    /// # Errors
    /// A choice that doesn't fit its element.
    pub fn state(&self, blocks: Option<&Value>) -> Result<Value, String> {
        let mut values = Map::new();
        for (block, element) in elements(blocks) {
            let (block_id, action_id) = (member(block, "block_id"), member(element, "action_id"));
            let kind = member(element, "type");
            if kind == "overflow" {
                continue;
            }
            if let Held::Members(members) = held(element, self.of(block_id, action_id))? {
                let mut one = json!({"type": kind});
                crate::merge(&mut one, Value::Object(members));
                let entry = values.entry(block_id).or_insert_with(|| json!({}));
                crate::merge(entry, json!({action_id: one}));
            }
        }
        Ok(json!({"values": values}))
    }
}

/// A modal that is open.
#[derive(Clone)]
pub(crate) struct View {
    pub id: String,
    pub user: Id,
    root: String,
    previous: Option<String>,
    hash: String,
    body: Value,
    pub chosen: Chosen,
    /// what the bot found wrong with the last submission, by block id
    errors: Value,
}

impl View {
    /// Its blocks.
    pub fn blocks(&self) -> Option<&Value> {
        self.body.get("blocks")
    }

    /// Whether a flag of its definition is set.
    pub fn flag(&self, name: &str) -> bool {
        self.body.get(name) == Some(&Value::Bool(true))
    }

    /// How Slack shows it, with this `state`.
    pub fn shown(&self, state: Value) -> Value {
        let mut shown = json!({
            "id": self.id, "team_id": TEAM, "app_id": APP, "app_installed_team_id": TEAM, "bot_id": BOT,
            "hash": self.hash, "root_view_id": self.root, "previous_view_id": self.previous, "state": state,
        });
        crate::merge(&mut shown, self.body.clone());
        shown
    }
}

/// A definition of a view with all that Slack adds.
///
/// # Errors
/// `invalid_arguments` with what is wrong, `view_too_large`.
pub(crate) fn define(view: &Value) -> Result<Value, Refusal> {
    let mut problems = Vec::new();
    let kind = member(view, "type");
    let need = |problems: &mut Vec<String>, name: &str| {
        problems.push(format!("missing required field: {name} [json-pointer:/view]"))
    };
    match kind {
        "modal" => {}
        "" => need(&mut problems, "type"),
        "home" => problems.push("this workspace has no Home tabs; open a modal [json-pointer:/view/type]".to_owned()),
        other => problems.push(format!("unsupported type: {other} [json-pointer:/view/type]")),
    }
    for (name, required) in [("title", true), ("submit", false), ("close", false)] {
        match view.get(name) {
            None | Some(Value::Null) if required => need(&mut problems, name),
            None | Some(Value::Null) => {}
            Some(text) => {
                let count = member(text, "text").chars().count();
                if member(text, "type") != "plain_text" {
                    problems.push(format!(
                        "unsupported type: {} [json-pointer:/view/{name}]",
                        member(text, "type")
                    ));
                } else if count == 0 {
                    problems.push(format!(
                        "must be more than 0 characters [json-pointer:/view/{name}/text]"
                    ));
                } else if count > 24 {
                    problems.push(format!(
                        "must be less than 25 characters [json-pointer:/view/{name}/text]"
                    ));
                }
            }
        }
    }
    for (name, most) in [("callback_id", 255), ("external_id", 255), ("private_metadata", 3000)] {
        if member(view, name).chars().count() > most {
            problems.push(format!(
                "must be less than {} characters [json-pointer:/view/{name}]",
                most + 1
            ));
        }
    }
    match view.get("blocks") {
        None => need(&mut problems, "blocks"),
        Some(list) => {
            problems.extend(check(list, Surface::Modal, "/view/blocks"));
            let asks = list
                .as_array()
                .into_iter()
                .flatten()
                .any(|block| member(block, "type") == "input");
            if asks && view.get("submit").is_none_or(Value::is_null) {
                problems.push("must be provided when blocks contain an input [json-pointer:/view/submit]".to_owned());
            }
        }
    }
    if !problems.is_empty() {
        return Err(invalid(&problems));
    }
    if view.to_string().len() > LARGEST {
        return Err("view_too_large".into());
    }
    let mut blocks = view.get("blocks").cloned().unwrap_or_default();
    blocks::complete(&mut blocks);
    let or_null = |name| view.get(name).cloned().unwrap_or_default();
    let flag = |name| view.get(name) == Some(&Value::Bool(true));
    Ok(json!({
        "type": kind, "title": or_null("title"), "submit": or_null("submit"), "close": or_null("close"), "blocks": blocks,
        "callback_id": member(view, "callback_id"), "external_id": member(view, "external_id"),
        "private_metadata": member(view, "private_metadata"), "clear_on_close": flag("clear_on_close"),
        "notify_on_close": flag("notify_on_close"),
    }))
}

/// `invalid_arguments`, saying why.
pub(crate) fn invalid(problems: &[String]) -> Refusal {
    let messages: Vec<String> = problems.iter().map(|problem| format!("[ERROR] {problem}")).collect();
    Refusal {
        error: Cow::Borrowed("invalid_arguments"),
        more: Some(json!({"response_metadata": {"messages": messages}})),
    }
}

/// The modals that are open.
#[derive(Default)]
pub(crate) struct Views {
    all: HashMap<String, View>,
    /// of each person, the lowest first
    stacks: HashMap<Id, Vec<String>>,
}

impl Views {
    /// The modal with this id.
    pub fn get(&self, id: &str) -> Option<&View> {
        self.all.get(id)
    }

    /// The modal with this id, to be changed.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut View> {
        self.all.get_mut(id)
    }

    /// The id of the modal with this id of the bot's own.
    pub fn external(&self, external_id: &str) -> Option<String> {
        let fits = |view: &&View| !external_id.is_empty() && member(&view.body, "external_id") == external_id;
        self.all.values().find(fits).map(|view| view.id.clone())
    }

    /// Opens a modal for somebody: over those that are open already, or instead of them.
    ///
    /// # Errors
    /// `duplicate_external_id`, `push_limit_reached`.
    pub fn open(&mut self, user: &Id, body: Value, over: bool) -> Result<View, Refusal> {
        if self.external(member(&body, "external_id")).is_some() {
            return Err("duplicate_external_id".into());
        }
        if over && self.stacks.get(user).is_some_and(|stack| stack.len() >= STACK) {
            return Err("push_limit_reached".into());
        }
        if !over {
            self.clear(user);
        }
        let stack = self.stacks.entry(user.clone()).or_default();
        let id = format!("V{:010X}", fastrand::u64(..1 << 40));
        let view = View {
            root: stack.first().cloned().unwrap_or_else(|| id.clone()),
            previous: stack.last().cloned(),
            hash: hash(),
            user: user.clone(),
            chosen: Chosen::default(),
            errors: Value::Null,
            id: id.clone(),
            body,
        };
        stack.push(id.clone());
        self.all.insert(id, view.clone());
        Ok(view)
    }

    /// Gives a modal another content; what was chosen stays where the ids do.
    ///
    /// # Errors
    /// `not_found`, `duplicate_external_id`.
    pub fn update(&mut self, id: &str, body: Value) -> Result<View, Refusal> {
        if self
            .external(member(&body, "external_id"))
            .is_some_and(|other| other != id)
        {
            return Err("duplicate_external_id".into());
        }
        let view = self.all.get_mut(id).ok_or("not_found")?;
        view.body = body;
        view.hash = hash();
        view.errors = Value::Null;
        Ok(view.clone())
    }

    /// Whether a modal still is as `hash` says.
    pub fn unchanged(&self, id: &str, hash: &str) -> bool {
        self.all.get(id).is_some_and(|view| view.hash == hash)
    }

    /// Shows what the bot found wrong. False where a block isn't there.
    pub fn wrong(&mut self, id: &str, errors: &Value) -> bool {
        let Some(view) = self.all.get_mut(id) else { return false };
        let Some(named) = errors.as_object().filter(|errors| !errors.is_empty()) else {
            return false;
        };
        let inputs = view.body.get("blocks").and_then(Value::as_array);
        let is_input = |id: &String| {
            inputs
                .into_iter()
                .flatten()
                .any(|b| member(b, "block_id") == id && member(b, "type") == "input")
        };
        if !named.keys().all(is_input) {
            return false;
        }
        view.errors = errors.clone();
        true
    }

    /// Forgets what was wrong, as it is submitted again.
    pub fn right(&mut self, id: &str) {
        if let Some(view) = self.all.get_mut(id) {
            view.errors = Value::Null;
        }
    }

    /// Closes one modal and those above it.
    pub fn close(&mut self, id: &str) -> Option<View> {
        let user = self.all.get(id)?.user.clone();
        let stack = self.stacks.get_mut(&user)?;
        let at = stack.iter().position(|one| one == id)?;
        for above in stack.split_off(at).iter().skip(1) {
            self.all.remove(above);
        }
        self.all.remove(id)
    }

    /// Closes all modals of somebody, the uppermost first.
    pub fn clear(&mut self, user: &Id) -> Vec<View> {
        let stack = self.stacks.remove(user).unwrap_or_default();
        stack.iter().rev().filter_map(|id| self.all.remove(id)).collect()
    }

    /// What a page shows to somebody: their modals, the lowest first.
    pub fn stack(&self, user: &str) -> Value {
        let stack = self.stacks.get(user).into_iter().flatten();
        stack
            .filter_map(|id| self.all.get(id))
            .map(|view| {
                let mut shown = view.shown(json!({"values": {}}));
                crate::merge(&mut shown, json!({"errors": view.errors}));
                shown
            })
            .collect()
    }

    /// Everybody who has a modal open.
    pub fn users(&self) -> impl Iterator<Item = &Id> {
        self.stacks
            .iter()
            .filter(|(_, stack)| !stack.is_empty())
            .map(|(user, _)| user)
    }
}

fn hash() -> String {
    format!("{}.{:08x}", Ts::now().seconds(), fastrand::u32(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modal() -> Value {
        let plain = |text: &str| json!({"type": "plain_text", "text": text});
        json!({"type": "modal", "title": plain("T"), "submit": plain("OK"), "callback_id": "c", "blocks": [
            {"type": "input", "block_id": "b", "label": plain("L"), "element": {"type": "plain_text_input", "action_id": "a"}},
        ]})
    }

    fn refused(change: impl FnOnce(&mut Value)) -> String {
        let mut view = modal();
        change(&mut view);
        let refusal = define(&view).unwrap_err();
        assert_eq!(refusal.error, "invalid_arguments");
        refusal.more.unwrap()["response_metadata"]["messages"][0]
            .as_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn a_view_is_held_to_its_limits() {
        let title = refused(|view| view["title"]["text"] = json!("x".repeat(25)));
        assert_eq!(
            title,
            "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
        );
        let no_type = refused(|view| drop(view.as_object_mut().unwrap().remove("type")));
        assert_eq!(no_type, "[ERROR] missing required field: type [json-pointer:/view]");
        let no_submit = refused(|view| drop(view.as_object_mut().unwrap().remove("submit")));
        assert!(no_submit.ends_with("[json-pointer:/view/submit]"));
        let metadata = refused(|view| view["private_metadata"] = json!("x".repeat(3001)));
        assert_eq!(
            metadata,
            "[ERROR] must be less than 3001 characters [json-pointer:/view/private_metadata]"
        );
        let mut large = modal();
        large["blocks"] = json!((0..100).map(|n| json!({"type": "section", "block_id": format!("b{n}"), "text": {"type": "mrkdwn", "text": "x".repeat(2900)}})).collect::<Vec<_>>());
        assert_eq!(define(&large).unwrap_err().error, "view_too_large");
    }

    #[test]
    fn modals_stand_over_each_other() {
        let (mut views, user) = (Views::default(), Id::from("U1"));
        let body = define(&modal()).unwrap();
        let first = views.open(&user, body.clone(), false).unwrap();
        let second = views.open(&user, body.clone(), true).unwrap();
        let third = views.open(&user, body.clone(), true).unwrap();
        assert_eq!(
            views.open(&user, body.clone(), true).err().unwrap().error,
            "push_limit_reached"
        );
        assert_eq!(
            (third.root.clone(), third.previous),
            (first.id.clone(), Some(second.id.clone()))
        );
        views.close(&second.id).unwrap();
        assert_eq!(views.stack("U1").as_array().unwrap().len(), 1);
        let other = views.open(&user, body, false).unwrap();
        assert!(views.get(&first.id).is_none(), "a new one takes the place of the old");
        assert_eq!(views.clear(&user).len(), 1);
        assert!(views.get(&other.id).is_none());
    }

    #[test]
    fn choices_outlive_an_update_and_errors_need_their_block() {
        let (mut views, user) = (Views::default(), Id::from("U1"));
        let view = views.open(&user, define(&modal()).unwrap(), false).unwrap();
        views
            .get_mut(&view.id)
            .unwrap()
            .chosen
            .take(&json!({"b": {"a": "text"}}));
        assert!(!views.wrong(&view.id, &json!({"x": "?"})));
        assert!(views.wrong(&view.id, &json!({"b": "?"})));
        let after = views.update(&view.id, define(&modal()).unwrap()).unwrap();
        assert!(!views.unchanged(&view.id, &view.hash) && views.unchanged(&view.id, &after.hash));
        let state = after.chosen.state(after.blocks()).unwrap();
        assert_eq!(
            state,
            json!({"values": {"b": {"a": {"type": "plain_text_input", "value": "text"}}}})
        );
    }
}
