//! Where Amazon is asked.

use super::Fleet;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Where Amazon is asked, as operators write it: a table of the configuration with a `region`, the name of the secret as its
/// `key`, and perhaps other addresses by the names of their services.
///
/// ```
/// use moa_plugin::aws::Account;
/// use moa_plugin::prelude::*;
///
/// #[derive(Config)]
/// struct Settings {
///     /// Where Amazon is asked: `{ region = "ap-northeast-2", key = "AWS" }`.
///     #[table]
///     aws: Account,
/// }
///
/// /// How many databases there are.
/// #[command]
/// fn databases(ctx: &Context) -> Result<String> {
///     let settings: Settings = ctx.config()?;
///     let fleet = settings.aws.fleet("rds").ok_or_else(|| Error::internal("no such service"))?;
///     Ok(fleet.list()?.len().to_string())
/// }
///
/// plugin! {
///     name: "servers",
///     commands: [databases],
///     config: Settings,
///     requests: { http: ["https://*.amazonaws.com", "config:aws.rds"], secrets: ["config:aws.key"] },
/// }
/// # let aws = serde_json::json!({ "region": "r", "key": "AWS", "rds": "http://127.0.0.1:5000/" });
/// # let host = moa_plugin::testing::Host::new().config(serde_json::json!({ "aws": aws }));
/// # host.http(Ok(http::Response::of(200, "<r/>")));
/// # assert_eq!(host.run::<databases>("")?, Some("0".into()));
/// # assert!(host.requests()[0].url().starts_with("http://127.0.0.1:5000/?Action=DescribeDBInstances"));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// The region.
    pub region: String,
    /// The name of the secret, whose value is `ACCESS-KEY-ID:SECRET-KEY`.
    pub key: String,
    /// Other addresses than the region's own, by service: `ec2`, `rds`.
    #[serde(flatten)]
    pub addresses: BTreeMap<String, String>,
}

impl Account {
    /// The servers of `ec2` or the databases of `rds`; `None` for anything else.
    ///
    /// ```
    /// use moa_plugin::aws::{Account, Fleet};
    ///
    /// let account = Account { region: "us-east-1".into(), key: "AWS".into(), addresses: Default::default() };
    /// assert_eq!(account.fleet("ec2"), Some(Fleet::ec2("us-east-1", "AWS")));
    /// assert_eq!(account.fleet("s3"), None);
    /// ```
    pub fn fleet(&self, service: &str) -> Option<Fleet> {
        let fleet = match service {
            "ec2" => Fleet::ec2(&self.region, &self.key),
            "rds" => Fleet::rds(&self.region, &self.key),
            _ => return None,
        };
        Some(match self.addresses.get(service) {
            Some(address) => fleet.address(address),
            None => fleet,
        })
    }
}
