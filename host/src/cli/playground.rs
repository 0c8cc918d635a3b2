//! `moa playground`: the simulated workspace alone.

use super::{End, Global, log, runtime};
use clap::Args;
use moa_playground::{Options, Playground};
use std::net::SocketAddr;

/// Arguments of `moa playground`.
#[derive(Debug, Args)]
pub struct PlaygroundArgs {
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7710")]
    pub listen: SocketAddr,
}

pub(super) fn main(global: &Global, args: &PlaygroundArgs) -> anyhow::Result<End> {
    log::start(global, "warn")?;
    runtime()?.block_on(async {
        let playground = Playground::start(Options {
            listen: args.listen,
            ..Options::default()
        })
        .await?;
        // One line for whoever started this: a script reads it and starts its bot.
        println!(
            "{}",
            serde_json::json!({
                "page": playground.page_url(),
                "api": playground.api_url(),
                "app_token": playground.app_token(),
                "bot_token": playground.bot_token(),
            })
        );
        crate::app::signal::stop_requested().await;
        playground.shutdown().await;
        Ok(End::Done)
    })
}
