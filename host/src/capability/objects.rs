//! `objects`: buckets that the operator named. Writing and deleting are repeated by a rerun that does not know what came of
//! them: they leave the same behind however often they are done.

use super::Scene;
use crate::data::object_error;
use crate::metrics::plugin::Outside;
use crate::recall::print::{Function, Print};
use async_trait::async_trait;
use moa_core::call::{CapError, CapResult};
use moa_engine::{Object, ObjectPage};
use moa_objects::Bucket;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Objects(pub(super) Arc<Scene>);

#[async_trait]
impl moa_engine::Objects for Objects {
    async fn get(&self, bucket: String, key: String) -> CapResult<Vec<u8>> {
        let print = Print::of(Function::ObjectGet).text(&bucket).text(&key).done();
        let live = async {
            let limit = self.0.file_limit as u64;
            let content = self
                .0
                .bucket(&bucket)?
                .get(&key, limit)
                .await
                .map_err(|error| match error {
                    moa_objects::ObjectError::TooLarge { .. } => self.too_large(&error.to_string()),
                    other => object_error(other),
                })?;
            Ok(content.into())
        };
        self.0.counted(Outside::Objects, self.0.read(print, live).await)
    }

    async fn put(&self, bucket: String, key: String, data: Vec<u8>, mime: String) -> CapResult<String> {
        let print = Print::of(Function::ObjectPut).text(&bucket).text(&key).bytes(&data);
        let print = print.text(&mime).done();
        let live = async {
            let open = self.0.bucket(&bucket)?;
            if data.len() > self.0.file_limit {
                return Err(self.too_large(&format!("`{key}` would have {} bytes", data.len())));
            }
            moa_objects::check(&key).map_err(object_error)?;
            self.0.ordinals.next();
            open.put(&key, data.into(), &mime).await.map_err(object_error)
        };
        self.0.counted(Outside::Objects, self.0.outward(print, live).await)
    }

    async fn list(&self, bucket: String, prefix: String, cursor: Option<String>) -> CapResult<ObjectPage> {
        let print = Print::of(Function::ObjectList).text(&bucket).text(&prefix);
        let print = print.maybe(cursor.as_deref()).done();
        let live = async {
            let page = self.0.bucket(&bucket)?.list(&prefix, cursor.as_deref()).await;
            let (objects, next) = page.map_err(object_error)?;
            Ok((objects.into_iter().map(object).collect(), next))
        };
        self.0.counted(Outside::Objects, self.0.read(print, live).await)
    }

    async fn delete(&self, bucket: String, key: String) -> CapResult<()> {
        let print = Print::of(Function::ObjectDelete).text(&bucket).text(&key).done();
        let live = async {
            let open = self.0.bucket(&bucket)?;
            moa_objects::check(&key).map_err(object_error)?;
            self.0.ordinals.next();
            open.delete(&key).await.map_err(object_error)
        };
        self.0.counted(Outside::Objects, self.0.outward(print, live).await)
    }

    async fn sign(&self, bucket: String, key: String, seconds: u32) -> CapResult<String> {
        let print = Print::of(Function::ObjectSign).text(&bucket).text(&key);
        let print = print.number(seconds.into()).done();
        let live = async {
            let good_for = Duration::from_secs(seconds.into());
            self.0.bucket(&bucket)?.sign(&key, good_for).await.map_err(object_error)
        };
        self.0.counted(Outside::Objects, self.0.read(print, live).await)
    }
}

impl Objects {
    fn too_large(&self, what: &str) -> CapError {
        CapError::OverLimit(format!(
            "{what}; a plugin holds at most {} bytes of a file, `http-body` below [plugin.{}.limits] in moa.toml",
            self.0.file_limit, self.0.plugin
        ))
    }
}

impl Scene {
    /// A bucket, if the plugin may use it.
    pub(super) fn bucket(&self, name: &str) -> CapResult<Bucket> {
        self.granted.objects(name)?;
        self.data.bucket(name)
    }
}

fn object(object: moa_objects::Object) -> Object {
    Object {
        key: object.key,
        size: u32::try_from(object.size).unwrap_or(u32::MAX),
        etag: object.etag,
        modified: object.modified,
    }
}

#[cfg(test)]
mod tests;
