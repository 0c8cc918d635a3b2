//! A Redis server of its own for a test: on a free port of the loopback address, its data in a temporary folder.
//!
//! ```no_run
//! # fn example() -> std::io::Result<()> {
//! let Some(mut redis) = moa_test_redis::Redis::start_or_skip()? else { return Ok(()) };
//! println!("{}", redis.url());
//! redis.kill()?;
//! redis.start_again()?;
//! # Ok(())
//! # }
//! ```

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long the server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// What it is told unless a test says otherwise: every write is on disk before it is answered.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// A running, or stopped, `redis-server`. It ends with the test.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    settings: Vec<String>,
    secure: bool,
    child: Option<Child>,
    folder: TempDir,
    certificates: Option<TempDir>,
}

impl Redis {
    /// Starts a server that loses nothing; without `redis-server` prints `skipped: redis-server not found` and gives
    /// `None`.
    ///
    /// # Errors
    /// That there is none although the environment says `MOA_TEST_REQUIRE=all`; otherwise what goes wrong.
    pub fn start_or_skip() -> io::Result<Option<Self>> {
        Self::start_with(&[])
    }

    /// The same with further settings, as on the command line of `redis-server`; they go before its own.
    ///
    /// # Errors
    /// As [`start_or_skip`](Self::start_or_skip).
    pub fn start_with(settings: &[&str]) -> io::Result<Option<Self>> {
        Self::start(settings, false)
    }

    fn start(settings: &[&str], secure: bool) -> io::Result<Option<Self>> {
        let mut last = None;
        // Between choosing a port and listening there somebody else may take it.
        for _ in 0..5 {
            let mut redis = Self {
                port: TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port(),
                settings: DURABLE.iter().chain(settings).map(|text| (*text).to_owned()).collect(),
                secure,
                child: None,
                folder: TempDir::new()?,
                certificates: None,
            };
            match redis.start_again() {
                Ok(()) => return Ok(Some(redis)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return skip("redis-server");
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::Error::other("no free port")))
    }

    /// A server that is talked to by TLS, and the file with the certificate of the authority that vouches for it, which
    /// is trusted where `SSL_CERT_FILE` names it.
    ///
    /// # Errors
    /// As [`start_or_skip`](Self::start_or_skip); also for want of `openssl`, which makes the certificates.
    pub fn start_secure_or_skip() -> io::Result<Option<(Self, PathBuf)>> {
        let folder = TempDir::new()?;
        if !certify(folder.path())? {
            return skip("openssl");
        }
        let authority = folder.path().join("authority.pem");
        let [key, certificate] =
            ["server.key", "server.pem"].map(|name| folder.path().join(name).display().to_string());
        let settings = [
            ("--tls-cert-file", certificate.as_str()),
            ("--tls-key-file", key.as_str()),
            ("--tls-auth-clients", "no"),
        ];
        let settings: Vec<&str> = settings.into_iter().flat_map(|(name, value)| [name, value]).collect();
        let mut redis = Self::start(&settings, true)?;
        if let Some(redis) = &mut redis {
            redis.certificates = Some(folder);
        }
        Ok(redis.map(|redis| (redis, authority)))
    }

    /// `redis://127.0.0.1:PORT`, or `rediss://` by TLS.
    pub fn url(&self) -> String {
        let scheme = if self.secure { "rediss" } else { "redis" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// The port that it listens at, also while it is stopped.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it again on the same port with the same data, and waits until it answers.
    ///
    /// # Errors
    /// When it does not start; what it said is in the text.
    pub fn start_again(&mut self) -> io::Result<()> {
        let child = Command::new("redis-server")
            .args(if self.secure {
                ["--port", "0", "--tls-port"]
            } else {
                ["--tls-port", "0", "--port"]
            })
            .arg(self.port.to_string())
            .args(["--bind", "127.0.0.1"])
            .arg("--dir")
            .arg(self.folder.path())
            .args(["--save", "", "--databases", "4"])
            .args(&self.settings)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let said = self.child.insert(child).stdout.take();
        let begun = Instant::now();
        while !self.answers() {
            let ended = self
                .child
                .as_mut()
                .is_none_or(|child| !matches!(child.try_wait(), Ok(None)));
            if ended || begun.elapsed() > PATIENCE {
                self.kill()?;
                let mut log = String::new();
                if let Some(mut said) = said {
                    said.read_to_string(&mut log)?;
                }
                return Err(io::Error::other(format!("redis-server does not start: {log}")));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        // Its log must not fill the pipe.
        if let Some(said) = said {
            std::thread::spawn(move || io::copy(&mut { said }, &mut io::sink()));
        }
        Ok(())
    }

    fn answers(&self) -> bool {
        if self.secure {
            return TcpStream::connect(("127.0.0.1", self.port)).is_ok();
        }
        self.say("PING")
            .is_ok_and(|line| line.starts_with("+PONG") || line.starts_with("-NOAUTH"))
    }

    /// Says one command, written inline, and gives the first line of the answer.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn say(&self, command: &str) -> io::Result<String> {
        let mut line = String::new();
        self.send(command)?.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    /// Says one command and gives the texts of the list that it answers with.
    ///
    /// # Errors
    /// When it does not answer, or with something else.
    pub fn ask(&self, command: &str) -> io::Result<Vec<String>> {
        let mut lines = self.send(command)?.lines();
        let mut next = || lines.next().unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()));
        let head = next()?;
        let count = head.strip_prefix('*').and_then(|count| count.parse().ok());
        let count: usize = count.ok_or_else(|| io::Error::other(format!("{command}: {head}")))?;
        let mut texts = Vec::with_capacity(count);
        for _ in 0..count {
            // Its length, which only texts with line ends would need.
            next()?;
            texts.push(next()?);
        }
        Ok(texts)
    }

    fn send(&self, command: &str) -> io::Result<BufReader<TcpStream>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(format!("{command}\r\n").as_bytes())?;
        Ok(BufReader::new(stream))
    }

    /// Ends it as a power cut would: nothing is said, nothing is written any more.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn kill(&mut self) -> io::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Lets it stand still, with its connections open; see [`resume`](Self::resume).
    pub fn freeze(&self) {
        self.signal(libc::SIGSTOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal(libc::SIGCONT);
    }

    fn signal(&self, signal: libc::c_int) {
        if let Some(pid) = self.child.as_ref().and_then(|child| i32::try_from(child.id()).ok()) {
            // SAFETY: a signal to our own child, which is not waited for yet, so that the pid is its.
            unsafe { libc::kill(pid, signal) };
        }
    }
}

/// What a test does that can't be done here.
fn skip<T>(missing: &str) -> io::Result<Option<T>> {
    if std::env::var("MOA_TEST_REQUIRE").is_ok_and(|what| what == "all") {
        return Err(io::Error::other(format!("{missing} not found: install its package")));
    }
    // Tests say why they do nothing.
    let _ = writeln!(io::stderr(), "skipped: {missing} not found");
    Ok(None)
}

/// Makes an authority and a server that it vouches for; whether there is an `openssl` to do so.
fn certify(folder: &Path) -> io::Result<bool> {
    const AUTHORITY: &str = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority \
        -keyout authority.key -out authority.pem";
    const REQUEST: &str = "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server \
        -keyout server.key -out server.csr";
    const SIGN: &str = "x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 \
        -extfile names -out server.pem";
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1")?;
    for step in [AUTHORITY, REQUEST, SIGN] {
        let made = Command::new("openssl")
            .args(step.split_whitespace())
            .current_dir(folder)
            .stdin(Stdio::null())
            .output();
        match made {
            Ok(made) if made.status.success() => {}
            Ok(made) => return Err(io::Error::other(String::from_utf8_lossy(&made.stderr).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

impl Drop for Redis {
    fn drop(&mut self) {
        // A test that is over has nobody to tell.
        let _ = self.kill();
    }
}
