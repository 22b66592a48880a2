//! Statements and transactions on CockroachDB, with retries that are always right and outcomes that are never guessed.
