//! `DATA/endpoints.json`: where a running host can be reached.

use serde::Serialize;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The file's name.
pub const ENDPOINTS: &str = "endpoints.json";

/// What stands in it.
#[derive(Serialize)]
struct Addresses {
    /// For the outside world, `http://ADDRESS:PORT`.
    http: String,
}

/// The file. Dropped, it is removed: nothing listens there any more.
#[derive(Debug)]
pub struct Endpoints(PathBuf);

impl Endpoints {
    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(data_dir: &Path, http: SocketAddr) -> io::Result<Self> {
        let path = data_dir.join(ENDPOINTS);
        let addresses = Addresses {
            http: format!("http://{http}"),
        };
        let mut text = serde_json::to_vec(&addresses)?;
        text.push(b'\n');
        let half = data_dir.join(format!("{ENDPOINTS}.new"));
        fs::write(&half, text)?;
        fs::rename(&half, &path)?;
        Ok(Self(path))
    }

    /// Removes what a host left that was cut off.
    pub fn clear(data_dir: &Path) {
        // Mostly there is none.
        let _ = fs::remove_file(data_dir.join(ENDPOINTS));
    }
}

impl Drop for Endpoints {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
