//! Errors in CockroachDB's words.

use super::version::CockroachVersion;

/// An error that the proxy answers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) detail: Option<String>,
    pub(super) hint: Option<String>,
}

impl Failure {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            detail: None,
            hint: None,
        }
    }

    /// An error that CockroachDB gives no code of its own.
    pub(super) fn uncategorized(message: &str) -> Self {
        Self::new("XXUUU", message)
    }

    /// A setting that wants a boolean.
    pub(super) fn no_boolean(name: &str) -> Self {
        Self::new(
            "22023",
            format!("parameter {name:?} requires a Boolean value"),
        )
    }

    /// A schema change whose job found that it cannot be made.
    pub(super) fn backfill_failed() -> Self {
        Self::new(
            "23505",
            "failed to ingest index entries during backfill: duplicate key value violates unique constraint",
        )
    }

    /// A statement whose job an operator has paused.
    pub(super) fn job_paused(id: i64) -> Self {
        Self::uncategorized(&format!("job {id} was paused before it completed"))
    }

    /// A statement whose job an operator has cancelled.
    pub(super) fn job_cancelled(id: i64) -> Self {
        Self::uncategorized(&format!("job {id} failed with error: job canceled by user"))
    }

    /// An operator names a job that is not there.
    pub(super) fn no_such_job(id: i64) -> Self {
        Self::uncategorized(&format!("job with ID {id} does not exist"))
    }

    /// An operator wants of a job what its status does not allow.
    pub(super) fn job_refuses(verb: &str, status: &str, id: i64) -> Self {
        Self::uncategorized(&format!("cannot {verb} {status} job (id {id})"))
    }

    /// A transaction that has committed without its schema change.
    pub(super) fn schema_change_aborted() -> Self {
        Self {
            hint: Some(
                "Some of the non-DDL statements may have committed successfully, but some of the DDL statement(s) failed.\n\
                 Manual inspection may be required to determine the actual state of the database."
                    .to_owned(),
            ),
            ..Self::new(
                "XXA00",
                "transaction committed but schema change aborted with error: (23505): duplicate key value violates \
                 unique constraint",
            )
        }
    }

    /// `crdb_internal` or `system` where they are closed.
    pub(super) fn internals_are_closed() -> Self {
        Self {
            hint: Some(
                "These interfaces are unsupported in production. To proceed, set the session variable \
                 allow_unsafe_internals = true (not recommended), or contact Cockroach Labs for a supported alternative."
                    .to_owned(),
            ),
            ..Self::new(
                "42501",
                "Access to crdb_internal and system is restricted.",
            )
        }
    }

    /// A temporary table, view or sequence, where the setting for them is off.
    pub(super) fn temporary_tables_are_off(version: CockroachVersion) -> Self {
        let code = if version.has_codes_of_experiments() {
            "XCEXF"
        } else {
            "0A000"
        };
        Self {
            hint: Some(
                "You can enable temporary tables by running `SET experimental_enable_temp_tables = 'on'`."
                    .to_owned(),
            ),
            ..Self::new(code, "temporary tables are only supported experimentally")
        }
    }

    /// A schema change of a table that is locked.
    pub(super) fn table_is_locked(table: &str) -> Self {
        Self {
            detail: Some(format!(
                "To unlock the table, execute `ALTER TABLE {table} SET (schema_locked = false);`"
            )),
            ..Self::new(
                "57000",
                format!(
                    "this schema change is disallowed because table {table:?} is locked and this operation cannot \
                     automatically unlock the table"
                ),
            )
        }
    }

    /// A connection to a node that drains.
    pub(super) fn not_accepting_clients() -> Self {
        Self::new("57P01", "server is not accepting clients, try another node")
    }

    /// `AS OF SYSTEM TIME` with a time that is still to come.
    pub(super) fn in_the_future() -> Self {
        Self::uncategorized("AS OF SYSTEM TIME: cannot specify timestamp in the future")
    }

    pub(super) fn protocol(message: &str) -> Self {
        Self::new("08P01", message)
    }

    /// A syntax error at the byte `start` of `sql`.
    pub(super) fn syntax(sql: &str, start: usize, token: &str) -> Self {
        let line_start = sql[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = sql[start..]
            .find('\n')
            .map_or(sql.len(), |newline| start + newline);
        let column = sql[line_start..start].chars().count();
        Self {
            detail: Some(format!(
                "source SQL:\n{}\n{}^",
                &sql[..line_end],
                " ".repeat(column)
            )),
            ..Self::new(
                "42601",
                format!(
                    "at or near \"{}\": syntax error",
                    token.to_ascii_lowercase()
                ),
            )
        }
    }

    /// Syntax at the byte `start` of `sql` that the grammar knows only to say that there is no such thing, and the issue
    /// that asks for it.
    pub(super) fn unimplemented_syntax(sql: &str, start: usize, token: &str, hint: String) -> Self {
        let Self {
            message, detail, ..
        } = Self::syntax(sql, start, token);
        Self {
            detail,
            hint: Some(hint),
            ..Self::new("0A000", format!("{message}: unimplemented: this syntax"))
        }
    }

    /// A statement that would create something, in a session whose database does not exist.
    pub(super) fn nowhere_to_create(name: &str) -> Self {
        Self {
            hint: Some(
                "verify that the current database and search_path are valid and/or the target database exists".to_owned(),
            ),
            ..Self::new(
                "3F000",
                format!("cannot create {name:?} because the target database or schema does not exist"),
            )
        }
    }

    /// Something that an issue of CockroachDB asks for.
    pub(super) fn unimplemented(what: &str, issue: u32, version: CockroachVersion) -> Self {
        Self {
            hint: Some(issue_hint(issue, version)),
            ..Self::new("0A000", format!("unimplemented: {what}"))
        }
    }

    /// A second portal while one is open; `operation` is the name of the command in CockroachDB's code.
    pub(super) fn second_portal(operation: &str, version: CockroachVersion) -> Self {
        Self {
            detail: Some(format!(
                "cannot perform operation sql.{operation} while a different portal is open"
            )),
            hint: Some(issue_hint(40195, version)),
            ..Self::new("0A000", version.second_portal_message())
        }
    }

    /// A schema change below SERIALIZABLE that is not alone in its transaction.
    pub(super) fn not_serializable() -> Self {
        Self::new(
            "0A000",
            "multi-statement transaction involving a schema change needs to be SERIALIZABLE",
        )
    }

    /// A second portal while one is open that cannot wait, with `multiple_active_portals_enabled`.
    pub(super) fn portal_cannot_pause() -> Self {
        Self::new(
            "0A000",
            "unimplemented: the statement for a pausable portal must be a read-only SELECT query with no sub-queries \
             or post-queries",
        )
    }

    /// A transaction that lost against another one while it ran a statement.
    pub(super) fn retry_statement(version: CockroachVersion) -> Self {
        let reason = "WriteTooOldError: write for key /Table/104/1/1/0 at timestamp 1700000000.000000000,0 too old; \
                      must write at or above 1700000000.000000001,1";
        Self::retry(reason, version)
    }

    /// A transaction that lost against another one at its commit.
    pub(super) fn retry_commit(version: CockroachVersion) -> Self {
        let reason = "TransactionRetryError: retry txn (RETRY_SERIALIZABLE - failed preemptive refresh due to encountered \
                      recently written committed value /Table/104/1/1/0 @1700000000.000000001,1)";
        Self::retry(reason, version)
    }

    /// A transaction that has taken longer than its timestamp may be pushed (`pkg/kv/kvserver/batcheval/cmd_end_transaction.go`).
    pub(super) fn commit_deadline(version: CockroachVersion) -> Self {
        let reason = "TransactionRetryError: retry txn (RETRY_COMMIT_DEADLINE_EXCEEDED - txn timestamp pushed too much; deadline exceeded \
                      by 1.5s (1700000003.000000000,0 > 1700000001.500000000,0))";
        Self::retry(reason, version)
    }

    /// A transaction that another one of PostgreSQL's kind has ended.
    pub(super) fn retry(reason: &str, version: CockroachVersion) -> Self {
        let message =
            format!("restart transaction: TransactionRetryWithProtoRefreshError: {reason}");
        Self {
            hint: Some(retry_hint(version)),
            ..Self::new("40001", message)
        }
    }

    /// What the setting of this name makes fail.
    pub(super) fn injected_retry(setting: &str, version: CockroachVersion) -> Self {
        Self::retry(
            &format!("injected by `{setting}` session variable"),
            version,
        )
    }

    /// A statement that ended because its session or its time-out wanted it to.
    pub(super) fn cancelled() -> Self {
        Self::new("57014", "query execution canceled")
    }

    /// `crdb_internal.force_retry`.
    pub(super) fn forced_retry(version: CockroachVersion) -> Self {
        let message = "restart transaction: crdb_internal.force_retry(): TransactionRetryWithProtoRefreshError: forced by \
                       crdb_internal.force_retry()";
        Self {
            hint: Some(retry_hint(version)),
            ..Self::new("40001", message)
        }
    }

    /// A commit of which the gateway does not know whether it happened.
    pub(super) fn ambiguous() -> Self {
        Self::new(
            "40003",
            "result is ambiguous: error=rpc error: code = Unavailable desc = node unavailable; try another peer [exhausted]",
        )
    }

    /// The node is draining.
    pub(super) fn shutting_down() -> Self {
        Self::new("57P01", "server is shutting down")
    }

    /// Too many connections on this node.
    pub(super) fn too_many_connections(limit: usize) -> Self {
        Self {
            hint: Some(format!(
                "the maximum number of allowed connections is {limit} and can be modified using the \
                 server.max_connections_per_gateway config key"
            )),
            ..Self::new("53300", "sorry, too many clients already")
        }
    }
}

/// What is said of a feature for which no issue is named.
pub(super) const NOT_YET: &str = "You have attempted to use a feature that is not yet implemented.";

/// What is said of a feature that an issue asks for, as releases before v22.1 put it.
pub(super) fn old_issue_hint(issue: u32) -> String {
    format!("{NOT_YET}\nSee: https://go.crdb.dev/issue/{issue}")
}

pub(super) fn issue_hint(issue: u32, version: CockroachVersion) -> String {
    format!(
        "{NOT_YET}\nSee: https://go.crdb.dev/issue-v/{issue}/{}",
        version.series()
    )
}

fn retry_hint(version: CockroachVersion) -> String {
    format!(
        "See: https://www.cockroachlabs.com/docs/{}/transaction-retry-error-reference.html",
        version.series()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syntax_error_points_at_the_token() {
        let sql = "SELECT 1;\n LOCK TABLE t;\nSELECT 2";
        let failure = Failure::syntax(sql, 11, "LOCK");
        assert_eq!(failure.message, "at or near \"lock\": syntax error");
        assert_eq!(
            failure.detail.as_deref(),
            Some("source SQL:\nSELECT 1;\n LOCK TABLE t;\n ^")
        );
    }
}
