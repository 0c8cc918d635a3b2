//! Effects: where they are recorded, and what was.

use super::clerk::Lazy;
use super::names::{self, Journal, Owner};
use super::scripts::Script;
use super::{Inner, Kind, Place, Places, brain, codec, read};
use crate::error::StoreError;
use crate::types::{Answer, Effect, Recorded, Seq, WriteOutcome};
use redis::Cmd;

impl Inner {
    /// Where the effect is recorded, or is being recorded, if it is not here.
    pub(super) fn claim(&self, effect: &Effect, place: &Place) -> Result<Option<Place>, StoreError> {
        self.owns_journal()?;
        let key = &effect.key;
        let books = self.books();
        let places = books.open.get(&key.seq).ok_or(StoreError::NotOpen(key.seq))?;
        let known = places.get(&(key.invocation.clone(), key.ordinal));
        Ok(known
            .filter(|known| *place == Place::Journal || *known != place)
            .cloned())
    }

    /// From now on the effect is looked for there.
    pub(super) fn take_place(&self, effect: &Effect, place: Place) {
        let key = &effect.key;
        if let Some(places) = self.books().open.get_mut(&key.seq) {
            places.insert((key.invocation.clone(), key.ordinal), place);
        }
    }

    /// What a write with this effect is answered if the effect is recorded there.
    pub(super) async fn answered(&self, effect: &Effect, place: &Place) -> Result<Option<Told>, StoreError> {
        let get = lookup(effect, place);
        let packed: Option<Vec<u8>> = self.ask_one(get, Kind::Repeatable).await?;
        packed.map(|packed| told(effect, &packed)).transpose()
    }

    /// An effect that writes nothing: only that it happened.
    pub(super) async fn record_nothing(&self, effect: &Effect) -> Result<Vec<WriteOutcome>, StoreError> {
        self.take_place(effect, Place::Journal);
        let (mut packed, _) = codec::effect_head(effect);
        packed.extend_from_slice(b"w{\"Ok\":[]}");
        let run = self.note_command(effect, &packed)?;
        // It may have been recorded before; what was then is what counts.
        let mut answers = self
            .ask(&[run, lookup(effect, &Place::Journal)], Kind::Repeatable)
            .await?;
        match read::<Option<Vec<u8>>>(answers.pop())? {
            Some(packed) => told(effect, &packed)?,
            None => Err(StoreError::NotOpen(effect.key.seq)),
        }
    }

    fn note_command(&self, effect: &Effect, packed: &[u8]) -> Result<Cmd, StoreError> {
        let notes = Journal::notes(effect.key.seq);
        let mut run = self.change(Script::Note, [Journal::META, &notes, Journal::OPEN])?;
        run.arg(effect.key.seq.0)
            .arg(names::effect_field(&effect.key.invocation, effect.key.ordinal))
            .arg(packed);
        Ok(run)
    }

    pub(super) fn note(&self, effect: &Effect, answer: &[u8]) -> Result<(), StoreError> {
        self.owns_journal()?;
        let key = &effect.key;
        {
            let mut books = self.books();
            let Some(places) = books.open.get_mut(&key.seq) else {
                tracing::debug!(effect = ?key, "nothing was noted: the journal record is not open");
                return Ok(());
            };
            let known = (key.invocation.clone(), key.ordinal);
            if places.contains_key(&known) {
                tracing::debug!(effect = ?key, "nothing was noted: the effect was recorded before");
                return Ok(());
            }
            places.insert(known, Place::Journal);
        }
        let command = self.note_command(effect, &codec::pack_note(effect, answer))?;
        self.clerk.add(Lazy {
            seq: key.seq,
            commands: vec![command],
            then: None,
        });
        Ok(())
    }

    /// The effects of a record with their calls, by call and ordinal.
    pub(super) async fn effects(&self, seq: Seq) -> Result<Vec<(String, Recorded)>, StoreError> {
        self.still_open()?;
        let known = self.books().open.get(&seq).map(|places| place_keys(places, seq));
        let keys = known.unwrap_or_else(|| self.effect_keys(seq));
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let gets: Vec<Cmd> = keys
            .iter()
            .map(|key| {
                let mut get = redis::cmd("HGETALL");
                get.arg(key);
                get
            })
            .collect();
        let mut found = Vec::new();
        for answer in self.ask(&gets, Kind::Repeatable).await? {
            for (field, packed) in brain::pairs(answer)? {
                let field = String::from_utf8_lossy(&field);
                let Some((ordinal, call)) = names::read_effect_field(&field) else {
                    return Err(StoreError::Damaged("an effect in Redis has no number".to_owned()));
                };
                found.push((call.to_owned(), codec::recorded(ordinal, &packed)?));
            }
        }
        found.sort_by(|(a, one), (b, other)| (a, one.ordinal).cmp(&(b, other.ordinal)));
        Ok(found)
    }

    /// Wherever effects of a record that is not open may be.
    pub(super) fn effect_keys(&self, seq: Seq) -> Vec<String> {
        let books = self.books();
        let owners = books.owners.iter().map(|owner| owner.effects(seq));
        owners.chain([Journal::notes(seq)]).collect()
    }

    /// Learns where the effects of open records are.
    pub(super) async fn learn(&self, open: &[Seq]) -> Result<(), StoreError> {
        for chunk in open.chunks(64) {
            let mut asks = Vec::new();
            let mut of = Vec::new();
            let places: Vec<Place> = {
                let books = self.books();
                let owners = books.owners.iter().cloned().map(Place::Brain);
                owners.chain([Place::Journal]).collect()
            };
            for seq in chunk {
                for place in &places {
                    let mut ask = redis::cmd("HKEYS");
                    ask.arg(effects_key(place, *seq));
                    asks.push(ask);
                    of.push((*seq, place));
                }
            }
            let answers = self.ask(&asks, Kind::Read).await?;
            let mut books = self.books();
            for (answer, (seq, place)) in answers.into_iter().zip(of) {
                let known: &mut Places = books.open.entry(seq).or_default();
                for field in read::<Vec<String>>(Some(answer))? {
                    if let Some((ordinal, call)) = names::read_effect_field(&field) {
                        known.insert((call.to_owned(), ordinal), place.clone());
                    }
                }
            }
        }
        Ok(())
    }
}

/// What a write is answered, which may be a refusal.
pub(super) type Told = Result<Vec<WriteOutcome>, StoreError>;

fn lookup(effect: &Effect, place: &Place) -> Cmd {
    let key = &effect.key;
    let mut get = redis::cmd("HGET");
    get.arg(effects_key(place, key.seq))
        .arg(names::effect_field(&key.invocation, key.ordinal));
    get
}

/// What a write with this effect is answered, given what is recorded under its key.
fn told(effect: &Effect, packed: &[u8]) -> Result<Told, StoreError> {
    let recorded = codec::recorded(effect.key.ordinal, packed)?;
    Ok(match recorded.answer {
        Answer::Written(answer) if recorded.fingerprint == effect.fingerprint => answer.map_err(StoreError::from),
        _ => Err(StoreError::Diverged(effect.key.clone())),
    })
}

/// Where the effects are, each key once.
pub(super) fn place_keys(places: &Places, seq: Seq) -> Vec<String> {
    let mut keys: Vec<String> = places.values().map(|place| effects_key(place, seq)).collect();
    keys.sort();
    keys.dedup();
    keys
}

fn effects_key(place: &Place, seq: Seq) -> String {
    match place {
        Place::Brain(owner) => Owner::effects(owner, seq),
        Place::Journal => Journal::notes(seq),
    }
}
