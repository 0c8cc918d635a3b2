//! Posts of JANDI's that wait for their answer: what is said in time goes into the response.

use moa_core::jandi::Body;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// What a post is answered with.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// This; nothing where nothing was said.
    Said(Vec<Body>),
    /// It could not be taken over.
    Lost,
}

/// All posts that wait, by the address for answers that their events carry.
#[derive(Clone, Default)]
pub struct Waiting(Arc<Mutex<Posts>>);

#[derive(Default)]
struct Posts {
    by_address: HashMap<String, Post>,
    /// The number of the last, which tells a post from one that came before it under the same address.
    last: u64,
}

struct Post {
    number: u64,
    /// What was said so far, where all of it has to go into the response.
    gathered: Option<Vec<Body>>,
    tell: oneshot::Sender<Answer>,
}

/// A post that waits, as long as it is held.
pub struct Awaited {
    waiting: Waiting,
    address: String,
    number: u64,
    answer: oneshot::Receiver<Answer>,
}

/// The end of a post, for whoever learns of it. Dropped without [`Ending::over`], the post is lost.
pub struct Ending {
    waiting: Waiting,
    address: String,
    number: u64,
}

impl Waiting {
    /// Lets a post wait; `None` while another of the same address does. With `gather` all that is said goes into the
    /// response, and otherwise the first of it.
    pub fn expect(&self, address: &str, gather: bool) -> Option<(Awaited, Ending)> {
        let mut posts = self.lock();
        let number = posts.last + 1;
        let (tell, answer) = oneshot::channel();
        match posts.by_address.entry(address.to_owned()) {
            Entry::Occupied(_) => return None,
            Entry::Vacant(vacant) => vacant.insert(Post {
                number,
                gathered: gather.then(Vec::new),
                tell,
            }),
        };
        posts.last = number;
        let ending = Ending {
            waiting: self.clone(),
            address: address.to_owned(),
            number,
        };
        let awaited = Awaited {
            waiting: self.clone(),
            address: address.to_owned(),
            number,
            answer,
        };
        Some((awaited, ending))
    }

    /// Says something to a post. It comes back where none waits (any more).
    pub fn say(&self, address: &str, what: Body) -> Result<(), Body> {
        let mut posts = self.lock();
        let Some(post) = posts.by_address.get_mut(address) else {
            return Err(what);
        };
        if let Some(gathered) = &mut post.gathered {
            gathered.push(what);
            return Ok(());
        }
        let Some(post) = posts.by_address.remove(address) else {
            return Err(what);
        };
        drop(posts);
        match post.tell.send(Answer::Said(vec![what])) {
            Err(Answer::Said(mut back)) => back.pop().map_or(Ok(()), Err),
            _ => Ok(()),
        }
    }

    fn take(&self, address: &str, number: u64) -> Option<Post> {
        let mut posts = self.lock();
        match posts.by_address.entry(address.to_owned()) {
            Entry::Occupied(entry) if entry.get().number == number => Some(entry.remove()),
            _ => None,
        }
    }

    /// Nothing is half changed here by a panic elsewhere.
    fn lock(&self) -> MutexGuard<'_, Posts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Awaited {
    /// Waits for the answer until `patience` is over. Then nothing more is said to it, and what was said so far comes as
    /// the error.
    pub async fn answer(mut self, patience: std::time::Duration) -> Result<Answer, Vec<Body>> {
        if let Ok(told) = tokio::time::timeout(patience, &mut self.answer).await {
            return Ok(told.unwrap_or(Answer::Lost));
        }
        match self.waiting.take(&self.address, self.number) {
            Some(post) => Err(post.gathered.unwrap_or_default()),
            // Somebody spoke in this very moment.
            None => Ok(self.answer.try_recv().unwrap_or(Answer::Lost)),
        }
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        // Whoever asked is gone: the answer has to find another way.
        drop(self.waiting.take(&self.address, self.number));
    }
}

impl Ending {
    /// All was said.
    pub fn over(self) {
        if let Some(post) = self.waiting.take(&self.address, self.number) {
            drop(post.tell.send(Answer::Said(post.gathered.unwrap_or_default())));
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(post) = self.waiting.take(&self.address, self.number) {
            let answer = match post.gathered {
                Some(gathered) if !gathered.is_empty() => Answer::Said(gathered),
                _ => Answer::Lost,
            };
            drop(post.tell.send(answer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(2);

    fn body(text: &str) -> Body {
        Body::plain(text)
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_that_is_said_is_the_answer_and_the_rest_comes_back() {
        let waiting = Waiting::default();
        let (awaited, ending) = waiting.expect("a", false).unwrap();
        assert!(waiting.expect("a", false).is_none(), "one at a time");
        assert_eq!(waiting.say("a", body("one")), Ok(()));
        assert_eq!(waiting.say("a", body("two")), Err(body("two")));
        ending.over();
        assert_eq!(awaited.answer(PATIENCE).await, Ok(Answer::Said(vec![body("one")])));
        assert!(waiting.expect("a", false).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn where_there_is_no_other_way_all_of_it_is_the_answer() {
        let waiting = Waiting::default();
        let (awaited, ending) = waiting.expect("a", true).unwrap();
        for text in ["one", "two"] {
            assert_eq!(waiting.say("a", body(text)), Ok(()));
        }
        ending.over();
        let all = vec![body("one"), body("two")];
        assert_eq!(awaited.answer(PATIENCE).await, Ok(Answer::Said(all)));
        let (awaited, _ending) = waiting.expect("a", true).unwrap();
        waiting.say("a", body("early")).unwrap();
        assert_eq!(awaited.answer(PATIENCE).await, Err(vec![body("early")]));
        assert_eq!(waiting.say("a", body("late")), Err(body("late")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_post_ends_in_time_or_when_nothing_is_said_or_when_it_is_lost() {
        let waiting = Waiting::default();
        let (awaited, ending) = waiting.expect("a", false).unwrap();
        ending.over();
        assert_eq!(awaited.answer(PATIENCE).await, Ok(Answer::Said(vec![])));
        let (awaited, ending) = waiting.expect("a", false).unwrap();
        drop(ending);
        assert_eq!(awaited.answer(PATIENCE).await, Ok(Answer::Lost));
        let (awaited, ending) = waiting.expect("a", false).unwrap();
        assert_eq!(awaited.answer(PATIENCE).await, Err(vec![]));
        // A later post of the same address is not ended by the earlier one's end.
        let (awaited, _ending) = waiting.expect("a", false).unwrap();
        ending.over();
        assert_eq!(waiting.say("a", body("one")), Ok(()));
        assert_eq!(awaited.answer(PATIENCE).await, Ok(Answer::Said(vec![body("one")])));
        // Whoever is gone is told nothing.
        let (awaited, _ending) = waiting.expect("a", false).unwrap();
        drop(awaited);
        assert_eq!(waiting.say("a", body("one")), Err(body("one")));
    }
}
