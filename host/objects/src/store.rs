//! The store behind a bucket, as its settings say.

use crate::settings::{Place, Settings, Target};
use crate::{ObjectError, Secret};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::azure::{MicrosoftAzure, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorage, GoogleCloudStorageBuilder};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::{ClientOptions, ObjectStore, RetryConfig};
use std::sync::Arc;
use std::time::Duration;

/// How long a service may take to take a connection up.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one request may take, with its body.
const REQUEST: Duration = Duration::from_secs(300);
/// How often a request is tried again that failed for want of a connection or with 5xx, and for how long.
const RETRIES: usize = 3;
const RETRY: Duration = Duration::from_secs(10);

/// A store. What only some can do needs to know which.
#[derive(Clone, Debug)]
pub(crate) enum Store {
    Memory(Arc<InMemory>),
    Folder(Arc<LocalFileSystem>),
    S3(Arc<AmazonS3>),
    Google(Arc<GoogleCloudStorage>),
    Azure(Arc<MicrosoftAzure>),
}

impl Store {
    pub(crate) fn open(name: &str, settings: &Settings) -> Result<Self, ObjectError> {
        let wrong = |key: &'static str, problem: String, remedy: &str| ObjectError::Settings {
            bucket: name.to_owned(),
            key,
            problem,
            remedy: remedy.to_owned(),
        };
        let endpoint = settings.endpoint.as_deref();
        if let Some(endpoint) = endpoint
            && !(endpoint.starts_with("https://") || endpoint.starts_with("http://"))
        {
            return Err(wrong(
                "endpoint",
                format!("`{endpoint}` is no address"),
                "It must begin with https://, or with http:// in a network that you trust",
            ));
        }
        match &settings.target {
            Target::Memory => Ok(Self::Memory(Arc::new(InMemory::new()))),
            Target::Folder(path) => {
                let made = std::fs::create_dir_all(path).map_err(|error| error.to_string());
                let store =
                    made.and_then(|()| LocalFileSystem::new_with_prefix(path).map_err(|error| error.to_string()));
                // A file that was said to be written is on disk.
                store
                    .map(|store| Self::Folder(Arc::new(store.with_fsync(true))))
                    .map_err(|error| {
                        let problem = format!("the folder {} cannot be used: {error}", path.display());
                        wrong("url", problem, "Make it one that the host may write to")
                    })
            }
            Target::S3(place) => Ok(Self::S3(Arc::new(s3(place, settings).map_err(|error| {
                wrong(
                    "url",
                    error.to_string(),
                    "Look at `region`, `endpoint`, `access-key` and `secret-key`",
                )
            })?))),
            Target::Google(place) => Ok(Self::Google(Arc::new(google(place, settings).map_err(|_| {
                // What is wrong with it may quote it.
                wrong(
                    "service-account",
                    "it cannot be used".into(),
                    "It must be the JSON text of a service account's key, such as { file = \"key.json\" }",
                )
            })?))),
            Target::Azure(place) => Ok(Self::Azure(Arc::new(azure(place, settings).map_err(|error| {
                wrong(
                    "account",
                    error.to_string(),
                    "`account` and `secret-key` must be those of the storage account",
                )
            })?))),
        }
    }

    pub(crate) fn as_dyn(&self) -> &dyn ObjectStore {
        match self {
            Self::Memory(store) => store.as_ref(),
            Self::Folder(store) => store.as_ref(),
            Self::S3(store) => store.as_ref(),
            Self::Google(store) => store.as_ref(),
            Self::Azure(store) => store.as_ref(),
        }
    }

    /// Whether it keeps what kind of content an object has.
    pub(crate) fn keeps_types(&self) -> bool {
        !matches!(self, Self::Folder(_))
    }
}

fn s3(place: &Place, settings: &Settings) -> Result<AmazonS3, object_store::Error> {
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&place.bucket)
        .with_region(settings.region.as_deref().unwrap_or("us-east-1"))
        .with_client_options(client(settings))
        .with_retry(retry());
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    let expose = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
    if let (Some(id), Some(key)) = (expose(&settings.access_key), expose(&settings.secret_key)) {
        builder = builder.with_access_key_id(id).with_secret_access_key(key);
    }
    if let Some(token) = expose(&settings.session_token) {
        builder = builder.with_token(token);
    }
    builder.build()
}

fn google(place: &Place, settings: &Settings) -> Result<GoogleCloudStorage, object_store::Error> {
    let mut builder = GoogleCloudStorageBuilder::new()
        .with_bucket_name(&place.bucket)
        .with_client_options(client(settings))
        .with_retry(retry());
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_base_url(endpoint.trim_end_matches('/'));
    }
    match &settings.service_account {
        Some(key) => builder = builder.with_service_account_key(key.expose()),
        // Another service than Google's knows nothing of the machine's role there.
        None if settings.endpoint.is_some() => builder = builder.with_skip_signature(true),
        None => {}
    }
    builder.build()
}

fn azure(place: &Place, settings: &Settings) -> Result<MicrosoftAzure, object_store::Error> {
    let mut builder = MicrosoftAzureBuilder::new()
        .with_container_name(&place.bucket)
        .with_client_options(client(settings))
        .with_retry(retry());
    if let Some(account) = &settings.account {
        builder = builder.with_account(account);
    }
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/').to_owned());
    }
    if let Some(key) = &settings.secret_key {
        builder = builder.with_access_key(key.expose());
    }
    builder.build()
}

fn client(settings: &Settings) -> ClientOptions {
    // Whoever starts the host has chosen one already, or it is this one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let plain = settings
        .endpoint
        .as_deref()
        .is_some_and(|endpoint| endpoint.starts_with("http://"));
    ClientOptions::new()
        .with_connect_timeout(CONNECT)
        .with_timeout(REQUEST)
        .with_allow_http(plain)
}

fn retry() -> RetryConfig {
    RetryConfig {
        max_retries: RETRIES,
        retry_timeout: RETRY,
        ..RetryConfig::default()
    }
}
