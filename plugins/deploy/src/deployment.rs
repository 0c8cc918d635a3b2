//! A deployment from its beginning to its end, in one message.
//!
//! Brain: `now/SERVER` is the deployment that goes on there, and nobody else begins one meanwhile; `last/SERVER` is the one
//! before. A job `follow:SERVER` asks how far it is; the CI service may tell by itself, too.

use crate::ci::{self, Begun, Progress, State};
use crate::{Settings, Texts};
use moa_plugin::config::settings;
use moa_plugin::prelude::*;
use moa_plugin::time::Instant;
use serde::{Deserialize, Serialize};

/// How much of a log is shown, in characters.
const LOG: usize = 600;

#[derive(Clone, Serialize, Deserialize)]
pub struct Deployment {
    pub branch: String,
    pub server: String,
    by: String,
    pub by_name: String,
    locale: String,
    place: Place,
    /// The message that tells how far it is.
    pub message: String,
    pub started: Instant,
    /// As the CI service calls it; `None` until it was asked.
    pub begun: Option<Begun>,
    pub progress: Option<Progress>,
    /// Nobody waits for it any longer.
    is_given_up: bool,
}

pub fn key(server: &str) -> String {
    format!("now/{server}")
}

pub fn job(server: &str) -> String {
    format!("follow:{server}")
}

/// Another one may be deployed there.
pub fn release(server: &str) -> Result<()> {
    Brain::plugin().delete(&key(server))?;
    Ok(())
}

/// The last one that came to its end.
pub fn ended(server: &str) -> Result<Option<Deployment>> {
    Ok(Brain::plugin().get(&format!("last/{server}"))?)
}

impl Deployment {
    pub fn new(ctx: &Context, branch: &str, server: &str) -> Self {
        Self {
            branch: branch.to_owned(),
            server: server.to_owned(),
            by: ctx.who().id.clone(),
            by_name: ctx.who().display_name.clone(),
            locale: ctx.locale().to_owned(),
            place: ctx.place().clone(),
            message: String::new(),
            started: Instant::now(),
            begun: None,
            progress: None,
            is_given_up: false,
        }
    }

    /// The one that goes on.
    pub fn on(server: &str) -> Result<Option<Self>> {
        Ok(Brain::plugin().get(&key(server))?)
    }

    pub fn state(&self) -> State {
        self.progress.as_ref().map_or(State::Queued, |progress| progress.state)
    }

    /// The message that follows it.
    pub fn content(&self) -> Content {
        let (texts, state) = (Texts::of(&self.locale), self.state());
        let (icon, bar) = match state {
            State::Succeeded => ("✅", " ▰▰▰▰"),
            State::Failed => ("❌", ""),
            _ if self.is_given_up => ("⌛", ""),
            State::Queued => ("⏳", " ▰▱▱▱"),
            State::Building => ("🔨", " ▰▰▱▱"),
            State::Deploying => ("🚚", " ▰▰▰▱"),
        };
        let (branch, server, told) = (&self.branch, &self.server, state.text(&texts));
        let step = self.progress.as_ref().map_or("", |progress| progress.step.as_str());
        let content = Content::text(match step.is_empty() || state.is_over() {
            true => texts.told(icon, branch, server, bar, told),
            false => texts.told_step(icon, branch, server, bar, told, step),
        });
        let url = self.begun.as_ref().map_or("", |begun| begun.url.as_str());
        match url.starts_with("https://") || url.starts_with("http://") {
            true => content.link(texts.open(), url),
            false => content,
        }
    }

    /// How it ended, for who began it.
    fn ended(&self) -> String {
        let (texts, who) = (Texts::of(&self.locale), format!("{{@{}}}", self.by));
        match self.state() {
            State::Succeeded => texts.is_deployed(who),
            State::Failed => texts.has_failed(who) + &self.log(),
            _ => texts.given_up(who),
        }
    }

    /// The end of what the CI service says, as a block of code in which nothing ends it. Nothing, if it says nothing.
    fn log(&self) -> String {
        let said = self
            .progress
            .iter()
            .flat_map(|progress| [&progress.log, &progress.step]);
        let said = said.map(|text| text.trim()).find(|text| !text.is_empty());
        let last = |text: &str| {
            let skip = text.chars().count().saturating_sub(LOG);
            text.chars().skip(skip).collect::<String>().replace('`', "'")
        };
        said.map(|text| format!("\n```\n{}\n```", last(text)))
            .unwrap_or_default()
    }

    /// Says something about it: to the message that changes, or, calling who began it, to the thread below.
    fn tell(&self, is_over: bool) -> Result<(), HostError> {
        let (place, id) = (self.place.clone(), self.message.clone());
        let message = MessageRef { place, id };
        chat::edit(&message, self.content())?;
        if is_over {
            chat::send(&message.thread(), self.ended())?;
        }
        Ok(())
    }
}

/// Takes what the CI service tells of a server's deployment. Whether it is over.
fn advance(server: &str, progress: Option<Progress>, patience: Duration) -> Result<bool> {
    let (brain, now) = (Brain::plugin(), Instant::now());
    let (deployment, is_new) = brain.try_update(&key(server), |slot: &mut Option<Deployment>| {
        let deployment = slot.as_mut().ok_or_else(|| Error::internal("it is over already"))?;
        let before = deployment.progress.clone();
        deployment.progress = progress.clone().or(deployment.progress.take());
        deployment.is_given_up = now.since(deployment.started) >= patience;
        Ok::<_, Error>((
            deployment.clone(),
            deployment.progress != before || deployment.is_given_up,
        ))
    })?;
    let is_over = deployment.is_given_up || deployment.state().is_over();
    // Both the job and the webhook may see the end; who takes it away tells.
    if is_over && !brain.delete(&key(server))? {
        return Ok(true);
    }
    if is_over {
        brain.set(&format!("last/{server}"), &deployment)?;
    }
    if is_new && let Err(error) = deployment.tell(is_over) {
        // Somebody may have deleted the message; the server must be free again all the same.
        log::warn(format!("nobody is told of {}: {error}", deployment.branch));
    }
    Ok(is_over)
}

/// Asks how far it is, until it is over.
#[job(id = "follow:*")]
pub fn follow(server: String) -> Result<()> {
    let settings = settings::<Settings>()?;
    let Some(deployment) = Deployment::on(&server)? else {
        return Ok(());
    };
    let Some(begun) = deployment.begun else {
        // Cut off before the CI service was asked.
        return release(&server);
    };
    // What is away may be back the next time.
    let progress = ci::progress(&settings, &begun.id).ok();
    if !advance(&server, progress, settings.patience)? {
        schedule::after(&job(&server), settings.every, "")?;
    }
    Ok(())
}

/// What the CI service posts.
#[derive(Deserialize)]
struct Told {
    id: String,
    #[serde(flatten)]
    progress: Progress,
}

/// The CI service tells how far a deployment is: `POST /hooks/deploy/ci`.
#[webhook(name = "ci", verify = "bearer")]
pub fn finished(request: &Request) -> Result<Response> {
    let told: Told = request.json()?;
    let settings = settings::<Settings>()?;
    for server in &settings.servers {
        let begun = Deployment::on(server)?.and_then(|deployment| deployment.begun);
        if begun.is_some_and(|begun| begun.id == told.id) {
            if advance(server, Some(told.progress), settings.patience)? {
                schedule::cancel(&job(server))?;
            }
            return Ok(Response::ok());
        }
    }
    Ok(Response::of(404))
}
