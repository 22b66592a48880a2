//! `cargo xtask bench` runs this program, built for release.

use std::process::ExitCode;

use clap::Parser as _;
use crdb_benches::command::{Arguments, run};

fn main() -> ExitCode {
    crdb_cli::end_quietly_without_a_reader();
    let arguments = Arguments::parse();
    // Before the runtime has threads; kept until they have ended.
    #[cfg(feature = "peers")]
    let _place = crdb_benches::realm::announce();
    measure(arguments)
}

#[tokio::main]
async fn measure(arguments: Arguments) -> ExitCode {
    run(arguments).await
}
