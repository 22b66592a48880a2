use crdb_facade::Config;

use super::{mistakes, yaml};

const CANARY: &str = "c4nary-s3cret";

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
        super::toml(&format!("auth.user = 'a'\nauth.password = \"{CANARY}\n")),
        super::toml(&format!("auth.user = 'a'\nauth.password = {CANARY}\n")),
        super::complete().variables([("CRDB_AUTH__PASSWD", CANARY)]),
        // Signs of YAML's and TOML's own before the password.
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
        yaml(&format!(
            "auth:\n  user: a\n  password: {CANARY}\n  password: {CANARY}\n"
        )),
        yaml(&format!("auth:\n  user: a\n  password: !!int {CANARY}\n")),
        yaml(&format!("auth:\n  user: a\n  password: !!bool {CANARY}\n")),
        yaml(&format!(
            "auth:\n  user: a\n  password: !!binary {CANARY}\n"
        )),
        yaml(&format!("auth:\n  user: a\n  password: ${{{CANARY}: x}}\n")),
        super::toml(&format!(
            "auth.user = 'a'\nauth.password = \"\\q{CANARY}\"\n"
        )),
        super::toml(&format!(
            "auth.user = 'a'\nauth.password = '{CANARY}' {CANARY}\n"
        )),
        super::toml(&format!(
            "auth.user = 'a'\nauth.password = '{CANARY}'\nauth.password = '{CANARY}'\n"
        )),
        super::toml(&format!("auth.user = 'a'\nauth.password.{CANARY}\n")),
        super::toml(&format!("auth.user = 'a'\nauth.password = ['{CANARY}']\n")),
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
    for builder in builders {
        let error = builder.clone().build().unwrap_err();
        let text = format!(
            "{error} {error:?} {:?} {builder:?} {:?}",
            error.mistakes(),
            mistakes(builder.clone())
        );
        assert!(!text.contains(CANARY), "{text}");
    }
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
