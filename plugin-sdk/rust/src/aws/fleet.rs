//! Servers and databases that run or don't.

use super::{Action, AwsError, Service, tags};
use crate::xml::Element;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The virtual servers of EC2, or the databases of RDS: which there are, and starting and stopping them.
///
/// ```
/// use moa_plugin::aws::{Fleet, State};
/// use moa_plugin::prelude::*;
///
/// /// Stops all test servers that run.
/// #[command(restricted)]
/// fn tidy() -> Result<String> {
///     let fleet = Fleet::ec2("ap-northeast-2", "AWS");
///     let servers = fleet.tagged("Stage")?;
///     let tests = servers.iter().filter(|server| server.tag("Stage") == Some("test") && server.state == State::Up);
///     let ids: Vec<&str> = tests.map(|server| server.id.as_str()).collect();
///     fleet.stop(&ids)?;
///     Ok(format!("{} servers are being stopped.", ids.len()))
/// }
/// # plugin!(tidy);
/// # let host = moa_plugin::testing::Host::new();
/// # host.http(Ok(http::Response::of(200, "<r><reservationSet/></r>")));
/// # assert_eq!(host.run::<tidy>("")?, Some("0 servers are being stopped.".into()));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Fleet {
    service: Service,
    is_rds: bool,
}

/// A server or a database.
///
/// ```
/// use moa_plugin::aws::{Instance, State};
///
/// let database = Instance::new("orders", "backing-up");
/// assert_eq!((database.name(), database.state), ("orders", State::Between));
/// assert_eq!(database.to_string(), "🟡 orders (backing-up)");
/// ```
///
/// Where other providers are asked besides Amazon, it is read from JSON:
///
/// ```
/// # use moa_plugin::aws::{Instance, State};
/// let server: Instance = serde_json::from_str(r#"{ "name": "web-1", "state": "running" }"#)?;
/// assert_eq!((server.name(), server.state), ("web-1", State::Up));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Short")]
pub struct Instance {
    /// What it is started and stopped by.
    pub id: String,
    /// Whether it runs.
    pub state: State,
    /// Its state in Amazon's word: `running`, `available`, `backing-up`.
    pub word: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// An instance as JSON has it.
#[derive(Deserialize)]
struct Short {
    name: String,
    state: String,
}

impl From<Short> for Instance {
    fn from(short: Short) -> Self {
        Self::new(short.name, short.state)
    }
}

/// Whether an instance runs.
///
/// ```
/// use moa_plugin::aws::{Instance, State};
///
/// assert_eq!(Instance::new("i-1", "running").state, State::Up);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It can be used, and stopped.
    Up,
    /// It can be started.
    Down,
    /// Anything else: it is coming or going, or has something done to it.
    Between,
}

/// A mark for people: 🟢, ⚫, or 🟡 for what is between.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Up => "🟢",
            Self::Down => "⚫",
            Self::Between => "🟡",
        })
    }
}

/// Name and state for people, as plain text: `🟢 web-1 (running)`.
impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [name, word] = [self.name(), &self.word].map(crate::text::plain);
        write!(f, "{} {name} ({word})", self.state)
    }
}

impl Instance {
    /// One without tags, from Amazon's word for its state.
    ///
    /// ```
    /// use moa_plugin::aws::{Instance, State};
    ///
    /// assert_eq!(Instance::new("orders", "available").state, State::Up);
    /// ```
    pub fn new(id: impl Into<String>, word: impl Into<String>) -> Self {
        let word = word.into();
        Self {
            id: id.into(),
            state: match word.as_str() {
                "running" | "available" => State::Up,
                "stopped" => State::Down,
                _ => State::Between,
            },
            word,
            tags: BTreeMap::new(),
        }
    }

    /// What people call it: its tag `Name`, or else its id.
    ///
    /// ```
    /// let mut server = moa_plugin::aws::Instance::new("i-1", "running");
    /// server.tags.insert("Name".into(), "web".into());
    /// assert_eq!(server.name(), "web");
    /// ```
    pub fn name(&self) -> &str {
        self.tag("Name").unwrap_or(&self.id)
    }

    /// The value of a tag.
    ///
    /// ```
    /// assert_eq!(moa_plugin::aws::Instance::new("i-1", "running").tag("Team"), None);
    /// ```
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tags.get(key).map(String::as_str)
    }
}

impl Fleet {
    /// The servers of EC2 in a region, by the name of the secret.
    ///
    /// ```
    /// let servers = moa_plugin::aws::Fleet::ec2("ap-northeast-2", "AWS");
    /// # assert_ne!(servers, moa_plugin::aws::Fleet::rds("ap-northeast-2", "AWS"));
    /// ```
    pub fn ec2(region: &str, secret: &str) -> Self {
        Self {
            service: Service::ec2(region, secret),
            is_rds: false,
        }
    }

    /// The databases of RDS in a region, by the name of the secret.
    ///
    /// ```
    /// let databases = moa_plugin::aws::Fleet::rds("ap-northeast-2", "AWS");
    /// # assert_ne!(databases, moa_plugin::aws::Fleet::ec2("ap-northeast-2", "AWS"));
    /// ```
    pub fn rds(region: &str, secret: &str) -> Self {
        Self {
            service: Service::rds(region, secret),
            is_rds: true,
        }
    }

    /// At another address ([`Service::address`]).
    ///
    /// ```
    /// let fleet = moa_plugin::aws::Fleet::ec2("us-east-1", "AWS").address("http://127.0.0.1:5000/");
    /// # assert_ne!(fleet, moa_plugin::aws::Fleet::ec2("us-east-1", "AWS"));
    /// ```
    pub fn address(mut self, address: &str) -> Self {
        self.service = self.service.address(address);
        self
    }

    /// How long each request may take ([`Service::timeout`]).
    ///
    /// ```
    /// let fleet = moa_plugin::aws::Fleet::ec2("us-east-1", "AWS").timeout(std::time::Duration::from_secs(3));
    /// # assert_ne!(fleet, moa_plugin::aws::Fleet::ec2("us-east-1", "AWS"));
    /// ```
    pub fn timeout(mut self, time: Duration) -> Self {
        self.service = self.service.timeout(time);
        self
    }

    /// All that there are, but for those that are being deleted.
    ///
    /// ```
    /// # use moa_plugin::{aws::Fleet, http::Response, testing::Host};
    /// # let host = Host::new();
    /// # host.http(Ok(Response::of(200, "<r/>")));
    /// # host.with(|_| {
    /// for database in Fleet::rds("us-east-1", "AWS").list()? {
    ///     moa_plugin::log::info(format!("{} is {}", database.name(), database.word));
    /// }
    /// # Ok::<(), moa_plugin::Error>(())
    /// # })?;
    /// # Ok::<(), moa_plugin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`AwsError`].
    pub fn list(&self) -> Result<Vec<Instance>, AwsError> {
        self.read(&self.describe())
    }

    /// Those that have a tag, but for those that are being deleted.
    ///
    /// ```
    /// # use moa_plugin::{aws::Fleet, http::Response, testing::Host};
    /// # let host = Host::new();
    /// # host.http(Ok(Response::of(200, "<r/>")));
    /// # host.with(|_| {
    /// let ours = Fleet::ec2("us-east-1", "AWS").tagged("Team")?;
    /// assert!(ours.iter().all(|server| server.tag("Team").is_some()));
    /// # Ok::<(), moa_plugin::Error>(())
    /// # })?;
    /// # Ok::<(), moa_plugin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`AwsError`].
    pub fn tagged(&self, key: &str) -> Result<Vec<Instance>, AwsError> {
        let describe = self.describe();
        let mut found = self.read(&match self.is_rds {
            // RDS has no such filter.
            true => describe,
            false => describe.with("Filter.1.Name", "tag-key").with("Filter.1.Value.1", key),
        })?;
        found.retain(|instance| instance.tags.contains_key(key));
        Ok(found)
    }

    /// Starts or stops those that are not yet so, and tells how many; those between are left alone.
    ///
    /// ```
    /// # use moa_plugin::{http::Response, testing::Host};
    /// use moa_plugin::aws::{Fleet, Instance, State};
    /// # let host = Host::new();
    /// # host.http(Ok(Response::of(200, "<r/>")));
    /// # host.with(|_| {
    /// let servers = [Instance::new("i-1", "running"), Instance::new("i-2", "stopped"), Instance::new("i-3", "pending")];
    /// assert_eq!(Fleet::ec2("us-east-1", "AWS").bring(State::Up, &servers)?, 1);
    /// # Ok::<(), moa_plugin::Error>(())
    /// # })?;
    /// # assert_eq!(host.requests().len(), 1);
    /// # Ok::<(), moa_plugin::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`start`](Self::start) and [`stop`](Self::stop).
    pub fn bring(&self, state: State, instances: &[Instance]) -> Result<usize, AwsError> {
        let ids = |state| -> Vec<&str> {
            let these = instances.iter().filter(|instance| instance.state == state);
            these.map(|instance| instance.id.as_str()).collect()
        };
        let (order, ids) = match state {
            State::Up => ("Start", ids(State::Down)),
            State::Down => ("Stop", ids(State::Up)),
            State::Between => return Ok(0),
        };
        self.order(order, &ids)?;
        Ok(ids.len())
    }

    /// Starts some by their ids. It has begun when this returns.
    ///
    /// ```
    /// # use moa_plugin::{aws::Fleet, http::Response, testing::Host};
    /// # let host = Host::new();
    /// # host.http(Ok(Response::of(200, "<r/>")));
    /// # host.with(|_| {
    /// Fleet::ec2("us-east-1", "AWS").start(&["i-1", "i-2"])?;
    /// # Ok::<(), moa_plugin::Error>(())
    /// # })?;
    /// # Ok::<(), moa_plugin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`AwsError`]. EC2 starts all or none; RDS takes them one by one, and those before the one that fails are started.
    pub fn start(&self, ids: &[&str]) -> Result<(), AwsError> {
        self.order("Start", ids)
    }

    /// Stops some by their ids. It has begun when this returns.
    ///
    /// ```
    /// # use moa_plugin::{aws::Fleet, http::Response, testing::Host};
    /// # let host = Host::new();
    /// # host.http(Ok(Response::of(200, "<r/>")));
    /// # host.with(|_| {
    /// Fleet::rds("us-east-1", "AWS").stop(&["orders"])?;
    /// # Ok::<(), moa_plugin::Error>(())
    /// # })?;
    /// # Ok::<(), moa_plugin::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`start`](Self::start).
    pub fn stop(&self, ids: &[&str]) -> Result<(), AwsError> {
        self.order("Stop", ids)
    }

    fn describe(&self) -> Action<'_> {
        let what = if self.is_rds {
            "DescribeDBInstances"
        } else {
            "DescribeInstances"
        };
        self.service.action(what)
    }

    fn read(&self, action: &Action<'_>) -> Result<Vec<Instance>, AwsError> {
        let (list, id, word) = match self.is_rds {
            true => ("DBInstances", "DBInstanceIdentifier", "DBInstanceStatus"),
            false => ("instancesSet", "instanceId", "instanceState/name"),
        };
        let instance = |found: &Element| {
            let instance = Instance::new(found.text_of(id)?, found.text_of(word)?);
            let is_going = matches!(&*instance.word, "terminated" | "shutting-down" | "deleting");
            let tags = tags(found);
            (!is_going).then_some(Instance { tags, ..instance })
        };
        let pages = action.pages()?;
        let lists = pages.iter().flat_map(|page| page.all(list));
        Ok(lists.flat_map(|list| &list.children).filter_map(instance).collect())
    }

    fn order(&self, what: &str, ids: &[&str]) -> Result<(), AwsError> {
        if self.is_rds {
            let action = self.service.action(&format!("{what}DBInstance"));
            for id in ids {
                action.clone().with("DBInstanceIdentifier", *id).send()?;
            }
        } else if !ids.is_empty() {
            let action = self.service.action(&format!("{what}Instances"));
            action.each("InstanceId", ids).send()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{self, Response, Signing};
    use crate::testing::Host;

    #[test]
    fn instances_are_read_as_both_services_write_them() {
        let host = Host::new();
        let servers = "<r><reservationSet><item><groupSet/><instancesSet><item><instanceId>i-1</instanceId>\
            <instanceState><code>16</code><name>running</name></instanceState>\
            <tagSet><item><key>Name</key><value>web</value></item></tagSet></item>\
            <item><instanceId>i-2</instanceId><instanceState><name>terminated</name></instanceState></item></instancesSet></item>\
            <item><instancesSet><item><instanceId>i-3</instanceId><instanceState><name>pending</name></instanceState></item>\
            </instancesSet></item></reservationSet></r>";
        let databases = "<r><DescribeDBInstancesResult><DBInstances><DBInstance>\
            <DBInstanceIdentifier>orders</DBInstanceIdentifier><DBInstanceStatus>stopped</DBInstanceStatus>\
            <TagList><Tag><Key>Team</Key><Value>shop</Value></Tag></TagList></DBInstance><DBInstance>\
            <DBInstanceIdentifier>old</DBInstanceIdentifier><DBInstanceStatus>available</DBInstanceStatus></DBInstance>\
            </DBInstances></DescribeDBInstancesResult></r>";
        for answer in [servers, servers, databases, databases] {
            host.http(Ok(Response::of(200, answer)));
        }
        let (ec2, rds) = (Fleet::ec2("r", "AWS"), Fleet::rds("r", "AWS"));
        let shown = |found: Result<Vec<Instance>, AwsError>| -> Vec<(String, State)> {
            let found = found.unwrap().into_iter();
            found.map(|one| (one.name().to_owned(), one.state)).collect()
        };
        host.with(|_| {
            assert_eq!(
                shown(ec2.list()),
                [("web".into(), State::Up), ("i-3".into(), State::Between)]
            );
            assert_eq!(shown(ec2.tagged("Name")), [("web".into(), State::Up)]);
            assert_eq!(
                shown(rds.list()),
                [("orders".into(), State::Down), ("old".into(), State::Up)]
            );
            assert_eq!(shown(rds.tagged("Team")), [("orders".into(), State::Down)]);
        });
        let filter = "&Filter.1.Name=tag-key&Filter.1.Value.1=Name";
        let requests = host.requests();
        assert!(!requests[0].url().ends_with(filter) && requests[1].url().ends_with(filter));
        assert_eq!(requests[2], requests[3]);
    }

    #[test]
    fn ec2_takes_all_at_once_and_rds_one_by_one() {
        let host = Host::new();
        (0..3).for_each(|_| host.http(Ok(Response::of(200, "<r/>"))));
        host.with(|_| {
            Fleet::ec2("r", "AWS").start(&["a", "b"]).unwrap();
            Fleet::ec2("r", "AWS").start(&[]).unwrap();
            Fleet::rds("r", "AWS")
                .address("http://127.0.0.1:5000/")
                .stop(&["c", "d"])
                .unwrap();
        });
        let rds = |id| {
            http::post("http://127.0.0.1:5000/")
                .form([
                    ("Action", "StopDBInstance"),
                    ("Version", "2014-10-31"),
                    ("DBInstanceIdentifier", id),
                ])
                .sign(Signing::aws_sigv4("AWS", "r", "rds"))
        };
        let ec2 = http::post("https://ec2.r.amazonaws.com/")
            .form([
                ("Action", "StartInstances"),
                ("Version", "2016-11-15"),
                ("InstanceId.1", "a"),
                ("InstanceId.2", "b"),
            ])
            .sign(Signing::aws_sigv4("AWS", "r", "ec2"));
        assert_eq!(host.requests(), [ec2, rds("c"), rds("d")]);
    }
}
