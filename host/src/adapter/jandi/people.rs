//! Who wrote lately: JANDI has no directory that could be asked.

use moa_core::jandi::Person;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many people are kept in mind. Past that all are forgotten, and known again when they write.
const MOST: usize = 10_000;

/// People by id.
#[derive(Default)]
pub struct People(Mutex<HashMap<String, Person>>);

impl People {
    /// Somebody wrote.
    pub fn know(&self, person: &Person) {
        let mut people = self.lock();
        if people.get(&person.id) == Some(person) {
            return;
        }
        if people.len() >= MOST {
            people.clear();
        }
        people.insert(person.id.clone(), person.clone());
    }

    /// Who has this id.
    pub fn get(&self, id: &str) -> Option<Person> {
        self.lock().get(id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Person>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
