//! Logs in to CockroachDB and PostgreSQL: TLS, credentials and the startup handshake.
//!
//! Configuration in, an authenticated session out: as a `tokio_postgres::Client` that knows what
//! has happened on it, or as the bytes for another protocol implementation. This crate keeps no
//! pool, retries nothing and knows no SQL beyond resetting a session.
//!
//! ```no_run
//! use crdb_auth::{Config, Connector, Endpoint, RootCertificates, TlsConfig};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config::builder()
//!     .user("app")
//!     .database("bank")
//!     .password("secret")
//!     .tls(TlsConfig::new().roots(RootCertificates::file("certs/ca.crt")))
//!     .build()?;
//! let session = Connector::new(config)?
//!     .connect(&Endpoint::new("db.example.com", 26257))
//!     .await?;
//! let call = session.begin_call();
//! let row = call.client().query_one("SELECT 1::INT8", &[]).await?;
//! call.finish();
//! assert_eq!(row.get::<_, i64>(0), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # What it guarantees
//! - TLS with verify-full unless another mode is asked for; no password leaves in clear without
//!   TLS, none as MD5, unless that is permitted by name.
//! - One deadline over name resolution, TCP, TLS and login.
//! - Secrets are wiped from memory when dropped and print as `***`. No error repeats text that may be one, such as a piece of
//!   a password that an unescaped character has cut out of a URL, or the content of a key file. (`tokio-postgres` logs the values
//!   of statements' parameters at DEBUG; keep its target `tokio_postgres` at INFO where they are secret.)
//! - A session says without a round trip whether it is like new, see [`Session::cleanliness`].
//!
//! # Features
//! | feature | adds |
//! | --- | --- |
//! | `tokio-postgres` (default) | [`Session`]: a `tokio_postgres::Client` on the stream, by [`Connector::connect`] |
//! | `kerberos` | GSSAPI logins on Unix, by the system's Kerberos library |
//! | `bb8`, `deadpool` | `SessionManager`, which keeps sessions in a pool of these crates |
//!
//! # Modules in reading order
//! `endpoint`, `config`, `connection_string`, `target`, `tls`, `policy`, `credential`, `authenticator`,
//! `kerberos`, `connector`, `net`, `startup`, `scram`, `stream`, `question`, `canceller`, `session`, `tap`,
//! `facts`, `command_tag`, `transaction_status`, `observer`, `doctor`, `error`, `der`.

mod authenticator;
mod canceller;
mod command_tag;
mod config;
mod connection_string;
mod connector;
mod credential;
pub mod defaults;
mod der;
mod doctor;
mod endpoint;
mod error;
mod error_category;
mod facts;
mod file_name;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(all(feature = "kerberos", unix))]
mod kerberos;
mod net;
mod observer;
mod policy;
mod progress;
mod question;
mod quoted;
mod scram;
mod secret;
mod secret_file;
mod server_error;
#[cfg(feature = "tokio-postgres")]
mod session;
#[cfg(any(feature = "bb8", feature = "deadpool"))]
mod session_manager;
pub mod shown;
mod startup;
mod stream;
#[cfg(feature = "tokio-postgres")]
mod tap;
mod target;
mod tls;
mod transaction_status;
mod turn;

pub use authenticator::{AuthContext, AuthRequest, Authenticator, Exchange, ExchangeFuture};
pub use canceller::Canceller;
pub use command_tag::CommandTag;
pub use config::{Config, ConfigBuilder};
pub use connection_string::ConnectionString;
pub use connector::Connector;
pub use credential::{
    Command, Credential, CredentialError, CredentialFuture, CredentialRequest, CredentialSource,
    Password, TimeLeft,
};
pub use doctor::{Diagnosis, Doctor, DoctorStep, Finding, Outcome};
pub use endpoint::Endpoint;
pub use error::{Error, ErrorKind};
pub use error_category::ErrorCategory;
pub use facts::{Engine, ServerFacts, Version};
pub use file_name::{is_file_content, is_name_of_secret_file};
#[cfg(all(feature = "kerberos", unix))]
pub use kerberos::Kerberos;
pub use net::{DialFuture, DialledStream, Dialler, SocketOptions};
pub use observer::{
    CancelBegin, CancelEnd, ConnectBegin, ConnectEnd, ConnectTimings, Connected, FanOut, Observer,
    OperationOutcome, PartialObserver, ReloadFailed, Token, WithoutTls,
};
pub use policy::{AuthMethod, ChannelBinding, RequireAuth};
pub use quoted::without_values;
pub use scram::IterationLimits;
pub use secret::Secret;
pub use secret_file::read_secret_file;
pub use server_error::ServerError;
#[cfg(feature = "tokio-postgres")]
pub use session::{Call, CancelHandle, Cleanliness, OwnedCall, Renewal, Session};
#[cfg(any(feature = "bb8", feature = "deadpool"))]
pub use session_manager::SessionManager;
pub use stream::AuthenticatedStream;
#[cfg(feature = "tokio-postgres")]
pub use tap::{DirtyReason, Tap};
pub use target::TargetSessionAttrs;
pub use tls::{
    ClientCertificate, RevocationLists, RootCertificates, SslMode, TlsConfig, TlsNegotiation,
    TlsVersion,
};
pub use transaction_status::TransactionStatus;

/// The README's examples, compiled and run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
