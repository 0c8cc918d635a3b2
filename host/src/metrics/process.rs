//! What the system knows of this process.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

/// When the process began to count, which is when it began.
static STARTED: LazyLock<SystemTime> = LazyLock::new(SystemTime::now);

/// Notes the start. To be called first of all.
pub fn begin() {
    LazyLock::force(&STARTED);
}

/// When this process started.
pub fn started() -> SystemTime {
    *STARTED
}

/// What it uses; nothing where the system does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Memory that it holds, in bytes.
    pub resident: Option<u64>,
    /// The most memory that it ever held, in bytes.
    pub resident_peak: Option<u64>,
    /// Time that it computed.
    pub cpu: Option<Duration>,
    /// Files and connections that it has open.
    pub files: Option<u64>,
    /// How many it may have.
    pub most_files: Option<u64>,
    /// Its threads.
    pub threads: Option<u64>,
}

/// What this process uses now.
pub fn usage() -> Usage {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    Usage {
        resident: field("VmRSS:").map(|kib| kib << 10),
        resident_peak: field("VmHWM:").map(|kib| kib << 10),
        cpu: cpu(),
        files: std::fs::read_dir("/proc/self/fd")
            .ok()
            .map(|files| files.count() as u64),
        most_files: rlimit::Resource::NOFILE.get().ok().map(|(soft, _)| soft),
        threads: field("Threads:"),
    }
}

fn cpu() -> Option<Duration> {
    // SAFETY: the struct is plain numbers, for which zero is a value, and the call fills it or fails.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        (libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) == 0).then_some(usage)
    }?;
    let of = |time: libc::timeval| {
        let seconds = Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0));
        seconds + Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
    };
    Some(of(usage.ru_utime) + of(usage.ru_stime))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_measured() {
        begin();
        let usage = usage();
        assert!(usage.resident.unwrap() > 1 << 20);
        assert!(usage.resident_peak.unwrap() >= usage.resident.unwrap() / 2);
        assert!(usage.cpu.unwrap() > Duration::ZERO);
        assert!(usage.files.unwrap() >= 3 && usage.most_files.unwrap() >= usage.files.unwrap());
        assert!(usage.threads.unwrap() >= 1);
        assert!(started() <= SystemTime::now());
    }
}
