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
