//! What a hostile text can do to the parser: nothing but cost time in proportion to its length.

use crdb_sql::dialect::{MAX_DEPTH, MAX_HEIGHT, ParseErrorKind, parse, parse_one};

/// What nests without end: its name, what stands before it, what opens, what is inside, what closes.
const NESTS: &[[&str; 5]] = &[
    ["parentheses", "SELECT ", "(", "1", ")"],
    ["unclosed parentheses", "SELECT ", "(", "", ""],
    ["queries", "", "(", "SELECT 1", ")"],
    ["subqueries", "SELECT ", "(SELECT ", "1", ")"],
    ["sources", "SELECT * FROM ", "(SELECT * FROM ", "a", ")"],
    [
        "joins in parentheses",
        "SELECT * FROM ",
        "(",
        "a JOIN b ON c",
        ")",
    ],
    [
        "statements in brackets",
        "SELECT * FROM ",
        "[SELECT * FROM ",
        "a",
        "]",
    ],
    ["signs", "SELECT ", "- ", "1", ""],
    ["negations", "SELECT ", "NOT ", "a", ""],
    ["calls", "SELECT ", "f(", "1", ")"],
    ["arrays", "SELECT ARRAY", "[", "1", "]"],
    ["cases", "SELECT ", "CASE WHEN ", "a", " THEN 1 END"],
    [
        "common table expressions",
        "",
        "WITH a AS (",
        "SELECT 1",
        ") SELECT 1",
    ],
    ["explanations", "", "EXPLAIN ", "SELECT 1", ""],
    ["subscripts in subscripts", "SELECT ", "a[", "1", "]"],
    ["pending joins", "SELECT * FROM ", "a JOIN ", "a", " ON b"],
    [
        "partitions",
        "ALTER TABLE a PARTITION BY LIST (a) ",
        "(PARTITION p VALUES IN (1) PARTITION BY LIST (a) ",
        "NOTHING",
        ")",
    ],
    ["bounds in bounds", "SELECT ", "a BETWEEN ", "1", " AND 2"],
    [
        "bodies",
        "",
        "CREATE FUNCTION f() BEGIN ATOMIC ",
        "SELECT 1; ",
        "END; ",
    ],
];

#[test]
fn deep_nesting_is_an_error_and_not_a_crash() {
    for [what, head, open, inside, close] in NESTS {
        for times in [1_000, 10_000, 100_000] {
            let text = format!(
                "{head}{}{inside}{}",
                open.repeat(times),
                close.repeat(times)
            );
            let error = parse(&text).expect_err(what);
            assert!(
                matches!(
                    error.kind(),
                    ParseErrorKind::TooDeep | ParseErrorKind::Syntax
                ),
                "{what}: {error}"
            );
        }
    }
}

#[test]
fn nesting_up_to_the_limit_needs_no_more_stack_than_a_thread_has() {
    let depth = MAX_DEPTH as usize - 2;
    let text = format!("SELECT {}1{}", "(".repeat(depth), ")".repeat(depth));
    let statement = parse_one(&text).unwrap();
    assert_eq!(statement.to_string(), text);
    assert_eq!(statement.clone(), statement);
}

#[test]
fn long_chains_of_operators_are_bounded_and_those_of_and_and_or_are_not() {
    let chain = |operator: &str, times: usize| {
        format!("SELECT a{}", format!(" {operator} a").repeat(times))
    };
    let height = MAX_HEIGHT as usize - 2;
    for operator in ["+", "||", "->"] {
        let statement = parse_one(&chain(operator, height)).unwrap();
        assert_eq!(statement.to_string(), chain(operator, height));
        let error = parse(&chain(operator, 100_000)).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::TooDeep, "{operator}");
    }
    for operator in ["AND", "OR"] {
        assert_eq!(
            parse_one(&chain(operator, 100_000)).unwrap().to_string(),
            chain(operator, 100_000)
        );
    }
    for rest in ["::INT8", "[1]", " IS NULL", " COLLATE de"] {
        assert!(
            parse(&format!("SELECT a{}", rest.repeat(100_000))).is_err() || rest == "[1]",
            "{rest}"
        );
    }
    assert!(parse(&format!("SELECT 1{}", " UNION SELECT 1".repeat(100_000))).is_err());
    assert!(
        parse(&format!(
            "SELECT * FROM a{}",
            " CROSS JOIN a".repeat(100_000)
        ))
        .is_err()
    );
}

#[test]
fn a_tall_operand_at_the_foot_of_a_tall_tree_counts() {
    // Each chain alone is below the limit, together they are not.
    let mut text = "1".to_owned();
    for _ in 0..8 {
        text = format!("({text}){}", " + 1".repeat(MAX_HEIGHT as usize / 4));
    }
    assert_eq!(
        parse(&format!("SELECT {text}")).unwrap_err().kind(),
        ParseErrorKind::TooDeep
    );
}

#[test]
fn long_lists_and_many_statements_are_fine() {
    let rows = format!(
        "INSERT INTO a VALUES {}(1, 'b')",
        "(1, 'b'), ".repeat(20_000)
    );
    assert!(parse_one(&rows).is_ok());
    assert_eq!(parse(&"SELECT 1; ".repeat(20_000)).unwrap().len(), 20_000);
}

#[test]
fn a_bracket_where_a_function_is_called_by_its_id_must_hold_one() {
    for text in [
        "CALL [",
        "CALL [1](2)",
        "SELECT * FROM ROWS FROM ([",
        "SELECT * FROM ROWS FROM ([1](2))",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert!(parse_one("CALL [FUNCTION 1](2)").is_ok());
}
