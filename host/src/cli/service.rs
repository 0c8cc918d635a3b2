//! `moa service`: Moa as a service of systemd.

use super::{End, Global};
use crate::service::Scope;
use crate::service::install::{self, Wanted};
use clap::{Args, Subcommand};
use serde_json::{Map, Value};

/// Arguments of `moa service`.
#[derive(Debug, Args)]
pub struct ServiceArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: ServiceAction,
}

/// Which service.
#[derive(Debug, Args)]
pub struct Which {
    /// A service of your own instead of the machine's
    #[arg(long)]
    pub user: bool,
    /// What it is called: its unit, its folder below /etc and below /var/lib
    #[arg(long, default_value = "moa", value_name = "NAME")]
    pub name: String,
}

/// What to do with the service.
#[derive(Debug, Subcommand)]
pub enum ServiceAction {
    /// Write the unit and have it started at each boot; asks nothing, says each step
    ///
    /// The configuration is the one that --config names, or /etc/NAME/moa.toml; a first one is written where there is
    /// none. What `{ credential = "…" }` in it names is given to the service from the folder `credentials` beside it.
    /// Run it again whenever the configuration names other credentials or folders.
    Install {
        /// Which service.
        #[command(flatten)]
        which: Which,
        /// Print the unit and do nothing
        #[arg(long)]
        dry_run: bool,
        /// Start it now, or again
        #[arg(long, conflicts_with = "dry_run")]
        start: bool,
        /// Whom it runs as; made if not there [default: NAME]
        #[arg(long, value_name = "USER", conflicts_with = "user")]
        run_as: Option<String>,
        /// In which group [default: as the user]
        #[arg(long, value_name = "GROUP", requires = "run_as")]
        group: Option<String>,
    },
    /// Stop it and take the unit away; data and configuration stay
    Uninstall {
        /// Which service.
        #[command(flatten)]
        which: Which,
    },
    /// Show how systemd sees it; ends with 1 if it does not run
    Status {
        /// Which service.
        #[command(flatten)]
        which: Which,
    },
}

pub(super) fn main(global: &Global, args: &ServiceArgs) -> anyhow::Result<End> {
    match &args.action {
        ServiceAction::Install {
            which,
            dry_run,
            start,
            run_as,
            group,
        } => {
            let wanted = Wanted {
                runs_as: run_as.clone().map(|user| (user, group.clone())),
                ..wanted(global, which)
            };
            match dry_run {
                true => print!("{}", install::dry_run(&wanted)?),
                false => install::install(&wanted, *start)?,
            }
            Ok(End::Done)
        }
        ServiceAction::Uninstall { which } => {
            install::uninstall(&wanted(global, which))?;
            Ok(End::Done)
        }
        ServiceAction::Status { which } => status(global, &wanted(global, which)),
    }
}

fn wanted(global: &Global, which: &Which) -> Wanted {
    Wanted {
        scope: if which.user { Scope::User } else { Scope::System },
        name: which.name.clone(),
        config: global.config.clone(),
        runs_as: None,
    }
}

fn status(global: &Global, wanted: &Wanted) -> anyhow::Result<End> {
    let rows = install::status(wanted)?;
    let runs = rows
        .iter()
        .any(|(key, value)| *key == "state" && (value.starts_with("active") || value.starts_with("reloading")));
    if global.json {
        let all: Map<String, Value> = rows
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        for (key, value) in rows {
            println!("{key:<10} {value}");
        }
    }
    Ok(if runs { End::Done } else { End::Failed })
}
