#![doc = include_str!("../README.md")]

// Reading order: what authors write with, then what carries it.
mod content;
mod context;
mod error;
mod form;
mod press;
mod reply;
mod types;

pub mod alarm;
pub mod aws;
pub mod brain;
pub mod chat;
pub mod config;
pub mod events;
pub mod http;
pub mod log;
pub mod needs;
pub mod objects;
pub mod params;
pub mod schedule;
pub mod sql;
pub mod system;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod text;
pub mod texts;
pub mod tickets;
pub mod time;
pub mod triggers;
pub mod webhooks;
pub mod xml;

mod argument;
// Public for what `plugin!` writes into the plugin's crate, for nobody else.
#[doc(hidden)]
pub mod bindings;
mod clock;
mod component;
mod host;
mod manifest;

pub use argument::Argument;
pub use brain::Brain;
pub use config::Config;
pub use context::Context;
pub use error::{Error, HostError, Result};
pub use form::Form;
pub use moa_plugin_macros::{
    Argument, Config, action, answer, command, hear, job, on, plugin, shortcut, submit, texts, webhook,
};
pub use press::{Answer, FieldErrors, IntoPressReply, Press, PressKind, PressReply, Update};
pub use reply::IntoReply;
pub use schedule::Due;
pub use types::{
    Action, Audience, Button, Card, Choice, Content, Conversation, Field, File, Invocation, Mention, Message,
    MessageRef, Place, PlaceKind, Select, Style, User,
};
pub use webhooks::{IntoResponse, Request, Response};

/// Everything that a plugin usually needs: `use moa_plugin::prelude::*;`.
///
/// ```
/// use moa_plugin::prelude::*;
///
/// /// Says hello.
/// #[command]
/// fn hello(ctx: &Context, #[default = 1] times: u8) -> Result<String> {
///     if times > 3 {
///         return Err(Error::rejected("three times is enough"));
///     }
///     Ok(format!("hello, {}! ", ctx.who().display_name).repeat(times.into()))
/// }
///
/// plugin!(hello);
/// ```
pub mod prelude {
    pub use crate::brain::Brain;
    pub use crate::time::{Date, Time};
    pub use crate::{
        Answer, Argument, Audience, Button, Card, Config, Content, Context, Conversation, Due, Error, FieldErrors,
        Form, HostError, Message, MessageRef, Place, Press, PressReply, Request, Response, Result, Update, User,
        action, answer, chat, command, ensure, hear, http, job, log, objects, on, plugin, schedule, shortcut, sql,
        submit, system, text, texts, triggers, webhook,
    };
    pub use std::time::Duration;
}

/// What the macros' output names. Not for authors; it may change at any time.
#[doc(hidden)]
pub mod __private {
    pub use crate::argument::{Args, Argument, NumberArgument};
    pub use crate::bindings;
    pub use crate::bindings::export_plugin;
    pub use crate::bindings::moa::plugin::types::Value;
    pub use crate::component::{
        CommandFn, Component, EventFn, Group, HearFn, JobFn, Plugin, PluginPart, PressFn, WebhookFn,
    };
    pub use crate::config::{Table, read_config};
    pub use crate::events::tell;
    pub use crate::manifest::{
        ArgSpec, Command, Confirm, Count, Event, Hear, Job, Kind, Literal, Manifest, On, Part, Press, PressFor,
        Requests, Scope, Setting, Shortcut, ShortcutOn, Text, Webhook, are_arguments_unique, are_events_unique,
        are_ids_unique, are_jobs_unique, are_parents_there, are_presses_unique, are_webhooks_unique, are_words_unique,
        commands_of, count, events_of, hears_of, is_plugin_name, jobs_of, presses_of, webhooks_of,
    };
    pub use crate::press::{answer_of, rest_of};
    pub use crate::reply::IntoReply;
    pub use crate::schedule::{IntoEnd, name_behind};
    pub use serde;
}
