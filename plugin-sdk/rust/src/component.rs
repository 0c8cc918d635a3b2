//! The component's exports: from a call of the host to the author's function and back.

use crate::argument::Args;
use crate::bindings::exports::moa::plugin::{actions, commands, events, guest, jobs, listener, webhooks};
use crate::bindings::moa::plugin::types::{Content, Failure, Invocation, User};
use crate::manifest::{Command, Event, Hear, Job, Manifest, On, Part, Press, Webhook};
use crate::schedule::Due;
use crate::webhooks::{Request, Response};
use crate::{Context, Error, PressReply, log};
use std::marker::PhantomData;

/// A command as data; `#[command]` writes it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command",
    label = "not a command",
    note = "write `#[command]` above the function"
)]
pub trait CommandFn {
    /// What people see, and what runs.
    const COMMAND: Command;
}

/// A pattern as data; `#[hear]` writes it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not hear anything",
    label = "not a function that hears",
    note = "write `#[hear(\"pattern\")]` above the function"
)]
pub trait HearFn {
    /// What is looked for, and what runs.
    const HEAR: Hear;
}

/// Presses as data; `#[action]`, `#[submit]`, `#[shortcut]` and `#[answer]` write it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` handles no presses",
    label = "not a function for presses",
    note = "write `#[action(\"id\")]`, `#[submit(\"id\")]`, `#[shortcut(\"id\", …)]` or `#[answer(\"id\")]` above the function"
)]
pub trait PressFn {
    /// Which presses, and what runs.
    const PRESS: Press;
}

/// An event as data; `#[on]` writes it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` learns of no event",
    label = "not a function for events",
    note = "write `#[on(joined)]`, or another event, above the function"
)]
pub trait EventFn {
    /// What is told.
    type Event: Into<events::Event>;
    /// Which event, and what runs.
    const ON: On;
}

/// A job as data; `#[job]` writes it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a job",
    label = "not a job",
    note = "write `#[job(cron = \"0 9 * * *\")]` above the function, or `#[job(id = \"…\")]` for one that is made at run time"
)]
pub trait JobFn {
    /// When, and what runs.
    const JOB: Job;
}

/// A webhook as data; `#[webhook]` writes it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` serves no requests",
    label = "not a function for requests",
    note = "write `#[webhook(verify = \"hmac-sha256\")]` above the function"
)]
pub trait WebhookFn {
    /// Where, and what runs.
    const WEBHOOK: Webhook;
}

/// Anything that a plugin is made of; the attributes write it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no part of a plugin",
    label = "has none of the attributes that make a part of a plugin",
    note = "write `#[command]`, `#[hear(\"pattern\")]`, `#[action(\"id\")]` or another of them above the function"
)]
pub trait PluginPart {
    /// As data.
    const PART: Part;
}

/// The arguments before a subcommand; `#[command]` above a struct writes it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command with subcommands",
    label = "not a struct with `#[command(subcommands = […])]`",
    note = "`#[parent]` brings the arguments before the subcommand's name"
)]
pub trait Group: Sized {
    /// The type's full name.
    const ID: &'static str;
    /// Takes them from a call.
    fn from_args(args: &mut Args) -> Result<Self, Error>;
}

/// A plugin as data; `plugin!` writes it.
#[doc(hidden)]
pub trait Plugin: 'static {
    /// Everything that `describe` tells.
    const MANIFEST: Manifest;
}

/// Exports the whole world for a plugin.
#[doc(hidden)]
#[derive(Debug)]
pub struct Component<P>(PhantomData<P>);

impl<P: Plugin> guest::Guest for Component<P> {
    fn describe() -> String {
        log_panics();
        describe(&P::MANIFEST)
    }
}

impl<P: Plugin> commands::Guest for Component<P> {
    fn handle(call: commands::Call) -> Result<Option<Content>, Failure> {
        log_panics();
        Ok(handle(P::MANIFEST.commands, call)?)
    }
}

impl<P: Plugin> listener::Guest for Component<P> {
    fn hear(heard: listener::Heard) -> Result<Option<Content>, Failure> {
        log_panics();
        hear(P::MANIFEST.hears, heard)
    }
}

impl<P: Plugin> jobs::Guest for Component<P> {
    fn run(job: Due) -> Result<(), Failure> {
        if const { P::MANIFEST.jobs.is_empty() } {
            return Err(undeclared("job", &job.name));
        }
        log_panics();
        Ok(run(P::MANIFEST.jobs, &job)?)
    }
}

impl<P: Plugin> webhooks::Guest for Component<P> {
    fn serve(request: Request) -> Result<Response, Failure> {
        if const { P::MANIFEST.webhooks.is_empty() } {
            return Err(undeclared("webhook", &request.name));
        }
        log_panics();
        Ok(serve(P::MANIFEST.webhooks, request)?)
    }
}

impl<P: Plugin> actions::Guest for Component<P> {
    fn act(press: actions::Press) -> Result<actions::Reply, Failure> {
        // What a plugin does not have is not in its file either.
        if const { P::MANIFEST.presses.is_empty() } {
            return Err(undeclared("action", &press.id));
        }
        log_panics();
        Ok(act(P::MANIFEST.presses, press)?)
    }
}

impl<P: Plugin> events::Guest for Component<P> {
    fn on(invocation: Invocation, who: User, event: events::Event) -> Result<(), Failure> {
        if const { P::MANIFEST.events.is_empty() } {
            return Err(undeclared("event", &format!("{:?}", Event::of(&event))));
        }
        log_panics();
        Ok(on(P::MANIFEST.events, invocation, who, event)?)
    }
}

fn describe(manifest: &Manifest) -> String {
    serde_json::to_string(manifest).unwrap_or_else(|error| {
        // Plain strings and numbers: this does not happen, and an empty manifest is refused by the host.
        log::error(format!("the manifest can't be written: {error}"));
        String::new()
    })
}

pub(crate) fn handle(known: &[Command], mut call: commands::Call) -> Result<Option<Content>, Error> {
    let mut level = known;
    let mut run = None;
    for name in std::iter::once(&call.command).chain(&call.path) {
        let Some(command) = level.iter().find(|command| command.name == *name) else {
            return Err(Error::internal(format!("this plugin has no command `{name}`")));
        };
        (level, run) = (command.subcommands, command.run);
    }
    let Some(run) = run else {
        return Err(Error::internal(format!(
            "the command `{}` runs only with a subcommand; the host called it without one",
            call.command
        )));
    };
    let mut args = Args::new(std::mem::take(&mut call.args));
    run(&Context::of_call(call), &mut args)
}

pub(crate) fn hear(known: &[Hear], heard: listener::Heard) -> Result<Option<Content>, Failure> {
    let own = known.iter().find(|hear| hear.id == heard.id && !hear.is_for_taught());
    let Some(hear) = own.or_else(|| known.iter().find(|hear| hear.is_for_taught())) else {
        return Err(undeclared("pattern", &heard.id));
    };
    Ok((hear.run)(&Context::of_heard(heard))?)
}

/// The function that names most of the id: an id in full before one with `*`.
pub(crate) fn act(known: &[Press], press: actions::Press) -> Result<PressReply, Error> {
    let fitting = known
        .iter()
        .filter_map(|handler| Some((handler, handler.rest(press.kind, &press.id)?)));
    let best = fitting.max_by_key(|(handler, _)| (!handler.id.ends_with('*'), handler.id.len()));
    let Some((handler, rest)) = best else {
        return Err(Error::internal(format!(
            "this plugin has no function for the {} `{}`",
            kind_name(press.kind),
            press.id
        )));
    };
    let (rest, is_form) = (rest.to_owned(), press.kind == actions::Kind::Modal);
    match (handler.run)(&crate::Press::of(press, rest))? {
        // Without a form there is nothing to show them at: the person is told.
        PressReply::Errors(fields) if !is_form => Err(Error::fields(fields)),
        reply => Ok(reply),
    }
}

pub(crate) fn on(known: &[On], invocation: Invocation, who: User, event: events::Event) -> Result<(), Error> {
    let name = Event::of(&event);
    let Some(on) = known.iter().find(|on| on.event == name) else {
        return Err(Error::internal(format!(
            "this plugin has no function for the event {name:?}"
        )));
    };
    let context = Context::of_event(invocation, who, &event);
    (on.run)(&context, event)
}

/// The function that names most of the name, as with presses.
pub(crate) fn run(known: &[Job], due: &Due) -> Result<(), Error> {
    let fitting = known.iter().filter(|job| job.is_for(&due.name));
    match fitting.max_by_key(|job| (!job.id.ends_with('*'), job.id.len())) {
        Some(job) => (job.run)(due),
        None => Err(Error::internal(format!("this plugin has no job `{}`", due.name))),
    }
}

pub(crate) fn serve(known: &[Webhook], request: Request) -> Result<Response, Error> {
    match known.iter().find(|webhook| webhook.name == request.name) {
        Some(webhook) => (webhook.run)(request),
        None => Err(Error::internal(format!(
            "this plugin has no webhook `{}`",
            request.name
        ))),
    }
}

fn kind_name(kind: actions::Kind) -> &'static str {
    match kind {
        actions::Kind::Button => "button",
        actions::Kind::Select => "menu",
        actions::Kind::Modal => "form",
        actions::Kind::Shortcut => "shortcut",
        actions::Kind::Answer | actions::Kind::Timeout => "question",
    }
}

/// The host calls only what the manifest names; a host that does otherwise is told so.
fn undeclared(what: &str, name: &str) -> Failure {
    Failure::Internal(format!("this plugin has no {what} `{name}`"))
}

/// A panic ends the instance; the operator should still see where and why.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| log::error(panic.to_string())));
}

#[cfg(test)]
mod tests;
