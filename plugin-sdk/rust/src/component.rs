//! The component's exports: from a call of the host to the author's function and back.

use crate::argument::Args;
use crate::bindings::exports::moa::plugin::{actions, commands, events, guest, jobs, listener, webhooks};
use crate::bindings::moa::plugin::types::{Content, Failure, Invocation, User};
use crate::manifest::{Command, Hear, Manifest, Part};
use crate::{Context, Error, log};
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

/// Anything that a plugin is made of; the attributes write it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no part of a plugin",
    label = "neither a command nor a function that hears",
    note = "write `#[command]` or `#[hear(\"pattern\")]` above the function"
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
    fn run(job: jobs::Job) -> Result<(), Failure> {
        Err(undeclared("job", &job.name))
    }
}

impl<P: Plugin> webhooks::Guest for Component<P> {
    fn serve(request: webhooks::Request) -> Result<webhooks::Response, Failure> {
        Err(undeclared("webhook", &request.name))
    }
}

impl<P: Plugin> actions::Guest for Component<P> {
    fn act(press: actions::Press) -> Result<actions::Reply, Failure> {
        Err(undeclared("action", &press.id))
    }
}

impl<P: Plugin> events::Guest for Component<P> {
    fn on(_: Invocation, _: User, event: events::Event) -> Result<(), Failure> {
        Err(undeclared("event", event_name(&event)))
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

/// The host calls only what the manifest names; a host that does otherwise is told so.
fn undeclared(what: &str, name: &str) -> Failure {
    Failure::Internal(format!("this plugin has no {what} `{name}`"))
}

fn event_name(event: &events::Event) -> &'static str {
    match event {
        events::Event::Reacted(_) => "reacted",
        events::Event::Unreacted(_) => "unreacted",
        events::Event::Joined(_) => "joined",
        events::Event::Left(_) => "left",
        events::Event::Topic(_) => "topic",
        events::Event::Edited(_) => "edited",
        events::Event::Deleted(_) => "deleted",
    }
}

/// A panic ends the instance; the operator should still see where and why.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| log::error(panic.to_string())));
}

#[cfg(test)]
mod tests;
