//! The program `crdb`.

use std::process::ExitCode;

fn main() -> ExitCode {
    crdb_cli::main()
}
