//! What schema files say about tables, and what is said about schema files.

use std::fs;

use crdb_sql::schema::{Index, Schema, TableColumn};
use crdb_sql::{Code, check};

fn schema(text: &str) -> Schema {
    let mut schema = Schema::default();
    schema.apply(text);
    schema
}

fn columns<'s>(schema: &'s Schema, table: &str) -> Option<Vec<&'s str>> {
    let columns = schema.table(table)?.columns();
    Some(columns.iter().map(TableColumn::name).collect())
}

#[test]
fn tables_of_one_name_in_two_schemas_are_two_tables() {
    let two = schema(
        "CREATE TABLE a.t (x INT8 NOT NULL); CREATE TABLE b.t (y INT8);
         CREATE INDEX i ON b.t (y); ALTER TABLE a.t ADD COLUMN z INT8;",
    );
    assert_eq!(columns(&two, "a.t").unwrap(), ["x", "z"]);
    assert_eq!(columns(&two, "b.t").unwrap(), ["y"]);
    assert_eq!(two.table("a.t").unwrap().indexes().len(), 0);
    assert_eq!(two.table("b.t").unwrap().schema_name(), "b");
    // Which one is meant depends on the search path.
    assert!(two.table("t").is_none());
    assert!(two.table("c.t").is_none());

    let public = schema("CREATE TABLE a.t (x INT8); CREATE TABLE t (y INT8);");
    assert_eq!(columns(&public, "t").unwrap(), ["y"]);
    assert_eq!(columns(&public, "public.t").unwrap(), ["y"]);
    assert_eq!(columns(&public, "a.t").unwrap(), ["x"]);

    let one = schema("CREATE TABLE a.t (x INT8)");
    assert_eq!(columns(&one, "t").unwrap(), ["x"]);
    assert!(one.table("public.t").is_none());
}

#[test]
fn databases_and_the_search_path_count() {
    let databases = schema(
        "CREATE TABLE omicron.public.rack (id UUID); CREATE TABLE other.public.rack (name STRING);",
    );
    assert_eq!(columns(&databases, "omicron.rack").unwrap(), ["id"]);
    assert_eq!(columns(&databases, "other.public.rack").unwrap(), ["name"]);
    assert!(databases.table("rack").is_none());

    let path = schema(
        "SET search_path = bank, public; CREATE TABLE t (x INT8); RESET search_path;
         SET search_path TO public; CREATE TABLE t (y INT8);",
    );
    assert_eq!(columns(&path, "bank.t").unwrap(), ["x"]);
    assert_eq!(columns(&path, "public.t").unwrap(), ["y"]);
}

#[test]
fn a_second_create_if_not_exists_changes_nothing() {
    let tables = schema(
        "CREATE TABLE t (x INT8 NOT NULL); CREATE TABLE IF NOT EXISTS t (y INT8);
         ALTER TABLE t ADD COLUMN IF NOT EXISTS x TEXT;
         CREATE TYPE k AS ENUM ('a'); CREATE TYPE IF NOT EXISTS k AS ENUM ('b');
         CREATE INDEX i ON t (x); CREATE INDEX IF NOT EXISTS i ON t (y);",
    );
    assert_eq!(columns(&tables, "t").unwrap(), ["x"]);
    let table = tables.table("t").unwrap();
    assert!(table.column("x").unwrap().is_not_null());
    assert_eq!(table.indexes().len(), 1);
    assert_eq!(tables.enum_labels("k").unwrap(), ["a"]);
}

#[test]
fn every_alter_counts() {
    let altered = schema(
        "CREATE TABLE t (id INT8 PRIMARY KEY, k INT8 NOT NULL, old INT8 NOT NULL);
         ALTER TABLE t ALTER PRIMARY KEY USING COLUMNS (k);
         ALTER TABLE t ADD CONSTRAINT uni UNIQUE (old);
         ALTER TABLE t RENAME CONSTRAINT uni TO renamed;
         ALTER TABLE t ALTER COLUMN old SET NOT VISIBLE;
         ALTER TABLE t SET SCHEMA bank;
         ALTER TABLE bank.t RENAME TO u;
         CREATE TYPE k AS ENUM ('a', 'c');
         ALTER TYPE k ADD VALUE 'b' BEFORE 'c'; ALTER TYPE k RENAME VALUE 'a' TO 'aa'; ALTER TYPE k ADD VALUE 'd';",
    );
    assert!(altered.table("t").is_none());
    let table = altered.table("bank.u").unwrap();
    let keys: Vec<(Option<&str>, &[String], bool)> = table
        .indexes()
        .iter()
        .map(|i| (i.name(), i.columns(), i.is_primary()))
        .collect();
    assert_eq!(
        keys,
        [
            (None, &["id".to_owned()][..], false),
            (None, &["k".to_owned()][..], true),
            (Some("renamed"), &["old".to_owned()][..], false)
        ]
    );
    assert!(table.column("old").unwrap().is_hidden());
    assert_eq!(altered.enum_labels("k").unwrap(), ["aa", "b", "c", "d"]);
    let dropped = schema(
        "CREATE TABLE t (a INT8 UNIQUE, b INT8, UNIQUE (a, b)); ALTER TABLE t DROP CONSTRAINT t_a_key;
         CREATE INDEX ON t (b); DROP INDEX t@t_b_idx;",
    );
    let left: Vec<&[String]> = dropped
        .table("t")
        .unwrap()
        .indexes()
        .iter()
        .map(Index::columns)
        .collect();
    assert_eq!(left, [&["a".to_owned(), "b".to_owned()][..]]);
}

#[test]
fn like_takes_over_columns() {
    let tables = schema(
        "CREATE TABLE t (a INT8 NOT NULL, b INT8 UNIQUE); CREATE TABLE u (LIKE t INCLUDING ALL, c INT8); \
         CREATE TABLE v (LIKE t); CREATE TABLE w (LIKE unknown, c INT8);",
    );
    assert_eq!(columns(&tables, "u").unwrap(), ["a", "b", "c"]);
    assert!(
        tables
            .table("v")
            .unwrap()
            .column("a")
            .unwrap()
            .is_not_null()
    );
    assert_eq!(tables.table("u").unwrap().indexes().len(), 1);
    assert_eq!(tables.table("v").unwrap().indexes().len(), 0);
    assert!(tables.table("w").is_none());
}

#[test]
fn what_may_have_changed_unseen_is_not_spoken_of() {
    for change in [
        "DO $$ BEGIN ALTER TABLE t ALTER COLUMN x DROP NOT NULL; END $$",
        "ALTER TABLE t INHERIT parent",
        "DROP TABLE t; CREATE VIEW t AS SELECT NULL AS x",
    ] {
        let tables = schema(&format!(
            "CREATE TABLE t (x INT8 NOT NULL); CREATE TABLE u (x INT8); {change};"
        ));
        assert!(tables.table("t").is_none(), "{change}");
        assert!(tables.table("u").is_some(), "{change}");
    }
    // A view hides the table that another schema has under its name.
    let view = schema("CREATE TABLE a.t (x INT8 NOT NULL); CREATE VIEW t AS SELECT 1 AS x");
    assert!(view.table("t").is_none());
    assert!(view.table("a.t").is_some());
}

#[test]
fn a_statement_that_is_none_is_a_problem_of_its_file() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::create_dir_all(root.join("schema")).unwrap();
    fs::create_dir_all(root.join("queries")).unwrap();
    fs::write(
        root.join("queries/q.sql"),
        "-- name: q :one\nSELECT id FROM t WHERE id = :id",
    )
    .unwrap();
    let file = root.join("schema/1.sql");
    fs::write(
        &file,
        "CREATE TABLE t (id INT8 PRIMARY KEY);\n\nCREATE TABEL u (id INT8);\nCREATE TABLE v (id INT8);",
    )
    .unwrap();
    let schema = Schema::load(root.join("schema")).unwrap();
    assert!(schema.table("v").is_some());
    assert_eq!(schema.problems().len(), 1);
    let verdicts = check(root).unwrap();
    let bad: Vec<_> = verdicts.iter().filter(|v| !v.is_ok()).collect();
    assert_eq!(bad.len(), 1);
    assert_eq!(bad[0].file(), file);
    assert_eq!(bad[0].line(), Some(3));
    let problem = bad[0].problems().iter().next().unwrap();
    assert_eq!(problem.code(), Code::Syntax);
    assert_eq!(problem.column(), Some(8), "{problem}");
    assert!(
        problem.to_string().contains("`-- verify: server`"),
        "{problem}"
    );

    // What only a server knows is said to be so.
    fs::write(
        &file,
        "CREATE TABLE t (id INT8 PRIMARY KEY);\n-- verify: server\nCREATE TABEL u (id INT8);",
    )
    .unwrap();
    assert!(check(root).unwrap().iter().all(crdb_sql::Verdict::is_ok));
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_schema() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("1.sql"),
        "\u{feff}CREATE TABLE t (id INT8 PRIMARY KEY);",
    )
    .unwrap();
    let loaded = Schema::load(directory.path()).unwrap();
    assert!(loaded.table("t").is_some());
    assert!(loaded.problems().is_empty());
    assert!(
        schema("\u{feff}CREATE TABLE t (id INT8);")
            .table("t")
            .is_some()
    );
}
