//! `crdb top` and what else is read from a service's endpoint: statements, retries, waits, nodes.

mod samples;
mod view;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::connection::{Connection, block_on};
use crate::endpoint;
use crate::every::pause;
use crate::exit::Exit;
use samples::Samples;
pub(crate) use view::Seen;
use view::View;

/// Shows what a service does with its database, again and again: statements with their rates and times, retries, waits, nodes.
///
/// It is read from the service's endpoint (observe.endpoint.listen). Rates and times are those of the last pause. Ctrl-C ends it.
#[derive(Clone, Debug, Args)]
pub(crate) struct Arguments {
    /// The endpoint of the service [default: where observe.endpoint.listen of the configuration is, else http://localhost:9464]
    endpoint: Option<String>,
    /// How long to look before each answer
    #[arg(long, value_name = "PAUSE", default_value = "2s", value_parser = pause)]
    every: Duration,
    /// How many answers to give at most
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    times: Option<u64>,
    /// How many statements to show, those that take the most time first
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    most: usize,
}

/// Shows it.
///
/// # Errors
/// When the endpoint does not answer.
pub(crate) fn run(arguments: &Arguments, connection: &Connection, as_json: bool) -> Result<Exit> {
    let endpoint = endpoint::of(arguments.endpoint.as_deref(), connection);
    let mut before = read(&endpoint)?;
    let mut began = Instant::now();
    let mut shown = 0;
    while arguments.times.is_none_or(|times| shown < times) {
        if is_interrupted(arguments.every)? {
            break;
        }
        let now = read(&endpoint)?;
        let view = View::between(&before, &now, began.elapsed(), arguments.most);
        (before, began) = (now, Instant::now());
        if as_json {
            println!("{}", view.json());
        } else {
            println!("{view}");
        }
        shown += 1;
    }
    Ok(Exit::Done)
}

/// What a service has seen of a query since it began.
///
/// # Errors
/// When its endpoint does not answer.
pub(crate) fn seen(endpoint: &str, query: &str) -> Result<Seen> {
    Ok(Seen::of(&read(endpoint)?, query))
}

/// Waits; whether Ctrl-C ended that.
fn is_interrupted(pause: Duration) -> Result<bool> {
    block_on(async {
        Ok(tokio::select! {
            () = tokio::time::sleep(pause) => false,
            _ = tokio::signal::ctrl_c() => true,
        })
    })
}

fn read(endpoint: &str) -> Result<Samples> {
    let text = endpoint::read(endpoint, "/metrics")
        .context("no metrics; a service has them where observe.endpoint.listen is set")?;
    Ok(Samples::parse(&text))
}
