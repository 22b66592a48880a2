//! `cargo xtask chaos --list | head -1` ends without a backtrace.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

use std::process::{Command, Stdio};

#[test]
fn a_closed_output_ends_the_harness_quietly() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_chaos"))
        .arg("--list")
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(141), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
