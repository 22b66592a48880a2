//! SQL files as named, checked queries for CockroachDB and PostgreSQL.
