//! Databases and buckets under the operator's names, opened when somebody first asks for them.

use crate::settings::{self, SecretError};
use moa_core::call::{CapError, CapResult};
use moa_core::config::{self, Address, Config, SecretSource};
use moa_core::manifest::is_plain_name;
use moa_objects::{Bucket, ObjectError, Secret, Target};
use moa_sql::{Connection, Database, Limits, SqlError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Databases and buckets.
#[derive(Debug)]
pub struct Data {
    databases: BTreeMap<String, Place<moa_sql::Settings>>,
    buckets: BTreeMap<String, Place<moa_objects::Settings>>,
    unnamed: Unnamed,
    open: Mutex<Open>,
}

/// Where something is; or why that is not known: a secret is not there.
type Place<T> = Result<T, String>;

/// What there is under names that nobody configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Unnamed {
    /// Nothing.
    #[default]
    Nothing,
    /// Buckets in memory (transcripts).
    Memory,
    /// A database and a folder of each name, in this folder (`moa dev`).
    Folder(PathBuf),
}

#[derive(Debug, Default)]
struct Open {
    databases: BTreeMap<String, Connection>,
    buckets: BTreeMap<String, Bucket>,
}

/// There is none.
impl Default for Data {
    fn default() -> Self {
        Self::with(BTreeMap::new(), Unnamed::Nothing)
    }
}

/// What is wrong with the settings: what the operator wrote, and what is missing beside it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// Addresses that are none, each with its key and how it would be right.
    pub wrong: Vec<String>,
    /// Secrets that are not there.
    pub missing: Vec<String>,
}

impl Data {
    /// As the configuration says.
    ///
    /// # Errors
    /// Addresses that are none.
    pub fn of(config: &Config, unnamed: Unnamed) -> anyhow::Result<Self> {
        let (data, problems) = Self::looked_at(config, unnamed);
        if !problems.wrong.is_empty() {
            anyhow::bail!("{}", problems.wrong.join("\n"));
        }
        for missing in &problems.missing {
            // Whoever needs it is told that it is not there.
            tracing::warn!("{missing}");
        }
        Ok(data)
    }

    /// What is wrong with the configuration, without opening anything.
    pub fn problems(config: &Config) -> Problems {
        Self::looked_at(config, Unnamed::Nothing).1
    }

    /// Databases in memory, each made by a script.
    ///
    /// # Errors
    /// What a script has that its database refuses, with its name.
    pub async fn scripted(scripts: &BTreeMap<String, String>, unnamed: Unnamed) -> Result<Self, String> {
        let settings = moa_sql::Settings {
            database: Database::Memory,
            write: true,
            limits: Limits::default(),
        };
        let databases = scripts
            .keys()
            .map(|name| (name.clone(), Ok(settings.clone())))
            .collect();
        let data = Self::with(databases, unnamed);
        for (name, script) in scripts {
            let connection = data.connection(name).map_err(|error| error.to_string())?;
            connection
                .script(script)
                .await
                .map_err(|error| format!("@sql {name}: {error}"))?;
        }
        Ok(data)
    }

    fn with(databases: BTreeMap<String, Place<moa_sql::Settings>>, unnamed: Unnamed) -> Self {
        Self {
            databases,
            buckets: BTreeMap::new(),
            unnamed,
            open: Mutex::default(),
        }
    }

    fn looked_at(config: &Config, unnamed: Unnamed) -> (Self, Problems) {
        let mut problems = Problems::default();
        let mut data = Self::with(BTreeMap::new(), unnamed);
        for (name, database) in &config.sql {
            let url = match &database.url {
                Address::Plain(url) => Ok(url.clone()),
                Address::Secret(source) => {
                    settings::secret("sql", source).map_err(|error| not_there("sql", name, "url", &error))
                }
            };
            let place = match url {
                Ok(url) => match database_of(name, database, &url, &config.base) {
                    Ok(settings) => Ok(settings),
                    Err(error) => {
                        problems.wrong.push(error.to_string());
                        Err(error.to_string())
                    }
                },
                Err(missing) => {
                    problems.missing.push(missing.clone());
                    Err(missing)
                }
            };
            data.databases.insert(name.clone(), place);
        }
        for (name, bucket) in &config.objects {
            let place = bucket_of(name, bucket, &config.base, &mut problems);
            data.buckets.insert(name.clone(), place);
        }
        (data, problems)
    }

    /// The database of this name.
    ///
    /// # Errors
    /// There is none, or it cannot be opened.
    pub fn connection(&self, name: &str) -> CapResult<Connection> {
        if let Some(connection) = self.open().databases.get(name) {
            return Ok(connection.clone());
        }
        let settings = match self.databases.get(name) {
            Some(Ok(settings)) => settings.clone(),
            Some(Err(why)) => return Err(CapError::Unavailable(why.clone())),
            None => self.unnamed_database(name)?,
        };
        // Not under the lock: whatever hangs here would keep everybody from everything.
        let connection = Connection::open(name, settings).map_err(sql_error)?;
        // Whoever else opened it meanwhile was first: all have the same one.
        let mut open = self.open();
        Ok(open.databases.entry(name.to_owned()).or_insert(connection).clone())
    }

    /// The bucket of this name.
    ///
    /// # Errors
    /// There is none, or it cannot be opened.
    pub fn bucket(&self, name: &str) -> CapResult<Bucket> {
        if let Some(bucket) = self.open().buckets.get(name) {
            return Ok(bucket.clone());
        }
        let settings = match self.buckets.get(name) {
            Some(Ok(settings)) => settings.clone(),
            Some(Err(why)) => return Err(CapError::Unavailable(why.clone())),
            None => self.unnamed_bucket(name)?,
        };
        let bucket = Bucket::open(name, settings).map_err(object_error)?;
        let mut open = self.open();
        Ok(open.buckets.entry(name.to_owned()).or_insert(bucket).clone())
    }

    /// Ends what is under way, and closes.
    pub async fn close(&self) {
        let open = std::mem::take(&mut *self.open());
        futures_util::future::join_all(open.databases.values().map(Connection::close)).await;
    }

    fn unnamed_database(&self, name: &str) -> CapResult<moa_sql::Settings> {
        let Unnamed::Folder(folder) = &self.unnamed else {
            return Err(CapError::Unavailable(format!(
                "there is no database `{name}` here: the operator names one by [sql.{name}] with a `url` in moa.toml"
            )));
        };
        let folder = made(&folder.join("sql"), name)?;
        Ok(moa_sql::Settings {
            database: Database::Sqlite(folder.join(format!("{name}.db"))),
            write: true,
            limits: Limits::default(),
        })
    }

    fn unnamed_bucket(&self, name: &str) -> CapResult<moa_objects::Settings> {
        let target = match &self.unnamed {
            Unnamed::Nothing => {
                return Err(CapError::Unavailable(format!(
                    "there is no bucket `{name}` here: the operator names one by [objects.{name}] with a `url` in moa.toml"
                )));
            }
            Unnamed::Memory => Target::Memory,
            Unnamed::Folder(folder) => Target::Folder(made(&folder.join("objects"), name)?.join(name)),
        };
        Ok(moa_objects::Settings::new(target))
    }

    /// Nothing here panics half-way.
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A folder, for something of a name that can be that of a file.
fn made(folder: &Path, name: &str) -> CapResult<PathBuf> {
    if !is_plain_name(name) {
        return Err(CapError::Invalid(format!(
            "`{name}` cannot be a name here: it has lower-case letters, digits and `-`"
        )));
    }
    match std::fs::create_dir_all(folder) {
        Ok(()) => Ok(folder.to_owned()),
        Err(error) => Err(CapError::Unavailable(format!(
            "{} cannot be made: {error}",
            folder.display()
        ))),
    }
}

fn not_there(table: &str, name: &str, key: &str, error: &SecretError) -> String {
    // The error begins with a key, which is here the table alone.
    let text = error.to_string();
    let why = text.split_once(": ").map_or(text.as_str(), |(_, why)| why);
    format!("{table}.{name}.{key}: {why}")
}

fn database_of(name: &str, database: &config::Database, url: &str, base: &Path) -> Result<moa_sql::Settings, SqlError> {
    Ok(moa_sql::Settings {
        database: Database::parse(name, url, base)?,
        write: database.write,
        limits: Limits {
            rows: usize::try_from(database.rows).unwrap_or(usize::MAX),
            bytes: usize::try_from(database.bytes).unwrap_or(usize::MAX),
            time: database.time,
            connections: database.connections,
        },
    })
}

fn bucket_of(
    name: &str,
    bucket: &config::Bucket,
    base: &Path,
    problems: &mut Problems,
) -> Place<moa_objects::Settings> {
    let target = match Target::parse(&bucket.url, base) {
        Ok(target) => target,
        Err(error) => {
            let wrong = match error {
                ObjectError::Settings {
                    key, problem, remedy, ..
                } => format!("objects.{name}.{key}: {problem}. {remedy}"),
                other => other.to_string(),
            };
            problems.wrong.push(wrong.clone());
            return Err(wrong);
        }
    };
    let mut missing = None;
    let mut secret = |key: &str, source: &Option<SecretSource>| match settings::secret("objects", source.as_ref()?) {
        Ok(value) => Some(Secret::new(value)),
        Err(error) => {
            let text = not_there("objects", name, key, &error);
            problems.missing.push(text.clone());
            missing.get_or_insert(text);
            None
        }
    };
    let settings = moa_objects::Settings {
        target,
        write: bucket.write,
        endpoint: bucket.endpoint.clone(),
        region: bucket.region.clone(),
        account: bucket.account.clone(),
        access_key: secret("access-key", &bucket.access_key),
        secret_key: secret("secret-key", &bucket.secret_key),
        session_token: secret("session-token", &bucket.session_token),
        service_account: secret("service-account", &bucket.service_account),
    };
    missing.map_or(Ok(settings), Err)
}

/// What a database says, in the contract's words.
pub fn sql_error(error: SqlError) -> CapError {
    let text = error.to_string();
    match error {
        SqlError::Invalid(_) => CapError::Invalid(text),
        SqlError::Conflict(_) => CapError::Conflict(text),
        SqlError::ReadOnly(_) => CapError::AccessDenied(text),
        SqlError::OverLimit(_) => CapError::OverLimit(text),
        SqlError::Unavailable(_) | SqlError::Settings { .. } => CapError::Unavailable(text),
        SqlError::Uncertain(_) => CapError::Uncertain(text),
    }
}

/// What a bucket says, in the contract's words.
pub fn object_error(error: ObjectError) -> CapError {
    let text = error.to_string();
    match error {
        ObjectError::NotFound { .. } => CapError::NotFound(text),
        ObjectError::Invalid(_) => CapError::Invalid(text),
        ObjectError::TooLarge { .. } => CapError::OverLimit(text),
        ObjectError::Unsupported(_) => CapError::Unsupported(text),
        ObjectError::ReadOnly(_) => CapError::AccessDenied(text),
        ObjectError::Refused { .. }
        | ObjectError::Unavailable { .. }
        | ObjectError::BrokeOff { .. }
        | ObjectError::Settings { .. } => CapError::Unavailable(text),
    }
}

/// What transcripts and tests have by default: buckets in memory, and no database.
pub fn in_memory() -> Arc<Data> {
    Arc::new(Data::with(BTreeMap::new(), Unnamed::Memory))
}

/// A database and a folder of each name, in this folder.
#[cfg(test)]
pub(crate) fn in_folder(folder: &Path) -> Arc<Data> {
    Arc::new(Data::with(BTreeMap::new(), Unnamed::Folder(folder.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::parse(Some(("/etc/moa/moa.toml", text)), []).unwrap_or_else(|errors| panic!("{errors}"))
    }

    #[tokio::test]
    async fn a_wrong_address_is_told_and_a_missing_secret_only_where_it_is_needed() {
        let config = config(
            "[sql.a]\nurl = \"oracle://u:hunter2@h/d\"\n[sql.b]\nurl = { env = \"MOA_TEST_NOT_SET\" }\n\
             [objects.c]\nurl = \"ftp://x\"\n[objects.d]\nurl = \"s3://b\"\naccess-key = { env = \"MOA_TEST_NOT_SET\" }",
        );
        let problems = Data::problems(&config);
        assert_eq!((problems.wrong.len(), problems.missing.len()), (2, 2), "{problems:?}");
        assert!(problems.wrong[0].starts_with("sql.a.url: ") && !problems.wrong[0].contains("hunter2"));
        assert!(problems.wrong[1].starts_with("objects.c.url: ") && problems.wrong[1].contains("s3://BUCKET"));
        assert!(problems.missing[0].starts_with("sql.b.url: ") && problems.missing[0].contains("MOA_TEST_NOT_SET"));
        assert!(
            problems.missing[1].starts_with("objects.d.access-key: "),
            "{problems:?}"
        );
        assert!(Data::of(&config, Unnamed::Nothing).is_err());

        let (data, _) = Data::looked_at(&config, Unnamed::Nothing);
        for told in [data.connection("b").unwrap_err(), data.bucket("d").unwrap_err()] {
            assert!(told.to_string().contains("MOA_TEST_NOT_SET"), "{told}");
        }
        let told = data.connection("elsewhere").unwrap_err().to_string();
        assert!(told.contains("[sql.elsewhere]"), "{told}");
        let told = data.bucket("elsewhere").unwrap_err().to_string();
        assert!(told.contains("[objects.elsewhere]"), "{told}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_nobody_named_is_made_where_things_are_tried_out() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::with(BTreeMap::new(), Unnamed::Folder(folder.path().into()));
        let connection = data.connection("members").unwrap();
        connection.execute("CREATE TABLE t (a)", vec![]).await.unwrap();
        data.bucket("exports").unwrap().put("a", "b".into(), "").await.unwrap();
        data.close().await;
        assert!(folder.path().join("sql/members.db").exists() && folder.path().join("objects/exports/a").exists());
        assert!(matches!(data.connection("../x"), Err(CapError::Invalid(_))));
        assert!(matches!(data.bucket("../x"), Err(CapError::Invalid(_))));

        let scripts = BTreeMap::from([(
            "m".to_owned(),
            "CREATE TABLE t (a); INSERT INTO t VALUES (7);".to_owned(),
        )]);
        let data = Data::scripted(&scripts, Unnamed::Memory).await.unwrap();
        let found = data
            .connection("m")
            .unwrap()
            .query("SELECT a FROM t", vec![])
            .await
            .unwrap();
        assert_eq!(found.rows, [[moa_sql::Cell::Integer(7)]]);
        assert!(data.connection("other").is_err() && data.bucket("other").is_ok());
        let scripts = BTreeMap::from([("m".to_owned(), "CREATE TABLE".to_owned())]);
        let told = Data::scripted(&scripts, Unnamed::Memory).await.unwrap_err();
        assert!(told.starts_with("@sql m: "), "{told}");
    }
}
