//! `auth`: where the cluster is, who you are, and how you prove it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crdb_auth::{Secret, SslMode};

use super::section;
use crate::config::Node;
use crate::config::setting::words;

section! {
    /// The nodes of the cluster, or one load balancer.
    NODES: Vec<Node> = default("auth.nodes", "localhost:26257"),
        only "a list of one node or more, each as host, host:port or [address]:port" |nodes| !nodes.is_empty();
    /// The SQL user.
    USER: String = required("auth.user");
    /// The database.
    DATABASE: String = default("auth.database", "defaultdb");
    /// The password itself. Better leave it out of files: of `password`, `password_env` and
    /// `password_file`, the one from the strongest source counts.
    PASSWORD: Option<Secret> = unset("auth.password");
    /// The variable of the environment that holds the password.
    PASSWORD_ENV: Option<String> = unset("auth.password_env");
    /// The file that holds the password; one newline at its end is not part of it.
    PASSWORD_FILE: Option<PathBuf> = unset("auth.password_file");
    /// The name that the server shows for these sessions.
    APPLICATION_NAME: Option<String> = unset("auth.application_name");
    /// How long opening a session may take: name look-up, TCP, TLS and login together.
    CONNECT_TIMEOUT: Duration = default("auth.connect_timeout", "10s"),
        only "a duration above zero, like 10s" |timeout| !timeout.is_zero();
    /// Whether TLS is used and what it must hold, as libpq's `sslmode`.
    TLS_MODE: SslMode = default("auth.tls.mode", "verify-full");
    /// A PEM file with the certificates of the authorities to trust, instead of the system's.
    TLS_ROOT_CERTIFICATES: Option<PathBuf> = unset("auth.tls.root_certificates");
    /// Session variables to set at login, each by its name.
    SESSION: BTreeMap<String, String> = unset("auth.session");
}

words!(SslMode, "disable, allow, prefer, require, verify-ca or verify-full", {
    "disable" => SslMode::Disable,
    "allow" => SslMode::Allow,
    "prefer" => SslMode::Prefer,
    "require" => SslMode::Require,
    "verify-ca" => SslMode::VerifyCa,
    "verify-full" => SslMode::VerifyFull,
});
