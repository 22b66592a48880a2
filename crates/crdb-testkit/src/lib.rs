//! Database engines, certificates and proxies for tests against CockroachDB and PostgreSQL.
