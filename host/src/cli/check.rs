//! `moa check`: what a component is, what it asks for, whether this host runs it.

use super::{End, Global, log, runtime};
use crate::toolchain::{CheckReport, check_file};
use clap::Args;
use moa_engine::Engine;
use std::path::PathBuf;

/// Arguments of `moa check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Components
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

pub(super) fn main(global: &Global, args: &CheckArgs) -> anyhow::Result<End> {
    log::start(global, "warn")?;
    let engine = Engine::new(moa_engine::Options::default())?;
    let reports: Vec<CheckReport> = runtime()?.block_on(async {
        let mut reports = Vec::new();
        for file in &args.files {
            reports.push(check_file(&engine, file).await);
        }
        reports
    });
    if global.json {
        println!("{}", serde_json::to_string_pretty(&reports)?);
    } else {
        for (at, report) in reports.iter().enumerate() {
            if at > 0 {
                println!();
            }
            print!("{report}");
        }
    }
    Ok(if reports.iter().all(|report| report.runs) {
        End::Done
    } else {
        End::Failed
    })
}
