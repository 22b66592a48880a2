//! What a server's plan shows: tables that are read whole though the query has a condition, and the indexes that the server would like.
//!
//! The statement is explained with sample values in place of its parameters. PostgreSQL is told to avoid sequential scans, so that it
//! uses an index of any table, however small, if one serves; CockroachDB assumes a thousand rows of a table that it knows nothing of.

use crdb_sql::codegen::{Description, Descriptions};
use crdb_sql::token::{TokenKind, tokenize};
use serde_json::Value;

/// A table that is read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FullScan {
    pub(super) table: String,
    /// Statements that would help, as the server says.
    pub(super) indexes: Vec<String>,
}

/// Whether EXPLAIN takes statements that begin like this one.
pub(super) fn is_explained(text: &str) -> bool {
    let first = tokenize(text).find(|token| !token.kind.is_trivia());
    let kinds = ["SELECT", "WITH", "INSERT", "UPSERT", "UPDATE", "DELETE"];
    first.is_some_and(|token| kinds.iter().any(|kind| token.is_keyword(text, kind)))
}

/// The statement with sample values; `None` where a parameter has a type without one.
pub(super) fn with_samples(
    text: &str,
    description: &Description,
    descriptions: &Descriptions,
) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for token in tokenize(text) {
        let written = token.text(text);
        if token.kind == TokenKind::PositionalParameter {
            let number: usize = written.get(1..)?.parse().ok()?;
            let sql_type = description.parameters().get(number.checked_sub(1)?)?;
            out.push_str(&sample(sql_type, descriptions)?);
        } else {
            out.push_str(written);
        }
    }
    Some(out)
}

fn sample(sql_type: &str, descriptions: &Descriptions) -> Option<String> {
    if let Some(element) = sql_type.strip_suffix("[]") {
        return Some(format!("ARRAY[{}]", sample(element, descriptions)?));
    }
    let (value, name) = match sql_type {
        "bool" => ("true", "BOOL"),
        "int2" | "int4" | "int8" | "int" | "oid" | "float4" | "float8" | "decimal" => {
            ("1", sql_type)
        }
        "string" | "citext" | "unknown" => ("x", "TEXT"),
        "bytes" => ("x", "BYTEA"),
        "uuid" => ("00000000-0000-4000-8000-000000000001", "UUID"),
        "timestamptz" | "timestamp" | "date" => ("2024-01-01", sql_type),
        "time" | "timetz" => ("12:00", sql_type),
        "interval" => ("1 hour", "INTERVAL"),
        "json" | "jsonb" => ("{}", sql_type),
        "inet" | "cidr" => ("127.0.0.1/32", sql_type),
        other => {
            let (name, labels) = descriptions.enums().find(|(name, _)| *name == other)?;
            let label = labels.first()?.replace('\'', "''");
            // A name without quotes may be a keyword.
            let name = match name.starts_with('"') {
                true => name.to_owned(),
                false => format!("\"{name}\""),
            };
            return Some(format!("'{label}'::{name}"));
        }
    };
    Some(format!("'{value}'::{name}"))
}

/// The scans in a plan of CockroachDB, from the lines of `EXPLAIN`: a `FULL SCAN` whose rows go into a filter, and what stands below
/// *index recommendations* (since v22.1), as the pages `explain` and `sql-tuning-with-explain` of its documentation show them.
pub(super) fn of_cockroach(lines: &[&str]) -> Vec<FullScan> {
    let words = |line: &str| {
        line.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '•')
            .to_owned()
    };
    let lines: Vec<String> = lines
        .iter()
        .flat_map(|text| text.lines())
        .map(words)
        .collect();
    let indexes: Vec<String> = lines
        .iter()
        .filter_map(|line| line.split_once("SQL command").map(|(_, rest)| rest))
        .map(|rest| rest.trim_start_matches(['s', ':', ' ']).to_owned())
        .collect();
    let (mut filtered, mut above, mut table) = (false, false, String::new());
    let mut found: Vec<FullScan> = Vec::new();
    for line in &lines {
        if let Some(node) = line.strip_prefix("• ") {
            filtered = above;
            above = node.starts_with("filter");
        } else if let Some(read) = line.strip_prefix("table: ") {
            table = read.split('@').next().unwrap_or(read).to_owned();
        } else if line.starts_with("spans: FULL SCAN") && filtered {
            found.push(FullScan {
                table: table.clone(),
                indexes: Vec::new(),
            });
        }
    }
    if let Some(first) = found.first_mut() {
        first.indexes = indexes;
    }
    found
}

/// The scans in a plan of PostgreSQL, from the answer of `EXPLAIN (FORMAT JSON)`.
pub(super) fn of_postgres(plan: &str) -> Vec<FullScan> {
    fn collect(node: &Value, found: &mut Vec<FullScan>) {
        if node["Node Type"] == "Seq Scan" && node.get("Filter").is_some() {
            found.push(FullScan {
                table: node["Relation Name"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                indexes: Vec::new(),
            });
        }
        match node {
            Value::Array(nodes) => nodes.iter().for_each(|node| collect(node, found)),
            Value::Object(members) => {
                for member in ["Plan", "Plans"]
                    .iter()
                    .filter_map(|name| members.get(*name))
                {
                    collect(member, found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    if let Ok(plan) = serde_json::from_str(plan) {
        collect(&plan, &mut found);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_stand_for_parameters_only() {
        let mut descriptions = Descriptions::default();
        descriptions.insert_enum("kind", vec!["a'b".to_owned()]);
        let description = Description::new(&["uuid", "text[]", "kind"], Vec::new());
        let text = "SELECT '$1' FROM t WHERE a = $1 AND b = ANY($2) AND c = $3 -- $4";
        assert_eq!(
            with_samples(text, &description, &descriptions).unwrap(),
            "SELECT '$1' FROM t WHERE a = '00000000-0000-4000-8000-000000000001'::UUID AND b = ANY(ARRAY['x'::TEXT]) \
             AND c = 'a''b'::\"kind\" -- $4"
        );
        let strange = Description::new(&["geometry"], Vec::new());
        assert_eq!(with_samples("SELECT $1", &strange, &descriptions), None);
        assert!(
            is_explained("-- x\nWITH a AS (SELECT 1) SELECT 1")
                && !is_explained("CREATE TABLE t ()")
        );
    }

    /// The form of v22.1 and later, as its documentation shows it.
    #[test]
    fn a_full_scan_below_a_filter_is_found_with_its_index() {
        let plan = "distribution: local\nvectorized: true\n\n• filter\n│ estimated row count: 42,000\n│ filter: revenue > 90\n│\n\
                    └── • scan\n      estimated row count: 125,000 (100% of the table; stats collected 1 minute ago)\n      \
                    table: rides@rides_pkey\n      spans: FULL SCAN\n\nindex recommendations: 1\n1. type: index creation\n   \
                    SQL command: CREATE INDEX ON movr.public.rides (revenue) STORING (vehicle_city);";
        let lines: Vec<&str> = plan.lines().collect();
        let found = of_cockroach(&lines);
        assert_eq!(
            found,
            [FullScan {
                table: "rides".to_owned(),
                indexes: vec![
                    "CREATE INDEX ON movr.public.rides (revenue) STORING (vehicle_city);"
                        .to_owned()
                ],
            }]
        );
        for other in [
            "• scan\n  table: rides@rides_pkey\n  spans: FULL SCAN",
            "• filter\n│ filter: a > 1\n│\n└── • scan\n      table: rides@rides_pkey\n      spans: [/1 - /1]",
            "• filter\n│\n└── • index join\n    │ table: t@t_pkey\n    └── • scan\n          table: t@i\n          spans: FULL SCAN",
        ] {
            assert_eq!(of_cockroach(&[other]), [], "{other}");
        }
    }

    #[test]
    fn a_sequential_scan_with_a_filter_is_found() {
        let plan = r#"[{"Plan": {"Node Type": "Nested Loop", "Plans": [
            {"Node Type": "Seq Scan", "Relation Name": "a", "Filter": "(b > 1)"},
            {"Node Type": "Seq Scan", "Relation Name": "c"},
            {"Node Type": "Index Scan", "Relation Name": "d", "Filter": "(b > 1)"}]}}]"#;
        let tables: Vec<String> = of_postgres(plan)
            .into_iter()
            .map(|scan| scan.table)
            .collect();
        assert_eq!(tables, ["a"]);
        assert_eq!(of_postgres("nonsense"), []);
    }
}
