//! The servers of groups, wherever they are: at Amazon, or behind webhooks.

use crate::aws;
use crate::rules::{Act, Count};
use crate::settings::{Group, Schedule, Settings};
use moa_plugin::http::{self, Request, Response};
use moa_plugin::{HostError, log};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long one request may take: the call that makes several has seconds.
const PATIENCE: Duration = Duration::from_secs(4);

#[derive(Clone, Copy, PartialEq)]
pub enum State {
    Up,
    Down,
    /// On the way to one of both.
    Moving,
}

pub struct Server {
    pub id: String,
    pub name: String,
    pub state: State,
    /// As its provider calls it.
    pub word: String,
}

/// Why servers cannot be seen, started or stopped: one line for people.
#[derive(Clone)]
pub struct Trouble(pub String);

pub type Found = Result<Vec<Server>, Trouble>;

/// The servers of these schedules, by schedule and group.
pub fn look(settings: &Settings, schedules: &[(&str, &Schedule)]) -> BTreeMap<(String, String), Found> {
    let mut listed: BTreeMap<&str, Result<Vec<aws::Tagged>, Trouble>> = BTreeMap::new();
    let mut all = BTreeMap::new();
    for (name, schedule) in schedules {
        for (group, what) in &schedule.groups {
            let found = match &settings.aws {
                Some(aws) if what.r#type != "webhook" => {
                    let list = || aws::list(aws, aws::service(&what.r#type));
                    listed
                        .entry(&what.r#type)
                        .or_insert_with(list)
                        .as_mut()
                        .map_err(|trouble| trouble.clone())
                        .map(|servers| {
                            let own = servers.extract_if(.., |one| one.schedule == schedule.tag && one.group == *group);
                            own.map(|tagged| tagged.server).collect()
                        })
                }
                _ => ask(what),
            };
            all.insert(((*name).to_owned(), group.clone()), found);
        }
    }
    all
}

/// Starts or stops those of a group that are not yet so; tells how many.
pub fn order(settings: &Settings, group: &Group, name: &str, act: Act, servers: &[Server]) -> Result<usize, Trouble> {
    let (from, address) = match act {
        Act::Start => (State::Down, &group.start),
        Act::Stop => (State::Up, &group.stop),
    };
    let these: Vec<&Server> = servers.iter().filter(|server| server.state == from).collect();
    match &settings.aws {
        Some(aws) if group.r#type != "webhook" => aws::order(aws, aws::service(&group.r#type), act, &these)?,
        _ => drop(answer(
            group,
            http::post(address).json(&json!({ "group": name, "action": act })),
        )?),
    }
    Ok(these.len())
}

pub fn count(servers: &[Server]) -> Count {
    let of = |state| servers.iter().filter(|server| server.state == state).count();
    Count {
        up: of(State::Up),
        down: of(State::Down),
        moving: of(State::Moving),
    }
}

/// What a status webhook answers: `{"servers": [{"name": "web-1", "state": "running"}]}`.
#[derive(Deserialize)]
struct Told {
    servers: Vec<ToldServer>,
}

#[derive(Deserialize)]
struct ToldServer {
    name: String,
    state: String,
}

fn ask(group: &Group) -> Found {
    let told = answer(group, http::get(&group.status))?.json::<Told>();
    let told = told.map_err(|error| Trouble(error.to_string()))?;
    let server = |told: ToldServer| Server {
        id: told.name.clone(),
        name: told.name,
        state: match told.state.as_str() {
            "running" => State::Up,
            "stopped" => State::Down,
            _ => State::Moving,
        },
        word: told.state,
    };
    Ok(told.servers.into_iter().map(server).collect())
}

fn answer(group: &Group, request: Request) -> Result<Response, Trouble> {
    let request = match &group.secret {
        Some(secret) => request.header("Authorization", format!("Bearer {{{{secret:{secret}}}}}")),
        None => request,
    };
    send(request)?.ok().map_err(|error| Trouble(error.to_string()))
}

pub fn send(request: Request) -> Result<Response, Trouble> {
    let (url, request) = (request.url().to_owned(), request.timeout(PATIENCE));
    request.send().map_err(|error| {
        log::warn(format!("{url}: {error}"));
        Trouble(match error {
            HostError::Unavailable(_) => format!("{}: no answer", url.split('?').next().unwrap_or_default()),
            error => error.to_string(),
        })
    })
}
