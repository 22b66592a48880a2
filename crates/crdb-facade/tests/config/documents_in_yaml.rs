//! What YAML says and what is meant by it.

use crdb_facade::config::keys;

use super::{mistakes, yaml};

#[test]
fn values_that_yaml_cannot_express_are_mistakes() {
    for (value, says) in [
        (
            "!bang",
            "found a tag; a string that begins with `!` needs quotes",
        ),
        (
            "!bang s3cret",
            "found a tag; a string that begins with `!` needs quotes",
        ),
        (
            "! s3cret",
            "found a tag; a string that begins with `!` needs quotes",
        ),
        (
            "!<bang> s3cret",
            "found a tag; a string that begins with `!` needs quotes",
        ),
        (
            "&bang",
            "found an anchor that nothing refers to; a string that begins with `&` needs quotes",
        ),
        (
            "&bang s3cret",
            "found an anchor that nothing refers to; a string that begins with `&` needs quotes",
        ),
        ("*bang", "expected YAML"),
        ("null", "begins with `#`, `~`, `&`, `!` or `*` needs quotes"),
        ("~", "begins with `#`, `~`, `&`, `!` or `*` needs quotes"),
        (
            "#bang",
            "begins with `#`, `~`, `&`, `!` or `*` needs quotes",
        ),
        ("", "remove the key to leave it unset"),
        ("[s3cret]", "expected a string in quotes"),
        (
            "s3cret #bang",
            "found a comment behind a secret; a string with a blank and a `#` needs quotes",
        ),
        ("s3cret\t# bang", "found a comment behind a secret"),
        ("|\n    s3cret", "found a line break at an end; remove it"),
        (
            "\"s3cret\\r\\n\"",
            "found a line break at an end; remove it",
        ),
        ("|-\n    s3cret\n   x: y", "expected YAML"),
    ] {
        let found = mistakes(yaml(&format!("auth:\n  user: a\n  password: {value}\n")));
        assert!(found[0].contains(says), "{value}: {found:?}");
        assert!(found[0].contains("crdb.yaml:"), "{value}: {found:?}");
        // Neither may be part of a password.
        assert!(
            !found[0].contains("bang") && !found[0].contains("s3cret"),
            "{found:?}"
        );
        assert_eq!(found.len(), 1, "{found:?}");
    }
    for key in [
        "pool: {max_size: }",
        "pool: {max_lifetime: null}",
        "sql: {directory: ~}",
        "auth: {user: }",
    ] {
        let found = mistakes(yaml(&format!("{key}\n")).set_text("auth.user", "a"));
        assert!(
            found[0].contains("found nothing (remove the key"),
            "{found:?}"
        );
        assert_eq!(found.len(), 1, "{found:?}");
    }
    for quoted in [
        "'a #b' # a comment",
        "a#b",
        "\"a\" # b",
        "|-\n    a #b",
        "a # b",
    ] {
        let read = yaml(&format!("auth:\n  user: a\n  password: {quoted}\n")).build();
        assert_eq!(read.is_ok(), quoted != "a # b", "{quoted}");
    }
    // What is meant by these is clear.
    yaml("auth: {user: !!str 5, session: }\nexec:\nsql: {}\npool: {max_size: &size 4, min_size: *size}\n")
        .build()
        .unwrap();
}

#[test]
fn a_table_takes_over_keys_that_it_does_not_say_itself() {
    let config = yaml("auth: {user: a, <<: {user: other, database: bank}}\n")
        .build()
        .unwrap();
    assert_eq!(config.get(keys::auth::USER), "a");
    assert_eq!(config.get(keys::auth::DATABASE), "bank");
    let config = yaml(
        "pool: &pool {max_size: 7}\nauth: {user: a}\n<<: [{pool: *pool}, {pool: {max_size: 8}}]\n",
    )
    .build()
    .unwrap();
    assert_eq!(config.get(keys::pool::MAX_SIZE), 7);
    // Of several tables the first goes before the others.
    let config =
        yaml("auth: {user: a, <<: [{database: first}, {database: second, user: other}]}\n")
            .build()
            .unwrap();
    assert_eq!(config.get(keys::auth::USER), "a");
    assert_eq!(config.get(keys::auth::DATABASE), "first");
    // A `<<` in quotes is a name.
    let found = mistakes(yaml("auth: {user: a}\npool: {'<<': {max_size: 7}}\n"));
    assert!(found[0].starts_with("pool.<<"), "{found:?}");
}
