//! The scripts that Redis runs, each in one go.

use crate::error::StoreError;
use redis::Cmd;

/// Which script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Write,
    Import,
    Sweep,
    Keys,
    Scan,
    Usage,
    Accept,
    Finish,
    Note,
    Records,
    Reopen,
    Purge,
    Fact,
    Own,
    Fence,
    Claim,
    Renew,
    Release,
}

const LIBRARY: &str = include_str!("lua/lib.lua");

/// In the order of [`Script`].
const TEXTS: [&str; 18] = [
    include_str!("lua/write.lua"),
    include_str!("lua/import.lua"),
    include_str!("lua/sweep.lua"),
    include_str!("lua/keys.lua"),
    include_str!("lua/scan.lua"),
    include_str!("lua/usage.lua"),
    include_str!("lua/accept.lua"),
    include_str!("lua/finish.lua"),
    include_str!("lua/note.lua"),
    include_str!("lua/records.lua"),
    include_str!("lua/reopen.lua"),
    include_str!("lua/purge.lua"),
    include_str!("lua/fact.lua"),
    include_str!("lua/own.lua"),
    include_str!("lua/fence.lua"),
    include_str!("lua/claim.lua"),
    include_str!("lua/renew.lua"),
    include_str!("lua/release.lua"),
];

/// What Redis calls the scripts, once it has them.
#[derive(Clone, Debug)]
pub(super) struct Digests(Vec<String>);

impl Digests {
    /// From the answers to [`loads`].
    pub(super) fn new(digests: Vec<String>) -> Self {
        Self(digests)
    }

    /// A run of the script.
    pub(super) fn run<'k>(&self, script: Script, keys: impl IntoIterator<Item = &'k str>) -> Result<Cmd, StoreError> {
        let digest = self.0.get(script as usize);
        let digest = digest.ok_or_else(|| StoreError::Io(format!("Redis has no script {script:?}")))?;
        let keys: Vec<&str> = keys.into_iter().collect();
        let mut run = redis::cmd("EVALSHA");
        run.arg(digest).arg(keys.len()).arg(keys);
        Ok(run)
    }
}

/// Gives Redis the scripts. It forgets them when it restarts.
pub(super) fn loads() -> redis::Pipeline {
    let mut loads = redis::Pipeline::new();
    for text in TEXTS {
        loads.cmd("SCRIPT").arg("LOAD").arg(format!("{LIBRARY}\n{text}"));
    }
    loads
}
