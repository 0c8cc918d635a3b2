//! Bringing a unit into the system, and out of it. Each step says what it does; nothing is asked.

mod system;

use super::unit::{Scope, Unit};
use crate::settings;
use anyhow::{Context as _, bail};
use moa_core::config::{Address, Config, SecretSource, StoreUrl};
use std::path::{Path, PathBuf};
use system::{Account, systemctl};

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Whose service it is to be.
    pub scope: Scope,
    /// What it is to be called.
    pub name: String,
    /// The configuration, where another is wanted than the usual one.
    pub config: Option<PathBuf>,
    /// Whom it is to run as, and in which group; made if there is none of this name.
    pub runs_as: Option<(String, Option<String>)>,
}

/// Where everything of a service lies.
struct Places {
    unit: PathBuf,
    config: PathBuf,
    folder: PathBuf,
    data: PathBuf,
}

impl Wanted {
    fn places(&self) -> anyhow::Result<Places> {
        let name = &self.name;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || name.len() > 60 || name.starts_with('-') || !name.chars().all(is_plain) {
            bail!("`{name}` cannot be a service's name: it has letters, digits, `-` and `_`");
        }
        let (units, configs, data) = match self.scope {
            Scope::System => (
                "/etc/systemd/system".into(),
                "/etc".into(),
                format!("/var/lib/{name}").into(),
            ),
            Scope::User => {
                let home = std::env::var_os("HOME").map(PathBuf::from).context("HOME is not set")?;
                let of = |variable: &str, usual: &str| {
                    let set = std::env::var_os(variable).map(PathBuf::from);
                    set.filter(|path| path.is_absolute())
                        .unwrap_or_else(|| home.join(usual))
                };
                let configs = of("XDG_CONFIG_HOME", ".config");
                let data: PathBuf = of("XDG_STATE_HOME", ".local/state").join(name);
                (configs.join("systemd/user"), configs, data)
            }
        };
        let config = match &self.config {
            Some(path) => std::path::absolute(path)?,
            None => configs.join(name).join("moa.toml"),
        };
        Ok(Places {
            unit: units.join(format!("{name}.service")),
            folder: config.parent().unwrap_or(Path::new("/")).to_owned(),
            config,
            data,
        })
    }

    fn account(&self) -> Account {
        match &self.runs_as {
            Some((user, group)) => Account {
                group: group.clone().unwrap_or_else(|| user.clone()),
                user: user.clone(),
            },
            None => Account {
                user: self.name.clone(),
                group: self.name.clone(),
            },
        }
    }

    /// The unit, and what its configuration says; without a file, what a first one says.
    fn unit(&self, places: &Places) -> anyhow::Result<(Unit, Config)> {
        let config = match places.config.exists() {
            true => settings::load(Some(&places.config), None, Vec::new())?,
            false => {
                let (name, text) = (places.config.to_string_lossy(), first_config(&places.data));
                Config::parse(Some((&name, &text)), Vec::new()).map_err(settings::LoadError::from)?
            }
        };
        let account = self.account();
        let credentials = places.folder.join("credentials");
        let program = std::env::current_exe().context("the path of this program cannot be found")?;
        let writes = writes(&config);
        let homes = ["/home", "/root", "/run/user"].map(Path::new);
        let is_at_home = |path: &Path| homes.iter().any(|home| path.starts_with(home));
        let at_home = writes.iter().any(|path| is_at_home(path)) || is_at_home(&program) || is_at_home(&places.config);
        let unit = Unit {
            scope: self.scope,
            name: self.name.clone(),
            at_home,
            writes: writes
                .into_iter()
                .filter(|path| !path.starts_with(&places.data))
                .collect(),
            program,
            config: places.config.clone(),
            runs_as: (account.user, account.group),
            credentials: config
                .credentials()
                .into_iter()
                .map(|name| (name.to_owned(), credentials.join(name)))
                .collect(),
            environment: places.folder.join("environment"),
            systemd: system::version().unwrap_or_default(),
        };
        Ok((unit, config))
    }
}

/// The text of the unit that would be installed.
///
/// # Errors
/// The configuration is wrong, or the name is none.
pub fn dry_run(wanted: &Wanted) -> anyhow::Result<String> {
    Ok(wanted.unit(&wanted.places()?)?.0.text())
}

/// Installs it, has it started at each boot, and with `start` now.
///
/// # Errors
/// What could not be done, with what to do; what was done before it stays.
pub fn install(wanted: &Wanted, start: bool) -> anyhow::Result<()> {
    let places = wanted.places()?;
    let is_system = wanted.scope == Scope::System;
    system::must_be_root(is_system, "install")?;
    system::must_be_there()?;
    let (unit, config) = wanted.unit(&places)?;
    let account = wanted.account();
    let ids = match is_system {
        true => Some(account.made()?),
        false => None,
    };
    if !places.config.exists() {
        system::folder(&places.folder, 0o755)?;
        system::file(
            &places.config,
            &first_config(&places.data),
            0o640,
            ids.map(|ids| (0, ids.1)),
        )?;
        println!("wrote {}: a first configuration", places.config.display());
    }
    let missing = missing(&unit, &config);
    if !unit.credentials.is_empty() {
        system::folder(&places.folder.join("credentials"), 0o700)?;
    }
    for folder in unit.writes.iter().filter(|folder| !folder.exists()) {
        // Those above it are to be gone through by whom it is for.
        if let Some(above) = folder.parent() {
            system::folder(above, 0o755)?;
        }
        system::folder(folder, 0o700)?;
        if let Some((user, group)) = ids {
            std::os::unix::fs::chown(folder, Some(user), Some(group))?;
        }
        println!("made {}", folder.display());
    }
    let text = unit.text();
    match std::fs::read_to_string(&places.unit).is_ok_and(|old| old == text) {
        true => println!("{} is as it has to be", places.unit.display()),
        false => {
            system::folder(places.unit.parent().unwrap_or(Path::new("/")), 0o755)?;
            system::file(&places.unit, &text, 0o644, None)?;
            println!("wrote {}", places.unit.display());
        }
    }
    let name = &wanted.name;
    systemctl(wanted.scope, &["daemon-reload"])?;
    systemctl(wanted.scope, &["enable", "--quiet", name])?;
    println!(
        "{name} is started at each {}",
        if is_system { "boot" } else { "sign-in" }
    );
    if wanted.scope == Scope::User && !system::lingers() {
        println!("to have it run without anybody signed in:   sudo loginctl enable-linger \"$USER\"");
    }
    let flag = if is_system { "" } else { " --user" };
    if !missing.is_empty() {
        for line in &missing {
            println!("missing: {line}");
        }
        println!("then:   systemctl{flag} start {name}");
        if start {
            bail!("{name} was not started: see what is missing above");
        }
        return Ok(());
    }
    match start {
        true => {
            println!("starting {name}: this ends when it is connected and all plugins are loaded");
            systemctl(wanted.scope, &["restart", name])
                .with_context(|| format!("{name} does not start; what it said:   journalctl{flag} -u {name} -n 30"))?;
            println!("{name} runs");
        }
        false => println!("start it:   systemctl{flag} start {name}"),
    }
    Ok(())
}

/// Stops it and takes its unit away. What it remembers and its configuration stay.
///
/// # Errors
/// What could not be done.
pub fn uninstall(wanted: &Wanted) -> anyhow::Result<()> {
    let places = wanted.places()?;
    system::must_be_root(wanted.scope == Scope::System, "uninstall")?;
    if !places.unit.exists() {
        bail!(
            "{} is not there: no `{}` was installed",
            places.unit.display(),
            wanted.name
        );
    }
    systemctl(wanted.scope, &["disable", "--quiet", "--now", &wanted.name])?;
    println!("{} is stopped, and not started any more", wanted.name);
    std::fs::remove_file(&places.unit).with_context(|| format!("{} stays", places.unit.display()))?;
    systemctl(wanted.scope, &["daemon-reload"])?;
    println!("removed {}", places.unit.display());
    println!(
        "the data ({}) and the configuration ({}) stay; remove them by hand where nobody wants them",
        places.data.display(),
        places.folder.display()
    );
    Ok(())
}

/// How systemd sees it: names and values, in the order in which they are to be read.
///
/// # Errors
/// There is no systemd, or no such unit.
pub fn status(wanted: &Wanted) -> anyhow::Result<Vec<(&'static str, String)>> {
    wanted.places()?;
    system::must_be_there()?;
    let shown = system::show(wanted.scope, &wanted.name)?;
    let of = |key: &str| shown.get(key).cloned().unwrap_or_default();
    if of("LoadState") == "not-found" {
        bail!("there is no service `{}`; `moa service install` makes it", wanted.name);
    }
    let mut rows = vec![
        ("unit", of("FragmentPath")),
        ("at boot", of("UnitFileState")),
        ("state", format!("{} ({})", of("ActiveState"), of("SubState"))),
        ("since", of("StateChangeTimestamp")),
        ("says", of("StatusText")),
        ("process", of("MainPID")),
        ("restarts", of("NRestarts")),
        ("memory", of("MemoryCurrent")),
        ("last end", of("Result")),
    ];
    rows.retain(|(_, value)| !matches!(value.as_str(), "" | "0" | "[not set]"));
    Ok(rows)
}

/// Secrets that the service would look for in vain, each with what to do.
fn missing(unit: &Unit, config: &Config) -> Vec<String> {
    let files = unit.credentials.iter().filter(|(_, file)| !file.exists());
    let mut missing: Vec<String> = files
        .map(|(name, file)| {
            format!(
                "the credential {name}: write it into {0} (chmod 600 {0})",
                file.display()
            )
        })
        .collect();
    if settings::is_without_slack(config) {
        return missing;
    }
    let has_environment = unit.environment.exists();
    for (key, source) in [
        ("app-token", &config.slack.app_token),
        ("bot-token", &config.slack.bot_token),
    ] {
        if let SecretSource::Env(name) = source
            && !has_environment
        {
            missing.push(format!(
                "slack.{key}: the service does not have your environment variable {name}; say `{key} = {{ credential = \"slack-{key}\" }}` below [slack], or write {name}=... into {} (chmod 600)",
                unit.environment.display()
            ));
        }
    }
    missing
}

/// The folders that a host writes to.
fn writes(config: &Config) -> Vec<PathBuf> {
    let parent = |path: &Path| path.parent().map(Path::to_owned);
    let store = match &config.store.url {
        StoreUrl::Redb(path) => parent(path),
        StoreUrl::Memory | StoreUrl::Redis(_) => None,
    };
    let databases = config.sql.iter().filter_map(|(name, database)| {
        let Address::Plain(url) = &database.url else {
            return None;
        };
        match moa_sql::Database::parse(name, url, &config.base) {
            Ok(moa_sql::Database::Sqlite(path)) if database.write => parent(&path),
            _ => None,
        }
    });
    let buckets =
        config
            .objects
            .values()
            .filter_map(|bucket| match moa_objects::Target::parse(&bucket.url, &config.base) {
                Ok(moa_objects::Target::Folder(path)) => Some(path),
                _ => None,
            });
    let own = [
        Some(config.bot.data_dir.clone()),
        Some(config.plugins.dir.clone()),
        parent(&config.bot.socket),
        store,
    ];
    let mut all: Vec<PathBuf> = Vec::new();
    for path in own.into_iter().flatten().chain(databases).chain(buckets) {
        let path = std::path::absolute(&path).unwrap_or(path);
        if !all.iter().any(|known| path.starts_with(known)) {
            all.push(path);
        }
    }
    all
}

/// What a service begins with.
fn first_config(data: &Path) -> String {
    let data = toml::Value::String(data.to_string_lossy().into_owned());
    format!(
        r#"# The configuration of Moa. `moa config show` lists every key, `moa config check` finds mistakes,
# `systemctl reload moa` has it read again.

[bot]
# locale = "en"
# timezone = "Asia/Seoul"
# admins = ["U012ABC"]      # Slack: a person's profile, "Copy member ID"
data-dir = {data}

[slack]
# Files of these names in the folder credentials beside this one.
app-token = {{ credential = "slack-app-token" }}
bot-token = {{ credential = "slack-bot-token" }}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(dir: &Path, config: &str) -> Wanted {
        let file = dir.join("moa.toml");
        std::fs::write(&file, config).unwrap();
        Wanted {
            scope: Scope::System,
            name: "bot".into(),
            config: Some(file),
            runs_as: Some(("somebody".into(), None)),
        }
    }

    #[test]
    fn the_unit_is_made_of_what_the_configuration_says() {
        let dir = tempfile::tempdir().unwrap();
        let wanted = wanted(
            dir.path(),
            "[bot]\ndata-dir = \"/var/lib/bot\"\n[slack]\napp-token = { credential = \"app\" }\n\
             [secrets]\nKEY = { credential = \"key\" }\nOTHER = { env = \"OTHER\" }\n[plugins]\ndir = \"/srv/plugins\"\n\
             [objects.x]\nurl = \"file:/srv/objects\"\n[sql.d]\nurl = \"sqlite:/srv/db/d.db\"\nwrite = true",
        );
        let text = dry_run(&wanted).unwrap();
        let folder = dir.path().display();
        for line in [
            format!("LoadCredential=app:{folder}/credentials/app"),
            format!("LoadCredential=key:{folder}/credentials/key"),
            format!("EnvironmentFile=-{folder}/environment"),
            "ReadWritePaths=/srv/plugins".into(),
            "ReadWritePaths=/srv/db".into(),
            "ReadWritePaths=/srv/objects".into(),
            "StateDirectory=bot".into(),
            "User=somebody".into(),
            "Group=somebody".into(),
        ] {
            assert!(text.contains(&format!("{line}\n")), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("ReadWritePaths=/var/lib/bot") && !text.contains("OTHER"));

        let (unit, config) = wanted.unit(&wanted.places().unwrap()).unwrap();
        let told = missing(&unit, &config);
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(
            told[0].contains("credentials/app") && told[2].contains("SLACK_BOT_TOKEN"),
            "{told:?}"
        );
    }

    #[test]
    fn what_a_service_begins_with_is_a_configuration() {
        let text = first_config(Path::new("/var/lib/moa"));
        let config = Config::parse(Some(("moa.toml", &text)), []).unwrap();
        assert_eq!(config.bot.data_dir, Path::new("/var/lib/moa"));
        assert_eq!(
            config.credentials().into_iter().collect::<Vec<_>>(),
            ["slack-app-token", "slack-bot-token"]
        );
    }

    #[test]
    fn a_name_cannot_be_a_path_or_an_option() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["", "../x", "a b", "-x", "x.service/../y"] {
            let wanted = Wanted {
                name: name.into(),
                ..wanted(dir.path(), "")
            };
            let error = dry_run(&wanted).unwrap_err().to_string();
            assert!(error.contains("cannot be a service's name"), "{error}");
        }
    }
}
