//! The listener for the outside world, where there is anything for it to serve.

use crate::web::{Endpoints, Listener, Web, WebError};
use anyhow::Context;
use axum::Router;
use moa_core::config::{Config, Http};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long answers may take to leave after the calls behind them have ended.
const LAST: Duration = Duration::from_secs(2);

/// The listener, or none.
pub(super) struct Outside(Option<(Web, Arc<Endpoints>)>);

impl Outside {
    /// Listens if the configuration asks for it: by `http.listen`, by saying something about a webhook, or by a hook of
    /// JANDI's. With `trying`
    /// (`moa dev`), where webhooks need no configuration, it always does, and takes another port where its own is taken.
    pub(super) async fn open(
        config: &Config,
        routes: Router,
        endpoints: &Arc<Endpoints>,
        trying: bool,
    ) -> anyhow::Result<Self> {
        let asked = config.http.wanted
            || !config.jandi.is_empty()
            || config.plugin.values().any(|plugin| !plugin.webhooks.is_empty());
        if !asked && !trying {
            return Ok(Self(None));
        }
        let web = match Web::open(&config.http, routes.clone()).await {
            Err(WebError::Address { address, .. }) if trying && !config.http.wanted => {
                let any = SocketAddr::new(address.ip(), 0);
                let http = Http {
                    listen: any,
                    ..config.http.clone()
                };
                Web::open(&http, routes).await?
            }
            opened => opened?,
        };
        let address = web.address();
        endpoints
            .set(Listener::Http, Some(address))
            .with_context(|| format!("endpoints.json cannot be written to {}", config.bot.data_dir.display()))?;
        tracing::info!("listening at http://{address} for requests from outside");
        if trying {
            println!("  Webhooks     http://{address}/hooks/PLUGIN/NAME");
        }
        Ok(Self(Some((web, Arc::clone(endpoints)))))
    }

    /// From now on requests are refused.
    pub(super) fn pause(&self) {
        if let Some((web, _)) = &self.0 {
            web.pause();
        }
    }

    /// Ends, once what runs is answered.
    pub(super) async fn close(self) {
        if let Some((web, endpoints)) = self.0 {
            // It says so first: whoever looks for the address must not find one where nobody answers.
            let _ = endpoints.set(Listener::Http, None);
            web.close(LAST).await;
        }
    }
}
