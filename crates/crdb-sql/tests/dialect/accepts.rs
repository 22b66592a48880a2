//! Every construct of the dialect is accepted, and printing it gives a text that parses to the same tree.

use crate::cases::FILES;
use crdb_sql::dialect::{Options, ast, parse, parse_one, parse_one_with, split_statements};

/// One statement a line; a line that begins with a quote goes on the one before.
fn cases() -> Vec<String> {
    let mut cases: Vec<String> = Vec::new();
    for line in FILES.iter().flat_map(|file| file.lines()) {
        match cases.last_mut() {
            Some(last) if line.starts_with('\'') => *last = format!("{last}\n{line}"),
            _ => cases.push(line.to_owned()),
        }
    }
    cases
}

#[test]
fn every_construct_is_accepted_and_printed_to_the_same_tree() {
    for case in cases() {
        let statement = parse_one(&case).unwrap_or_else(|error| panic!("{case}\n{error}"));
        let printed = statement.to_string();
        let again =
            parse_one(&printed).unwrap_or_else(|error| panic!("{case}\n{printed}\n{error}"));
        assert_eq!(again, statement, "{case}\n{printed}");
        assert_eq!(again.to_string(), printed, "{case}");
    }
}

#[test]
fn case_of_keywords_and_space_mean_nothing() {
    for case in cases()
        .iter()
        .filter(|case| !case.contains(['\'', '"', '$', '\n']))
    {
        let statement = parse_one(case).unwrap();
        let spaced = format!(" /* a */ {}\n-- b\n;", case.replace(' ', "\t\n"));
        assert_eq!(parse_one(&spaced).unwrap(), statement, "{case}");
        assert_eq!(
            parse_one(&case.to_lowercase()).unwrap(),
            statement,
            "{case}"
        );
        assert_eq!(
            parse_one(&case.to_uppercase()).unwrap(),
            statement,
            "{case}"
        );
    }
}

/// What the server reads must be what was written, also where two texts make the same tree here.
#[test]
fn what_is_printed_is_what_the_server_reads() {
    for (sql, printed) in [
        (
            "CREATE SEQUENCE a START WITH 5 INCREMENT BY -2 MAXVALUE 9",
            None,
        ),
        ("CREATE SEQUENCE a START 5 INCREMENT 2 NO MINVALUE", None),
        ("ALTER SEQUENCE a RESTART WITH 5", None),
        ("ALTER SEQUENCE a RESTART", None),
        ("SET SESSION AUTHORIZATION DEFAULT", None),
        (
            "SET SESSION SESSION AUTHORIZATION DEFAULT",
            Some("SET SESSION AUTHORIZATION DEFAULT"),
        ),
        (r"SELECT e'a\x00b\\\'c'", Some(r"SELECT e'a\x00b\\\'c'")),
        ("UPDATE t SET a[1] = 2", None),
        ("SELECT * FROM [SHOW RANGES FROM TABLE l]", None),
    ] {
        let statement = parse_one(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
        assert_eq!(statement.to_string(), printed.unwrap_or(sql));
    }
}

#[test]
fn statements_are_cut_as_they_are_parsed() {
    let text = cases().join(";\n");
    // `BEGIN ATOMIC` holds semicolons of its own, which only the parser can tell.
    let text = text
        .lines()
        .filter(|line| !line.contains("ATOMIC"))
        .collect::<Vec<_>>()
        .join("\n");
    let statements = parse(&text).unwrap();
    let pieces = split_statements(&text);
    assert_eq!(pieces.len(), statements.len());
    for (piece, statement) in pieces.iter().zip(&statements) {
        assert_eq!(piece.text, statement.span.text(&text));
    }
}

#[test]
fn spans_lead_back_to_the_text() {
    let sql = "SELECT a.id FROM bank.accounts AS a; DELETE FROM t WHERE x = $1";
    let statements = parse(sql).unwrap();
    assert_eq!(statements[1].span.text(sql), "DELETE FROM t WHERE x = $1");
    let ast::StatementKind::Query(query) = &statements[0].kind else {
        panic!("no query")
    };
    let ast::QueryBody::Select(select) = &query.body else {
        panic!("no select")
    };
    let ast::TableRef::Source(source) = &select.from[0] else {
        panic!("no source")
    };
    assert_eq!(source.span.text(sql), "bank.accounts AS a");
    let ast::TableSourceKind::Table(table) = &source.kind else {
        panic!("no table")
    };
    assert_eq!(table.span.text(sql), "bank.accounts");
    assert_eq!(table.name.name(), "accounts");
}

/// The tree of an expression as text, without its parentheses and places.
fn shape(sql: &str) -> String {
    let parsed = parse_one(&format!("SELECT {sql}"));
    let debug = parsed.map_or_else(|error| error.to_string(), |tree| format!("{tree:?}"));
    let mut parts = debug.split("Span {");
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
    rest.fold(first, |text, part| text + part)
        .replace("Nested", "")
        .replace(['(', ')', ' '], "")
}

#[test]
fn operators_bind_as_in_the_grammar() {
    for (flat, nested) in [
        ("a + b * c", "a + (b * c)"),
        ("a * b + c", "(a * b) + c"),
        ("a - b - c", "(a - b) - c"),
        ("NOT a = b", "NOT (a = b)"),
        ("a = b IS NULL", "(a = b) IS NULL"),
        ("a OR b AND c", "a OR (b AND c)"),
        ("a = b OR NOT c AND d", "(a = b) OR ((NOT c) AND d)"),
        ("- a::INT8", "- (a::INT8)"),
        ("- a ^ b", "(- a) ^ b"),
        ("a || b -> c", "(a || b) -> c"),
        ("a ? b = c", "(a ? b) = c"),
        ("a & b | c", "(a & b) | c"),
        ("a BETWEEN b AND c AND d", "(a BETWEEN b AND c) AND d"),
        ("a LIKE b || c", "a LIKE (b || c)"),
        ("a COLLATE de || b", "(a COLLATE de) || b"),
        ("a::INT8[1]", "a::INT8[1]"),
    ] {
        assert_eq!(shape(flat), shape(nested), "{flat}");
    }
}

#[test]
fn named_placeholders_are_an_option() {
    let options = Options::new().named_placeholders(true);
    let sql = "SELECT a[(:low):2], a[:2], b::INT8 FROM t WHERE c = :owner AND d = ANY (:ids) LIMIT :limit";
    assert!(parse_one(sql).is_err());
    let statement = parse_one_with(sql, &options).unwrap();
    assert_eq!(
        parse_one_with(&statement.to_string(), &options).unwrap(),
        statement
    );
    let facts = crdb_sql::dialect::facts::Facts::of(&statement);
    let names: Vec<_> = facts.placeholders.iter().map(ToString::to_string).collect();
    assert_eq!(names, [":low", ":owner", ":ids", ":limit"]);
}

#[test]
fn the_clause_of_a_stale_query_is_its_own_and_changes_nothing_else() {
    let mut stale = 0;
    for case in cases() {
        let file = format!("-- name: q :many\n-- staleness: follower\n{case}\n");
        let Ok(repository) = crdb_sql::Repository::from_embedded(&[("a.sql", &file)]) else {
            continue;
        };
        let query = repository.get("a.q").unwrap();
        let text = query.follower_read_text().unwrap();
        let tree = parse_one(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
        let clause = " AS OF SYSTEM TIME follower_read_timestamp()";
        let printed = tree.to_string();
        assert_eq!(printed.matches(clause).count(), 1, "{printed}");
        let plain = parse_one(query.text()).unwrap();
        assert_eq!(printed.replace(clause, ""), plain.to_string(), "{case}");
        stale += 1;
    }
    assert!(stale > 10, "only {stale} cases can read the past");
}
