//! A small part of Amazon's EC2 and RDS query protocols: servers with tags that take a few seconds to start and stop.
//!
//! EC2 API Reference, version 2016-11-15; RDS API Reference, version 2014-10-31. Signatures are not looked at.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a server takes to start and to stop.
const MOVING: Duration = Duration::from_secs(4);

struct Server {
    id: &'static str,
    schedule: &'static str,
    group: &'static str,
    wanted: bool,
    since: Option<Instant>,
}

impl Server {
    fn turn(&mut self, on: bool) {
        if self.wanted != on {
            (self.wanted, self.since) = (on, Some(Instant::now()));
        }
    }

    /// As EC2 (number and name) and RDS call it.
    fn state(&self) -> (u8, &'static str, &'static str) {
        let moving = self.since.is_some_and(|since| since.elapsed() < MOVING);
        match (self.wanted, moving) {
            (true, true) => (0, "pending", "starting"),
            (true, false) => (16, "running", "available"),
            (false, true) => (64, "stopping", "stopping"),
            (false, false) => (80, "stopped", "stopped"),
        }
    }

    fn is_database(&self) -> bool {
        !self.id.starts_with("i-")
    }

    fn tags(&self) -> [(&'static str, &'static str); 3] {
        [
            ("Name", self.id),
            ("ScheduleName", self.schedule),
            ("ScheduleGroupName", self.group),
        ]
    }
}

type Servers = Arc<Mutex<Vec<Server>>>;

fn servers() -> Vec<Server> {
    let server = |id, schedule, group, wanted| Server {
        id,
        schedule,
        group,
        wanted,
        since: None,
    };
    vec![
        server("dev-main-db", "dev", "db", true),
        server("dev-read-db", "dev", "db", true),
        server("i-0dev0000000000001", "dev", "web", true),
        server("i-0dev0000000000002", "dev", "web", true),
        server("i-0dev0000000000003", "dev", "batch", false),
        server("qa-db", "qa", "db", false),
        server("i-00qa0000000000001", "qa", "web", false),
        server("i-00qa0000000000002", "qa", "web", false),
    ]
}

pub(super) fn routes() -> Router {
    let all: Servers = Arc::new(Mutex::new(servers()));
    Router::new()
        .route("/cloud", any(answer))
        .route("/cloud/", any(answer))
        .route("/cloud/{service}", any(answer))
        .with_state(all)
}

type Asked = BTreeMap<String, String>;

async fn answer(State(all): State<Servers>, uri: Uri, body: Bytes) -> Response {
    let query = uri.query().unwrap_or_default().as_bytes();
    let pairs = form_urlencoded::parse(query).chain(form_urlencoded::parse(&body));
    let asked: Asked = pairs
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    let action = asked.get("Action").map(String::as_str).unwrap_or_default();
    let text = match action {
        "DescribeInstances" => describe_instances(&all, &asked),
        "StartInstances" | "StopInstances" => {
            let ids = values(&asked, "InstanceId.");
            turn(&mut all, &ids, action == "StartInstances");
            let part = |id: &&str| format!("<item><instanceId>{id}</instanceId></item>");
            let changed: String = ids.iter().map(part).collect();
            format!("<{action}Response><instancesSet>{changed}</instancesSet></{action}Response>")
        }
        "DescribeDBInstances" => describe_databases(&all),
        "StartDBInstance" | "StopDBInstance" => {
            let id = asked
                .get("DBInstanceIdentifier")
                .map(String::as_str)
                .unwrap_or_default();
            turn(&mut all, &[id], action == "StartDBInstance");
            format!("<{action}Response><{action}Result/></{action}Response>")
        }
        _ => {
            let text = format!(
                "<Response><Errors><Error><Code>InvalidAction</Code><Message>The action {action} is not valid</Message></Error></Errors></Response>"
            );
            return (StatusCode::BAD_REQUEST, [("content-type", "text/xml")], text).into_response();
        }
    };
    ([("content-type", "text/xml")], text).into_response()
}

fn turn(all: &mut [Server], ids: &[&str], on: bool) {
    for server in all.iter_mut().filter(|server| ids.contains(&server.id)) {
        server.turn(on);
    }
}

/// The values of `PREFIX1`, `PREFIX2` …
fn values<'a>(asked: &'a Asked, prefix: &str) -> Vec<&'a str> {
    let ours = asked.iter().filter(|(name, _)| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.parse::<u16>().is_ok())
    });
    ours.map(|(_, value)| value.as_str()).collect()
}

/// Whether the server has what each filter wants: `Filter.N.Name`, `Filter.N.Value.M`.
fn fits(server: &Server, asked: &Asked) -> bool {
    (1..=10).all(|number| {
        let Some(name) = asked.get(&format!("Filter.{number}.Name")) else {
            return true;
        };
        let wanted = values(asked, &format!("Filter.{number}.Value."));
        match name.strip_prefix("tag:") {
            Some(tag) => server
                .tags()
                .iter()
                .any(|(key, value)| *key == tag && wanted.contains(value)),
            None if name == "instance-state-name" => wanted.contains(&server.state().1),
            None if name == "tag-key" => server.tags().iter().any(|(key, _)| wanted.contains(key)),
            None => true,
        }
    })
}

fn describe_instances(all: &[Server], asked: &Asked) -> String {
    let mut items = String::new();
    for server in all.iter().filter(|server| !server.is_database() && fits(server, asked)) {
        let (code, state, _) = server.state();
        let tags = server
            .tags()
            .map(|(key, value)| format!("<item><key>{key}</key><value>{value}</value></item>"))
            .concat();
        let _ = write!(
            items,
            "<item><reservationId>r-{id}</reservationId><instancesSet><item><instanceId>{id}</instanceId><instanceState><code>{code}</code><name>{state}</name></instanceState><instanceType>t3.small</instanceType><tagSet>{tags}</tagSet></item></instancesSet></item>",
            id = server.id
        );
    }
    format!(
        "<DescribeInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><reservationSet>{items}</reservationSet></DescribeInstancesResponse>"
    )
}

fn describe_databases(all: &[Server]) -> String {
    let mut items = String::new();
    for server in all.iter().filter(|server| server.is_database()) {
        let tags = server
            .tags()
            .map(|(key, value)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>"))
            .concat();
        let _ = write!(
            items,
            "<DBInstance><DBInstanceIdentifier>{id}</DBInstanceIdentifier><DBInstanceArn>arn:aws:rds:ap-northeast-2:123456789012:db:{id}</DBInstanceArn><DBInstanceStatus>{}</DBInstanceStatus><TagList>{tags}</TagList></DBInstance>",
            server.state().2,
            id = server.id
        );
    }
    format!(
        "<DescribeDBInstancesResponse xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><DescribeDBInstancesResult><DBInstances>{items}</DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Asked {
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    #[test]
    fn servers_are_found_by_tag_and_state_and_take_time_to_turn() {
        let mut all = servers();
        let of_dev = describe_instances(&all, &asked("Filter.1.Name=tag:ScheduleName&Filter.1.Value.1=dev"));
        assert_eq!(of_dev.matches("<instanceId>").count(), 3);
        let running = "Filter.1.Name=tag:ScheduleName&Filter.1.Value.1=dev&Filter.2.Name=instance-state-name&Filter.2.Value.1=running";
        assert_eq!(
            describe_instances(&all, &asked(running))
                .matches("<instanceId>")
                .count(),
            2
        );
        turn(&mut all, &["i-0dev0000000000001", "qa-db"], false);
        assert_eq!(
            all.iter().filter(|server| server.state().1 == "stopping").count(),
            1,
            "the other one was stopped"
        );
        assert!(describe_databases(&all).contains("<DBInstanceStatus>available"));
    }
}
