//! A line with what it is about.

use jiff::Timestamp;
use std::fmt::Debug;
use tracing::Level;
use tracing::field::{Field, Visit};
use tracing::span::Attributes;

/// A value of a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    /// As `Debug` writes it.
    Other(String),
    Integer(i128),
    Number(f64),
    Truth(bool),
}

impl Value {
    /// As a text, for forms that know nothing else.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) | Self::Other(text) => text.clone(),
            Self::Integer(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
        }
    }
}

/// A line.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) time: Timestamp,
    pub(super) level: Level,
    pub(super) target: &'static str,
    pub(super) message: String,
    /// The line's own, then those of the spans around it, from the inside out.
    pub(super) fields: Vec<(&'static str, Value)>,
    /// How many of them are the line's own.
    pub(super) own: usize,
}

impl Record {
    pub(super) fn of(event: &tracing::Event<'_>) -> Self {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        Self {
            time: Timestamp::now(),
            level: *metadata.level(),
            target: metadata.target(),
            message: fields.message,
            own: fields.all.len(),
            fields: fields.all,
        }
    }

    /// A span around it says more: what is said already counts.
    pub(super) fn within(&mut self, span: &SpanFields) {
        for (name, value) in &span.0 {
            let is_empty = matches!(value, Value::Text(text) if text.is_empty());
            if !is_empty && !self.fields.iter().any(|(known, _)| known == name) {
                self.fields.push((name, value.clone()));
            }
        }
    }
}

/// What a span says of the lines in it.
#[derive(Debug)]
pub(super) struct SpanFields(Vec<(&'static str, Value)>);

impl SpanFields {
    pub(super) fn of(attributes: &Attributes<'_>) -> Self {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        Self(fields.all)
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    all: Vec<(&'static str, Value)>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        match field.name() {
            "message" => self.message = value.text(),
            name => self.all.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::Text(value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, Value::Other(format!("{value:?}")));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::Integer(value.into()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::Integer(value.into()));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, Value::Number(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::Truth(value));
    }
}
