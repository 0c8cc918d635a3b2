//! Files that are gone.
//!
//! A file that goes may have a successor: the same plugin in a file of another name. Until it is known what is in the files
//! that came, its plugin serves on, so that a new version under a new name loses no command.

use super::{File, Keeper};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::time::Duration;
use tokio::time::Instant;

/// How long a plugin whose file is gone serves on at most, whatever takes so long.
const SUCCESSION: Duration = Duration::from_secs(30);

/// What a file that is gone waits for.
pub(super) struct Leaving {
    /// Files of which it is not known yet what is in them.
    heirs: BTreeSet<OsString>,
    /// Until when.
    pub(super) until: Instant,
}

impl Keeper {
    /// A file is not in the folder any more.
    pub(super) fn gone(&mut self, name: OsString) {
        self.halt(&name);
        let serves = self.files.get(&name).is_some_and(|file| file.serving.is_some());
        if !serves {
            let removed = self.files.remove(&name);
            // What was wrong with it is wrong no more.
            self.changed |= removed.is_some_and(|file| file.problem.is_some());
            return self.decided(&name);
        }
        let busy = |(name, file): (&OsString, &File)| file.is_busy().then(|| name.clone());
        let leaving = Leaving {
            heirs: self.files.iter().filter_map(busy).collect(),
            until: Instant::now() + SUCCESSION,
        };
        self.leaving.insert(name.clone(), leaving);
        self.decided(&name);
    }

    /// It is known what came of a file.
    pub(super) fn decided(&mut self, name: &OsStr) {
        for leaving in self.leaving.values_mut() {
            leaving.heirs.remove(name);
        }
        self.go_on_behind(name);
    }

    /// Nothing is known yet of a file that is looked at again later. It may still be an heir; those who wait behind it need
    /// not wait that long.
    pub(super) fn undecided(&mut self, name: &OsStr) {
        self.touched.add(name.to_owned());
        self.go_on_behind(name);
    }

    fn go_on_behind(&mut self, name: &OsStr) {
        for other in self.work.behind(name) {
            let waits = self
                .files
                .get(&other)
                .is_some_and(|file| file.behind.as_deref() == Some(name));
            if waits {
                self.requeue(&other);
            }
        }
    }

    /// Removes the plugins of files that are gone and have no successor.
    pub(super) fn leave(&mut self, now: Instant) {
        let over = |leaving: &Leaving| leaving.heirs.is_empty() || leaving.until <= now;
        while let Some(name) = self
            .leaving
            .iter()
            .find_map(|(name, leaving)| over(leaving).then(|| name.clone()))
        {
            self.leaving.remove(&name);
            if let Some(old) = self.files.remove(&name).and_then(|file| file.serving) {
                self.changed = true;
                self.removed(&old);
            }
        }
    }
}
