//! What a statement reads, as the server's catalog shows it.

use crate::origin::Relations;
use crdb_exec::{Engine, Error, Executor, ExecutorExt as _, Row as _, Statement};
use crdb_sql::reuse::{Dependencies, SYSTEM_SCHEMAS};
use std::collections::BTreeSet;

/// How deep views may stand on views.
const DEEPEST: usize = 16;

/// What each name stands for. `to_regclass` finds it as the statement would, by the search path.
const RELATIONS: Statement<'static> = Statement::new(
    "SELECT n.name, c.oid::INT8, s.nspname::TEXT, c.relname::TEXT, c.relkind::TEXT, c.relpersistence::TEXT, c.relrowsecurity, \
     CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END, \
     (SELECT string_agg(a.attname::TEXT || ' ' || a.atttypid::INT8::TEXT, ',' ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a \
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), c.relhassubclass \
     FROM unnest($1::TEXT[]) AS n (name) LEFT JOIN pg_catalog.pg_class AS c ON c.oid = to_regclass(n.name)::OID \
     LEFT JOIN pg_catalog.pg_namespace AS s ON s.oid = c.relnamespace ORDER BY n.name",
)
.named("crdb_cache.relations");

/// Functions of the database itself that have a name which the statement calls.
const FUNCTIONS: Statement<'static> = Statement::new(
    "SELECT 'it calls ' || p.proname::TEXT || '(), and this database has a function of that name of its own' \
     FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS s ON s.oid = p.pronamespace \
     WHERE p.proname::TEXT = ANY ($1::TEXT[]) AND s.nspname::TEXT NOT IN ('pg_catalog', 'crdb_internal', 'information_schema') LIMIT 1",
)
.named("crdb_cache.functions");

/// The same on PostgreSQL, where `t.f` calls a function f of rows too (section 4.2.6 of its manual, functional notation), and where
/// operators and casts between its own types can be added. Those of extensions are taken to be what they say they are.
const OWN: Statement<'static> = Statement::new(
    "WITH own (oid) AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname NOT IN ('pg_catalog', 'information_schema')) \
     SELECT 'it calls ' || p.proname::TEXT || '(), and this database has a function of that name of its own' \
     FROM pg_catalog.pg_proc AS p JOIN own ON own.oid = p.pronamespace WHERE p.proname = ANY ($1::TEXT[]) \
     UNION ALL SELECT 'it names ' || p.proname::TEXT || ' behind a dot, and this database has a function of that name for rows' \
     FROM pg_catalog.pg_proc AS p JOIN own ON own.oid = p.pronamespace JOIN pg_catalog.pg_type AS t ON t.oid = p.proargtypes[0] \
     WHERE p.proname = ANY ($2::TEXT[]) AND p.pronargs - p.pronargdefaults <= 1 AND t.typtype IN ('c', 'p') \
     UNION ALL SELECT 'this database has an operator ' || o.oprname || ' of its own for types of the server' \
     FROM pg_catalog.pg_operator AS o JOIN own ON own.oid = o.oprnamespace WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_type AS t \
     WHERE t.oid IN (o.oprleft, o.oprright) AND t.typnamespace <> 'pg_catalog'::regnamespace) AND NOT EXISTS (SELECT FROM \
     pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e') \
     UNION ALL SELECT 'this database has a cast of its own between types of the server' \
     FROM pg_catalog.pg_cast AS c JOIN pg_catalog.pg_proc AS p ON p.oid = c.castfunc JOIN own ON own.oid = p.pronamespace \
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_type AS t WHERE t.oid IN (c.castsource, c.casttarget) \
     AND t.typnamespace <> 'pg_catalog'::regnamespace) LIMIT 1",
)
.named("crdb_cache.own");

/// Tables that inherit from these, or are partitions of them, whose rows they show.
const BELOW: Statement<'static> = Statement::new(
    "WITH RECURSIVE below (oid) AS (SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i WHERE i.inhparent::INT8 = ANY ($1::INT8[]) \
     UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN below ON i.inhparent = below.oid) \
     SELECT s.nspname::TEXT, c.relname::TEXT, c.relkind::TEXT FROM below JOIN pg_catalog.pg_class AS c ON c.oid = below.oid \
     JOIN pg_catalog.pg_namespace AS s ON s.oid = c.relnamespace ORDER BY 1, 2",
)
.named("crdb_cache.below");

/// The conditions that row policies add to reads.
const POLICIES: Statement<'static> = Statement::new(
    "SELECT pg_get_expr(p.polqual, p.polrelid) FROM pg_catalog.pg_policy AS p WHERE p.polrelid::INT8 = $1 AND p.polcmd::TEXT IN ('r', '*') \
     ORDER BY p.polname::TEXT",
)
.named("crdb_cache.policies");

/// Follows what a statement reads through views and row policies to its tables, within the transaction that reads it.
///
/// # Errors
/// The outer error is the server's; the inner one says why it cannot be followed.
pub(crate) async fn follow<E: Executor>(
    tx: &E,
    engine: Engine,
    dependencies: &Dependencies,
) -> Result<Result<Relations, String>, Error> {
    let mut found = Following {
        next: dependencies.relations().to_vec(),
        functions: dependencies.functions().iter().cloned().collect(),
        fields: dependencies.fields().iter().cloned().collect(),
        parents: Vec::new(),
        seen: BTreeSet::new(),
        tables: BTreeSet::new(),
        fingerprint: String::new(),
    };
    let mut depth = 0;
    while !found.next.is_empty() {
        depth += 1;
        if depth > DEEPEST {
            return Ok(Err(format!(
                "views stand on each other more than {DEEPEST} deep"
            )));
        }
        let names = std::mem::take(&mut found.next);
        let rows = tx.fetch_all(RELATIONS, &[&names]).await?;
        for row in rows {
            let relation = Relation {
                name: row.get(0)?,
                oid: row.get(1)?,
                schema: row.get(2)?,
                table: row.get(3)?,
                kind: row.get(4)?,
                persistence: row.get(5)?,
                row_security: row.get(6)?,
                view: row.get(7)?,
                columns: row.get(8)?,
                has_below: row.get(9)?,
            };
            if let Err(why) = found.add(&relation) {
                return Ok(Err(why));
            }
            if relation.row_security == Some(true)
                && let Err(why) = policies(tx, engine, &relation, &mut found).await?
            {
                return Ok(Err(why));
            }
        }
    }
    if let Err(why) = below(tx, &mut found).await? {
        return Ok(Err(why));
    }
    if let Some(why) = own(tx, engine, &found).await? {
        return Ok(Err(why));
    }
    Ok(Ok(Relations {
        tables: found.tables.into_iter().collect(),
        fingerprint: found.fingerprint,
    }))
}

/// Follows tables to those that inherit from them.
async fn below<E: Executor>(tx: &E, found: &mut Following) -> Result<Result<(), String>, Error> {
    if found.parents.is_empty() {
        return Ok(Ok(()));
    }
    for row in tx.fetch_all(BELOW, &[&found.parents]).await? {
        let (schema, table): (String, String) = (row.get(0)?, row.get(1)?);
        let kind: String = row.get(2)?;
        let full = format!("{schema}.{table}");
        if !matches!(&*kind, "r" | "p") {
            return Ok(Err(format!(
                "a part of its rows is in {full}, which is no table of this server"
            )));
        }
        found.fingerprint.push_str(&format!("{full} {kind}\n"));
        found.tables.insert(full);
    }
    Ok(Ok(()))
}

/// What the database has of its own that the statement may mean instead of what the server has, if there is something.
async fn own<E: Executor>(
    tx: &E,
    engine: Engine,
    found: &Following,
) -> Result<Option<String>, Error> {
    let functions: Vec<&String> = found.functions.iter().collect();
    let row = if engine == Engine::PostgreSql {
        let fields: Vec<&String> = found.fields.iter().collect();
        tx.fetch_optional(OWN, &[&functions, &fields]).await?
    } else if functions.is_empty() {
        None
    } else {
        tx.fetch_optional(FUNCTIONS, &[&functions]).await?
    };
    row.map(|row| row.get(0)).transpose()
}

async fn policies<E: Executor>(
    tx: &E,
    engine: Engine,
    relation: &Relation,
    found: &mut Following,
) -> Result<Result<(), String>, Error> {
    let name = &relation.name;
    if engine != Engine::PostgreSql {
        return Ok(Err(format!(
            "row policies of {name} are not followed on CockroachDB"
        )));
    }
    for row in tx.fetch_all(POLICIES, &[&relation.oid]).await? {
        let Some(condition) = row.get::<Option<String>>(0)? else {
            continue;
        };
        if let Err(why) = found.expression(&condition) {
            return Ok(Err(format!(
                "a row policy of {name} is not followed: {why}"
            )));
        }
        found.fingerprint.push_str(&condition);
        found.fingerprint.push('\n');
    }
    Ok(Ok(()))
}

/// What the catalog says of a name.
struct Relation {
    name: String,
    oid: Option<i64>,
    schema: Option<String>,
    table: Option<String>,
    kind: Option<String>,
    persistence: Option<String>,
    row_security: Option<bool>,
    view: Option<String>,
    columns: Option<String>,
    /// Whether other tables inherit from it, or did.
    has_below: Option<bool>,
}

struct Following {
    /// Names that have been met and not yet looked up.
    next: Vec<String>,
    functions: BTreeSet<String>,
    /// Names behind a dot.
    fields: BTreeSet<String>,
    /// Tables that others inherit from.
    parents: Vec<i64>,
    seen: BTreeSet<String>,
    tables: BTreeSet<String>,
    fingerprint: String,
}

impl Following {
    fn add(&mut self, relation: &Relation) -> Result<(), String> {
        let name = &relation.name;
        let (Some(oid), Some(schema), Some(table)) =
            (relation.oid, &relation.schema, &relation.table)
        else {
            return Err(format!(
                "there is no table or view {name} as far as the catalog shows"
            ));
        };
        if SYSTEM_SCHEMAS.contains(&schema.as_str()) {
            return Err(format!(
                "it reads {schema}.{table}, which shows the state of the server"
            ));
        }
        if relation.persistence.as_deref() == Some("t") {
            return Err(format!("{name} is a temporary table of the session"));
        }
        let full = format!("{schema}.{table}");
        let columns = relation.columns.as_deref().unwrap_or_default();
        let secured = relation.row_security.unwrap_or_default();
        self.fingerprint
            .push_str(&format!("{full} {oid} {secured} {columns}\n"));
        match relation.kind.as_deref() {
            // Tables, partitioned ones, and materialized views, which are what was written at their last refresh.
            Some("r" | "p" | "m") => {
                self.tables.insert(full);
                self.parents
                    .extend(relation.has_below.unwrap_or_default().then_some(oid));
                Ok(())
            }
            Some("v") => {
                let definition = relation.view.as_deref().unwrap_or_default();
                self.fingerprint.push_str(definition);
                self.fingerprint.push('\n');
                let dependencies = Dependencies::of(definition)
                    .map_err(|why| format!("the view {full} is not followed: {why}"))?;
                self.depend(&dependencies);
                Ok(())
            }
            Some("f") => Err(format!(
                "{name} is a foreign table, whose rows another server has"
            )),
            Some("S") => Err(format!("{name} is a sequence, which no transaction keeps")),
            _ => Err(format!("it is not known what {name} is")),
        }
    }

    fn expression(&mut self, text: &str) -> Result<(), String> {
        let dependencies = Dependencies::of_expression(text).map_err(|why| why.to_string())?;
        self.depend(&dependencies);
        Ok(())
    }

    fn depend(&mut self, dependencies: &Dependencies) {
        self.functions
            .extend(dependencies.functions().iter().cloned());
        self.fields.extend(dependencies.fields().iter().cloned());
        for name in dependencies.relations() {
            if self.seen.insert(name.clone()) {
                self.next.push(name.clone());
            }
        }
    }
}
