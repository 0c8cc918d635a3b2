//! `[sql.NAME]` and `[objects.NAME]`.

use super::super::data::{Address, Bucket, Database};
use super::super::{SecretSource, source::Found};
use super::Keys;
use crate::manifest::is_plain_name;
use std::collections::BTreeMap;
use std::time::Duration;

const NAMES: &str = "one below another name: one of lower-case letters, digits and `-`";

impl Keys {
    pub(super) fn databases(&mut self) -> BTreeMap<String, Database> {
        let names = self.sources.names(&["sql"], of_variable);
        names
            .into_iter()
            .map(|name| {
                let database = self.database(&name);
                (name, database)
            })
            .collect()
    }

    pub(super) fn buckets(&mut self) -> BTreeMap<String, Bucket> {
        let names = self.sources.names(&["objects"], of_variable);
        names
            .into_iter()
            .map(|name| {
                let bucket = self.bucket(&name);
                (name, bucket)
            })
            .collect()
    }

    fn database(&mut self, name: &str) -> Database {
        let at = |key: &'static str| ["sql", name, key];
        self.plainly_named(&["sql", name], &at("url"));
        Database {
            url: self.address(&at("url"), &variable("SQL", name, "URL")),
            write: self.truth(&at("write")),
            rows: self.count(&at("rows"), 1, 100_000, 1000),
            bytes: self.size(&at("bytes"), 1 << 20),
            time: Duration::from_secs(self.count(&at("seconds"), 1, 3600, 10).into()),
            connections: self.count(&at("connections"), 1, 100, 4),
        }
    }

    fn bucket(&mut self, name: &str) -> Bucket {
        let at = |key: &'static str| ["objects", name, key];
        self.plainly_named(&["objects", name], &at("url"));
        let text = "a text";
        let url = "\"file:PATH\", \"s3://BUCKET/PREFIX\", \"gs://BUCKET/PREFIX\" or \"az://CONTAINER/PREFIX\"";
        let is_given = self.sources.find(&at("url")).is_some();
        let bucket = Bucket {
            url: self.text_or_none(&at("url"), url).unwrap_or_default(),
            write: self.truth_or(&at("write"), true),
            endpoint: self.text_or_none(&at("endpoint"), "an address, such as \"https://minio.example:9000\""),
            region: self.text_or_none(&at("region"), text),
            account: self.text_or_none(&at("account"), text),
            access_key: self.secret_or_none(&at("access-key")),
            secret_key: self.secret_or_none(&at("secret-key")),
            session_token: self.secret_or_none(&at("session-token")),
            service_account: self.secret_or_none(&at("service-account")),
        };
        if !is_given {
            let problem = "this bucket has no `url`".to_owned();
            self.wrong_table(&["objects", name], &at("url"), problem, format!("It must have {url}"));
        }
        bucket
    }

    /// Whether plugins can ask for something by this name.
    fn plainly_named(&mut self, table: &[&str], url: &[&str]) {
        let name = table.last().copied().unwrap_or_default();
        if !is_plain_name(name) {
            let problem = format!("`{name}` cannot be a name here");
            self.wrong_table(table, url, problem, format!("It must be {NAMES}"));
        }
    }

    /// Tells what is wrong with a table, where it or a key of it stands.
    fn wrong_table(&mut self, table: &[&str], key: &[&str], problem: String, remedy: String) {
        let found = self.sources.find(key).unwrap_or_else(|| Found {
            value: toml::Value::String(String::new()),
            origin: self.sources.file().to_owned(),
            line: None,
            is_text: false,
        });
        self.sources.error(table, &found, true, problem, remedy);
    }

    fn text_or_none(&mut self, path: &[&str], form: &str) -> Option<String> {
        self.sources.find(path)?;
        let read = |value: &toml::Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        // The default is only what a mistake leaves, and then nothing starts.
        Some(self.read(path, String::new(), form, read))
    }

    fn truth_or(&mut self, path: &[&str], default: bool) -> bool {
        self.read_either(path, default, "true or false", toml::Value::as_bool, |text| {
            text.trim().parse().ok()
        })
    }

    fn secret_or_none(&mut self, path: &[&str]) -> Option<SecretSource> {
        let below = |key| path.iter().copied().chain([key]).collect::<Vec<&str>>();
        let is_given = self.sources.find(path).is_some()
            || ["env", "file", "credential"]
                .into_iter()
                .any(|key| self.sources.find(&below(key)).is_some());
        is_given.then(|| self.secret(path, ""))
    }

    /// An address in the file or where secrets lie.
    fn address(&mut self, path: &[&str], variable: &str) -> Address {
        if let Some(found) = self.sources.find(path)
            && let (toml::Value::String(text), false) = (&found.value, found.is_text)
        {
            let address = Address::Plain(text.clone());
            self.enter(path, address.to_string(), Some(super::origin(&found)));
            return address;
        }
        Address::Secret(self.secret(path, variable))
    }
}

fn of_variable(part: &str) -> String {
    part.to_lowercase().replace('_', "-")
}

/// The variable that holds the address where nothing else is said: `SQL_MEMBERS_URL`.
fn variable(kind: &str, name: &str, key: &str) -> String {
    format!("{kind}_{}_{key}", name.to_uppercase().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::super::super::{Address, Config, SecretSource, SecretValue};
    use std::time::Duration;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Some(("moa.toml", text)), []).map_err(|errors| errors.to_string())
    }

    #[test]
    fn databases_and_buckets_are_read() {
        let config = parse(
            "[sql.members]\nurl = { env = \"MEMBERS\" }\nrows = 50\nbytes = \"64KiB\"\nseconds = 3\n\
             [sql.old-one]\nurl = \"mysql://moa:p@ss@db/old\"\nwrite = true\n[sql.third]\nconnections = 1\n\
             [objects.exports]\nurl = \"s3://b/in\"\nendpoint = \"https://s3.example\"\nregion = \"eu\"\n\
             access-key = { env = \"ID\" }\nsecret-key = { file = \"key\" }\n\
             [objects.local]\nurl = \"file:exports\"\nwrite = false",
        )
        .unwrap();
        let members = &config.sql["members"];
        assert_eq!(members.url, Address::Secret(SecretSource::Env("MEMBERS".into())));
        assert_eq!((members.write, members.rows, members.bytes), (false, 50, 64 << 10));
        assert_eq!((members.time, members.connections), (Duration::from_secs(3), 4));
        assert!(config.sql["old-one"].write);
        assert_eq!(
            config.sql["third"].url,
            Address::Secret(SecretSource::Env("SQL_THIRD_URL".into()))
        );
        let exports = &config.objects["exports"];
        assert_eq!(exports.secret_key, Some(SecretSource::File("key".into())));
        assert_eq!((exports.write, exports.session_token.as_ref()), (true, None));
        assert!(!config.objects["local"].write && config.objects["local"].access_key.is_none());
        let shown = config.show();
        assert!(shown.contains("url = \"mysql://[secret]@db/old\""), "{shown}");
        assert!(
            shown.contains("[objects.exports]") && !shown.contains("p@ss"),
            "{shown}"
        );
        assert!(!format!("{config:?}").contains("p@ss"));
    }

    #[test]
    fn the_environment_stands_over_the_file() {
        let variables = [
            ("MOA_SQL__MEMBERS__URL", "postgres://u:hunter2@db/x"),
            ("MOA_OBJECTS__EXPORTS__WRITE", "false"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let text = "[sql.members]\nurl = \"sqlite:a.db\"\n[objects.exports]\nurl = \"file:x\"";
        let config = Config::parse(Some(("moa.toml", text)), variables).unwrap();
        let value = SecretSource::Value(SecretValue::new("postgres://u:hunter2@db/x"));
        assert_eq!(config.sql["members"].url, Address::Secret(value));
        assert!(!config.objects["exports"].write);
        assert!(!config.show().contains("hunter2"));
    }

    #[test]
    fn mistakes_are_told_with_key_and_remedy() {
        for (text, key, says) in [
            ("[sql.Members]\nurl = \"sqlite:a\"", "sql.Members", "lower-case letters"),
            ("[sql.members]\nurl = 3", "sql.members.url", "{ env = "),
            (
                "[sql.members]\nurl = \"sqlite:a\"\nrows = 0",
                "sql.members.rows",
                "from 1 to 100000",
            ),
            (
                "[sql.members]\nurl = \"sqlite:a\"\nread-only = true",
                "sql.members.read-only",
                "no such key",
            ),
            (
                "[objects.exports]\nregion = \"eu\"",
                "objects.exports",
                "s3://BUCKET/PREFIX",
            ),
            (
                "[objects.exports]\nurl = \"file:x\"\nsecret-key = \"hunter2\"",
                "objects.exports.secret-key",
                "does not belong",
            ),
            ("[objects.exports]\nurl = 3", "objects.exports.url", "file:PATH"),
        ] {
            let told = parse(text).unwrap_err();
            assert!(
                told.contains(key) && told.contains(says) && !told.contains("hunter2"),
                "{text}: {told}"
            );
        }
    }
}
