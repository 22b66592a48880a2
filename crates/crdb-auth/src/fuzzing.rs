//! What the fuzz targets in `fuzz/` reach. Not part of the crate: only built with `--cfg fuzzing`.

use std::sync::Mutex;

use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::net::Transport;
use crate::scram::{Binding, ClientFirst, IterationLimits, KeyCache, Keys};
use crate::secret::Secret;
use crate::startup::{Login, log_in};
use crate::tap::{Scanner, Tap};

/// A challenge and a final message from somebody who does not know the password.
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
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap_or_else(|error| panic!("no runtime: {error}"));
    }
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let Ok((ours, mut theirs)) = UnixStream::pair() else {
                return;
            };
            let Ok(config) = Config::builder().user("app").password("secret").build() else {
                return;
            };
            let server = async {
                drop(theirs.write_all(bytes).await);
                drop(theirs.shutdown().await);
                // Kept open for what the client says, so that it is not told of a broken pipe.
                theirs
            };
            let login = Login {
                config: &config,
                endpoint: &Endpoint::new("fuzz", 1),
                keys: &KeyCache::default(),
                attempt: "fuzzing",
                progress: &|_| {},
                used: Mutex::default(),
            };
            let (result, _theirs) = tokio::join!(log_in(login, Transport::Unix(ours)), server);
            drop(result);
        });
    });
}

/// The same bytes in one read and in two.
///
/// # Panics
/// When the tap tells them apart.
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
    let _ = crate::tls::certificate_expiry(bytes);
}
