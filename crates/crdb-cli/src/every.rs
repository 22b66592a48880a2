//! Doing something again and again, until Ctrl-C.

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;

/// Whether and how often a command is repeated.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Every {
    /// Run it again and again, with this pause between: 2s, 1m; Ctrl-C ends it
    #[arg(long, value_name = "PAUSE", value_parser = pause)]
    every: Option<Duration>,
    /// With --every: how often it is run at most
    #[arg(long, value_name = "COUNT", requires = "every", value_parser = clap::value_parser!(u64).range(1..))]
    times: Option<u64>,
}

/// Reads a pause of the command line.
///
/// # Errors
/// What it should be.
pub(crate) fn pause(text: &str) -> Result<Duration, String> {
    match crdb_sql::parse_duration(text) {
        Ok(pause) if !pause.is_zero() => Ok(pause),
        _ => Err("write a duration above zero, such as 500ms, 2s or 1m".to_owned()),
    }
}

impl Every {
    /// Runs it once, or until it fails, Ctrl-C is pressed in a pause, or it has run as often as was asked.
    ///
    /// # Errors
    /// The first error.
    pub(crate) async fn run(self, mut once: impl AsyncFnMut() -> Result<Exit>) -> Result<Exit> {
        let mut done = 0;
        loop {
            let exit = once().await?;
            done += 1;
            let last = exit != Exit::Done || self.times.is_some_and(|times| done >= times);
            let Some(pause) = self.every.filter(|_| !last) else {
                return Ok(exit);
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = tokio::signal::ctrl_c() => return Ok(Exit::Done),
            }
        }
    }
}
