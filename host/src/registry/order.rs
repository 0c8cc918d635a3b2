//! What an operator can have done to a plugin, and what comes of it.

use super::locks::LocksError;
use super::problem::{Shown, Stage};
use super::snapshot::{Loaded, short};
use std::path::PathBuf;
use std::sync::Arc;

/// What is to be done. Plugins are named as their manifests name them; one that never loaded, as its file without `.wasm`.
#[derive(Clone, Debug)]
pub enum Order {
    /// It serves no more, also after a restart, until it is started. Calls that run go on to their end.
    Stop(String),
    /// It serves again.
    Start(String),
    /// Its file is loaded anew, and what was counted of it is forgotten. One that is stopped is started.
    Restart(String),
    /// Its file is removed, and what was decided about it is forgotten. What it remembers stays.
    Delete(String),
    /// The version that served before serves again, and its file is put back into the folder.
    Rollback(String),
    /// Its file may have any content again.
    Unpin(String),
    /// A file is put into the folder as `NAME.wasm`, NAME being what its manifest says, and pinned.
    Install(Package),
}

/// A file that is to be installed.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Where it came from: a URL or a path.
    pub source: Option<String>,
    /// What its content must be: `sha256:` and 64 hexadecimal digits.
    pub digest: Option<String>,
}

/// What was done.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// The plugin.
    pub plugin: String,
    /// Its file.
    pub path: PathBuf,
    /// What is loaded of it now.
    pub loaded: Option<Arc<Loaded>>,
    /// The version before, if another one was loaded.
    pub before: Option<String>,
    /// Whether it is stopped.
    pub stopped: bool,
    /// The version that its file is pinned to.
    pub pinned: Option<String>,
    /// The file that held it under another name, and was removed for this one.
    pub removed: Option<PathBuf>,
    /// Whether what is in its file is still being loaded.
    pub loading: bool,
}

/// Why something was not done. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// There is no such plugin.
    #[error("there is no plugin `{0}`; `moa plugin list` shows what there is")]
    Unknown(String),
    /// There is none yet, and files of which nothing is known.
    #[error(
        "no plugin `{0}` is loaded yet, and files are being compiled still; ask again when `moa plugin list` shows it"
    )]
    NotYet(String),
    /// Something else was done to it meanwhile.
    #[error("`{0}` was stopped, changed or removed meanwhile; see `moa plugin show {0}`, and ask again")]
    Overtaken(String),
    /// The file cannot be loaded.
    #[error("{what} cannot be loaded ({stage}): {reason}")]
    Unusable {
        /// The file or version.
        what: String,
        /// How far it got.
        stage: Stage,
        /// Why, and what to do.
        reason: String,
    },
    /// The file is not what it is said to be.
    #[error(
        "the file has the digest {found}, not {expected}: it is another version, or was changed on its way; ask whoever \
         published it which is right"
    )]
    WrongDigest {
        /// What it should have been.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The file's name belongs to another plugin.
    #[error(
        "{} is the plugin `{holder}`; rename that file, or delete `{holder}`, and install this again",
        Shown(path)
    )]
    Taken {
        /// The file.
        path: PathBuf,
        /// The plugin in it.
        holder: String,
    },
    /// There is no way back.
    #[error("no version of `{0}` served before this one")]
    NothingBefore(String),
    /// The way back is lost.
    #[error(
        "version {} of `{plugin}` served before, and its file is not kept any more; install it again with `moa plugin install`",
        short(version)
    )]
    NotKept {
        /// The plugin.
        plugin: String,
        /// The version, whole.
        version: String,
    },
    /// The folder cannot be changed.
    #[error("{} cannot be written or removed: {source}", Shown(path))]
    Folder {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// What is decided cannot be kept.
    #[error("{0}")]
    Locks(#[from] LocksError),
    /// The host is ending.
    #[error("the host is stopping; ask again when it runs")]
    Over,
}
