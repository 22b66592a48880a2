//! Templates: what they may hold, what they become, and what can never get into them.
#![cfg(feature = "templates")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use crdb_sql::dialect;
use crdb_sql::token::{Token, TokenKind, tokenize};
use crdb_sql::{Argument, Code, ErrorKind, Repository, Template};
use proptest::prelude::*;

const HEADER: &str = "\
-- name: search :many
-- Finds accounts.
-- template: select
-- param owner: UUID optional -- whose they are
-- param least: DECIMAL optional
-- ident sort: number | balance | accounts.opened_at -- the order
-- flag descending: largest first
";

const BODY: &str = "\
SELECT number, balance FROM accounts
WHERE {% include \"accounts/_open.sql\" %}
{%- if owner %} AND owner = :owner{% endif %}
{%- if least and not owner %} AND balance >= :least{% elif least %} AND balance > :least{% else %} AND balance > 0{% endif %}
ORDER BY {{ sort }}{% if descending %} DESC{% endif %}, id LIMIT :count";

const FRAGMENT: &str = "closed_at IS NULL -- what is open";

fn load(text: &str) -> Result<Repository, String> {
    Repository::from_embedded(&[
        ("accounts/search.sql", text),
        ("accounts/_open.sql", FRAGMENT),
    ])
    .map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::Invalid);
        error.to_string()
    })
}

fn template() -> std::sync::Arc<Template> {
    let repository = load(&format!("{HEADER}{BODY}")).unwrap();
    repository.template("accounts.search").unwrap().clone()
}

fn words(text: &str) -> String {
    let kept: Vec<Token> = tokenize(text).filter(|t| !t.kind.is_trivia()).collect();
    kept.iter()
        .map(|t| t.text(text))
        .collect::<Vec<_>>()
        .join(" ")
}

type Arguments<'a> = &'a [(&'a str, Argument<'a, str>)];

#[test]
fn optional_filters_and_sort_orders_come_and_go() {
    let template = template();
    let rendered = |arguments: Arguments<'_>| {
        let rendered = template.render(arguments).unwrap();
        let values: Vec<String> = rendered.values().iter().map(|v| (*v).to_owned()).collect();
        (words(rendered.text()), values)
    };
    let (text, values) = rendered(&[("count", Argument::Value("9"))]);
    assert_eq!(
        text,
        "SELECT number , balance FROM accounts WHERE closed_at IS NULL AND balance > 0 ORDER BY \"number\" , id LIMIT $1"
    );
    assert_eq!(values, ["9"]);
    let (text, values) = rendered(&[
        ("count", Argument::Value("9")),
        ("least", Argument::Value("5")),
        ("owner", Argument::Value("me")),
        ("sort", Argument::Identifier("accounts.opened_at")),
        ("descending", Argument::Flag(true)),
    ]);
    assert_eq!(
        text,
        "SELECT number , balance FROM accounts WHERE closed_at IS NULL AND owner = $1 AND balance > $2 \
         ORDER BY \"accounts\" . \"opened_at\" DESC , id LIMIT $3"
    );
    assert_eq!(values, ["me", "5", "9"]);
    let (text, values) = rendered(&[
        ("least", Argument::Value("5")),
        ("count", Argument::Value("9")),
    ]);
    assert!(text.contains("AND balance >= $1 ORDER"), "{text}");
    assert_eq!(values, ["5", "9"]);
}

#[test]
fn a_rendered_statement_knows_what_the_header_says() {
    let template = template();
    let rendered = template.render(&[("count", Argument::Value("9"))]).unwrap();
    assert_eq!(rendered.query().name(), "accounts.search");
    assert_eq!(rendered.query().docs(), "Finds accounts.");
    let again = template
        .render(&[("count", Argument::Value("10"))])
        .unwrap();
    assert!(std::sync::Arc::ptr_eq(rendered.query(), again.query()));
    assert!(!format!("{again:?}").contains("10"));
    // Two flags, two optional parameters' worth of switches and three orders.
    assert_eq!(template.variants().unwrap().len(), 8 * 3);
}

#[test]
fn what_a_caller_gets_wrong_is_said() {
    let template = template();
    let refuse = |arguments: Arguments<'_>| {
        let error = template.render(arguments).unwrap_err();
        (error.kind(), error.to_string())
    };
    let count = ("count", Argument::Value("9"));
    for (arguments, kind, message) in [
        (
            &[][..],
            ErrorKind::Arguments,
            "parameter `count` is missing",
        ),
        (
            &[count, count],
            ErrorKind::Arguments,
            "`count` is given twice",
        ),
        (
            &[count, ("ownr", Argument::Value("x"))],
            ErrorKind::Arguments,
            "there is no `ownr`; did you mean `owner`?",
        ),
        (
            &[count, ("descending", Argument::Value("x"))],
            ErrorKind::Arguments,
            "`descending` is a flag",
        ),
        (
            &[count, ("sort", Argument::Value("x"))],
            ErrorKind::Arguments,
            "`sort` is an identifier",
        ),
        (
            &[count, ("owner", Argument::Identifier("x"))],
            ErrorKind::Arguments,
            "`owner` is a parameter",
        ),
        (
            &[count, ("owner", Argument::Flag(true))],
            ErrorKind::Arguments,
            "`owner` is a parameter",
        ),
        (
            &[
                count,
                ("sort", Argument::Identifier("id; DROP TABLE accounts")),
            ],
            ErrorKind::Template,
            "`sort` is one of number, balance, accounts.opened_at, not \"id; DROP TABLE accounts\"",
        ),
    ] {
        let found = refuse(arguments);
        assert_eq!(found.0, kind, "{}", found.1);
        assert!(found.1.contains(message), "{}", found.1);
    }
    let repository = load(&format!("{HEADER}{BODY}")).unwrap();
    let error = repository.get("accounts.search").unwrap_err().to_string();
    assert!(error.contains("is a template"), "{error}");
    let error = repository
        .template("accounts.serch")
        .unwrap_err()
        .to_string();
    assert!(error.contains("did you mean `accounts.search`?"), "{error}");
}

#[test]
fn a_template_with_anything_else_is_refused_when_it_is_loaded() {
    for (body, message) in [
        (
            "SELECT {{ owner }}",
            "`owner` is no identifier of this template",
        ),
        ("SELECT {{ sort|upper }}", "is no identifier"),
        ("SELECT {{ 'x' }}", "is no identifier"),
        ("SELECT {{ sort ~ sort }}", "is no identifier"),
        (
            "SELECT '{{ sort }}'",
            "in a string, a quoted identifier or a comment",
        ),
        (
            "SELECT \"{{ sort }}\"",
            "in a string, a quoted identifier or a comment",
        ),
        (
            "SELECT $${{ sort }}$$",
            "in a string, a quoted identifier or a comment",
        ),
        (
            "SELECT 1 /* {{ sort }} */",
            "in a string, a quoted identifier or a comment",
        ),
        (
            "SELECT 1 -- {% if owner %}\n+ 1",
            "in a string, a quoted identifier or a comment",
        ),
        (
            "SELECT '{% if owner %}' {% endif %}",
            "in a string, a quoted identifier or a comment",
        ),
        (
            "SELECT {% if owner %}'a{% endif %}",
            "string that begins here is never closed",
        ),
        (
            "SELECT 1 {% if owner %}/*{% endif %}*/",
            "in a string, a quoted identifier or a comment",
        ),
        ("SELECT {% set x = 1 %} 1", "a template has no `set`"),
        (
            "SELECT {% for x in owner %} 1 {% endfor %}",
            "a template has no `for`",
        ),
        ("SELECT {% raw %}1{% endraw %}", "a template has no `raw`"),
        (
            "SELECT {% macro x() %}{% endmacro %}",
            "a template has no `macro`",
        ),
        ("{% extends \"x\" %}SELECT 1", "a template has no `extends`"),
        ("SELECT 1 {# words #}", "no `{# .. #}`"),
        (
            "SELECT 1 {% if onwer %}{% endif %}",
            "did you mean `owner`?",
        ),
        (
            "SELECT 1 {% if owner == 'x' %}{% endif %}",
            "`==` is no flag",
        ),
        ("SELECT 1 {% if %}{% endif %}", "this asks for nothing"),
        ("SELECT 1 {% if owner not %}{% endif %}", "accounts.search"),
        ("SELECT 1 {% if owner %}", "this `if` has no `endif`"),
        ("SELECT 1 {% endif %}", "no `if` that this ends"),
        ("SELECT 1 {% else %}", "this stands in no `if`"),
        (
            "SELECT 1 {{ sort",
            "template tag that begins here is never closed",
        ),
        (
            "SELECT {% include \"accounts/_opn.sql\" %}",
            "did you mean `accounts/_open.sql`?",
        ),
        (
            "SELECT {% include sort %}",
            "a fragment is named by a string",
        ),
        ("SELECT $1", "a template has named parameters"),
        (
            "SELECT :owner",
            "`:owner` stands where it may have been left out",
        ),
        (
            "DELETE FROM accounts WHERE id = :id",
            "the header promises select",
        ),
        ("SELECT 1; SELECT 2", "the rendered text is no statement"),
        (
            "SELECT 1 {% if owner %}; DELETE FROM t{% endif %}",
            "the rendered text is no statement",
        ),
        (
            "SELECT 1 {% if owner %} FROM {% endif %}",
            "the rendered text is no statement",
        ),
    ] {
        let error = load(&format!("{HEADER}{body}")).expect_err(body);
        assert!(error.contains(message), "{body}: {error}");
        assert!(error.contains("accounts/search.sql"), "{error}");
    }
    for (text, message) in [
        (
            "-- name: q :one\nSELECT {{ a }}",
            "a template tag stands in a query that is no template",
        ),
        (
            "-- name: q :one\n-- flag a: x\nSELECT 1",
            "only a template has `ident`, `flag`",
        ),
        (
            "-- name: q :one\n-- param a: INT8 optional\nSELECT :a",
            "only a template has",
        ),
        (
            "-- name: q :one\n-- template: anything\nSELECT 1",
            "is not the shape of a template",
        ),
        (
            "-- name: q :one\n-- template: select\n-- ident a: b; c\nSELECT 1",
            "is not a plain (dotted) identifier",
        ),
        (
            "-- name: q :one\n-- template: select\n-- flag a: x\n-- ident a: b\nSELECT 1",
            "`a` is described twice",
        ),
        (
            "-- name: q :one\n-- template: select\n-- ident: b\nSELECT 1",
            "`ident` names nothing",
        ),
    ] {
        let error = load(text).expect_err(text);
        assert!(error.contains(message), "{text}: {error}");
    }
}

#[test]
fn a_fragment_is_checked_as_the_template_is() {
    for (fragment, message) in [
        ("a = '{{ sort }}'", "in a string"),
        ("a = 'open", "never closed"),
        ("{% include \"_f.sql\" %}", "a fragment includes no other"),
        ("{{ nothing }}", "is no identifier"),
    ] {
        let error = Repository::from_embedded(&[
            (
                "a/q.sql",
                "-- name: q :one\n-- template: select\nSELECT 1 WHERE {% include \"_f.sql\" %}",
            ),
            ("_f.sql", fragment),
        ])
        .unwrap_err()
        .to_string();
        assert!(
            error.contains(message) && error.contains("_f.sql:1:"),
            "{error}"
        );
    }
}

#[test]
fn lints_see_what_a_template_becomes() {
    let directory = tempfile::tempdir().unwrap();
    let text = "-- name: q :exec\n-- template: delete\n-- param id: UUID optional\nDELETE FROM t {% if id %}WHERE id = :id{% endif %}";
    std::fs::write(directory.path().join("a.sql"), text).unwrap();
    let verdicts = crdb_sql::check(directory.path()).unwrap();
    let problem = verdicts[0].problems().iter().next().unwrap();
    assert_eq!(problem.code(), Code::DeleteWithoutWhere);
    assert_eq!(problem.suggestion(), Some("with everything off"));
    assert_eq!(verdicts[0].name(), Some("a.q"));
}

const CHECKED: &str = "\
-- name: report :many
-- template: select
-- param least: DECIMAL optional
-- ident column: checked
-- ident sort: a | b
-- flag descending: x
SELECT {{ column }}, 'it''s', $$ x $$ FROM t WHERE a = :value AND b <> -:value {% if least %}AND b > :least{% endif %}
ORDER BY {{ sort }} {% if descending %}DESC{% endif %}";

/// What people write into fields to break out of them.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("'".to_owned()),
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just("$$".to_owned()),
        Just("$tag$".to_owned()),
        Just("--".to_owned()),
        Just("/*".to_owned()),
        Just("*/".to_owned()),
        Just(";".to_owned()),
        Just("\n".to_owned()),
        Just("\0".to_owned()),
        Just("{{".to_owned()),
        Just("}}".to_owned()),
        Just("{%".to_owned()),
        Just(":value".to_owned()),
        Just("$1".to_owned()),
        Just(" OR 1=1".to_owned()),
        // Behind the minus sign of `-:value` it would begin a comment, were it text (CVE-2024-1597).
        Just("-1".to_owned()),
        Just("; DROP TABLE t".to_owned()),
        Just("U&\"".to_owned()),
        Just("E'".to_owned()),
        Just("\u{202e}".to_owned()),
        Just("é".to_owned()),
        "[a-z ]{0,4}",
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// One case of R9: whatever the values and names, the tokens are the baseline's but for one quoted identifier, and the
/// value stays outside the text.
fn nothing_gets_in(
    template: &Template,
    value: &str,
    name: &str,
    least: bool,
    descending: bool,
) -> Result<(), TestCaseError> {
    let render = |value: &str, name: &str| {
        let mut arguments = vec![
            ("value", Argument::Value(value)),
            ("column", Argument::Identifier(name)),
            ("descending", Argument::Flag(descending)),
        ];
        if least {
            arguments.push(("least", Argument::Value(value)));
        }
        template.render(&arguments).map(|rendered| {
            (
                rendered.text().to_owned(),
                rendered
                    .values()
                    .iter()
                    .map(|v| (*v).to_owned())
                    .collect::<Vec<_>>(),
            )
        })
    };
    let (baseline, _) =
        render("1", "column_name").map_err(|e| TestCaseError::fail(e.to_string()))?;
    let (text, values) = match render(value, name) {
        Ok(rendered) => rendered,
        Err(error) => {
            prop_assert_eq!(error.kind(), ErrorKind::Template);
            let bad = name.is_empty() || name.len() > 63 || name.chars().any(char::is_control);
            prop_assert!(bad, "{} was refused: {}", name, error);
            return Ok(());
        }
    };
    prop_assert!(values.iter().all(|bound| bound == value));
    let kinds = |text: &str| {
        tokenize(text)
            .map(|token| token.kind)
            .collect::<Vec<TokenKind>>()
    };
    prop_assert_eq!(kinds(&text), kinds(&baseline));
    let shared = |text: &str| {
        tokenize(text)
            .filter(|t| t.text(text) != "\"column_name\"")
            .map(|t| t.text(text).to_owned())
            .collect::<Vec<_>>()
    };
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    let differing: Vec<(String, String)> = tokenize(&text)
        .map(|t| t.text(&text).to_owned())
        .zip(tokenize(&baseline).map(|t| t.text(&baseline).to_owned()))
        .filter(|(found, wanted)| found != wanted)
        .collect();
    prop_assert!(
        differing
            .iter()
            .all(|(found, wanted)| *found == quoted && wanted == "\"column_name\"")
    );
    prop_assert!(differing.len() <= 1 && !shared(&baseline).is_empty());
    // The tree is the baseline's, with the name in its place.
    let tree = dialect::parse_one(&text).map_err(|e| TestCaseError::fail(e.to_string()))?;
    let wanted = dialect::parse_one(&baseline.replace("\"column_name\"", &quoted))
        .map_err(|e| TestCaseError::fail(e.to_string()))?;
    prop_assert_eq!(tree.to_string(), wanted.to_string());
    #[cfg(libpg_query)]
    prop_assert_eq!(postgres::tree(&text, name), postgres::tree(&baseline, name));
    Ok(())
}

/// What PostgreSQL's own parser makes of a text.
#[cfg(libpg_query)]
mod postgres {
    /// The tree, in which the name `column_name` reads `name` and nothing tells where in the text a node was.
    pub(super) fn tree(text: &str, name: &str) -> String {
        let parsed = pg_query::parse(text, pg_query::ParserOptions::DEFAULT).unwrap();
        let tree = format!("{:?}", parsed.protobuf)
            .replace("sval: \"column_name\"", &format!("sval: {name:?}"));
        let mut places = tree.split("location: ");
        let mut plain = places.next().unwrap_or_default().to_owned();
        for part in places {
            plain.push_str(part.trim_start_matches(|c: char| c == '-' || c.is_ascii_digit()));
        }
        let (statements, _length) = plain.rsplit_once("stmt_len").unwrap_or((&plain, ""));
        statements.to_owned()
    }

    #[test]
    fn a_name_that_breaks_out_is_another_tree() {
        let tree = |text: &str| tree(text, "b");
        let quoted = "SELECT a FROM t WHERE c = $1 ORDER BY \"b\"";
        assert_eq!(tree(quoted), tree(&quoted.replace("SELECT", "SELECT ")));
        assert_ne!(
            tree(quoted),
            tree("SELECT a FROM t WHERE c = $1 ORDER BY b DESC")
        );
        assert_ne!(
            tree(quoted),
            tree("SELECT a FROM t WHERE c = $1 ORDER BY d")
        );
        assert_ne!(
            tree(quoted),
            tree("SELECT a FROM t WHERE c = $1 ORDER BY 'b'")
        );
        assert_eq!(tree(quoted), tree(&quoted.replace('b', "column_name")));
    }
}

fn report() -> std::sync::Arc<Template> {
    let repository = Repository::from_embedded(&[("r.sql", CHECKED)]).unwrap();
    repository.template("r.report").unwrap().clone()
}

fn run_cases(cases: u32, seed: u64) {
    use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

    let template = report();
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    runner
        .run(
            &(hostile(), hostile(), any::<bool>(), any::<bool>()),
            |(value, name, least, descending)| {
                nothing_gets_in(&template, &value, &name, least, descending)
            },
        )
        .unwrap();
}

/// With `CRDB_TEST_LONG` set it is a million cases, with `--cfg libpg_query` PostgreSQL's own parser looks at each, too.
/// `CRDB_TEST_SEED` draws the same cases again.
#[test]
fn nothing_that_a_caller_passes_changes_the_statement() {
    let long = std::env::var_os("CRDB_TEST_LONG").is_some();
    let seed = std::env::var("CRDB_TEST_SEED").map_or(0, |seed| seed.parse().unwrap());
    let cases = if long { 1_000_000 } else { 2_000 };
    run_cases(cases, seed);
    let looked_at = if cfg!(libpg_query) { cases } else { 0 };
    println!("row R9: figure also parsed by libpg_query = {looked_at}");
    println!("row R9: done {cases} cases");
}

#[test]
fn a_value_of_any_size_and_any_bytes_stays_outside_the_text() {
    let template = report();
    // More than PostgreSQL's protocol carries in one message. Memory that is not touched costs nothing.
    let huge = vec![0; (1 << 30) + 1];
    let bad: &[u8] = b"\xff\xfe\0'; DROP TABLE t; --";
    for value in [huge.as_slice(), bad] {
        let rendered = template
            .render(&[
                ("value", Argument::Value(value)),
                ("column", Argument::Identifier("c")),
            ])
            .unwrap();
        assert!(rendered.text().len() < 200);
        assert_eq!(rendered.values()[0].len(), value.len());
    }
}

proptest! {
    #[test]
    fn no_template_text_panics(body in hostile(), tail in hostile()) {
        let text = format!("-- name: q :one\n-- template: select\n-- ident sort: a | b\n-- flag f: x\nSELECT {body} {{% if f %}}{tail}{{% endif %}}");
        if let Err(error) = load(&text) {
            prop_assert!(!error.is_empty());
        }
    }
}
