//! Explains a statement.

use std::time::{Duration, SystemTime};

use crdb_exec::{
    Effect, Error, ExecutorExt as _, Parameters, PooledExecutor, RetrySafety, Row as _,
    SessionSource, Statement, ToSql, TransactionOptions,
};

use super::values::Probe;
use super::{InspectOptions, Request};
use crate::profile::plan::Plan;
use crate::profile::report::seconds_of;
use crate::query_text::first_word;

/// How long a statement may run that is run for its plan.
const ANALYZE_LIMIT: Duration = Duration::from_secs(10);

/// Whether EXPLAIN takes statements that begin like this.
pub(super) fn is_explained(text: &str) -> bool {
    const EXPLAINED: [&str; 8] = [
        "SELECT", "WITH", "VALUES", "TABLE", "INSERT", "UPSERT", "UPDATE", "DELETE",
    ];
    let first = first_word(text).unwrap_or_default();
    EXPLAINED
        .iter()
        .any(|known| first.eq_ignore_ascii_case(known))
}

/// Explains a statement and keeps its plan; or learns the types of its parameters first, so that its next call gives their values.
pub(super) async fn explain<S: SessionSource>(
    request: &Request,
    options: InspectOptions,
    database: &PooledExecutor<S>,
) {
    let (plans, Some(text)) = (request.key.plans(), request.key.text()) else {
        return;
    };
    let explained = match &request.values {
        None if request.parameters > 0 => match types(text, request.parameters, database).await {
            Ok(types) => {
                plans.arm(types);
                return;
            }
            Err(failure) => Err(failure),
        },
        values => {
            let values: Vec<&(dyn ToSql + Sync)> = values
                .iter()
                .flatten()
                .map(|value| value as &(dyn ToSql + Sync))
                .collect();
            let run = Effect::of(text) == Effect::Read && plans.is_analyzed(options.analyze_every);
            plan(text, &values, run, database).await
        }
    };
    if let Err(failure) = &explained {
        tracing::debug!(target: "crdb::profile", query = request.key.title(), %failure, "a slow statement could not be explained");
    }
    let now = explained.as_ref().ok().map(|plan| plan.shape.clone());
    if let Some(before) = plans.add(explained) {
        tracing::warn!(
            target: "crdb::profile",
            query = request.key.title(),
            before,
            now,
            "the plan of a slow statement has changed"
        );
    }
}

/// Learns the types of the parameters: the server says them before it asks for values. It plans for NULL, which is thrown away.
async fn types<S: SessionSource>(
    text: &str,
    parameters: usize,
    database: &PooledExecutor<S>,
) -> Result<Vec<crdb_exec::Type>, String> {
    let probes: Vec<Probe> = (0..parameters).map(|_| Probe::default()).collect();
    let values: Vec<&(dyn ToSql + Sync)> = probes
        .iter()
        .map(|probe| probe as &(dyn ToSql + Sync))
        .collect();
    let asked = lines(&format!("EXPLAIN {text}"), &values, database).await;
    let learned = probes
        .iter()
        .map(Probe::learned)
        .collect::<Option<Vec<_>>>();
    match (learned, asked) {
        (Some(types), _) => Ok(types),
        (None, Err(failure)) => Err(failure),
        (None, Ok(_)) => Err("the types of its parameters are not known".to_owned()),
    }
}

async fn plan<S: SessionSource>(
    text: &str,
    values: Parameters<'_>,
    run: bool,
    database: &PooledExecutor<S>,
) -> Result<Plan, String> {
    let at = seconds_of(SystemTime::now());
    if run
        && let Ok(lines) = analyzed(&format!("EXPLAIN ANALYZE {text}"), values, database).await
        && let Some(plan) = Plan::read(lines.iter().map(String::as_str), at, true)
    {
        return Ok(plan);
    }
    let lines = lines(&format!("EXPLAIN {text}"), values, database).await?;
    Plan::read(lines.iter().map(String::as_str), at, false)
        .ok_or_else(|| "what EXPLAIN printed is no plan".to_owned())
}

async fn lines<S: SessionSource>(
    text: &str,
    values: Parameters<'_>,
    database: &PooledExecutor<S>,
) -> Result<Vec<String>, String> {
    let statement = Statement::new(text).retry(RetrySafety::Never);
    let rows = database
        .fetch_all(statement, values)
        .await
        .map_err(|error| what(&error))?;
    rows.iter()
        .map(|row| row.get::<String>(0).map_err(|error| what(&error)))
        .collect()
}

/// Runs the statement where the server refuses whatever writes. What it may leave in the session is cleaned when that is returned.
async fn analyzed<S: SessionSource>(
    text: &str,
    values: Parameters<'_>,
    database: &PooledExecutor<S>,
) -> Result<Vec<String>, Error> {
    let options = TransactionOptions::new()
        .read_only()
        .attempts(1)
        .timeout(ANALYZE_LIMIT);
    let run = database.transact::<_, Error, _>(&options, async |transaction| {
        let statement = Statement::new(text).retry(RetrySafety::Never);
        let rows = transaction.fetch_all(statement, values).await?;
        rows.iter().map(|row| row.get::<String>(0)).collect()
    });
    run.await
}

/// An error without the server's words, which may hold values.
pub(super) fn what(error: &Error) -> String {
    match error.sqlstate() {
        Some(state) => format!("the server answered {}", state.as_str()),
        None => format!("{:?}", error.kind()),
    }
}

#[cfg(test)]
mod tests {
    use super::is_explained;

    #[test]
    fn what_explain_takes_is_explained() {
        for text in [
            "SELECT 1",
            "-- note\n with a as (select 1) table a",
            "UPSERT INTO t VALUES (1)",
        ] {
            assert!(is_explained(text), "{text}");
        }
        for text in [
            "",
            "CREATE TABLE t ()",
            "COMMIT",
            "EXPLAIN SELECT 1",
            "CALL f()",
            "'SELECT'",
        ] {
            assert!(!is_explained(text), "{text}");
        }
    }
}
