//! Lists of hosts.

use std::net::IpAddr;

use super::uri;
use crate::endpoint::{Endpoint, is_host};
use crate::error::Error;

/// Joins `host`, `hostaddr` and `port`, each perhaps a list with commas.
///
/// As libpq: as many `host`s as `hostaddr`s where both are given; one port for all, or one for
/// each; an empty port is the default one. An empty host, which is a Unix socket for libpq, is
/// `localhost` here. `is_uri` only chooses the words of an error, which never repeats a value: what stands there may be a
/// piece of a password.
pub(super) fn endpoints(
    host: Option<&str>,
    hostaddr: Option<&str>,
    port: Option<&str>,
    is_uri: bool,
) -> Result<Vec<Endpoint>, Error> {
    let remedy = if is_uri {
        format!("; if a password stands there: {}", uri::REMEDY)
    } else {
        String::new()
    };
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
                Some(port) if !port.is_empty() => parse_port(port).ok_or_else(|| {
                    Error::config(format!(
                        "connection string: the port of {} is not a number from 1 to 65535{remedy}",
                        which(index, count)
                    ))
                })?,
                _ => Endpoint::POSTGRESQL_PORT,
            };
            let address = match addresses.get(index) {
                Some(address) if !address.is_empty() => {
                    Some(address.parse::<IpAddr>().map_err(|_| {
                        Error::config(format!(
                            "connection string: the hostaddr of {} is not an IP address",
                            which(index, count)
                        ))
                    })?)
                }
                _ => None,
            };
            let host = match (hosts.get(index), address) {
                (Some(host), _) if !host.is_empty() => host.clone(),
                (_, Some(address)) => address.to_string(),
                _ => "localhost".to_owned(),
            };
            if !is_host(&host) {
                let port_of_its_own = host
                    .rsplit_once(':')
                    .is_some_and(|(_, port)| parse_port(port).is_some());
                let remedy = if port_of_its_own && !is_uri {
                    "; a port is an option of its own, as in host=db1 port=26257"
                } else {
                    &remedy
                };
                return Err(Error::config(format!(
                    "connection string: the name of {} has characters that no host has{remedy}",
                    which(index, count)
                )));
            }
            let endpoint = Endpoint::new(host, port);
            Ok(match address {
                Some(address) => endpoint.at(address),
                None => endpoint,
            })
        })
        .collect()
}

/// "the host", or "host 2" of several.
fn which(index: usize, count: usize) -> String {
    if count == 1 {
        "the host".to_owned()
    } else {
        format!("host {} of {count}", index + 1)
    }
}

fn parse_port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(host: &str, hostaddr: &str, port: &str) -> Result<Vec<String>, String> {
        endpoints(Some(host), Some(hostaddr), Some(port), false)
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
        assert!(
            list("a", "b", "")
                .unwrap_err()
                .contains("not an IP address")
        );
    }
}
