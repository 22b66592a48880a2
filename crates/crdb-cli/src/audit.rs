//! `crdb audit`: whether an audit log is what was written.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use crdb_facade::config::{Key, keys};
use crdb_facade::observe::audit::{MacKey, Signer, Verification, Verifier, VerifierKey};
use serde_json::json;

use crate::connection::Connection;
use crate::exit::{Exit, Usage};
use crate::guard::SIGNER;

/// Works on audit logs.
#[derive(Clone, Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Clone, Debug, Subcommand)]
enum AuditCommand {
    /// Check a log and its checkpoints; exits with 1 at the first entry that is not what was written
    Verify(VerifyArguments),
    /// Print the public key that verifies the checkpoints of the configuration's log
    PublicKey,
}

/// Checks a log: with the key of its chain every line, with the public key its checkpoints, with a checkpoint that was kept elsewhere
/// also that it was not truncated.
///
/// Without a directory it is the log of the configuration, with its keys.
#[derive(Clone, Debug, Args)]
struct VerifyArguments {
    /// The log's directory [default: cli.audit.directory]
    directory: Option<PathBuf>,
    /// The file with the key of the chain [default with cli.audit.directory: cli.audit.key]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The public key of the checkpoints, as `crdb audit public-key` prints it
    #[arg(long, value_name = "KEY")]
    public_key: Option<VerifierKey>,
    /// A checkpoint that was kept elsewhere; may be repeated
    #[arg(long, value_name = "FILE", requires = "public_key")]
    checkpoint: Vec<PathBuf>,
}

/// Runs the chosen command.
///
/// # Errors
/// When a file cannot be read, or a key is none.
pub(crate) fn run(arguments: &Arguments, connection: &Connection, as_json: bool) -> Result<Exit> {
    match &arguments.command {
        AuditCommand::Verify(arguments) => {
            let (directory, verifier) = verifier(arguments, connection)?;
            Ok(told(&directory, &verifier.verify(&directory)?, as_json))
        }
        AuditCommand::PublicKey => {
            let signing = configured(connection, keys::cli::AUDIT_SIGNING_KEY)?;
            println!("{}", public(&signing)?);
            Ok(Exit::Done)
        }
    }
}

fn verifier(arguments: &VerifyArguments, connection: &Connection) -> Result<(PathBuf, Verifier)> {
    let mut verifier = Verifier::new();
    let directory = match &arguments.directory {
        Some(directory) => directory.clone(),
        None => configured(connection, keys::cli::AUDIT_DIRECTORY)?,
    };
    let of_the_configuration = arguments.directory.is_none();
    let key = match &arguments.key {
        Some(key) => Some(key.clone()),
        None if of_the_configuration => Some(configured(connection, keys::cli::AUDIT_KEY)?),
        None => None,
    };
    if let Some(key) = key {
        verifier = verifier.key(MacKey::new(&read(&key)?)?);
    }
    let public_key = match &arguments.public_key {
        Some(key) => Some(key.clone()),
        None if of_the_configuration => Some(public(&configured(
            connection,
            keys::cli::AUDIT_SIGNING_KEY,
        )?)?),
        None => None,
    };
    if let Some(key) = public_key {
        verifier = verifier.verifier_key(key);
    }
    for file in &arguments.checkpoint {
        let note =
            fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        verifier = verifier.checkpoint(note);
    }
    Ok((directory, verifier))
}

fn configured(connection: &Connection, key: Key<Option<PathBuf>>) -> Result<PathBuf> {
    connection.without_a_database()?.path(key).ok_or_else(|| {
        Usage::new(format!(
            "name the log's directory, or set {key} in the configuration"
        ))
        .into()
    })
}

fn public(signing_key: &Path) -> Result<VerifierKey> {
    Ok(Signer::from_pkcs8(SIGNER, &read(signing_key)?)?.verifier_key())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("reading {}", file.display()))
}

fn told(directory: &Path, found: &Verification, as_json: bool) -> Exit {
    let damage = found.damage.as_ref().map(ToString::to_string);
    if as_json {
        let object = json!({
            "intact": found.is_intact(),
            "directory": directory.display().to_string(),
            "first": found.first,
            "entries": found.entries,
            "files": found.files,
            "checkpoints": found.checkpoints,
            "torn": found.torn,
            "damage": damage,
        });
        println!("{object}");
    } else {
        match &damage {
            None => println!(
                "intact: {} entries in {} files, {} checkpoints fit",
                found.entries, found.files, found.checkpoints
            ),
            Some(damage) => println!("damaged: {damage}"),
        }
        if found.torn {
            println!("the last line was half written; its entry was never acknowledged");
        }
    }
    match found.is_intact() {
        true => Exit::Done,
        false => Exit::Never,
    }
}
