//! Amazon's EC2 and RDS, as far as starting and stopping goes. The host signs; the key is never seen here.

use crate::cloud::{Server, State, Trouble, send};
use crate::rules::Act;
use crate::settings::Aws;
use moa_plugin::http::{self, Signing};
use roxmltree::{Document, Node};

/// How a service calls things: actions, parameters, and elements of its answers.
pub struct Service {
    name: &'static str,
    version: &'static str,
    describe: (&'static str, &'static [(&'static str, &'static str)]),
    id: &'static str,
    state: &'static str,
    /// What asks for the next page, and where its name stands.
    next: (&'static str, &'static str),
    start: &'static str,
    stop: &'static str,
}

const EC2: Service = Service {
    name: "ec2",
    version: "2016-11-15",
    describe: (
        "DescribeInstances",
        &[("Filter.1.Name", "tag-key"), ("Filter.1.Value.1", "ScheduleName")],
    ),
    id: "instanceId",
    state: "name",
    next: ("NextToken", "nextToken"),
    start: "StartInstances",
    stop: "StopInstances",
};

const RDS: Service = Service {
    name: "rds",
    version: "2014-10-31",
    describe: ("DescribeDBInstances", &[]),
    id: "DBInstanceIdentifier",
    state: "DBInstanceStatus",
    next: ("Marker", "Marker"),
    start: "StartDBInstance",
    stop: "StopDBInstance",
};

/// By the name of a group's type.
pub fn service(kind: &str) -> &'static Service {
    if kind == "rds" { &RDS } else { &EC2 }
}

/// A server, and what its tags say.
pub struct Tagged {
    pub schedule: String,
    pub group: String,
    pub server: Server,
}

/// All servers of a service that follow a schedule.
pub fn list(aws: &Aws, service: &Service) -> Result<Vec<Tagged>, Trouble> {
    let (mut found, mut from) = (Vec::new(), String::new());
    loop {
        let (action, filter) = service.describe;
        let page = [(service.next.0, from.as_str())]
            .into_iter()
            .filter(|(_, from)| !from.is_empty());
        let query = about(service, action)
            .into_iter()
            .chain(filter.iter().copied())
            .chain(page);
        let request = query.fold(http::get(address(aws, service)), |request, (name, value)| {
            request.query(name, value)
        });
        let body = ask(aws, service, request)?;
        let xml = Document::parse(&body).map_err(|error| Trouble(format!("{}: {error}", service.name)))?;
        let ids = xml.descendants().filter(|node| node.has_tag_name(service.id));
        found.extend(ids.filter_map(|id| tagged(service, id.parent()?)));
        match text(xml.root(), service.next.1) {
            Some(next) => from = next.to_owned(),
            None => return Ok(found),
        }
    }
}

/// Starts or stops servers of one service.
pub fn order(aws: &Aws, service: &Service, act: Act, servers: &[&Server]) -> Result<(), Trouble> {
    let action = if act == Act::Start { service.start } else { service.stop };
    // EC2 takes all at once, RDS one by one.
    let at_once = if service.name == "ec2" { servers.len().max(1) } else { 1 };
    for some in servers.chunks(at_once) {
        let names: Vec<String> = match service.name {
            "ec2" => (1..=some.len()).map(|number| format!("InstanceId.{number}")).collect(),
            _ => vec![service.id.to_owned()],
        };
        let which = names
            .iter()
            .zip(some)
            .map(|(name, server)| (name.as_str(), server.id.as_str()));
        let form = about(service, action).into_iter().chain(which);
        ask(aws, service, http::post(address(aws, service)).form(form))?;
    }
    Ok(())
}

fn about(service: &Service, action: &'static str) -> [(&'static str, &'static str); 2] {
    [("Action", action), ("Version", service.version)]
}

fn address(aws: &Aws, service: &Service) -> String {
    let own = if service.name == "rds" { &aws.rds } else { &aws.ec2 };
    own.clone()
        .unwrap_or_else(|| format!("https://{}.{}.amazonaws.com/", service.name, aws.region))
}

fn ask(aws: &Aws, service: &Service, request: http::Request) -> Result<String, Trouble> {
    let response = send(request.sign(Signing::aws_sigv4(&aws.key, &aws.region, service.name)))?;
    let body = String::from_utf8_lossy(&response.body).into_owned();
    if (200..=299).contains(&response.status) {
        return Ok(body);
    }
    let why = Document::parse(&body)
        .ok()
        .and_then(|xml| Some(format!(" {}", text(xml.root(), "Message")?)));
    Err(Trouble(format!(
        "{} {}{}",
        service.name,
        response.status,
        why.unwrap_or_default()
    )))
}

/// The text of the first element of this name that has one.
fn text<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.descendants()
        .filter(|node| node.has_tag_name(name))
        .find_map(|node| node.text())
}

fn tagged(service: &Service, node: Node<'_, '_>) -> Option<Tagged> {
    let tag = |key: &str| {
        let keys = node
            .descendants()
            .filter(|node| node.has_tag_name("key") || node.has_tag_name("Key"));
        let tag = keys
            .filter(|node| node.text() == Some(key))
            .find_map(|node| node.parent())?;
        text(tag, "value").or_else(|| text(tag, "Value")).map(str::to_owned)
    };
    let id = text(node, service.id)?.to_owned();
    let status = node
        .descendants()
        .find(|node| node.has_tag_name("instanceState"))
        .unwrap_or(node);
    let word = text(status, service.state).unwrap_or_default().to_owned();
    let state = match word.as_str() {
        "running" | "available" => State::Up,
        "stopped" => State::Down,
        "terminated" | "shutting-down" | "deleting" => return None,
        _ => State::Moving,
    };
    Some(Tagged {
        schedule: tag("ScheduleName")?,
        group: tag("ScheduleGroupName")?,
        server: Server {
            name: tag("Name").unwrap_or_else(|| id.clone()),
            id,
            state,
            word,
        },
    })
}
