//! The machine: disk, files, clock zone, uptime.

use super::super::status::rounded;
use super::Findings;
use moa_core::config::{Config, duration_text};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// Less room than this on the data's disk is a problem, and than this soon.
const NO_ROOM: u64 = 64 << 20;
const LITTLE_ROOM: u64 = 512 << 20;
/// Open files that are enough for a bot with a few hundred plugins.
const FILES: u64 = 4096;
/// A machine that runs for longer has most likely missed updates of its kernel.
const LONG: Duration = Duration::from_secs(180 * 86_400);

pub(super) fn examine(config: &Config, findings: &mut Findings) {
    data(&config.bot.data_dir, findings);
    zone(config, findings);
    uptime(findings);
}

fn data(dir: &Path, findings: &mut Findings) {
    let Ok(metadata) = std::fs::metadata(dir) else {
        findings.note(
            "data",
            format!("the data directory {} is not there yet", dir.display()),
            "`moa run` makes it; if there was one, check bot.data-dir and --data-dir",
        );
        return;
    };
    // SAFETY: takes nothing and cannot fail.
    let me = unsafe { libc::geteuid() };
    let owner = metadata.uid();
    if owner != me && me != 0 {
        findings.problem(
            "data",
            format!("{} belongs to user {owner}, and this is user {me}", dir.display()),
            "run this as the user that moa runs as, or give the directory to that user: chown -R USER DIR",
        );
    } else if metadata.mode() & 0o077 != 0 {
        findings.warning(
            "data",
            format!(
                "{} can be read by others (mode {:o})",
                dir.display(),
                metadata.mode() & 0o777
            ),
            format!("chmod 700 {}; the next `moa run` does it, too", dir.display()),
        );
    } else {
        findings.good("data", format!("{} is closed to others", dir.display()));
    }
    let Some((free, inodes)) = room(dir) else { return };
    let left = format!("{} are free where the data is", rounded(free));
    let remedy = "make room: `moa brain stats` shows who remembers how much, DATA/backups holds copies that can go, DATA/compiled is made again when it is needed";
    match free {
        0..NO_ROOM => findings.problem("disk", left, remedy),
        NO_ROOM..LITTLE_ROOM => findings.warning("disk", left, remedy),
        _ if inodes == Some(0) => findings.problem("disk", "no more files can be made where the data is", remedy),
        _ => findings.good("disk", left),
    }
}

/// Bytes and files that can still be made in a folder.
fn room(dir: &Path) -> Option<(u64, Option<u64>)> {
    let path = CString::new(dir.as_os_str().as_bytes()).ok()?;
    // SAFETY: the struct is plain numbers, for which zero is a value; the path ends in a zero and outlives the call.
    let stat = unsafe {
        let mut stat: libc::statvfs = std::mem::zeroed();
        (libc::statvfs(path.as_ptr(), &raw mut stat) == 0).then_some(stat)
    }?;
    // Some file systems count no files.
    let inodes = (stat.f_files > 0).then_some(stat.f_favail);
    Some((stat.f_bavail.saturating_mul(stat.f_frsize), inodes))
}

/// How many files the host that runs may have open.
pub(super) fn files_of(host: u32, findings: &mut Findings) {
    // Who may not look there is told nothing: the limit of this process would be another's.
    let limits = std::fs::read_to_string(format!("/proc/{host}/limits")).unwrap_or_default();
    match open_files(&limits) {
        Some(hard) if hard < FILES => findings.warning(
            "open files",
            format!("moa may have {hard} files open, and each plugin needs one"),
            "raise it: LimitNOFILE=65536 in the service's unit, or `ulimit -Hn` in the shell that starts moa",
        ),
        Some(hard) => findings.good("open files", format!("moa may have {hard}")),
        None => {}
    }
}

/// How many a host would have that is started from here.
pub(super) fn files_here(findings: &mut Findings) {
    match rlimit::Resource::NOFILE.get_hard() {
        Ok(hard) if hard < FILES => findings.note(
            "open files",
            format!("a moa that is started from here may have {hard} files open, and each plugin needs one"),
            "nothing, if it runs as a service: its unit has a limit of its own; else raise it with `ulimit -Hn`",
        ),
        Ok(hard) => findings.good("open files", format!("a moa that is started from here may have {hard}")),
        Err(_) => {}
    }
}

/// The hard limit of open files, out of a process's `limits` in /proc. The host raises its own to that.
fn open_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().nth(1)? {
        "unlimited" => Some(u64::MAX),
        hard => hard.parse().ok(),
    }
}

fn zone(config: &Config, findings: &mut Findings) {
    let (own, system) = (&config.bot.timezone, jiff::tz::TimeZone::system());
    match system.iana_name() {
        Some(name) if name == own => findings.good("time zone", format!("{own}, as the machine's")),
        Some(name) => findings.note(
            "time zone",
            format!("bot.timezone is {own}, the machine's is {name}"),
            "nothing, if that is wanted: jobs without a zone of their own go by bot.timezone",
        ),
        None => findings.good("time zone", format!("{own}; the machine names none")),
    }
}

fn uptime(findings: &mut Findings) {
    let text = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds = text.split('.').next().and_then(|seconds| seconds.parse().ok());
    let Some(up) = seconds.map(Duration::from_secs) else {
        return;
    };
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let said = format!(
        "it runs since {}",
        duration_text(Duration::from_secs(up.as_secs() / 60 * 60))
    );
    let remedy = "restart the machine when it suits; what the bot accepted and did not finish is done after the start";
    if let Some(why) = reboot_pending(Path::new("/"), release.trim()) {
        findings.warning("machine", format!("{said}, and waits for a restart: {why}"), remedy);
    } else if up > LONG {
        findings.note(
            "machine",
            format!("{said}: updates of its kernel are not in use"),
            remedy,
        );
    } else {
        findings.good("machine", said);
    }
}

/// Why the machine below this root should be restarted. A container has no kernel of its own, and none to wait for.
fn reboot_pending(root: &Path, release: &str) -> Option<String> {
    let marks = ["run/systemd/container", ".dockerenv", "run/.containerenv"];
    if marks.iter().any(|mark| root.join(mark).exists()) {
        return None;
    }
    for file in ["run/reboot-required", "var/run/reboot-required"] {
        if root.join(file).exists() {
            return Some(format!("/{file} says so"));
        }
    }
    let running = Kernel::of(release)?;
    let installed = std::fs::read_dir(root.join("lib/modules")).ok()?.flatten();
    // Headers alone have a folder there, too; what can be booted has a list of its modules.
    let newest = installed
        .filter(|folder| folder.path().join("modules.dep").exists())
        .filter_map(|folder| {
            let name = folder.file_name().to_string_lossy().into_owned();
            Kernel::of(&name).map(|kernel| (kernel.numbers, kernel.flavour, name))
        })
        .filter(|(numbers, flavour, _)| *flavour == running.flavour && *numbers > running.numbers)
        .max()?;
    let (.., name) = newest;
    Some(format!("the kernel {name} is installed, and {release} runs"))
}

/// A kernel's release: `6.1.0-28-amd64` is 6, 1, 0, 28 of the flavour `amd`.
struct Kernel {
    numbers: Vec<u64>,
    /// The letters behind the numbers. Which of two flavours is the newer one cannot be said.
    flavour: String,
}

impl Kernel {
    fn of(release: &str) -> Option<Self> {
        let end = release.find(|c: char| c.is_alphabetic() || matches!(c, '+' | '_'));
        let (numbers, flavour) = release.split_at(end.unwrap_or(release.len()));
        let numbers: Vec<u64> = numbers.split(['.', '-']).filter_map(|one| one.parse().ok()).collect();
        let flavour = flavour.chars().filter(|c| c.is_alphabetic()).collect();
        (!numbers.is_empty()).then_some(Self { numbers, flavour })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Level;

    #[test]
    fn a_restart_that_is_due_is_seen() {
        let root = tempfile::tempdir().unwrap();
        let pending = |release: &str| reboot_pending(root.path(), release);
        let own = "6.1.0-28-amd64";
        assert_eq!(pending(own), None);
        let install = |release: &str| {
            let folder = root.path().join("lib/modules").join(release);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("modules.dep"), "").unwrap();
        };
        // Headers alone, an older one, and those of other flavours are nothing to wait for.
        std::fs::create_dir_all(root.path().join("lib/modules/6.1.0-40-amd64/build")).unwrap();
        for other in ["6.1.0-9-amd64", "6.12.1-rpi-v8", "6.12.0-1-cloud-amd64"] {
            install(other);
        }
        for release in [own, "5.15.90.1-microsoft-standard-WSL2", "6.12.1-rpi-2712", "", "odd"] {
            assert_eq!(pending(release), None, "{release}");
        }
        install("6.1.0-29-amd64");
        let why = pending(own).unwrap();
        assert!(why.contains("6.1.0-29-amd64") && why.contains(own), "{why}");
        assert_eq!(pending("6.1.0-29-amd64"), None);
        install("6.5.6-300.fc40.x86_64");
        assert!(pending("6.5.6-200.fc39.x86_64").is_some());
        std::fs::create_dir_all(root.path().join("run/systemd")).unwrap();
        std::fs::write(root.path().join("run/reboot-required"), "").unwrap();
        assert!(pending("6.1.0-29-amd64").unwrap().contains("reboot-required"));
        // What a container's image has is another's.
        std::fs::write(root.path().join("run/systemd/container"), "docker").unwrap();
        assert_eq!(pending(own), None);
    }

    #[test]
    fn the_limit_is_that_of_the_process() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max processes             1                    2                    processes \n\
                      Max open files            1024                 65536                files     \n";
        assert_eq!(open_files(limits), Some(65_536));
        assert_eq!(open_files(&limits.replace("65536", "unlimited")), Some(u64::MAX));
        assert_eq!(open_files(""), None);
        let mut findings = Findings::default();
        files_of(std::process::id(), &mut findings);
        let hard = rlimit::Resource::NOFILE.get_hard().unwrap();
        assert!(findings.0[0].found.contains(&hard.to_string()), "{findings:?}");
    }

    #[test]
    fn the_data_directory_is_looked_at() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let found = |path: &Path| {
            let mut findings = Findings::default();
            data(path, &mut findings);
            findings
        };
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        assert!(
            found(dir.path())
                .0
                .iter()
                .any(|one| one.check == "data" && one.level == Level::Good)
        );
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(
            found(dir.path())
                .0
                .iter()
                .any(|one| one.check == "data" && one.level == Level::Warning)
        );
        assert_eq!(found(&dir.path().join("none")).worst(), Level::Note);
        assert!(room(dir.path()).unwrap().0 > 0);
    }
}
