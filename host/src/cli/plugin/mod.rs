//! `moa plugin`: the plugins of a host, for its operator; while it runs and while it does not.

mod fetch;
mod grant;
mod list;

use super::output::{shown, unless_unread};
use super::{EXIT_USAGE, End, ExitError, Global, log, run, runtime};
use crate::app::{LOCKS, config_of, grants_of, limits_of};
use crate::control::client::{Client, Need};
use crate::control::http::{empty, full, path};
use crate::control::{Control, PluginDid, Quotas};
use crate::descriptors;
use crate::grants::{Approvals, Standing};
use crate::maintenance::Maintenance;
use crate::registry::locks::is_digest;
use crate::registry::{Locks, LocksError, Parts, Registry, Visit};
use crate::schedule::Schedules;
use crate::settings;
use crate::toolchain::check;
use clap::{Args, Subcommand};
use hyper::Method;
use moa_core::config::Config;
use moa_core::manifest::Manifest;
use moa_engine::Engine;
use moa_store::{MemoryStore, Store, SystemClock};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const AFTER_HELP: &str = "\
A running host is asked through its socket. Where none runs, list, show, install, delete, stop,
start and unpin work on the plugin folder and on DATA/plugins.lock, grant and deny on the store,
and the next start finds it so.

Examples:
  moa plugin list
  moa plugin install https://plugins.example/lunch.wasm --digest sha256:0f3a…
  moa plugin rollback lunch
  moa plugin logs lunch -f";

/// How long is waited for a host that starts, or for another command.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often is looked for it.
const GLANCE: Duration = Duration::from_millis(50);

/// Arguments of `moa plugin`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct PluginArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: PluginAction,
}

/// What to do with plugins.
#[derive(Debug, Subcommand)]
pub enum PluginAction {
    /// List the plugins: how they are, and how their calls went
    ///
    /// Calls, errors, latencies, memory and the last fault are counted since the host's start, or since `moa plugin
    /// restart`. An error is a failure that the plugin reports or a fault that ended it; a refusal or a wrong argument is
    /// none. P50 and P99 are what half and 99 of 100 calls took at most. A file that could not be loaded is listed too,
    /// with the reason.
    #[command(
        visible_alias = "ls",
        after_help = "Examples:\n  moa plugin list\n  moa plugin list --json | jq '.plugins[].manifest.name'"
    )]
    List,
    /// Show a plugin: its file, version, pin, commands, what it asks for, and how its calls went
    #[command(after_help = "Example:\n  moa plugin show lunch")]
    Show(Name),
    /// Stop a plugin: its commands are answered with a notice until it is started
    ///
    /// Calls that run go on to their end. It stays stopped over a restart of the host, and over a new version of its file.
    #[command(after_help = "Example:\n  moa plugin stop lunch")]
    Stop(Name),
    /// Start a plugin that was stopped
    #[command(after_help = "Example:\n  moa plugin start lunch")]
    Start(Name),
    /// Load a plugin's file anew, and begin to count its calls anew
    ///
    /// No command is lost: calls that run end on the instance that they began with. One that is stopped is started.
    #[command(after_help = "Example:\n  moa plugin restart lunch")]
    Restart(Name),
    /// Remove a plugin's file from the plugin folder, and forget whether it was stopped or pinned
    ///
    /// What it remembers stays (`moa brain` removes that), and so does what was approved for it (`moa plugin deny` takes that
    /// back).
    #[command(visible_alias = "rm", after_help = "Example:\n  moa plugin delete lunch")]
    Delete(Name),
    /// Show what a plugin logged last, and what the host says of its calls
    ///
    /// The host keeps the last 128 KiB of each plugin in memory.
    #[command(after_help = "Examples:\n  moa plugin logs lunch -f\n  moa plugin logs lunch --lines 500 --json")]
    Logs {
        /// Which.
        #[command(flatten)]
        plugin: Name,
        /// How much, and for how long.
        #[command(flatten)]
        tail: super::logs::Tail,
    },
    /// Put a component into the plugin folder, and pin it
    ///
    /// It is checked as `moa check` does before it takes the place of NAME.wasm, NAME being what its manifest says. From
    /// then on a file with another digest is not loaded in its place, until it is installed or the plugin is unpinned.
    /// A URL is https; http is taken from this machine alone. At most 64 MiB.
    #[command(
        after_help = "Examples:\n  moa plugin install dist/lunch.wasm\n  moa plugin install https://plugins.example/lunch.wasm --digest sha256:0f3a…"
    )]
    Install {
        /// The component: a file, or where to fetch it
        #[arg(value_name = "FILE|URL")]
        from: String,
        /// What it must be: sha256: and 64 hexadecimal digits
        #[arg(long, value_name = "sha256:…", value_parser = digest)]
        digest: Option<String>,
    },
    /// Let the version serve again that served before, and put its file back into the folder
    ///
    /// Again goes back further. Where the file in the folder could not be loaded, the version that serves is put back.
    /// A pin follows.
    #[command(after_help = "Example:\n  moa plugin rollback lunch")]
    Rollback(Name),
    /// Approve what a plugin asks for, or show what that is
    ///
    /// What is approved can be used at once, and outlives restarts. [plugin.NAME.deny] in the configuration stands over it.
    #[command(
        after_help = "Examples:\n  moa plugin grant lunch\n  moa plugin grant lunch --all\n  moa plugin grant lunch 'users = true'"
    )]
    Grant(grant::GrantArgs),
    /// Take back all that was approved for a plugin; what the configuration grants stays
    #[command(after_help = "Example:\n  moa plugin deny lunch")]
    Deny(Name),
    /// Let a plugin's file have any content again
    #[command(after_help = "Example:\n  moa plugin unpin lunch")]
    Unpin(Name),
}

/// A plugin.
#[derive(Debug, Args)]
pub struct Name {
    /// The plugin's name; of one that never loaded, its file's without .wasm
    #[arg(value_name = "NAME", value_parser = name)]
    pub name: String,
}

fn name(text: &str) -> Result<String, String> {
    let text = text.strip_suffix(".wasm").unwrap_or(text);
    // It becomes a part of a path that the host is asked for.
    match text.is_empty()
        || text.contains(['/', '?', '#', '%'])
        || text.chars().any(|c| c.is_whitespace() || c.is_control())
    {
        true => Err("this is no plugin's name".into()),
        false => Ok(text.to_owned()),
    }
}

fn digest(text: &str) -> Result<String, String> {
    let text = text.to_ascii_lowercase();
    let whole = match text.contains(':') {
        true => text,
        false => format!("sha256:{text}"),
    };
    match is_digest(&whole) {
        true => Ok(whole),
        false => Err("write sha256: and 64 hexadecimal digits, as sha256sum prints them".into()),
    }
}

pub(super) fn main(global: &Global, args: &PluginArgs) -> anyhow::Result<End> {
    log::start(global, "warn")?;
    let config = super::configuration(global, settings::environment())?;
    runtime()?.block_on(async { unless_unread(act(&config, &args.action, global.json).await) })
}

async fn act(config: &Config, action: &PluginAction, json: bool) -> anyhow::Result<End> {
    let verb = |verb: &'static str, name: &Name| (Method::POST, format!("/v1/plugins/{}/{verb}", encoded(&name.name)));
    let (method, way) = match action {
        PluginAction::Install { from, digest } => return install(config, from, digest.as_deref(), json).await,
        PluginAction::Logs { plugin, tail } => {
            let wanted = super::logs::Which {
                plugin: Some(plugin.name.clone()),
                ..super::logs::Which::default()
            };
            return super::logs::show(config, &wanted, tail, json).await;
        }
        PluginAction::List => return list::all(&client(config).await?, config, json).await,
        PluginAction::Show(name) => return list::one(&client(config).await?, &name.name, json).await,
        PluginAction::Grant(args) => return grant::grant(config, args, json).await,
        PluginAction::Deny(name) => return grant::deny(config, name, json).await,
        PluginAction::Stop(name) => verb("stop", name),
        PluginAction::Start(name) => verb("start", name),
        PluginAction::Restart(name) => verb("restart", name),
        PluginAction::Rollback(name) => verb("rollback", name),
        PluginAction::Unpin(name) => verb("unpin", name),
        PluginAction::Delete(name) => (Method::DELETE, format!("/v1/plugins/{}", encoded(&name.name))),
    };
    let client = client(config).await?;
    let did: PluginDid = client.ask(method, &way, empty()).await?;
    if json {
        writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&did)?)?;
        return Ok(End::Done);
    }
    told(action, &did)
}

/// A name as part of a path.
fn encoded(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect()
}

fn told(action: &PluginAction, did: &PluginDid) -> anyhow::Result<End> {
    let name = shown(&did.plugin);
    let version = did.version.as_deref().map(list::short).unwrap_or("-");
    let mut text = match action {
        PluginAction::Stop(_) => format!("{name} is stopped"),
        PluginAction::Start(_) if did.version.is_none() => format!("{name} is not stopped any more"),
        PluginAction::Start(_) if !did.running => format!("{name} will serve when moa runs"),
        PluginAction::Start(_) => format!("{name} {version} serves"),
        PluginAction::Restart(_) => format!("{name} {version} was loaded anew"),
        PluginAction::Delete(_) => format!("{name} is deleted ({})", shown(&did.path.to_string_lossy())),
        PluginAction::Rollback(_) => match &did.before {
            Some(before) => format!("{name} is {version} again, before {}", list::short(before)),
            None => format!("{name} is {version}, and so is its file"),
        },
        PluginAction::Unpin(_) => format!("{name} is not pinned: any file is taken"),
        PluginAction::List
        | PluginAction::Show(_)
        | PluginAction::Install { .. }
        | PluginAction::Logs { .. }
        | PluginAction::Grant(_)
        | PluginAction::Deny(_) => String::new(),
    };
    if did.stopped && !matches!(action, PluginAction::Stop(_)) {
        text.push_str(&format!("; it is stopped (moa plugin start {name})"));
    }
    if did.loading {
        text.push_str("; its file is still being loaded");
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    if let Some(problem) = did
        .problem
        .as_ref()
        .filter(|_| !matches!(action, PluginAction::Delete(_)))
    {
        writeln!(out, "  its file is not loaded: {}", shown(problem))?;
    }
    Ok(End::Done)
}

async fn install(config: &Config, from: &str, digest: Option<&str>, json: bool) -> anyhow::Result<End> {
    let package = fetch::fetch(from).await?;
    let client = client(config).await?;
    let mut query = vec![("source", package.source.as_str())];
    query.extend(digest.map(|digest| ("digest", digest)));
    let did: PluginDid = client
        .ask(Method::POST, &path("/v1/plugins", &query), full(package.bytes))
        .await?;
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&did)?)?;
        return Ok(End::Done);
    }
    let name = shown(&did.plugin);
    let version = did.version.as_deref().unwrap_or_default();
    let manifest = did.manifest.clone().unwrap_or_default();
    let what = match &did.before {
        Some(before) => format!(", before {}", list::short(before)),
        None => String::new(),
    };
    writeln!(
        out,
        "{name} {} is installed{what}: {}",
        shown(&list::version_text(&manifest.version, version)),
        shown(&did.path.to_string_lossy())
    )?;
    if let Some(removed) = &did.removed {
        let removed = shown(&removed.to_string_lossy());
        writeln!(out, "  {removed} held it before, and is removed")?;
    }
    writeln!(out, "  pinned to sha256:{version}")?;
    let asks = check::grant_lines(&manifest.requests);
    if !asks.is_empty() {
        writeln!(
            out,
            "  it asks for what [plugin.{name}.grant] can give: {}",
            shown(&asks.join(", "))
        )?;
    }
    for warning in &did.warnings {
        writeln!(out, "  warning: {}", shown(warning))?;
    }
    match (did.stopped, did.running) {
        (true, _) => writeln!(out, "  it is stopped: moa plugin start {name}")?,
        (false, true) => {}
        (false, false) => writeln!(out, "  no moa runs; it serves with the next start")?,
    }
    Ok(End::Done)
}

/// The host of this configuration; where none runs, its plugin folder, looked after by this process for a moment.
async fn client(config: &Config) -> anyhow::Result<Client> {
    let locks = match there(config).await? {
        There::Host(host) => return Ok(host),
        There::Nobody(locks) => locks,
    };
    // The plugins' memory plays no part in it.
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(SystemClock));
    let control = Control::new(Arc::clone(&store), config.store.url.clone(), Quotas::of(config));
    control.show(registry(config, locks).await?, None);
    Ok(Client::within(control, store))
}

/// The same for what stands in the store: what was approved.
pub(super) async fn client_of_store(config: &Config) -> anyhow::Result<Client> {
    let locks = match there(config).await? {
        There::Host(host) => return Ok(host),
        There::Nobody(locks) => locks,
    };
    let client = Client::own(config, Need::Writable).await?;
    if let (Some(control), Some(store)) = (client.control(), client.store()) {
        let registry = registry(config, locks).await?;
        let approvals = Approvals::load(Arc::clone(store)).await?;
        let grants = grants_of(config, &approvals);
        control.stand(Standing::new(registry.cell(), grants, approvals));
        control.show(registry, None);
    }
    Ok(client)
}

/// The same for jobs: what stands in the store, and in the manifests.
pub(super) async fn client_of_jobs(config: &Config) -> anyhow::Result<Client> {
    let locks = match there(config).await? {
        There::Host(host) => return Ok(host),
        There::Nobody(locks) => locks,
    };
    let client = Client::own(config, Need::Existing).await?;
    if let (Some(control), Some(store)) = (client.control(), client.store()) {
        let registry = registry(config, locks).await?;
        let maintenance = Maintenance::load(Arc::clone(store)).await?;
        let approvals = Approvals::load(Arc::clone(store)).await?;
        let grants = grants_of(config, &approvals);
        let may = move |plugin: &str, manifest: &Manifest| grants.of(plugin, &manifest.requests).schedule().is_ok();
        let schedules = Schedules::empty(Arc::clone(store), maintenance, &config.bot.timezone).with(Arc::new(may));
        control.schedule(schedules.load(&registry).await?);
        control.show(registry, None);
    }
    Ok(client)
}

/// Who looks after the plugins.
enum There {
    Host(Client),
    /// This process, as long as it has these.
    Nobody(Locks),
}

/// The host that runs, or that starts at this very moment; otherwise nobody, and none starts meanwhile.
async fn there(config: &Config) -> anyhow::Result<There> {
    let path = config.bot.data_dir.join(LOCKS);
    let begun = Instant::now();
    loop {
        if let Some(host) = Client::host(&config.bot.socket).await? {
            return Ok(There::Host(host));
        }
        if let Some(locks) = Locks::own(&path)? {
            return Ok(There::Nobody(locks));
        }
        if begun.elapsed() > PATIENCE {
            return Err(LocksError::Taken { path }.into());
        }
        tokio::time::sleep(GLANCE).await;
    }
}

async fn registry(config: &Config, locks: Locks) -> anyhow::Result<Arc<Registry>> {
    let parts = Parts {
        engine: Engine::new(moa_engine::Options::default())?,
        dir: config.plugins.dir.clone(),
        cache_dir: config.bot.data_dir.join("compiled"),
        compiler: run::compiler()?,
        room: descriptors::raise(),
        limits: limits_of(config),
        config: config_of(config),
        aliases: config.aliases.clone(),
        // As above.
        store: Arc::new(MemoryStore::new(SystemClock)),
        // What is wrong is told by whoever is asked.
        reports: mpsc::unbounded_channel().0,
    };
    let registry = Arc::new(Registry::with(parts, locks, Visit::Brief)?);
    registry.ready().await;
    Ok(registry)
}

/// Wrong use, with what to do instead.
fn usage(message: String) -> anyhow::Error {
    ExitError {
        code: EXIT_USAGE,
        message,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_digests_are_taken_as_people_write_them() {
        assert_eq!(name("lunch"), Ok("lunch".into()));
        assert_eq!(name("lunch.wasm"), Ok("lunch".into()));
        for wrong in ["", "a/b", "a b", "../x", "a?b", ".wasm"] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
        let whole = format!("sha256:{}", "0a".repeat(32));
        assert_eq!(digest(&"0A".repeat(32)), Ok(whole.clone()));
        assert_eq!(digest(&whole), Ok(whole));
        for wrong in [
            "",
            "sha256:",
            "sha256:abc",
            "md5:00",
            &format!("sha256:{}", "g".repeat(64)),
        ] {
            assert!(digest(wrong).is_err(), "{wrong}");
        }
    }
}
