//! A program whose output cannot be written says so in a line at most.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const COMMANDS: [&[&str]; 5] = [
    &["tidy"],
    &["codegen", "--check"],
    &["sql", "check"],
    &["sql", "check", "--format", "json"],
    &["completions", "bash"],
];

fn run(arguments: &[&str], stdout: Stdio) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .current_dir(root)
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap()
}

#[test]
fn a_closed_output_ends_the_program_quietly() {
    for arguments in COMMANDS {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = run(arguments, writer.into());
        assert_eq!(output.status.code(), Some(141), "{arguments:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}

#[test]
fn a_full_output_is_told_in_one_line() {
    for arguments in COMMANDS {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = run(arguments, full.into());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "error: cannot write to stdout: No space left on device (os error 28)\n",
            "{arguments:?}"
        );
    }
}
