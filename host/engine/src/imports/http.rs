//! `http`: requests to the outside.

use super::Answer;
use crate::bindings::moa::plugin::http::{Host, Request, Response};
use crate::state::State;

impl Host for State {
    async fn fetch(&mut self, what: Request) -> Answer<Response> {
        self.enter()?;
        let answer = self.on_host(self.host.http.fetch(what.into())).await?;
        Ok(answer.map(Response::from))
    }

    async fn fetch_to_object(&mut self, what: Request, bucket: String, key: String) -> Answer<Response> {
        self.enter()?;
        let answer = self
            .on_host(self.host.http.fetch_to_object(what.into(), bucket, key))
            .await?;
        Ok(answer.map(Response::from))
    }
}
