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
    /// Command-line options for the server, in libpq's spelling.
    OPTIONS: Option<String> = unset("auth.options");
    /// How long opening a session may take: name look-up, TCP, TLS and login together.
    CONNECT_TIMEOUT: Duration = default("auth.connect_timeout", "10s"),
        only "a duration above zero, like 10s" |timeout| !timeout.is_zero();
    /// Whether opening the database logs in once, so that mistakes show at the start.
    CHECK_AT_OPEN: bool = default("auth.check_at_open", "true");
    /// Silence before the first TCP keepalive probe; `none`: no probes.
    KEEPALIVE_IDLE: Option<Duration> = default("auth.keepalive.idle", "30s");
    /// Time between keepalive probes.
    KEEPALIVE_INTERVAL: Duration = default("auth.keepalive.interval", "10s");
    /// Unanswered keepalive probes after which a connection is dead.
    KEEPALIVE_RETRIES: u32 = default("auth.keepalive.retries", "3");
    /// How long sent data may stay unacknowledged (Linux); `none`: the kernel's limit.
    TCP_USER_TIMEOUT: Option<Duration> = default("auth.tcp_user_timeout", "30s");
    /// The lowest SCRAM iteration count that is accepted.
    SCRAM_MIN_ITERATIONS: u32 = default("auth.scram.min_iterations", "4096"),
        only "a whole number above 0" |count| *count > 0;
    /// The highest SCRAM iteration count that is accepted.
    SCRAM_MAX_ITERATIONS: u32 = default("auth.scram.max_iterations", "500000");
    /// Lets the password be sent in clear without TLS: everyone on the way can read it.
    PERMIT_CLEARTEXT_WITHOUT_TLS: bool = default("auth.permit_cleartext_without_tls", "false");
    /// Lets PostgreSQL's old MD5 login happen.
    PERMIT_MD5: bool = default("auth.permit_md5", "false");
    /// Whether TLS is used and what it must hold, as libpq's `sslmode`.
    TLS_MODE: SslMode = default("auth.tls.mode", "verify-full");
    /// The authorities to trust: PEM files, and `system` for the system's.
    TLS_ROOT_CERTIFICATES: Vec<PathBuf> = default("auth.tls.root_certificates", "system"),
        only "a list of one path or more, or `system`" |paths| !paths.is_empty();
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
