//! `crdb profile`: which queries of a service cost most, and what has changed since an earlier report.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use crdb_facade::observe::profile::ProfileReport;

use crate::connection::Connection;
use crate::endpoint;
use crate::exit::{Exit, Usage};

/// Says which queries of a service cost most and where their time goes: waiting for a session, retries, the server.
///
/// The service records it where observe.profile is on. With --json it is a report that --since compares with later, such as before and
/// after a release.
#[derive(Clone, Debug, Args)]
pub(crate) struct Arguments {
    /// The endpoint of the service, or a file with a report [default: where observe.endpoint.listen of the configuration is, else
    /// http://localhost:9464]
    #[arg(value_name = "ENDPOINT|FILE")]
    service: Option<String>,
    /// Say what has changed since this report
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
}

/// Shows it.
///
/// # Errors
/// When there is no report, or it cannot be read.
pub(crate) fn run(arguments: &Arguments, connection: &Connection, as_json: bool) -> Result<Exit> {
    let earlier = arguments.since.as_deref().map(of_file).transpose()?;
    let report = match arguments.service.as_deref().map(Path::new) {
        Some(file) if file.is_file() => of_file(file)?,
        _ => of_service(&endpoint::of(arguments.service.as_deref(), connection))?,
    };
    match (earlier, as_json) {
        (None, false) => print!("{report}"),
        (None, true) => println!("{}", report.to_json()),
        (Some(earlier), false) => print!("{}", earlier.compare(&report)),
        (Some(earlier), true) => {
            println!("{}", serde_json::to_string(&earlier.compare(&report))?);
        }
    }
    Ok(Exit::Done)
}

fn of_service(service: &str) -> Result<ProfileReport> {
    let text = endpoint::read(service, "/profile").context(
        "no profile; a service has one where observe.profile and observe.endpoint are set",
    )?;
    ProfileReport::from_json(&text)
        .with_context(|| format!("what {service} answers to /profile is no report"))
}

fn of_file(file: &Path) -> Result<ProfileReport> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Usage::new(format!("{} cannot be read: {error}", file.display())))?;
    let report = ProfileReport::from_json(&text).map_err(|error| {
        Usage::new(format!(
            "{} holds no report ({error}); crdb profile --json writes one",
            file.display()
        ))
    })?;
    Ok(report)
}
