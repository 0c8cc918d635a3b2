//! JSON into a [`Manifest`].

use super::check;
use super::fields::{At, shown};
use super::json::Json;
use super::*;

impl Manifest {
    /// Reads what `guest.describe` returned.
    pub fn parse(json: &str) -> Result<Parsed, ManifestError> {
        if json.len() > MAX_BYTES {
            return Err(ManifestError::TooLarge { size: json.len() });
        }
        let value: Json = serde_json::from_str(json).map_err(|error| ManifestError::Json {
            reason: error.to_string(),
        })?;
        let root = At {
            path: String::new(),
            value: &value,
        };
        if !matches!(value, Json::Object(_)) {
            return Err(ManifestError::Json {
                reason: format!("it is {}", value.described()),
            });
        }
        let mut reader = Reader::default();
        let manifest = reader.manifest(&root)?;
        Ok(Parsed {
            manifest,
            warnings: reader.warnings,
        })
    }
}

#[derive(Default)]
struct Reader {
    warnings: Vec<String>,
    commands: usize,
}

type Read<T> = Result<T, ManifestError>;

const TYPES: [(&str, ArgType); 12] = [
    ("string", ArgType::String),
    ("int", ArgType::Int),
    ("float", ArgType::Float),
    ("bool", ArgType::Bool),
    ("user", ArgType::User),
    ("conversation", ArgType::Conversation),
    ("duration", ArgType::Duration),
    ("date", ArgType::Date),
    ("time", ArgType::Time),
    ("choice", ArgType::Choice),
    ("list", ArgType::List),
    ("rest", ArgType::Rest),
];

const SETTING_TYPES: [(&str, SettingType); 12] = [
    ("string", SettingType::String),
    ("int", SettingType::Int),
    ("float", SettingType::Float),
    ("bool", SettingType::Bool),
    ("user", SettingType::User),
    ("conversation", SettingType::Conversation),
    ("duration", SettingType::Duration),
    ("date", SettingType::Date),
    ("time", SettingType::Time),
    ("choice", SettingType::Choice),
    ("list", SettingType::List),
    ("table", SettingType::Table),
];

impl Reader {
    fn manifest(&mut self, root: &At<'_>) -> Read<Manifest> {
        let mut fields = root.fields()?;
        let name = fields.need("name", "the plugin's name, lower-case letters, digits and `-`")?;
        let name = check::plain_name(&name)?;
        let version = match fields.get("version") {
            Some(at) => at.short(MAX_NAME)?,
            None => String::new(),
        };
        let summary = self.summary(fields.get("summary"))?;
        let commands = self.list(fields.get("commands"), MAX_COMMANDS, |reader, at| reader.command(at, 0))?;
        check::siblings(&commands, "commands")?;
        let hears = self.list(fields.get("hears"), MAX_TRIGGERS, Self::hear)?;
        check::unique("hears", "id", hears.iter().map(|hear| &hear.id))?;
        let jobs = self.list(fields.get("jobs"), MAX_TRIGGERS, Self::job)?;
        check::unique("jobs", "id", jobs.iter().map(|job| &job.id))?;
        let webhooks = self.list(fields.get("webhooks"), MAX_TRIGGERS, Self::webhook)?;
        check::unique("webhooks", "name", webhooks.iter().map(|webhook| &webhook.name))?;
        let events = match fields.get("events") {
            Some(at) => at.some_of(&ChatEvent::ALL.map(|event| (event.as_str(), event)))?,
            None => Vec::new(),
        };
        let shortcuts = self.list(fields.get("shortcuts"), MAX_TRIGGERS, Self::shortcut)?;
        check::unique("shortcuts", "id", shortcuts.iter().map(|shortcut| &shortcut.id))?;
        if shortcuts.len() > OFFERED_SHORTCUTS {
            self.warnings.push(format!(
                "`shortcuts` has {} entries; Slack offers {OFFERED_SHORTCUTS} for one app, of all its plugins together",
                shortcuts.len()
            ));
        }
        let config = match fields.get("config") {
            Some(at) => self.config(&at)?,
            None => BTreeMap::new(),
        };
        let requests = match fields.get("requests") {
            Some(at) => self.requests(&at)?,
            None => Requests::default(),
        };
        fields.finish(&mut self.warnings);
        Ok(Manifest {
            name,
            version,
            summary,
            commands,
            hears,
            jobs,
            webhooks,
            events,
            shortcuts,
            config,
            requests,
        })
    }

    fn list<'a, T>(
        &mut self,
        at: Option<At<'a>>,
        max: usize,
        mut item: impl FnMut(&mut Self, &At<'a>) -> Read<T>,
    ) -> Read<Vec<T>> {
        let items = at.map_or(Ok(Vec::new()), |at| at.items(max))?;
        items.iter().map(|at| item(self, at)).collect()
    }

    fn summary(&mut self, at: Option<At<'_>>) -> Read<LocalText> {
        at.map_or(Ok(LocalText::default()), |at| at.local(MAX_SUMMARY, usize::MAX))
    }

    fn command(&mut self, at: &At<'_>, depth: usize) -> Read<Command> {
        self.commands += 1;
        if self.commands > MAX_COMMANDS {
            return Err(at.invalid(format!(
                "is one too many; at most {MAX_COMMANDS} commands are allowed in all"
            )));
        }
        if depth > MAX_DEPTH {
            return Err(at.invalid(format!(
                "is too deep; at most {MAX_DEPTH} levels of subcommands are allowed"
            )));
        }
        let mut fields = at.fields()?;
        let name = check::word(&fields.need("name", "the word that people type")?)?;
        let aliases = self.list(fields.get("aliases"), MAX_ALIASES, |_, at| check::word(at))?;
        let summary = self.summary(fields.get("summary"))?;
        let help = fields
            .get("help")
            .map_or(Ok(LocalText::default()), |at| at.local(usize::MAX, MAX_HELP))?;
        let examples = self.list(fields.get("examples"), MAX_EXAMPLES, |_, at| at.short(MAX_HELP))?;
        let args = self.list(fields.get("args"), MAX_ARGS, Self::arg)?;
        let subcommands = self.list(fields.get("subcommands"), MAX_COMMANDS, |reader, at| {
            reader.command(at, depth + 1)
        })?;
        let restricted = fields.get("restricted").map_or(Ok(false), |at| at.truth())?;
        let confirm = match fields.get("confirm") {
            Some(at) => at.one_of(&[
                ("none", Confirm::None),
                ("self", Confirm::Caller),
                ("second", Confirm::Second),
            ])?,
            None => Confirm::None,
        };
        let default = match fields.get("default") {
            Some(at) => Some(check::default_subcommand(&at, &subcommands)?),
            None => None,
        };
        check::args(&args, !subcommands.is_empty(), &at.path)?;
        check::siblings(&subcommands, &fields.path("subcommands"))?;
        fields.finish(&mut self.warnings);
        Ok(Command {
            name,
            aliases,
            summary,
            help,
            examples,
            args,
            subcommands,
            default,
            restricted,
            confirm,
        })
    }

    fn arg(&mut self, at: &At<'_>) -> Read<ArgSpec> {
        let mut fields = at.fields()?;
        let name = fields.need("name", "the argument's name")?;
        let name = check::arg_name(&name)?;
        let kind = fields
            .need("type", "how the argument is read, such as \"string\" or \"int\"")?
            .one_of(&TYPES)?;
        let summary = self.summary(fields.get("summary"))?;
        let optional = fields.get("optional").map_or(Ok(false), |at| at.truth())?;
        let choices = fields
            .get("choices")
            .map_or(Ok(Vec::new()), |at| at.texts(MAX_CHOICES, MAX_NAME))?;
        let min = fields.get("min").map(|at| at.number()).transpose()?;
        let max = fields.get("max").map(|at| at.number()).transpose()?;
        let default = fields.get("default");
        fields.finish(&mut self.warnings);
        let spec = ArgSpec {
            name,
            kind,
            summary,
            optional,
            default: default.as_ref().map(|at| at.value.plain()),
            min,
            max,
            choices,
        };
        check::bounds(
            at,
            min,
            max,
            matches!(kind, ArgType::Int | ArgType::Float),
            kind == ArgType::Int,
        )?;
        check::choices(at, &spec.choices, kind == ArgType::Choice)?;
        if let Some(default) = default {
            check::arg_default(&default, &spec)?;
        }
        Ok(spec)
    }

    fn config(&mut self, at: &At<'_>) -> Read<BTreeMap<String, Setting>> {
        let mut out = BTreeMap::new();
        for (name, at) in at.fields()?.all() {
            if out.len() >= MAX_TRIGGERS {
                return Err(at.invalid(format!("is one too many; at most {MAX_TRIGGERS} settings are allowed")));
            }
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
            if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(plain) {
                return Err(at.invalid(format!(
                    "has a bad name; use up to {MAX_NAME} letters, digits, `-` and `_`"
                )));
            }
            out.insert(name.to_owned(), self.setting(&at)?);
        }
        Ok(out)
    }

    fn setting(&mut self, at: &At<'_>) -> Read<Setting> {
        let mut fields = at.fields()?;
        let kind = fields
            .need("type", "the setting's type, such as \"string\" or \"int\"")?
            .one_of(&SETTING_TYPES)?;
        let summary = self.summary(fields.get("summary"))?;
        let optional = fields.get("optional").map_or(Ok(false), |at| at.truth())?;
        let choices = fields
            .get("choices")
            .map_or(Ok(Vec::new()), |at| at.texts(MAX_CHOICES, MAX_NAME))?;
        let min = fields.get("min").map(|at| at.number()).transpose()?;
        let max = fields.get("max").map(|at| at.number()).transpose()?;
        let default = fields.get("default");
        fields.finish(&mut self.warnings);
        let setting = Setting {
            kind,
            summary,
            optional,
            default: default.as_ref().map(|at| at.value.plain()),
            min,
            max,
            choices,
        };
        let numbers = matches!(kind, SettingType::Int | SettingType::Float);
        check::bounds(at, min, max, numbers, kind == SettingType::Int)?;
        check::choices(at, &setting.choices, kind == SettingType::Choice)?;
        if let (Some(at), Some(value)) = (&default, &setting.default)
            && let Err(problem) = setting.check(value)
        {
            return Err(at.invalid(format!("does not fit the setting: {problem}")));
        }
        Ok(setting)
    }

    fn hear(&mut self, at: &At<'_>) -> Read<Hear> {
        let mut fields = at.fields()?;
        let id = fields
            .need("id", "a name that is unique within the plugin")?
            .short(MAX_NAME)?;
        let pattern = check::pattern(&fields.need("pattern", "a regular expression")?)?;
        let all = [
            ("direct", Scope::Direct),
            ("direct-mention", Scope::DirectMention),
            ("mention", Scope::Mention),
            ("ambient", Scope::Ambient),
        ];
        let scopes = match fields.get("scopes") {
            Some(at) => {
                let scopes = at.some_of(&all)?;
                if scopes.is_empty() {
                    return Err(at.invalid("is empty: the pattern would never be looked for"));
                }
                scopes
            }
            None => all.iter().map(|(_, scope)| *scope).collect(),
        };
        fields.finish(&mut self.warnings);
        Ok(Hear { id, pattern, scopes })
    }

    fn job(&mut self, at: &At<'_>) -> Read<Job> {
        let mut fields = at.fields()?;
        let id = fields
            .need("id", "a name that is unique within the plugin")?
            .short(MAX_NAME)?;
        let on = match fields.get("on") {
            Some(at) => Some(at.one_of(&[(Moment::Load.as_str(), Moment::Load)])?),
            None => None,
        };
        let (cron, rules) = match on {
            Some(_) => check::no_times(&mut fields)?,
            None => check::due(at, fields.get("cron"), fields.get("rules"))?,
        };
        let except = fields.get("except").map_or(Ok(Vec::new()), |at| check::except(&at))?;
        let timezone = fields.get("timezone").map(|at| check::timezone(&at)).transpose()?;
        let missed = match fields.get("missed") {
            Some(at) => at.one_of(&[("skip", Missed::Skip), ("once", Missed::Once), ("all", Missed::All)])?,
            None => Missed::Once,
        };
        let jitter_ms = match fields.get("jitter") {
            Some(at) => check::jitter(&at)?,
            None => 0,
        };
        let after = match fields.get("after") {
            Some(at) => at.short(MAX_NAME)?,
            None => String::new(),
        };
        fields.finish(&mut self.warnings);
        let job = Job {
            id,
            on,
            cron,
            rules,
            except,
            timezone,
            missed,
            after,
            jitter_ms,
        };
        check::comes_due(at, &job)?;
        Ok(job)
    }

    fn webhook(&mut self, at: &At<'_>) -> Read<Webhook> {
        const METHODS: [(&str, &str); 6] = [
            ("GET", "GET"),
            ("HEAD", "HEAD"),
            ("POST", "POST"),
            ("PUT", "PUT"),
            ("PATCH", "PATCH"),
            ("DELETE", "DELETE"),
        ];
        let mut fields = at.fields()?;
        let name = check::plain_name(&fields.need("name", "lower-case letters, digits and `-`")?)?;
        let methods = match fields.get("methods") {
            Some(at) => {
                let methods = at.some_of(&METHODS)?;
                if methods.is_empty() {
                    return Err(at.invalid("is empty: the address would answer to nothing"));
                }
                methods.into_iter().map(str::to_owned).collect()
            }
            None => vec!["POST".into()],
        };
        let verify = fields.need(
            "verify",
            "how a request is checked, such as \"hmac-sha256\" or \"none\"",
        )?;
        let verify = verify.one_of(&Verify::WORDS)?;
        fields.finish(&mut self.warnings);
        Ok(Webhook { name, methods, verify })
    }

    fn shortcut(&mut self, at: &At<'_>) -> Read<Shortcut> {
        const PLACES: [(&str, ShortcutPlace); 2] = [
            ("message", ShortcutPlace::Message),
            ("anywhere", ShortcutPlace::Anywhere),
        ];
        let mut fields = at.fields()?;
        let id = check::shortcut_id(&fields.need("id", "a name that is unique within the plugin")?)?;
        let on = fields.need("on", "where it is offered, \"message\" or \"anywhere\"")?;
        let on = on.one_of(&PLACES)?;
        let name = check::label(&fields.need("name", "what people read in the menu")?, MAX_SHORTCUT_NAME)?;
        let description = match fields.get("description") {
            Some(at) => at.local(MAX_SHORTCUT_DESCRIPTION, usize::MAX)?,
            None => LocalText::default(),
        };
        fields.finish(&mut self.warnings);
        Ok(Shortcut {
            id,
            on,
            name,
            description,
        })
    }

    fn requests(&mut self, at: &At<'_>) -> Read<Requests> {
        let mut fields = at.fields()?;
        let texts = |at: Option<At<'_>>| -> Read<Vec<String>> {
            let Some(at) = at else {
                return Ok(Vec::new());
            };
            let texts = at.texts(MAX_REQUESTS, 300)?;
            at.items(MAX_REQUESTS)?.iter().try_for_each(check::config_path)?;
            Ok(texts)
        };
        let truth = |at: Option<At<'_>>| at.map_or(Ok(false), |at| at.truth());
        let http = fields.get("http");
        if let Some(at) = &http {
            for line in at.items(MAX_REQUESTS)? {
                check::http_rule(&line)?;
            }
        }
        let requests = Requests {
            http: texts(http)?,
            conversations: texts(fields.get("conversations"))?,
            users: truth(fields.get("users"))?,
            sql: texts(fields.get("sql"))?,
            objects: texts(fields.get("objects"))?,
            secrets: texts(fields.get("secrets"))?,
            shared_brain: truth(fields.get("shared-brain"))?,
            schedule: truth(fields.get("schedule"))?,
            broadcast: truth(fields.get("broadcast"))?,
        };
        fields.finish(&mut self.warnings);
        Ok(requests)
    }
}

/// A job's jitter as it stands in JSON: text with a unit.
pub(super) mod jitter {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(milliseconds: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{milliseconds}ms"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        let text = String::deserialize(from)?;
        super::check::milliseconds(&text)
            .ok_or_else(|| serde::de::Error::custom(format_args!("no length of time: {}", super::shown(&text))))
    }
}

#[cfg(test)]
mod tests;
