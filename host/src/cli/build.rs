//! `moa build`: from plugin sources to components.

use super::{End, Global, log, progress, runtime};
use crate::toolchain::{build, build_hongmoa};
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
    /// DIR is a folder of apps written for the chat bot hongmoa: make one plugin of it, without an edit, and tell what will
    /// differ. Components go to dist beside it
    #[arg(long)]
    pub hongmoa: bool,
    /// The name of that plugin [default: the folder's]
    #[arg(long, value_name = "NAME", requires = "hongmoa")]
    pub name: Option<String>,
}

pub(super) fn main(global: &Global, args: &BuildArgs) -> anyhow::Result<End> {
    log::start(global, "warn")?;
    let out = match (&args.out, args.dirs.first()) {
        (Some(out), _) => out.clone(),
        (None, Some(apps)) if args.hongmoa => apps.join("../dist"),
        (None, Some(first)) => first.join("dist"),
        (None, None) => PathBuf::from("dist"),
    };
    let engine = Engine::new(moa_engine::Options::default())?;
    let results = match args.dirs.as_slice() {
        [apps] if args.hongmoa => {
            let name = args.name.as_deref();
            runtime()?.block_on(build_hongmoa(apps, name, &out, &engine, &progress::print))?
        }
        _ if args.hongmoa => anyhow::bail!("--hongmoa takes one folder, that of the apps; run it once for each"),
        dirs => runtime()?.block_on(build(dirs, &out, &engine, &progress::print))?,
    };
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
