//! `crdb config explain`: where each setting comes from.

use anyhow::Result;
use clap::{Args, Subcommand};
use crdb_facade::config::Origin;
use serde_json::json;

use crate::connection::Connection;
use crate::exit::Exit;

/// Works on the configuration.
#[derive(Clone, Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Clone, Debug, Subcommand)]
enum ConfigCommand {
    /// Show every setting with its value and where it comes from
    Explain {
        /// Only settings whose names begin with this, such as auth.tls
        prefix: Option<String>,
        /// Leave out settings that have their default
        #[arg(long)]
        changed: bool,
    },
}

/// Explains the configuration. Secrets are `***`.
///
/// # Errors
/// Every mistake of the configuration.
pub(crate) fn run(arguments: &Arguments, connection: &Connection, as_json: bool) -> Result<Exit> {
    let ConfigCommand::Explain { prefix, changed } = &arguments.command;
    let as_service = connection.of_a_service();
    let is_whole = as_service.is_ok();
    let config = as_service.or_else(|_| connection.config())?;
    let explanation = config.explain();
    let shown = explanation.iter().filter(|line| {
        let named = prefix
            .as_deref()
            .is_none_or(|prefix| line.key().starts_with(prefix));
        named && !(*changed && *line.origin() == Origin::Default)
    });
    if as_json {
        for line in shown {
            let object = json!({
                "key": line.key(),
                "origin": origin(line.origin()),
                "value": line.value(),
            });
            println!("{object}");
        }
    } else {
        let rows = shown
            .map(|line| {
                [
                    line.key().to_owned(),
                    line.value().to_owned(),
                    origin(line.origin()),
                ]
            })
            .collect();
        println!("{}", crate::table(["setting", "value", "from"], rows));
        if is_whole {
            println!("fingerprint {}", config.fingerprint());
        }
    }
    Ok(Exit::Done)
}

/// Where a setting was written. This program's code unsets what only a service does.
fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Code(_) => "crdb".to_owned(),
        other => other.to_string(),
    }
}
