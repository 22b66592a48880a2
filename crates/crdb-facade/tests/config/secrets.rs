use crdb_facade::Config;
use crdb_facade::config::ConfigBuilder;

use super::{mistakes, yaml};

pub(super) const CANARY: &str = "c4nary-s3cret";

#[test]
fn a_password_is_printed_nowhere() {
    let config = yaml(&format!("auth: {{user: a, password: '{CANARY}'}}"))
        .build()
        .unwrap();
    for text in [
        format!("{config:?}"),
        format!("{config:#?}"),
        config.explain().to_string(),
        format!("{:?}", config.explain()),
        format!(
            "{:?}",
            config.get(crdb_facade::config::keys::auth::PASSWORD)
        ),
    ] {
        assert!(!text.contains(CANARY), "{text}");
        assert!(text.contains("***"), "{text}");
    }
}

#[test]
fn a_mistake_near_a_password_does_not_show_it() {
    let builders = [
        yaml(&format!("auth: {{user: a, password: [{CANARY}]}}")),
        yaml(&format!("auth: {{user: a, pasword: {CANARY}}}")),
        yaml(&format!("auth: {{user: a, password: '{CANARY}, b: c}}")),
        yaml(&format!(
            "auth: {{user: a, nodes: 'postgresql://a:{CANARY}@localhost'}}"
        )),
        yaml(&format!("auth:\n  user: a\n  password: {CANARY}: x\n")),
        super::complete().variables([("CRDB_AUTH__PASSWD", CANARY)]),
        // Signs of YAML's own before the password.
        yaml(&format!("auth:\n  user: a\n  password: *{CANARY}\n")),
        yaml(&format!("auth:\n  user: a\n  password: &{CANARY}\n")),
        yaml(&format!("auth:\n  user: a\n  password: !{CANARY}\n")),
        yaml(&format!("auth:\n  user: a\n  password: !!{CANARY} x\n")),
        yaml(&format!("auth:\n  user: a\n  password: %{CANARY}\n")),
        yaml(&format!("auth:\n  user: a\n  password: @{CANARY}\n")),
        yaml(&format!("auth:\n  user: a\n  password: `{CANARY}\n")),
        yaml(&format!("auth:\n  user: a\n  password: |{CANARY}\n")),
        yaml(&format!("auth:\n  user: a\n  password: \"\\q{CANARY}\"\n")),
        yaml(&format!("auth:\n  user: a\n  password: {{{CANARY}\n")),
        yaml(&format!("auth:\n  user: a\n  password: [{CANARY}\n")),
        yaml(&format!("auth:\n  user: a\n  password: {{{CANARY}}}\n")),
        yaml(&format!("auth:\n  user: a\n  password: {{{CANARY}: x}}\n")),
        yaml(&format!(
            "auth:\n  user: a\n  password: {{{CANARY}: {{x: y}}}}\n"
        )),
        yaml(&format!("auth:\n  user: a\n  jwt: [[{CANARY}]]\n")),
        yaml(&format!(
            "auth:\n  user: a\n  password_file: {{{CANARY}}}\n"
        )),
        yaml(&format!("auth:\n  user: a\n  password_file: [{CANARY}]\n")),
        yaml(&format!("auth:\n  user: a\n  password_file: !{CANARY}\n")),
        yaml(&format!("auth:\n  user: a\n  password_env: {{{CANARY}}}\n")),
        yaml(&format!(
            "auth:\n  user: a\n  password_command: {{{CANARY}: x}}\n"
        )),
        yaml(&format!("auth:\n  user: a\n  jwt_file: {{{CANARY}}}\n")),
        yaml(&format!(
            "auth: {{user: a, tls: {{client_key: {{{CANARY}}}}}}}"
        )),
        yaml(&format!(
            "auth:\n  user: a\n  password: {CANARY}\n  password: {CANARY}\n"
        )),
        yaml(&format!("auth:\n  user: a\n  password: !!int {CANARY}\n")),
        yaml(&format!("auth:\n  user: a\n  password: !!bool {CANARY}\n")),
        yaml(&format!(
            "auth:\n  user: a\n  password: !!binary {CANARY}\n"
        )),
        yaml(&format!("auth:\n  user: a\n  password: ${{{CANARY}: x}}\n")),
        // Cut out of a connection string that was put where nodes belong.
        yaml(&format!("auth: {{user: a, nodes: ['a:{CANARY}']}}")),
        yaml(&format!(
            "auth: {{user: a, nodes: ['postgresql://a:{CANARY}']}}"
        )),
        yaml(&format!(
            "auth: {{user: a, nodes: 'postgresql://a:{CANARY},x@localhost'}}"
        )),
        yaml(&format!(
            "auth: {{user: a, nodes: [{{address: 'a:{CANARY}'}}]}}"
        )),
        super::complete().variables([(
            "CRDB_AUTH__NODES",
            &format!("postgresql://a:{CANARY}/x,b@c"),
        )]),
        super::complete().set_text("auth.nodes", &format!("db,{CANARY}/x@c")),
        super::complete().set_text("auth.nodes", &format!("a,{CANARY}:x,y@c")),
        super::complete().set_text("auth.nodes", &format!("a:{CANARY}")),
        yaml(&format!(
            "auth: {{user: a, password_command: [pass, [{CANARY}]]}}"
        )),
        // In a connection string, as another word's value.
        super::complete().set_text("auth.url", &format!("host=db port={CANARY}")),
        super::complete().set_text("auth.url", &format!("host=db {CANARY}")),
        super::complete().set_text("auth.url", &format!("host=db {CANARY}=1")),
        super::complete().set_text("auth.url", &format!("host=db connect_timeout={CANARY}")),
        super::complete().set_text(
            "auth.url",
            &format!("postgresql://a@db/x?keepalives_idle={CANARY}"),
        ),
        super::complete().set_text(
            "auth.url",
            &format!("postgresql://a@db/x?ssl_min_protocol_version={CANARY}"),
        ),
        super::complete().set_text(
            "auth.url",
            &format!("postgresql://a@db/x?require_auth={CANARY}"),
        ),
        super::complete().set_text(
            "auth.url",
            &format!("postgresql://a@db/x?sslnegotiation={CANARY}"),
        ),
        super::complete().set_text("auth.url", &format!("postgresql://a@db/x?{CANARY}")),
        super::complete().set_text(
            "auth.url",
            &format!("postgresql://a@db/x?tcp_user_timeout={CANARY}"),
        ),
        super::complete().set_text(
            "auth.url",
            &format!("postgresql://a@db/x?target_session_attrs={CANARY}"),
        ),
        super::complete().set_text("auth.url", &format!("mysql://a:{CANARY}@db/x")),
    ];
    builders.into_iter().for_each(assert_hidden);
}

/// A configuration with a mistake shows the canary nowhere.
pub(super) fn assert_hidden(builder: ConfigBuilder) {
    let error = builder.clone().build().unwrap_err();
    let shown = format!("{builder:?}");
    let text = format!(
        "{error} {error:?} {:?} {shown} {:?}",
        error.mistakes(),
        mistakes(builder)
    );
    assert!(!text.contains(CANARY), "{text}");
}

/// `CRDB_AUTH__TLS__CLIENT_KEY="$(cat client.key)"`, and a token or a keytab in place of its file.
#[test]
fn the_content_of_a_file_where_its_name_belongs_is_not_shown() {
    let key = "-----BEGIN PRIVATE KEY-----\nMIIEcanary4711\n-----END PRIVATE KEY-----";
    for (variable, content) in [
        ("CRDB_AUTH__TLS__CLIENT_KEY", key.to_owned()),
        ("CRDB_AUTH__TLS__CLIENT_KEY", key.replace('\n', "")),
        ("CRDB_AUTH__TLS__CLIENT_KEY", format!("{key}\n")),
        ("CRDB_AUTH__TLS__ROOT_CERTIFICATES", key.to_owned()),
        (
            "CRDB_AUTH__JWT_FILE",
            "eyJcanary4711.eyJcanary4711.x".to_owned(),
        ),
        (
            "CRDB_AUTH__PASSWORD_FILE",
            "canary4711\ncanary4711".to_owned(),
        ),
        (
            "CRDB_AUTH__KERBEROS__KEYTAB",
            format!("BQIA{}", "canary4711".repeat(8)),
        ),
    ] {
        let error = Config::builder()
            .set_text("auth.user", "a")
            .set_text("auth.tls.client_certificate", "client.crt")
            .variables([(variable, content.as_str())])
            .build()
            .unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("canary4711"), "{shown}");
        assert!(
            shown.contains(variable)
                && (shown.contains("where its name belongs") || shown.contains("remove it")),
            "{shown}"
        );
    }
}

/// `password_file: hunter2`: a password where the name of its file belongs, in every source and printed in every way.
#[tokio::test]
async fn a_secret_where_a_name_belongs_is_not_shown() {
    for secret in [
        "c4nary-s3cret",
        "/c4nary-s3cret",
        "c4nary/s3cret",
        "./c4nary s3cret",
    ] {
        let keys = [
            "auth.password_file",
            "auth.passfile",
            "auth.jwt_file",
            "auth.password_env",
            "auth.jwt_env",
            #[cfg(feature = "kerberos")]
            "auth.kerberos.keytab",
            "auth.tls.client_key",
            #[cfg(feature = "otlp")]
            "observe.otlp.headers_file",
        ];
        let written = |key: &str| {
            let (section, name) = key.rsplit_once('.').unwrap();
            match section {
                "observe.otlp" => format!(
                    "auth: {{user: a}}\nobserve: {{otlp: {{endpoint: 'http://localhost:1', {name}: '{secret}'}}}}"
                ),
                "auth" => format!("auth: {{user: a, {name}: '{secret}'}}"),
                _ => format!(
                    "auth: {{user: a, {}: {{{name}: '{secret}'}}}}",
                    section.strip_prefix("auth.").unwrap()
                ),
            }
        };
        for key in keys {
            for builder in [
                super::complete().set_text(key, secret),
                super::complete().variables([(
                    format!("CRDB_{}", key.to_uppercase().replace('.', "__")),
                    secret,
                )]),
                Config::builder().text(
                    "/etc/crdb.yaml",
                    crdb_facade::config::Format::Yaml,
                    &written(key),
                ),
            ] {
                let certificate = "auth.tls.client_certificate";
                let builder = match key {
                    "auth.tls.client_key" => builder.set_text(certificate, file!()),
                    "observe.otlp.headers_file" => {
                        builder.set_text("observe.otlp.endpoint", "http://localhost:1")
                    }
                    _ => builder,
                };
                let config = builder.build().unwrap();
                let error = crdb_facade::Database::open(config.clone())
                    .await
                    .unwrap_err();
                let shown = format!(
                    "{config:?} {} {error} {error:?} {error:#?}",
                    config.explain()
                );
                for half in ["c4nary", "s3cret"] {
                    assert!(!shown.contains(half), "{key}: {shown}");
                }
                assert!(error.to_string().contains(key), "{error}");
            }
        }
    }
}

/// `user: app:hunter2` is what is left of a connection string that was cut, and options take secrets of an application's own.
#[tokio::test]
async fn a_piece_of_a_connection_string_and_options_are_not_shown() {
    for (key, value, shown_part) in [
        ("auth.user", format!("app:{CANARY}"), "app:.."),
        ("auth.user", format!("app:{CANARY}@db1/bank"), "app:.."),
        (
            "auth.user",
            format!("postgresql://app:{CANARY}@db1"),
            "postgresql:..",
        ),
        ("auth.database", format!("{CANARY}@db1/bank"), ".."),
        (
            "auth.database",
            format!("postgresql://app:{CANARY}@db1/bank"),
            "..",
        ),
        ("auth.application_name", format!("app:{CANARY}@db1"), ".."),
        ("auth.options", CANARY.to_owned(), ".."),
        ("auth.options", format!("-c {CANARY}"), "-c .."),
        (
            "auth.options",
            format!("-c app.token={CANARY}"),
            "-c app.token=..",
        ),
        (
            "auth.options",
            format!("--search_path={CANARY}"),
            "--search_path=..",
        ),
    ] {
        for builder in [
            super::complete().set_text(key, &value),
            super::complete().variables([(
                format!("CRDB_{}", key.to_uppercase().replace('.', "__")),
                value.as_str(),
            )]),
        ] {
            let config = builder
                .set_text("auth.nodes", "127.0.0.1:1")
                .build()
                .unwrap();
            let explained = config.explain().to_string();
            let line = explained
                .lines()
                .find(|line| line.starts_with(key))
                .unwrap();
            assert!(line.contains(shown_part), "{line}");
            let error = crdb_facade::Database::open(config.clone())
                .await
                .unwrap_err();
            let shown = format!("{config:?} {explained} {error} {error:?} {error:#?}");
            assert!(!shown.contains(CANARY), "{key}: {shown}");
        }
    }
    let config = yaml(&format!(
        "auth: {{user: a, session: {{app.token: '{CANARY}', search_path: '{CANARY}', statement_timeout: 5s}}}}"
    ));
    let config = config.build().unwrap();
    let shown = format!("{config:?} {}", config.explain());
    assert!(!shown.contains(CANARY), "{shown}");
    assert!(shown.contains("statement_timeout=\"5s\""), "{shown}");
}

#[test]
fn the_arguments_of_a_command_are_not_shown() {
    let with = |argument: &str| {
        yaml(&format!(
            "auth: {{user: a, password_command: [vault, --token, {argument}]}}"
        ))
        .build()
        .unwrap()
    };
    let config = with(CANARY);
    let shown = format!("{config:?} {}", config.explain());
    assert!(!shown.contains(CANARY), "{shown}");
    assert!(shown.contains("vault, ***"), "{shown}");
    // Nor can they be guessed by the fingerprint.
    assert_eq!(config.fingerprint(), with("other").fingerprint());
}

/// The name of a file that was mounted, or should have been, helps who mends it.
#[tokio::test]
async fn the_name_of_a_file_that_is_a_name_is_shown() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("not/mounted/password");
    let path = path.to_str().unwrap();
    let config = super::complete()
        .set_text("auth.password_file", path)
        .build()
        .unwrap();
    assert!(config.explain().to_string().contains(path));
    let error = crdb_facade::Database::open(config).await.unwrap_err();
    assert!(error.to_string().contains(path), "{error}");
}

/// What looks for the file must not take its content: `password_file: /dev/fd/63`, and a pipe that is filled later.
#[tokio::test]
async fn a_pipe_that_holds_the_password_is_not_opened_before_the_login() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("password");
    let made = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .unwrap();
    assert!(made.success());
    let config = super::complete()
        .set_text("auth.password_file", pipe.to_str().unwrap())
        .set_text("auth.nodes", "127.0.0.1:1")
        .set_text("auth.connect_timeout", "200ms")
        .build()
        .unwrap();
    let opened = crdb_facade::Database::open(config);
    let opened = tokio::time::timeout(std::time::Duration::from_secs(60), opened).await;
    opened.expect("it waits for a writer").unwrap_err();
}

#[test]
fn a_collectors_address_has_no_query() {
    for url in [
        format!("http://collector:4318/?token={CANARY}"),
        format!("http://collector:4318/#{CANARY}"),
    ] {
        let found = mistakes(super::complete().set_text("observe.otlp.endpoint", &url));
        assert!(
            !found.is_empty() && !found.concat().contains(CANARY),
            "{found:?}"
        );
    }
}
