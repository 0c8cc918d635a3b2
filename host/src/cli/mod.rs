//! The command line: one file a command.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong use, 3 credentials refused (a service manager must not restart on it).

use crate::service::Given;
use crate::settings;
use clap::{Args, Parser, Subcommand, ValueEnum};
use moa_core::config::Config;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::LazyLock;

mod audit;
mod brain;
mod build;
mod check;
mod completions;
mod config;
mod dashboard;
mod dev;
mod doctor;
mod journal;
mod log;
mod logs;
mod new;
mod output;
mod playground;
mod plugin;
mod progress;
mod run;
mod schedule;
mod service;
mod slack;
mod status;
mod test;

/// The exit code for credentials that the chat service refused.
pub const EXIT_CREDENTIALS: u8 = 3;
/// The exit code for wrong use: bad arguments or a bad configuration.
pub const EXIT_USAGE: u8 = 2;

/// Where help shows what every command understands: apart from what is the command's own.
const EVERYWHERE: &str = "Options of every command";

const AFTER_HELP: &str = "\
Start here:
  moa dev              try it: a simulated Slack with a web page, no account needed
  moa new demo         a plugin of your own: cd demo && moa test && moa dev .
  moa run              the bot, with SLACK_APP_TOKEN and SLACK_BOT_TOKEN set

Exit codes: 0 done, 1 failed, 2 wrong use, 3 credentials refused.
Configuration: moa.toml in the working folder, or --config; MOA_TABLE__KEY overrides one value.";

/// A chat bot whose commands are sandboxed WebAssembly plugins.
///
/// Moa keeps the connection to your chat open and turns what people type into calls of plugins: WebAssembly components,
/// written in any language, that can touch only what you granted. Drop a .wasm file into the plugin folder and its
/// commands are live; replace it and no command is lost.
#[derive(Debug, Parser)]
#[command(name = "moa", version = version(), long_version = long_version(), after_help = AFTER_HELP)]
#[command(disable_help_subcommand = true, propagate_version = false)]
pub struct Cli {
    /// What every command understands.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command understands.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// The configuration file [default: moa.toml in the working folder, if there is one]
    #[arg(
        short,
        long,
        global = true,
        help_heading = EVERYWHERE,
        value_name = "FILE",
        env = "MOA_CONFIG",
        hide_env_values = true
    )]
    pub config: Option<PathBuf>,
    /// Where the bot keeps what must last [default: bot.data-dir of the configuration]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// How much to log: error, warn, info, debug, trace, or a filter such as moa=debug
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        value_name = "LEVEL",
        env = "MOA_LOG",
        hide_env_values = true
    )]
    pub log_level: Option<String>,
    /// Print lists as JSON
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    /// When to colour the output
    #[arg(long, global = true, help_heading = EVERYWHERE, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What `moa` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try plugins: a simulated Slack with a web page, every plugin under DIR built and rebuilt on change
    ///
    /// Builds every plugin source (a folder with plugin.toml) at or below DIR, opens the playground, starts the bot in
    /// it and prints the page's address. Changes to the sources are built and live at once. Every request of a plugin
    /// is granted and printed. The data directory is thrown away at the end unless --data-dir is given.
    Dev(dev::DevArgs),
    /// Run the bot
    ///
    /// Connects to Slack by Socket Mode with the tokens in SLACK_APP_TOKEN and SLACK_BOT_TOKEN (or as the
    /// configuration says) and answers with the plugins in the plugin folder. Ctrl-C or SIGTERM ends it after the
    /// calls that run; a second one at once.
    Run,
    /// Open the simulated Slack workspace alone, for any bot
    ///
    /// Prints one line of JSON: {"page", "api", "app_token", "bot_token"}.
    Playground(playground::PlaygroundArgs),
    /// Begin a plugin: a folder with all that it needs
    ///
    /// Makes the folder NAME with an example command, its test and a README. `cd NAME && moa test && moa dev .` works at
    /// once.
    New(new::NewArgs),
    /// Build plugin sources into components
    ///
    /// Builds every plugin source (a folder with plugin.toml) at or below each DIR into OUT/NAME.wasm, checks the
    /// result, and prints its size and what it asks for. Rebuilds only what changed.
    Build(build::BuildArgs),
    /// Tell what a component is, what it asks for, and whether this host runs it
    ///
    /// Ends with 1 if any of the files cannot be run.
    Check(check::CheckArgs),
    /// Test plugins: transcripts (*.chat) and the examples of their help
    ///
    /// Builds every plugin source (a folder with plugin.toml) at or below each DIR, then plays the transcripts in its
    /// folder and tries the examples of its help, in memory, with a clock and randomness of the transcript's own. Ends
    /// with 1 where something differs, and shows the difference.
    Test(test::TestArgs),
    /// List, stop, start, install, roll back and delete plugins; also while no host runs
    Plugin(plugin::PluginArgs),
    /// Show what plugins do at set times; run it now, let it rest
    Schedule(schedule::ScheduleArgs),
    /// Look into what plugins remember, change it, copy it, back it up and restore it; also while the host runs
    Brain(brain::BrainArgs),
    /// Look at the events that were accepted; run them again or drop them
    Journal(journal::JournalArgs),
    /// Show how the running host is: connections, work, store, plugins, what is due, what went wrong
    ///
    /// Ends with 1 where no host runs.
    Status,
    /// End the running host, once the calls that run are done
    ///
    /// What it accepted and did not finish is in the journal, and is done by the next start.
    Stop(status::StopArgs),
    /// Look for what is wrong, or will be, and say what to do about it
    ///
    /// Configuration, tokens and scopes, clock, disk, store, plugins and their grants, and the host, whether one runs or
    /// not. Ends with 1 where there is a problem.
    Doctor,
    /// Show what plugins logged last, and everything that is kept of one call
    Logs(logs::LogsArgs),
    /// Print a link that opens the dashboard of the moa that runs, once
    Dashboard(dashboard::DashboardArgs),
    /// Show who did what, and find out whether the log of it is whole
    Audit(audit::AuditArgs),
    /// Run the bot as a service of systemd: started at boot, again when it falls, and watched
    Service(service::ServiceArgs),
    /// Make the app at Slack fit the plugins
    Slack(slack::SlackArgs),
    /// Check or show the configuration
    Config(config::ConfigArgs),
    /// Print a script that completes moa's commands in a shell
    Completions(completions::CompletionsArgs),
    /// Compile a component in a process of its own (used by the host itself)
    #[command(name = "__compile", hide = true)]
    Compile {
        /// The component.
        input: PathBuf,
        /// Where the compiled code goes.
        output: PathBuf,
    },
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if matches!(
        cli.command,
        Command::Build(_) | Command::Check(_) | Command::Slack(_) | Command::Config(_) | Command::Completions(_)
    ) {
        end_with_the_reader();
    }
    let given = given(&cli);
    match &cli.command {
        Command::Dev(args) => finish(dev::main(&cli.global, args)),
        Command::Run => finish(run::main(&cli.global)),
        Command::Playground(args) => finish(playground::main(&cli.global, args)),
        Command::Build(args) => finish(build::main(&cli.global, args)),
        Command::Check(args) => finish(check::main(&cli.global, args)),
        Command::New(args) => finish(new::main(args)),
        Command::Test(args) => finish(test::main(&cli.global, args)),
        Command::Brain(args) => finish(brain::main(&cli.global, args)),
        Command::Plugin(args) => finish(plugin::main(&cli.global, args)),
        Command::Schedule(args) => finish(schedule::main(&cli.global, args)),
        Command::Journal(args) => finish(journal::main(&cli.global, args)),
        Command::Dashboard(args) => finish(dashboard::main(&cli.global, args)),
        Command::Audit(args) => finish(audit::main(&cli.global, args)),
        Command::Status => finish(status::status(&cli.global)),
        Command::Stop(args) => finish(status::stop(&cli.global, args)),
        Command::Doctor => finish(doctor::main(&cli.global, &given)),
        Command::Logs(args) => finish(logs::main(&cli.global, args)),
        Command::Service(args) => finish(service::main(&cli.global, args)),
        Command::Slack(args) => finish(slack::main(&cli.global, args)),
        Command::Config(args) => finish(config::main(&cli.global, args)),
        Command::Completions(args) => finish(completions::main(args)),
        Command::Compile { input, output } => crate::registry::compile::compile_child_main(input, output),
    }
}

/// Gives a command that asks about an installation what the service of that configuration has: without it the answer
/// would be about another one. What the environment has already stands over that.
fn given(cli: &Cli) -> Given {
    let asks = match &cli.command {
        Command::Plugin(_) | Command::Schedule(_) | Command::Brain(_) | Command::Journal(_) | Command::Dashboard(_) => {
            true
        }
        Command::Audit(_) | Command::Status | Command::Stop(_) | Command::Doctor | Command::Logs(_) => true,
        Command::Slack(_) | Command::Config(_) => true,
        // What runs in the foreground is no service, and what builds needs none.
        Command::Run | Command::Dev(_) | Command::Playground(_) | Command::Compile { .. } => false,
        Command::New(_) | Command::Build(_) | Command::Check(_) | Command::Test(_) => false,
        Command::Service(_) | Command::Completions(_) => false,
    };
    let file = cli
        .global
        .config
        .as_deref()
        .unwrap_or(Path::new(settings::DEFAULT_FILE));
    if !asks || !file.exists() {
        return Given::default();
    }
    let given = Given::beside(file);
    // SAFETY: it is the first that this process does; threads are started by the command.
    unsafe { given.adopt() };
    given
}

/// A command that only prints ends quietly when nobody reads on (`moa check … | head`), as other commands do. One that
/// serves must not: a connection that somebody closed is no reason to end.
fn end_with_the_reader() {
    // SAFETY: a signal's disposition is set before any other thread runs, and no handler of ours is involved.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All done.
    Done,
    /// Something failed, and has been told already.
    Failed,
}

/// An error with an exit code of its own.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ExitError {
    /// The exit code.
    pub code: u8,
    /// What to print.
    pub message: String,
}

fn finish(result: anyhow::Result<End>) -> ExitCode {
    match result {
        Ok(End::Done) => ExitCode::SUCCESS,
        Ok(End::Failed) => ExitCode::FAILURE,
        Err(error) => {
            let code = match error.downcast_ref::<ExitError>() {
                Some(exit) => exit.code,
                None if error.is::<settings::LoadError>() => EXIT_USAGE,
                None => 1,
            };
            eprintln!("moa: {}", chain(&error));
            ExitCode::from(code)
        }
    }
}

/// An error and its causes, leaving out causes that the texts before tell already.
fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// The configuration that the command line names, with this environment over it.
fn configuration(
    global: &Global,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, settings::LoadError> {
    settings::load(global.config.as_deref(), global.data_dir.as_deref(), environment)
}

/// A runtime for the host's own async work; guests have theirs.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.clamp(1, 4))
        .thread_name("moa")
        .enable_all()
        .build()?)
}

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

fn long_version() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        format!(
            "{}\nruns plugins for moa:plugin@{}",
            env!("CARGO_PKG_VERSION"),
            moa_engine::CONTRACT_VERSIONS
        )
    });
    &TEXT
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn a_cause_is_told_once() {
        let inner = std::io::Error::other("disk full");
        let told = anyhow::Error::new(inner)
            .context("cannot write x: disk full; make room")
            .context("start failed");
        assert_eq!(chain(&told), "start failed: cannot write x: disk full; make room");
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
