//! The crate's table of types, both ways: what is written in a form is loaded again from it as the same value, or refused.

use std::path::PathBuf;

use crdb_data::{
    Csv, Destination, Error, ErrorKind, Export, Format, Json, JsonNumbers, Load, Source,
};
use crdb_facade::{Database, Row as _};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use crate::forms::{quoted, row};
use crate::{database, on_cockroach};

/// The values of a type at its edges.
struct Edges {
    type_: &'static str,
    /// Exact in every form.
    exact: &'static [&'static str],
    /// Refused by Arrow and Parquet, and exact in the other forms.
    not_columnar: &'static [&'static str],
    /// Exact in CSV, and refused by the other forms.
    only_csv: &'static [&'static str],
}

const fn exact(type_: &'static str, exact: &'static [&'static str]) -> Edges {
    with(type_, exact, &[], &[])
}

const fn with(
    type_: &'static str,
    exact: &'static [&'static str],
    not_columnar: &'static [&'static str],
    only_csv: &'static [&'static str],
) -> Edges {
    Edges {
        type_,
        exact,
        not_columnar,
        only_csv,
    }
}

const EDGES: &[Edges] = &[
    exact("BOOL", &["t", "f"]),
    exact("INT2", &["-32768", "32767"]),
    exact("INT4", &["-2147483648", "2147483647"]),
    exact("INT8", &["-9223372036854775808", "9223372036854775807"]),
    exact("OID", &["0", "4294967295"]),
    exact(
        "FLOAT4",
        &[
            "NaN",
            "Infinity",
            "-Infinity",
            "-0",
            "1e-45",
            "3.4028235e38",
            "0.1",
        ],
    ),
    exact(
        "FLOAT8",
        &[
            "NaN",
            "Infinity",
            "-Infinity",
            "-0",
            "5e-324",
            "1.7976931348623157e308",
            "0.1",
        ],
    ),
    exact(
        "NUMERIC",
        &[
            "NaN",
            "Infinity",
            "-Infinity",
            "0.000",
            "100.00",
            "-123456789012345678901234567890.123456789012345678901234567890",
            "1e-30",
            "1e+130",
        ],
    ),
    exact("NUMERIC(20,2)", &["-0.01", "999999999999999999.99"]),
    exact(
        "TEXT",
        &[
            "",
            "NULL",
            "\\N",
            "\\.",
            "a\tb\nc\rd\"e'f\\g,h",
            " x ",
            "日本",
            "\u{1}",
            "{}",
            "null",
        ],
    ),
    exact("VARCHAR(3)", &["", "abc"]),
    exact("CHAR(5)", &["ab", ""]),
    exact("NAME", &["a b"]),
    exact("\"char\"", &["a", ""]),
    exact("CITEXT", &["Ab", "aB"]),
    exact("REFCURSOR", &["c", "a b"]),
    exact("LTREE", &["a", "a.b_1.C"]),
    exact("JSONPATH", &["$.\"a\"", "strict $[*]"]),
    exact("REGCLASS", &["pg_class"]),
    exact("TEXT COLLATE \"C\"", &["b", "A"]),
    exact("mood", &["sad", "so so"]),
    exact("cents", &["1.10"]),
    exact("BYTEA", &["\\x", "\\x00ff5c"]),
    exact(
        "UUID",
        &[
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ],
    ),
    with(
        "DATE",
        &["4713-01-01 BC", "0001-01-01", "2024-02-29", "5874897-12-31"],
        &["infinity", "-infinity"],
        &[],
    ),
    with("TIME", &["00:00:00", "23:59:59.999999"], &["24:00:00"], &[]),
    exact(
        "TIMETZ",
        &[
            "24:00:00-15:59",
            "00:00:00.000001+15:59:59",
            "12:30:00+05:30",
        ],
    ),
    with(
        "TIMESTAMP",
        &[
            "4713-01-01 00:00:00 BC",
            "0001-01-01 00:00:00.000001",
            "294246-12-31 23:59:59.999999",
        ],
        &["infinity", "-infinity", "294276-12-31 23:59:59.999999"],
        &[],
    ),
    with(
        "TIMESTAMPTZ",
        &[
            "4713-01-01 00:00:00+00 BC",
            "2024-06-01 12:00:00.25+02",
            "294246-12-31 23:59:59.999999+00",
        ],
        &["infinity", "-infinity", "294276-12-31 23:59:59.999999+00"],
        &[],
    ),
    exact(
        "INTERVAL",
        &[
            "178000000 years",
            "-178000000 years",
            "1 mon -1 day 00:00:00.000001",
            "0",
            "-00:00:01",
        ],
    ),
    exact("INET", &["::/0", "10.0.0.1/8", "fe80::1"]),
    exact("CIDR", &["10.0.0.0/8", "::/0"]),
    exact("BIT(5)", &["10101"]),
    exact("VARBIT", &["", "1010101010101"]),
    exact(
        "JSON",
        &[
            "{\"a\": [1, {\"b\": null}], \"c\": \"x\\ny\"}",
            "\"text\"",
            "1.10",
            "[]",
        ],
    ),
    exact(
        "JSONB",
        &[
            "{\"a\": [1, {\"b\": null}], \"c\": \"x\\\"y\"}",
            "\"\"",
            "12345678901234567890.10",
            "true",
        ],
    ),
    with(
        "TEXT[]",
        &[
            "{}",
            "{NULL,\"NULL\",\"\"}",
            "{\"a,b\",\"c\\\"d\",\"e\\\\f\",\"{}\",\" \"}",
        ],
        &["{{a,b},{NULL,d}}"],
        &["[2:3]={a,b}"],
    ),
    with(
        "INT8[]",
        &["{1,NULL,-9223372036854775808}"],
        &["{{1,2},{3,4}}", "{{{1}}}"],
        &["[0:0]={1}"],
    ),
    exact("BOOL[]", &["{t,f,NULL}"]),
    exact("FLOAT8[]", &["{NaN,-0,Infinity}"]),
    exact("NUMERIC[]", &["{NaN,1.10}"]),
    exact("UUID[]", &["{00000000-0000-0000-0000-000000000001,NULL}"]),
    exact("BYTEA[]", &["{\"\\\\x00ff\",NULL,\"\\\\x\"}"]),
    exact("TIMESTAMPTZ[]", &["{\"2024-01-01 00:00:00+00\",NULL}"]),
    exact("DATE[]", &["{2024-02-29,\"0044-03-15 BC\"}"]),
    exact("INTERVAL[]", &["{\"1 day\",NULL}"]),
    exact("INET[]", &["{10.0.0.1/8,::1}"]),
    exact("VARBIT[]", &["{101,\"\"}"]),
    exact("OID[]", &["{4294967295}"]),
    exact("\"char\"[]", &["{a,b}"]),
    exact("mood[]", &["{sad,\"so so\",NULL}"]),
    with(
        "JSONB[]",
        &["{\"{\\\"a\\\": [1]}\",\"[1, 2]\",\"\\\"x\\\"\",NULL}"],
        &[],
        &["{{1,2},{3,4}}"],
    ),
];

/// Types that CockroachDB alone has: they are asked on one.
const COCKROACHDBS_OWN: &[Edges] = &[
    exact("VECTOR(3)", &["[1,2.5,-3]", "[0,0,0]"]),
    exact("GEOMETRY", &["0101000000000000000000F03F000000000000F0BF"]),
    exact(
        "GEOGRAPHY",
        &["0101000020E6100000000000000000F03F000000000000F0BF"],
    ),
];

/// Values of types that every form refuses.
const REFUSED: &[(&str, &str)] = &[
    ("RECORD", "ROW(1, 2)"),
    ("pair", "ROW(1, 'x')::pair"),
    ("pair[]", "ARRAY[ROW(1, 'x')::pair]"),
    ("TSVECTOR", "'a b'::TSVECTOR"),
    ("TSQUERY", "'a & b'::TSQUERY"),
    ("INT4RANGE", "'[1,2)'::INT4RANGE"),
    ("MONEY", "'1.00'::MONEY"),
    ("POINT", "'(1,2)'::POINT"),
    ("BOX", "'(1,2),(3,4)'::BOX"),
    ("PG_LSN", "'16/B374D848'::PG_LSN"),
    ("MACADDR", "'08:00:2b:01:02:03'::MACADDR"),
    ("XML", "'<a/>'::XML"),
    ("BOX2D", "'BOX(0 0,1 1)'::BOX2D"),
];

/// What CockroachDB's pages of data types list (v26.2), what `pg_type` has there beside them, and how it is called above.
const COCKROACHDBS: &[(&str, &str)] = &[
    ("arrays", "TEXT[]"),
    ("BIT", "BIT(5)"),
    ("BOOL", "BOOL"),
    ("BOX2D", "BOX2D"),
    ("BYTES", "BYTEA"),
    ("CHAR", "CHAR(5)"),
    ("\"char\"", "\"char\""),
    ("CITEXT", "CITEXT"),
    ("COLLATE", "TEXT COLLATE \"C\""),
    ("DATE", "DATE"),
    ("DECIMAL", "NUMERIC"),
    ("domains", "cents"),
    ("enums", "mood"),
    ("FLOAT4", "FLOAT4"),
    ("FLOAT8", "FLOAT8"),
    ("GEOGRAPHY", "GEOGRAPHY"),
    ("GEOMETRY", "GEOMETRY"),
    ("INET", "INET"),
    ("INT2", "INT2"),
    ("INT4", "INT4"),
    ("INT8", "INT8"),
    ("INTERVAL", "INTERVAL"),
    ("JSON", "JSON"),
    ("JSONB", "JSONB"),
    ("JSONPATH", "JSONPATH"),
    ("LTREE", "LTREE"),
    ("NAME", "NAME"),
    ("OID", "OID"),
    ("PG_LSN", "PG_LSN"),
    ("REFCURSOR", "REFCURSOR"),
    ("REGCLASS", "REGCLASS"),
    ("TEXT", "TEXT"),
    ("TIME", "TIME"),
    ("TIMETZ", "TIMETZ"),
    ("TIMESTAMP", "TIMESTAMP"),
    ("TIMESTAMPTZ", "TIMESTAMPTZ"),
    ("TSQUERY", "TSQUERY"),
    ("TSVECTOR", "TSVECTOR"),
    ("tuples", "RECORD"),
    ("UUID", "UUID"),
    ("VARBIT", "VARBIT"),
    ("VARCHAR", "VARCHAR(3)"),
    ("VECTOR", "VECTOR(3)"),
];

/// Each type of CockroachDB's is in the documented table, and has values that are asked for.
#[test]
fn every_type_of_cockroachdb_is_asked_for() {
    // The rows of the table, by the names in their first cells.
    let documented: Vec<&str> = include_str!("../../../crdb-data/src/lib.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! | ")?.split(" | ").next())
        .flat_map(|names| names.split([',', ' ', '`']))
        .collect();
    for (name, type_) in COCKROACHDBS {
        let edges = EDGES.iter().chain(COCKROACHDBS_OWN);
        let asked = edges.map(|edges| edges.type_).any(|known| known == *type_);
        let refused = REFUSED.iter().any(|(known, _)| known == type_);
        assert!(asked != refused, "{name}: {type_}");
        // Collations are of texts, and not a type of their own.
        assert!(
            documented.contains(name) || *name == "COLLATE",
            "the table of crdb-data has no {name}"
        );
    }
}

/// The forms that are loaded again; whether they are columnar, and whether they are CSV.
fn forms() -> Vec<(Format, &'static str, bool, bool)> {
    vec![
        (Csv::postgres().into(), "x.csv", false, true),
        (Csv::rfc4180().into(), "x.csv", false, true),
        (Json::lines().into(), "x.jsonl", false, false),
        (
            Json::lines().numbers(JsonNumbers::Strings).into(),
            "x.jsonl",
            false,
            false,
        ),
        #[cfg(feature = "arrow")]
        (crdb_data::ArrowIpc::new().into(), "x.arrow", true, false),
        #[cfg(feature = "parquet")]
        (crdb_data::Parquet::new().into(), "x.parquet", true, false),
    ]
}

/// The types that the server has: CockroachDB lacks some, and says so.
async fn known(db: &Database) -> Vec<&'static Edges> {
    for statement in [
        "CREATE EXTENSION citext",
        "CREATE EXTENSION ltree",
        "CREATE TYPE mood AS ENUM ('sad', 'so so', 'glad')",
        "CREATE DOMAIN cents AS NUMERIC(10,2)",
    ] {
        if let Err(error) = db.execute(statement, &[]).await {
            let state = error.sqlstate().map(|state| state.to_string());
            assert_eq!(state.as_deref(), Some("0A000"), "{error}");
        }
    }
    let mut known = Vec::new();
    for edges in EDGES.iter().chain(COCKROACHDBS_OWN) {
        let null = format!("SELECT NULL::{}", edges.type_);
        if db.fetch_all(&null, &[]).await.is_ok() {
            known.push(edges);
        }
    }
    let all = if on_cockroach().await {
        20
    } else {
        EDGES.len()
    };
    assert!(known.len() >= all, "only {} types are known", known.len());
    known
}

/// Writes the rows of `typed` for which the condition holds, loads them into an empty copy, and gives the rows that differ.
async fn round_trip(
    db: &Database,
    types: &[&str],
    (format, name): (Format, &str),
    condition: &str,
) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join(name);
    let query = format!("SELECT * FROM typed WHERE {condition}");
    let manifest = Export::query(&query, format)
        .key(["id"])
        .run(db.executor(), Destination::File(target.clone()))
        .await
        .unwrap();
    assert!(manifest.rows > 0);
    db.execute("DROP TABLE IF EXISTS copy", &[]).await.unwrap();
    db.execute("CREATE TABLE copy (LIKE typed)", &[])
        .await
        .unwrap();
    Load::into_table("copy")
        .run(db.executor(), Source::file(&target).unwrap())
        .await
        .unwrap();
    let texts: Vec<_> = types
        .iter()
        .enumerate()
        .map(|(index, type_)| match *type_ {
            // JSON keeps white space between its parts, which means nothing.
            "JSON" | "json" => format!("v{index}::jsonb::text"),
            _ => format!("v{index}::text"),
        })
        .collect();
    let texts = texts.join(", ");
    let ours = format!("SELECT id, {texts} FROM typed WHERE {condition}");
    let theirs = format!("SELECT id, {texts} FROM copy");
    let differing = format!(
        "SELECT d::text FROM (({ours} EXCEPT {theirs}) UNION ALL ({theirs} EXCEPT {ours})) AS d"
    );
    let rows = db.fetch_all(&differing, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0).unwrap()).collect()
}

#[tokio::test]
async fn values_at_the_edges_of_every_type_read_back_from_every_form() {
    let (_database, db) = database().await;
    let known = known(&db).await;
    let types: Vec<_> = known.iter().map(|edges| edges.type_).collect();
    let columns: Vec<_> = types
        .iter()
        .enumerate()
        .map(|(index, type_)| format!("v{index} {type_}"))
        .collect();
    let create = format!(
        "CREATE TABLE typed (id INT4 PRIMARY KEY, columnar BOOL, json BOOL, {})",
        columns.join(", ")
    );
    db.execute(&create, &[]).await.unwrap();
    let most = known.iter().map(|edges| edges.exact.len()).max().unwrap();
    let mut id = 0;
    let mut rows = vec!["(0, true, true)".to_owned()];
    let mut all = String::from("id, columnar, json");
    for index in 0..known.len() {
        all.push_str(&format!(", v{index}"));
    }
    for number in 0..most {
        let values: Vec<_> = known
            .iter()
            .map(|edges| literal(edges, edges.exact[number % edges.exact.len()]))
            .collect();
        id += 1;
        let insert = format!(
            "INSERT INTO typed ({all}) VALUES ({id}, true, true, {})",
            values.join(", ")
        );
        db.execute(&insert, &[]).await.unwrap();
    }
    for (index, edges) in known.iter().enumerate() {
        let others = edges.not_columnar.iter().map(|value| (value, true));
        let others = others.chain(edges.only_csv.iter().map(|value| (value, false)));
        for (value, json) in others {
            id += 1;
            let value = literal(edges, value);
            let insert = format!(
                "INSERT INTO typed (id, columnar, json, v{index}) VALUES ({id}, false, {json}, {value})"
            );
            db.execute(&insert, &[]).await.unwrap();
        }
    }
    rows.clear();
    db.execute(
        "INSERT INTO typed (id, columnar, json) VALUES (0, true, true)",
        &[],
    )
    .await
    .unwrap();
    for (format, name, columnar, csv) in forms() {
        let condition = match (columnar, csv) {
            (true, _) => "columnar",
            (false, true) => "true",
            (false, false) => "json",
        };
        let differing = round_trip(&db, &types, (format.clone(), name), condition).await;
        assert!(differing.is_empty(), "{format:?}: {differing:#?}");
    }
}

fn literal(edges: &Edges, value: &str) -> String {
    let type_ = edges.type_.split(" COLLATE").next().unwrap_or_default();
    format!("{}::{type_}", quoted(value))
}

/// Each value that a form refuses is refused with its column, and nothing of the export is there.
#[tokio::test]
async fn values_that_a_form_cannot_hold_are_refused_by_it() {
    let (_database, db) = database().await;
    let known = known(&db).await;
    let directory = tempfile::tempdir().unwrap();
    for edges in known {
        for (format, name, columnar, csv) in forms() {
            let refused = match (columnar, csv) {
                (true, _) => [edges.not_columnar, edges.only_csv].concat(),
                (false, true) => Vec::new(),
                (false, false) => edges.only_csv.to_vec(),
            };
            for value in refused {
                let query = format!("SELECT 1 AS id, {} AS \"the value\"", literal(edges, value));
                let path = directory.path().join(name);
                let error = refusal(&db, &query, format.clone(), path).await;
                assert_eq!(error.kind(), ErrorKind::Value, "{query}: {error}");
                let message = error.to_string();
                assert!(
                    message.contains("\"the value\"") && message.contains("; "),
                    "{query}: {message}"
                );
            }
        }
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

/// Why an export of the query is refused.
async fn refusal(db: &Database, query: &str, format: Format, path: PathBuf) -> Error {
    Export::query(query, format)
        .run(db.executor(), Destination::File(path))
        .await
        .unwrap_err()
}

/// What the table says is refused whole, in every form.
#[tokio::test]
async fn types_without_a_mapping_are_refused_by_every_form() {
    let (_database, db) = database().await;
    db.execute("CREATE TYPE pair AS (a INT4, b TEXT)", &[])
        .await
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    for (type_, value) in REFUSED {
        if db.fetch_all(&format!("SELECT {value}"), &[]).await.is_err() {
            // BOX2D is CockroachDB's, and the others are PostgreSQL's.
            assert!(on_cockroach().await || *type_ == "BOX2D", "{type_}");
            continue;
        }
        for (format, name, ..) in forms() {
            let query = format!("SELECT 1 AS id, {value} AS odd");
            let error = refusal(&db, &query, format, directory.path().join(name)).await;
            assert_eq!(error.kind(), ErrorKind::Type, "{query}: {error}");
            let message = error.to_string();
            assert!(
                message.contains("\"odd\"") && message.contains("cast it to TEXT"),
                "{query}: {message}"
            );
        }
    }
}

#[tokio::test]
async fn random_rows_read_back_from_every_form() {
    let (_database, db) = database().await;
    let mut runner = TestRunner::deterministic();
    let mut types: Vec<&str> = Vec::new();
    for id in 0..80 {
        let literals = row().new_tree(&mut runner).unwrap().current();
        if id == 0 {
            types = literals.iter().map(|(_, type_)| *type_).collect();
            let columns: Vec<_> = types
                .iter()
                .enumerate()
                .map(|(index, type_)| format!("v{index} {type_}"))
                .collect();
            let create = format!(
                "CREATE TABLE typed (id INT4 PRIMARY KEY, columnar BOOL, {})",
                columns.join(", ")
            );
            db.execute(&create, &[]).await.unwrap();
        }
        let columnar = !literals
            .iter()
            .any(|(value, _)| value.contains("infinity'"));
        let values: Vec<_> = literals
            .iter()
            .map(|(value, type_)| format!("{value}::{type_}"))
            .collect();
        let insert = format!(
            "INSERT INTO typed VALUES ({id}, {columnar}, {})",
            values.join(", ")
        );
        db.execute(&insert, &[]).await.unwrap();
    }
    for (format, name, columnar, _) in forms() {
        let condition = if columnar { "columnar" } else { "true" };
        let differing = round_trip(&db, &types, (format.clone(), name), condition).await;
        assert!(differing.is_empty(), "{format:?}: {differing:#?}");
    }
}

/// The one value that a form changes, and says so: in JSON a JSON null is the NULL of the column.
#[tokio::test]
async fn a_json_null_is_null_in_json_only() {
    let (_database, db) = database().await;
    db.execute("CREATE TABLE typed (id INT4 PRIMARY KEY, v0 JSONB)", &[])
        .await
        .unwrap();
    db.execute("INSERT INTO typed VALUES (1, 'null'), (2, NULL)", &[])
        .await
        .unwrap();
    for (format, name, columnar, csv) in forms() {
        let differing = round_trip(&db, &["JSONB"], (format, name), "true").await;
        let expected: &[&str] = match columnar || csv {
            true => &[],
            false => &["(1,null)", "(1,)"],
        };
        assert_eq!(differing, expected, "{name}");
    }
}
