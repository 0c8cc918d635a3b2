//! The servers of groups, wherever they are: at Amazon, found by their tags, or behind webhooks.

use crate::desk::Desk;
use crate::rules::{Act, Groups, Seen};
use crate::settings::{Group, Schedule};
use moa_plugin::aws::{Fleet, Instance, State};
use moa_plugin::http::{Request, Response};
use moa_plugin::prelude::*;
use serde::Deserialize;
use serde_json::json;

/// How long one request may take: the call that makes several has seconds.
const PATIENCE: Duration = Duration::from_secs(4);

impl Desk {
    /// The groups of a schedule with their servers.
    pub fn look<'a>(&self, name: &str, schedule: &'a Schedule) -> Groups<'a> {
        let tag = schedule.tag.as_deref().unwrap_or(name);
        let seen = schedule.groups.iter().map(|(name, group)| {
            let servers = self.servers_of(tag, name, group);
            (name.as_str(), Seen { group, servers })
        });
        seen.collect()
    }

    fn servers_of(&self, schedule: &str, name: &str, group: &Group) -> Result<Vec<Instance>> {
        let Some(fleet) = self.fleet(group) else {
            let told: Told = ask(group, http::get(&group.status))?.json()?;
            let server = |server: Server| Instance::new(server.name, server.state);
            return Ok(told.servers.into_iter().map(server).collect());
        };
        let mut listed = self.listed.borrow_mut();
        let list = || fleet.tagged("ScheduleName").map_err(Error::from);
        let mut all = listed.entry(group.r#type.clone()).or_insert_with(list).clone()?;
        all.retain(|one| one.tag("ScheduleName") == Some(schedule) && one.tag("ScheduleGroupName") == Some(name));
        Ok(all)
    }

    /// Starts or stops those of a group that are not yet so; tells how many.
    pub fn order(&self, name: &str, group: &Group, act: Act, servers: &[Instance]) -> Result<usize> {
        let before = act.either(State::Down, State::Up);
        let these = servers.iter().filter(|server| server.state == before);
        let ids: Vec<&str> = these.map(|server| server.id.as_str()).collect();
        match (self.fleet(group), act) {
            (Some(fleet), Act::Start) => fleet.start(&ids)?,
            (Some(fleet), Act::Stop) => fleet.stop(&ids)?,
            (None, _) => {
                let order = json!({ "group": name, "action": act });
                ask(group, http::post(act.either(&group.start, &group.stop)).json(&order))?;
            }
        }
        Ok(ids.len())
    }

    fn fleet(&self, group: &Group) -> Option<Fleet> {
        let fleet = self.settings.aws.as_ref()?.fleet(&group.r#type)?;
        Some(fleet.timeout(PATIENCE))
    }
}

/// What a status webhook answers: `{"servers": [{"name": "web-1", "state": "running"}]}`.
#[derive(Deserialize)]
struct Told {
    servers: Vec<Server>,
}

#[derive(Deserialize)]
struct Server {
    name: String,
    state: String,
}

fn ask(group: &Group, request: Request) -> Result<Response> {
    let request = match &group.secret {
        Some(secret) => request.header("Authorization", format!("Bearer {{{{secret:{secret}}}}}")),
        None => request,
    };
    Ok(request.timeout(PATIENCE).send()?.ok()?)
}
