//! The keys of a bucket, a page at a time.

use crate::key::check_prefix;
use crate::store::Store;
use crate::{Bucket, Object, ObjectError};
use futures_util::TryStreamExt as _;
use object_store::ObjectMeta;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;

/// How many objects a page has at most.
pub const PAGE: usize = 1000;

/// Some objects, ascending by key, and where the next page begins.
pub type Page = (Vec<Object>, Option<String>);

impl Bucket {
    /// The objects whose keys begin with `prefix` (empty: all), ascending by key, a page at a time. The cursor is good
    /// only for the same prefix.
    ///
    /// # Errors
    /// [`ObjectError::Invalid`] for what cannot begin a key, and whatever the store says.
    pub async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<Page, ObjectError> {
        check_prefix(prefix)?;
        let whole = format!("{}{prefix}", self.inner.prefix);
        match &self.inner.store {
            Store::S3(store) => self.page(store.as_ref(), &whole, cursor).await,
            Store::Google(store) => self.page(store.as_ref(), &whole, cursor).await,
            Store::Azure(store) => self.page(store.as_ref(), &whole, cursor).await,
            Store::Folder(_) | Store::Memory(_) => self.walk(&whole, cursor).await,
        }
    }

    /// A page that the service makes.
    async fn page(
        &self,
        store: &impl PaginatedListStore,
        prefix: &str,
        cursor: Option<&str>,
    ) -> Result<Page, ObjectError> {
        let options = PaginatedListOptions {
            max_keys: Some(PAGE),
            page_token: cursor.map(str::to_owned),
            ..PaginatedListOptions::default()
        };
        let begins = (!prefix.is_empty()).then_some(prefix);
        let page = store.list_paginated(begins, options).await;
        let page = page.map_err(|error| self.error(error, prefix))?;
        Ok((
            self.sorted(page.result.objects),
            page.page_token.filter(|token| !token.is_empty()),
        ))
    }

    /// A page of what has to be walked through as a whole. The cursor is the last key.
    async fn walk(&self, prefix: &str, cursor: Option<&str>) -> Result<Page, ObjectError> {
        let folder = prefix.rsplit_once('/').map(|(folder, _)| folder);
        let folder = folder.map(Path::parse).transpose();
        let folder = folder.map_err(|error| ObjectError::Invalid(format!("{prefix:?} is no prefix: {error}")))?;
        let found = self.inner.store.as_dyn().list(folder.as_ref());
        let after = |meta: &ObjectMeta| {
            let key = meta.location.as_ref();
            key.starts_with(prefix) && cursor.is_none_or(|cursor| key > cursor)
        };
        let found = found.try_filter(|meta| std::future::ready(after(meta)));
        let found: Result<Vec<ObjectMeta>, _> = found.try_collect().await;
        let mut objects = match found {
            Ok(found) => self.sorted(found),
            // A folder that nobody made yet.
            Err(object_store::Error::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(self.error(error, prefix)),
        };
        let more = objects.len() > PAGE;
        objects.truncate(PAGE);
        let next = objects.last().filter(|_| more).map(|last| last.key.clone());
        Ok((objects, next))
    }

    fn sorted(&self, found: Vec<ObjectMeta>) -> Vec<Object> {
        let mut objects: Vec<Object> = found.iter().map(|meta| self.object(meta)).collect();
        // A service's marker of a folder is no object.
        objects.retain(|object| !object.key.is_empty());
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        objects
    }
}
