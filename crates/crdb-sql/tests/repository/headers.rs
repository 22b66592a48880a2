//! What a header says, and what is wrong with one that says it badly.

use std::path::Path;
use std::time::Duration;

use crdb_sql::{CacheRule, Cardinality, Code, Nullability, Retry, Staleness, Verify};

use crate::one;

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
fn an_annotation_below_the_header_is_a_warning() {
    let repository = one("-- name: a :one\nSELECT 1\n-- timeout: 2s\n+ 1");
    let warning = repository.warnings().iter().next().unwrap();
    assert_eq!(warning.code(), Code::MisplacedAnnotation);
    assert_eq!(warning.query(), Some("accounts.a"));
}

#[test]
fn a_header_says_how_long_an_answer_may_be_reused() {
    let seconds = Duration::from_secs;
    for (lines, rule) in [
        ("", None),
        ("-- cache: 10s\n", Some(CacheRule::new(seconds(10)))),
        (
            "-- cache: 500ms, 5m on error\n",
            Some(CacheRule::new(Duration::from_millis(500)).on_error(seconds(300))),
        ),
        // A reader of the past may be given it from memory.
        ("-- staleness: 20s\n", Some(CacheRule::new(seconds(20)))),
        (
            "-- staleness: follower\n",
            Some(CacheRule::new(Duration::from_millis(4_200))),
        ),
        ("-- staleness: exactly 20s\n", None),
        (
            "-- staleness: 20s\n-- cache: 5s\n",
            Some(CacheRule::new(seconds(5))),
        ),
    ] {
        let repository = one(&format!("-- name: a :many\n{lines}SELECT a FROM t"));
        let query = repository.get("accounts.a").unwrap();
        assert_eq!(query.cache_rule(), rule, "{lines}");
    }
}

#[test]
fn a_stale_query_has_a_text_for_cockroachdb() {
    for (staleness, time) in [
        ("follower", "follower_read_timestamp()"),
        ("10s", "with_max_staleness('10000ms')"),
        ("exactly 1m", "'-60000ms'"),
    ] {
        let repository = one(&format!(
            "-- name: a :many\n-- staleness: {staleness}\nSELECT a FROM t WHERE b = :b"
        ));
        let query = repository.get("accounts.a").unwrap();
        assert_eq!(query.text(), "SELECT a FROM t WHERE b = $1");
        assert_eq!(
            query.follower_read_text().unwrap(),
            format!("SELECT a FROM t AS OF SYSTEM TIME {time} WHERE b = $1")
        );
    }
    let current = one("-- name: a :many\nSELECT a FROM t");
    assert_eq!(
        current.get("accounts.a").unwrap().follower_read_text(),
        None
    );
}
