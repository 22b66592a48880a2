//! Parses a file of statements, one a line, and says which the dialect accepts and whether each prints to the same tree.
//!
//! `cargo run -p crdb-sql --example parse_lines -- FILE [--rejected | --accepted]`: with an option, also each statement
//! that was rejected, with the reason, or accepted.

use std::process::ExitCode;

use crdb_sql::dialect;

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]
fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(file) = arguments.next() else {
        eprintln!("which file?");
        return ExitCode::FAILURE;
    };
    let option = arguments.next().unwrap_or_default();
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{file}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let (mut accepted, mut rejected, mut changed) = (0, 0, 0);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match dialect::parse(line) {
            Ok(statements) => {
                accepted += 1;
                if option == "--accepted" {
                    println!("{line}");
                }
                for statement in statements {
                    let printed = statement.to_string();
                    let again = dialect::parse_one(&printed);
                    if again.as_ref() != Ok(&statement) {
                        changed += 1;
                        println!(
                            "changed: {line}\n     to: {printed}\n        {}",
                            again.map_or_else(|error| error.to_string(), |tree| tree.to_string())
                        );
                    }
                }
            }
            Err(error) => {
                rejected += 1;
                if option == "--rejected" {
                    println!("{line}\n    {error}");
                }
            }
        }
    }
    println!("accepted {accepted}, rejected {rejected}, printed to another tree {changed}");
    ExitCode::SUCCESS
}
