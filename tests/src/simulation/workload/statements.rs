//! Statements that are their own transactions.

use crdb_exec::{IdempotencyKey, Resolution, RetrySafety, Row as _, Statement};

use super::call::{Bed, BodyError, Told};
use crate::simulation::server::statement::{
    MARK, MARK_ONCE, MARK_RETURNING, MARKED, SET_CONFIG, TEMPORARY,
};

/// Runs the statement that leaves the mark, and judges it.
///
/// Of one that is safe to run again, a failure says what may be done, and not what took effect.
async fn run(bed: &Bed, what: &str, id: i64, statement: Statement<'_>) {
    let is_safe = statement.retry_safety() == RetrySafety::Safe;
    let limit = bed.own_limit();
    let statement = match limit {
        Some(limit) => statement.timeout(limit),
        None => statement,
    };
    let what = format!("{what} {id}");
    let work = async { Ok(bed.db.execute(statement, &[&id]).await?) };
    let told = bed.call(&what, limit, work).await;
    if !is_safe || matches!(told, Told::Done(_)) {
        bed.judge(&what, id, &told);
    }
    bed.expect_success(&what, &told);
}

pub(super) async fn mark(bed: &Bed, id: i64) {
    run(bed, "mark", id, Statement::new(MARK)).await;
}

pub(super) async fn mark_safely(bed: &Bed, id: i64) {
    let statement = Statement::new(MARK_ONCE).retry(RetrySafety::Safe);
    run(bed, "mark safely", id, statement).await;
}

pub(super) async fn mark_never_again(bed: &Bed, id: i64) {
    let statement = Statement::new(MARK).retry(RetrySafety::Never);
    run(bed, "mark once", id, statement).await;
}

pub(super) async fn mark_returning(bed: &Bed, id: i64) {
    let what = format!("mark and return {id}");
    let work = async {
        let row = bed.db.fetch_one(MARK_RETURNING, &[&id]).await?;
        let returned: i64 = row.get(0).map_err(crdb_facade::Error::from)?;
        Ok(returned)
    };
    let told = bed.call(&what, None, work).await;
    bed.judge(&what, id, &told);
    bed.expect_success(&what, &told);
    if let Told::Done(returned) = told
        && returned != id
    {
        let detail = format!("{what}: {returned}");
        bed.world.wrong("an answer is the statement's own", detail);
    }
}

/// What was acknowledged is seen by every later look.
pub(super) async fn look_for_acknowledged(bed: &Bed) {
    let Some(id) = bed.promises.any_present(&bed.world) else {
        return;
    };
    let what = format!("look for {id}");
    let work = async { Ok(bed.db.fetch_optional(MARKED, &[&id]).await?) };
    let told = bed.call(&what, None, work).await;
    bed.expect_success(&what, &told);
    if let Told::Done(None) = told {
        bed.world.wrong("what was acknowledged is seen", what);
    }
}

/// Changes the session that the statement runs on.
pub(super) async fn leave_something(bed: &Bed) {
    let value = "elsewhere".to_owned();
    let work = async {
        let changed = match bed.world.below(4) {
            0 => {
                bed.db
                    .execute("SET application_name = 'changed'", &[])
                    .await
            }
            1 => bed.db.execute("SET search_path = elsewhere", &[]).await,
            2 => bed.db.execute(SET_CONFIG, &[&value]).await,
            _ => bed.db.execute(TEMPORARY, &[]).await,
        };
        Ok(changed?)
    };
    let told = bed.call("leave something", None, work).await;
    bed.expect_success("leave something", &told);
}

/// Asks from outside what became of the work under a key.
pub(super) async fn resolve_a_key(bed: &Bed) {
    let Some((key, marks)) = bed.promises.any_key(&bed.world) else {
        return;
    };
    let what = format!("resolve {key}");
    let work = async {
        let resolved = bed.db.executor().resolve(&IdempotencyKey::new(key)).await;
        resolved.map_err(|error| BodyError::Database(error.into()))
    };
    let told = bed.call(&what, None, work).await;
    bed.expect_success(&what, &told);
    let is_there = marks.iter().any(|id| bed.cluster.is_marked(*id));
    match told {
        Told::Done(Resolution::Committed) if !is_there => {
            bed.world
                .wrong("a key that is committed has its work", what);
        }
        Told::Done(Resolution::Abandoned) => {
            for id in marks {
                bed.expect_absent(&what, id, bed.cluster.is_marked(id));
            }
        }
        _ => {}
    }
}
