//! CockroachDB from one configuration: login, pool, SQL files, transactions and metrics.
