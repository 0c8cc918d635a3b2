//! Forms.

use crate::bindings::moa::plugin::types::Choice;
use serde_json::{Map, Value, json};

/// Slack shows this many characters of a form's heading and of its two buttons.
const SHORT: usize = 24;

/// A form that opens before a person. What is submitted arrives at the function with `#[submit("id")]`.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::Host;
///
/// /// Takes orders.
/// #[command]
/// fn order() -> Content {
///     Content::text("점심?").button(Button::new("order", "주문"))
/// }
///
/// /// A form that is returned opens.
/// #[action("order")]
/// fn open() -> Form {
///     Form::new("order", "점심 주문")
///         .submit("주문하기")
///         .select("dish", "메뉴", [("국", "soup"), ("밥", "rice")])
///         .number("bowls", "몇 그릇").initial("1")
///         .long_text("note", "전할 말").optional()
/// }
///
/// #[submit("order")]
/// fn ordered(press: &Press) -> Result<String> {
///     let bowls: u8 = press.field_as("bowls")?;
///     Ok(format!("{} {bowls}", press.field("dish")))
/// }
///
/// plugin!(order, open, ordered);
///
/// let host = Host::new();
/// host.run::<order>("")?;
/// host.press::<open>("주문")?;
/// host.submit::<ordered>(&[("dish", "soup")])?;
/// assert_eq!(host.texts(), ["점심?", "soup 1"]);
/// # Ok::<(), Error>(())
/// ```
///
/// The fields stand in the order of the calls; [`optional`](Self::optional), [`hint`](Self::hint),
/// [`placeholder`](Self::placeholder) and [`initial`](Self::initial) are about the field before them. What a service has
/// beyond this goes through [`block`](Self::block), or as a whole through [`json`](Self::json).
///
/// A form has at most 100 blocks. It is the service's own JSON: Slack's views.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    view: Map<String, Value>,
    blocks: Vec<Value>,
}

impl Form {
    /// A form with an id and a heading, and without fields. Of the heading 24 characters are shown.
    ///
    /// ```
    /// use moa_plugin::Form;
    ///
    /// assert!(Form::new("order", "점심 주문").to_json().contains(r#""callback_id":"order""#));
    /// ```
    pub fn new(id: impl Into<String>, heading: impl AsRef<str>) -> Self {
        let mut view = Map::new();
        view.insert("type".into(), "modal".into());
        view.insert("callback_id".into(), Value::String(id.into()));
        view.insert("title".into(), plain(&short(heading.as_ref())));
        // Slack demands the text of this button as soon as there is a field.
        view.insert("submit".into(), plain("OK"));
        Self {
            view,
            blocks: Vec::new(),
        }
    }

    /// The service's own form. The host puts the plugin's name before its ids; nothing else of it is changed.
    ///
    /// ```
    /// use moa_plugin::Form;
    ///
    /// let form = Form::json(serde_json::json!({
    ///     "type": "modal",
    ///     "callback_id": "about",
    ///     "title": { "type": "plain_text", "text": "About" },
    ///     "blocks": [{ "type": "image", "image_url": "https://example.com/soup.png", "alt_text": "soup" }],
    /// }));
    /// assert_eq!(form.id(), "about");
    /// ```
    pub fn json(view: impl Into<Value>) -> Self {
        let Value::Object(mut view) = view.into() else {
            // The host tells what a form needs.
            return Self {
                view: Map::new(),
                blocks: Vec::new(),
            };
        };
        let blocks = match view.remove("blocks") {
            Some(Value::Array(blocks)) => blocks,
            _ => Vec::new(),
        };
        Self { view, blocks }
    }

    /// The form's id.
    ///
    /// ```
    /// assert_eq!(moa_plugin::Form::new("order", "Order").id(), "order");
    /// ```
    pub fn id(&self) -> &str {
        self.view.get("callback_id").and_then(Value::as_str).unwrap_or("")
    }

    /// As the service takes it.
    ///
    /// ```
    /// use moa_plugin::Form;
    ///
    /// let form = Form::new("order", "Order").text("dish", "Dish");
    /// let json: serde_json::Value = serde_json::from_str(&form.to_json())?;
    /// assert_eq!(json["blocks"][0]["block_id"], "dish");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        let mut view = self.view.clone();
        view.insert("blocks".into(), Value::Array(self.blocks.clone()));
        Value::Object(view).to_string()
    }

    /// What stands on the button that submits; `OK` unless told otherwise.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// assert!(Form::new("order", "점심 주문").submit("주문하기").to_json().contains("주문하기"));
    /// ```
    pub fn submit(self, label: impl AsRef<str>) -> Self {
        self.set("submit", plain(&short(label.as_ref())))
    }

    /// What stands on the button that closes; otherwise the service's own word.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// assert!(Form::new("order", "점심 주문").close("그만").to_json().contains("그만"));
    /// ```
    pub fn close(self, label: impl AsRef<str>) -> Self {
        self.set("close", plain(&short(label.as_ref())))
    }

    /// Something that nobody sees, and that comes back as [`Press::value`](crate::Press::value) when the form is submitted:
    /// at most 2,000 characters.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # #[command]
    /// # fn ask() -> Content { Content::text("?").button(Button::new("open", "Order")) }
    /// #[action("open")]
    /// fn open() -> Form {
    ///     Form::new("order", "Order").text("dish", "Dish").data("table 4")
    /// }
    ///
    /// #[submit("order")]
    /// fn order(press: &Press) -> String {
    ///     format!("{} for {}", press.field("dish"), press.value())
    /// }
    /// # let host = Host::new();
    /// # host.run::<ask>("")?;
    /// # host.press::<open>("Order")?;
    /// # host.submit::<order>(&[("dish", "soup")])?;
    /// # assert_eq!(host.texts()[1], "soup for table 4");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn data(self, data: impl Into<String>) -> Self {
        self.set("private_metadata", Value::String(data.into()))
    }

    /// A line of text.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// assert!(Form::new("order", "주문").text("name", "이름").to_json().contains("plain_text_input"));
    /// ```
    pub fn text(self, name: &str, label: impl Into<String>) -> Self {
        self.field(name, label.into(), "plain_text_input", &[])
    }

    /// Several lines of text.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// assert!(Form::new("order", "주문").long_text("note", "전할 말").to_json().contains(r#""multiline":true"#));
    /// ```
    pub fn long_text(self, name: &str, label: impl Into<String>) -> Self {
        self.field(name, label.into(), "plain_text_input", &[("multiline", true.into())])
    }

    /// A whole number. Read it by [`Press::field_as`](crate::Press::field_as), which tells what is none.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// assert!(Form::new("order", "주문").number("bowls", "몇 그릇").to_json().contains("number_input"));
    /// ```
    pub fn number(self, name: &str, label: impl Into<String>) -> Self {
        self.field(
            name,
            label.into(),
            "number_input",
            &[("is_decimal_allowed", false.into())],
        )
    }

    /// One of a menu: each choice is what people read and what the plugin gets.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// let form = Form::new("order", "주문").select("size", "크기", [("작게", "s"), ("크게", "l")]);
    /// assert!(form.to_json().contains("static_select"));
    /// ```
    pub fn select<L: Into<String>, V: Into<String>>(
        self,
        name: &str,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = (L, V)>,
    ) -> Self {
        self.choose(name, label.into(), "static_select", choices)
    }

    /// One of a few, all to be seen.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// let form = Form::new("order", "주문").radio("size", "크기", [("작게", "s"), ("크게", "l")]);
    /// assert!(form.to_json().contains("radio_buttons"));
    /// ```
    pub fn radio<L: Into<String>, V: Into<String>>(
        self,
        name: &str,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = (L, V)>,
    ) -> Self {
        self.choose(name, label.into(), "radio_buttons", choices)
    }

    /// Any of a few. Read them by [`Press::values`](crate::Press::values).
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// let form = Form::new("order", "주문").checkboxes("with", "더하기", [("계란", "egg"), ("김", "nori")]).optional();
    /// assert!(form.to_json().contains("checkboxes"));
    /// ```
    pub fn checkboxes<L: Into<String>, V: Into<String>>(
        self,
        name: &str,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = (L, V)>,
    ) -> Self {
        self.choose(name, label.into(), "checkboxes", choices)
    }

    /// A date.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// assert!(Form::new("order", "주문").date("day", "언제").to_json().contains("datepicker"));
    /// ```
    pub fn date(self, name: &str, label: impl Into<String>) -> Self {
        self.field(name, label.into(), "datepicker", &[])
    }

    /// A time of day.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// assert!(Form::new("order", "주문").time("at", "몇 시").to_json().contains("timepicker"));
    /// ```
    pub fn time(self, name: &str, label: impl Into<String>) -> Self {
        self.field(name, label.into(), "timepicker", &[])
    }

    /// A person; the plugin gets the id.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// assert!(Form::new("order", "주문").user("whom", "누구에게").to_json().contains("users_select"));
    /// ```
    pub fn user(self, name: &str, label: impl Into<String>) -> Self {
        self.field(name, label.into(), "users_select", &[])
    }

    /// Several people; the plugin gets the ids, see [`Press::values`](crate::Press::values).
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// assert!(Form::new("order", "주문").users("team", "함께").to_json().contains("multi_users_select"));
    /// ```
    pub fn users(self, name: &str, label: impl Into<String>) -> Self {
        self.field(name, label.into(), "multi_users_select", &[])
    }

    /// A conversation; the plugin gets the id.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// assert!(Form::new("order", "주문").conversation("at", "어디에").to_json().contains("conversations_select"));
    /// ```
    pub fn conversation(self, name: &str, label: impl Into<String>) -> Self {
        self.field(name, label.into(), "conversations_select", &[])
    }

    /// Text between the fields, in the service's own markup.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// assert!(Form::new("order", "주문").note("12시까지 받습니다").to_json().contains("section"));
    /// ```
    pub fn note(self, text: impl Into<String>) -> Self {
        let text: String = text.into();
        self.block(json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } }))
    }

    /// A block of the service's own.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// let form = Form::new("order", "주문").text("name", "이름").block(serde_json::json!({ "type": "divider" }));
    /// assert!(form.to_json().contains("divider"));
    /// ```
    pub fn block(mut self, block: impl Into<Value>) -> Self {
        self.blocks.push(block.into());
        self
    }

    /// The field before this may be left empty.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// assert!(Form::new("order", "주문").text("note", "전할 말").optional().to_json().contains(r#""optional":true"#));
    /// ```
    pub fn optional(self) -> Self {
        self.with(|block| set(block, "optional", true.into()))
    }

    /// A small line below the field before this.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// assert!(Form::new("order", "주문").number("bowls", "몇 그릇").hint("1에서 20까지").to_json().contains("20까지"));
    /// ```
    pub fn hint(self, text: impl Into<String>) -> Self {
        let text: String = text.into();
        self.with(|block| set(block, "hint", plain(&text)))
    }

    /// What stands in the field before this while it is empty.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// assert!(Form::new("order", "주문").text("name", "이름").placeholder("로지").to_json().contains("placeholder"));
    /// ```
    pub fn placeholder(self, text: impl Into<String>) -> Self {
        let text: String = text.into();
        self.with(|block| {
            if let Some(element) = block.get_mut("element") {
                set(element, "placeholder", plain(&text));
            }
        })
    }

    /// What the field before this has to begin with: text, a number, a date, an id, or the value of a choice; several
    /// joined by `,`.
    ///
    /// ```
    /// # use moa_plugin::Form;
    /// let form = Form::new("order", "주문").radio("size", "크기", [("작게", "s"), ("크게", "l")]).initial("l");
    /// assert!(form.to_json().contains("initial_option"));
    /// ```
    pub fn initial(self, value: impl AsRef<str>) -> Self {
        self.with(|block| {
            if let Some(element) = block.get_mut("element") {
                begin_with(element, value.as_ref());
            }
        })
    }

    fn set(mut self, key: &str, value: Value) -> Self {
        self.view.insert(key.into(), value);
        self
    }

    /// Slack answers with both ids of a field; that both are its name makes errors and values easy to find.
    fn field(mut self, name: &str, label: String, kind: &str, more: &[(&str, Value)]) -> Self {
        let mut element = json!({ "type": kind, "action_id": name });
        for (key, value) in more {
            set(&mut element, key, value.clone());
        }
        self.blocks
            .push(json!({ "type": "input", "block_id": name, "label": plain(&label), "element": element }));
        self
    }

    fn choose<L: Into<String>, V: Into<String>>(
        self,
        name: &str,
        label: String,
        kind: &str,
        choices: impl IntoIterator<Item = (L, V)>,
    ) -> Self {
        let choices = choices.into_iter().map(|(label, value)| Choice {
            label: label.into(),
            value: value.into(),
        });
        let options = choices.map(|choice| json!({ "text": plain(&choice.label), "value": choice.value }));
        let options: Vec<Value> = options.collect();
        self.field(name, label, kind, &[("options", Value::Array(options))])
    }

    /// Changes the last field; without one nothing happens.
    fn with(mut self, change: impl FnOnce(&mut Value)) -> Self {
        if let Some(block) = self.blocks.last_mut() {
            change(block);
        }
        self
    }
}

fn set(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(object) = object {
        object.insert(key.into(), value);
    }
}

fn begin_with(element: &mut Value, value: &str) {
    let options = element.get("options").and_then(Value::as_array);
    let mut chosen = options
        .into_iter()
        .flatten()
        .filter(|option| {
            value
                .split(',')
                .any(|one| option.get("value").is_some_and(|known| known == one))
        })
        .cloned();
    let text = || Value::String(value.into());
    let several = || value.split(',').map(|one| Value::String(one.into())).collect();
    let kind = element.get("type").and_then(Value::as_str).unwrap_or("");
    let (key, value) = match kind {
        "static_select" | "radio_buttons" => ("initial_option", chosen.next()),
        "checkboxes" => ("initial_options", Some(chosen.collect::<Vec<_>>().into())),
        "datepicker" => ("initial_date", Some(text())),
        "timepicker" => ("initial_time", Some(text())),
        "users_select" => ("initial_user", Some(text())),
        "multi_users_select" => ("initial_users", Some(Value::Array(several()))),
        "conversations_select" => ("initial_conversation", Some(text())),
        _ => ("initial_value", Some(text())),
    };
    // A choice that is not among them is none, and Slack refuses an empty list of them.
    if let Some(value) = value.filter(|value| value.as_array().is_none_or(|several| !several.is_empty())) {
        set(element, key, value);
    }
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text })
}

fn short(text: &str) -> String {
    match text.chars().count() {
        0..=SHORT => text.into(),
        _ => text.chars().take(SHORT - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests;
