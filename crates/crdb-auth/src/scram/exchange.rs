//! The four messages.

use std::fmt;
use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac};

use super::keys::{Keys, sign};

/// Which iteration counts are accepted from a server.
///
/// The lower limit protects the password: a false server that asks for few iterations gets a
/// proof that is cheap to guess from. The upper one protects this process: the server chooses
/// how long the client computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IterationLimits {
    min: u32,
    max: u32,
}

impl Default for IterationLimits {
    /// 4,096 (RFC 7677, PostgreSQL's default, CockroachDB's minimum) to 500,000 (CockroachDB's
    /// default was 119,680 in v22.2 and is 10,610 now).
    fn default() -> Self {
        Self {
            min: crate::defaults::SCRAM_MIN_ITERATIONS,
            max: crate::defaults::SCRAM_MAX_ITERATIONS,
        }
    }
}

impl IterationLimits {
    /// Counts from `min` to `max`, both included.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when `min` is 0 or above `max`.
    pub fn new(min: u32, max: u32) -> Result<Self, crate::Error> {
        if min == 0 || min > max {
            return Err(crate::Error::config(format!(
                "SCRAM iteration limits {min} to {max}: expected 1 <= min <= max"
            )));
        }
        Ok(Self { min, max })
    }
}

/// The gs2 header: what the client says about channel binding.
#[derive(Clone)]
pub(crate) enum Binding {
    /// `n`: the client does not do it on this connection.
    None,
    /// `y`: the client could, and takes it that the server cannot. A server that can then knows
    /// of a downgrade.
    ServerCannot,
    /// `p=tls-server-end-point` with the hash of the server's certificate (RFC 5929).
    TlsServerEndPoint(Vec<u8>),
}

impl Binding {
    fn header(&self) -> &'static str {
        match self {
            Self::None => "n,,",
            Self::ServerCannot => "y,,",
            Self::TlsServerEndPoint(_) => "p=tls-server-end-point,,",
        }
    }

    fn encoded(&self) -> String {
        let mut input = self.header().as_bytes().to_vec();
        if let Self::TlsServerEndPoint(hash) = self {
            input.extend_from_slice(hash);
        }
        STANDARD.encode(input)
    }
}

/// What the server did wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScramError {
    Malformed(&'static str),
    /// The nonce does not begin with ours: an answer to another exchange.
    ForeignNonce,
    TooFewIterations {
        asked: u32,
        min: u32,
    },
    TooManyIterations {
        asked: u32,
        max: u32,
    },
    /// The server says so, for example `invalid-proof`.
    Refused(String),
    /// The server does not know the password's keys: it is not the server.
    NotTheServer,
}

impl fmt::Display for ScramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(f, "SCRAM message malformed: {what}"),
            Self::ForeignNonce => f.write_str("SCRAM nonce is not an extension of ours"),
            Self::TooFewIterations { asked, min } => write!(
                f,
                "the server asks for {asked} SCRAM iterations, fewer than the {min} required: \
                 raise them on the server, or lower the limit knowingly"
            ),
            Self::TooManyIterations { asked, max } => write!(
                f,
                "the server asks for {asked} SCRAM iterations, more than the {max} allowed"
            ),
            Self::Refused(what) => write!(f, "the server refused with SCRAM error {what:?}"),
            Self::NotTheServer => f.write_str(
                "the server could not prove that it knows the password: it is not the server \
                 it claims to be",
            ),
        }
    }
}

impl std::error::Error for ScramError {}

/// The client's opening.
pub(crate) struct ClientFirst {
    nonce: String,
    binding: Binding,
}

impl ClientFirst {
    /// With a fresh nonce of 18 random bytes; `None` when the system has no randomness to give.
    pub(crate) fn new(binding: Binding) -> Option<Self> {
        let mut random = [0_u8; 18];
        SystemRandom::new().fill(&mut random).ok()?;
        Some(Self::with_nonce(binding, STANDARD.encode(random)))
    }

    fn with_nonce(binding: Binding, nonce: String) -> Self {
        Self { nonce, binding }
    }

    /// The user name is empty: the server takes the one of the startup message.
    fn bare(&self) -> String {
        format!("n=,r={}", self.nonce)
    }

    pub(crate) fn message(&self) -> String {
        format!("{}{}", self.binding.header(), self.bare())
    }

    /// Reads the server's salt and iteration count.
    pub(crate) fn challenge(
        self,
        message: &[u8],
        limits: IterationLimits,
    ) -> Result<Challenge, ScramError> {
        let text = printable(message)?;
        let mut fields = text.split(',');
        let nonce = field(fields.next(), "r=")?;
        let salt = field(fields.next(), "s=")?;
        let count = field(fields.next(), "i=")?;
        if fields.next().is_some() {
            return Err(ScramError::Malformed("an extension follows the iterations"));
        }
        // A nonce that is only ours would let a recorded exchange be replayed.
        if nonce.len() <= self.nonce.len() || !nonce.starts_with(&self.nonce) {
            return Err(ScramError::ForeignNonce);
        }
        let salt = STANDARD
            .decode(salt)
            .map_err(|_| ScramError::Malformed("the salt is not base64"))?;
        if salt.is_empty() {
            return Err(ScramError::Malformed("the salt is empty"));
        }
        let asked: u32 = if count.bytes().all(|byte| byte.is_ascii_digit()) {
            count.parse().ok()
        } else {
            None
        }
        .ok_or(ScramError::Malformed("the iterations are no number"))?;
        let iterations = NonZeroU32::new(asked)
            .filter(|_| asked >= limits.min)
            .ok_or(ScramError::TooFewIterations {
                asked,
                min: limits.min,
            })?;
        if asked > limits.max {
            return Err(ScramError::TooManyIterations {
                asked,
                max: limits.max,
            });
        }
        let final_without_proof = format!("c={},r={nonce}", self.binding.encoded());
        let auth_message = format!("{},{text},{final_without_proof}", self.bare());
        Ok(Challenge {
            salt,
            iterations,
            final_without_proof,
            auth_message,
        })
    }
}

/// The server's salt and count, checked.
pub(crate) struct Challenge {
    salt: Vec<u8>,
    iterations: NonZeroU32,
    final_without_proof: String,
    auth_message: String,
}

impl Challenge {
    pub(crate) fn salt(&self) -> &[u8] {
        &self.salt
    }

    pub(crate) fn iterations(&self) -> NonZeroU32 {
        self.iterations
    }

    /// The client's proof, and what the server must answer to it.
    pub(crate) fn respond(&self, keys: &Keys) -> (String, Verification) {
        let stored = digest::digest(&digest::SHA256, keys.client.as_slice());
        let signature = sign(
            &hmac::Key::new(hmac::HMAC_SHA256, stored.as_ref()),
            self.auth_message.as_bytes(),
        );
        let mut proof = *keys.client;
        for (byte, mask) in proof.iter_mut().zip(signature) {
            *byte ^= mask;
        }
        let message = format!("{},p={}", self.final_without_proof, STANDARD.encode(proof));
        let verification = Verification {
            key: hmac::Key::new(hmac::HMAC_SHA256, keys.server.as_slice()),
            auth_message: self.auth_message.clone(),
        };
        (message, verification)
    }
}

/// Waits for the server's proof.
pub(crate) struct Verification {
    key: hmac::Key,
    auth_message: String,
}

impl Verification {
    /// Only after this is the server known to be the one that knows the password.
    pub(crate) fn verify(self, message: &[u8]) -> Result<(), ScramError> {
        let text = printable(message)?;
        if let Some(refusal) = text.strip_prefix("e=") {
            return Err(ScramError::Refused(refusal.chars().take(100).collect()));
        }
        let signature = STANDARD
            .decode(field(Some(text), "v=")?)
            .map_err(|_| ScramError::Malformed("the server's signature is not base64"))?;
        hmac::verify(&self.key, self.auth_message.as_bytes(), &signature)
            .map_err(|_| ScramError::NotTheServer)
    }
}

/// SCRAM messages of this exchange are short and printable ASCII.
fn printable(message: &[u8]) -> Result<&str, ScramError> {
    if message.len() > 2048 {
        return Err(ScramError::Malformed("longer than 2048 bytes"));
    }
    std::str::from_utf8(message)
        .ok()
        .filter(|text| text.bytes().all(|byte| (0x20..0x7f).contains(&byte)))
        .ok_or(ScramError::Malformed("not printable ASCII"))
}

fn field<'a>(text: Option<&'a str>, prefix: &'static str) -> Result<&'a str, ScramError> {
    text.and_then(|text| text.strip_prefix(prefix))
        .ok_or(ScramError::Malformed(match prefix {
            "r=" => "the nonce is missing",
            "s=" => "the salt is missing",
            "i=" => "the iterations are missing",
            _ => "the server's signature is missing",
        }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::secret::Secret;

    const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
    const SERVER_FIRST: &str =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    fn first() -> ClientFirst {
        ClientFirst::with_nonce(Binding::None, NONCE.to_owned())
    }

    fn challenge(message: &str) -> Result<Challenge, ScramError> {
        first().challenge(message.as_bytes(), IterationLimits::default())
    }

    /// An exchange computed with Python's hashlib and hmac: the numbers of RFC 7677, section 3,
    /// with the empty user name that PostgreSQL's clients send.
    #[test]
    fn an_exchange_with_known_numbers() {
        assert_eq!(first().message(), format!("n,,n=,r={NONCE}"));
        let challenge = challenge(SERVER_FIRST).unwrap();
        let keys = Keys::derive(
            &Secret::from("pencil"),
            challenge.salt(),
            challenge.iterations(),
        );
        let (message, verification) = challenge.respond(&keys);
        assert_eq!(
            message,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=qvT2SWdEH5Q06albL+hjSYuUhCG7VndFyzIb7CK4n9k="
        );
        verification
            .verify(b"v=3HO6Qt1M4MKJrmlKaoOqLAI0/0TV0HZe7J9H3MBtSOg=")
            .unwrap();
    }

    #[test]
    fn a_server_that_does_not_know_the_password_is_found_out() {
        let challenge = challenge(SERVER_FIRST).unwrap();
        let keys = Keys::derive(&Secret::from("pencil"), challenge.salt(), NonZeroU32::MIN);
        let (_, verification) = challenge.respond(&keys);
        assert_eq!(
            verification.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
            Err(ScramError::NotTheServer)
        );
        let (_, verification) = challenge.respond(&keys);
        assert_eq!(
            verification.verify(b"e=invalid-proof"),
            Err(ScramError::Refused("invalid-proof".to_owned()))
        );
    }

    #[test]
    fn counts_outside_the_limits_cost_nothing() {
        let with = |count: &str| challenge(&SERVER_FIRST.replace("4096", count)).err();
        let low = |asked| Some(ScramError::TooFewIterations { asked, min: 4096 });
        assert_eq!(with("0"), low(0));
        assert_eq!(with("1"), low(1));
        assert_eq!(with("4095"), low(4095));
        assert_eq!(
            with("2147483647"),
            Some(ScramError::TooManyIterations {
                asked: 2_147_483_647,
                max: 500_000
            })
        );
        for bad in ["", "+4096", "-1", "4096x", "99999999999"] {
            assert_eq!(
                with(bad),
                Some(ScramError::Malformed("the iterations are no number")),
                "{bad}"
            );
        }
        assert_eq!(with("119680"), None, "CockroachDB v22.2");
    }

    #[test]
    fn a_nonce_must_extend_ours() {
        for nonce in [NONCE, "r0prNGfwEbeRWgbNEkqOxxxxxxxxxx", ""] {
            let message = format!("r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
            assert_eq!(challenge(&message).err(), Some(ScramError::ForeignNonce));
        }
    }

    #[test]
    fn channel_binding_travels_in_the_final_message() {
        let first =
            ClientFirst::with_nonce(Binding::TlsServerEndPoint(vec![1, 2, 3]), NONCE.to_owned());
        assert!(first.message().starts_with("p=tls-server-end-point,,n=,r="));
        let challenge = first
            .challenge(SERVER_FIRST.as_bytes(), IterationLimits::default())
            .unwrap();
        let expected = STANDARD.encode(b"p=tls-server-end-point,,\x01\x02\x03");
        assert!(
            challenge
                .final_without_proof
                .starts_with(&format!("c={expected},r="))
        );
    }

    proptest! {
        #[test]
        fn any_server_message_is_survived(message in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop(first().challenge(&message, IterationLimits::default()));
            let challenge = challenge(SERVER_FIRST).unwrap();
            let keys = Keys { client: [1; 32].into(), server: [2; 32].into() };
            let (_, verification) = challenge.respond(&keys);
            prop_assert!(verification.verify(&message).is_err());
        }

        #[test]
        fn any_fields_are_survived(nonce in "[ -~]{0,40}", salt in "[A-Za-z0-9+/=]{0,40}", count in "[0-9+-]{0,12}") {
            let message = format!("r={NONCE}{nonce},s={salt},i={count}");
            drop(challenge(&message));
        }
    }
}
