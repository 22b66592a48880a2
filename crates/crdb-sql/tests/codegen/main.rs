//! The generated module: what it holds, and what it refuses.
#![cfg(feature = "codegen")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod build;
mod rows;
#[cfg(feature = "templates")]
mod templates;

use crdb_sql::Repository;
use crdb_sql::codegen::{DescribedColumn, Description, Descriptions, Options, generate};
use crdb_sql::schema::Schema;

pub(crate) const SCHEMA: &str = "
CREATE TYPE kind AS ENUM ('checking', 'in progress', 'in-progress');
CREATE TABLE accounts (
    id UUID PRIMARY KEY, number TEXT NOT NULL, kind kind NOT NULL, balance DECIMAL NOT NULL, note TEXT, tags TEXT[]);
CREATE TABLE customers (id UUID PRIMARY KEY, name TEXT NOT NULL);
";

pub(crate) type Columns<'a> = &'a [(&'a str, &'a str)];

pub(crate) fn generated(
    text: &str,
    parameters: &[&str],
    columns: Columns<'_>,
) -> Result<String, String> {
    let repository = Repository::from_embedded(&[("bank/accounts/q.sql", text)]).unwrap();
    let mut schema = Schema::default();
    schema.apply(SCHEMA);
    let mut descriptions = Descriptions::default();
    for query in &repository {
        let columns = columns
            .iter()
            .map(|(name, sql_type)| DescribedColumn::new(*name, sql_type))
            .collect();
        descriptions.insert(
            query.hash(),
            query.name(),
            Description::new(parameters, columns),
        );
    }
    let module = generate(&repository, &schema, &descriptions, &Options::default());
    module.map_err(|error| error.to_string())
}

/// The code, its absolute paths made short: the example bank's test `odd_names` compiles them.
pub(crate) fn code(text: &str, parameters: &[&str], columns: Columns<'_>) -> String {
    short(&generated(text, parameters, columns).unwrap())
}

pub(crate) fn short(code: &str) -> String {
    let hidden = [
        "core::option",
        "core::result",
        "core::time",
        "core::default",
    ];
    let hidden = hidden
        .iter()
        .chain(&["std::vec", "std::string", "crdb_exec"]);
    let mut code = code.to_owned();
    for path in hidden {
        code = code.replace(&format!("::{path}::"), "");
    }
    for path in ["chrono", "rust_decimal", "serde_json", "uuid", "my"] {
        code = code.replace(&format!("::{path}::"), &format!("{path}::"));
    }
    code
}

#[track_caller]
pub(crate) fn has(code: &str, wanted: &str) {
    assert!(code.contains(wanted), "no `{wanted}` in\n{code}");
}

#[test]
fn nullability_comes_from_the_schema_and_the_shape() {
    let columns = |sql: &str, names: &[&str]| -> Vec<bool> {
        let columns: Vec<(&str, &str)> = names.iter().map(|name| (*name, "text")).collect();
        let code = code(&format!("-- name: q :many\n{sql}"), &[], &columns);
        names
            .iter()
            .map(|name| {
                let option = code.contains(&format!("pub {name}: Option<String>"));
                assert_ne!(
                    option,
                    code.contains(&format!("pub {name}: String")),
                    "{code}"
                );
                option
            })
            .collect()
    };
    let no = false;
    let yes = true;
    assert_eq!(
        columns(
            "SELECT id AS a, note AS b, number c FROM accounts",
            &["a", "b", "c"]
        ),
        [no, yes, no]
    );
    assert_eq!(
        columns(
            "SELECT a.number AS a, c.name AS b FROM accounts a LEFT JOIN customers c ON c.id = a.id",
            &["a", "b"]
        ),
        [no, yes]
    );
    assert_eq!(
        columns(
            "SELECT a.number AS a, c.name AS b FROM accounts a RIGHT JOIN customers c ON c.id = a.id",
            &["a", "b"]
        ),
        [yes, no]
    );
    assert_eq!(
        columns(
            "SELECT a.number AS a, c.name AS b FROM accounts a FULL OUTER JOIN customers c ON c.id = a.id",
            &["a", "b"]
        ),
        [yes, yes]
    );
    assert_eq!(
        columns(
            "SELECT count(*) AS a, sum(balance) AS b, coalesce(sum(balance), 0) AS c FROM accounts",
            &["a", "b", "c"]
        ),
        [no, yes, no]
    );
    assert_eq!(
        columns(
            "SELECT number::VARCHAR(3) AS a, (note) AS b, 'x' AS c, EXISTS (SELECT 1) AS d, upper(number) AS e FROM accounts",
            &["a", "b", "c", "d", "e"]
        ),
        [no, yes, no, no, yes]
    );
    assert_eq!(
        columns(
            "SELECT number AS a, number AS b FROM accounts UNION ALL SELECT note, name FROM customers",
            &["a", "b"]
        ),
        [yes, no]
    );
    assert_eq!(
        columns(
            "WITH accounts AS (SELECT NULL AS number) SELECT number AS a, 1 AS b FROM accounts",
            &["a", "b"]
        ),
        [yes, no]
    );
    assert_eq!(
        columns(
            "SELECT DISTINCT ON (id) number AS a, row_number() OVER (ORDER BY id) AS b FROM accounts",
            &["a", "b"]
        ),
        [no, no]
    );
    assert_eq!(
        columns(
            "INSERT INTO accounts (id) VALUES (gen_random_uuid()) RETURNING id AS a, note AS b",
            &["a", "b"]
        ),
        [no, yes]
    );
    assert_eq!(
        columns(
            "UPDATE accounts SET note = '' WHERE id = id RETURNING number AS a, note AS b",
            &["a", "b"]
        ),
        [no, yes]
    );
    assert_eq!(
        columns(
            "DELETE FROM accounts WHERE id = id RETURNING number AS a, note AS b",
            &["a", "b"]
        ),
        [no, yes]
    );
    let header = "-- name: q :many\n-- column a: not null\n-- column b: null\n";
    let overridden = code(
        &format!("{header}SELECT note AS a, number AS b FROM accounts"),
        &[],
        &[("a", "text"), ("b", "text")],
    );
    has(&overridden, "pub a: String");
    has(&overridden, "pub b: Option<String>");
}

#[test]
fn parameters_are_nullable_when_they_are_only_stored() {
    let text = |sql: &str| format!("-- name: q :exec\n{sql}");
    let insert = code(
        &text(
            "INSERT INTO accounts (id, note, tags) VALUES (:id, :note::TEXT, :tags) ON CONFLICT (id) DO UPDATE SET note = :note",
        ),
        &["uuid", "text", "text[]"],
        &[],
    );
    has(&insert, "pub id: uuid::Uuid,");
    has(&insert, "pub note: Option<&'a str>,");
    has(&insert, "pub tags: Option<&'a [&'a str]>,");
    let update = code(
        &text("UPDATE accounts SET note = :note, number = :number WHERE id = :id"),
        &["text", "text", "uuid"],
        &[],
    );
    has(&update, "pub note: Option<&'a str>,");
    has(&update, "pub number: &'a str,");
    let compared = code(
        &text("UPDATE accounts SET note = :note WHERE note < :note"),
        &["text"],
        &[],
    );
    has(&compared, "db: &E, note: &str)");
    let declared = code(
        "-- name: q :exec\n-- param id: null\nDELETE FROM accounts WHERE id IS NOT DISTINCT FROM :id",
        &["uuid"],
        &[],
    );
    has(&declared, "id: Option<uuid::Uuid>");
}

#[test]
fn types_have_their_rust_types() {
    let cases = [
        ("int8", "i64"),
        ("int4", "i32"),
        ("int2", "i16"),
        ("numeric", "rust_decimal::Decimal"),
        ("uuid", "uuid::Uuid"),
        ("timestamptz", "chrono::DateTime<chrono::Utc>"),
        ("timestamp", "chrono::NaiveDateTime"),
        ("date", "chrono::NaiveDate"),
        ("time", "chrono::NaiveTime"),
        ("jsonb", "serde_json::Value"),
        ("inet", "Inet"),
        ("bytea", "Vec<u8>"),
        ("text[]", "Vec<String>"),
        ("int8[]", "Vec<i64>"),
        ("bool", "bool"),
        ("float8", "f64"),
        ("kind", "super::super::Kind"),
        ("kind[]", "Vec<super::super::Kind>"),
    ];
    for (sql_type, rust) in cases {
        let code = code(
            "-- name: q :one\n-- column a: not null\nSELECT 1 AS a",
            &[],
            &[("a", sql_type)],
        );
        has(&code, &format!("-> Result<{rust}, Error>"));
    }
}

/// `INT` has one width for parameters and columns: that of the engine which describes the statement.
#[test]
fn an_int_is_as_wide_as_its_engine_says() {
    for (engine, rust) in [("int4", "i32"), ("int8", "i64")] {
        let text = "-- name: q :one\n-- param qty: INT\n-- column qty: INT not null\nSELECT qty FROM t WHERE qty = :qty";
        let code = code(text, &[engine], &[("qty", engine)]);
        has(&code, &format!("qty: {rust}) -> Result<{rust}, Error>"));
        let text = "-- name: q :one\n-- param ids: INTEGER[]\nSELECT 1 AS a WHERE 1 = ANY (:ids)";
        let array = format!("{engine}[]");
        let code = self::code(text, &[&array], &[("a", "int8")]);
        has(&code, &format!("ids: &[{rust}])"));
    }
    // What has a width keeps it, and so does what is no integer to the engine.
    let text = "-- name: q :one\n-- param qty: INT8\nSELECT 1 AS a WHERE 1 = :qty";
    has(&code(text, &["int4"], &[("a", "int8")]), "qty: i64)");
    let text = "-- name: q :one\n-- param qty: INT\nSELECT 1 AS a WHERE 1 = :qty";
    has(&code(text, &["numeric"], &[("a", "int8")]), "qty: i64)");
}

#[test]
fn elements_that_can_be_null_are_options() {
    let column = |header: &str, sql: &str| {
        code(
            &format!("-- name: q :one\n{header}{sql}"),
            &[],
            &[("a", "text[]")],
        )
    };
    for sql in [
        "SELECT array_agg(note) AS a FROM accounts",
        "SELECT coalesce(array_agg(c.name), ARRAY[]) AS a FROM accounts a LEFT JOIN customers c ON true",
        "SELECT ARRAY(SELECT note FROM accounts) AS a",
        "SELECT ARRAY[note, 'x'] AS a FROM accounts",
        "SELECT x.a FROM (SELECT array_agg(DISTINCT note) AS a FROM accounts) x",
    ] {
        has(
            &column("-- column a: not null\n", sql),
            "-> Result<Vec<Option<String>>, Error>",
        );
    }
    for sql in [
        "SELECT array_agg(number) AS a FROM accounts",
        "SELECT tags AS a FROM accounts",
        "SELECT ARRAY[number, 'x'] AS a FROM accounts",
    ] {
        has(
            &column("-- column a: not null\n", sql),
            "-> Result<Vec<String>, Error>",
        );
    }
    let declared = "-- column a: TEXT[] null elements not null\n";
    has(
        &column(declared, "SELECT tags AS a FROM accounts"),
        "-> Result<Vec<Option<String>>, Error>",
    );
    let parameter = code(
        "-- name: q :exec\n-- param tags: TEXT[] not null null elements -- of the account\nUPDATE accounts SET tags = :tags WHERE id = id",
        &["text[]"],
        &[],
    );
    has(&parameter, "tags: &[Option<&str>])");
}

#[test]
fn enums_become_enums() {
    let code = code(
        "-- name: q :one\nSELECT kind FROM accounts",
        &[],
        &[("kind", "kind")],
    );
    for wanted in [
        "pub enum Kind {",
        "Checking,",
        "InProgress,",
        "InProgress2,",
        "Self::InProgress => \"in progress\"",
        "-> Result<super::super::Kind, Error>",
        "sql_enum!(Kind, \"kind\");",
    ] {
        has(&code, wanted);
    }
}

#[test]
fn each_cardinality_has_its_functions() {
    let make = |word: &str, columns: Columns<'_>| {
        code(
            &format!("-- name: q {word}\nSELECT id, note FROM accounts WHERE id = :id"),
            &["uuid"],
            columns,
        )
    };
    let two: Columns<'_> = &[("id", "uuid"), ("note", "text")];
    has(
        &make(":one", two),
        "pub async fn q<E: Executor>(db: &E, id: uuid::Uuid) -> Result<QRow, Error>",
    );
    has(&make(":opt", two), "-> Result<Option<QRow>, Error>");
    has(&make(":many", two), "-> Result<Vec<QRow>, Error>");
    has(
        &make(":many", two),
        "pub async fn q_stream<'e, E: Executor>(db: &'e E, id: uuid::Uuid) -> Result<MappedRows<E::Rows<'e>, QRow>, Error>",
    );
    has(
        &make(":many", two),
        "pub async fn q_borrowed<'e, E: Executor>(db: &'e E, id: uuid::Uuid) -> Result<BorrowedRows<E::Rows<'e>, QRowRef<'e>>, Error>",
    );
    has(&make(":exec", &[]), "-> Result<(), Error>");
    has(&make(":execrows", &[]), "-> Result<u64, Error>");
    has(
        &make(":batch", &[]),
        "items: &[uuid::Uuid]) -> Result<u64, Error>",
    );
    has(&make(":one", two), "pub mod bank {");
    has(&make(":one", two), ".named(\"bank.accounts.q\")");
}

#[test]
fn a_batch_of_inserts_is_one_statement_over_arrays() {
    let code = code(
        "-- name: q :batch\nINSERT INTO accounts (id, number, note) VALUES (:id, upper(:number), :note)\nON CONFLICT (id) DO NOTHING",
        &["uuid", "text", "text"],
        &[],
    );
    has(
        &code,
        "SELECT batch.p1, upper(batch.p2), batch.p3 FROM unnest($1::UUID[], $2::TEXT[], $3::TEXT[]) AS batch (p1, p2, p3)\nON CONFLICT (id) DO NOTHING",
    );
    has(&code, "items.chunks(1000)");
    for (sql, types) in [
        (
            "UPDATE accounts SET note = :note WHERE id = :id",
            ["text", "uuid"],
        ),
        (
            "INSERT INTO accounts (id, tags) VALUES (:id, :tags)",
            ["uuid", "text[]"],
        ),
        (
            "INSERT INTO accounts (id) VALUES (:id) ON CONFLICT (id) DO UPDATE SET note = :note",
            ["uuid", "text"],
        ),
        (
            "INSERT INTO accounts (id, note) VALUES (:id, :note), (gen_random_uuid(), 'x')",
            ["uuid", "text"],
        ),
    ] {
        let code = self::code(&format!("-- name: q :batch\n{sql}"), &types, &[]);
        has(&code, "for item in items {");
    }
}

#[test]
fn annotations_reach_the_statement_and_the_documentation() {
    let code = code(
        "-- name: q :one\n-- Finds it.\n-- param id: UUID -- the key\n-- column id: UUID not null -- the same key\n-- column note: null\n-- retry: safe\n-- timeout: 1500ms\nSELECT id, note FROM accounts WHERE id = :id",
        &["uuid"],
        &[("id", "uuid"), ("note", "text")],
    );
    for wanted in [
        ".retry(RetrySafety::Safe).timeout(Duration::from_millis(1500))",
        "/// Finds it.",
        "/// `id`: the key",
        "/// the same key (`UUID`)",
        "/// ```sql",
        "/// # Errors",
    ] {
        has(&code, wanted);
    }
}

#[test]
fn declared_types_need_no_engine() {
    let text = "-- name: q :opt\n-- param id: UUID\n-- column id: UUID not null\n-- column n: INT8\nUPSERT INTO accounts (id) VALUES (:id) RETURNING id, n";
    let repository = Repository::from_embedded(&[("a/q.sql", text)]).unwrap();
    let none = Descriptions::default();
    let code = generate(&repository, &Schema::default(), &none, &Options::default()).unwrap();
    let code = short(&code);
    has(&code, "pub id: uuid::Uuid,");
    has(&code, "pub n: Option<i64>,");
}

#[test]
fn what_is_not_known_is_refused_with_a_way_out() {
    let refuse = |text: &str| {
        let repository = Repository::from_embedded(&[("a/q.sql", text)]).unwrap();
        let none = Descriptions::default();
        generate(&repository, &Schema::default(), &none, &Options::default())
            .unwrap_err()
            .to_string()
    };
    let error = refuse("-- name: q :exec\nDELETE FROM t WHERE id = :id");
    assert!(
        error.contains("it is not known which type parameter `id` has"),
        "{error}"
    );
    assert!(
        error.contains("run codegen with an engine that can prepare it"),
        "{error}"
    );
    let error = refuse("-- name: q :one\nSELECT 1");
    assert!(
        error.contains("no engine has described the statement"),
        "{error}"
    );
    let error = generated(
        "-- name: q :one\n-- column ide: null\nSELECT id FROM accounts",
        &[],
        &[("id", "uuid")],
    )
    .unwrap_err();
    assert!(
        error.contains("the statement returns no column `ide`"),
        "{error}"
    );
    assert!(error.contains("did you mean `id`?"), "{error}");
    let error = generated(
        "-- name: q :one\nDELETE FROM accounts WHERE id = id",
        &[],
        &[],
    )
    .unwrap_err();
    assert!(
        error.contains("says :one, but the statement returns no columns"),
        "{error}"
    );
}

#[test]
fn the_same_input_gives_the_same_text_and_options_are_heard() {
    let text = "-- name: q :one\nSELECT id AS \"a b\", kind AS type FROM accounts";
    let columns: Columns<'_> = &[("a b", "uuid"), ("type", "kind")];
    assert_eq!(code(text, &[], columns), code(text, &[], columns));
    has(&code(text, &[], columns), "pub r#type: super::super::Kind,");
    let repository = Repository::from_embedded(&[(
        "a/q.sql",
        "-- name: q :exec\n-- param a: INTERVAL\nSELECT :a",
    )])
    .unwrap();
    let options = Options::default()
        .exec_path("my::exec")
        .rust_type("interval", "my::Interval")
        .command("make sql");
    let code = generate(
        &repository,
        &Schema::default(),
        &Descriptions::default(),
        &options,
    )
    .unwrap();
    let code = short(&code);
    has(&code, "E: my::exec::Executor>");
    has(&code, "a: &my::Interval)");
    has(&code, "//! Written by `make sql`;");
}

#[test]
fn every_type_of_the_servers_has_a_rust_type_or_an_error_that_helps() {
    for (sql, rust) in [
        ("bool", "bool"),
        ("int2", "i16"),
        ("int4", "i32"),
        ("int8", "i64"),
        ("oid", "u32"),
        ("\"char\"", "i8"),
        ("float4", "f32"),
        ("float8", "f64"),
        ("numeric", "rust_decimal::Decimal"),
        ("text", "String"),
        ("varchar", "String"),
        ("bpchar", "String"),
        ("name", "String"),
        ("bytea", "Vec<u8>"),
        ("uuid", "uuid::Uuid"),
        ("jsonb", "serde_json::Value"),
        ("inet", "Inet"),
        ("cidr", "Inet"),
        ("bit", "BitString"),
        ("varbit", "BitString"),
        ("date", "chrono::NaiveDate"),
        ("time", "chrono::NaiveTime"),
        ("timetz", "TimeTz"),
        ("timestamp", "chrono::NaiveDateTime"),
        ("timestamptz", "chrono::DateTime<chrono::Utc>"),
        ("interval", "Interval"),
        ("kind", "super::super::Kind"),
        ("interval[]", "Vec<Interval>"),
        ("bytea[]", "Vec<Vec<u8>>"),
        ("kind[]", "Vec<super::super::Kind>"),
    ] {
        let query = "-- name: q :many\n-- column a: not null\n-- column b: not null\nSELECT x AS a, y AS b FROM t";
        let code = code(query, &[], &[("a", sql), ("b", sql)]);
        has(&code, &format!("pub a: {rust},"));
    }
    for sql in ["tsvector", "geometry", "vector"] {
        let error = generated("-- name: q :one\nSELECT x AS a", &[], &[("a", sql)]).unwrap_err();
        has(
            &error,
            &format!("column `a` has the type {sql}, which has no Rust type here"),
        );
        has(
            &error,
            &format!("cast it to TEXT in the statement, or give codegen a Rust type for {sql}"),
        );
    }
}

#[test]
fn a_cached_query_carries_its_rule() {
    let query = "-- name: q :many\n-- cache: 10s, 5m on error\nSELECT number FROM accounts";
    has(
        &code(query, &[], &[("number", "text")]),
        ".cached(CacheRule::new(Duration::from_secs(10)).on_error(Duration::from_secs(300)))",
    );
}

#[test]
fn a_follower_read_carries_both_texts() {
    let query = "-- name: q :many\n-- staleness: follower\nSELECT number FROM accounts";
    has(
        &code(query, &[], &[("number", "text")]),
        ".follower_read(\"SELECT number FROM accounts AS OF SYSTEM TIME follower_read_timestamp()\")",
    );
}
