//! Serving until a signal comes.

use std::process::ExitCode;

use anyhow::Result;
use crdb_cli::Exit;
use crdb_cli::dev::{self, Interruptions};

use super::Arguments;
use crate::server::Server;

/// Starts the server, prints how to reach it, and waits for the signal that ends it.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let imitate = arguments.dev.imitate()?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let mut interruptions = Interruptions::listen()?;
        let server = Box::pin(Server::start(arguments.dev.engine(), imitate));
        let server = match interruptions.unless_interrupted(server).await {
            Ok(server) => server?,
            Err(_) => return Ok(Exit::Done.into()),
        };
        let described = server.choice();
        let (dev, json) = (&arguments.dev, arguments.json);
        let served = dev::serve(server.served(), &described, dev, json, &mut interruptions).await;
        let cleaned = server.clean_up().await;
        let exit = served?;
        cleaned?;
        Ok(exit.into())
    })
}
