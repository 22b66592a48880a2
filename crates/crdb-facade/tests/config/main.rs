//! The configuration: sources, mistakes, secrets, fingerprint, and the files that document it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod documents;
mod documents_in_yaml;
mod mistakes;
mod secrets;
mod sources;
#[cfg(feature = "toml")]
mod toml;

use crdb_facade::Config;
use crdb_facade::config::{ConfigBuilder, Format};

/// A builder with all that is required.
fn complete() -> ConfigBuilder {
    yaml("version: 1\nauth:\n  user: teller\n")
}

fn yaml(text: &str) -> ConfigBuilder {
    Config::builder().text("crdb.yaml", Format::Yaml, text)
}

/// The mistakes of a configuration that must have some.
fn mistakes(builder: ConfigBuilder) -> Vec<String> {
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), crdb_facade::ErrorKind::Configuration);
    error.mistakes().iter().map(ToString::to_string).collect()
}

/// No variables at all, whatever the environment of the test is.
const NONE: [(&str, &str); 0] = [];
