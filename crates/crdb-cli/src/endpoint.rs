//! What a service's endpoint answers.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::connection::Connection;

/// Where the endpoint of a service on this machine is by default.
const DEFAULT: &str = "http://localhost:9464";

/// How long an endpoint may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The endpoint that is named, else the one that a service started here would have, else the usual one.
pub(crate) fn of(named: Option<&str>, connection: &Connection) -> String {
    let configured = || connection.endpoint().and_then(of_a_service);
    named
        .map(ToOwned::to_owned)
        .or_else(configured)
        .unwrap_or_else(|| DEFAULT.to_owned())
}

/// How a service is reached that listens there. Of one that lets the system choose its port only its log knows it.
fn of_a_service(listens: SocketAddr) -> Option<String> {
    match (listens.ip().is_unspecified(), listens.port()) {
        (_, 0) => None,
        (true, port) => Some(format!("http://localhost:{port}")),
        (false, _) => Some(format!("http://{listens}")),
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_reached_where_it_listens() {
        for (listens, reached) in [
            ("127.0.0.1:9500", Some("http://127.0.0.1:9500")),
            ("[::1]:9500", Some("http://[::1]:9500")),
            ("0.0.0.0:9500", Some("http://localhost:9500")),
            ("[::]:9500", Some("http://localhost:9500")),
            ("0.0.0.0:0", None),
        ] {
            let found = of_a_service(listens.parse().unwrap());
            assert_eq!(found.as_deref(), reached, "{listens}");
        }
    }
}
