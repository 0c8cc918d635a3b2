//! A database server of its own for a test: on a free port of the loopback address, its data in a temporary folder.
//!
//! ```no_run
//! # fn example() -> std::io::Result<()> {
//! let Some(server) = moa_test_databases::mariadb_or_skip()? else { return Ok(()) };
//! println!("{}", server.url());
//! # Ok(())
//! # }
//! ```

use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The password of the only user, `moa`, who may do everything. It stands in the address, encoded.
pub const PASSWORD: &str = "pass/word:1";
const ENCODED: &str = "pass%2Fword%3A1";

/// A running server with an empty database `moa`. It ends with the test.
#[derive(Debug)]
pub struct Server {
    scheme: &'static str,
    port: u16,
    child: Child,
    stop: libc::c_int,
    _folder: TempDir,
}

impl Server {
    /// `SCHEME://moa:PASSWORD@127.0.0.1:PORT/moa`
    pub fn url(&self) -> String {
        format!("{}://moa:{ENCODED}@127.0.0.1:{}/moa", self.scheme, self.port)
    }

    /// The port that it listens at.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            // SAFETY: a signal to our own child, which is not waited for yet, so that the pid is its.
            unsafe { libc::kill(pid, self.stop) };
        }
        // A test that is over has nobody to tell.
        let _ = self.child.wait();
    }
}

/// Starts MariaDB; without its programs prints `skipped: mariadbd not found` and gives `None`.
///
/// # Errors
/// That there is none although the environment says `MOA_TEST_REQUIRE=all`; otherwise what goes wrong.
pub fn mariadb_or_skip() -> io::Result<Option<Server>> {
    let (Some(server), Some(install)) = (program("mariadbd"), program("mariadb-install-db")) else {
        return skip("mariadbd");
    };
    let folder = TempDir::new()?;
    let account = Account::of("mysql")?;
    account.own(folder.path())?;
    let data = folder.path().join("data");
    let made = account.run(
        Command::new(install)
            .args([
                "--no-defaults",
                "--skip-test-db",
                "--auth-root-authentication-method=normal",
                "--skip-name-resolve",
            ])
            .arg(format!("--datadir={}", data.display())),
    )?;
    succeeded("mariadb-install-db", &made)?;
    let setup = folder.path().join("setup.sql");
    std::fs::write(
        &setup,
        format!(
            "CREATE DATABASE moa CHARACTER SET utf8mb4;\nCREATE USER moa@'%' IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO moa@'%';\n"
        ),
    )?;
    account.own(&setup)?;
    start("mysql", "mariadbd", libc::SIGKILL, folder, |port, folder| {
        let mut command = Command::new(&server);
        command
            .args([
                "--no-defaults",
                "--bind-address=127.0.0.1",
                "--skip-name-resolve",
                "--innodb-flush-log-at-trx-commit=0",
            ])
            .args([
                "--innodb-buffer-pool-size=16M",
                "--performance-schema=OFF",
                "--skip-log-bin",
            ])
            .arg(format!("--port={port}"))
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", folder.join("socket").display()))
            .arg(format!("--init-file={}", setup.display()));
        account.become_it(&mut command);
        command
    })
    .map(Some)
}

/// Starts PostgreSQL; without its programs prints `skipped: postgres not found` and gives `None`.
///
/// # Errors
/// As [`mariadb_or_skip`].
pub fn postgres_or_skip() -> io::Result<Option<Server>> {
    let (Some(server), Some(install)) = (program("postgres"), program("initdb")) else {
        return skip("postgres");
    };
    let folder = TempDir::new()?;
    let account = Account::of("postgres")?;
    account.own(folder.path())?;
    let password = folder.path().join("password");
    std::fs::write(&password, PASSWORD)?;
    account.own(&password)?;
    let data = folder.path().join("data");
    let made = account.run(
        Command::new(install)
            .args([
                "--username=moa",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ])
            .arg(format!("--pwfile={}", password.display()))
            .arg(format!("--pgdata={}", data.display())),
    )?;
    succeeded("initdb", &made)?;
    let started = start("postgres", "postgres", libc::SIGQUIT, folder, |port, folder| {
        let mut command = Command::new(&server);
        command
            .arg("-D")
            .arg(&data)
            .args([
                "-p",
                &port.to_string(),
                "-h",
                "127.0.0.1",
                "-c",
                "fsync=off",
                "-c",
                "shared_buffers=16MB",
                "-k",
            ])
            .arg(folder);
        account.become_it(&mut command);
        command
    })?;
    let make = program("createdb").ok_or_else(|| io::Error::other("createdb not found"))?;
    let begun = Instant::now();
    loop {
        // It listens before it lets anybody in.
        let made = Command::new(&make)
            .args(["-h", "127.0.0.1", "-U", "moa", "-p", &started.port.to_string(), "moa"])
            .env("PGPASSWORD", PASSWORD)
            .output()?;
        match succeeded("createdb", &made) {
            Ok(()) => return Ok(Some(started)),
            Err(error) if begun.elapsed() > PATIENCE => return Err(error),
            Err(_) => std::thread::sleep(LOOK_EVERY),
        }
    }
}

/// Starts a server and waits until it listens.
fn start(
    scheme: &'static str,
    name: &str,
    stop: libc::c_int,
    folder: TempDir,
    command: impl Fn(u16, &Path) -> Command,
) -> io::Result<Server> {
    let mut said = String::new();
    // Between choosing a port and listening there somebody else may take it.
    for _ in 0..5 {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let log = folder.path().join("log");
        let file = std::fs::File::create(&log)?;
        let mut child = command(port, folder.path())
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()?;
        let begun = Instant::now();
        loop {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(Server {
                    scheme,
                    port,
                    child,
                    stop,
                    _folder: folder,
                });
            }
            if child.try_wait()?.is_some() {
                break;
            }
            if begun.elapsed() > PATIENCE {
                child.kill()?;
                child.wait()?;
                break;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        said = std::fs::read_to_string(&log)?;
    }
    Err(io::Error::other(format!("{name} does not start: {said}")))
}

/// Who a server runs as: some refuse to be root.
enum Account {
    Oneself,
    Other { user: u32, group: u32 },
}

impl Account {
    /// The account of this name where we are root.
    fn of(name: &str) -> io::Result<Self> {
        // SAFETY: it only tells who we are.
        if unsafe { libc::geteuid() } != 0 {
            return Ok(Self::Oneself);
        }
        let accounts = std::fs::read_to_string("/etc/passwd")?;
        let ids = accounts.lines().find_map(|line| {
            let mut fields = line.split(':');
            let found = fields.next() == Some(name);
            let (user, group) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
            found.then_some(Self::Other { user, group })
        });
        ids.ok_or_else(|| io::Error::other(format!("there is no account `{name}` for the server to run as")))
    }

    fn own(&self, path: &Path) -> io::Result<()> {
        match self {
            Self::Oneself => Ok(()),
            Self::Other { user, group } => chown(path, Some(*user), Some(*group)),
        }
    }

    fn become_it(&self, command: &mut Command) {
        if let Self::Other { user, group } = self {
            command.uid(*user).gid(*group).current_dir("/");
        }
    }

    fn run(&self, command: &mut Command) -> io::Result<Output> {
        self.become_it(command);
        command.stdin(Stdio::null()).output()
    }
}

fn succeeded(name: &str, made: &Output) -> io::Result<()> {
    match made.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "{name}: {}{}",
            String::from_utf8_lossy(&made.stdout),
            String::from_utf8_lossy(&made.stderr)
        ))),
    }
}

/// A program on the path, or where the packages hide it.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
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
