//! Every mistake, its message and its place.

use crdb_sql::{Code, ErrorKind, Repository};

/// The problems of one file, as text.
fn problems(path: &str, text: &str) -> Vec<(Code, String)> {
    let error = Repository::from_embedded(&[(path, text)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    error
        .problems()
        .iter()
        .map(|p| (p.code(), p.to_string()))
        .collect()
}

#[test]
fn every_mistake_is_shown_where_it_is() {
    let cases: &[(&str, Code, &str)] = &[
        (
            "SELECT 1",
            Code::MissingHeader,
            "SQL stands before the first `-- name:` line",
        ),
        (
            "-- only words\n",
            Code::MissingHeader,
            "the file holds no query",
        ),
        (
            "-- name:\nSELECT 1",
            Code::BadHeader,
            "the query has no name",
        ),
        (
            "-- name: :one\nSELECT 1",
            Code::BadHeader,
            "the query has no name",
        ),
        (
            "-- name: a\nSELECT 1",
            Code::BadHeader,
            "does not say how many rows",
        ),
        (
            "-- name: a :two\nSELECT 1",
            Code::BadHeader,
            "`:two` is none of :one, :opt, :many",
        ),
        (
            "-- name: a :one :many\nSELECT 1",
            Code::BadHeader,
            "`:many` stands after",
        ),
        (
            "-- name a :one\nSELECT 1",
            Code::BadHeader,
            "no colon after `name`",
        ),
        (
            "-- name: getAccount :one\nSELECT 1",
            Code::BadName,
            "write `get_account`",
        ),
        ("-- name: a :one\n", Code::EmptyQuery, "no SQL below it"),
        ("-- name: a :one\n;;", Code::EmptyQuery, "no SQL below it"),
        (
            "-- name: a :one\n-- retries: safe\nSELECT 1",
            Code::BadAnnotation,
            "did you mean `retry:`?",
        ),
        (
            "-- name: a :one\n-- retry: maybe\nSELECT 1",
            Code::BadAnnotation,
            "`maybe` is not a retry rule",
        ),
        (
            "-- name: a :one\n-- retry: safe\n-- retry: never\nSELECT 1",
            Code::BadAnnotation,
            "said twice",
        ),
        (
            "-- name: a :one\n-- timeout: 2\nSELECT 1",
            Code::BadAnnotation,
            "`2` is not a duration",
        ),
        (
            "-- name: a :one\n-- staleness: old\nSELECT 1",
            Code::BadAnnotation,
            "`old` is not a duration",
        ),
        (
            "-- name: a :exec\n-- staleness: follower\nUPDATE t SET a = 1",
            Code::BadAnnotation,
            "only a SELECT can read the past",
        ),
        (
            "-- name: a :one\n-- staleness: 10s\nSELECT a FROM t FOR UPDATE",
            Code::BadAnnotation,
            "locks rows cannot read the past",
        ),
        (
            "-- name: a :one\n-- cache: long\nSELECT 1",
            Code::BadAnnotation,
            "`long` is not a duration",
        ),
        (
            "-- name: a :one\n-- cache: 10s, 5m\nSELECT 1",
            Code::BadAnnotation,
            "`5m` does not end in `on error`",
        ),
        (
            "-- name: a :one\n-- cache: 10s, 5s on error\nSELECT 1",
            Code::BadAnnotation,
            "not longer than the age at other times",
        ),
        (
            "-- name: a :exec\n-- cache: 10s\nDELETE FROM t WHERE a = 1",
            Code::BadAnnotation,
            "only the rows of a query can be kept",
        ),
        (
            "-- name: a :one\n-- cache: 10s\n-- staleness: exactly 10s\nSELECT a FROM t",
            Code::BadAnnotation,
            "not of exactly the time",
        ),
        (
            "-- name: a :many\n-- template: select\n-- cache: 10s\n-- staleness: exactly 10s\nSELECT a FROM t",
            Code::BadAnnotation,
            "not of exactly the time",
        ),
        (
            "-- name: a :one\n-- tags: a,,b\nSELECT 1",
            Code::BadAnnotation,
            "has a gap",
        ),
        (
            "-- name: a :one\n-- tags: A\nSELECT 1",
            Code::BadName,
            "`A` is not a tag",
        ),
        (
            "-- name: a :one\n-- verify: client\nSELECT 1",
            Code::BadAnnotation,
            "`client` cannot verify",
        ),
        (
            "-- name: a :one\n-- allow: select_stars\nSELECT 1",
            Code::BadAnnotation,
            "did you mean `select_star`?",
        ),
        (
            "-- name: a :one\n-- allow: syntax\nSELECT 1",
            Code::BadAnnotation,
            "`syntax` is not a lint",
        ),
        (
            "-- name: a :one\n-- param: UUID\nSELECT 1",
            Code::BadAnnotation,
            "`param` names nothing",
        ),
        (
            "-- name: a :one\n-- param id:\nSELECT 1",
            Code::BadAnnotation,
            "nothing stands after the colon",
        ),
        (
            "-- name: a :one\n-- param id: UUID; DROP\nSELECT 1",
            Code::BadAnnotation,
            "`;` is not part of a type",
        ),
        (
            "-- name: a :one\n-- param Id: UUID\nSELECT 1",
            Code::BadName,
            "`Id` is not a parameter name",
        ),
        (
            "-- name: a :one\n-- param x id: UUID\nSELECT 1",
            Code::BadAnnotation,
            "`x` is not `$1`",
        ),
        (
            "-- name: a :one\n-- param id: UUID\n-- param id: INT8\nSELECT 1",
            Code::BadAnnotation,
            "described twice",
        ),
        (
            "-- name: a :one\n-- column x: null\n-- column x: null\nSELECT 1",
            Code::BadAnnotation,
            "described twice",
        ),
        (
            "-- name: a :one\n-- timeout x: 2s\nSELECT 1",
            Code::BadAnnotation,
            "before the colon of `timeout`",
        ),
        (
            "-- name: a :one\nSELECT 'x",
            Code::Lexical,
            "string that begins here is never closed",
        ),
        (
            "-- name: a :one\nSELECT \"x",
            Code::Lexical,
            "quoted identifier that begins here",
        ),
        (
            "-- name: a :one\nSELECT $$x",
            Code::Lexical,
            "dollar-quoted string that begins here",
        ),
        (
            "-- name: a :one\nSELECT /* /* */",
            Code::Lexical,
            "block comment that begins here",
        ),
        ("-- name: a :one\nSELECT '\0'", Code::Lexical, "NUL"),
        (
            "-- name: a :one\nSELECT \u{1}",
            Code::Lexical,
            "begins nothing in SQL",
        ),
        (
            "-- name: a :one\nSELECT :a, $1",
            Code::MixedParameters,
            "not both",
        ),
        (
            "-- name: a :one\nSELECT $2",
            Code::ParameterNumber,
            "`$1` is not",
        ),
        (
            "-- name: a :one\nSELECT 1\n-- name: a :one\nSELECT 2",
            Code::DuplicateName,
            "two queries `accounts.a`",
        ),
    ];
    for (text, code, message) in cases {
        let found = problems("accounts/a.sql", text);
        assert!(
            found
                .iter()
                .any(|(c, text)| c == code && text.contains(message)),
            "{text:?} gave {found:#?}"
        );
    }
    let found = problems("My-Accounts/a.sql", "-- name: a :one\nSELECT 1");
    assert!(found[0].1.contains("directory `My-Accounts`"), "{found:?}");
    let found = problems("My-Accounts.sql", "-- name: a :one\nSELECT 1");
    assert!(found[0].1.contains("file `My-Accounts`"), "{found:?}");
}

#[test]
fn a_problem_underlines_the_text() {
    let found = problems(
        "accounts/a.sql",
        "-- name: a :one\n\n\tSELECT 'é', :accountId",
    );
    assert_eq!(
        found[0].1,
        "\
error[bad_name]: `:accountId` is not a parameter name: `I` is upper case; write `account_id` (query `accounts.a`)
 --> accounts/a.sql:3:14
  |
3 | \tSELECT 'é', :accountId
  | \t            ^^^^^^^^^^"
    );
}

#[test]
fn all_problems_come_at_once_in_order() {
    let error = Repository::from_embedded(&[
        ("b.sql", "-- name: B :one\nSELECT 'x"),
        (
            "a.sql",
            "-- name: a :one\nSELECT $2\n\n-- name: c :exec\n-- retry: x\nSELECT 1",
        ),
        ("c.sql", "-- name: fine :one\nSELECT 1"),
    ])
    .unwrap_err();
    let places: Vec<String> = error
        .problems()
        .iter()
        .map(|p| {
            format!(
                "{}:{}:{}",
                p.file().display(),
                p.line().unwrap(),
                p.column().unwrap()
            )
        })
        .collect();
    assert_eq!(
        places,
        ["a.sql:2:8", "a.sql:5:4", "b.sql:1:10", "b.sql:2:8"]
    );
    assert!(
        error
            .to_string()
            .starts_with("the SQL files hold 4 problems\n")
    );
}
