//! The tokenizer and the loader on anything at all.

use crdb_sql::Repository;
use crdb_sql::token::{TokenKind, tokenize, tokenize_template};
use proptest::prelude::*;

/// Text made of what begins and ends things in SQL.
fn sqlish() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("'".to_owned()),
        Just("\"".to_owned()),
        Just("E'".to_owned()),
        Just("U&'".to_owned()),
        Just("b'".to_owned()),
        Just("\\".to_owned()),
        Just("$$".to_owned()),
        Just("$tag$".to_owned()),
        Just("$1".to_owned()),
        Just("--".to_owned()),
        Just("/*".to_owned()),
        Just("*/".to_owned()),
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just(":".to_owned()),
        Just(":a".to_owned()),
        Just("[".to_owned()),
        Just("]".to_owned()),
        Just("ARRAY[".to_owned()),
        Just("(".to_owned()),
        Just(")".to_owned()),
        Just("{{".to_owned()),
        Just("}}".to_owned()),
        Just("{%".to_owned()),
        Just("%}".to_owned()),
        Just(";".to_owned()),
        Just("-- name: a :one\n".to_owned()),
        Just("-- param a: INT8\n".to_owned()),
        Just("1e".to_owned()),
        "[a-z0-9 é\u{0}$]{0,3}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn the_tokens_are_the_text(text in prop_oneof![sqlish(), any::<String>()]) {
        for tokens in [tokenize(&text).collect::<Vec<_>>(), tokenize_template(&text).collect()] {
            let mut at = 0;
            for token in &tokens {
                prop_assert_eq!(token.span.start, at);
                prop_assert!(token.span.end > at);
                prop_assert!(text.is_char_boundary(token.span.end));
                at = token.span.end;
            }
            prop_assert_eq!(at, text.len());
        }
    }

    #[test]
    fn loading_never_panics_and_every_problem_has_a_place(text in prop_oneof![sqlish(), any::<String>()]) {
        if let Err(error) = Repository::from_embedded(&[("a.sql", &text)]) {
            prop_assert!(!error.problems().is_empty());
            let _rendered: String = error.to_string();
        }
    }
}

/// What may stand behind a colon: letters of several scripts, marks, digits, signs.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_][a-z0-9_$]{0,8}",
        "[a-zñéß名äøж_٣\u{303}\u{a0}\u{d7}]{1,6}",
        "\\PC{1,4}"
    ]
}

fn scanned(text: &str) -> Vec<&str> {
    tokenize(text)
        .filter(|token| token.kind == TokenKind::NamedParameter)
        .map(|token| &text[token.span.clone()])
        .collect()
}

/// The parameters that the parser finds; `None` where it refuses the text.
#[cfg(feature = "parser")]
fn parsed(text: &str) -> Option<Vec<&str>> {
    use crdb_sql::dialect::ast::Placeholder;
    use crdb_sql::dialect::{Options, facts::Facts, parse_with};

    let statements = parse_with(text, &Options::new().named_placeholders(true)).ok()?;
    let mut found = Vec::new();
    for statement in &statements {
        for placeholder in Facts::of(statement).placeholders {
            if let Placeholder::Named { span, .. } = placeholder {
                found.push(span.text(text));
            }
        }
    }
    Some(found)
}

#[cfg(feature = "parser")]
proptest! {
    /// The scanner that a running service has finds the placeholders that the parser finds, and each once for each name.
    #[test]
    fn scanner_and_parser_find_the_same_parameters(names in prop::collection::vec(name(), 1..5)) {
        let list: Vec<String> = names.iter().map(|name| format!(":{name}")).collect();
        let text = format!("SELECT {}", list.join(", "));
        let scanned = scanned(&text);
        if let Some(parsed) = parsed(&text) {
            prop_assert_eq!(&scanned, &parsed);
        }
        let file = format!("-- name: q :exec\n{text}");
        if let Ok(repository) = Repository::from_embedded(&[("a.sql", &file)]) {
            let query = repository.get("a.q").expect("it is there");
            let mut distinct = scanned.clone();
            distinct.sort_unstable();
            distinct.dedup();
            prop_assert_eq!(query.parameters().len(), distinct.len());
        }
    }

    /// Neither of them sees a parameter where the other one sees a string, a name or a comment.
    #[test]
    fn scanner_and_parser_agree_on_strings_and_comments(items in prop::collection::vec(item(), 1..6)) {
        let text = format!("SELECT {}", items.join(", "));
        if let Some(parsed) = parsed(&text) {
            prop_assert_eq!(scanned(&text), parsed, "{}", text);
        }
    }
}

/// A select item that holds a parameter, or hides one in a literal or a comment.
#[cfg(feature = "parser")]
fn item() -> impl Strategy<Value = String> {
    let literal = prop::sample::select(vec![
        "'a'",
        "''':n'",
        r"E'\\'",
        r"E'\':n'",
        r"b'\''",
        r"'\'",
        "x'00'",
        "$$:n$$",
        "$t$ $$ :n $t$",
        "\"q:n\"",
        "1.5e3",
        "B'1'",
        ":p",
    ]);
    let between = prop::sample::select(vec![
        " ",
        "\n",
        " -- :n\n",
        "/* :n /* */ */",
        "/* ' */",
        "\n-- '\n",
        " || ",
        "\r\n",
    ]);
    let tail = prop::sample::select(vec!["':n'", r"'\'", "'b'", "|| :q", "::STRING || :q", ""]);
    (literal, between, tail).prop_map(|(a, b, c)| format!("{a}{b}{c}"))
}

#[test]
fn depth_costs_no_stack() {
    for deep in ["(", "[", "ARRAY[", "/*", "{{", "'", "$a$", ":", "a["] {
        let text = deep.repeat(500_000);
        assert!(tokenize(&text).count() > 0);
        assert!(tokenize_template(&text).count() > 0);
    }
}
