//! Servers that speak as cloud services do, on free ports of the loopback address: Amazon's as PyPI's `moto` has them,
//! Azure's storage as npm's `azurite` has it. Each is installed once, into the folder for temporary files of the build.
//!
//! ```no_run
//! let Some(server) = moa_test_services::moto_or_skip() else { return };
//! println!("{}", server.url());
//! ```

#![allow(
    clippy::panic,
    clippy::expect_used,
    reason = "a test whose server cannot be started has to end there"
)]

use std::fs::{self, File};
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const MOTO: &str = "moto[server]==5.2.5";
const AZURITE: &str = "azurite@3.37.0";
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes azurite's container, for which a request has to be signed: argument by argument the address, the account, its key
/// and the container.
const CONTAINER: &str = r#"
import base64, datetime, hashlib, hmac, sys, urllib.request
address, account, key, container = sys.argv[1:]
date = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
text = "PUT" + "\n" * 12 + f"x-ms-date:{date}\nx-ms-version:2021-08-06\n/{account}/{account}/{container}\nrestype:container"
signed = base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()
headers = {"x-ms-date": date, "x-ms-version": "2021-08-06", "Authorization": f"SharedKey {account}:{signed}"}
urllib.request.urlopen(urllib.request.Request(f"{address}/{account}/{container}?restype=container", method="PUT", headers=headers))
"#;

/// A running server. It ends with the test.
#[derive(Debug)]
pub struct Server {
    port: u16,
    child: Child,
}

impl Server {
    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that is over has nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Amazon's services (S3, EC2, RDS and others) behind one address. Without python3 or PyPI prints why it is `skipped` and
/// gives `None`.
///
/// # Panics
/// If it does not start, and where the environment says `MOA_TEST_REQUIRE=all`, if it cannot be installed.
pub fn moto_or_skip() -> Option<Server> {
    let folder = kept("moto-5.2.5");
    let alone = alone(&folder);
    let python = folder.join("bin/python");
    let has = || ran(Command::new(&python).args(["-c", "import moto.server"]));
    let installed = has()
        || ran(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))
            && ran(Command::new(&python).args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                MOTO,
            ]))
            && has();
    if !installed {
        return skip("moto cannot be installed: it needs python3 with venv, and PyPI");
    }
    drop(alone);
    Some(start(|port| {
        let mut command = Command::new(&python);
        command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
        command
    }))
}

/// Azure's storage, with the container `moa`. Without node, npm or their registry prints why it is `skipped` and gives
/// `None`.
///
/// # Panics
/// If it does not start, and where the environment says `MOA_TEST_REQUIRE=all`, if it cannot be installed.
pub fn azurite_or_skip(account: &str, key: &str) -> Option<Server> {
    let folder = kept("azurite-3.37.0");
    let alone = alone(&folder);
    let script = folder.join("node_modules/azurite/dist/src/blob/main.js");
    let installed = script.exists()
        || fs::create_dir_all(&folder).is_ok()
            && ran(Command::new("npm")
                .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
                .arg(&folder)
                .arg(AZURITE))
            && script.exists();
    if !installed || !ran(Command::new("node").arg("--version")) {
        return skip("azurite cannot be installed: it needs node and npm, and their registry");
    }
    drop(alone);
    let server = start(|port| {
        let mut command = Command::new("node");
        command.arg(&script).args([
            "--inMemoryPersistence",
            "--silent",
            "--skipApiVersionCheck",
            "--disableTelemetry",
        ]);
        command.args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()]);
        command.current_dir(&folder);
        command
    });
    let made = Command::new("python3")
        .args(["-c", CONTAINER, &server.url(), account, key, "moa"])
        .output()
        .expect("python3 starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some(server)
}

/// A folder that outlives the tests: where cargo builds, which the running test is below.
fn kept(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    let target = test.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    let target = target.map_or_else(std::env::temp_dir, PathBuf::from);
    target.join("tmp").join(name)
}

/// Several tests may want to install the same; one does while the others wait. Until it is dropped.
fn alone(folder: &Path) -> Option<File> {
    fs::create_dir_all(folder.parent()?).ok()?;
    let lock = File::create(folder.with_extension("lock")).ok()?;
    lock.lock().ok()?;
    Some(lock)
}

fn ran(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn start(command: impl Fn(u16) -> Command) -> Server {
    // Between choosing a port and listening there somebody else may take it.
    for _ in 0..3 {
        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let quiet = command(port)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut server = Server {
            port,
            child: quiet.expect("its program starts"),
        };
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && matches!(server.child.try_wait(), Ok(None)) {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return server;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    panic!("a server does not start: {:?}", command(0));
}

fn skip<T>(why: &str) -> Option<T> {
    if std::env::var("MOA_TEST_REQUIRE").is_ok_and(|what| what == "all") {
        panic!("{why}");
    }
    // Tests say why they do nothing.
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
    None
}
