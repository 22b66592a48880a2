//! Lists of hosts.

use std::net::IpAddr;

use crate::endpoint::Endpoint;
use crate::error::Error;

/// Joins `host`, `hostaddr` and `port`, each perhaps a list with commas.
///
/// As libpq: as many `host`s as `hostaddr`s where both are given; one port for all, or one for
/// each; an empty port is the default one. An empty host, which is a Unix socket for libpq, is
/// `localhost` here.
pub(super) fn endpoints(
    host: Option<&str>,
    hostaddr: Option<&str>,
    port: Option<&str>,
) -> Result<Vec<Endpoint>, Error> {
    let split = |text: Option<&str>| -> Vec<String> {
        text.filter(|text| !text.is_empty())
            .map(|text| text.split(',').map(|item| item.trim().to_owned()).collect())
            .unwrap_or_default()
    };
    let (hosts, addresses, ports) = (split(host), split(hostaddr), split(port));
    if !addresses.is_empty() && !hosts.is_empty() && addresses.len() != hosts.len() {
        return Err(Error::config(format!(
            "connection string: {} hosts and {} hostaddr entries do not match",
            hosts.len(),
            addresses.len()
        )));
    }
    let count = hosts.len().max(addresses.len()).max(1);
    if ports.len() > 1 && ports.len() != count {
        return Err(Error::config(format!(
            "connection string: {} ports and {count} hosts do not match",
            ports.len()
        )));
    }
    (0..count)
        .map(|index| {
            let port = match ports.get(index).or_else(|| ports.first()) {
                Some(port) if !port.is_empty() => parse_port(port)?,
                _ => Endpoint::POSTGRESQL_PORT,
            };
            let address = match addresses.get(index) {
                Some(address) if !address.is_empty() => {
                    Some(address.parse::<IpAddr>().map_err(|error| {
                        Error::config(format!(
                            "connection string: hostaddr {address:?} is no IP address"
                        ))
                        .with_source(error)
                    })?)
                }
                _ => None,
            };
            let host = match (hosts.get(index), address) {
                (Some(host), _) if !host.is_empty() => host.clone(),
                (_, Some(address)) => address.to_string(),
                _ => "localhost".to_owned(),
            };
            let endpoint = Endpoint::new(host, port);
            Ok(match address {
                Some(address) => endpoint.at(address),
                None => endpoint,
            })
        })
        .collect()
}

fn parse_port(text: &str) -> Result<u16, Error> {
    text.parse().ok().filter(|port| *port != 0).ok_or_else(|| {
        Error::config(format!(
            "connection string: port {text:?} is not a number from 1 to 65535"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(host: &str, hostaddr: &str, port: &str) -> Result<Vec<String>, String> {
        endpoints(Some(host), Some(hostaddr), Some(port))
            .map(|found| found.iter().map(ToString::to_string).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn hosts_and_ports_pair_up() {
        assert_eq!(list("a,b", "", "1").unwrap(), ["a:1", "b:1"]);
        assert_eq!(list("a,b", "", "1,").unwrap(), ["a:1", "b:5432"]);
        assert_eq!(list("", "", "").unwrap(), ["localhost:5432"]);
        assert_eq!(
            list("a,,c", "", "").unwrap(),
            ["a:5432", "localhost:5432", "c:5432"]
        );
        assert_eq!(list("a", "::1", "7").unwrap(), ["a:7 (at ::1)"]);
        assert!(
            list("a,b", "", "1,2,3")
                .unwrap_err()
                .contains("do not match")
        );
        assert!(list("a,b", "::1", "").unwrap_err().contains("do not match"));
        assert!(list("a", "", "70000").unwrap_err().contains("65535"));
        assert!(list("a", "b", "").unwrap_err().contains("no IP address"));
    }
}
