//! `moa completions`: a script that completes moa's commands in a shell.

use super::{Cli, End};
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::io::Write;

const AFTER_HELP: &str = "\
bash:  moa completions bash > ~/.local/share/bash-completion/completions/moa
zsh:   moa completions zsh > a file _moa in a folder of $fpath
fish:  moa completions fish > ~/.config/fish/completions/moa.fish";

/// Arguments of `moa completions`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

pub(super) fn main(args: &CompletionsArgs) -> anyhow::Result<End> {
    std::io::stdout().write_all(&script(args.shell))?;
    Ok(End::Done)
}

fn script(shell: Shell) -> Vec<u8> {
    // What only the host itself calls is nothing to complete.
    let shown = Cli::command();
    let hidden: Vec<String> = shown
        .get_subcommands()
        .filter(|command| command.is_hide_set())
        .map(|command| command.get_name().to_owned())
        .collect();
    let mut command = clap::Command::new("moa").args(shown.get_arguments().cloned());
    for below in shown
        .get_subcommands()
        .filter(|below| !hidden.contains(&below.get_name().to_owned()))
    {
        command = command.subcommand(below.clone());
    }
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "moa", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_shell_gets_the_commands_and_not_the_hidden_one() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell)).unwrap();
            assert!(
                script.contains("playground") && script.contains("completions"),
                "{shell}"
            );
            assert!(!script.contains("__compile"), "{shell}");
        }
    }
}
