//! Which plugin an event is for, by the plugins as they are now.

mod approval;
mod voices;

pub use voices::Voices;

use crate::access::Access;
use crate::lessons::{Lessons, Present};
use crate::maintenance::{Hold, Maintenance};
use crate::pending::Pendings;
use crate::questions::Questions;
use crate::rates::{Admitted, Rates};
use crate::registry::{Loaded, Registry, Snapshot};
use crate::schedule::Schedules;
use jiff::Timestamp;
use moa_core::event::{Change, Event, EventKind, PlaceKind, Press};
use moa_core::locale::UserNotice;
use moa_core::router::{self, CommandMatch, HeardMatch, Manage, Me, Routed, Say, Settings, Table};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// How long after its time a question's end waits for a plugin that is not loaded.
const RETURNS: Duration = Duration::from_secs(24 * 3600);

/// What an event asks for.
#[derive(Clone, Debug)]
pub enum Todo {
    /// A plugin's command.
    Command(Box<CommandMatch>),
    /// A plugin's command that somebody has to confirm first.
    Confirm(Box<CommandMatch>),
    /// A pattern that a plugin listens for fits.
    Heard(Box<HeardMatch>),
    /// Somebody pressed what a plugin had put there.
    Pressed {
        /// The plugin's name.
        plugin: String,
    },
    /// Something happened that a plugin wants to know of.
    Changed {
        /// The plugin's name.
        plugin: String,
    },
    /// A job of a plugin's is due.
    Due {
        /// The plugin's name.
        plugin: String,
    },
    /// Another system asks a plugin for something.
    Hook {
        /// The plugin's name.
        plugin: String,
    },
    /// Somebody pressed what the host itself had put there, or it was decided that a command does not run.
    Own,
    /// Those who look after the bot want something of the host itself. Whether they may is found out when it is done.
    Manage(Box<Manage>),
    /// An answer of the host itself.
    Say(Box<Say>),
    /// A line about why it was not done.
    Tell(UserNotice),
}

impl Todo {
    /// The name of the plugin that it is for; empty where the host answers itself.
    pub fn plugin(&self) -> &str {
        match self {
            Self::Command(command) => &command.plugin,
            Self::Heard(heard) => &heard.plugin,
            Self::Pressed { plugin } | Self::Changed { plugin } | Self::Due { plugin } | Self::Hook { plugin } => {
                plugin
            }
            Self::Confirm(_) | Self::Own | Self::Manage(_) | Self::Say(_) | Self::Tell(_) => "",
        }
    }

    /// Whether nobody in chat asked for it: then nobody there is told that it is not done.
    pub fn is_unasked(&self) -> bool {
        matches!(
            self,
            Self::Heard(_) | Self::Changed { .. } | Self::Due { .. } | Self::Hook { .. }
        )
    }
}

/// One thing that an event asks for, and the plugins it was matched against.
#[derive(Clone)]
pub struct Match {
    /// What it asks for.
    pub todo: Todo,
    /// The plugins at that time.
    pub snapshot: Arc<Snapshot>,
}

/// Matches events against the current plugins.
pub struct Matcher {
    /// Who the bot is.
    pub me: Me,
    /// How commands look.
    pub settings: Settings,
    /// Where both are otherwise.
    pub voices: Voices,
    /// The plugins.
    pub registry: Arc<Registry>,
    /// How often they may be asked for something.
    pub rates: Arc<Rates>,
    /// What they listen for.
    pub lessons: Arc<Lessons>,
    /// What they asked people.
    pub questions: Arc<Questions>,
    /// Who may do what.
    pub access: Arc<Access>,
    /// What admins silenced.
    pub maintenance: Arc<Maintenance>,
    /// Commands that wait to be confirmed.
    pub pendings: Arc<Pendings>,
    /// What plugins do at set times.
    pub schedules: Arc<Schedules>,
}

impl Matcher {
    /// What an event asks for: one thing, or a call for each pattern that fits. Nothing when it is nobody's business.
    pub fn route(&self, event: &Event) -> Vec<Match> {
        self.routed(event, self.maintenance.hold(event))
    }

    /// The same of an event that was accepted before.
    pub fn route_accepted(&self, event: &Event) -> Vec<Match> {
        self.routed(event, self.hold_on_accepted(event))
    }

    /// What holds back an event that was accepted before: a pause does not what came from outside. Whoever sent it, or the
    /// job that was due, was told that it will be done, and does not come again.
    fn hold_on_accepted(&self, event: &Event) -> Option<Hold> {
        let hold = self.maintenance.hold(event)?;
        (!event.is_outside() || hold == Hold::Muted).then_some(hold)
    }

    fn routed(&self, event: &Event, hold: Option<Hold>) -> Vec<Match> {
        let present = self.lessons.present();
        let mut todos = match &event.kind {
            EventKind::Message(_) | EventKind::Slash(_) => self.said(&present, event),
            EventKind::Press(press) => vec![self.pressed(&present.snapshot, event, press)],
            EventKind::Change(change) => {
                let mut todos = changed(&present.snapshot, change);
                todos.retain(|todo| self.may_use(event, todo.plugin()));
                todos
            }
            EventKind::Ruling(ruling) => vec![self.ruled(&present, ruling)],
            EventKind::Due(due) => outside(&present.snapshot, &due.plugin, |plugin| Todo::Due { plugin }),
            EventKind::Hook(hook) => outside(&present.snapshot, &hook.plugin, |plugin| Todo::Hook { plugin }),
        };
        if let Some(hold) = &hold {
            self.hold_back(hold, event, &mut todos);
        }
        let with = |todo| Match {
            todo,
            snapshot: Arc::clone(&present.snapshot),
        };
        todos.into_iter().map(with).collect()
    }

    /// The command that an event asks for, whether or not it may be run.
    pub fn command_of(&self, event: &Event) -> Option<CommandMatch> {
        let present = self.lessons.present();
        let table = &present.snapshot.table;
        match router::route(table, &present.hears, self.settings_of(event), self.me_of(event), event) {
            Routed::Command(command) => Some(command),
            _ => None,
        }
    }

    /// A press on a question's button as its answer. As long as the question's plugin is not loaded, an admin holds
    /// presses back, or a rule keeps the person from the plugin, it stays a press: the person is told, and the question is
    /// open still.
    pub fn resolve(&self, event: Event) -> Event {
        match &event.kind {
            EventKind::Press(press)
                if self.is_loaded(&press.plugin)
                    && self.maintenance.hold(&event).is_none()
                    && self.may_use(&event, &press.plugin) =>
            {
                self.questions.resolve(event)
            }
            _ => event,
        }
    }

    /// Whether a time-out is not to be told yet, since its plugin is not loaded: it may just be being replaced; or since
    /// no plugin is called for now. It is told
    /// again and again until it is taken, and some time after its plugin was removed it is taken for nothing.
    pub fn is_put_off(&self, event: &Event, now: SystemTime) -> bool {
        let EventKind::Press(press) = &event.kind else {
            return false;
        };
        let since = || press.time.parse::<Timestamp>().ok().map(SystemTime::from);
        event.is_timeout()
            && (!self.is_loaded(&press.plugin) || self.maintenance.is_paused())
            && since().is_some_and(|since| now.duration_since(since).is_ok_and(|late| late < RETURNS))
    }

    fn is_loaded(&self, plugin: &str) -> bool {
        let snapshot = &self.lessons.present().snapshot;
        snapshot.plugins.contains_key(plugin) && !snapshot.stopped.contains_key(plugin)
    }

    fn said(&self, present: &Present, event: &Event) -> Vec<Todo> {
        let table = &present.snapshot.table;
        match router::route(table, &present.hears, self.settings_of(event), self.me_of(event), event) {
            Routed::Nothing => Vec::new(),
            Routed::Command(command) => {
                let notice = stopped(&present.snapshot, &command.plugin)
                    .or_else(|| self.access.denial(event, table, self.settings_of(event), &command));
                match notice {
                    Some(notice) => vec![Todo::Tell(notice)],
                    None => vec![self.confirmed(event, command)],
                }
            }
            Routed::Heard(heard) => {
                let may = |one: &HeardMatch| self.may_use(event, &one.plugin);
                let heard = heard.into_iter().filter(may);
                heard.map(|one| Todo::Heard(Box::new(one))).collect()
            }
            Routed::Say(say) => self.answered(table, event, say),
            Routed::Manage(manage) => vec![Todo::Manage(Box::new(manage))],
        }
    }

    /// What is left of what an event asks for where admins silenced something. A pause leaves what the host does itself, and
    /// whoever wants something of a plugin is told. Where the bot is mute, there is only what admins want of the host; and
    /// whoever did what nobody else sees is told so by what nobody else sees.
    fn hold_back(&self, hold: &Hold, event: &Event, todos: &mut Vec<Todo>) {
        let notice = || Todo::Tell(hold.notice(&self.settings.timezone));
        match hold {
            Hold::Paused(_) => {
                todos.retain(|todo| !todo.is_unasked());
                for todo in todos {
                    let of_plugin = match todo {
                        Todo::Command(_) | Todo::Confirm(_) | Todo::Pressed { .. } => true,
                        Todo::Say(say) => matches!(**say, Say::Usage { .. }),
                        // Whether it is the right person's press is looked at when it can be an answer.
                        Todo::Tell(notice) => matches!(notice, UserNotice::NotAsked { .. } | UserNotice::Denied(_)),
                        _ => false,
                    };
                    if of_plugin {
                        *todo = notice();
                    }
                }
            }
            Hold::Muted => {
                let is_unseen = matches!(
                    event.kind,
                    EventKind::Slash(_) | EventKind::Press(_) | EventKind::Ruling(_)
                );
                let is_asked = !todos.is_empty();
                todos.retain(|todo| match todo {
                    Todo::Own => true,
                    Todo::Manage(_) => self.access.is_admin(event),
                    _ => false,
                });
                if todos.is_empty() && is_asked && is_unseen {
                    todos.push(notice());
                }
            }
        }
    }

    /// What the host says itself, as far as it is for whoever gets it.
    fn answered(&self, table: &Table, event: &Event, say: Say) -> Vec<Todo> {
        if let Say::Usage {
            plugin, command, path, ..
        } = &say
            && let Some(notice) =
                self.access
                    .denial_of_usage(event, table, self.settings_of(event), (plugin, command, path))
        {
            return vec![Todo::Tell(notice)];
        }
        let policy = self.access.policy();
        let say = say.for_reader(table, policy.reader(&self.access.caller(event)));
        let is_spoken_to = matches!(event.kind, EventKind::Slash(_)) || event.place().kind == PlaceKind::Direct;
        match &say {
            // Nobody else is told that there is nothing.
            Say::Suggest { similar, .. } if similar.is_empty() && !is_spoken_to => Vec::new(),
            _ => vec![Todo::Say(Box::new(say))],
        }
    }

    /// Whether whoever caused an event may use a plugin at all.
    fn may_use(&self, event: &Event, plugin: &str) -> bool {
        self.access.barred(event, self.settings_of(event), plugin).is_none()
    }

    /// A press is its plugin's business. One that nobody answered would leave the person before a dead button.
    fn pressed(&self, snapshot: &Snapshot, event: &Event, press: &Press) -> Todo {
        let plugin = press.plugin.clone();
        if plugin.is_empty() {
            return Todo::Own;
        }
        if let Some(notice) = stopped(snapshot, &plugin) {
            return Todo::Tell(notice);
        }
        if !snapshot.plugins.contains_key(&plugin) {
            return Todo::Tell(UserNotice::PluginGone { plugin });
        }
        // That a question's time is over is nobody's doing.
        let barred = match event.is_timeout() {
            true => None,
            false => self.access.barred(event, self.settings_of(event), &plugin),
        };
        match barred.or_else(|| self.questions.refusal(press)) {
            Some(notice) => Todo::Tell(notice),
            None => Todo::Pressed { plugin },
        }
    }

    /// What is left of it when nobody asks for more than they may, and nobody is told again and again why they have to
    /// wait. To be asked once for each event. Nothing where nobody is to hear of it any more.
    pub fn accepted(&self, event: &Event, mut matches: Vec<Match>) -> Vec<Match> {
        matches.retain_mut(|matched| {
            if event.ruling().is_some() {
                // It counted when it was asked for, and everybody is told what comes of it.
                return true;
            }
            let command = match &matched.todo {
                Todo::Command(command) | Todo::Confirm(command) => command,
                Todo::Tell(UserNotice::Paused { .. } | UserNotice::Muted) => {
                    return self.maintenance.tells(event, Instant::now());
                }
                _ => return true,
            };
            let table = &matched.snapshot.table;
            match self.rates.admit(event, command, table, Instant::now()) {
                Admitted::Yes => true,
                Admitted::No(notice) => {
                    tracing::info!(event = %event.identity, user = event.author(), plugin = command.plugin, "more than [rate] allows");
                    matched.todo = Todo::Tell(notice);
                    true
                }
                Admitted::Again => false,
            }
        });
        matches
    }

    /// The match again as things are now, before it is begun: what waited is for the version that serves now, and whoever
    /// lost the right to it meanwhile is told so. Nothing where a plugin does not listen for it any more.
    pub fn refresh(&self, event: &Event, mut matched: Match) -> Option<Match> {
        // Admins may have silenced something meanwhile.
        if let Some(hold) = self.hold_on_accepted(event) {
            let mut todos = vec![matched.todo];
            self.hold_back(&hold, event, &mut todos);
            matched.todo = todos.pop()?;
        }
        let mut matched = self.by_present(event, matched)?;
        // Of what was approved, whoever approved it must have the right still, too.
        if let (Some(ruling), Todo::Command(_)) = (event.ruling(), &matched.todo) {
            let present = self.lessons.present();
            matched.todo = self.ruled(&present, ruling);
            matched.snapshot = Arc::clone(&present.snapshot);
        }
        let notice = match &matched.todo {
            Todo::Command(command) => {
                self.access
                    .denial(event, &matched.snapshot.table, self.settings_of(event), command)
            }
            Todo::Pressed { plugin } if !event.is_timeout() => {
                self.access.barred(event, self.settings_of(event), plugin)
            }
            Todo::Heard(_) | Todo::Changed { .. } if !self.may_use(event, matched.todo.plugin()) => return None,
            _ => None,
        };
        if let Some(notice) = notice {
            matched.todo = Todo::Tell(notice);
        }
        Some(matched)
    }

    fn by_present(&self, event: &Event, matched: Match) -> Option<Match> {
        if Arc::ptr_eq(&matched.snapshot, &self.lessons.present().snapshot) {
            return Some(matched);
        }
        match &matched.todo {
            Todo::Own | Todo::Manage(_) | Todo::Say(_) | Todo::Tell(_) => Some(matched),
            Todo::Command(command) | Todo::Confirm(command) => {
                let plugin = command.plugin.clone();
                let gone = || Match {
                    todo: Todo::Tell(UserNotice::PluginGone { plugin }),
                    ..matched
                };
                Some(self.route(event).into_iter().next().unwrap_or_else(gone))
            }
            Todo::Pressed { .. } => self.route(event).into_iter().next(),
            // It was accepted. Where the plugin is gone meanwhile, that is what its record says.
            Todo::Due { .. } | Todo::Hook { .. } => Some(Match {
                snapshot: Arc::clone(&self.lessons.present().snapshot),
                ..matched
            }),
            Todo::Heard(heard) => self.route(event).into_iter().find(|now| match &now.todo {
                Todo::Heard(now) => now.plugin == heard.plugin && now.id == heard.id,
                _ => false,
            }),
            Todo::Changed { plugin } => self.route(event).into_iter().find(|now| match &now.todo {
                Todo::Changed { plugin: now } => now == plugin,
                _ => false,
            }),
        }
    }
}

/// What is said for a plugin that the operator stopped.
fn stopped(snapshot: &Snapshot, plugin: &str) -> Option<UserNotice> {
    let plugin = plugin.to_owned();
    snapshot
        .stopped
        .contains_key(&plugin)
        .then_some(UserNotice::PluginStopped { plugin })
}

/// What a plugin is to do though nobody in chat asked; nothing where it is not loaded, or stopped. Whoever brings it here
/// looks for that before.
fn outside(snapshot: &Snapshot, plugin: &str, todo: impl FnOnce(String) -> Todo) -> Vec<Todo> {
    let serves = snapshot.plugins.contains_key(plugin) && !snapshot.stopped.contains_key(plugin);
    serves.then(|| todo(plugin.to_owned())).into_iter().collect()
}

/// Everybody who wants to know.
fn changed(snapshot: &Snapshot, change: &Change) -> Vec<Todo> {
    let name = change.what.name();
    let wanted = |plugin: &&Arc<Loaded>| plugin.manifest.events.contains(&name);
    let todo = |plugin: &Arc<Loaded>| Todo::Changed {
        plugin: plugin.name.clone(),
    };
    snapshot.plugins.values().filter(wanted).map(todo).collect()
}

#[cfg(test)]
mod tests;
