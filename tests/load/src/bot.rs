//! The bots that are measured, each in a folder of its own.

use crate::peers::Peer;
use crate::process::Process;
use crate::sim::Address;
use anyhow::{Context, bail};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The plugins that the idle memory is about.
const PLUGINS: [&str; 4] = ["hello", "lunch", "memo", "links"];

/// The store that a bot has unless it is told another: a file among its data.
pub const FILE: &str = "redb:./data/moa.redb";

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Moa with its plugins.
    Moa,
    /// The bare bot.
    Floor,
    /// Another bot, installed from its package registry.
    Peer(Peer),
}

/// What every Moa that is started needs.
pub struct Build {
    /// The `moa` binary.
    pub moa: PathBuf,
    /// The plugins' components.
    pub plugins: Vec<PathBuf>,
    /// Cargo's target directory.
    pub target: PathBuf,
}

impl Build {
    /// Builds `moa` as this program was built, and the plugins.
    pub fn make() -> anyhow::Result<Self> {
        Ok(Self {
            plugins: PLUGINS.map(moa_test_guests::plugin).into(),
            ..Self::without_plugins()?
        })
    }

    /// Builds `moa` as this program was built.
    pub fn without_plugins() -> anyhow::Result<Self> {
        let here = std::env::current_exe()?;
        let moa = here.with_file_name("moa");
        let target = here
            .ancestors()
            .nth(2)
            .context("a program without a target directory")?;
        // This program depends on the package, so all that is left to do is to link.
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["build", "--package", "moa", "--bin", "moa"]);
        if !cfg!(debug_assertions) {
            command.arg("--release");
        }
        // What `cargo run` tells this program of its own package is wrong for others, and build scripts that look at it
        // would make cargo build their packages anew.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        if !command
            .current_dir(root())
            .status()
            .context("cargo does not start")?
            .success()
        {
            bail!("moa cannot be built");
        }
        Ok(Self {
            moa,
            plugins: Vec::new(),
            target: target.to_owned(),
        })
    }

    /// The plugin that answers all the commands.
    pub fn hello(&self) -> anyhow::Result<&Path> {
        let hello = self.plugins.iter().find(|file| file.ends_with("hello.wasm"));
        hello.map(PathBuf::as_path).context("the plugin hello is not there")
    }

    /// The names of the plugins.
    pub fn names(&self) -> Vec<String> {
        let name = |file: &PathBuf| file.file_stem().map(|name| name.to_string_lossy().into_owned());
        self.plugins.iter().filter_map(name).collect()
    }
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// A folder that ends with its owner. It is beside the build: a temporary folder may be in memory, where making something
/// durable costs nothing.
pub fn folder() -> anyhow::Result<TempDir> {
    let this = std::env::current_exe()?;
    Ok(tempfile::tempdir_in(
        this.parent().context("a program without a folder")?,
    )?)
}

/// A bot that can be started again and again on the same data.
pub struct Home {
    kind: Kind,
    program: PathBuf,
    folder: TempDir,
    address: Address,
}

impl Home {
    /// A fresh one; Moa on the store with this address.
    pub fn new(kind: Kind, build: &Build, address: &Address, store: &str) -> anyhow::Result<Self> {
        let this = std::env::current_exe()?;
        let folder = folder()?;
        let home = Self {
            kind,
            program: match kind {
                Kind::Moa => build.moa.clone(),
                Kind::Floor => this,
                Kind::Peer(peer) => peer.program()?,
            },
            folder,
            address: address.clone(),
        };
        if kind == Kind::Moa {
            fs::create_dir(home.plugins())?;
            for file in &build.plugins {
                fs::copy(file, home.plugins().join(file.file_name().unwrap_or_default()))?;
            }
            fs::write(home.folder.path().join("moa.toml"), config(&address.api, store))?;
        }
        Ok(home)
    }

    /// What it wrote so far, over all its starts.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Adds to Moa's configuration, from its next start on.
    pub fn configure(&self, more: &str) -> anyhow::Result<()> {
        let mut file = File::options().append(true).open(self.folder.path().join("moa.toml"))?;
        Ok(file.write_all(more.as_bytes())?)
    }

    /// The folder of its own.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// How much it wrote so far, in bytes.
    pub fn written(&self) -> anyhow::Result<u64> {
        Ok(fs::metadata(self.folder.path().join("log"))?.len())
    }

    /// The whole lines that it wrote from this byte on, and where the next one begins.
    pub fn log_from(&self, from: u64) -> anyhow::Result<(String, u64)> {
        let mut file = File::open(self.folder.path().join("log"))?;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        bytes.truncate(whole);
        Ok((String::from_utf8_lossy(&bytes).into_owned(), from + whole as u64))
    }

    /// The folder that plugins are dropped into.
    pub fn plugins(&self) -> PathBuf {
        self.folder.path().join("plugins")
    }

    /// Starts it.
    pub fn start(&self) -> anyhow::Result<Process> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))?;
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("MOA_") {
                command.env_remove(&name);
            }
        }
        command
            .current_dir(self.folder.path())
            .env("SLACK_API_URL", &self.address.api)
            .env("SLACK_APP_TOKEN", &self.address.app_token)
            .env("SLACK_BOT_TOKEN", &self.address.bot_token)
            .stdout(log.try_clone()?)
            .stderr(log);
        match self.kind {
            Kind::Moa => command.arg("run"),
            Kind::Floor => command.arg("floor").arg(self.address.at.to_string()),
            Kind::Peer(peer) => peer.prepare(&mut command, self.folder.path())?,
        };
        Process::start(&mut command)
    }

    /// The end of what it wrote, for whoever wants to know why something failed.
    pub fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines
            .get(lines.len().saturating_sub(20)..)
            .unwrap_or_default()
            .join("\n")
    }
}

/// As an operator has it, but for the pace, since the simulated workspace sets none, and for the queue: a call ends a
/// little after its answer is seen, so that of 64 commands outstanding a few more than 64 are under way.
fn config(api: &str, store: &str) -> String {
    format!(
        r#"[bot]
name = "moa"
locale = "ko"
data-dir = "./data"

[slack]
api-url = "{api}"

[store]
url = "{store}"

[outbox]
per-conversation-per-second = 0

[http]
listen = "127.0.0.1:0"

[admin]
listen = "127.0.0.1:0"

[plugins]
dir = "./plugins"

[plugin.hello.limits]
queue = 128
"#
    )
}
