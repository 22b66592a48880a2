//! Files of TOML.

use std::time::Duration;

use crdb_facade::Config;
use crdb_facade::config::{ConfigBuilder, Format, Node, keys};

use super::secrets::{CANARY, assert_hidden};
use super::{mistakes, yaml};

fn toml(text: &str) -> ConfigBuilder {
    Config::builder().text("crdb.toml", Format::Toml, text)
}

#[test]
fn yaml_toml_and_the_environment_say_the_same() {
    let from_yaml = yaml(
        "version: 1\n\
         auth:\n  nodes: [db-1, 'db-2:5432']\n  user: teller\n  session:\n    timezone: UTC\n    statement_timeout: 5\n\
         pool:\n  max_lifetime: none\n  idle_timeout: 90s\n  jitter: 0.25\n\
         observe:\n  tracing: false\n",
    )
    .build()
    .unwrap();
    let from_toml = toml(
        "version = 1\n[auth]\nnodes = [\"db-1\", \"db-2:5432\"]\nuser = \"teller\"\n\
         session = { timezone = \"UTC\", statement_timeout = 5 }\n\
         [pool]\nmax_lifetime = \"none\"\nidle_timeout = \"1.5m\"\njitter = 0.25\n[observe]\ntracing = false\n",
    )
    .build()
    .unwrap();
    let from_environment = Config::builder()
        .variables([
            ("CRDB_VERSION", "1"),
            ("CRDB_AUTH__NODES", "db-1, db-2:5432"),
            ("CRDB_AUTH__USER", "teller"),
            ("CRDB_AUTH__SESSION__TIMEZONE", "UTC"),
            ("CRDB_AUTH__SESSION__STATEMENT_TIMEOUT", "5"),
            ("CRDB_POOL__MAX_LIFETIME", "none"),
            ("CRDB_POOL__IDLE_TIMEOUT", "90s"),
            ("CRDB_POOL__JITTER", "0.25"),
            ("CRDB_OBSERVE__TRACING", "false"),
        ])
        .build()
        .unwrap();
    for config in [&from_yaml, &from_toml, &from_environment] {
        assert_eq!(
            config.get(keys::auth::NODES),
            [Node::new("db-1", 26257), Node::new("db-2", 5432)]
        );
        assert_eq!(config.get(keys::pool::MAX_LIFETIME), None);
        assert_eq!(
            config.get(keys::pool::IDLE_TIMEOUT),
            Some(Duration::from_secs(90))
        );
        assert!(!config.get(keys::observe::TRACING));
        assert_eq!(config.get(keys::auth::SESSION)["statement_timeout"], "5");
        assert_eq!(config.fingerprint(), from_yaml.fingerprint());
    }
}

#[test]
fn mistakes_of_a_file_of_toml_are_located() {
    let found = mistakes(toml("version = 'one'\nauth.user = 'a'"));
    assert!(
        found[0].contains("a whole number, write `version: 1`"),
        "{}",
        found[0]
    );
    let found = mistakes(toml("[auth]\nuser = \n"));
    assert!(
        found[0].starts_with("crdb.toml:2: expected TOML, found "),
        "{}",
        found[0]
    );
    let found = mistakes(toml("auth = 5"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(!found[0].contains("empty list"), "{found:?}");
}

#[test]
fn dots_are_sections_unless_they_are_quoted() {
    let found = mistakes(toml("auth.user = 'a'\n'pool.max_size' = 50\n"));
    assert_eq!(found.len(), 1, "{found:?}");
    toml("auth.user = 'a'\npool.max_size = 50\n")
        .build()
        .unwrap();
}

#[test]
fn a_mistake_near_a_password_does_not_show_it() {
    for password in [
        format!("password = \"{CANARY}"),
        format!("password = {CANARY}"),
        format!("password = \"\\q{CANARY}\""),
        format!("password = '{CANARY}' {CANARY}"),
        format!("password = '{CANARY}'\nauth.password = '{CANARY}'"),
        format!("password.{CANARY}"),
        format!("password = ['{CANARY}']"),
    ] {
        assert_hidden(toml(&format!("auth.user = 'a'\nauth.{password}\n")));
    }
}
