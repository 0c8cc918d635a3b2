//! What this machine, or the container around us, has.

use std::path::Path;

/// Where nothing can be found out: small enough for the smallest server.
const GUESS: u64 = 1 << 30;

/// Bytes of memory: the machine's, or less where a control group says so.
pub(crate) fn memory() -> u64 {
    let machine = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| mem_total(&text))
        .unwrap_or(GUESS);
    let group = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    group_limit(&group, |path| std::fs::read_to_string(path).ok()).map_or(machine, |limit| limit.min(machine))
}

/// Number of processors that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get())
}

fn mem_total(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kilobytes: u64 = line.split_ascii_whitespace().nth(1)?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// The smallest limit on the way from our control group to the root, versions 2 and 1. Inside a container the path
/// may not exist below its mount point, so the mount point itself is asked too.
fn group_limit(groups: &str, read: impl Fn(&Path) -> Option<String>) -> Option<u64> {
    let mut smallest: Option<u64> = None;
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let (mount, file) = if controllers.is_empty() {
            ("/sys/fs/cgroup", "memory.max")
        } else if controllers.split(',').any(|one| one == "memory") {
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        } else {
            continue;
        };
        for step in Path::new(path.trim_start_matches('/')).ancestors() {
            let limit = read(&Path::new(mount).join(step).join(file)).and_then(|text| text.trim().parse::<u64>().ok());
            smallest = match (smallest, limit) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
    }
    smallest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_memory_is_read_in_kilobytes() {
        let text = "MemTotal:        2048 kB\nMemFree:         1 kB\n";
        assert_eq!(mem_total(text), Some(2 << 20));
        assert_eq!(mem_total("nonsense"), None);
    }

    #[test]
    fn the_smallest_group_limit_counts() {
        let files = |path: &Path| match path.to_str()? {
            "/sys/fs/cgroup/a/b/memory.max" => Some("max\n".into()),
            "/sys/fs/cgroup/a/memory.max" => Some("1000\n".into()),
            "/sys/fs/cgroup/memory/c/memory.limit_in_bytes" => Some("3000\n".into()),
            _ => None,
        };
        assert_eq!(group_limit("0::/a/b\n", files), Some(1000));
        assert_eq!(group_limit("7:cpu,memory:/c\n3:pids:/x\n", files), Some(3000));
        assert_eq!(group_limit("0::/\n", files), None);
    }

    #[test]
    fn there_is_some_of_both() {
        assert!(memory() > 0 && cores() > 0);
    }
}
