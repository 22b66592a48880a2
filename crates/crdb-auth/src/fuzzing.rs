//! What the fuzz targets in `fuzz/` reach. Not part of the crate: only built with `--cfg fuzzing`.

use std::sync::Mutex;

use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

#[cfg(all(feature = "kerberos", unix))]
use crate::authenticator::{AuthContext, AuthRequest, Authenticator, Exchange, ExchangeFuture};
use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::facts::SharedParameters;
use crate::net::{Socket, Transport};
use crate::scram::{Binding, ClientFirst, IterationLimits, KeyCache, Keys};
use crate::secret::Secret;
use crate::startup::{LoggedIn, Login, log_in};
#[cfg(feature = "tokio-postgres")]
use crate::tap::{Scanner, Tap};

/// A challenge and a final message from a server that does not know the password.
///
/// # Panics
/// When the exchange succeeds.
pub fn scram(challenge: &[u8], last: &[u8]) {
    let Some(first) = ClientFirst::new(Binding::None) else {
        return;
    };
    // The fuzzer cannot guess a nonce: what it gives as one extends ours.
    let nonce = first.message().split("r=").nth(1).unwrap_or("").to_owned();
    let mut message = format!("r={nonce}").into_bytes();
    message.extend_from_slice(challenge);
    let Ok(limits) = IterationLimits::new(1, 10) else {
        return;
    };
    if let Ok(challenge) = first.challenge(&message, limits) {
        let password = Secret::from("a password");
        let keys = Keys::derive(&password, challenge.salt(), challenge.iterations());
        let (_, verification) = challenge.respond(&keys);
        assert!(verification.verify(last).is_err());
    }
}

/// A server that sends these bytes and hangs up.
///
/// # Panics
/// When the login neither succeeds nor fails.
pub fn startup(bytes: &[u8]) {
    if let Ok(config) = Config::builder().user("app").password("secret").build() {
        drop(log_in_to(bytes, &config));
    }
}

/// A server that asks for GSSAPI and goes on with these bytes, and a library that answers its tokens by the script: a token,
/// none, or a failure. Then what a KDC might say when it is asked for the time.
///
/// # Panics
/// When the login succeeds although the library has not established its context.
#[cfg(all(feature = "kerberos", unix))]
pub fn gss(bytes: &[u8], script: &[u8]) {
    let _ = crate::kerberos::clock::time_in(bytes);
    let kerberos = crate::Kerberos::default_cache().permit_without_tls(true);
    let library = Scripted(script.to_vec());
    let config = Config::builder()
        .user("app")
        .kerberos(kerberos)
        .authenticator(library.clone());
    let Ok(config) = config.build() else {
        return;
    };
    // AuthenticationGSS, which the fuzzer need not find.
    let bytes = [&[b'R', 0, 0, 0, 8, 0, 0, 0, 7], bytes].concat();
    let succeeded = log_in_to(&bytes, &config).is_some_and(|result| result.is_ok());
    assert!(!succeeded || library.may_establish());
}

/// Stands for the Kerberos library: one byte of the script decides each answer.
#[cfg(all(feature = "kerberos", unix))]
#[derive(Clone)]
struct Scripted(Vec<u8>);

#[cfg(all(feature = "kerberos", unix))]
impl Scripted {
    /// Whether an answer of the script is the last that the context needs.
    fn may_establish(&self) -> bool {
        self.0.iter().any(|answer| answer % 4 == 0)
    }
}

#[cfg(all(feature = "kerberos", unix))]
impl Authenticator for Scripted {
    fn begin(&self, _: &AuthContext<'_>, request: &AuthRequest<'_>) -> Option<Box<dyn Exchange>> {
        matches!(request, AuthRequest::Gss).then(|| {
            Box::new(ScriptedExchange {
                answers: self.0.clone().into_iter(),
                established: false,
            }) as Box<dyn Exchange>
        })
    }
}

#[cfg(all(feature = "kerberos", unix))]
struct ScriptedExchange {
    answers: std::vec::IntoIter<u8>,
    established: bool,
}

#[cfg(all(feature = "kerberos", unix))]
impl Exchange for ScriptedExchange {
    fn respond<'a>(&'a mut self, challenge: &'a [u8]) -> ExchangeFuture<'a, Option<Secret>> {
        Box::pin(async move {
            let answer = self.answers.next().unwrap_or(3);
            self.established = answer % 4 == 0;
            match answer % 4 {
                0 => Ok(None),
                1 => Ok(Some(Secret::new(challenge.to_vec()))),
                2 => Ok(Some(Secret::from("a token"))),
                _ => Err("the library refuses".into()),
            }
        })
    }

    fn complete(&mut self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if self.established {
            Ok(())
        } else {
            Err("not established".into())
        }
    }
}

/// What a login says to a server that sends these bytes and hangs up. `None` where this machine has no socket for it.
fn log_in_to(bytes: &[u8], config: &Config) -> Option<Result<LoggedIn, Error>> {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap_or_else(|error| panic!("no runtime: {error}"));
    }
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let (ours, mut theirs) = UnixStream::pair().ok()?;
            let server = async {
                drop(theirs.write_all(bytes).await);
                drop(theirs.shutdown().await);
                // Kept open for what the client says, so that it gets no broken pipe.
                theirs
            };
            let login = Login {
                config,
                endpoint: &Endpoint::new("fuzz", 1),
                keys: &KeyCache::default(),
                parameters: &SharedParameters::default(),
                attempt: "fuzzing",
                progress: &crate::progress::Progress::new(),
                gss: Mutex::default(),
                used: Mutex::default(),
            };
            let (result, _theirs) =
                tokio::join!(log_in(login, Transport::Clear(Socket::Unix(ours))), server);
            Some(result)
        })
    })
}

/// The same bytes in one read and in two.
///
/// # Panics
/// When the tap tells them apart.
#[cfg(feature = "tokio-postgres")]
pub fn tap(bytes: &[u8], cut: usize) {
    let whole = Tap::new(Default::default());
    let mut scanner = Scanner::default();
    whole.observe(&mut scanner, bytes);
    let parts = Tap::new(Default::default());
    let mut scanner = Scanner::default();
    let (left, right) = bytes.split_at(cut.min(bytes.len()));
    parts.observe(&mut scanner, left);
    parts.observe(&mut scanner, right);
    assert_eq!(format!("{whole:?}"), format!("{parts:?}"));
    assert_eq!(whole.commands(), parts.commands());
    assert_eq!(whole.is_replying(), parts.is_replying());
}

/// A password file, a token, a certificate.
pub fn credentials(bytes: &[u8]) {
    let endpoint = Endpoint::new("db", 5432);
    drop(crate::credential::fuzz(bytes, &endpoint));
    drop(crate::tls::tls_server_end_point(bytes));
    let _ = crate::tls::X509::read(bytes);
}
