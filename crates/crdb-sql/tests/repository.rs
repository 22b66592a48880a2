//! Loading, embedding, reloading and finding queries.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use crdb_sql::{
    Cardinality, Code, ErrorKind, Nullability, ReloadingRepository, Repository, Retry, Staleness,
    Verify,
};

fn one(text: &str) -> Repository {
    Repository::from_embedded(&[("accounts/a.sql", text)]).unwrap()
}

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

fn write(root: &Path, path: &str, text: &str) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

#[test]
fn a_header_says_everything() {
    let repository = one("\
-- Copyright of the file, no part of any query.

-- name: get_account :opt
-- The account with this id.
--
-- * Note: closed accounts too.
-- param id: UUID not null -- the account's key
-- param note: VARCHAR(20)[] null
-- column balance: DECIMAL(19,4) not null
-- retry: safe
-- timeout: 1m30s
-- staleness: exactly 10s
-- tags: ledger, hot
-- verify: server
-- allow: select_star, offset_pagination

SELECT * FROM accounts -- inner comments stay
WHERE id = :id AND note = :note;
-- trailing comments go

-- name: close :execrows
DELETE FROM accounts WHERE id = $1 AND owner = $2
");
    let query = repository.get("accounts.get_account").unwrap();
    assert_eq!(
        query.text(),
        "SELECT * FROM accounts -- inner comments stay\nWHERE id = $1 AND note = $2"
    );
    assert_eq!(query.cardinality(), Cardinality::Optional);
    assert_eq!(
        query.docs(),
        "The account with this id.\n\n* Note: closed accounts too."
    );
    assert_eq!(query.retry(), Retry::Safe);
    assert_eq!(query.timeout(), Some(Duration::from_secs(90)));
    assert_eq!(
        query.staleness(),
        Some(Staleness::Exactly(Duration::from_secs(10)))
    );
    assert_eq!(query.tags(), ["ledger", "hot"]);
    assert_eq!(query.verify(), Verify::Server);
    assert_eq!(query.allowed(), [Code::SelectStar, Code::OffsetPagination]);
    assert_eq!(query.line(), 3);
    assert_eq!(query.file(), Path::new("accounts/a.sql"));
    let [id, note] = query.parameters() else {
        panic!("two parameters");
    };
    assert_eq!((id.name(), id.sql_type()), ("id", Some("UUID")));
    assert_eq!(id.nullability(), Nullability::NotNull);
    assert_eq!(id.docs(), "the account's key");
    assert_eq!(note.sql_type(), Some("VARCHAR(20)[]"));
    assert_eq!(note.nullability(), Nullability::Nullable);
    let [balance] = query.columns() else {
        panic!("one column");
    };
    assert_eq!(
        (balance.name(), balance.sql_type()),
        ("balance", Some("DECIMAL(19,4)"))
    );

    let close = repository.get("accounts.close").unwrap();
    assert_eq!(close.retry(), Retry::Certain);
    assert_eq!(close.timeout(), None);
    let names: Vec<&str> = close
        .parameters()
        .iter()
        .map(crdb_sql::Parameter::name)
        .collect();
    assert_eq!(names, ["p1", "p2"]);
}

#[test]
fn numbered_parameters_can_be_named() {
    let repository =
        one("-- name: a :exec\n-- param $2 owner: UUID\nDELETE FROM t WHERE a = $1 AND b = $2");
    let query = repository.get("accounts.a").unwrap();
    assert_eq!(query.parameters()[1].name(), "owner");
    assert_eq!(query.parameters()[1].sql_type(), Some("UUID"));
}

#[test]
fn every_cardinality_has_its_word() {
    for cardinality in Cardinality::ALL {
        let repository = one(&format!("-- name: a {cardinality}\nSELECT 1"));
        assert_eq!(
            repository.get("accounts.a").unwrap().cardinality(),
            *cardinality
        );
    }
}

#[test]
fn the_hash_is_that_of_the_statement() {
    let hash = |text: &str| one(text).get("accounts.a").unwrap().hash();
    let first = hash("-- name: a :one\nSELECT :x");
    assert_eq!(
        first,
        hash("-- name: a :opt\n-- Other words.\n\nSELECT :y;\n")
    );
    assert_ne!(first, hash("-- name: a :one\nSELECT :x + 1"));
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

#[test]
fn an_annotation_below_the_header_is_a_warning() {
    let repository = one("-- name: a :one\nSELECT 1\n-- timeout: 2s\n+ 1");
    let warning = repository.warnings().iter().next().unwrap();
    assert_eq!(warning.code(), Code::MisplacedAnnotation);
    assert_eq!(warning.query(), Some("accounts.a"));
}

#[test]
fn a_directory_and_its_embedded_form_are_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    write(
        root,
        "queries/accounts/read.sql",
        "\u{feff}-- name: get :one\r\nSELECT 'é' -- \"q\"\r\n",
    );
    write(
        root,
        "queries/accounts/eu/read.sql",
        "-- name: get :one\nSELECT 2",
    );
    write(root, "queries/top.sql", "-- name: ping :exec\nSELECT 1");
    write(root, "queries/notes.md", "not SQL");
    write(root, "queries/.hidden/x.sql", "not loaded");
    write(root, "schema/001.sql", "CREATE TABLE t (a INT8)");
    let loaded = Repository::load(root).unwrap();
    let names: Vec<&str> = loaded.names().collect();
    assert_eq!(names, ["accounts.eu.get", "accounts.get", "top.ping"]);

    let out = root.join("embedded.rs");
    crdb_sql::write_embedded(root, &out).unwrap();
    let text = fs::read_to_string(&out).unwrap();
    assert!(text.contains("\"accounts/read.sql\""), "{text}");
    let files: Vec<(String, String)> = ["accounts/eu/read.sql", "accounts/read.sql", "top.sql"]
        .iter()
        .map(|path| {
            let file = root.join("queries").join(path);
            ((*path).to_owned(), fs::read_to_string(file).unwrap())
        })
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(p, t)| (p.as_str(), t.as_str()))
        .collect();
    let embedded = Repository::from_embedded(&files).unwrap();
    assert_eq!(embedded.hash(), loaded.hash());
    for (a, b) in embedded.iter().zip(&loaded) {
        assert_eq!(
            (a.name(), a.text(), a.parameters()),
            (b.name(), b.text(), b.parameters())
        );
    }
}

#[test]
fn what_cannot_be_read_is_a_problem_and_a_missing_directory_an_error() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("bad.sql"),
        b"-- name: a :one\nSELECT '\xff'",
    )
    .unwrap();
    let error = Repository::load(directory.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("it is not UTF-8 (line 2, byte 24)"),
        "{error}"
    );

    let missing = directory.path().join("nowhere");
    let error = Repository::load(&missing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Directory);
    assert_eq!(error.path(), Some(missing.as_path()));
    assert!(
        error
            .to_string()
            .contains("name a directory that holds .sql files")
    );
}

#[test]
fn a_cycle_of_links_ends() {
    let directory = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(directory.path(), directory.path().join("again")).unwrap();
    let error = Repository::load(directory.path()).unwrap_err();
    assert!(error.to_string().contains("cycle of links"), "{error}");
}

#[test]
fn a_reload_swaps_everything_or_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    write(
        root,
        "a.sql",
        "-- name: keep :one\nSELECT 1\n-- name: edit :one\nSELECT 1\n-- name: drop_it :one\nSELECT 1",
    );
    let repository = ReloadingRepository::load(root).unwrap();
    let held = repository.get("a.edit").unwrap();
    let before = repository.snapshot();

    write(root, "a.sql", "-- name: keep :one\nSELECT 'oops");
    assert!(repository.reload().unwrap_err().is_invalid());
    assert_eq!(repository.get("a.edit").unwrap().text(), "SELECT 1");

    write(
        root,
        "a.sql",
        "-- name: added :one\nSELECT 1\n-- name: keep :one\nSELECT 1\n-- name: edit :opt\nSELECT 1",
    );
    let changes = repository.reload().unwrap();
    assert_eq!(changes.added, ["a.added"]);
    assert_eq!(changes.changed, ["a.edit"]);
    assert_eq!(changes.removed, ["a.drop_it"]);
    assert!(repository.reload().unwrap().is_empty());
    assert_eq!(held.cardinality(), Cardinality::One);
    assert_eq!(before.len(), 3);
    assert!(repository.get("a.drop_it").unwrap_err().is_unknown_query());
}

#[test]
fn a_reload_is_atomic_for_readers() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().to_path_buf();
    let version = |n: u32| format!("-- name: a :one\nSELECT {n}\n-- name: b :one\nSELECT {n}");
    write(&root, "a.sql", &version(0));
    let repository = ReloadingRepository::load(&root).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = std::collections::BTreeSet::new();
                    while !done.load(std::sync::atomic::Ordering::Relaxed) {
                        let snapshot = repository.snapshot();
                        let a = snapshot.get("a.a").unwrap();
                        assert_eq!(a.text(), snapshot.get("a.b").unwrap().text());
                        seen.insert(a.text().to_owned());
                    }
                    seen.len()
                })
            })
            .collect();
        for n in 1..200 {
            write(&root, "a.sql", &version(n));
            repository.reload().unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().unwrap() >= 1);
        }
    });
}

#[test]
fn unknown_names_are_answered_with_the_nearest() {
    let repository = Repository::from_embedded(&[
        (
            "accounts/a.sql",
            "-- name: get_account :one\nSELECT 1\n-- name: get_accounts :many\nSELECT 1",
        ),
        ("transfers/a.sql", "-- name: record :exec\nSELECT 1"),
    ])
    .unwrap();
    let message = |name: &str| repository.get(name).unwrap_err().to_string();
    assert_eq!(
        message("accounts.get_acount"),
        "there is no query `accounts.get_acount`; did you mean `accounts.get_account` or `accounts.get_accounts`?"
    );
    assert_eq!(
        message("record"),
        "there is no query `record`; did you mean `transfers.record`?"
    );
    assert_eq!(
        message("weather"),
        "there is no query `weather`; none of the 3 queries has a similar name"
    );
    assert!(message(&"x".repeat(1 << 20)).len() < 200);
    assert!(
        Repository::default()
            .get("x")
            .unwrap_err()
            .to_string()
            .contains("empty")
    );
}

#[test]
fn arguments_that_do_not_fit_are_named() {
    let repository = one("-- name: a :exec\nUPDATE t SET note = :note WHERE id = :id");
    let query = repository.get("accounts.a").unwrap();
    assert_eq!(
        query.arrange(&[("id", "1"), ("note", "n")]).unwrap(),
        ["n", "1"]
    );
    let message = |arguments: &[(&str, &str)]| {
        let error = query.arrange(arguments).unwrap_err();
        assert!(error.is_arguments());
        error.to_string()
    };
    assert_eq!(
        message(&[("id", "1")]),
        "query `accounts.a` takes note, id: parameter `note` is missing"
    );
    assert_eq!(
        message(&[("id", "1"), ("note", "n"), ("x", "")]),
        "query `accounts.a` takes note, id: there is no parameter `x`"
    );
    assert_eq!(
        message(&[("id", "1"), ("noet", "n")]),
        "query `accounts.a` takes note, id: parameter `note` is missing; \
         there is no parameter `noet` (did you mean `note`?)"
    );
    assert_eq!(
        message(&[("id", "1"), ("note", "n"), ("id", "2")]),
        "query `accounts.a` takes note, id: argument `id` is given twice"
    );
    assert_eq!(
        message(&[]),
        "query `accounts.a` takes note, id: parameter `note` is missing; parameter `id` is missing"
    );
    let none = one("-- name: a :one\nSELECT 1");
    let error = none
        .get("accounts.a")
        .unwrap()
        .arrange(&[("x", "1")])
        .unwrap_err();
    assert!(error.to_string().contains("takes no parameters"), "{error}");
}
