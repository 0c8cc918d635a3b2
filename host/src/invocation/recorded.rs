//! What of a command goes into the audit log: that it begins, where it must not run unrecorded, and what came of it.

use super::{Before, Call, Invoker, Work, id_of};
use crate::matching::Todo;
use moa_core::audit::{Entry, Given, Outcome as Audited, What};
use moa_core::call::{Arg, ArgValue, CommandCall, Value};
use moa_core::event::EventKind;
use moa_core::locale::{Locale, UserNotice};
use moa_core::manifest::{ArgType, Command, Confirm, Manifest};
use moa_core::router::CommandMatch;
use moa_store::Outcome;

impl Invoker {
    /// What is to be written down of a piece of work, its outcome excepted; nothing where it is no command.
    pub(super) fn to_record(&self, work: &Work, before: Option<&Before>) -> Option<Entry> {
        let event = &*work.event;
        let mut entry = match (&work.matched.todo, before) {
            (Todo::Command(command), Some(Before::Past(past))) => match &past.begun.call {
                Call::Command(call) => {
                    let mut entry = Entry::asked(event, command);
                    entry.args = given(call);
                    entry.version = past.by.clone();
                    entry
                }
                _ => return None,
            },
            (Todo::Command(command), _) => {
                let access = &self.matcher.access;
                let verdict = access.verdict(event, &work.matched.snapshot.table, command);
                Entry::asked(event, command).by_rule(access.reason(verdict))
            }
            // Of presses only those that a rule forbids.
            (Todo::Tell(notice @ UserNotice::Denied(_)), None) if let EventKind::Press(press) = &event.kind => {
                let mut entry = Entry::of(What::Press, event);
                entry.plugin.clone_from(&press.plugin);
                refused(entry, notice)
            }
            // A command that is not run.
            (Todo::Tell(notice), None) => {
                let command = self.matcher.command_of(event)?;
                refused(Entry::asked(event, &command), notice)
            }
            _ => return None,
        };
        entry.again = work.look_first;
        if let Some(ruling) = event.ruling() {
            entry.approver.clone_from(&ruling.by);
        }
        entry.invocation = match &work.matched.todo {
            todo @ Todo::Command(_) => id_of(event, todo).unwrap_or_default(),
            _ => String::new(),
        };
        self.complete(work, &mut entry);
        self.audit.wants(entry.guarded).then_some(entry)
    }

    /// Adds what the plugin's manifest knows.
    fn complete(&self, work: &Work, entry: &mut Entry) {
        let Some(loaded) = work.matched.snapshot.plugins.get(&entry.plugin) else {
            return;
        };
        if entry.version.is_empty() {
            entry.version = loaded.version.clone();
        }
        let levels = levels(&loaded.manifest, &entry.command, &entry.path);
        // A call that goes on does not know it itself.
        entry.guarded |= levels.iter().any(|one| is_guarded(one));
        let specs: Vec<_> = levels.iter().flat_map(|level| &level.args).collect();
        let is_choice = |name: &str| {
            let mut named = specs.iter().filter(|spec| spec.name == name);
            named.any(|spec| spec.kind == ArgType::Choice)
        };
        entry.chosen(is_choice);
    }

    /// Writes down that a command begins that must not run unrecorded. Otherwise its person is told that it does not run.
    pub(super) async fn begin(&self, work: &Work, command: &CommandMatch, id: &str) -> Result<(), Outcome> {
        let loaded = work.matched.snapshot.plugins.get(&command.plugin);
        let levels = loaded.map(|loaded| levels(&loaded.manifest, &command.command, &command.path));
        let asks = command.restricted || command.confirm != Confirm::None;
        if !asks && !levels.into_iter().flatten().any(is_guarded) {
            return Ok(());
        }
        let entry = match self.to_record(work, None) {
            Some(entry) if entry.guarded => entry,
            _ => return Ok(()),
        };
        let Err(why) = self.audit.begin(entry.ended(Audited::Begins)).await else {
            return Ok(());
        };
        tracing::error!(event = %work.event.identity, plugin = command.plugin, "a command was not run, for it could not be recorded: {why}");
        let notice = UserNotice::Unrecorded {
            plugin: command.plugin.clone(),
        };
        let locale = self.locale_of(&self.asker(work).await);
        Err(self
            .tell(work, id, &notice, format!("{UNRECORDED}: {why}"), locale)
            .await)
    }

    /// Writes down what an admin changed by a command of the host's own.
    pub(super) fn changed_by(&self, work: &Work, command: &str, path: &[&str], args: &[(&str, &str)]) {
        let mut entry = Entry::of(What::Manage, &work.event).command(command, path);
        for (name, value) in args {
            entry = entry.arg(name, *value);
        }
        self.audit.note(entry);
    }

    /// Writes down that a command was not even tried.
    pub(super) fn turned_away(&self, entry: Option<Entry>) {
        if let Some(entry) = entry {
            self.audit.note(entry.ended(Audited::Away).because("the plugin rests"));
        }
    }

    /// Writes down what came of it, before its record in the journal is closed: whatever ends in between, it is run, and
    /// written down, again, or it stands there.
    pub(super) async fn record(&self, entry: Option<Entry>, outcome: &Outcome) {
        let Some(entry) = entry else {
            return;
        };
        let entry = match outcome {
            // Why it was not run is there already.
            _ if entry.outcome != Audited::Done => entry,
            Outcome::Done => entry.ended(Audited::Done),
            Outcome::Failed { reason } if reason.starts_with(UNRECORDED) => {
                entry.ended(Audited::Unrecorded).because(reason)
            }
            Outcome::Failed { reason } => entry.ended(Audited::Failed).because(reason),
            Outcome::Diverged { reason } => entry.ended(Audited::Diverged).because(reason),
            Outcome::Dropped => entry.ended(Audited::Other),
        };
        self.audit.settle(entry).await;
    }
}

/// A command of a manifest and, one below the other, its subcommands on the way to what was asked for.
fn levels<'m>(manifest: &'m Manifest, command: &str, path: &[String]) -> Vec<&'m Command> {
    let mut levels: Vec<&Command> = manifest
        .commands
        .iter()
        .filter(|one| one.name == command)
        .take(1)
        .collect();
    for name in path {
        let below = levels.last().map(|level| &level.subcommands);
        levels.extend(below.into_iter().flatten().find(|one| one.name == *name));
    }
    levels
}

fn is_guarded(command: &Command) -> bool {
    command.restricted || command.confirm != Confirm::None
}

/// How the reason begins with which a command was not run that could not be recorded.
const UNRECORDED: &str = "it could not be recorded";

/// What became of something of which its person is only told this.
fn refused(entry: Entry, notice: &UserNotice) -> Entry {
    let outcome = match notice {
        // It repeats what was typed.
        UserNotice::Denied(denied) => {
            let entry = entry.ended(Audited::Denied).by_rule(&denied.rule);
            return entry.because("not allowed");
        }
        UserNotice::TooMany { .. } | UserNotice::TooOften { .. } => Audited::Limited,
        UserNotice::Paused { .. } | UserNotice::Muted => Audited::Paused,
        UserNotice::TooOld => Audited::Late,
        UserNotice::PluginGone { .. } | UserNotice::PluginStopped { .. } | UserNotice::Busy { .. } => Audited::Away,
        _ => Audited::Denied,
    };
    entry.ended(outcome).because(notice.render(Locale::En))
}

/// The arguments of a call that goes on.
fn given(call: &CommandCall) -> Vec<Given> {
    let arg = |(name, value): &(String, Value)| {
        let value = match value.clone() {
            Value::Text(text) => ArgValue::Text(text),
            Value::Integer(number) => ArgValue::Integer(number),
            Value::Number(number) => ArgValue::Number(number),
            Value::Truth(truth) => ArgValue::Truth(truth),
            Value::User(user) => ArgValue::User(user.id),
            Value::Conversation(conversation) => ArgValue::Conversation(conversation.id),
            Value::Seconds(seconds) => ArgValue::Seconds(seconds),
            Value::Date(date) => ArgValue::Date(date),
            Value::Time(time) => ArgValue::Time(time),
            Value::Many(texts) => ArgValue::Many(texts),
        };
        Given::of(&Arg {
            name: name.clone(),
            value,
        })
    };
    call.args.iter().map(arg).collect()
}
