//! The outside world of the demo: one listener on this machine, and in it what a company's bot has to do with.
//!
//! Everything moves by itself and quickly, so that whoever looks sees something within a minute.

mod ci;
mod cloud;
mod health;
mod jandi;
mod shop;

use super::data;
use crate::web::{Web, WebError};
use axum::Router;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use moa_core::config::Http;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub(super) use jandi::Room;

/// Files with what the demo's systems want to see, in the data directory. It is no secret: nothing here is worth one.
const SECRETS: [(&str, &str); 2] = [("demo-token", super::callers::TOKEN), ("demo-aws-key", "AKIADEMO:demo")];

/// Why there is no outside world.
#[derive(Debug, thiserror::Error)]
pub enum NoWorld {
    /// Nothing can be listened at.
    #[error(transparent)]
    Web(#[from] WebError),
    /// Its files cannot be written.
    #[error("the demo's files cannot be written to the data directory: {0}")]
    Files(#[from] std::io::Error),
    /// Its database cannot be made.
    #[error("the demo's database cannot be made: {0}")]
    Database(#[from] moa_sql::SqlError),
}

/// The outside world. Dropped, it ends.
pub struct World {
    web: Web,
    room: Arc<Room>,
}

impl World {
    /// Begins it on any free port. What it keeps lies in the data directory.
    ///
    /// # Errors
    /// See [`NoWorld`].
    pub async fn begin(data_dir: &Path) -> Result<Self, NoWorld> {
        for (name, value) in SECRETS {
            std::fs::write(data_dir.join(name), value)?;
        }
        data::make(data_dir).await?;
        let room = Arc::<Room>::default();
        let routes = Router::new()
            .route("/", get(async || Html(PAGE)))
            .merge(ci::routes())
            .merge(shop::routes(data_dir.to_owned()))
            .merge(cloud::routes())
            .merge(health::routes())
            .merge(jandi::routes(Arc::clone(&room)));
        let http = Http {
            wanted: true,
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            body: 4 << 20,
            rate: None,
            proxies: Vec::new(),
        };
        let web = Web::open(&http, routes).await?;
        let incoming = format!("http://{}/jandi/incoming", web.address());
        std::fs::write(data_dir.join("demo-jandi-incoming"), incoming)?;
        Ok(Self { web, room })
    }

    /// Its address, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.web.address())
    }

    pub(super) fn room(&self) -> Arc<Room> {
        Arc::clone(&self.room)
    }

    /// Ends it.
    pub async fn end(self) {
        self.web.close(Duration::from_millis(200)).await;
    }
}

fn json(value: &serde_json::Value) -> Response {
    ([("content-type", "application/json")], value.to_string()).into_response()
}

const PAGE: &str = r#"<!doctype html><meta charset="utf-8"><title>Outside</title>
<style>body{font:16px/1.6 system-ui;max-width:44rem;margin:3rem auto;padding:0 1rem}</style>
<h1>The world outside of the bot</h1>
<p>Simulated systems for <code>moa dev --demo</code>. They move by themselves.</p>
<ul>
<li><a href="/shop/products.json">a shop's goods</a>, and <a href="/shop/export.tsv">what was exported of them</a>: each fourth time something is wrong with the file
<li>a CI service at <code>/ci</code>; the branches are <a href="/ci/branches">these</a>, and <code>broken</code> fails
<li>servers in a cloud at <code>/cloud</code>: EC2 and RDS by their query protocols
<li>services to watch: <a href="/health/shop">shop</a>, <a href="/health/search">search</a> (down for 20 s of each minute), <a href="/health/pay">pay</a> (flaps)
<li><a href="/jandi">a JANDI topic</a> in which you can write
</ul>
"#;
