//! The Unix socket of a running host.
//!
//! It is for the user that the host runs as, and for root: the kernel says who connects.

use super::{Control, Fault, answer, http};
use hyper::StatusCode;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinHandle, JoinSet};

/// Why a host cannot be asked anything.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Another host answers there.
    #[error("another moa answers at {0}; give this one a socket of its own with bot.socket")]
    Taken(PathBuf),
    /// Something else has the name.
    #[error("{0} is no socket; move it away, or set another path with bot.socket")]
    NoSocket(PathBuf),
    /// The system refuses.
    #[error("the socket {path} cannot be made: {source}; set another path with bot.socket (at most 107 bytes)")]
    System {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A host's socket. When it is dropped, requests that run are cut off and the file is removed.
pub struct Socket {
    path: PathBuf,
    /// Device and number of the file: it may have been replaced by another host's meanwhile.
    file: (u64, u64),
    serving: JoinHandle<()>,
}

impl Socket {
    /// Answers at this path. The socket of a host that is dead is replaced.
    ///
    /// # Errors
    /// See [`SocketError`].
    pub async fn open(path: &Path, control: Arc<Control>) -> Result<Self, SocketError> {
        let failed = |source| SocketError::System {
            path: path.to_owned(),
            source,
        };
        clear(path).await?;
        let listener = UnixListener::bind(path).map_err(failed)?;
        // Whoever gets through before this is asked who it is nevertheless.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
        let file = identity(path).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            serving: tokio::spawn(serve(listener, control)),
        })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.serving.abort();
        if identity(&self.path).is_ok_and(|file| file == self.file) {
            // A file that stays is replaced by the next host.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let file = std::fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

/// Removes the socket of a dead host.
async fn clear(path: &Path) -> Result<(), SocketError> {
    let there = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        there => there,
    };
    let failed = |source| SocketError::System {
        path: path.to_owned(),
        source,
    };
    if !there.map_err(failed)?.file_type().is_socket() {
        return Err(SocketError::NoSocket(path.to_owned()));
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err(SocketError::Taken(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path).map_err(failed),
        Err(error) => Err(failed(error)),
    }
}

async fn serve(listener: UnixListener, control: Arc<Control>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(open.spawn(talk(stream, Arc::clone(&control)))),
                Err(error) => {
                    tracing::warn!(%error, "a command could not connect to this host");
                    // Out of file descriptors, most likely: they come back with time.
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            },
            Some(_) = open.join_next() => {}
        }
    }
}

async fn talk(stream: UnixStream, control: Arc<Control>) {
    let peer = stream.peer_cred().map(|peer| peer.uid());
    // SAFETY: it only reads a number of this process.
    let own = unsafe { libc::geteuid() };
    let stream = TokioIo::new(stream);
    let connection = http1::Builder::new();
    let result = match peer {
        Ok(uid) if uid == own || uid == 0 => {
            let serve = move |request: hyper::Request<hyper::body::Incoming>| {
                let control = Arc::clone(&control);
                let request = request.map(http::incoming);
                async move { Ok::<_, Infallible>(answer(control, request).await) }
            };
            connection.serve_connection(stream, service_fn(serve)).await
        }
        peer => {
            tracing::warn!(?peer, "a command of another user was refused");
            let fault = Fault::new(StatusCode::FORBIDDEN, "this moa runs as another user")
                .hint(format!("ask it as the user {own}, or as root"));
            let refuse = |_| {
                let refusal = http::refuse(&fault);
                async move { Ok::<_, Infallible>(refusal) }
            };
            connection.serve_connection(stream, service_fn(refuse)).await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a command went away in the middle");
    }
}
