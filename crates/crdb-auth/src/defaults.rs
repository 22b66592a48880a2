//! What [`Config::builder`](crate::Config::builder) and its parts start from.
//!
//! Declared here and nowhere else: a layer above that has the same settings takes its defaults from these, and those of
//! [`SslMode`](crate::SslMode), [`ChannelBinding`](crate::ChannelBinding) and their siblings from their `Default`.

use std::time::Duration;

/// How long a login may take, from the look-up of the name to the first ReadyForQuery.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Whether a password may be sent in clear without TLS.
pub const PERMIT_CLEARTEXT_WITHOUT_TLS: bool = false;
/// Whether PostgreSQL's MD5 login may happen.
pub const PERMIT_MD5: bool = false;
/// Silence before the first TCP keepalive probe.
pub const KEEPALIVE_IDLE: Option<Duration> = Some(Duration::from_secs(30));
/// Time between keepalive probes.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// Unanswered keepalive probes after which a connection is dead.
pub const KEEPALIVE_RETRIES: u32 = 3;
/// How long sent data may stay unacknowledged.
pub const TCP_USER_TIMEOUT: Option<Duration> = Some(Duration::from_secs(30));
/// The lowest SCRAM iteration count that is accepted: RFC 7677's, PostgreSQL's default, CockroachDB's minimum.
pub const SCRAM_MIN_ITERATIONS: u32 = 4_096;
/// The highest SCRAM iteration count that is accepted. CockroachDB's default was 119,680 in v22.2 and is 10,610 now.
pub const SCRAM_MAX_ITERATIONS: u32 = 500_000;
/// The first part of the name of the service that a Kerberos ticket is asked for: libpq's.
pub const KERBEROS_SERVICE: &str = "postgres";
/// Whether Kerberos may happen without TLS.
pub const KERBEROS_PERMIT_WITHOUT_TLS: bool = false;
/// Whether the server is handed a ticket with which it can log in elsewhere.
pub const KERBEROS_DELEGATE: bool = false;
