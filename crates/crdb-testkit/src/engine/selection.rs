//! Which engine is used, and how it comes up.

use std::net::ToSocketAddrs;
use std::path::PathBuf;

use super::external::External;
use super::options::{EngineChoice, EngineKind, EngineOptions, Nodes};
use super::{Launched, Node, cockroach, locate, postgres};
use crate::error::{Error, ErrorKind};

/// The environment variable that names a server to use instead of starting one.
pub(super) const URL_VARIABLE: &str = "CRDB_TEST_URL";

/// An engine that was found, and why it was taken.
#[derive(Debug)]
pub(super) enum Selected {
    Url { url: String, named: &'static str },
    Cockroach { binary: PathBuf },
    Postgres { binaries: PathBuf, automatic: bool },
}

/// Decides which engine to use. Looks at `PATH` and the file system, changes nothing.
pub(super) fn select(options: &EngineOptions, url: Option<String>) -> Result<Selected, Error> {
    let url = url.filter(|url| !url.is_empty());
    let selected = match options.chosen() {
        EngineChoice::Url(url) => Selected::Url {
            url: url.clone(),
            named: "was asked for",
        },
        EngineChoice::Cockroach => locate::cockroach()
            .map(|binary| Selected::Cockroach { binary })
            .ok_or_else(|| {
                missing("no `cockroach` is on PATH; install CockroachDB v22.1 or later")
            })?,
        EngineChoice::Postgres => locate::postgres()
            .map(|binaries| Selected::Postgres {
                binaries,
                automatic: false,
            })
            .ok_or_else(|| missing(NO_POSTGRES))?,
        EngineChoice::Auto => {
            if let Some(url) = url {
                Selected::Url {
                    url,
                    named: "is named by CRDB_TEST_URL",
                }
            } else if let Some(binary) = locate::cockroach() {
                Selected::Cockroach { binary }
            } else if let Some(binaries) = locate::postgres() {
                Selected::Postgres {
                    binaries,
                    automatic: true,
                }
            } else {
                return Err(missing(&format!(
                    "CRDB_TEST_URL is not set, no `cockroach` is on PATH, and {NO_POSTGRES}"
                )));
            }
        }
    };
    let is_url = matches!(selected, Selected::Url { .. });
    if options.node_count() == Nodes::Three && !matches!(selected, Selected::Cockroach { .. }) {
        return Err(match is_url {
            true => Error::needs_own_server("three nodes are started from `cockroach` on PATH"),
            false => missing("three nodes need `cockroach` on PATH"),
        });
    }
    let configured = !options.settings().is_empty() || !options.access_rules().is_empty();
    if configured && is_url {
        return Err(Error::needs_own_server(
            "a server that is run elsewhere cannot be given settings and rules",
        ));
    }
    if options.kerberos_service().is_some() && !matches!(selected, Selected::Postgres { .. }) {
        return Err(missing(
            "Kerberos needs a PostgreSQL that the test kit starts; ask for `EngineChoice::Postgres`",
        ));
    }
    Ok(selected)
}

const NO_POSTGRES: &str = "no PostgreSQL server binaries are on PATH or below /usr/lib/postgresql; \
                           run `cargo xtask setup` or `apt-get install postgresql`";

fn missing(what: &str) -> Error {
    Error::new(ErrorKind::Unavailable, what)
}

impl Selected {
    /// The second half of [`Engine::choice`].
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Url { named, .. } => format!("at a server that {named}"),
            Self::Cockroach { binary } => format!("from {}", binary.display()),
            Self::Postgres {
                binaries,
                automatic: false,
            } => format!("from {}, as asked for", binaries.display()),
            Self::Postgres {
                binaries,
                automatic: true,
            } => {
                format!(
                    "from {}, because {URL_VARIABLE} is not set and no `cockroach` is on PATH",
                    binaries.display()
                )
            }
        }
    }

    /// Starts it. Blocks.
    pub(super) fn launch(self, options: &EngineOptions) -> Result<Launched, Error> {
        match self {
            Self::Cockroach { binary } => cockroach::launch(&binary, options),
            Self::Postgres { binaries, .. } => {
                postgres::launch(&binaries, locate::unprivileged_account(), options)
            }
            Self::Url { url, .. } => {
                let External {
                    host,
                    port,
                    database,
                    credentials,
                    ca_certificate,
                } = External::parse(&url)?;
                let unreachable =
                    format!("the engine's URL names {host}:{port}, which cannot be resolved");
                (host.as_str(), port).to_socket_addrs().map_err(|source| {
                    Error::new(ErrorKind::InvalidInput, unreachable).with_source(source)
                })?;
                Ok(Launched {
                    kind: EngineKind::PostgreSql,
                    nodes: vec![Node::external(EngineKind::PostgreSql, host, port)],
                    administrator: credentials,
                    operator: None,
                    setup: Vec::new(),
                    optional: Vec::new(),
                    logins: Vec::new(),
                    database,
                    ca_certificate,
                    tls: None,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_comes_first_unless_an_engine_is_asked_for() {
        let url = Some("postgresql://u@h/d".to_owned());
        let automatic = select(&EngineOptions::default(), url.clone()).unwrap();
        assert!(matches!(automatic, Selected::Url { .. }), "{automatic:?}");
        let asked = EngineOptions::default().choice(EngineChoice::Postgres);
        if let Ok(selected) = select(&asked, url) {
            assert!(
                matches!(
                    selected,
                    Selected::Postgres {
                        automatic: false,
                        ..
                    }
                ),
                "{selected:?}"
            );
        }
    }

    #[test]
    fn an_empty_variable_is_no_url() {
        if let Ok(selected) = select(&EngineOptions::default(), Some(String::new())) {
            assert!(!matches!(selected, Selected::Url { .. }), "{selected:?}");
        }
    }

    #[test]
    fn three_nodes_of_an_external_server_are_unavailable() {
        let options = EngineOptions::default().nodes(Nodes::Three);
        let error = select(&options, Some("postgresql://u@h/d".to_owned())).unwrap_err();
        assert!(error.is_unavailable(), "{error}");
    }
}
