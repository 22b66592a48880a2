//! What values become, beside what the server makes of them.

use crdb_data::{Csv, Json, Value, encode, map};
use crdb_facade::Row as _;
use futures_util::{StreamExt as _, TryStreamExt as _};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::database;

/// A literal of SQL and its type.
pub(crate) type Literal = (String, &'static str);

pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z ,\"\\\\{}']{0,12}",
        Just(String::new()),
        Just("NULL".to_owned()),
        Just("\\.".to_owned()),
        "\\PC{0,8}",
        Just("日本\n語\t\r".to_owned()),
    ]
}

fn numeric() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?[0-9]{1,40}(\\.[0-9]{1,30})?",
        Just("NaN".to_owned()),
        Just("0.000000000000000000000001".to_owned()),
        Just("100.00".to_owned()),
    ]
}

fn float() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<f64>().prop_map(|value| format!("{value:e}")),
        (-1_000_000_i32..1_000_000).prop_map(|value| format!("{}", f64::from(value) / 64.0)),
        Just("Infinity".to_owned()),
        Just("NaN".to_owned()),
    ]
}

fn interval() -> impl Strategy<Value = String> {
    (
        -500_i32..500,
        -60_i32..60,
        -400_000_000_000_i64..400_000_000_000,
    )
        .prop_map(|(months, days, microseconds)| {
            format!("{months} months {days} days {microseconds} microseconds")
        })
}

fn time() -> impl Strategy<Value = String> {
    (0..24, 0..60, 0..60, 0..1_000_000)
        .prop_map(|(h, m, s, u)| format!("{h:02}:{m:02}:{s:02}.{u:06}"))
}

fn timestamp() -> impl Strategy<Value = String> {
    prop_oneof![
        (1..9_999, 1..13, 1..29, time())
            .prop_map(|(year, month, day, time)| format!("{year:04}-{month:02}-{day:02} {time}")),
        Just("infinity".to_owned()),
        Just("-infinity".to_owned()),
    ]
}

/// A row with a literal of each type.
pub(crate) fn row() -> impl Strategy<Value = Vec<Literal>> {
    let json = "\\{\"a\": \\[[1-9][0-9]{0,24}, -0\\.[0-9]{1,9}, null, true\\], \"b c\": \"[a-z ]{0,5}\"\\}";
    (
        (
            any::<bool>(),
            any::<i16>(),
            any::<i32>(),
            any::<i64>(),
            float(),
            any::<f32>(),
        ),
        (
            numeric(),
            text(),
            prop::collection::vec(any::<u8>(), 0..20),
            any::<[u8; 16]>(),
        ),
        (
            1..9_999,
            time(),
            -43_200..43_200,
            timestamp(),
            timestamp(),
            interval(),
        ),
        (any::<[u8; 4]>(), 1_u8..33, "[01]{1,20}", json),
        (
            prop::collection::vec(prop::option::of(text()), 0..4),
            prop::collection::vec(prop::option::of(numeric()), 0..4),
        ),
    )
        .prop_map(|(a, b, c, d, e)| {
            let hex = |bytes: &[u8]| {
                bytes
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect::<String>()
            };
            let list = |items: Vec<Option<String>>| {
                let items: Vec<_> = items
                    .iter()
                    .map(|item| item.as_deref().map_or_else(|| "NULL".to_owned(), quoted))
                    .collect();
                format!("ARRAY[{}]", items.join(","))
            };
            let offset: i32 = c.2 / 60;
            let sign = if offset < 0 { '-' } else { '+' };
            let zone = format!("{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60);
            vec![
                (quoted(&a.0.to_string()), "bool"),
                (quoted(&a.1.to_string()), "int2"),
                (quoted(&a.2.to_string()), "int4"),
                (quoted(&a.3.to_string()), "int8"),
                (quoted(&a.4), "float8"),
                (quoted(&format!("{:e}", a.5)), "float4"),
                (quoted(&b.0), "numeric"),
                (quoted(&b.1), "text"),
                (format!("'\\x{}'", hex(&b.2)), "bytea"),
                (quoted(&hex(&b.3)), "uuid"),
                (quoted(&format!("{:04}-02-28", c.0)), "date"),
                (quoted(&c.1), "time"),
                (quoted(&format!("{}{zone}", c.1)), "timetz"),
                (quoted(&c.3), "timestamp"),
                (quoted(&c.4), "timestamptz"),
                (quoted(&c.5), "interval"),
                (
                    quoted(&format!("{}/{}", std::net::Ipv4Addr::from(d.0), d.1)),
                    "inet",
                ),
                (quoted(&d.2), "varbit"),
                (quoted(&d.3), "json"),
                (quoted(&d.3), "jsonb"),
                (list(e.0), "text[]"),
                (list(e.1), "numeric[]"),
            ]
        })
}

/// Every value's text is the server's own, and reads back as the same value; every value of JSON lines is what the server's `to_jsonb` has.
#[tokio::test]
async fn values_are_written_as_the_server_writes_them() {
    let (_database, db) = database().await;
    let mut runner = TestRunner::deterministic();
    for _ in 0..60 {
        let literals = row().new_tree(&mut runner).unwrap().current();
        let columns: Vec<_> = literals
            .iter()
            .enumerate()
            .map(|(index, (literal, type_))| {
                // A TIMESTAMPTZ is always in UTC.
                let shown = match *type_ {
                    "timestamptz" => format!(
                        "replace(({literal}::timestamptz AT TIME ZONE 'UTC')::text || '+00', 'infinity+00', 'infinity')"
                    ),
                    _ => format!("format('%s', {literal}::{type_})"),
                };
                format!("{literal}::{type_} AS v{index}, {shown} AS s{index}")
            })
            .collect();
        let select = format!("SELECT {}", columns.join(", "));
        let row = db.fetch_one(&select, &[]).await.unwrap();
        let values = map(&row).unwrap();
        let mut same = Vec::new();
        for (index, (literal, type_)) in literals.iter().enumerate() {
            let value = &values[format!("v{index}").as_str()];
            let Value::Text(server) = &values[format!("s{index}").as_str()] else {
                panic!("the server writes {literal} as text");
            };
            assert_eq!(value.to_string(), *server, "{literal}::{type_}");
            let back = quoted(&value.to_string());
            // JSON has no equality, so its text stands for it.
            same.push(format!(
                "({back}::{type_})::text = ({literal}::{type_})::text"
            ));
        }
        let back = format!("SELECT {}", same.join(" AND "));
        assert!(
            db.fetch_one(&back, &[])
                .await
                .unwrap()
                .get::<bool>(0)
                .unwrap(),
            "{back}"
        );

        let only: Vec<_> = literals
            .iter()
            .enumerate()
            .map(|(index, (literal, type_))| format!("{literal}::{type_} AS v{index}"))
            .collect();
        let select = format!("SELECT {}", only.join(", "));
        let rows = db.fetch_stream(&select, &[]).await.unwrap();
        let pieces: Vec<_> = encode(rows, Json::lines()).try_collect().await.unwrap();
        let line = String::from_utf8(pieces.concat()).unwrap();
        assert_eq!(line.lines().count(), 1, "{line}");
        let differs = format!(
            "WITH ours AS (SELECT key, value FROM jsonb_each({}::jsonb)), \
             theirs AS (SELECT key, value FROM jsonb_each((SELECT to_jsonb(r) FROM ({select}) AS r))) \
             SELECT ours.key, ours.value::text, theirs.value::text FROM ours JOIN theirs USING (key) \
             WHERE ours.value <> theirs.value AND key <> 'v14'",
            quoted(line.trim_end())
        );
        let found = db.fetch_all(&differs, &[]).await.unwrap();
        assert!(
            found.is_empty(),
            "{:?}",
            found
                .iter()
                .map(|row| map(row).unwrap())
                .collect::<Vec<_>>()
        );
    }
}

#[tokio::test]
async fn csv_is_quoted_where_it_has_to_be_and_a_null_is_no_empty_text() {
    let (_database, db) = database().await;
    let select = "SELECT * FROM (VALUES (1, 'a,b', NULL), (2, '', 'x\"y'), (3, '\\.', ' z')) AS v (id, \"the text\", other)";
    let written = async |format: Csv| {
        let rows = db.fetch_stream(select, &[]).await.unwrap();
        let pieces: Vec<_> = encode(rows, format).try_collect().await.unwrap();
        String::from_utf8(pieces.concat()).unwrap()
    };
    assert_eq!(
        written(Csv::postgres()).await,
        "id,the text,other\n1,\"a,b\",\n2,\"\",\"x\"\"y\"\n3,\"\\.\",\" z\"\n"
    );
    assert_eq!(
        written(
            Csv::rfc4180()
                .delimiter(b';')
                .unwrap()
                .null("-")
                .without_header()
        )
        .await,
        "1;a,b;-\r\n2;\"\";\"x\"\"y\"\r\n3;\"\\.\";\" z\"\r\n"
    );
    let rows = db.fetch_stream("SELECT NULL::text", &[]).await.unwrap();
    let error = encode(rows, Csv::postgres())
        .next()
        .await
        .unwrap()
        .unwrap_err();
    assert!(
        error.to_string().contains("choose a text for NULL"),
        "{error}"
    );
}

#[tokio::test]
async fn a_type_without_a_mapping_is_an_error_that_names_the_column() {
    let (_database, db) = database().await;
    for (select, column, type_) in [
        ("SELECT 1 AS a, 'x'::tsvector AS words", "words", "tsvector"),
        ("SELECT ROW(1, 2) AS pair", "pair", "record"),
        ("SELECT ARRAY['x'::tsvector] AS list", "list", "tsvector"),
    ] {
        let rows = db.fetch_stream(select, &[]).await.unwrap();
        let error = encode(rows, Json::lines())
            .next()
            .await
            .unwrap()
            .unwrap_err();
        assert_eq!(error.kind(), crdb_data::ErrorKind::Type);
        let message = error.to_string();
        assert!(
            message.contains(&format!("\"{column}\"")) && message.contains(type_),
            "{message}"
        );
        assert!(message.contains("cast it to TEXT"), "{message}");
    }
    let row = db.fetch_one("SELECT 1 AS a, 2 AS a", &[]).await.unwrap();
    assert!(
        map(&row)
            .unwrap_err()
            .to_string()
            .contains("several columns")
    );
}

/// What Arrow has no form for is refused with the column's name, and nothing is rounded.
#[cfg(feature = "arrow")]
#[tokio::test]
async fn what_arrow_cannot_hold_is_refused() {
    use crdb_data::ArrowIpc;

    let (_database, db) = database().await;
    for (select, format, reason) in [
        ("SELECT 'infinity'::date AS a", ArrowIpc::new(), "infinite"),
        (
            "SELECT '-infinity'::timestamptz AS a",
            ArrowIpc::new(),
            "infinite",
        ),
        ("SELECT '24:00:00'::time AS a", ArrowIpc::new(), "24:00:00"),
        (
            "SELECT ARRAY[[1],[2]] AS a",
            ArrowIpc::new(),
            "several dimensions",
        ),
        (
            "SELECT '[2:3]={1,2}'::int8[] AS a",
            ArrowIpc::new(),
            "begin at 1",
        ),
        (
            "SELECT 1.001::numeric AS a",
            ArrowIpc::new().decimals(10, 2),
            "precision and scale",
        ),
        (
            "SELECT 12345.00::numeric AS a",
            ArrowIpc::new().decimals(6, 2),
            "precision and scale",
        ),
        (
            "SELECT 'NaN'::numeric AS a",
            ArrowIpc::new().decimals(6, 2),
            "precision and scale",
        ),
    ] {
        let rows = db.fetch_stream(select, &[]).await.unwrap();
        let error = encode(rows, format)
            .try_collect::<Vec<_>>()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), crdb_data::ErrorKind::Value, "{select}");
        let message = error.to_string();
        assert!(
            message.contains("\"a\"") && message.contains(reason),
            "{select}: {message}"
        );
    }
}
