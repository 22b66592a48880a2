//! Whether a statement only reads, told by its tree.
//!
//! The server refuses writes in these sessions. What it would let through is refused here: what lifts that (`SET
//! default_transaction_read_only`, `BEGIN READ WRITE`, `set_config`), and what works on the cluster rather than on rows.

use crdb_sql::dialect::ast::{SetScope, StatementKind, Transaction, TransactionMode, UtilityKind};
use crdb_sql::dialect::facts::{Facts, StatementClass};
use crdb_sql::dialect::{self, Options, ast};
use crdb_sql::token::{Token, TokenKind, tokenize};

/// Says why a statement does not only read, if so. `:name` is a parameter, as in a named query.
pub(crate) fn only_reads(text: &str) -> Result<(), String> {
    let options = Options::new().named_placeholders(true);
    let statement = dialect::parse_one(text)
        .or_else(|_| dialect::parse_one_with(text, &options))
        .map_err(|error| format!("the statement cannot be read ({error})"))?;
    check(&statement)?;
    match acting_function(text) {
        Some(function) => Err(format!(
            "the function {function} acts beyond its transaction"
        )),
        None => Ok(()),
    }
}

fn check(statement: &ast::Statement) -> Result<(), String> {
    match &statement.kind {
        StatementKind::Query(_) => match Facts::of(statement).class {
            StatementClass::Read => Ok(()),
            _ => Err("the query writes".to_owned()),
        },
        StatementKind::Explain(explain) if explain.analyze => check(&explain.statement),
        StatementKind::Explain(_) => Ok(()),
        StatementKind::Prepare(prepare) => check(&prepare.statement),
        // What was prepared has been looked at.
        StatementKind::Execute(_) => Ok(()),
        StatementKind::Transaction(transaction) => check_transaction(transaction),
        StatementKind::Set(set) => {
            let name = set.name.iter().map(ToString::to_string).collect::<Vec<_>>();
            let name = name.join(".").to_ascii_lowercase();
            match set.scope {
                SetScope::Cluster => Err("SET CLUSTER SETTING is for the whole cluster".to_owned()),
                _ if name.is_empty() || name.contains("read_only") => {
                    Err(format!("SET {name} decides whether the session may write"))
                }
                _ => Ok(()),
            }
        }
        StatementKind::Utility(utility) => match utility.kind {
            UtilityKind::Show | UtilityKind::Cursor | UtilityKind::Deallocate => Ok(()),
            _ => Err("the statement does more than read".to_owned()),
        },
        _ => Err("the statement writes".to_owned()),
    }
}

fn check_transaction(transaction: &Transaction) -> Result<(), String> {
    let modes = match transaction {
        Transaction::Begin(modes) | Transaction::Set(modes) | Transaction::SetDefaults(modes) => {
            modes
        }
        Transaction::Commit { .. }
        | Transaction::Rollback { .. }
        | Transaction::Savepoint(_)
        | Transaction::Release(_)
        | Transaction::RollbackTo(_) => return Ok(()),
        _ => return Err("a prepared transaction outlives its session".to_owned()),
    };
    let writes = modes
        .iter()
        .any(|mode| matches!(mode, TransactionMode::ReadOnly(false)));
    match writes {
        true => Err("READ WRITE lets the transaction write".to_owned()),
        false => Ok(()),
    }
}

/// The first function, called by its name, that does something which a transaction that only reads does not hold back.
fn acting_function(text: &str) -> Option<String> {
    let tokens: Vec<Token> = tokenize(text)
        .filter(|token| !token.kind.is_trivia())
        .collect();
    tokens.windows(2).enumerate().find_map(|(index, pair)| {
        let [name, bracket] = pair else { return None };
        if !bracket.is_symbol(text, "(") {
            return None;
        }
        let name = identifier(name, text)?;
        let schema = index
            .checked_sub(2)
            .and_then(|before| tokens.get(before..index))
            .filter(|before| before.last().is_some_and(|dot| dot.is_symbol(text, ".")))
            .and_then(|before| identifier(before.first()?, text));
        let internal = schema.as_deref() == Some("crdb_internal");
        let acts = internal || ACTING.iter().any(|prefix| name.starts_with(prefix));
        acts.then(|| match schema {
            Some(schema) => format!("{schema}.{name}"),
            None => name,
        })
    })
}

fn identifier(token: &Token, text: &str) -> Option<String> {
    match token.kind {
        TokenKind::Word => Some(token.text(text).to_ascii_lowercase()),
        TokenKind::QuotedIdentifier => {
            let name = token.text(text);
            Some(name.trim_matches('"').replace("\"\"", "\""))
        }
        _ => None,
    }
}

/// How the names of such functions begin. All of CockroachDB's `crdb_internal` are among them.
const ACTING: [&str; 16] = [
    "set_config",
    "dblink",
    "lo_",
    "pg_advisory_",
    "pg_cancel_",
    "pg_create_",
    "pg_drop_",
    "pg_logical_",
    "pg_notify",
    "pg_promote",
    "pg_reload_",
    "pg_replication_",
    "pg_rotate_",
    "pg_switch_",
    "pg_terminate_",
    "pg_try_advisory_",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_is_let_through() {
        for text in [
            "SELECT id, owner FROM accounts WHERE id = :id",
            "WITH a AS (SELECT 1) TABLE a",
            "VALUES (1), (2)",
            "SHOW TABLES",
            "EXPLAIN DELETE FROM accounts",
            "EXPLAIN ANALYZE SELECT count(*) FROM accounts",
            "BEGIN READ ONLY",
            "BEGIN",
            "COMMIT",
            "ROLLBACK",
            "SET statement_timeout = '1s'",
            "SELECT 'set_config(', \"lo_\" FROM crdb_internal.jobs",
        ] {
            assert_eq!(only_reads(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_writes_or_lifts_the_fence_is_not() {
        for text in [
            "INSERT INTO accounts VALUES (1)",
            "WITH gone AS (DELETE FROM accounts RETURNING id) SELECT id FROM gone",
            "EXPLAIN ANALYZE DELETE FROM accounts",
            "CREATE TABLE t (a INT8)",
            "TRUNCATE accounts",
            "SET default_transaction_read_only = off",
            "SET LOCAL transaction_read_only = 'off'",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
            "SET TRANSACTION READ WRITE",
            "BEGIN READ WRITE",
            "RESET ALL",
            "DISCARD ALL",
            "SET CLUSTER SETTING kv.range_merge.queue_enabled = false",
            "SELECT set_config('default_transaction_read_only', 'off', false)",
            "SELECT pg_catalog.\"set_config\" ('a', 'b', false)",
            "SELECT pg_terminate_backend(7)",
            "SELECT crdb_internal.force_panic('x')",
            "CANCEL QUERY 'x'",
            "PAUSE JOB 7",
            "BACKUP INTO 'nodelocal://1/b'",
            "CALL rebuild()",
            "DO $$ BEGIN NULL; END $$",
            "COPY accounts FROM STDIN",
            "PREPARE w AS DELETE FROM accounts",
            "no statement at all",
        ] {
            assert!(only_reads(text).is_err(), "{text}");
        }
    }
}
