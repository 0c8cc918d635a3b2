//! Interfaces of the contract that this host does not have yet. They are linked, because plugins import more than they
//! use, and answer `unsupported`.

use super::Answer;
use crate::bindings::moa::plugin::types::Error;
use crate::bindings::moa::plugin::{http, objects, schedule, sql};
use crate::state::State;

impl State {
    fn absent<T>(&mut self, function: &str) -> Answer<T> {
        self.enter()?;
        Ok(Err(if self.describing {
            Error::Unavailable(format!("`{function}` cannot be used by `describe`"))
        } else {
            Error::Unsupported(format!("this host has no `{function}` yet"))
        }))
    }
}

impl schedule::Host for State {
    fn at(&mut self, _: String, _: String, _: String) -> Answer<()> {
        self.absent("schedule.at")
    }

    fn every(&mut self, _: String, _: String, _: String, _: schedule::Missed, _: String) -> Answer<()> {
        self.absent("schedule.every")
    }

    fn cancel(&mut self, _: String) -> Answer<bool> {
        self.absent("schedule.cancel")
    }

    fn list(&mut self) -> Answer<Vec<schedule::Job>> {
        self.absent("schedule.list")
    }
}

impl http::Host for State {
    fn fetch(&mut self, _: http::Request) -> Answer<http::Response> {
        self.absent("http.fetch")
    }

    fn fetch_to_object(&mut self, _: http::Request, _: String, _: String) -> Answer<http::Response> {
        self.absent("http.fetch-to-object")
    }
}

impl sql::Host for State {
    fn query(&mut self, _: String, _: String, _: Vec<sql::Cell>) -> Answer<sql::Rows> {
        self.absent("sql.query")
    }

    fn execute(&mut self, _: String, _: String, _: Vec<sql::Cell>) -> Answer<u32> {
        self.absent("sql.execute")
    }
}

impl objects::Host for State {
    fn get(&mut self, _: String, _: String) -> Answer<Vec<u8>> {
        self.absent("objects.get")
    }

    fn put(&mut self, _: String, _: String, _: Vec<u8>, _: String) -> Answer<String> {
        self.absent("objects.put")
    }

    fn list(&mut self, _: String, _: String, _: Option<String>) -> Answer<(Vec<objects::Object>, Option<String>)> {
        self.absent("objects.list")
    }

    fn delete(&mut self, _: String, _: String) -> Answer<()> {
        self.absent("objects.delete")
    }

    fn sign(&mut self, _: String, _: String, _: u32) -> Answer<String> {
        self.absent("objects.sign")
    }
}
