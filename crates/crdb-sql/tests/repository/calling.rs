//! Finding a query and giving it its arguments.

use crdb_sql::Repository;

use crate::one;

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
