//! What is remembered of a schedule. The keys of the brain, `S` being the schedule:
//!
//! | key | what it is |
//! |---|---|
//! | `exceptions/S` | the exceptions that are not over, by date |
//! | `order/S` | what somebody ordered, for 12 hours |
//! | `begun/S` | what was begun and is not done yet, so that its end is told |
//! | `told/S`, `announced/S` | what was told last, so that it is not told again, for a day |

use crate::rules::{Act, Exceptions, Order};
use moa_plugin::brain::{Brain, BrainResult};
use moa_plugin::time::{Date, Time};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(60 * 60);

pub fn exceptions(schedule: &str) -> BrainResult<Exceptions> {
    Ok(Brain::plugin()
        .get(&format!("exceptions/{schedule}"))?
        .unwrap_or_default())
}

/// Sets an exception; `None` takes it away. Tells whether there was one. What is over is forgotten, but for yesterday,
/// whose times may still count.
pub fn except(schedule: &str, today: Date, date: Date, act: Act, time: Option<Option<Time>>) -> BrainResult<bool> {
    let yesterday = today.plus_days(-1).unwrap_or(today);
    Brain::plugin().update(&format!("exceptions/{schedule}"), |all: &mut Exceptions| {
        let day = all.entry(date).or_default();
        let before = match time {
            Some(time) => day.insert(act, time),
            None => day.remove(&act),
        };
        all.retain(|date, day| *date >= yesterday && !day.is_empty());
        before.is_some()
    })
}

pub fn order(schedule: &str) -> BrainResult<Option<Order>> {
    Brain::plugin().get(&format!("order/{schedule}"))
}

/// It ends by itself if it never gets done: a broken server must not keep its schedule from its times.
pub fn set_order(schedule: &str, order: Order) -> BrainResult<()> {
    Brain::plugin()
        .set_with_ttl(&format!("order/{schedule}"), &order, 12 * HOUR)
        .map(drop)
}

pub fn begin(schedule: &str, act: Act) -> BrainResult<()> {
    Brain::plugin()
        .set_with_ttl(&format!("begun/{schedule}"), &act, 12 * HOUR)
        .map(drop)
}

/// Whether that was begun: its end is to be told now.
pub fn end(schedule: &str, act: Act) -> BrainResult<bool> {
    let (brain, key) = (Brain::plugin(), format!("begun/{schedule}"));
    Ok(brain.get(&key)? == Some(act) && brain.delete(&key)?)
}

/// Whether this is to be told: it was not told last. `kind` is `told` or `announced`.
pub fn is_new(kind: &str, schedule: &str, what: &str) -> BrainResult<bool> {
    let (brain, key) = (Brain::plugin(), format!("{kind}/{schedule}"));
    let is_new = brain.get::<String>(&key)?.as_deref() != Some(what);
    brain.set_with_ttl(&key, what, 24 * HOUR)?;
    Ok(is_new)
}
