//! The other bots, from their package registries, into a folder of the user's cache: once for each version.

use super::{Peer, source};
use anyhow::{Context, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

impl Peer {
    /// The folder's name, and what is installed in it.
    const fn packages(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::BoltJs => ("bolt-js-5.1.0", &["@slack/bolt@5.1.0"]),
            Self::BoltPython => ("bolt-python-1.30.0", &["slack-bolt==1.30.0"]),
            Self::Hubot => ("hubot-14.1.0", &["hubot@14.1.0", "@hubot-friends/hubot-slack@3.8.0"]),
            Self::Errbot => ("errbot-6.2.1", &["errbot[slack]==6.2.1"]),
        }
    }
}

/// Where a bot is, or will be.
pub fn folder(peer: Peer) -> anyhow::Result<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let cache = cache.or_else(home).context("neither XDG_CACHE_HOME nor HOME is set")?;
    Ok(cache.join("moa-load").join(peer.packages().0))
}

/// Installs a bot, unless it is there.
pub fn install(peer: Peer) -> anyhow::Result<()> {
    let (folder, (_, packages)) = (folder(peer)?, peer.packages());
    let whole = folder.join("installed");
    if !whole.exists() {
        // What was begun and not ended is in the way.
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        match peer {
            Peer::BoltJs | Peer::Hubot => {
                fs::write(folder.join("package.json"), "{\"private\": true}\n")?;
                let mut npm = Command::new("npm");
                run(npm
                    .args(["install", "--no-audit", "--no-fund", "--ignore-scripts"])
                    .args(packages)
                    .current_dir(&folder))?;
            }
            Peer::BoltPython | Peer::Errbot => {
                run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
                let mut pip = Command::new(folder.join("bin/pip"));
                run(pip
                    .args(["install", "--quiet", "--disable-pip-version-check"])
                    .args(packages))?;
            }
        }
        fs::write(whole, "")?;
    }
    // Node finds packages from where the file is.
    match peer {
        Peer::BoltJs => fs::copy(source("bolt.mjs"), folder.join("bolt.mjs")).map(drop)?,
        Peer::Hubot => fs::copy(source("hubot/slack.mjs"), folder.join("slack.mjs")).map(drop)?,
        Peer::BoltPython | Peer::Errbot => {}
    }
    ensure!(folder.is_dir(), "{} is no folder", folder.display());
    Ok(())
}

/// Runs it; what it says is said only where it fails.
fn run(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{program} is not installed"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.trim().lines().last().unwrap_or("nothing was said").to_owned();
        bail!("{program} failed: {last}");
    }
    Ok(())
}
