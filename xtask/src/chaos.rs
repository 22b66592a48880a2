//! `cargo xtask chaos`: runs the chaos harness's own program.
//!
//! It is built as the tests are, so that it is compiled already where tests have run; but for the row that runs other pools
//! beside ours, which are compiled for it alone.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::{setup, workspace};

/// Runs the stack while everything around it breaks, and checks what was seen.
///
/// Everything is explained by `cargo xtask chaos --help`, which the program itself answers.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// Rows and options, for example `R2 --seconds 30`
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    arguments: Vec<String>,
}

/// The row that runs beside peers.
const BESIDE_PEERS: &str = "R4";

/// The row whose name is no number.
const FAILOVER: &str = "failover";

/// The row that runs Prometheus.
const WITH_PROMETHEUS: &str = "R20";

/// Whether this row is going to run: it is named, or no row is.
fn runs(arguments: &[String], row: &str) -> bool {
    let names_a_row = |argument: &&String| {
        let number = argument.strip_prefix(['R', 'r']).unwrap_or_default();
        let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        numbered || argument.eq_ignore_ascii_case(FAILOVER)
    };
    let mut rows = arguments.iter().filter(names_a_row).peekable();
    !workspace::only_asks(arguments)
        && (rows.peek().is_none() || rows.any(|named| named.eq_ignore_ascii_case(row)))
}

/// Runs the program in `tests/` with the arguments; its exit code is the command's.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    if !workspace::only_asks(&arguments.arguments) {
        let purpose = if runs(&arguments.arguments, WITH_PROMETHEUS) {
            setup::Purpose::Alerts
        } else {
            setup::Purpose::Tests
        };
        setup::prepare(purpose, "chaos");
    }
    let mut build = vec!["--quiet", "--package", "crdb-tests", "--bin", "chaos"];
    if runs(&arguments.arguments, BESIDE_PEERS) {
        build.extend(["--features", "peers"]);
    }
    workspace::build_and_run(&build, "chaos", &arguments.arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_compiled_for_their_row_only() {
        let needed = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
            runs(&arguments, BESIDE_PEERS)
        };
        assert!(needed(&[]) && needed(&["--seconds", "9"]) && needed(&["R1", "r4"]));
        assert!(!needed(&["R1", "--seconds", "9"]) && !needed(&["failover"]));
        assert!(!needed(&["--list"]));
    }
}
