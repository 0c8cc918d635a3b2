//! Amazon's services that are asked by queries and answer in XML: EC2, RDS, SNS, IAM, Auto Scaling, CloudFormation ….
//!
//! The host signs: the plugin names a secret, whose value `ACCESS-KEY-ID:SECRET-KEY` it never sees. So it needs the requests
//! `http`, for the service's address or `https://*.amazonaws.com`, and `secrets`.
//!
//! ```
//! use moa_plugin::aws::{self, Service};
//! use moa_plugin::prelude::*;
//!
//! /// Which servers run.
//! #[command]
//! fn running() -> Result<String> {
//!     let found = Service::ec2("ap-northeast-2", "AWS")
//!         .action("DescribeInstances")
//!         .with("Filter.1.Name", "instance-state-name")
//!         .with("Filter.1.Value.1", "running")
//!         .pages()?;
//!     let servers = found.iter().flat_map(|page| page.all("instancesSet")).flat_map(|set| &set.children);
//!     let names: Vec<String> = servers.filter_map(|server| aws::tags(server).remove("Name")).collect();
//!     Ok(text::plain(&names.join(", ")))
//! }
//!
//! /// Starts some.
//! #[command(restricted)]
//! fn start(#[list] ids: Vec<String>) -> Result<String> {
//!     let ec2 = Service::ec2("ap-northeast-2", "AWS");
//!     ec2.action("StartInstances").each("InstanceId", &ids).send()?;
//!     Ok("Here they come.".into())
//! }
//!
//! plugin! {
//!     name: "servers",
//!     commands: [running, start],
//!     requests: { http: ["https://ec2.ap-northeast-2.amazonaws.com"], secrets: ["AWS"] },
//! }
//!
//! let host = moa_plugin::testing::Host::new();
//! host.http(Ok(http::Response::of(200, "<r><instancesSet><item><tagSet><item><key>Name</key><value>web</value></item>\
//!     </tagSet></item></instancesSet></r>")));
//! assert_eq!(host.run::<running>("")?, Some("web".into()));
//! # Ok::<(), Error>(())
//! ```

mod account;
mod fleet;

pub use account::Account;
pub use fleet::{Fleet, Instance, State};

use crate::HostError;
use crate::http::{self, Request, Signing, beginning};
use crate::xml::{Element, XmlError};
use std::collections::BTreeMap;
use std::time::Duration;

/// A service in a region.
///
/// ```
/// use moa_plugin::aws::Service;
/// use std::time::Duration;
///
/// let here = Service::rds("ap-northeast-2", "AWS").timeout(Duration::from_secs(3));
/// let in_a_test = here.clone().address("http://127.0.0.1:5000/");
/// assert_ne!(here, in_a_test);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    name: String,
    version: String,
    region: String,
    secret: String,
    address: String,
    timeout: Option<Duration>,
}

impl Service {
    /// By its name in addresses and signatures and the version of its query API, with the region and the name of the secret.
    ///
    /// ```
    /// use moa_plugin::aws::Service;
    ///
    /// let mail = Service::new("sns", "2010-03-31", "ap-northeast-2", "AWS");
    /// # assert_ne!(mail, Service::ec2("ap-northeast-2", "AWS"));
    /// ```
    pub fn new(name: &str, version: &str, region: &str, secret: &str) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            region: region.into(),
            secret: secret.into(),
            address: format!("https://{name}.{region}.amazonaws.com/"),
            timeout: None,
        }
    }

    /// Virtual servers and what belongs to them.
    ///
    /// ```
    /// let ec2 = moa_plugin::aws::Service::ec2("us-east-1", "AWS");
    /// # assert_eq!(ec2, moa_plugin::aws::Service::new("ec2", "2016-11-15", "us-east-1", "AWS"));
    /// ```
    pub fn ec2(region: &str, secret: &str) -> Self {
        Self::new("ec2", "2016-11-15", region, secret)
    }

    /// Databases.
    ///
    /// ```
    /// let rds = moa_plugin::aws::Service::rds("us-east-1", "AWS");
    /// # assert_eq!(rds, moa_plugin::aws::Service::new("rds", "2014-10-31", "us-east-1", "AWS"));
    /// ```
    pub fn rds(region: &str, secret: &str) -> Self {
        Self::new("rds", "2014-10-31", region, secret)
    }

    /// At another address than `https://SERVICE.REGION.amazonaws.com/`: an imitation, a private endpoint.
    ///
    /// ```
    /// let ec2 = moa_plugin::aws::Service::ec2("cn-north-1", "AWS").address("https://ec2.cn-north-1.amazonaws.com.cn/");
    /// # assert_ne!(ec2, moa_plugin::aws::Service::ec2("cn-north-1", "AWS"));
    /// ```
    pub fn address(mut self, address: &str) -> Self {
        self.address = address.into();
        self
    }

    /// How long each request may take. It never outlasts the call; without this the host decides.
    ///
    /// ```
    /// let ec2 = moa_plugin::aws::Service::ec2("us-east-1", "AWS").timeout(std::time::Duration::from_secs(3));
    /// # assert_ne!(ec2, moa_plugin::aws::Service::ec2("us-east-1", "AWS"));
    /// ```
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
        self
    }

    /// Something that it can do, to be given its parameters and then asked for.
    ///
    /// ```
    /// let ec2 = moa_plugin::aws::Service::ec2("us-east-1", "AWS");
    /// let regions = ec2.action("DescribeRegions");
    /// # assert_eq!(regions, ec2.action("DescribeRegions"));
    /// ```
    pub fn action(&self, name: &str) -> Action<'_> {
        let parameters = [("Action", name), ("Version", &self.version)];
        Action {
            service: self,
            name: name.into(),
            parameters: parameters.map(|(name, value)| (name.into(), value.into())).into(),
        }
    }

    fn ask(&self, action: &str, request: Request) -> Result<Element, AwsError> {
        let what = || format!("{} {action}", self.name);
        let request = match self.timeout {
            Some(time) => request.timeout(time),
            None => request,
        };
        let signing = Signing::aws_sigv4(&self.secret, &self.region, &self.name);
        let response = request.sign(signing).send();
        let response = response.map_err(|source| AwsError::Host { what: what(), source })?;
        let answer = Element::parse(&String::from_utf8_lossy(&response.body));
        if let 200..=299 = response.status {
            return answer.map_err(|source| AwsError::Xml { what: what(), source });
        }
        let message = answer
            .ok()
            .and_then(|answer| Some(answer.all("Message").next()?.text.clone()));
        Err(AwsError::Refused {
            what: what(),
            status: response.status,
            message: message.unwrap_or_else(|| beginning(&response.body)),
        })
    }
}

/// An action that is being written.
///
/// ```
/// use moa_plugin::aws::{Action, Service};
///
/// fn of_team<'a>(action: Action<'a>, team: &str) -> Action<'a> {
///     action.with("Filter.1.Name", "tag:Team").with("Filter.1.Value.1", team)
/// }
///
/// let ec2 = Service::ec2("us-east-1", "AWS");
/// assert_ne!(of_team(ec2.action("DescribeInstances"), "kitchen"), ec2.action("DescribeInstances"));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "it is asked for by `read`, `pages` or `send`"]
pub struct Action<'a> {
    service: &'a Service,
    name: String,
    parameters: Vec<(String, String)>,
}

impl Action<'_> {
    /// One more parameter.
    ///
    /// ```
    /// let rds = moa_plugin::aws::Service::rds("us-east-1", "AWS");
    /// let stop = rds.action("StopDBInstance").with("DBInstanceIdentifier", "orders");
    /// # assert_ne!(stop, rds.action("StopDBInstance"));
    /// ```
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// A list: `NAME.1`, `NAME.2` and so on.
    ///
    /// ```
    /// let ec2 = moa_plugin::aws::Service::ec2("us-east-1", "AWS");
    /// let stop = ec2.action("StopInstances").each("InstanceId", ["i-1", "i-2"]);
    /// # assert_eq!(stop, ec2.action("StopInstances").with("InstanceId.1", "i-1").with("InstanceId.2", "i-2"));
    /// ```
    pub fn each(self, name: &str, values: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let numbered = (1..).zip(values);
        numbered.fold(self, |action, (number, value)| {
            action.with(&format!("{name}.{number}"), value.as_ref())
        })
    }

    /// Asks by GET: for what changes nothing.
    ///
    /// ```
    /// # use moa_plugin::{aws::Service, http::Response, testing::Host};
    /// # let host = Host::new();
    /// # host.http(Ok(Response::of(200, "<r><regionInfo><item><regionName>us-east-1</regionName></item></regionInfo></r>")));
    /// # host.with(|_| {
    /// let regions = Service::ec2("us-east-1", "AWS").action("DescribeRegions").read()?;
    /// assert_eq!(regions.text_of("regionInfo/item/regionName"), Some("us-east-1"));
    /// # Ok::<(), moa_plugin::Error>(())
    /// # })?;
    /// # Ok::<(), moa_plugin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`AwsError`].
    pub fn read(&self) -> Result<Element, AwsError> {
        let request = http::get(&self.service.address);
        let parameters = self.parameters.iter();
        let request = parameters.fold(request, |request, (name, value)| request.query(name, value));
        self.service.ask(&self.name, request)
    }

    /// Asks by GET for all pages of a list.
    ///
    /// ```
    /// # use moa_plugin::{aws::Service, http::Response, testing::Host};
    /// # let host = Host::new();
    /// # host.http(Ok(Response::of(200, "<r><l><DBInstance/></l></r>")));
    /// # host.with(|_| {
    /// let pages = Service::rds("us-east-1", "AWS").action("DescribeDBInstances").pages()?;
    /// let count = pages.iter().flat_map(|page| page.all("DBInstance")).count();
    /// # assert_eq!(count, 1);
    /// # Ok::<(), moa_plugin::Error>(())
    /// # })?;
    /// # Ok::<(), moa_plugin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`AwsError`], whichever page it is about.
    pub fn pages(&self) -> Result<Vec<Element>, AwsError> {
        let mut pages = vec![self.read()?];
        while let Some((name, value)) = pages.last().and_then(next) {
            let page = self.clone().with(name, value).read()?;
            pages.push(page);
        }
        Ok(pages)
    }

    /// Asks by POST: for what changes something. It is sent at most once ([`http`]).
    ///
    /// ```
    /// # use moa_plugin::{aws::Service, http::Response, testing::Host};
    /// # let host = Host::new();
    /// # host.http(Ok(Response::of(200, "<r/>")));
    /// # host.with(|_| {
    /// let rds = Service::rds("us-east-1", "AWS");
    /// rds.action("StartDBInstance").with("DBInstanceIdentifier", "orders").send()?;
    /// # Ok::<(), moa_plugin::Error>(())
    /// # })?;
    /// # Ok::<(), moa_plugin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`AwsError`].
    pub fn send(self) -> Result<Element, AwsError> {
        let pairs = self.parameters.iter();
        let form = pairs.map(|(name, value)| (name.as_str(), value.as_str()));
        self.service
            .ask(&self.name, http::post(&self.service.address).form(form))
    }
}

/// The parameter that asks for the page behind this one. It is named at the top, or within the action's `…Result`.
fn next(page: &Element) -> Option<(&'static str, &str)> {
    const NAMES: [(&str, &str); 4] = [
        ("nextToken", "NextToken"),
        ("NextToken", "NextToken"),
        ("NextMarker", "Marker"),
        ("Marker", "Marker"),
    ];
    let tops = || std::iter::once(page).chain(page.children.iter().filter(|child| child.name.ends_with("Result")));
    let mut named = NAMES
        .iter()
        .flat_map(|(name, parameter)| tops().map(move |top| (parameter, top.text_of(name))));
    named.find_map(|(parameter, value)| Some((*parameter, value?)))
}

/// The tags of a resource, whichever way its service writes them.
///
/// ```
/// use moa_plugin::{aws, xml::Element};
///
/// let database = Element::parse("<DBInstance><TagList><Tag><Key>Team</Key><Value>kitchen</Value></Tag></TagList></DBInstance>")?;
/// assert_eq!(aws::tags(&database)["Team"], "kitchen");
/// # Ok::<(), moa_plugin::xml::XmlError>(())
/// ```
pub fn tags(resource: &Element) -> BTreeMap<String, String> {
    let either = |tag: &Element, one, other| tag.text_of(one).or_else(|| tag.text_of(other)).map(str::to_owned);
    let lists = ["tagSet", "TagList", "Tags"]
        .into_iter()
        .filter_map(|name| resource.at(name));
    let tag = |tag| {
        Some((
            either(tag, "key", "Key")?,
            either(tag, "value", "Value").unwrap_or_default(),
        ))
    };
    lists.flat_map(|list| &list.children).filter_map(tag).collect()
}

/// Why a service did not do it. Each begins with the service and the action: `ec2 StopInstances`.
///
/// ```
/// # use moa_plugin::{aws::{AwsError, Service}, http::Response, testing::Host};
/// # let host = Host::new();
/// # host.http(Ok(Response::of(403, "<Response><Errors><Error><Message>Not yours.</Message></Error></Errors></Response>")));
/// # host.with(|_| {
/// match Service::ec2("us-east-1", "AWS").action("DescribeInstances").read() {
///     Err(AwsError::Refused { status: 403, message, .. }) => assert_eq!(message, "Not yours."),
///     other => drop(other?),
/// }
/// # Ok::<(), AwsError>(())
/// # })?;
/// # Ok::<(), AwsError>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AwsError {
    /// It was not asked, or did not answer.
    #[error("{what}: {source}")]
    Host {
        /// The service and the action.
        what: String,
        /// Why.
        source: HostError,
    },
    /// It answered with a status that is none from 200 to 299.
    #[error("{what}: {status} {message}")]
    Refused {
        /// The service and the action.
        what: String,
        /// The status.
        status: u16,
        /// Its own words, English; the beginning of what it answered, if there are none.
        message: String,
    },
    /// Its answer cannot be read.
    #[error("{what}: {source}")]
    Xml {
        /// The service and the action.
        what: String,
        /// Why.
        source: XmlError,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Response;
    use crate::testing::Host;

    #[test]
    fn all_pages_are_asked_for_whatever_the_service_calls_them() {
        for (pages, second) in [
            (
                ["<r><nextToken>a b</nextToken></r>", "<r><nextToken/></r>"],
                "&NextToken=a%20b",
            ),
            (
                ["<r><lResult><NextToken>2</NextToken></lResult></r>", "<r/>"],
                "&NextToken=2",
            ),
            (
                ["<r><lResult><Marker>m</Marker></lResult></r>", "<r><lResult/></r>"],
                "&Marker=m",
            ),
            (
                [
                    "<r><lResult><NextMarker>n</NextMarker><Marker>m</Marker></lResult></r>",
                    "<r/>",
                ],
                "&Marker=n",
            ),
        ] {
            let host = Host::new();
            pages
                .into_iter()
                .for_each(|page| host.http(Ok(Response::of(200, page))));
            let service = Service::new("rds", "1", "r", "AWS").timeout(Duration::from_secs(3));
            let found = host.with(|_| service.action("List").with("k", "v").pages()).unwrap();
            assert_eq!(found.len(), 2);
            let first = "https://rds.r.amazonaws.com/?Action=List&Version=1&k=v";
            let asked: Vec<String> = host.requests().iter().map(|request| request.url().to_owned()).collect();
            assert_eq!(asked, [first.to_owned(), format!("{first}{second}")]);
        }
    }

    #[test]
    fn what_went_wrong_is_told_with_the_action() {
        let error = |answer: Result<Response, HostError>| {
            let host = Host::new();
            host.http(answer);
            let service = Service::ec2("r", "AWS").address("http://127.0.0.1:5000/");
            let error = host
                .with(|_| service.action("Stop").each("Id", ["a", "b"]).send())
                .unwrap_err();
            let expected = http::post("http://127.0.0.1:5000/")
                .form([
                    ("Action", "Stop"),
                    ("Version", "2016-11-15"),
                    ("Id.1", "a"),
                    ("Id.2", "b"),
                ])
                .sign(Signing::aws_sigv4("AWS", "r", "ec2"));
            assert_eq!(host.requests(), [expected]);
            error.to_string()
        };
        let refused = "<ErrorResponse><Error><Code>X</Code><Message>No &amp; no.</Message></Error></ErrorResponse>";
        assert_eq!(error(Ok(Response::of(400, refused))), "ec2 Stop: 400 No & no.");
        assert_eq!(error(Ok(Response::of(502, "<html>\nno"))), "ec2 Stop: 502 <html> no");
        let other = error(Ok(Response::of(200, "{}")));
        assert_eq!(other, "ec2 Stop: no XML at byte 0: text outside of the element");
        let silent = error(Err(HostError::Unavailable("`127.0.0.1` did not answer in time".into())));
        assert_eq!(silent, "ec2 Stop: unavailable: `127.0.0.1` did not answer in time");
    }

    #[test]
    fn tags_are_read_as_each_service_writes_them() {
        let of = |list: &str| tags(&Element::parse(&format!("<x><y/>{list}</x>")).unwrap());
        let ec2 = of("<tagSet><item><key>a</key><value>1</value></item><item><key>b</key><value/></item></tagSet>");
        assert_eq!(ec2, [("a".into(), "1".into()), ("b".into(), String::new())].into());
        assert_eq!(
            of("<Tags><member><Key>a</Key><Value>1</Value></member></Tags>"),
            [("a".into(), "1".into())].into()
        );
        assert_eq!(of(""), BTreeMap::new());
    }
}
