//! A machine of a test's own that systemd started: a minimal Debian below `systemd-nspawn`, on a layer that is thrown away.
//!
//! It is made once and kept in the target directory, and boots in a second. It shares the network of the test, so that
//! the simulated workspace is in reach. It has control groups of its own, and its processes cannot name those outside.

use super::super::support::process::moa;
use super::super::support::{DEADLINE, GLANCE, required};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, MutexGuard};

/// What is in it beside the essential: a change of it makes another one.
const PACKAGES: &str = "systemd,systemd-sysv,dbus,libpam-systemd,ca-certificates,cron,sudo";
/// Where control groups are, whichever version of them.
const GROUPS: [&str; 3] = ["/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"];

/// A machine that runs. It is switched off when this is dropped.
pub struct Machine {
    base: PathBuf,
    /// What is written in it.
    layer: tempfile::TempDir,
    /// Files of this machine's, and where they are in that one.
    bound: Vec<String>,
    nspawn: Child,
    name: String,
    /// One at a time is enough for what this machine has.
    _turn: MutexGuard<'static, ()>,
}

/// What a command said, and whether it succeeded.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub text: String,
}

impl Machine {
    /// Boots one; nothing, with a word about it, where there cannot be one. The binary under test is `/usr/local/bin/moa`;
    /// `bound` are further files of this machine's, and where they are in that one.
    pub async fn boot(bound: &[(&Path, &str)]) -> Option<Self> {
        let binary = PathBuf::from(moa(Path::new("/")).get_program());
        let all = [bound, &[(&*binary, "/usr/local/bin/moa")]].concat();
        Self::empty(&all).await
    }

    /// The same without the binary.
    pub async fn empty(bound: &[(&Path, &str)]) -> Option<Self> {
        static TURN: Mutex<()> = Mutex::const_new(());
        let turn = TURN.lock().await;
        let base = match base() {
            Ok(base) => base,
            Err(why) => {
                assert!(!required(), "no machine with systemd: {why}");
                println!("SKIPPED: no machine with systemd: {why}");
                return None;
            }
        };
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "moa-test-{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        let layer = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        for folder in ["up", "work", "root"] {
            std::fs::create_dir(layer.path().join(folder)).unwrap();
        }
        let bound: Vec<String> = bound
            .iter()
            .map(|(from, to)| format!("--bind-ro={}:{to}", from.display()))
            .collect();
        let nspawn = spawn(&base, layer.path(), &name, &bound);
        let mut machine = Self {
            base,
            layer,
            bound,
            nspawn,
            name,
            _turn: turn,
        };
        machine.up().await;
        machine.run("mkdir -p /var/log/journal && systemctl restart systemd-journald");
        Some(machine)
    }

    /// Waits until it has booted.
    async fn up(&mut self) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.nspawn.try_wait().unwrap() {
                let mut said = String::new();
                if let Some(mut stream) = self.nspawn.stderr.take() {
                    let _ = std::io::Read::read_to_string(&mut stream, &mut said);
                }
                panic!("the machine did not boot ({status}): {said}");
            }
            if self.leader().is_some() {
                let state = self.run("systemctl is-system-running").text;
                if ["running", "degraded"].contains(&state.trim()) {
                    return;
                }
            }
            assert!(begun.elapsed() < DEADLINE, "the machine does not boot");
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Boots it again, as `reboot` does.
    pub async fn reboot(&mut self) {
        self.run("systemctl reboot --no-wall");
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.nspawn.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < DEADLINE * 2, "the machine does not go down");
            tokio::time::sleep(GLANCE).await;
        };
        // So it says that whoever started it is to start it again.
        assert_eq!(status.code(), Some(133), "{status}");
        self.nspawn = spawn(&self.base, self.layer.path(), &self.name, &self.bound);
        self.up().await;
    }

    /// Its first process, as this machine numbers it.
    fn leader(&self) -> Option<u32> {
        let id = self.nspawn.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
        children.split_whitespace().next()?.parse().ok()
    }

    /// Runs a shell script in it as root.
    pub fn run(&self, script: &str) -> Said {
        let Some(leader) = self.leader() else {
            return Said {
                code: None,
                text: "the machine is not up".into(),
            };
        };
        let output = Command::new("nsenter")
            .args(["--target", &leader.to_string(), "--all"])
            .args([
                "env",
                "-i",
                "HOME=/root",
                "USER=root",
                "LC_ALL=C.UTF-8",
                "SYSTEMD_PAGER=",
            ])
            .args(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"])
            .args(["bash", "-c", &format!("exec 2>&1; cd /root; {script}")])
            .output()
            .unwrap();
        Said {
            code: output.status.code(),
            text: String::from_utf8_lossy(&output.stdout).into_owned(),
        }
    }

    /// The same, which must succeed.
    pub fn done(&self, script: &str) -> String {
        let said = self.run(script);
        assert_eq!(said.code, Some(0), "{script}\n{}\n{}", said.text, self.journal());
        said.text
    }

    /// Puts a file into it.
    pub fn write(&self, path: &str, text: &str) {
        let there = self.file(path);
        std::fs::create_dir_all(there.parent().unwrap()).unwrap();
        std::fs::write(&there, text).unwrap();
        std::fs::set_permissions(&there, std::fs::Permissions::from_mode(0o644)).unwrap();
    }

    /// Where a file of it is, as this machine sees it.
    pub fn file(&self, path: &str) -> PathBuf {
        PathBuf::from(format!(
            "/proc/{}/root{path}",
            self.leader().expect("the machine is up")
        ))
    }

    /// What a unit is said to be.
    pub fn property(&self, name: &str) -> String {
        self.run(&format!("systemctl show --property {name} --value moa"))
            .text
            .trim()
            .to_owned()
    }

    /// What the service said, and systemd of it, over all boots.
    pub fn journal(&self) -> String {
        self.run("journalctl --no-pager -o cat -u moa").text
    }

    /// Waits until a property has a value.
    pub async fn until(&self, property: &str, value: &str) {
        let begun = Instant::now();
        while self.property(property) != value {
            assert!(
                begun.elapsed() < DEADLINE * 2,
                "{property} is {} instead of {value}:\n{}",
                self.property(property),
                self.journal()
            );
            tokio::time::sleep(GLANCE * 5).await;
        }
    }

    /// Waits until the journal has another line with these words than so many as it had.
    pub async fn says(&self, words: &str, before: usize) -> String {
        let begun = Instant::now();
        loop {
            let journal = self.journal();
            if let Some(line) = journal.lines().filter(|line| line.contains(words)).nth(before) {
                return line.to_owned();
            }
            assert!(begun.elapsed() < DEADLINE * 2, "{words:?} is not said:\n{journal}");
            tokio::time::sleep(GLANCE * 5).await;
        }
    }

    /// How many lines of the journal have these words.
    pub fn said(&self, words: &str) -> usize {
        self.journal().lines().filter(|line| line.contains(words)).count()
    }

    /// The service's process, as this machine numbers it.
    pub fn process(&self) -> u32 {
        let inside = self.property("MainPID");
        let namespace = |id: &str| std::fs::read_link(format!("/proc/{id}/ns/pid")).ok();
        let ours = namespace(&self.leader().unwrap().to_string());
        let is_it = |id: &String| {
            let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
            let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
            numbers.and_then(|numbers| numbers.split_whitespace().last()) == Some(inside.as_str())
                && namespace(id) == ours
        };
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        let mut ids = all.map(|entry| entry.file_name().to_string_lossy().into_owned());
        ids.find(is_it)
            .and_then(|id| id.parse().ok())
            .expect("the service runs")
    }

    /// A limit of memory that the service's process is under from now on.
    pub fn starve(&self, bytes: u64) -> Result<Starved, String> {
        let process = self.process();
        let own = Path::new("/sys/fs/cgroup/memory");
        if own.join("memory.limit_in_bytes").exists() {
            let group = own.join(&self.name);
            let make = || -> std::io::Result<()> {
                std::fs::create_dir(&group)?;
                std::fs::write(group.join("memory.limit_in_bytes"), bytes.to_string())?;
                std::fs::write(group.join("cgroup.procs"), process.to_string())
            };
            make().map_err(|error| format!("{}: {error}", group.display()))?;
            return Ok(Starved(Some(group)));
        }
        // Version 2: the group that systemd made for it is the one that counts.
        let text = std::fs::read_to_string(format!("/proc/{process}/cgroup")).unwrap();
        let group = text
            .lines()
            .find_map(|line| line.strip_prefix("0::"))
            .unwrap_or_default();
        let file = format!("/sys/fs/cgroup{group}/memory.max");
        match std::fs::write(&file, bytes.to_string()) {
            Ok(()) => Ok(Starved(None)),
            Err(error) => Err(format!("{file}: {error}")),
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the machine's journal:\n{}\n---", self.journal());
        }
        // With its first process all others of it end; `kill` is given no number that is not of its own child's.
        if let Some(leader) = self.leader() {
            let _ = Command::new("kill").args(["-KILL", &leader.to_string()]).status();
        } else {
            let _ = self.nspawn.kill();
        }
        let _ = self.nspawn.wait();
        for groups in GROUPS {
            let group = Path::new(groups).join(&self.name);
            if group.exists() {
                let empty = ["-depth", "-type", "d", "-exec", "rmdir", "{}", ";"];
                let _ = Command::new("find")
                    .arg(group)
                    .args(empty)
                    .stderr(Stdio::null())
                    .status();
            }
        }
    }
}

/// Switches it on. Its own groups, so that it never takes the processes of another one for its own; its own mounts, which
/// go with it.
fn spawn(base: &Path, layer: &Path, name: &str, bound: &[String]) -> Child {
    let script = r#"
        for groups in $MOA_GROUPS; do
            if [ -w "$groups/cgroup.procs" ]; then mkdir -p "$groups/$1" && echo $$ > "$groups/$1/cgroup.procs"; fi
        done
        exec unshare --mount --propagation private sh -c '
            mount -t overlay overlay -o "lowerdir=$0,upperdir=$1/up,workdir=$1/work" "$1/root" || exit 9
            layer=$1 name=$2; shift 2
            exec systemd-nspawn --quiet --directory "$layer/root" --machine "$name" --register=no --keep-unit --boot \
                --console=pipe --resolv-conf=off --link-journal=no "$@"' "$0" "$2" "$1" "${@:3}""#;
    Command::new("bash")
        .args(["-c", script])
        .arg(base)
        .arg(name)
        .arg(layer)
        .args(bound)
        .env("MOA_GROUPS", GROUPS.join(" "))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A group of a test's own, which goes when its process has gone.
pub struct Starved(Option<PathBuf>);

impl Drop for Starved {
    fn drop(&mut self) {
        if let Some(group) = &self.0 {
            let begun = Instant::now();
            while std::fs::remove_dir(group).is_err() && begun.elapsed() < Duration::from_secs(5) {
                std::thread::sleep(GLANCE);
            }
        }
    }
}

/// A minimal system, made the first time; or why there is none.
fn base() -> Result<PathBuf, String> {
    // SAFETY: it only reads a number of this process.
    if unsafe { libc::geteuid() } != 0 {
        return Err("that takes the rights of root".into());
    }
    for program in ["debootstrap", "systemd-nspawn", "nsenter", "unshare", "bash"] {
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .chain(["/usr/sbin".into(), "/sbin".into()])
            .any(|folder: PathBuf| folder.join(program).exists());
        if !found {
            return Err(format!("{program} not found"));
        }
    }
    let (suite, mirror) = suite_and_mirror()?;
    let key = format!("{suite}-{}", PACKAGES.replace(',', "+"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("systemd");
    let root = folder.join(&key);
    if root.exists() {
        return Ok(root);
    }
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    // Under another name until it is whole: a half-made one has parts of this machine mounted, and is never booted.
    let partial = folder.join(format!("{key}.{}", std::process::id()));
    println!("making a minimal {suite}; this takes a minute, once");
    let output = Command::new("debootstrap")
        .args(["--variant=minbase", &format!("--include={PACKAGES}"), &suite])
        .arg(&partial)
        .arg(&mirror)
        .output()
        .map_err(|error| error.to_string())?;
    let mounted = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    if mounted.contains(&*partial.to_string_lossy()) {
        return Err(format!("{} is still mounted", partial.display()));
    }
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let last = said.lines().last().unwrap_or_default().to_owned();
        let _ = std::fs::remove_dir_all(&partial);
        return Err(format!("debootstrap {suite} {mirror}: {last}"));
    }
    std::fs::rename(&partial, &root).map_err(|error| error.to_string())?;
    Ok(root)
}

/// This machine's own, so that the binary under test fits it.
fn suite_and_mirror() -> Result<(String, String), String> {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let suite = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let suite = suite
        .ok_or("this is neither Debian nor Ubuntu")?
        .trim_matches('"')
        .to_owned();
    let output = Command::new("apt-get")
        .args([
            "indextargets",
            "--format",
            "$(REPO_URI) $(CODENAME) $(COMPONENT) $(CREATED_BY)",
        ])
        .output()
        .map_err(|error| format!("apt-get: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let of_suite = text.lines().find_map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            [uri, codename, "main", "Packages"] if *codename == suite => Some((*uri).to_owned()),
            _ => None,
        }
    });
    let mirror = of_suite.ok_or(format!("apt knows no mirror of {suite}"))?;
    Ok((suite, mirror))
}
