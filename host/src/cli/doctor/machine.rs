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
    files(findings);
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

fn files(findings: &mut Findings) {
    let Ok((_, hard)) = rlimit::Resource::NOFILE.get() else {
        return;
    };
    if hard < FILES {
        findings.warning(
            "open files",
            format!("a process may have {hard} files open, and each plugin needs one"),
            "raise it: LimitNOFILE=65536 in the service's unit, or `ulimit -Hn` in the shell that starts moa",
        );
    } else {
        findings.good("open files", format!("a process may have {hard}"));
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

/// Why the machine below this root should be restarted.
fn reboot_pending(root: &Path, release: &str) -> Option<String> {
    for file in ["run/reboot-required", "var/run/reboot-required"] {
        if root.join(file).exists() {
            return Some(format!("/{file} says so"));
        }
    }
    let modules = root.join("lib/modules");
    let others = std::fs::read_dir(&modules).ok()?.flatten().count();
    let own_is_gone = !release.is_empty() && others > 0 && !modules.join(release).exists();
    own_is_gone.then(|| format!("the kernel that runs ({release}) was replaced on disk"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Level;

    #[test]
    fn a_restart_that_is_due_is_seen() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(reboot_pending(root.path(), "6.1"), None);
        std::fs::create_dir_all(root.path().join("lib/modules/6.2")).unwrap();
        assert!(reboot_pending(root.path(), "6.1").unwrap().contains("6.1"));
        assert_eq!(reboot_pending(root.path(), "6.2"), None);
        std::fs::create_dir(root.path().join("run")).unwrap();
        std::fs::write(root.path().join("run/reboot-required"), "").unwrap();
        assert!(reboot_pending(root.path(), "6.2").unwrap().contains("reboot-required"));
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
