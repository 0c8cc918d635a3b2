//! One rule.

use super::asked::{means, texts};
use super::{Args, Asked, Caller};
use crate::call::ArgValue;
use crate::text::fold;
use std::collections::{BTreeMap, BTreeSet};

/// One of the operator's rules: it fits where all of its conditions do. A condition of which nothing is written fits
/// always.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// One of these commands.
    pub commands: Vec<CommandName>,
    /// One of these plugins.
    pub plugins: Vec<String>,
    /// One of these people, by id.
    pub users: Vec<String>,
    /// Somebody with one of these roles.
    pub roles: Vec<String>,
    /// One of these conversations.
    pub conversations: Vec<Where>,
    /// One of these services.
    pub services: Vec<String>,
    /// By the argument's name, folded: one of these values.
    pub arguments: BTreeMap<String, Vec<Pattern>>,
    /// What follows where it fits.
    pub effect: Effect,
    /// Where it stands, such as `moa.toml:12`.
    pub origin: String,
    /// The rule as it is written, on one line.
    pub shown: String,
}

/// What follows from a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// They may.
    Allow,
    /// They may not.
    Deny,
}

/// A command, with all that is below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandName {
    /// Only this plugin's.
    pub plugin: Option<String>,
    /// The command's name or alias, then those of subcommands; folded. At least one.
    pub words: Vec<String>,
}

/// A place where something is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// A direct conversation with the bot.
    Direct,
    /// A conversation with such an id.
    Id(Pattern),
}

/// A text, or what a text begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    open: bool,
}

/// Whether a rule fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Yes,
    /// Only if the arguments are such.
    Open,
    No,
}

impl Pattern {
    /// A text as it is written: behind it a `*` where more may follow.
    pub fn new(text: &str) -> Self {
        match text.strip_suffix('*') {
            Some(begin) => Self {
                text: begin.to_owned(),
                open: true,
            },
            None => Self {
                text: text.to_owned(),
                open: false,
            },
        }
    }

    fn fits(&self, text: &str) -> bool {
        match self.open {
            true => text.starts_with(&self.text),
            false => text == self.text,
        }
    }

    fn fits_value(&self, value: &ArgValue, texts: &[String]) -> bool {
        texts.iter().any(|text| self.fits(text)) || !self.open && means(value, &self.text)
    }
}

impl CommandName {
    /// A command as the operator writes it: `deploy`, `server exception`, `lunch:team`. Upper and lower case, and how Hangul
    /// is composed, make no difference. `None` for nothing at all.
    pub fn new(text: &str) -> Option<Self> {
        let text = fold(text);
        let (plugin, words) = match text.split_once([':', '：']) {
            Some((plugin, words)) => (Some(plugin.trim().to_owned()), words),
            None => (None, text.as_ref()),
        };
        let words: Vec<String> = words.split_whitespace().map(Into::into).collect();
        let named = plugin.as_ref().is_none_or(|plugin| !plugin.is_empty());
        (named && !words.is_empty()).then_some(Self { plugin, words })
    }

    /// Whether a command of these names, outermost first, is it or below it.
    pub fn fits(&self, plugin: &str, names: &[Vec<&str>]) -> bool {
        let is_one = |(word, names): (&String, &Vec<&str>)| names.iter().any(|name| fold(name) == *word);
        self.plugin.as_ref().is_none_or(|wanted| wanted == plugin)
            && self.words.len() <= names.len()
            && self.words.iter().zip(names).all(is_one)
    }
}

impl Rule {
    pub(super) fn fit(&self, caller: &Caller, asked: &Asked<'_>) -> Fit {
        let is_command = !asked.names.is_empty();
        if !is_command && !self.is_of_plugins() {
            return Fit::No;
        }
        let fits = any(&self.services, |service| *service == caller.service)
            && any(&self.plugins, |plugin| plugin == asked.plugin)
            && any(&self.commands, |command| command.fits(asked.plugin, &asked.names))
            && any(&self.conversations, |place| place.fits(caller))
            && any(&self.users, |id| caller.user.as_ref() == Some(id))
            && any(&self.roles, |role| caller.has(role));
        match fits {
            true => self.arguments_fit(&asked.args),
            false => Fit::No,
        }
    }

    /// Whether it is about plugins as a whole, so that it counts for more than commands.
    pub fn is_of_plugins(&self) -> bool {
        self.commands.is_empty() && self.arguments.is_empty()
    }

    fn arguments_fit(&self, args: &Args<'_>) -> Fit {
        if self.arguments.is_empty() {
            return Fit::Yes;
        }
        match args {
            Args::Open(names) => {
                let names: BTreeSet<String> = names.iter().map(|name| fold(name).into_owned()).collect();
                match self.arguments.keys().all(|name| names.contains(name)) {
                    true => Fit::Open,
                    false => Fit::No,
                }
            }
            Args::Given(args) => {
                let fits = |(name, patterns): (&String, &Vec<Pattern>)| {
                    let arg = args.iter().find(|arg| fold(&arg.name) == *name);
                    arg.is_some_and(|arg| self.value_fits(&arg.value, patterns))
                };
                match self.arguments.iter().all(fits) {
                    true => Fit::Yes,
                    false => Fit::No,
                }
            }
        }
    }

    /// Of a list, who allows one entry does not allow what stands beside it, and who denies one entry denies the list that
    /// it is in.
    fn value_fits(&self, value: &ArgValue, patterns: &[Pattern]) -> bool {
        let entries = texts(value);
        let fits = |texts: &Vec<String>| patterns.iter().any(|pattern| pattern.fits_value(value, texts));
        match self.effect {
            Effect::Allow => !entries.is_empty() && entries.iter().all(fits),
            Effect::Deny => entries.iter().any(fits),
        }
    }
}

impl Where {
    fn fits(&self, caller: &Caller) -> bool {
        match self {
            Self::Direct => caller.direct,
            Self::Id(pattern) => pattern.fits(&caller.conversation),
        }
    }
}

/// Whether one of them fits, or nothing is wanted.
fn any<T>(wanted: &[T], fits: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(fits)
}
