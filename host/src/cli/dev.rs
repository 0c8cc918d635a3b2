//! `moa dev`: the playground, the bot in it, and every plugin source built again when it changes.

mod author;
mod features;

use self::author::{Author, catch_lines};
use super::{End, Global, log, progress, run, runtime};
use crate::app;
use crate::demo;
use crate::logs::{self, Logs};
use crate::registry::Report;
use crate::settings;
use crate::toolchain::{BuildError, BuildEvent, build, watch_sources};
use anyhow::Context;
use clap::Args;
use moa_core::config::LogFormat;
use moa_engine::Engine;
use moa_playground::{LogLine, Options, Playground};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::{Notify, mpsc};
use tracing_subscriber::Layer as _;

/// Arguments of `moa dev`.
#[derive(Debug, Args)]
pub struct DevArgs {
    /// Where plugin sources are, at or below
    #[arg(value_name = "DIR", default_value = "plugins")]
    pub dir: PathBuf,
    /// The port of the playground's page; 0 takes any free one
    #[arg(long, default_value_t = 7710)]
    pub port: u16,
    /// Build once, do not watch the sources
    #[arg(long)]
    pub no_watch: bool,
    /// Show all bundled plugins at work: set up on fast clocks by the demo.toml beside each, with simulated systems around
    /// them. moa.toml is left out
    #[arg(long, conflicts_with = "config")]
    pub demo: bool,
}

pub(super) fn main(global: &Global, args: &DevArgs) -> anyhow::Result<End> {
    // What a plugin logs is for its author.
    let (catcher, lines) = catch_lines();
    let logs = Arc::<Logs>::default();
    log::start_with(
        global,
        "warn,plugin=info",
        LogFormat::Human,
        catcher.and_then(logs::layer(&logs)),
    )?;
    // Outside the runtime, so that everything in it has ended before the folder is removed.
    let mut thrown_away = None;
    let result = runtime()?.block_on(develop(global, args, lines, logs, &mut thrown_away));
    if let Some(Err(error)) = thrown_away.map(TempDir::close) {
        eprintln!("moa: the temporary data directory could not be removed: {error}");
    }
    result
}

async fn develop(
    global: &Global,
    args: &DevArgs,
    lines: mpsc::Receiver<LogLine>,
    logs: Arc<Logs>,
    thrown_away: &mut Option<TempDir>,
) -> anyhow::Result<End> {
    // First of all: a signal that nobody listens to ends the process, and the temporary folder stays.
    let mut stop = std::pin::pin!(app::signal::stop_or_hangup_requested());
    // Thrown away at the end, unless somebody wants to keep what the plugins remember.
    let data_dir = match &global.data_dir {
        Some(dir) => std::path::absolute(dir)?,
        None => {
            let dir = tempfile::Builder::new()
                .prefix("moa-dev-")
                .tempdir()
                .context("no folder for temporary data")?;
            thrown_away.insert(dir).path().to_owned()
        }
    };
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let playground = Playground::start(Options {
        listen,
        channels: if args.demo { demo::channels() } else { Vec::new() },
        ..Options::default()
    })
    .await?;
    let plugins = data_dir.join("plugins");
    let world = match args.demo {
        true => Some(demo::World::begin(&data_dir).await?),
        false => None,
    };
    let shown = match &world {
        Some(world) => Some(demo::gather(&args.dir, &world.url(), &data_dir)?),
        None => None,
    };
    // Before the build, which may take minutes: what is wrong here is better known at once.
    let mut config = config(global, &playground, &data_dir, &plugins, shown)?;
    let admins = admins(&mut config, &playground);
    let author = Arc::new(Author::new(playground.author(), &config));
    let shower = tokio::spawn(Arc::clone(&author).show_lines(lines));
    let engine = Engine::new(moa_engine::Options {
        source_lines: true,
        ..Default::default()
    })?;
    // From before the first build on: what is saved during it is built after it.
    let changed = Arc::new(Notify::new());
    let watch = if args.no_watch || !args.dir.is_dir() {
        None
    } else {
        let tell = Arc::clone(&changed);
        Some(watch_sources(
            std::slice::from_ref(&args.dir),
            std::slice::from_ref(&plugins),
            move |_| tell.notify_one(),
        )?)
    };
    let mut ours = BTreeSet::new();
    let left_out = tokio::select! {
        built = rebuild(&args.dir, &plugins, &engine, &author, &mut ours) => built?,
        () = &mut stop => return Ok(End::Done),
    };
    let start = app::Start {
        config,
        tokens: Some(app::Tokens {
            app: playground.app_token().to_owned(),
            bot: playground.bot_token().to_owned(),
        }),
        grant_everything: true,
        source_lines: true,
        compiler: run::compiler()?,
        reports: Some(print_reports(Arc::clone(&author))),
        logs,
        life: Default::default(),
        reread: None,
    };
    println!();
    println!("  Playground   {}", playground.page_url());
    println!("  Admins       {admins}");
    if let Some(world) = &world {
        println!("  Outside      {}/", world.url());
        for channel in demo::channels() {
            println!("  #{:<11} {}", channel.name, channel.topic);
        }
    }
    if !left_out.is_empty() {
        println!("  Left out     {}: see above what is missing", left_out.join(", "));
    }
    println!("  Try          !help");
    if args.no_watch {
        println!("  Ctrl-C ends it.");
    } else {
        println!(
            "  Sources in {} are built again when they change. Ctrl-C ends it.",
            args.dir.display()
        );
    }
    println!();
    let builder = tokio::spawn({
        let (dir, author) = (args.dir.clone(), Arc::clone(&author));
        async move {
            loop {
                changed.notified().await;
                if let Err(error) = rebuild(&dir, &plugins, &engine, &author, &mut ours).await {
                    eprintln!("moa: {error:#}");
                    author.no_builds(&dir, format!("{error:#}"));
                }
            }
        }
    });
    let end = tokio::select! {
        end = run::serve(start, stop) => end,
        never = keep_offering(&playground, &author) => match never {},
        never = call_from_outside(world.as_ref(), &data_dir) => match never {},
    };
    builder.abort();
    shower.abort();
    drop(watch);
    playground.shutdown().await;
    if let Some(world) = world {
        world.end().await;
    }
    end
}

/// Where there is a world outside it calls by itself, without end.
async fn call_from_outside(world: Option<&demo::World>, data_dir: &Path) -> Infallible {
    match world {
        Some(world) => demo::call(world, data_dir).await,
        None => std::future::pending().await,
    }
}

/// Lets people's clients offer what the plugins have, whenever these change.
async fn keep_offering(playground: &Playground, author: &Author) -> Infallible {
    let mut offered = author.offered();
    loop {
        playground.set_features(offered.borrow_and_update().clone());
        if offered.changed().await.is_err() {
            // Nothing changes any more.
            return std::future::pending().await;
        }
    }
}

/// Builds everything that changed. What is wrong with a source is printed; the others are built. `ours` are the
/// components that came from sources: one whose source is gone must not go on answering, others are not touched. The names
/// of those whose tools are not there.
async fn rebuild(
    dir: &Path,
    out: &Path,
    engine: &Engine,
    author: &Author,
    ours: &mut BTreeSet<PathBuf>,
) -> anyhow::Result<Vec<String>> {
    let quiet_about_unchanged = |event: BuildEvent<'_>| match event {
        BuildEvent::Started { source } => author.build_begins(source),
        BuildEvent::Finished { result } => author.build_ended(result),
        other => progress::print(other),
    };
    println!("building the plugins in {} …", dir.display());
    let results = build(&[dir.to_owned()], out, engine, &quiet_about_unchanged).await?;
    author.builds_ended(&results);
    let (mut now, mut left_out) = (BTreeSet::new(), Vec::new());
    for result in &results {
        println!("{}", progress::summary(result));
        if let Err(BuildError::NoTool { .. } | BuildError::Fetch { .. }) = &result.outcome {
            left_out.push(result.source.name.clone());
        }
        now.insert(out.join(format!("{}.wasm", result.source.name)));
    }
    for gone in ours.difference(&now) {
        if std::fs::remove_file(gone).is_ok() {
            println!("{} has no source any more and is removed", gone.display());
        }
    }
    *ours = now;
    Ok(left_out)
}

fn config(
    global: &Global,
    playground: &Playground,
    data_dir: &Path,
    plugins: &Path,
    shown: Option<String>,
) -> anyhow::Result<moa_core::config::Config> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let ours = [
        ("MOA_SLACK__API_URL", playground.api_url()),
        ("MOA_BOT__DATA_DIR", text(data_dir)),
        ("MOA_BOT__SOCKET", text(&data_dir.join("moa.sock"))),
        ("MOA_STORE__URL", format!("redb:{}", text(&data_dir.join("moa.redb")))),
        ("MOA_PLUGINS__DIR", text(plugins)),
        // The playground has no rule about pace, and an author does not want to wait.
        ("MOA_OUTBOX__PER_CONVERSATION_PER_SECOND", "0".to_owned()),
        ("MOA_HTTP__LISTEN", "127.0.0.1:0".to_owned()),
        ("MOA_ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
    ];
    let theirs = settings::environment().filter(|(name, _)| !ours.iter().any(|(own, _)| own == name));
    let environment: Vec<(String, String)> = theirs
        .chain(ours.iter().map(|(name, value)| ((*name).to_owned(), value.clone())))
        .collect();
    if let Some(text) = shown {
        let base = std::path::absolute("demo.toml")?;
        let parsed = moa_core::config::Config::parse(Some((&*base.to_string_lossy(), &text)), environment);
        return parsed.map_err(|errors| anyhow::anyhow!("{errors}"));
    }
    // Where the data goes stands in the environment above already.
    Ok(settings::load(global.config.as_deref(), None, environment)?)
}

/// Who looks after the bot, as a line. Where the configuration names nobody it is the first of the page's people, so that
/// restricted commands can be tried.
fn admins(config: &mut moa_core::config::Config, playground: &Playground) -> String {
    let people = playground.people();
    let chosen = config.bot.admins.is_empty();
    if chosen {
        config.bot.admins.extend(people.first().map(|(id, _)| id.clone()));
    }
    let name = |id: &String| match people.iter().find(|(known, _)| known == id) {
        Some((_, name)) => format!("{name} ({id})"),
        None => id.clone(),
    };
    let names: Vec<String> = config.bot.admins.iter().map(name).collect();
    let why = if chosen { ", since bot.admins names nobody" } else { "" };
    format!("{}{why}", names.join(", "))
}

/// One line for everything that happens to the plugins, and the page's cards.
fn print_reports(author: Arc<Author>) -> mpsc::UnboundedSender<Report> {
    let (tell, mut told) = mpsc::unbounded_channel::<Report>();
    tokio::spawn(async move {
        while let Some(report) = told.recv().await {
            println!("{report}");
            if let Report::Loaded { plugin, .. } = &report {
                let examples = author::first_examples(&plugin.manifest.commands);
                if !examples.is_empty() {
                    println!("  try {}", examples.join("   "));
                }
            }
            author.report(&report);
        }
    });
    tell
}
