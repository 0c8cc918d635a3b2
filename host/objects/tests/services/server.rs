//! Servers of services, on free ports of the loopback address.

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

/// S3's interface.
pub fn moto_or_skip() -> Option<Server> {
    let folder = kept("moto-5.2.5");
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
    Some(start(|port| {
        let mut command = Command::new(&python);
        command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
        command
    }))
}

/// Azure's interface, with the container `moa`.
pub fn azurite_or_skip(account: &str, key: &str) -> Option<Server> {
    let folder = kept("azurite-3.37.0");
    let script = folder.join("node_modules/azurite/dist/src/blob/main.js");
    let installed = script.exists()
        || std::fs::create_dir_all(&folder).is_ok()
            && ran(Command::new("npm")
                .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
                .arg(&folder)
                .arg(AZURITE))
            && script.exists();
    if !installed || !ran(Command::new("node").arg("--version")) {
        return skip("azurite cannot be installed: it needs node and npm, and their registry");
    }
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
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some(server)
}

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn ran(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn start(command: impl Fn(u16) -> Command) -> Server {
    // Between choosing a port and listening there somebody else may take it.
    for _ in 0..3 {
        let port = TcpListener::bind(("127.0.0.1", 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let quiet = command(port)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut server = Server {
            port,
            child: quiet.unwrap(),
        };
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && server.child.try_wait().unwrap().is_none() {
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
