//! The system's journal, by its own protocol: a datagram with a field on each line
//! (systemd, "Native Journal Protocol").

use super::human;
use super::record::Record;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;
use tracing::Level;

/// Where the journal listens.
const SOCKET: &str = "/run/systemd/journal/socket";
/// Tests listen elsewhere.
const OTHER_SOCKET: &str = "MOA_TEST_JOURNAL_SOCKET";
/// The longest value that is sent whole, in bytes: a datagram has a limit.
const LONGEST: usize = 32 << 10;
/// How long the journal may keep the host waiting.
const PATIENCE: Duration = Duration::from_millis(200);

/// The connection to the journal.
#[derive(Debug)]
pub struct Journal(UnixDatagram);

impl Journal {
    /// Connects.
    ///
    /// # Errors
    /// There is no journal.
    pub fn connect() -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        match std::env::var_os(OTHER_SOCKET) {
            Some(other) => socket.connect(other)?,
            None => socket.connect(SOCKET)?,
        }
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(Self(socket))
    }

    pub(super) fn send(&self, record: &Record) -> io::Result<()> {
        self.0.send(&datagram(record)).map(drop)
    }
}

/// The fields of a line. What has a name of the journal's own keeps it; the others begin with `MOA_`.
fn datagram(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    let priority = match record.level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "6",
        _ => "7",
    };
    // As people read it who look at nothing but this.
    put(&mut bytes, "MESSAGE", &human::text(record));
    put(&mut bytes, "PRIORITY", priority);
    put(&mut bytes, "SYSLOG_IDENTIFIER", "moa");
    put(&mut bytes, "TARGET", record.target);
    for (name, value) in &record.fields {
        let name: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_uppercase()
                } else {
                    '_'
                }
            })
            .collect();
        put(&mut bytes, &format!("MOA_{name}"), &value.text());
    }
    bytes
}

/// `NAME=value`, or where the value has several lines its length before it.
fn put(bytes: &mut Vec<u8>, name: &str, value: &str) {
    let value = value.get(..value.floor_char_boundary(LONGEST)).unwrap_or(value);
    bytes.extend_from_slice(name.as_bytes());
    if value.contains('\n') {
        bytes.push(b'\n');
        bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
    } else {
        bytes.push(b'=');
    }
    bytes.extend_from_slice(value.as_bytes());
    bytes.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_several_lines_has_its_length_before_it() {
        let mut bytes = Vec::new();
        put(&mut bytes, "A", "b=c");
        put(&mut bytes, "M", "x\nPRIORITY=0");
        let mut expected = b"A=b=c\nM\n".to_vec();
        expected.extend_from_slice(&[12, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend_from_slice(b"x\nPRIORITY=0\n");
        assert_eq!(bytes, expected);
        let mut long = Vec::new();
        put(&mut long, "M", &"가".repeat(LONGEST));
        assert!(long.len() < LONGEST + 8);
    }
}
