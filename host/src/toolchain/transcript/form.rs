//! A form before a person: what it asks for, and what they fill in.

use super::control::{Control, Kind, controls, text_at};
use moa_core::event::{MessageRef, Place};
use moa_core::slack::render::{Refused, form};
use serde_json::{Map, Value};

/// A form that is open.
#[derive(Clone, Debug)]
pub(super) struct Form {
    /// The trigger of the press that sent it, as long as it is not answered.
    pub(super) sent: Option<String>,
    /// The plugin that opened it.
    pub(super) plugin: String,
    /// The plugin's own id of it.
    pub(super) id: String,
    /// The plugin's own private data.
    pub(super) data: String,
    /// Where the press was that opened it.
    pub(super) place: Place,
    /// The message that carried what was pressed.
    pub(super) on: Option<MessageRef>,
    /// Everything in it.
    pub(super) controls: Vec<Control>,
    /// Whether there is a button to send it.
    sends: bool,
}

impl Form {
    /// Reads a view, as Slack is told it.
    pub(super) fn open(view: &str, plugin: &str, place: &Place, on: Option<&MessageRef>) -> Result<Self, Refused> {
        let view = form::view(view, plugin, place, on)?;
        let id = text_at(&view, &["callback_id"]);
        let own = id.strip_prefix(plugin).and_then(|id| id.strip_prefix('/'));
        let kept = form::opened(text_at(&view, &["private_metadata"]));
        let (place, on, data) = kept.unwrap_or_else(|| (place.clone(), on.cloned(), String::new()));
        let controls = controls(view.get("blocks").unwrap_or(&Value::Null), plugin);
        let sends = view.get("submit").is_some();
        let asks = controls.iter().any(|control| !control.optional);
        if asks && !sends {
            return Err(Refused {
                code: "bad_view".into(),
                explanation: "the view has fields and no submit; give it one, or nobody can send it".into(),
            });
        }
        Ok(Self {
            sent: None,
            plugin: plugin.into(),
            id: own.unwrap_or(id).into(),
            data,
            place,
            on,
            controls,
            sends,
        })
    }

    /// Its fields by their names: of a block the block's, of several in one block each its own.
    fn fields(&self) -> impl Iterator<Item = (&str, &Control)> {
        let kept = self.controls.iter().filter(|control| control.keeps());
        kept.map(|control| (self.name_of(control), control))
    }

    fn name_of<'a>(&'a self, control: &'a Control) -> &'a str {
        let mut beside = self.controls.iter().filter(|other| other.keeps());
        let alone = beside.all(|other| other.block != control.block || other == control);
        if alone && !control.block.is_empty() {
            &control.block
        } else {
            &control.id
        }
    }

    /// The field of this name: its block's, or its own.
    fn find(&self, name: &str) -> Option<usize> {
        let kept = |control: &Control| control.keeps();
        let by_name = |control: &Control| kept(control) && self.name_of(control) == name;
        let by_id = |control: &Control| kept(control) && control.id == name;
        let place = |wanted: &dyn Fn(&Control) -> bool| self.controls.iter().position(wanted);
        place(&by_name).or_else(|| place(&by_id))
    }

    /// What is wrong with it, a line for each as its person sees it: a field, and a sentence. What is said of a field that is
    /// not there stands at the first one. `None` where no field can show anything.
    pub(super) fn errors(&self, errors: &[(String, String)]) -> Option<Vec<String>> {
        let mut inputs = self.controls.iter().filter(|control| control.input);
        let first = self.name_of(inputs.next()?);
        let shown = errors.iter().map(|(field, why)| {
            let found = self.find(field).and_then(|at| self.controls.get(at));
            match found.filter(|control| control.input) {
                Some(control) => format!("{}: {why}", self.name_of(control)),
                None => format!("{first}: {field}: {why}"),
            }
        });
        let shown: Vec<String> = shown.collect();
        (!shown.is_empty()).then_some(shown)
    }

    /// Every field by name and value, but for the one that was pressed.
    pub(super) fn state(&self, pressed: &str) -> Vec<(String, String)> {
        let fields = self.fields().filter(|(_, control)| control.id != pressed);
        fields
            .map(|(name, control)| (name.to_owned(), control.value()))
            .collect()
    }

    /// Fills it in and sends it, as far as the service lets a person do that.
    ///
    /// # Errors
    /// Why it cannot be sent so, and how it could.
    pub(super) fn submit(
        &mut self,
        given: &Map<String, Value>,
        id_of: &dyn Fn(char, &str) -> Option<String>,
    ) -> Result<Vec<(String, String)>, String> {
        if !self.sends {
            return Err("the form that is open has no button to send it".into());
        }
        for (name, value) in given {
            let Some(control) = self.find(name).and_then(|at| self.controls.get_mut(at)) else {
                return Err(format!("the form has no field `{name}`; it has: {}", self.listed()));
            };
            let filled = control.fill(value, id_of);
            filled.map_err(|why| format!("the field `{name}` {why}"))?;
        }
        if let Some((name, _)) = self
            .fields()
            .find(|(_, field)| !field.optional && field.holds.is_empty())
        {
            return Err(format!(
                "the field `{name}` is empty, and the form cannot be sent without it; its fields are: {}",
                self.listed()
            ));
        }
        Ok(self.state(""))
    }

    /// Its fields as they are listed where one is not there.
    fn listed(&self) -> String {
        let fields = self.fields().map(|(name, field)| {
            let choices = match &field.kind {
                Kind::Menu { choices, .. } => {
                    let labels: Vec<&str> = choices.iter().map(|(label, _)| label.as_str()).collect();
                    format!(": {}", labels.join(", "))
                }
                _ => String::new(),
            };
            let optional = if field.optional { ", may be empty" } else { "" };
            format!("`{name}` ({}{choices}{optional})", field.label)
        });
        let fields: Vec<String> = fields.collect();
        if fields.is_empty() {
            "none".into()
        } else {
            fields.join(", ")
        }
    }
}
