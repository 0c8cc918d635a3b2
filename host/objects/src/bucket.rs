//! A bucket and what is done in it.

use crate::key::path;
use crate::settings::{Settings, Target};
use crate::store::Store;
use crate::{ObjectError, Reading};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::signer::Signer as _;
use object_store::{Attribute, Attributes, Error, GetOptions, ObjectMeta, ObjectStoreExt as _, PutOptions, PutResult};
use std::sync::Arc;
use std::time::Duration;

/// How long a signed address may be good: what S3 allows.
const LONGEST_SIGNED: Duration = Duration::from_secs(7 * 24 * 3600);

/// A bucket. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bucket {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) name: String,
    pub(crate) prefix: String,
    pub(crate) store: Store,
    write: bool,
}

/// An object without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The key.
    pub key: String,
    /// The size in bytes.
    pub size: u64,
    /// Changes with the content; empty where the store has none.
    pub etag: String,
    /// When it was last written, RFC 3339 in UTC.
    pub modified: String,
}

impl Bucket {
    /// Opens a bucket, without asking anything of the network. `name` is the operator's.
    ///
    /// # Errors
    /// [`ObjectError::Settings`].
    pub fn open(name: &str, settings: Settings) -> Result<Self, ObjectError> {
        let store = Store::open(name, &settings)?;
        let prefix = match settings.target {
            Target::S3(place) | Target::Google(place) | Target::Azure(place) => place.prefix,
            Target::Memory | Target::Folder(_) => String::new(),
        };
        Ok(Self {
            inner: Arc::new(Inner {
                name: name.to_owned(),
                prefix,
                store,
                write: settings.write,
            }),
        })
    }

    /// The operator's name of it.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The content of an object of at most `limit` bytes.
    ///
    /// # Errors
    /// [`ObjectError::NotFound`], [`ObjectError::TooLarge`], and whatever the store says.
    pub async fn get(&self, key: &str, limit: u64) -> Result<Bytes, ObjectError> {
        let reading = self.read(key).await?;
        if reading.object.size > limit {
            return Err(self.too_large(key, limit));
        }
        let mut content = Vec::with_capacity(usize::try_from(reading.object.size).unwrap_or_default());
        let mut body = reading.body;
        while let Some(part) = body.next().await {
            let part = part.map_err(|error| ObjectError::Unavailable {
                bucket: self.inner.name.clone(),
                reason: error.to_string(),
            })?;
            if (content.len() + part.len()) as u64 > limit {
                return Err(self.too_large(key, limit));
            }
            content.extend_from_slice(&part);
        }
        Ok(content.into())
    }

    /// The content of an object, piece by piece.
    ///
    /// # Errors
    /// [`ObjectError::NotFound`], and whatever the store says.
    pub async fn read(&self, key: &str) -> Result<Reading, ObjectError> {
        let at = self.path(key)?;
        let found = self.inner.store.as_dyn().get_opts(&at, GetOptions::default());
        let found = found.await.map_err(|error| self.error(error, key))?;
        let object = self.object(&found.meta);
        let body = found.into_stream().map_err(std::io::Error::other).boxed();
        Ok(Reading { object, body })
    }

    /// Writes an object, whatever was there; readers see the old or the new content. Returns the new etag.
    ///
    /// # Errors
    /// [`ObjectError::ReadOnly`], and whatever the store says.
    pub async fn put(&self, key: &str, data: Bytes, mime: &str) -> Result<String, ObjectError> {
        self.writable()?;
        let at = self.path(key)?;
        let options = PutOptions {
            attributes: self.attributes(mime)?,
            ..PutOptions::default()
        };
        let put = self.inner.store.as_dyn().put_opts(&at, data.into(), options);
        let put = put.await.map_err(|error| self.error(error, key))?;
        Ok(etag(&put))
    }

    /// Deletes an object. One that is not there is success.
    ///
    /// # Errors
    /// [`ObjectError::ReadOnly`], and whatever the store says.
    pub async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        self.writable()?;
        let at = self.path(key)?;
        match self.inner.store.as_dyn().delete(&at).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.error(error, key)),
        }
    }

    /// An address by which anybody can read the object for that long, from a second to a week. It says nothing about
    /// whether the object is there.
    ///
    /// # Errors
    /// [`ObjectError::Unsupported`] for folders; [`ObjectError::Invalid`] for another time.
    pub async fn sign(&self, key: &str, good_for: Duration) -> Result<String, ObjectError> {
        let at = self.path(key)?;
        if good_for < Duration::from_secs(1) || good_for > LONGEST_SIGNED {
            return Err(ObjectError::Invalid(format!(
                "an address can be good for 1 to {} seconds, not {}",
                LONGEST_SIGNED.as_secs(),
                good_for.as_secs()
            )));
        }
        let get = reqwest::Method::GET;
        let signed = match &self.inner.store {
            Store::S3(store) => store.signed_url(get, &at, good_for).await,
            Store::Google(store) => store.signed_url(get, &at, good_for).await,
            Store::Azure(store) => store.signed_url(get, &at, good_for).await,
            // So that what a transcript expects is the same every time.
            Store::Memory(_) => {
                return Ok(format!(
                    "memory://{}/{at}?seconds={}",
                    self.inner.name,
                    good_for.as_secs()
                ));
            }
            Store::Folder(_) => {
                return Err(ObjectError::Unsupported(format!(
                    "the bucket `{}` is a folder, which has no addresses: send the file itself, or let the operator put the bucket into an object store",
                    self.inner.name
                )));
            }
        };
        Ok(signed.map_err(|error| self.error(error, key))?.to_string())
    }

    /// Whether it may be written.
    ///
    /// # Errors
    /// [`ObjectError::ReadOnly`].
    pub fn writable(&self) -> Result<(), ObjectError> {
        match self.inner.write {
            true => Ok(()),
            false => Err(ObjectError::ReadOnly(self.inner.name.clone())),
        }
    }

    pub(crate) fn path(&self, key: &str) -> Result<Path, ObjectError> {
        path(&self.inner.prefix, key)
    }

    pub(crate) fn attributes(&self, mime: &str) -> Result<Attributes, ObjectError> {
        if !is_type(mime) {
            return Err(ObjectError::Invalid(format!(
                "{mime:?} is no type of content; such is \"text/csv\""
            )));
        }
        let mut attributes = Attributes::new();
        if !mime.is_empty() && self.inner.store.keeps_types() {
            attributes.insert(Attribute::ContentType, mime.to_owned().into());
        }
        Ok(attributes)
    }

    /// An object by its key here: without what the bucket's address puts before it.
    pub(crate) fn object(&self, meta: &ObjectMeta) -> Object {
        let whole = meta.location.as_ref();
        let key = whole.strip_prefix(&self.inner.prefix).unwrap_or(whole);
        Object {
            key: key.to_owned(),
            size: meta.size,
            etag: plain(meta.e_tag.as_deref()),
            modified: jiff::Timestamp::from_microsecond(meta.last_modified.timestamp_micros())
                .unwrap_or_default()
                .to_string(),
        }
    }

    pub(crate) fn error(&self, error: Error, key: &str) -> ObjectError {
        tracing::debug!(bucket = %self.inner.name, key, %error, "an object store failed");
        ObjectError::of(error, &self.inner.name, key)
    }

    pub(crate) fn too_large(&self, key: &str, limit: u64) -> ObjectError {
        ObjectError::TooLarge {
            bucket: self.inner.name.clone(),
            key: key.to_owned(),
            limit,
        }
    }
}

/// Whether a store keeps this as a type of content: at most 255 bytes of visible ASCII and spaces, or nothing.
pub fn is_type(mime: &str) -> bool {
    mime.len() <= 255 && mime.chars().all(|c| c.is_ascii_graphic() || c == ' ')
}

pub(crate) fn etag(put: &PutResult) -> String {
    plain(put.e_tag.as_deref())
}

/// Without the quotes that some services write in one answer and not in another.
fn plain(etag: Option<&str>) -> String {
    etag.unwrap_or_default().trim_matches('"').to_owned()
}
