//! What a service's endpoint answers.

use std::time::Duration;

use anyhow::{Context as _, Result};

/// Where the endpoint of a service on this machine is by default.
pub(crate) const DEFAULT: &str = "http://localhost:9464";

/// How long an endpoint may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The text at this path of an endpoint.
///
/// # Errors
/// When it does not answer, or with another status than success.
pub(crate) fn read(endpoint: &str, path: &str) -> Result<String> {
    let url = format!("{}{path}", endpoint.trim_end_matches('/'));
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    agent
        .get(&url)
        .call()
        .and_then(|mut answer| answer.body_mut().read_to_string())
        .with_context(|| format!("reading {url}"))
}
