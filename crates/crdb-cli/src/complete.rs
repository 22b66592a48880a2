//! `crdb completions` and `crdb man`: the command line, for shells and for `man`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use crate::cli::Cli;
use crate::exit::Exit;

/// Prints a shell's completions. For bash: `source <(crdb completions bash)`; for fish: `crdb completions fish | source`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CompletionArguments {
    /// The shell
    shell: Shell,
}

/// Writes the man pages: crdb.1, and one for each command.
#[derive(Clone, Debug, Args)]
pub(crate) struct ManArguments {
    /// The directory that they are written to
    directory: PathBuf,
}

/// Prints the completions.
///
/// # Errors
/// Never; the signature is that of a command.
pub(crate) fn completions(arguments: &CompletionArguments) -> Result<Exit> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut Cli::command(), "crdb", &mut script);
    print!("{}", String::from_utf8(script)?);
    Ok(Exit::Done)
}

/// Writes the man pages.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn man(arguments: &ManArguments, as_json: bool) -> Result<Exit> {
    let directory: &Path = &arguments.directory;
    fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))?;
    clap_mangen::generate_to(Cli::command(), directory)
        .with_context(|| format!("writing man pages to {}", directory.display()))?;
    if as_json {
        let directory = directory.display().to_string();
        println!("{}", serde_json::json!({ "directory": directory }));
    }
    Ok(Exit::Done)
}
