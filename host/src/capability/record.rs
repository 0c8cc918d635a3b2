//! How host calls are recorded, and given again to a call that runs again.

use super::Scene;
use crate::recall::kept::Kept;
use crate::recall::print::Print;
use crate::recall::{Step, Stop};
use moa_core::call::{CapError, CapResult};
use moa_store::{Answer, Effect, EffectKey, Refusal, Seq, StoreError, WriteOutcome};

/// Why the store did not take an effect.
pub(super) enum NotDone {
    /// It was refused before the store was asked, or the store cannot be used: nothing is recorded there.
    Refused(CapError),
    /// What the store said.
    Store(StoreError),
}

impl From<CapError> for NotDone {
    fn from(error: CapError) -> Self {
        Self::Refused(error)
    }
}

impl Scene {
    /// A host call that only asks.
    pub(super) async fn read<T: Kept>(
        &self,
        print: Print,
        live: impl Future<Output = CapResult<T>> + Send,
    ) -> CapResult<T> {
        match self.recall.ask(&print, &self.ordinals) {
            Step::New => {
                let answer = live.await;
                self.recall.saw(&print, &answer);
                answer
            }
            Step::Saw(bytes) => self.given(&print, &bytes),
            Step::Did(_) => self.unreadable(&print),
            Step::Stop => Err(CapError::Stopped),
        }
    }

    /// A host call that changes the store. `live` gives the store this effect; `known` makes the answer of what the store
    /// said in an earlier run.
    pub(super) async fn write<T, F>(
        &self,
        print: Print,
        known: impl FnOnce(Result<Vec<WriteOutcome>, Refusal>) -> CapResult<T>,
        live: impl FnOnce(Effect) -> F,
    ) -> CapResult<T>
    where
        F: Future<Output = Result<T, NotDone>> + Send,
    {
        match self.recall.ask(&print, &self.ordinals) {
            Step::New => {}
            Step::Saw(bytes) => {
                // It was not done.
                let refused: CapResult<()> = self.given(&print, &bytes);
                return match refused {
                    Err(error) => Err(error),
                    Ok(()) => self.unreadable(&print),
                };
            }
            Step::Did(Answer::Written(answer)) => {
                self.ordinals.next();
                return known(answer);
            }
            Step::Did(Answer::Noted(_)) => return self.unreadable(&print),
            Step::Stop => return Err(CapError::Stopped),
        }
        // The effect hangs on the journal's record of the event, so that has to be on disk before.
        let Some(seq) = self.ticket.seq().await else {
            self.stop_if_over()?;
            let error =
                CapError::Unavailable("the journal could not record the event of this call; try again later".into());
            self.recall.forsake();
            self.recall.saw::<()>(&print, &Err(error.clone()));
            return Err(error);
        };
        let error = match live(self.effect(seq, &print, self.ordinals.coming())).await {
            Ok(done) => {
                self.ordinals.next();
                self.recall.recorded();
                return Ok(done);
            }
            Err(NotDone::Store(StoreError::Refused(refusal))) => {
                // An answer like any other, and recorded like it.
                self.ordinals.next();
                self.recall.recorded();
                return known(Err(refusal));
            }
            Err(NotDone::Store(error @ StoreError::Diverged(_))) => {
                self.recall.stop(Stop::Diverged(error.to_string()));
                return Err(CapError::Stopped);
            }
            Err(NotDone::Store(StoreError::NotOpen(_))) => {
                self.recall.stop(Stop::Closed);
                return Err(CapError::Stopped);
            }
            // The same number for what comes next: should it be on disk in spite of what the store says, then either the
            // plugin tries the same again and gets its answer, or it goes another way and is stopped.
            Err(NotDone::Store(error)) => self.failed(error),
            Err(NotDone::Refused(error)) => error,
        };
        self.recall.saw::<()>(&print, &Err(error.clone()));
        Err(error)
    }

    /// A host call that changes something outside of the host. It takes its numbers while it does.
    pub(super) async fn outward<T: Kept>(
        &self,
        print: Print,
        live: impl Future<Output = CapResult<T>> + Send,
    ) -> CapResult<T> {
        let bytes = loop {
            match self.recall.ask(&print, &self.ordinals) {
                Step::New => return self.carried_out(&print, live).await,
                Step::Saw(bytes) | Step::Did(Answer::Noted(bytes)) => break bytes,
                // It was about to be done.
                Step::Did(Answer::Written(_)) => self.ordinals.next(),
                Step::Stop => return Err(CapError::Stopped),
            };
        };
        self.given_outward(&print, &bytes)
    }

    /// What was answered, behind how many numbers it took.
    fn given_outward<T: Kept>(&self, print: &Print, bytes: &[u8]) -> CapResult<T> {
        let Some((numbers, answer)) = bytes.split_first_chunk() else {
            return self.unreadable(print);
        };
        let numbers = u32::from_le_bytes(*numbers);
        self.ordinals.go_on_at(self.ordinals.coming().saturating_add(numbers));
        self.given(print, answer)
    }

    /// A host call that changes something outside of the host and cannot be found there again: done at most once. That it
    /// begins is recorded before; where a rerun finds that alone, what came of it is not known, and it is not done again.
    /// `live` is given a key that is the same for the same call of the same invocation.
    pub(super) async fn once<T, F>(&self, print: Print, live: impl FnOnce(String) -> F) -> CapResult<T>
    where
        T: Kept,
        F: Future<Output = CapResult<T>> + Send,
    {
        let mut begun = false;
        let bytes = loop {
            match self.recall.ask(&print, &self.ordinals) {
                Step::New if begun => {
                    let unknown = Err(CapError::Uncertain(format!(
                        "`{print}` was begun by an earlier run of this call, and whether it was done is not known"
                    )));
                    let mut bytes = 0_u32.to_le_bytes().to_vec();
                    T::keep(&unknown, &mut bytes);
                    self.recall.saw_bytes(&print, &bytes);
                    return unknown;
                }
                Step::New => return self.begun_once(&print, live).await,
                Step::Saw(bytes) | Step::Did(Answer::Noted(bytes)) => break bytes,
                Step::Did(Answer::Written(_)) => {
                    begun = true;
                    self.ordinals.next();
                }
                Step::Stop => return Err(CapError::Stopped),
            };
        };
        self.given_outward(&print, &bytes)
    }

    async fn begun_once<T, F>(&self, print: &Print, live: impl FnOnce(String) -> F) -> CapResult<T>
    where
        T: Kept,
        F: Future<Output = CapResult<T>> + Send,
    {
        let refused = |error: CapError| {
            let mut bytes = 0_u32.to_le_bytes().to_vec();
            T::keep(&Err(error.clone()), &mut bytes);
            self.recall.saw_bytes(print, &bytes);
            Err(error)
        };
        let Some(seq) = self.ticket.seq().await else {
            self.stop_if_over()?;
            self.recall.forsake();
            return refused(CapError::Unavailable(
                "the journal could not record the event of this call; try again later".into(),
            ));
        };
        let ordinal = self.ordinals.coming();
        match self
            .store
            .write(Vec::new(), Some(self.effect(seq, print, ordinal)))
            .await
        {
            Ok(_) => {
                self.ordinals.next();
                self.recall.recorded();
            }
            Err(StoreError::NotOpen(_)) => {
                self.recall.stop(Stop::Closed);
                return Err(CapError::Stopped);
            }
            Err(error @ StoreError::Diverged(_)) => {
                self.recall.stop(Stop::Diverged(error.to_string()));
                return Err(CapError::Stopped);
            }
            Err(error) => return refused(self.failed(error)),
        }
        let answer = live(format!("{}-{ordinal}", self.invocation)).await;
        let mut bytes = 1_u32.to_le_bytes().to_vec();
        T::keep(&answer, &mut bytes);
        let effect = self.effect(seq, print, self.ordinals.next());
        match self.store.note(effect, bytes.clone()).await {
            Ok(()) => self.recall.recorded(),
            Err(error) => {
                tracing::warn!(invocation = %self.invocation, %error, "what came of `{print}` could not be noted; a rerun is told that it is not known");
                self.recall.saw_bytes(print, &bytes);
                self.recall.numbered();
            }
        }
        answer
    }

    async fn carried_out<T: Kept>(
        &self,
        print: &Print,
        live: impl Future<Output = CapResult<T>> + Send,
    ) -> CapResult<T> {
        self.settle(print).await?;
        let ordinal = self.ordinals.coming();
        let answer = live.await;
        let numbers = self.ordinals.coming().saturating_sub(ordinal);
        let mut bytes = numbers.to_le_bytes().to_vec();
        T::keep(&answer, &mut bytes);
        // Without a number it was refused before anything could happen.
        if numbers > 0
            && let Some(seq) = self.ticket.seq().await
        {
            match self.store.note(self.effect(seq, print, ordinal), bytes.clone()).await {
                Ok(()) => {
                    self.recall.recorded();
                    return answer;
                }
                Err(error) => {
                    tracing::warn!(invocation = %self.invocation, %error, "what a call did could not be noted; after a crash the service is asked whether it was done");
                }
            }
        }
        // It goes to disk with the next effect.
        self.recall.saw_bytes(print, &bytes);
        if numbers > 0 {
            self.recall.numbered();
        }
        answer
    }

    /// Records what the call was given before it changes something outside. That takes a number even where it cannot be
    /// recorded, so that a rerun finds the message that follows under the same one.
    async fn settle(&self, print: &Print) -> CapResult<()> {
        if self.recall.is_settled() {
            return Ok(());
        }
        let Some(seq) = self.ticket.seq().await else {
            self.stop_if_over()?;
            self.unsettled();
            return Ok(());
        };
        let effect = self.effect(seq, print, self.ordinals.coming());
        match self.store.write(Vec::new(), Some(effect)).await {
            Ok(_) => {
                self.ordinals.next();
                self.recall.recorded();
                Ok(())
            }
            Err(StoreError::NotOpen(_)) => {
                self.recall.stop(Stop::Closed);
                Err(CapError::Stopped)
            }
            Err(error @ StoreError::Diverged(_)) => {
                self.recall.stop(Stop::Diverged(error.to_string()));
                Err(CapError::Stopped)
            }
            Err(error) => {
                // A full disk is no reason to be silent.
                tracing::warn!(invocation = %self.invocation, %error, "a call says something before what led to it is recorded; after a crash it may say something else");
                self.unsettled();
                Ok(())
            }
        }
    }

    fn unsettled(&self) {
        self.ordinals.next();
        self.recall.numbered();
    }

    /// An event that turns out to be done with is not worked on a second time.
    fn stop_if_over(&self) -> CapResult<()> {
        if self.ticket.over() {
            self.recall.stop(Stop::Closed);
            return Err(CapError::Stopped);
        }
        Ok(())
    }

    fn effect(&self, seq: Seq, print: &Print, ordinal: u32) -> Effect {
        Effect {
            key: EffectKey {
                seq,
                invocation: self.effects.clone(),
                ordinal,
            },
            fingerprint: print.bytes().to_vec(),
            by: self.recall.by().to_owned(),
            seen: self.recall.seen(),
        }
    }

    /// The store could not do it.
    pub(super) fn failed(&self, error: StoreError) -> CapError {
        self.recall.forsake();
        refused(error)
    }

    fn given<T: Kept>(&self, print: &Print, bytes: &[u8]) -> CapResult<T> {
        T::give(bytes).unwrap_or_else(|| self.unreadable(print))
    }

    fn unreadable<T>(&self, print: &Print) -> CapResult<T> {
        self.recall.unreadable(print);
        Err(CapError::Stopped)
    }
}

/// What the store says, in the contract's words.
pub(super) fn refused(error: StoreError) -> CapError {
    let text = error.to_string();
    match error {
        StoreError::Refused(Refusal::Conflict { .. }) => CapError::Conflict(text),
        StoreError::Refused(Refusal::NotANumber { .. } | Refusal::Overflow { .. }) => CapError::Invalid(text),
        StoreError::Refused(Refusal::Quota { .. }) => CapError::OverLimit(text),
        StoreError::Diverged(_) => CapError::Stopped,
        StoreError::NotOpen(_)
        | StoreError::NotAVersion { .. }
        | StoreError::Io(_)
        | StoreError::Damaged(_)
        | StoreError::Away { .. }
        | StoreError::Uncertain { .. }
        | StoreError::Declined { .. }
        | StoreError::TakenOver { .. }
        | StoreError::Closed => CapError::Unavailable(text),
    }
}
