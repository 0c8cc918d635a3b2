//! `moa new`: begin a plugin.

use super::End;
use crate::toolchain::Language;
use crate::toolchain::new::{Sdk, create};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// Arguments of `moa new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// The plugin's name: a to z, 0 to 9 and -. The folder is called the same; a path makes it elsewhere
    #[arg(value_name = "NAME")]
    pub name: PathBuf,
    /// The language to write it in
    #[arg(long, value_enum, default_value = "rust")]
    pub lang: Lang,
    /// Rust only: where the SDK comes from: `git` (the project's repository), or the folder plugin-sdk/rust of a checkout
    /// [default: that of the checkout that this moa was built in, if it is there, otherwise git]
    #[arg(long, value_name = "PATH|git")]
    pub sdk: Option<String>,
}

/// Languages that there is a template for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// Rust, by cargo
    Rust,
    /// Python 3
    #[value(alias = "py")]
    Python,
    /// JavaScript
    #[value(name = "javascript", alias = "js")]
    JavaScript,
    /// TypeScript
    #[value(name = "typescript", alias = "ts")]
    TypeScript,
    /// Go
    #[value(alias = "golang")]
    Go,
    /// C
    C,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Rust => Self::Rust,
            Lang::Python => Self::Python,
            Lang::JavaScript => Self::JavaScript,
            Lang::TypeScript => Self::TypeScript,
            Lang::Go => Self::Go,
            Lang::C => Self::C,
        }
    }
}

pub(super) fn main(args: &NewArgs) -> anyhow::Result<End> {
    let sdk = match args.sdk.as_deref() {
        Some("git") => Sdk::Git,
        Some(path) => Sdk::Path(PathBuf::from(path)),
        None => {
            let own = std::env::current_exe().unwrap_or_default();
            Sdk::beside(&own, Path::new(env!("CARGO_MANIFEST_DIR")))
        }
    };
    let language = Language::from(args.lang);
    anyhow::ensure!(
        language == Language::Rust || args.sdk.is_none(),
        "--sdk is for Rust: the SDK for {language} is part of moa, and put into .moa/sdk of the project"
    );
    let made = create(&args.name, language, &sdk)?;
    for file in &made {
        println!("{}", file.display());
    }
    println!();
    match language {
        Language::Rust => println!("The SDK comes from {sdk}; another with --sdk."),
        _ => println!("The SDK is in .moa/sdk; every build brings it up to date."),
    }
    println!("Go on with:");
    println!("  cd {}", args.name.display());
    println!("  moa test      plays tests/hello.chat");
    println!("  moa dev .     a page to talk to it, rebuilt on every change");
    Ok(End::Done)
}
