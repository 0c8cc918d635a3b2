//! Amazon's EC2 and RDS, as far as starting and stopping goes. The host signs; the key is never seen here.

use crate::cloud::{Server, State, Trouble, send};
use crate::rules::Act;
use crate::settings::Aws;
use moa_plugin::http::{self, Request, Signing};
use roxmltree::{Document, Node};

/// How a service calls things.
pub struct Service {
    name: &'static str,
    version: &'static str,
    /// What stands behind `Describe` and behind `Start` and `Stop`.
    list: &'static str,
    order: &'static str,
    id: &'static str,
    state: &'static str,
    /// The parameter that asks for the next page, and the element that names it.
    next: (&'static str, &'static str),
}

const EC2: Service = Service {
    name: "ec2",
    version: "2016-11-15",
    list: "Instances",
    order: "Instances",
    id: "instanceId",
    state: "instanceState",
    next: ("NextToken", "nextToken"),
};

const RDS: Service = Service {
    name: "rds",
    version: "2014-10-31",
    list: "DBInstances",
    order: "DBInstance",
    id: "DBInstanceIdentifier",
    state: "DBInstanceStatus",
    next: ("Marker", "Marker"),
};

/// By the type of a group.
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
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        let mut request = http::get(aws.address(service))
            .query("Action", format!("Describe{}", service.list))
            .query("Version", service.version);
        if service.name == "ec2" {
            request = request
                .query("Filter.1.Name", "tag-key")
                .query("Filter.1.Value.1", "ScheduleName");
        }
        if let Some(from) = from {
            request = request.query(service.next.0, from);
        }
        let body = aws.ask(service, request)?;
        let xml = Document::parse(&body).map_err(|error| Trouble(format!("{}: {error}", service.name)))?;
        found.extend(all(xml.root(), service.id).filter_map(|id| tagged(service, id.parent()?)));
        from = text(xml.root(), service.next.1).map(str::to_owned);
        if from.is_none() {
            return Ok(found);
        }
    }
}

/// Starts or stops servers of one service.
pub fn order(aws: &Aws, service: &Service, act: Act, servers: &[&Server]) -> Result<(), Trouble> {
    let action = format!("{}{}", if act == Act::Start { "Start" } else { "Stop" }, service.order);
    // EC2 takes all at once.
    let at_once = if service.name == "ec2" { servers.len().max(1) } else { 1 };
    for some in servers.chunks(at_once) {
        let name = |number| {
            if service.name == "ec2" {
                format!("InstanceId.{number}")
            } else {
                service.id.into()
            }
        };
        let which: Vec<(String, &str)> = (1..).map(name).zip(some.iter().map(|server| &*server.id)).collect();
        let about = [("Action", &*action), ("Version", service.version)];
        let form = about.into_iter().chain(which.iter().map(|(name, id)| (&**name, *id)));
        aws.ask(service, http::post(aws.address(service)).form(form))?;
    }
    Ok(())
}

impl Aws {
    fn address(&self, service: &Service) -> String {
        let own = if service.name == "rds" { &self.rds } else { &self.ec2 };
        let usual = || format!("https://{}.{}.amazonaws.com/", service.name, self.region);
        own.clone().unwrap_or_else(usual)
    }

    fn ask(&self, service: &Service, request: Request) -> Result<String, Trouble> {
        let response = send(request.sign(Signing::aws_sigv4(&self.key, &self.region, service.name)))?;
        let body = String::from_utf8_lossy(&response.body).into_owned();
        if (200..=299).contains(&response.status) {
            return Ok(body);
        }
        let xml = Document::parse(&body);
        let why = xml.as_ref().ok().and_then(|xml| text(xml.root(), "Message"));
        Err(Trouble(format!(
            "{} {} {}",
            service.name,
            response.status,
            why.unwrap_or_default()
        )))
    }
}

fn all<'a, 'input>(node: Node<'a, 'input>, name: &str) -> impl Iterator<Item = Node<'a, 'input>> {
    node.descendants().filter(move |node| node.has_tag_name(name))
}

/// The text of the first element of this name.
fn text<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    all(node, name).next()?.text()
}

fn tagged(service: &Service, node: Node<'_, '_>) -> Option<Tagged> {
    let tag = |key: &str| {
        let mut keys = all(node, "key")
            .chain(all(node, "Key"))
            .filter(|node| node.text() == Some(key));
        let tag = keys.next()?.parent()?;
        text(tag, "value").or_else(|| text(tag, "Value")).map(str::to_owned)
    };
    let state = all(node, service.state).next()?;
    let word = text(state, "name").or_else(|| state.text())?.to_owned();
    let id = text(node, service.id)?.to_owned();
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
