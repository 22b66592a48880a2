use crdb_facade::Config;
use crdb_facade::config::{MistakeKind, keys};

use super::{complete, mistakes, yaml};

#[test]
fn every_mistake_of_every_source_is_reported_at_once() {
    let found = mistakes(
        yaml("auth:\n  nodes: []\npool:\n  max_sise: 5\n  max_lifetime: 30\n  jitter: 2\n")
            .variables([("CRDB_POOL__MAX_SIZE", "many"), ("CRDB_POOL_MIN_SIZE", "1")])
            .set_text("observe.metrics", "yes"),
    );
    assert_eq!(
        found[..7],
        [
            "auth.nodes (crdb.yaml:2): expected a list of one node or more, each as host, host:port or \
             [address]:port, found an empty list",
            "pool.jitter (crdb.yaml:6): expected a number from 0 to 1, found `2`",
            "pool.max_lifetime (crdb.yaml:5): expected a duration above zero, or none, found `30`",
            "pool.max_sise (crdb.yaml:4): no such key; did you mean pool.max_size?",
            "pool.max_size (variable CRDB_POOL__MAX_SIZE): expected a whole number above 0, found `many`",
            "pool_min_size (variable CRDB_POOL_MIN_SIZE): no such key; did you mean CRDB_POOL__MIN_SIZE?",
            found[6].as_str(),
        ]
    );
    assert!(
        found[6].starts_with("observe.metrics (code at "),
        "{}",
        found[6]
    );
    assert!(
        found[6].ends_with("): expected true or false, found `yes`"),
        "{}",
        found[6]
    );
    assert_eq!(
        found[7],
        "auth.user: required, but set nowhere; set it in a file, or with CRDB_AUTH__USER"
    );
    assert_eq!(found.len(), 8);
}

#[test]
fn the_error_prints_them_as_a_list() {
    let error = yaml("poool: {size: 1}").build().unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("the configuration has 2 mistakes:\n  - poool.size (crdb.yaml:1): "),
        "{text}"
    );
    let error = complete()
        .set_text("pool.max_size", "0")
        .build()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the configuration has a mistake: pool.max_size ("),
        "{error}"
    );
}

#[test]
fn a_value_is_checked_even_where_a_stronger_source_overrides_it() {
    let found =
        mistakes(yaml("auth: {user: a}\npool: {max_size: -1}").set(keys::pool::MAX_SIZE, 5_u32));
    assert_eq!(
        found,
        ["pool.max_size (crdb.yaml:2): expected a whole number above 0, found `-1`"]
    );
}

#[test]
fn code_cannot_set_what_a_file_could_not() {
    let error = complete()
        .set(keys::pool::MAX_SIZE, 0_u32)
        .build()
        .unwrap_err();
    assert_eq!(error.mistakes()[0].kind(), MistakeKind::WrongValue);
}

#[test]
fn another_version_gets_one_clear_message() {
    let found = mistakes(yaml(
        "version: 2\nauth: {user: a, realm: X}\nnew_section: {a: 1}",
    ));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("version (crdb.yaml:1): this release reads version 1 "),
        "{}",
        found[0]
    );
    assert!(
        found[0].contains("this is version 2: use a newer release"),
        "{}",
        found[0]
    );
    let found = mistakes(complete().variables([("CRDB_VERSION", "0")]));
    assert!(
        found[0].contains("this is version 0: the changelog"),
        "{}",
        found[0]
    );
}

#[test]
fn a_missing_file_is_named_and_hides_no_other_mistake() {
    let found = mistakes(
        Config::builder()
            .file("no/such/crdb.yaml")
            .set_text("pool.max_size", "x"),
    );
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("no/such/crdb.yaml: expected a readable file, found No such file"),
        "{}",
        found[0]
    );
    let found = mistakes(Config::builder().file("crdb.ini"));
    assert_eq!(
        found,
        ["crdb.ini: expected a file named .yaml, .yml or .toml"]
    );
}

#[test]
fn text_that_is_no_yaml_is_located() {
    assert_eq!(
        mistakes(yaml("auth:\n  user: [a\n")),
        ["crdb.yaml:2: expected YAML, found unclosed bracket '['"]
    );
    assert_eq!(
        mistakes(yaml("auth: {user: a}\npool: {}\npool: {}\n")),
        ["crdb.yaml:3: expected YAML, found duplicate mapping key: pool"]
    );
    // In words of this crate, not in those of the parser's programmers.
    for (text, found) in [
        (
            "auth: {user: a}\n---\nauth: {user: b}\n",
            "2: expected YAML, found a second document: one is read; remove the `---`",
        ),
        (
            "auth: {user: a}\npool: {max_size: .nan}\n",
            "2: expected YAML, found a number that is none: `.nan`",
        ),
        (
            "auth: &a\n  user: *a\n",
            "2: expected YAML, found an alias within what it stands for",
        ),
        (
            "? [a]\n: b\n",
            "1: expected YAML, found a name that is no text",
        ),
        (
            "auth: {user: a}\n~: {}\n",
            "2: expected YAML, found a name that is no text",
        ),
        (
            "auth: {user: a}\npool: {<<: 5}\n",
            "2: expected YAML, found a `<<` without a table to take keys from",
        ),
        (
            "auth: {user: a}\npool: {max_size: !!int many}\n",
            "2: expected YAML, found a value that is not what its tag says",
        ),
        (
            "auth: {user: a}\npool: !!seq {}\n",
            "2: expected YAML, found a value that is not what its tag says",
        ),
    ] {
        assert_eq!(mistakes(yaml(text)), [format!("crdb.yaml:{found}")]);
    }
    let aliases: String =
        ('b'..='g').fold("a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, name| {
            let before = char::from(name as u8 - 1);
            let items = vec![format!("*{before}"); 9].join(",");
            format!("{text}{name}: &{name} [{items}]\n")
        });
    let found = mistakes(yaml(&format!("{aliases}h: *g\n")));
    assert!(
        found[0].ends_with("expected YAML, found more than a configuration can be"),
        "{found:?}"
    );
    let found = mistakes(yaml(&format!(
        "auth: {}{}",
        "[".repeat(3000),
        "]".repeat(3000)
    )));
    assert!(
        found[0].ends_with("expected YAML, found more than a configuration can be"),
        "{found:?}"
    );
    assert_eq!(
        mistakes(yaml("just text")),
        ["crdb.yaml:1: expected keys and values at the top, found a single value or a list"]
    );
}

#[test]
fn tables_and_values_are_not_mixed_up() {
    let found = mistakes(yaml(
        "auth: {user: {name: a}}\npool: 5\nsql: {directory: [a]}",
    ));
    assert_eq!(
        found[0],
        "auth.user (crdb.yaml:1): expected a string (quote it if it looks like a number or boolean), found a table with name"
    );
    assert_eq!(
        found[1],
        "pool (crdb.yaml:2): expected a section with keys such as pool.min_size"
    );
    assert!(
        found[2].starts_with("sql.directory (crdb.yaml:3): expected a path"),
        "{}",
        found[2]
    );
}

/// The keys are named with dots, and YAML takes such a name for one key: it was ignored without a word.
#[test]
fn a_name_with_dots_is_not_ignored() {
    let advice = "no such key; a name has no dots, write its sections one below the other, as in ";
    for (text, place, nested) in [
        (
            "pool.max_size: 50\nauth: {user: a}\n",
            "pool.max_size (crdb.yaml:1)",
            "pool: { max_size: .. }",
        ),
        (
            "auth: {user: a, tls.mode: disable}\n",
            "auth.tls.mode (crdb.yaml:1)",
            "auth: { tls: { mode: .. } }",
        ),
        (
            "auth: {user: a}\nauth.password: s3cret\n",
            "auth.password (crdb.yaml:2)",
            "auth: { password: .. }",
        ),
        (
            "auth.user: a\n",
            "auth.user (crdb.yaml:1)",
            "auth: { user: .. }",
        ),
        (
            "auth: {user: a}\npool.nonsense: 1\n",
            "pool.nonsense (crdb.yaml:2)",
            "pool: { nonsense: .. }",
        ),
    ] {
        assert_eq!(mistakes(yaml(text)), [format!("{place}: {advice}{nested}")]);
    }
    // Names of the user's own may have dots.
    yaml("auth: {user: a, session: {my.setting: x}}")
        .build()
        .unwrap();
}

#[test]
fn an_unquoted_string_that_looks_like_a_number_is_refused_where_it_would_change() {
    let found = mistakes(yaml("auth: {user: 0123}"));
    assert!(
        found[0].starts_with("auth.user (crdb.yaml:1): expected a string (quote it"),
        "{}",
        found[0]
    );
}

#[test]
fn the_bad_item_of_a_list_is_named() {
    let nodes =
        "expected a list of one node or more, each as host, host:port or [address]:port, found ";
    for (list, found) in [
        (
            "[db-1, 'db-2:x', db-3]",
            "`db-2` with a wrong port as item 2",
        ),
        ("[db-1, null]", "nothing as item 2"),
        (
            "[{address: db-1, prot: 1}]",
            "a table with address, prot as item 1",
        ),
        ("[[db-1]]", "a list as item 1"),
        ("['postgresql://a:s3cret@h']", "item 1"),
        ("[]", "an empty list"),
        ("'db-1, db-2:x'", "`db-2` with a wrong port as item 2"),
        ("'db-1:x'", "`db-1` with a wrong port"),
        ("' , '", "an empty list"),
    ] {
        let mistakes = mistakes(yaml(&format!("auth: {{user: a, nodes: {list}}}")));
        assert_eq!(
            mistakes,
            [format!("auth.nodes (crdb.yaml:1): {nodes}{found}")]
        );
    }
    let found = mistakes(yaml("auth: {user: a, password_command: []}"));
    assert!(found[0].ends_with("found an empty list"), "{found:?}");
    let found = mistakes(yaml(
        "auth: {user: a, tls: {root_certificates: [a.pem, 5]}}",
    ));
    assert!(found[0].ends_with("found `5` as item 2"), "{found:?}");
}

#[test]
fn names_of_other_tools_hint_at_the_key() {
    for (variable, key) in [
        ("CRDB_HOST", "CRDB_AUTH__NODES"),
        ("CRDB_PORT", "CRDB_AUTH__NODES"),
        ("CRDB_AUTH__PORT", "CRDB_AUTH__NODES"),
        ("CRDB_HOSTADDR", "CRDB_AUTH__NODES"),
        ("CRDB_URL", "CRDB_AUTH__URL"),
        ("CRDB_USER", "CRDB_AUTH__USER"),
        ("CRDB_PASSWORD", "CRDB_AUTH__PASSWORD"),
        ("CRDB_DBNAME", "CRDB_AUTH__DATABASE"),
        ("CRDB_SSLMODE", "CRDB_AUTH__TLS__MODE"),
        ("CRDB_SSLROOTCERT", "CRDB_AUTH__TLS__ROOT_CERTIFICATES"),
        ("CRDB_CONNECT_TIMEOUT", "CRDB_AUTH__CONNECT_TIMEOUT"),
    ] {
        let found = mistakes(complete().variables([(variable, "26257")]));
        assert!(
            found[0].ends_with(&format!("no such key; did you mean {key}?")),
            "{found:?}"
        );
    }
}

#[test]
fn a_renamed_key_names_the_key_of_today() {
    assert_eq!(
        mistakes(yaml("auth: {user: a}\nexec: {deadline: 5s}")),
        ["exec.deadline (crdb.yaml:2): no such key; did you mean exec.timeout?"]
    );
}

#[test]
fn one_mistake_brings_no_second_false_one() {
    // What the URL, the file or the value would have set is not known, so nothing is said about it.
    let found = mistakes(
        Config::builder().variables([("CRDB_AUTH__URL", "postgresql://a@h/?sslmode=sometimes")]),
    );
    assert_eq!(found.len(), 1, "{found:?}");
    let url = "postgresql://a@h/?sslcert=a.crt&sslkey=a.key&sslmode=sometimes";
    let found = mistakes(
        yaml("auth: {tls: {client_certificate: a.crt}}").variables([("CRDB_AUTH__URL", url)]),
    );
    assert_eq!(found.len(), 1, "{found:?}");
    let found = mistakes(yaml(
        "auth: {user: a}\npool: {min_size: 20, max_size: many}",
    ));
    assert_eq!(found.len(), 1, "{found:?}");
    let found = mistakes(
        complete()
            .file("no/such/crdb.yaml")
            .set(keys::pool::MIN_SIZE, 20_u32),
    );
    assert_eq!(found.len(), 1, "{found:?}");
    // What was meant for the user is not missing, and a section that is none may have had it.
    for builder in [
        yaml("auth: {usr: a}"),
        yaml("auth: {username: a}"),
        yaml("auth: {User: a}"),
        yaml("ath: {user: a}"),
        yaml("user: a"),
        yaml("auth: [{user: a}]"),
        yaml("auth: a"),
        yaml("auth: {user: [a]}"),
        yaml("url: 'postgresql://a@h/b'"),
        Config::builder().variables([("CRDB_USER", "a")]),
        Config::builder().variables([("CRDB_AUTH_USER", "a")]),
        Config::builder().variables([("CRDB_AUTH__USERNAME", "a")]),
        Config::builder().variables([("CRDB_DATABASE_URL", "postgresql://a@h/b")]),
    ] {
        let found = mistakes(builder);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(!found[0].contains("empty list"), "{found:?}");
    }
    assert_eq!(mistakes(yaml("auth: {database: b}")).len(), 1);
    assert_eq!(mistakes(yaml("auth: {databse: b}")).len(), 2);
    // A true second one is reported.
    let found = mistakes(Config::builder().variables([
        ("CRDB_AUTH__URL", "postgresql://a@h/?sslmode=sometimes"),
        ("CRDB_POOL__MIN_SIZE", "20"),
    ]));
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn two_ways_to_give_a_password_in_one_source_conflict() {
    let found = mistakes(yaml("auth: {user: a, password: x, password_env: Y}"));
    assert_eq!(
        found,
        ["auth.password (crdb.yaml:1): set either this or auth.password_env, not both"]
    );
}

#[test]
fn keys_that_contradict_each_other_name_both_places() {
    let found = mistakes(
        yaml("auth: {user: a}\npool: {min_size: 9}").variables([("CRDB_POOL__MAX_SIZE", "8")]),
    );
    assert_eq!(
        found,
        [
            "pool.min_size (crdb.yaml:2): 9 must not be above pool.max_size, which is 8 (variable CRDB_POOL__MAX_SIZE)"
        ]
    );
}

#[test]
fn lanes_leave_a_session_for_transactions() {
    let of = |lanes| {
        yaml(&format!(
            "auth: {{user: a}}\npool: {{max_size: 4}}\nexec: {{lanes: {lanes}}}"
        ))
    };
    assert!(of(0).build().is_ok());
    assert!(of(3).build().is_ok());
    assert_eq!(
        mistakes(of(4)),
        [
            "exec.lanes (crdb.yaml:3): 4 must be below pool.max_size, which is 4 (crdb.yaml:2), or no session is left for transactions"
        ]
    );
}

#[test]
fn an_unknown_section_without_a_near_key_lists_the_sections() {
    let found = mistakes(complete().set_text("zzzz.qqqqqqqqq", "1"));
    assert!(
        found[0]
            .ends_with("no such key; the sections are auth, pool, sql, exec, cache, observe, cli"),
        "{}",
        found[0]
    );
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_named() {
    use std::os::unix::ffi::OsStringExt;
    let value = std::ffi::OsString::from_vec(vec![0xff, 0xfe]);
    let found = mistakes(complete().variables([("CRDB_AUTH__DATABASE", value)]));
    assert_eq!(
        found,
        ["auth.database (variable CRDB_AUTH__DATABASE): expected text in UTF-8"]
    );
}

#[test]
fn a_certificate_without_its_key_is_half_a_thing() {
    let found = mistakes(yaml("auth: {user: a, tls: {client_certificate: a.crt}}"));
    assert_eq!(
        found,
        [
            "auth.tls.client_certificate (crdb.yaml:1): it needs auth.tls.client_key, which is not set"
        ]
    );
    let found = mistakes(yaml("auth: {user: a, require_auth: [scram, '!gss']}"));
    assert!(
        found[0].starts_with("auth.require_auth (crdb.yaml:1): expected methods out of password, "),
        "{}",
        found[0]
    );
}

#[test]
fn a_connection_string_is_checked_as_a_whole_and_never_shown() {
    for (url, expected) in [
        ("postgresql://a:s3cret@h/?sslmode=sometimes", "sslmode"),
        ("postgresql://a:s3cret@h/?requirepeer=x", "requirepeer"),
        (
            "postgresql://a:s3cret@h:port/",
            "a connection string, as libpq reads it",
        ),
        ("s3cret", "a connection string, as libpq reads it"),
        (
            "postgresql://a:s3cret@h/?target_session_attrs=standby",
            "target_session_attrs",
        ),
    ] {
        let found = mistakes(Config::builder().variables([("CRDB_AUTH__URL", url)]));
        let mistake = found
            .iter()
            .find(|mistake| mistake.starts_with("auth.url (variable CRDB_AUTH__URL)"))
            .unwrap();
        assert!(mistake.contains(expected), "{mistake}");
        assert!(!mistake.contains("s3cret"), "{mistake}");
    }
}

#[cfg(not(feature = "kerberos"))]
#[test]
fn kerberos_needs_its_feature() {
    let found = mistakes(yaml("auth: {user: a, kerberos: {cache: default}}"));
    assert_eq!(
        found,
        [
            "auth.kerberos.cache (crdb.yaml:1): this program was built without Kerberos: it needs the feature \
          `kerberos` of crdb-facade"
        ]
    );
}

#[test]
fn where_to_listen_is_a_port_or_an_address_and_a_collector_has_no_password() {
    let found = mistakes(
        complete()
            .set_text("observe.endpoint.listen", "localhost")
            .set_text("observe.otlp.endpoint", "http://me:secret@collector:4318")
            .set_text("observe.otlp.interval", "0s")
            .set_text("observe.otlp.sample_ratio", "10"),
    );
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(
        found
            .iter()
            .any(|mistake| mistake.contains("expected a port, or an IP address and a port")),
        "{found:?}"
    );
    assert!(!found.concat().contains("secret"), "{found:?}");
}

#[cfg(not(feature = "toml"))]
#[test]
fn a_file_of_toml_needs_its_feature() {
    let text = Config::builder().text("crdb.toml", crdb_facade::config::Format::Toml, "");
    assert_eq!(
        mistakes(text)[0],
        "crdb.toml: expected a file named .yaml or .yml, since this program was built without TOML: it needs the feature `toml` of crdb-facade"
    );
}

#[cfg(not(feature = "endpoint"))]
#[test]
fn an_endpoint_needs_its_feature() {
    let found = mistakes(complete().set_text("observe.endpoint.listen", "9464"));
    assert!(
        found[0].ends_with("this program was built without the endpoint: it needs the feature `endpoint` of crdb-facade"),
        "{found:?}"
    );
}

#[cfg(feature = "endpoint")]
#[test]
fn a_port_alone_is_one_of_this_machine() {
    let listen = |text| {
        let config = complete().set_text("observe.endpoint.listen", text).build();
        let key = crdb_facade::config::keys::observe::ENDPOINT_LISTEN;
        config.unwrap().get(key).map(|address| address.to_string())
    };
    assert_eq!(listen("9464").as_deref(), Some("127.0.0.1:9464"));
    assert_eq!(listen("0.0.0.0:9464").as_deref(), Some("0.0.0.0:9464"));
    assert_eq!(listen("[::1]:0").as_deref(), Some("[::1]:0"));
    assert_eq!(listen("none"), None);
}
