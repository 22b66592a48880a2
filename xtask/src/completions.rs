//! `cargo xtask completions`: completions for shells.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use crate::cli::Cli;

/// Prints completions for an alias `xtask`, and the alias.
///
/// A shell completes by the first word of a line, which is cargo's here; hence the alias. For bash and zsh:
/// `source <(cargo xtask completions bash)`, then `xtask <TAB>`. For fish: `cargo xtask completions fish | source`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

/// Prints the alias and the completions.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let alias = match arguments.shell {
        Shell::Bash | Shell::Zsh | Shell::Fish => "alias xtask='cargo xtask'\n",
        Shell::PowerShell => "function xtask { cargo xtask @args }\n",
        Shell::Elvish => "fn xtask {|@words| cargo xtask $@words }\n",
        _ => "",
    };
    let mut script = Vec::from(alias);
    generate(arguments.shell, &mut Cli::command(), "xtask", &mut script);
    print!("{}", String::from_utf8(script)?);
    Ok(ExitCode::SUCCESS)
}
