//! Properties of the dialect: what is generated from its grammar parses and prints to the same tree; what is broken at
//! random neither panics nor hangs.

use crate::cases::FILES;
use crdb_sql::dialect::facts::Facts;
use crdb_sql::dialect::{Options, parse, parse_one, parse_with, split_statements};
use proptest::prelude::*;
use proptest::sample::select;

fn any_case() -> impl Strategy<Value = &'static str> {
    select(
        FILES
            .iter()
            .flat_map(|file| file.lines())
            .collect::<Vec<_>>(),
    )
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "a",
            "b",
            "accounts",
            "value",
            "type",
            "\"Order\"",
            "\"sel\"\"ect\"",
            "ünder",
            "_x$1"
        ])
        .prop_map(str::to_owned),
        "t[0-9]{1,3}[a-z_]{0,4}",
    ]
}

fn data_type() -> impl Strategy<Value = String> {
    select(vec![
        "INT8",
        "STRING",
        "DECIMAL(10, 2)",
        "TIMESTAMPTZ(3)",
        "TIME WITH TIME ZONE",
        "VARCHAR(9)[]",
        "INTERVAL DAY TO SECOND(3)",
        "public.currency",
        "GEOMETRY(POINT, 4326)",
        "DOUBLE PRECISION",
        "BIT VARYING(3)",
        "\"char\"",
        "UUID ARRAY",
    ])
    .prop_map(str::to_owned)
}

fn constant() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<u32>().prop_map(|number| number.to_string()),
        (any::<u16>(), any::<u16>()).prop_map(|(whole, part)| format!("{whole}.{part}")),
        ".{0,12}".prop_map(|text| format!("'{}'", text.replace('\'', "''"))),
        proptest::collection::vec(any::<u8>(), 0..6).prop_map(|bytes| format!(
            "x'{}'",
            bytes
                .iter()
                .map(|byte| format!("{byte:02X}"))
                .collect::<String>()
        )),
        select(vec![
            "NULL",
            "true",
            "false",
            "$1",
            "$65536",
            "B'01'",
            "$$a'b$$",
            "e'\\n\\'\\\\'",
            "b'\\xff'",
            "DATE '2026-01-01'",
            "INTERVAL '1h' HOUR"
        ])
        .prop_map(str::to_owned),
    ]
}

fn expr() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        constant(),
        name(),
        (name(), name()).prop_map(|(a, b)| format!("{a}.{b}"))
    ];
    leaf.prop_recursive(5, 48, 4, |inner| {
        let binary = select(vec![
            "+", "-", "*", "/", "//", "%", "^", "||", "->", "->>", "#>", "&", "|", "#", "<<", ">>",
            "AND", "OR", "&&", "<->", "@@",
        ]);
        let compare = select(vec![
            "=",
            "<",
            ">",
            "<=",
            ">=",
            "<>",
            "!=",
            "~",
            "!~*",
            "@>",
            "<@",
            "?",
            "?|",
            "IS DISTINCT FROM",
            "LIKE",
            "NOT ILIKE",
        ]);
        prop_oneof![
            (inner.clone(), binary, inner.clone())
                .prop_map(|(a, operator, b)| format!("{a} {operator} {b}")),
            (inner.clone(), compare, inner.clone())
                .prop_map(|(a, operator, b)| format!("(({a}) {operator} ({b}))")),
            (select(vec!["- ", "~", "NOT ", "|/ ", "+ "]), inner.clone())
                .prop_map(|(operator, a)| format!("{operator}{a}")),
            inner.clone().prop_map(|a| format!("({a})")),
            (
                inner.clone(),
                select(vec!["IS NULL", "IS NOT TRUE", "ISNULL", "IS NAN"])
            )
                .prop_map(|(a, test)| format!("(({a}) {test})")),
            (inner.clone(), data_type()).prop_map(|(a, data_type)| format!("({a})::{data_type}")),
            (inner.clone(), data_type())
                .prop_map(|(a, data_type)| format!("CAST({a} AS {data_type})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("(({a}) BETWEEN ({b}) AND ({c}))")),
            (
                inner.clone(),
                proptest::collection::vec(inner.clone(), 1..4)
            )
                .prop_map(|(a, list)| format!("(({a}) IN ({}))", list.join(", "))),
            (name(), proptest::collection::vec(inner.clone(), 0..3))
                .prop_map(|(name, list)| format!("{name}({})", list.join(", "))),
            proptest::collection::vec(inner.clone(), 0..3)
                .prop_map(|list| format!("ARRAY[{}]", list.join(", "))),
            proptest::collection::vec(inner.clone(), 2..4)
                .prop_map(|list| format!("({})", list.join(", "))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}:]")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("CASE {a} WHEN {b} THEN {c} END")),
            (inner.clone(), name()).prop_map(|(a, table)| format!("(SELECT {a} FROM {table})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("COALESCE({a}, {b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("SUBSTRING({a} FROM {b})")),
        ]
    })
}

fn statement() -> impl Strategy<Value = String> {
    let hint = select(vec![
        "",
        "@by_owner",
        "@{FORCE_INDEX=i,ASC}",
        "@{NO_FULL_SCAN}",
    ]);
    let join = select(vec![
        "JOIN",
        "LEFT LOOKUP JOIN",
        "INNER HASH JOIN",
        "FULL JOIN",
    ]);
    prop_oneof![
        (expr(), name(), hint, expr(), expr()).prop_map(|(item, table, hint, filter, key)| {
            format!("SELECT {item} AS x, * FROM {table}{hint} WHERE {filter} ORDER BY {key} DESC NULLS LAST LIMIT 3")
        }),
        (expr(), name(), join, name(), expr())
            .prop_map(|(item, a, join, b, on)| format!("SELECT DISTINCT {item} FROM {a} {join} {b} AS j ON {on} FOR UPDATE")),
        (name(), expr(), expr()).prop_map(|(table, a, b)| format!("UPSERT INTO {table} (a, b) VALUES ({a}, {b}) RETURNING NOTHING")),
        (name(), name(), expr(), expr())
            .prop_map(|(table, column, value, filter)| format!("UPDATE {table} SET {column} = {value} WHERE {filter} RETURNING *")),
        (name(), expr()).prop_map(|(table, filter)| format!("DELETE FROM {table} WHERE {filter}")),
        (name(), name(), data_type(), expr()).prop_map(|(table, column, data_type, check)| {
            format!("CREATE TABLE {table} ({column} {data_type} NOT NULL, CHECK ({check}), INDEX ({column}) STORING (z))")
        }),
        (expr(), expr()).prop_map(|(a, b)| format!("WITH c AS (SELECT {a}) SELECT * FROM c UNION ALL VALUES ({b})")),
        (name(), expr()).prop_map(|(name, value)| format!("SET {name} = {value}")),
        (name(), expr()).prop_map(|(table, value)| format!("ALTER TABLE {table} SPLIT AT VALUES ({value})")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn generated_statements_print_to_the_same_tree(sql in statement()) {
        let tree = parse_one(&sql).map_err(|error| TestCaseError::fail(format!("{sql}\n{error}")))?;
        let printed = tree.to_string();
        let again = parse_one(&printed).map_err(|error| TestCaseError::fail(format!("{sql}\n{printed}\n{error}")))?;
        prop_assert_eq!(&again, &tree, "{}", printed);
        prop_assert_eq!(again.to_string(), printed);
    }

    #[test]
    fn broken_statements_do_no_harm(
        case in any_case(),
        other in any_case(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0_u8..6, any::<u8>(), any::<prop::sample::Index>()), 1..8),
    ) {
        let mut bytes = case.as_bytes().to_vec();
        for (place, edit, byte, source) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            let from = source.index(other.len());
            match edit {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                2 => bytes.insert(at, byte),
                3 => bytes.truncate(at),
                4 => bytes.insert(at, b"()[]{}'\"$;,.:@-/*\\"[usize::from(byte) % 18]),
                _ => { bytes.splice(at..at, other.bytes().skip(from).take(20)); }
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        check(&text)?;
    }

    #[test]
    fn any_text_does_no_harm(text in ".{0,200}") {
        check(&text)?;
    }

    #[test]
    fn any_row_of_tokens_does_no_harm(words in proptest::collection::vec(select(words()), 0..40)) {
        check(&words.join(" "))?;
    }
}

/// How many cases each property is tried on: 512, or `PROPTEST_CASES`.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(512)
}

/// Words and signs that statements are made of.
fn words() -> Vec<&'static str> {
    FILES
        .iter()
        .flat_map(|file| file.split_whitespace())
        .collect()
}

/// Parses in every way; what is accepted must print to the same tree.
fn check(text: &str) -> Result<(), TestCaseError> {
    let options = Options::new().named_placeholders(true);
    for parsed in [
        parse(text).map(|trees| (trees, Options::new())),
        parse_with(text, &options).map(|trees| (trees, options.clone())),
    ] {
        let Ok((statements, options)) = parsed else {
            continue;
        };
        for statement in statements {
            let printed = statement.to_string();
            let again = parse_with(&printed, &options);
            prop_assert_eq!(again, Ok(vec![statement.clone()]), "{}\n{}", text, printed);
            prop_assert!(Facts::of(&statement).placeholders.len() <= text.len());
        }
    }
    for piece in split_statements(text) {
        prop_assert_eq!(piece.text, &text[piece.span.range()]);
    }
    Ok(())
}
