//! `schedule`: work at a later time.

use super::{Answer, invalid};
use crate::bindings::moa::plugin::schedule::{Host, Job, Missed};
use crate::bindings::moa::plugin::types::Error;
use crate::state::State;

/// The most bytes of a payload.
const PAYLOAD: usize = 64 << 10;

impl Host for State {
    async fn at(&mut self, name: String, when: String, payload: String) -> Answer<()> {
        self.enter()?;
        if let Err(error) = self.job(&name, &payload) {
            return Ok(Err(error));
        }
        self.on_host(self.host.schedule.at(name, when, payload)).await
    }

    async fn every(
        &mut self,
        name: String,
        cron: String,
        timezone: String,
        missed: Missed,
        payload: String,
    ) -> Answer<()> {
        self.enter()?;
        if let Err(error) = self.job(&name, &payload) {
            return Ok(Err(error));
        }
        let schedule = &self.host.schedule;
        self.on_host(schedule.every(name, cron, timezone, missed.into(), payload))
            .await
    }

    async fn cancel(&mut self, name: String) -> Answer<bool> {
        self.enter()?;
        self.on_host(self.host.schedule.cancel(name)).await
    }

    async fn list(&mut self) -> Answer<Vec<Job>> {
        self.enter()?;
        let jobs = self.on_host(self.host.schedule.list()).await?;
        Ok(jobs.map(|jobs| jobs.into_iter().map(Job::from).collect()))
    }
}

impl State {
    fn job(&self, name: &str, payload: &str) -> Result<(), Error> {
        let limit = self.limits.key;
        if name.is_empty() || name.len() > limit {
            return invalid(format!("a name of {} bytes; give 1 to {limit}", name.len()));
        }
        if payload.len() > PAYLOAD {
            return Err(Error::OverLimit(format!(
                "a payload of {} bytes; at most {PAYLOAD} are allowed",
                payload.len()
            )));
        }
        Ok(())
    }
}
