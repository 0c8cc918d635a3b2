//! The protocol of `sd_notify(3)`: assignments, one a line, as a datagram to the socket that `NOTIFY_SOCKET` names.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The way to the service manager.
pub(super) struct Notify {
    socket: UnixDatagram,
    to: SocketAddr,
}

impl Notify {
    /// The way that the environment names; nothing where no service manager wants to hear.
    pub(super) fn of_environment() -> Option<Self> {
        let name = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty())?;
        let way = address(name.as_bytes()).and_then(|to| {
            let socket = UnixDatagram::unbound()?;
            // Whoever cannot be told at once is told the next time: nothing here may wait.
            socket.set_nonblocking(true)?;
            Ok(Self { socket, to })
        });
        way.inspect_err(|error| tracing::warn!(%error, "the service manager cannot be told how it goes"))
            .ok()
    }

    /// The socket at this path (tests).
    #[cfg(test)]
    pub(super) fn to(path: &std::path::Path) -> Self {
        Self {
            socket: UnixDatagram::unbound().unwrap(),
            to: SocketAddr::from_pathname(path).unwrap(),
        }
    }

    /// Tells it these assignments.
    pub(super) fn say(&self, text: &str) {
        if let Err(error) = self.socket.send_to_addr(text.as_bytes(), &self.to) {
            tracing::debug!(%error, "the service manager was not told");
        }
    }
}

/// A path, or with `@` a name that is in no file system.
fn address(name: &[u8]) -> io::Result<SocketAddr> {
    match name.split_first() {
        Some((b'@', name)) => SocketAddr::from_abstract_name(name),
        _ => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(name)),
    }
}

/// How often the service manager wants to hear that it goes on, at the least; nothing where it does not mind.
pub(super) fn watchdog() -> Option<Duration> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    // Whoever inherited it is not meant.
    let is_ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
    let time = number("WATCHDOG_USEC").filter(|time| is_ours && *time > 0)?;
    Some(Duration::from_micros(time))
}

/// The time as `RELOADING=1` wants it: microseconds of the clock that nobody sets.
pub(super) fn monotonic() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on every Linux, and `time` is ours to be written.
    let read = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_nsec));
    match (read, seconds, nanos) {
        (0, Ok(seconds), Ok(nanos)) => seconds.saturating_mul(1_000_000).saturating_add(nanos / 1_000),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_arrives_as_one_datagram_by_path_and_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let name = format!("moa-test-{}", std::process::id());
        let abstract_one = SocketAddr::from_abstract_name(&name).unwrap();
        for (text, there) in [
            (path.to_str().unwrap().to_owned(), UnixDatagram::bind(&path).unwrap()),
            (format!("@{name}"), UnixDatagram::bind_addr(&abstract_one).unwrap()),
        ] {
            let way = Notify {
                socket: UnixDatagram::unbound().unwrap(),
                to: address(text.as_bytes()).unwrap(),
            };
            way.say("READY=1\nSTATUS=읽습니다");
            let mut heard = [0; 100];
            let length = there.recv(&mut heard).unwrap();
            assert_eq!(&heard[..length], "READY=1\nSTATUS=읽습니다".as_bytes());
        }
    }

    #[test]
    fn the_clock_that_nobody_sets_goes_on() {
        let before = monotonic();
        std::thread::sleep(Duration::from_millis(2));
        assert!(before > 0 && monotonic() >= before + 1_000);
    }
}
