//! Forms that were sent, and which of their fields can show what is wrong.

use super::press::{own_id, text};
use super::state::{elements, items};
use crate::event::Event;
use serde_json::{Map, Value};

/// A form that somebody sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// The event, a press of the kind [`Modal`](crate::event::PressKind::Modal).
    pub event: Event,
    /// The fields that can show what is wrong with them.
    pub fields: Fields,
    /// Whether Slack takes an answer with the acknowledgement of this envelope (`accepts_response_payload`).
    pub answerable: bool,
}

/// The fields of a form, as far as they can show what is wrong with them: Slack takes such a sentence for an input block
/// and refuses the whole acknowledgement for any other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<Field>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    block: String,
    /// The plugin's own id of its element.
    id: String,
}

impl Fields {
    pub(super) fn of(view: &Value) -> Self {
        let inputs = items(view, "/blocks").iter();
        let inputs = inputs.filter(|block| text(block, "/type") == "input" && !text(block, "/block_id").is_empty());
        let field = |block: &Value| {
            let mut ids = Vec::new();
            elements(block, &mut ids);
            Field {
                block: text(block, "/block_id").into(),
                id: ids.first().map(|id| own_id(id).into()).unwrap_or_default(),
            }
        };
        Self(inputs.map(field).collect())
    }

    /// What is wrong, for Slack: a sentence by block. A field may be called by the name of its block or of its element. What
    /// is said of a field that does not exist stands at the first one, with the field's name before it. `None` where there is
    /// no field that could show it.
    pub fn errors(&self, errors: &[(String, String)]) -> Option<Map<String, Value>> {
        let first = self.0.first()?;
        let mut out = Map::new();
        for (name, why) in errors {
            let by_block = self.0.iter().find(|field| field.block == *name);
            let by_id = |id: &str| self.0.iter().find(|field| field.id == id);
            // Its own id may look like one with a plugin's name before it, so that comes first.
            let field = by_block.or_else(|| by_id(name)).or_else(|| by_id(own_id(name)));
            let said = match field {
                Some(_) => why.clone(),
                None => format!("{name}: {why}"),
            };
            let block = &field.unwrap_or(first).block;
            match out.get_mut(block) {
                Some(Value::String(before)) => {
                    before.push(' ');
                    before.push_str(&said);
                }
                _ => drop(out.insert(block.clone(), said.into())),
            }
        }
        (!out.is_empty()).then_some(out)
    }
}
