//! `schedule`: jobs that plugins make at run time.

use super::Scene;
use super::record::{NotDone, refused};
use crate::recall::kept::{Kept, keep_json};
use crate::recall::print::{Function, Print};
use crate::schedule::{JobError, When, missed, was_there};
use async_trait::async_trait;
use jiff::Timestamp;
use moa_core::call::{CapError, CapResult};
use moa_core::schedule::{find_zone, when};
use moa_engine::{Job, Missed};
use moa_store::{Refusal, WriteOutcome};
use std::sync::Arc;
use std::time::SystemTime;

pub(super) struct Schedule(pub(super) Arc<Scene>);

#[async_trait]
impl moa_engine::Schedule for Schedule {
    async fn at(&self, name: String, when: String, payload: String) -> CapResult<()> {
        let print = Print::of(Function::ScheduleAt)
            .text(&name)
            .text(&when)
            .text(&payload)
            .done();
        self.make(print, &name, payload, |now| once(&when, now)).await
    }

    async fn every(
        &self,
        name: String,
        cron: String,
        timezone: String,
        missed: Missed,
        payload: String,
    ) -> CapResult<()> {
        let print = Print::of(Function::ScheduleEvery)
            .text(&name)
            .text(&cron)
            .text(&timezone)
            .text(word(missed))
            .text(&payload)
            .done();
        self.make(print, &name, payload, |_| again(&cron, &timezone, missed))
            .await
    }

    async fn cancel(&self, name: String) -> CapResult<bool> {
        let scene = &self.0;
        let print = Print::of(Function::ScheduleCancel).text(&name).done();
        let live = |effect| async {
            scene.granted.schedule()?;
            let cancelled = scene.schedules.cancel(&scene.plugin, &name, Some(effect)).await;
            cancelled.map_err(not_done)
        };
        scene
            .write(print, |said| known(said).map(|outcomes| was_there(&outcomes)), live)
            .await
    }

    async fn list(&self) -> CapResult<Vec<Job>> {
        let scene = &self.0;
        let live = async {
            scene.granted.schedule()?;
            let now = timestamp(scene.world.now());
            let jobs = scene.schedules.jobs_of(&scene.plugin, now).into_iter();
            Ok(Listed(jobs.map(KeptJob::from).collect()))
        };
        let listed = scene.read(Print::bare(Function::ScheduleList), live).await?;
        Ok(listed.0.into_iter().map(Job::from).collect())
    }
}

impl Schedule {
    async fn make(
        &self,
        print: Print,
        name: &str,
        payload: String,
        when: impl FnOnce(SystemTime) -> CapResult<When> + Send,
    ) -> CapResult<()> {
        let scene = &self.0;
        let live = |effect| async {
            scene.granted.schedule()?;
            let now = scene.world.now();
            let when = when(now)?;
            let made = scene
                .schedules
                .make(&scene.plugin, name, when, payload, (now, Some(effect)));
            made.await.map_err(not_done)
        };
        scene.write(print, |said| known(said).map(drop), live).await
    }
}

fn once(text: &str, now: SystemTime) -> CapResult<When> {
    match when(text, timestamp(now)) {
        Ok(at) => Ok(When::Once {
            at_ms: at.as_millisecond(),
        }),
        Err(error) => Err(CapError::Invalid(error.to_string())),
    }
}

fn again(cron: &str, timezone: &str, policy: Missed) -> CapResult<When> {
    find_zone(timezone).map_err(|error| CapError::Invalid(error.to_string()))?;
    Ok(When::Every {
        cron: cron.to_owned(),
        timezone: timezone.to_owned(),
        missed: missed(policy),
    })
}

/// What the store said in an earlier run.
fn known(said: Result<Vec<WriteOutcome>, Refusal>) -> CapResult<Vec<WriteOutcome>> {
    said.map_err(|no| refused(no.into()))
}

fn not_done(error: JobError) -> NotDone {
    let text = error.to_string();
    match error {
        JobError::Taken(_) => CapError::Conflict(text).into(),
        JobError::Full(_) => CapError::OverLimit(text).into(),
        JobError::Schedule(_) | JobError::None(..) => CapError::Invalid(text).into(),
        JobError::Store(error) => NotDone::Store(error),
    }
}

fn timestamp(at: SystemTime) -> Timestamp {
    Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The word is stored in prints.
fn word(missed: Missed) -> &'static str {
    match missed {
        Missed::Skip => "skip",
        Missed::Once => "once",
        Missed::All => "all",
    }
}

/// A list of jobs as a rerun is given it again.
struct Listed(Vec<KeptJob>);

#[derive(serde::Serialize, serde::Deserialize)]
struct KeptJob {
    name: String,
    next: Option<String>,
    cron: Option<String>,
    timezone: String,
    payload: String,
}

impl From<Job> for KeptJob {
    fn from(job: Job) -> Self {
        let Job {
            name,
            next,
            cron,
            timezone,
            payload,
        } = job;
        Self {
            name,
            next,
            cron,
            timezone,
            payload,
        }
    }
}

impl From<KeptJob> for Job {
    fn from(job: KeptJob) -> Self {
        let KeptJob {
            name,
            next,
            cron,
            timezone,
            payload,
        } = job;
        Self {
            name,
            next,
            cron,
            timezone,
            payload,
        }
    }
}

impl Kept for Listed {
    fn keep(answer: &CapResult<Self>, out: &mut Vec<u8>) {
        keep_json(&answer.as_ref().map(|listed| &listed.0), out);
    }

    fn give(bytes: &[u8]) -> Option<CapResult<Self>> {
        let answer: CapResult<Vec<KeptJob>> = serde_json::from_slice(bytes).ok()?;
        Some(answer.map(Listed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::{Grants, Said, Says};
    use crate::testing::{Stage, message};
    use moa_core::config::Grant;
    use moa_engine::Schedule as _;

    /// A plugin that asked for it and was granted it.
    async fn stage() -> Stage {
        let mut stage = Stage::of(message("U1", "1.0", "!remind")).await;
        stage.requests.schedule = true;
        stage.grants = granted(true);
        stage
    }

    fn granted(schedule: bool) -> Grants {
        let said = Said {
            grant: Grant {
                schedule,
                ..Grant::default()
            },
            deny: Grant::default(),
        };
        Grants::Configured(Says {
            by_plugin: std::collections::BTreeMap::from([("memo".to_owned(), said)]).into(),
            ..Says::default()
        })
    }

    #[tokio::test]
    async fn what_is_made_is_listed_and_a_rerun_makes_it_once() {
        let stage = stage().await;
        let jobs = Schedule(stage.scene(false).await);
        jobs.at("tea".into(), "10m".into(), "green".into()).await.unwrap();
        let every = |cron: &str| {
            jobs.every(
                "menu".into(),
                cron.into(),
                "Asia/Seoul".into(),
                Missed::Skip,
                String::new(),
            )
        };
        every("50 9 * * 1-5").await.unwrap();
        let listed = jobs.list().await.unwrap();
        let seen: Vec<_> = listed
            .iter()
            .map(|job| (&*job.name, job.cron.as_deref(), &*job.payload))
            .collect();
        assert_eq!(seen, [("menu", Some("50 9 * * 1-5"), ""), ("tea", None, "green")]);
        let soon: Timestamp = listed[1].next.as_ref().unwrap().parse().unwrap();
        let ahead = soon.duration_since(Timestamp::now()).as_secs();
        assert!((590..=600).contains(&ahead), "{soon}");
        assert_eq!(jobs.cancel("menu".into()).await, Ok(true));

        // The same call again, as after a crash: what was cancelled is not made again.
        let again = Schedule(stage.scene(true).await);
        again.at("tea".into(), "10m".into(), "green".into()).await.unwrap();
        let menu = again.every(
            "menu".into(),
            "50 9 * * 1-5".into(),
            "Asia/Seoul".into(),
            Missed::Skip,
            String::new(),
        );
        menu.await.unwrap();
        assert_eq!(again.list().await.unwrap(), listed, "as it was then");
        assert_eq!(again.cancel("menu".into()).await, Ok(true));
        let now = again.list().await.unwrap();
        assert_eq!(now.len(), 1);
        assert_eq!(now[0].next, listed[1].next, "its time was not put off");
        assert_eq!(again.cancel("menu".into()).await, Ok(false));
    }

    #[tokio::test]
    async fn what_cannot_be_is_told() {
        let mut stage = stage().await;
        let jobs = Schedule(stage.scene(false).await);
        let every = |cron: &'static str, zone: &'static str| {
            jobs.every("x".into(), cron.into(), zone.into(), Missed::Once, String::new())
        };
        for (answer, told) in [
            (
                jobs.at("x".into(), "tomorrow".into(), String::new()).await,
                "`tomorrow` is no instant",
            ),
            (every("* * *", "UTC").await, "has 3 fields"),
            (every("0 0 30 2 *", "UTC").await, "never comes due"),
            (every("@daily", "Mars/Olympus").await, "no time zone"),
        ] {
            assert!(
                matches!(&answer, Err(CapError::Invalid(reason)) if reason.contains(told)),
                "{told}: {answer:?}"
            );
        }
        stage.grants = granted(false);
        let denied = Schedule(stage.scene(false).await).list().await;
        assert!(
            matches!(&denied, Err(CapError::AccessDenied(reason)) if reason.contains("`schedule = true`")),
            "{denied:?}"
        );
    }
}
