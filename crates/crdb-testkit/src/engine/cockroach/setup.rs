//! The statements that make a new CockroachDB ready for tests. Pure.

use crate::engine::Optional;
use crate::engine::login::{Credentials, Login};
use crate::engine::options::EngineOptions;
use crate::engine::tls::quoted;

/// Who may log in how, after the rules that a test adds. The first line that fits decides; CockroachDB itself puts one for
/// `root` before all others.
const LAST_RULES: &str = "\
hostssl all cert_user all cert
host all trust_user all trust
host all password_user all password
";

/// As above, since v22.1: `pkg/sql/pgwire/auth_methods.go`.
const SCRAM_RULE: &str = "host all scram_user all scram-sha-256\n";

/// For all others: the default of a cluster without such a rule.
const OTHERS: &str = "host all all all cert-password";

/// The statements that make users and settings; each runs alone, because cluster settings refuse transactions.
pub(super) fn required(
    administrator: &Credentials,
    logins: &[(Login, Credentials)],
    options: &EngineOptions,
) -> Vec<String> {
    let mut statements = vec![
        access_rules(administrator, options, ""),
        format!(
            "CREATE USER {} WITH PASSWORD {}",
            administrator.user,
            quoted(&administrator.password)
        ),
        format!("GRANT admin TO {}", administrator.user),
    ];
    for (_, credentials) in logins.iter().filter(|(login, _)| *login != Login::Scram) {
        statements.push(create_user(credentials));
    }
    for (name, value) in options.settings() {
        statements.push(format!("SET CLUSTER SETTING {name} = {}", quoted(value)));
    }
    statements
}

/// What only some releases know.
pub(super) fn optional(
    administrator: &Credentials,
    logins: &[(Login, Credentials)],
    options: &EngineOptions,
) -> Vec<Optional> {
    let mut statements = vec![
        // The default since v22.2; v22.1 knows SCRAM but stores bcrypt.
        "SET CLUSTER SETTING server.user_login.password_encryption = 'scram-sha-256'".to_owned(),
        access_rules(administrator, options, SCRAM_RULE),
    ];
    statements.extend(
        logins
            .iter()
            .filter(|(login, _)| *login == Login::Scram)
            .map(|(_, credentials)| create_user(credentials)),
    );
    vec![
        Optional {
            statements,
            without: Some(Login::Scram),
        },
        // Plans that change while a test runs, and work in the background that no test asks for.
        Optional::setting("sql.stats.automatic_collection.enabled", "false"),
        // Jobs would hold up a drain for 10 s: since v23.1, `pkg/server/drain.go`.
        Optional::setting("server.shutdown.jobs_wait", "'0s'"),
    ]
}

fn access_rules(administrator: &Credentials, options: &EngineOptions, scram: &str) -> String {
    let mut rules = format!("host all {} all cert-password\n", administrator.user);
    for rule in options.access_rules() {
        rules.push_str(rule);
        rules.push('\n');
    }
    let rules = format!("{rules}{LAST_RULES}{scram}{OTHERS}");
    format!(
        "SET CLUSTER SETTING server.host_based_authentication.configuration = {}",
        quoted(&rules)
    )
}

fn create_user(credentials: &Credentials) -> String {
    let mut statement = format!("CREATE USER {}", credentials.user);
    if !credentials.password.is_empty() {
        statement.push_str(&format!(" WITH PASSWORD {}", quoted(&credentials.password)));
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(user: &str) -> Credentials {
        Credentials {
            user: user.to_owned(),
            password: "p".to_owned(),
            certificate: None,
        }
    }

    #[test]
    fn a_release_without_scram_gets_everything_else() {
        let logins =
            [Login::Scram, Login::Password].map(|login| (login, credentials(login.user())));
        let options = EngineOptions::default().access_rule("host all all 10.0.0.0/8 reject");
        let admin = credentials("a");
        let must = required(&admin, &logins, &options).join(";\n");
        assert!(!must.contains("scram"), "{must}");
        assert!(
            must.contains("CREATE USER password_user WITH PASSWORD 'p'"),
            "{must}"
        );
        let may = optional(&admin, &logins, &options);
        assert_eq!(may[0].without, Some(Login::Scram));
        let scram = may[0].statements.join(";\n");
        let place = |text: &str| scram.find(text).unwrap();
        // A test's own rules come before ours, and all others last.
        assert!(
            place("host all a all") < place("10.0.0.0/8 reject"),
            "{scram}"
        );
        assert!(
            place("10.0.0.0/8 reject") < place("scram_user all scram"),
            "{scram}"
        );
        assert!(place("scram_user all scram") < place(OTHERS), "{scram}");
        assert!(
            scram.contains("CREATE USER scram_user WITH PASSWORD 'p'"),
            "{scram}"
        );
    }
}
