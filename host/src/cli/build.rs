//! `moa build`: from plugin sources to components.

use super::{End, Global, log, progress, runtime};
use crate::toolchain::build;
use clap::Args;
use moa_engine::Engine;
use std::path::PathBuf;

/// Arguments of `moa build`.
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// Folders with plugin sources at or below them
    #[arg(value_name = "DIR", default_value = ".")]
    pub dirs: Vec<PathBuf>,
    /// Where the components go [default: dist in the first DIR]
    #[arg(long, value_name = "OUT")]
    pub out: Option<PathBuf>,
}

pub(super) fn main(global: &Global, args: &BuildArgs) -> anyhow::Result<End> {
    log::start(global, "warn")?;
    let out = match (&args.out, args.dirs.first()) {
        (Some(out), _) => out.clone(),
        (None, Some(first)) => first.join("dist"),
        (None, None) => PathBuf::from("dist"),
    };
    let engine = Engine::new(moa_engine::Options::default())?;
    let results = runtime()?.block_on(build(&args.dirs, &out, &engine, &progress::print))?;
    if global.json {
        let list: Vec<serde_json::Value> = results
            .iter()
            .map(|result| {
                let seconds = result.took.as_secs_f64();
                match &result.outcome {
                    Ok(built) => serde_json::json!({"name": result.source.name, "ok": true, "seconds": seconds, "built": built}),
                    Err(error) => serde_json::json!({"name": result.source.name, "ok": false, "seconds": seconds, "error": error.to_string()}),
                }
            })
            .collect();
        println!("{}", serde_json::to_string_pretty(&list)?);
    } else {
        for result in &results {
            println!("{}", progress::summary(result));
        }
    }
    Ok(if results.iter().all(|result| result.outcome.is_ok()) {
        End::Done
    } else {
        End::Failed
    })
}
