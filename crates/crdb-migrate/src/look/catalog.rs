//! Objects in the catalog, on both engines.
//!
//! CockroachDB shows an object in `pg_catalog` once it is public: a column that is being added and an index that is being
//! backfilled are not there, or not valid. A constraint that is being validated has `convalidated` false.

use crdb_exec::{Error as ExecError, Executor, ExecutorExt, Row};

use crate::statement::{Expectation, Object, Qualified};
use crate::tables::quoted;

/// What of a statement's effect is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// All of it, valid.
    Whole,
    /// Nothing of it.
    None,
    /// An index is there and not valid.
    Invalid,
    /// Some of it.
    Partly,
}

/// Looks at every object that a statement makes or removes.
///
/// `path` is the search path that the statement's file sets, if it does.
pub(crate) async fn seen(
    db: &impl Executor,
    expectations: &[Expectation],
    path: Option<&[String]>,
) -> Result<Seen, ExecError> {
    let (mut met, mut invalid) = (0, 0);
    for expectation in expectations {
        let state = state(db, &expectation.object, path).await?;
        match state {
            ObjectState::Invalid => invalid += 1,
            state => met += usize::from((state == ObjectState::Valid) == expectation.present),
        }
    }
    Ok(match (met, invalid) {
        (0, 0) => Seen::None,
        (met, 0) if met == expectations.len() => Seen::Whole,
        (0, invalid) if invalid == expectations.len() => Seen::Invalid,
        _ => Seen::Partly,
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ObjectState {
    Absent,
    Invalid,
    Valid,
}

/// The relations that a name can mean.
const RELATION: &str =
    "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace";

/// The condition that `$2` names the schema: a name without one is looked up in those of the search path.
const IN_SCHEMA: &str = "(($2::TEXT[] IS NULL AND n.nspname = ANY (current_schemas(false))) OR n.nspname::TEXT = ANY ($2::TEXT[]))";

/// Where a name is looked up; `None` for the session's own search path.
fn schemas(name: &Qualified, path: Option<&[String]>) -> Option<Vec<String>> {
    match &name.schema {
        Some(schema) => Some(vec![schema.clone()]),
        None => path.map(<[String]>::to_vec),
    }
}

async fn state(
    db: &impl Executor,
    object: &Object,
    path: Option<&[String]>,
) -> Result<ObjectState, ExecError> {
    let row = match object {
        Object::Relation(name) => {
            let text = format!(
                "SELECT count(*), count(*) FROM {RELATION} WHERE c.relname = $1::TEXT AND {} AND c.relkind NOT IN ('i', 'I')",
                IN_SCHEMA
            );
            db.fetch_one(text.as_str(), &[&name.name, &schemas(name, path)])
                .await?
        }
        Object::Index { table, index } => {
            let text = format!(
                "SELECT count(*), count(*) FILTER (WHERE i.indisvalid) FROM pg_catalog.pg_index i \
                 JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 JOIN pg_catalog.pg_class t ON t.oid = i.indrelid \
                 WHERE c.relname = $1::TEXT AND {} AND ($3::TEXT IS NULL OR t.relname = $3::TEXT)",
                IN_SCHEMA
            );
            let table_name = table.as_ref().map(|table| &table.name);
            let qualifies = table.as_ref().filter(|table| table.schema.is_some());
            let schemas = schemas(qualifies.unwrap_or(index), path);
            db.fetch_one(text.as_str(), &[&index.name, &schemas, &table_name])
                .await?
        }
        Object::Column { table, column } => {
            let text = format!(
                "SELECT count(*), count(*) FROM {RELATION} JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid \
                 WHERE c.relname = $1::TEXT AND {} AND a.attname = $3::TEXT AND NOT a.attisdropped",
                IN_SCHEMA
            );
            db.fetch_one(text.as_str(), &[&table.name, &schemas(table, path), column])
                .await?
        }
        Object::Constraint {
            table,
            constraint,
            validated,
        } => {
            let text = format!(
                "SELECT count(*), count(*) FILTER (WHERE k.convalidated OR NOT $4::BOOL) FROM {RELATION} JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid \
                 WHERE c.relname = $1::TEXT AND {} AND k.conname = $3::TEXT",
                IN_SCHEMA
            );
            db.fetch_one(
                text.as_str(),
                &[&table.name, &schemas(table, path), constraint, validated],
            )
            .await?
        }
        Object::Type(name) => {
            let text = format!(
                "SELECT count(*), count(*) FROM pg_catalog.pg_type c JOIN pg_catalog.pg_namespace n ON n.oid = c.typnamespace \
                 WHERE c.typname = $1::TEXT AND {}",
                IN_SCHEMA
            );
            db.fetch_one(text.as_str(), &[&name.name, &schemas(name, path)])
                .await?
        }
        Object::Schema(name) => {
            let text =
                "SELECT count(*), count(*) FROM pg_catalog.pg_namespace WHERE nspname = $1::TEXT";
            db.fetch_one(text, &[name]).await?
        }
    };
    let (there, valid): (i64, i64) = (row.get(0)?, row.get(1)?);
    Ok(match (there, valid) {
        (0, _) => ObjectState::Absent,
        (_, 0) => ObjectState::Invalid,
        _ => ObjectState::Valid,
    })
}

/// Removes an index that a build which was cut off has left. It has no effect but on writes, which keep it up to date.
pub(crate) async fn drop_invalid_index(
    db: &impl Executor,
    expectations: &[Expectation],
    path: Option<&[String]>,
) -> Result<(), ExecError> {
    for expectation in expectations {
        if let Object::Index { index, .. } = &expectation.object {
            let schema = index.schema.as_ref().or_else(|| path?.first());
            let name = match schema {
                Some(schema) => format!("{}.{}", quoted(schema), quoted(&index.name)),
                None => quoted(&index.name),
            };
            let text = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
            db.execute(text.as_str(), &[]).await?;
        }
    }
    Ok(())
}
