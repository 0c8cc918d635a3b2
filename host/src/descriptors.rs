//! How many files this process may have open: each plugin that is loaded holds one, for its code is mapped from it.

/// Kept for everything else: connections, the store, files that are looked at, versions that calls still run on.
const ELSE: u64 = 256;

/// Raises the limit of open files as far as it goes, and says for how many plugins that is enough.
///
/// The usual limit of 1,024 is for programs that wait for files with `select`, which Moa does not.
pub fn raise() -> usize {
    let limit = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => limit,
        Err(error) => {
            let limit = rlimit::Resource::NOFILE.get_soft().unwrap_or(ELSE);
            tracing::warn!(%error, limit, "the limit of open files stays as it is");
            limit
        }
    };
    tracing::debug!(limit, "open files");
    room(limit)
}

/// For how many plugins so many files are enough.
fn room(limit: u64) -> usize {
    // Where there is little, half of it.
    let plugins = limit - ELSE.min(limit.div_ceil(2));
    usize::try_from(plugins).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_left_for_everything_else() {
        let rooms = [0, 1, 64, 1024, 20_000].map(room);
        assert_eq!(rooms, [0, 0, 32, 768, 19_744]);
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        let room_now = raise();
        let (soft, hard) = rlimit::Resource::NOFILE.get().unwrap();
        assert_eq!(soft, hard);
        assert_eq!(room_now, room(soft));
    }
}
