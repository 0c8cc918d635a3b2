//! `objects`: buckets that the operator named.

use super::{Answer, invalid};
use crate::bindings::moa::plugin::objects::{Host, Object};
use crate::convert::all;
use crate::state::State;

/// The longest that a signed address may be good, in seconds: a week.
const SIGNED: u32 = 604_800;

impl Host for State {
    async fn get(&mut self, bucket: String, key: String) -> Answer<Vec<u8>> {
        self.enter()?;
        self.on_host(self.host.objects.get(bucket, key)).await
    }

    async fn put(&mut self, bucket: String, key: String, data: Vec<u8>, mime: String) -> Answer<String> {
        self.enter()?;
        self.on_host(self.host.objects.put(bucket, key, data, mime)).await
    }

    async fn list(
        &mut self,
        bucket: String,
        prefix: String,
        cursor: Option<String>,
    ) -> Answer<(Vec<Object>, Option<String>)> {
        self.enter()?;
        let answer = self.on_host(self.host.objects.list(bucket, prefix, cursor)).await?;
        Ok(answer.map(|(objects, next)| (all(objects), next)))
    }

    async fn delete(&mut self, bucket: String, key: String) -> Answer<()> {
        self.enter()?;
        self.on_host(self.host.objects.delete(bucket, key)).await
    }

    async fn sign(&mut self, bucket: String, key: String, seconds: u32) -> Answer<String> {
        self.enter()?;
        if seconds == 0 || seconds > SIGNED {
            return Ok(invalid(format!("`seconds` is {seconds}; give 1 to {SIGNED}")));
        }
        self.on_host(self.host.objects.sign(bucket, key, seconds)).await
    }
}
