//! What is done to the machine.

use super::Scope;
use anyhow::{Context as _, bail};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Whom a service runs as.
pub(super) struct Account {
    pub(super) user: String,
    pub(super) group: String,
}

impl Account {
    /// The numbers of the two; who is not there is made, without a password, a shell and a home.
    pub(super) fn made(&self) -> anyhow::Result<(u32, u32)> {
        if let Some(ids) = self.ids() {
            return Ok(ids);
        }
        let Self { user, group } = self;
        if user.starts_with('-') || group.starts_with('-') {
            bail!("`{user}:{group}` is no user and group");
        }
        if number("getent", &["group", group]).is_none() {
            done(Command::new("groupadd").args(["--system", group]))?;
            println!("made the group {group}");
        }
        if number("id", &["-u", user]).is_none() {
            done(
                Command::new("useradd")
                    .args(["--system", "--no-create-home", "--home-dir", "/nonexistent"])
                    .args(["--shell", "/usr/sbin/nologin", "--gid", group, user]),
            )?;
            println!("made the user {user}");
        }
        self.ids()
            .with_context(|| format!("the user {user} and the group {group} were not made"))
    }

    fn ids(&self) -> Option<(u32, u32)> {
        let user = number("id", &["-u", &self.user])?;
        Some((user, number("getent", &["group", &self.group])?))
    }
}

/// The number that a program prints, or that stands third in the line of a group.
fn number(program: &str, args: &[&str]) -> Option<u32> {
    let output = Command::new(program).args(args).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout)
        .ok()
        .filter(|_| output.status.success())?;
    let text = text.trim();
    text.split(':').nth(2).unwrap_or(text).parse().ok()
}

fn done(command: &mut Command) -> anyhow::Result<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("{program} cannot be run"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        bail!("{program} failed: {said}");
    }
    Ok(output)
}

pub(super) fn systemctl(scope: Scope, args: &[&str]) -> anyhow::Result<Output> {
    done(command(scope).args(args))
}

fn command(scope: Scope) -> Command {
    let mut command = Command::new("systemctl");
    command.env("LC_ALL", "C");
    if scope == Scope::User {
        command.arg("--user");
    }
    command
}

/// What systemd knows of a unit.
pub(super) fn show(scope: Scope, name: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let output = systemctl(scope, &["show", "--no-pager", name])?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    Ok(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}

/// Which systemd there is.
pub(super) fn version() -> Option<u32> {
    let output = Command::new("systemctl").arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // systemd 252 (252.39-1~deb12u2)
    text.split_whitespace().nth(1)?.split('.').next()?.parse().ok()
}

pub(super) fn must_be_there() -> anyhow::Result<()> {
    if !Path::new("/run/systemd/system").exists() {
        bail!(
            "this machine was not started by systemd; `moa service install --dry-run` prints the unit, and `moa run` is what any other service manager starts"
        );
    }
    Ok(())
}

pub(super) fn must_be_root(needed: bool, verb: &str) -> anyhow::Result<()> {
    // SAFETY: it only reads a number of this process.
    if needed && unsafe { libc::geteuid() } != 0 {
        bail!("a service of the machine is root's business: sudo moa service {verb}; or --user for one of your own");
    }
    Ok(())
}

/// Whether this person's services run when they are not signed in.
pub(super) fn lingers() -> bool {
    let name = std::env::var("USER").unwrap_or_default();
    !name.is_empty() && Path::new("/var/lib/systemd/linger").join(name).exists()
}

/// Makes a folder, if it is not there.
pub(super) fn folder(path: &Path, mode: u32) -> anyhow::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    let made = builder.recursive(true).mode(mode).create(path);
    made.with_context(|| format!("{} cannot be made", path.display()))
}

/// Writes a file whole or not at all.
pub(super) fn file(path: &Path, text: &str, mode: u32, owner: Option<(u32, u32)>) -> anyhow::Result<()> {
    let beside = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(&beside)?;
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
        if let Some((user, group)) = owner {
            chown(&beside, Some(user), Some(group))?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    write().with_context(|| format!("{} cannot be written", path.display()))
}
