//! `DATA/endpoints.json`: where a running host can be reached.

use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The file's name.
pub const ENDPOINTS: &str = "endpoints.json";

/// What can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// The outside world's.
    Http,
    /// The operator's.
    Admin,
}

/// What stands in it: addresses as `http://ADDRESS:PORT`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// For the outside world.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<String>,
    /// For the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin: Option<String>,
}

/// The file. Dropped, it is removed: nothing listens there any more.
#[derive(Debug)]
pub struct Endpoints {
    path: PathBuf,
    addresses: Mutex<Addresses>,
}

impl Endpoints {
    /// Nothing listens yet. What a host left that was cut off is removed.
    pub fn none(data_dir: &Path) -> Self {
        let path = data_dir.join(ENDPOINTS);
        // Mostly there is none.
        let _ = fs::remove_file(&path);
        Self {
            path,
            addresses: Mutex::default(),
        }
    }

    /// Where it can be reached now.
    pub fn addresses(&self) -> Addresses {
        self.lock().clone()
    }

    /// From now on somebody listens there, or nobody any more. The file is written whole or not at all.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set(&self, listener: Listener, address: Option<SocketAddr>) -> io::Result<()> {
        let address = address.map(|address| format!("http://{address}"));
        // Under the lock to the end: two at once must not write over each other.
        let mut addresses = self.lock();
        match listener {
            Listener::Http => addresses.http = address,
            Listener::Admin => addresses.admin = address,
        }
        if *addresses == Addresses::default() {
            let _ = fs::remove_file(&self.path);
            return Ok(());
        }
        let mut text = serde_json::to_vec(&*addresses)?;
        text.push(b'\n');
        let half = self.path.with_extension("json.new");
        fs::write(&half, text)?;
        fs::rename(&half, &self.path)
    }

    fn lock(&self) -> MutexGuard<'_, Addresses> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Endpoints {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_tells_who_listens_now() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(ENDPOINTS);
        let text = || fs::read_to_string(&file).ok();
        fs::write(&file, "left by another").unwrap();
        let endpoints = Endpoints::none(dir.path());
        assert_eq!(text(), None);
        let at = |port| Some(SocketAddr::from(([127, 0, 0, 1], port)));
        endpoints.set(Listener::Admin, at(2)).unwrap();
        assert_eq!(text().unwrap(), "{\"admin\":\"http://127.0.0.1:2\"}\n");
        endpoints.set(Listener::Http, at(1)).unwrap();
        assert_eq!(
            text().unwrap(),
            "{\"http\":\"http://127.0.0.1:1\",\"admin\":\"http://127.0.0.1:2\"}\n"
        );
        endpoints.set(Listener::Http, None).unwrap();
        assert_eq!(endpoints.addresses().http, None);
        endpoints.set(Listener::Admin, None).unwrap();
        assert_eq!(text(), None);
        endpoints.set(Listener::Admin, at(3)).unwrap();
        drop(endpoints);
        assert_eq!(text(), None);
    }
}
