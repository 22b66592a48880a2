//! A server that is run elsewhere, named by a URL.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::login::Credentials;
use crate::error::{Error, ErrorKind};

/// What a connection URL says.
#[derive(Debug)]
pub(crate) struct External {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) database: String,
    pub(crate) credentials: Credentials,
    pub(crate) ca_certificate: Option<PathBuf>,
}

impl External {
    /// Reads `url`. The message of an error never shows the URL, which may hold a password.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let rest = url
            .strip_prefix("postgresql://")
            .or_else(|| url.strip_prefix("postgres://"))
            .ok_or_else(|| invalid("it must start with `postgresql://`"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, address) = authority
            .rsplit_once('@')
            .ok_or_else(|| invalid("it names no user before `@`"))?;
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        let (host, port) = split_port(address)?;

        let mut mode = None;
        let mut ca_certificate = None;
        let mut certificate = None;
        let mut key = None;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value)?;
            match name {
                "sslmode" => mode = Some(value),
                "sslrootcert" => ca_certificate = Some(PathBuf::from(value)),
                "sslcert" => certificate = Some(PathBuf::from(value)),
                "sslkey" => key = Some(PathBuf::from(value)),
                // Belongs to clients; the server does not see it.
                "application_name" | "connect_timeout" => {}
                other => {
                    return Err(invalid(&format!(
                        "the parameter `{other}` is not understood"
                    )));
                }
            }
        }
        match (mode.as_deref(), &ca_certificate) {
            (Some("disable"), _) => ca_certificate = None,
            (Some("require" | "verify-ca" | "verify-full") | None, Some(_)) | (None, None) => {}
            (Some("require" | "verify-ca" | "verify-full"), None) => {
                return Err(invalid(
                    "with TLS, `sslrootcert` must name the CA certificate's file",
                ));
            }
            (Some(_), _) => {
                return Err(invalid(
                    "`sslmode` must be `disable`, `require`, `verify-ca` or `verify-full`",
                ));
            }
        }
        let certificate = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(invalid("`sslcert` and `sslkey` go together")),
        };
        let database = if database.is_empty() {
            "postgres".to_owned()
        } else {
            decode(database)?
        };
        let credentials = Credentials {
            user: decode(user)?,
            password: decode(password)?,
            certificate,
        };
        Ok(Self {
            host,
            port,
            database,
            credentials,
            ca_certificate,
        })
    }
}

fn split_port(address: &str) -> Result<(String, u16), Error> {
    if address.contains(',') {
        return Err(invalid("it names several hosts; one is enough here"));
    }
    let (host, port) = if let Some(bracketed) = address.strip_prefix('[') {
        let (host, rest) = bracketed
            .split_once(']')
            .ok_or_else(|| invalid("a `[` is not closed"))?;
        (host.to_owned(), rest.strip_prefix(':'))
    } else {
        let (host, port) = address
            .split_once(':')
            .map_or((address, None), |(host, port)| (host, Some(port)));
        (decode(host)?, port)
    };
    if host.is_empty() {
        return Err(invalid("it names no host"));
    }
    let port = port
        .map_or(Ok(26257), str::parse)
        .map_err(|source| invalid("the port is no number").with_source(source))?;
    Ok((host, port))
}

fn decode(text: &str) -> Result<String, Error> {
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|source| invalid("a percent escape is no UTF-8").with_source(source))
}

fn invalid(what: &str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!("the engine's URL (CRDB_TEST_URL) cannot be used: {what}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_a_url_can_say_is_read() {
        let url = "postgresql://ro%40ot:p%3Aw@[::1]:26258/my%20db?sslmode=verify-full&sslrootcert=%2Fca.crt&sslcert=/c&sslkey=/k";
        let external = External::parse(url).unwrap();
        assert_eq!((external.host.as_str(), external.port), ("::1", 26258));
        assert_eq!(external.database, "my db");
        assert_eq!(
            (external.credentials.user(), external.credentials.password()),
            ("ro@ot", "p:w")
        );
        assert_eq!(external.ca_certificate, Some(PathBuf::from("/ca.crt")));
        assert_eq!(
            external.credentials.key_path(),
            Some(std::path::Path::new("/k"))
        );
    }

    #[test]
    fn an_insecure_local_node_needs_no_port_and_no_password() {
        let external =
            External::parse("postgresql://root@localhost/defaultdb?sslmode=disable").unwrap();
        assert_eq!(
            (external.host.as_str(), external.port),
            ("localhost", 26257)
        );
        assert_eq!(external.ca_certificate, None);
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_showing_the_password() {
        for url in [
            "mysql://u:secret@h/d",
            "postgresql://u:secret@h/d?sslmode=verify-full",
            "postgresql://u:secret@h/d?sslmode=prefer",
            "postgresql://u:secret@h,i/d",
            "postgresql://u:secret@h:port/d",
            "postgresql://u:secret@h/d?sslcert=/only",
            "postgresql://u:secret@h/d?who=knows",
            "postgresql://localhost/d",
        ] {
            let error = External::parse(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{url}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
