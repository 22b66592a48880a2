//! Logs in to CockroachDB and PostgreSQL: TLS, credentials and the startup handshake.
