//! SCRAM-SHA-256 (RFC 5802, RFC 7677), the client's side, as a chain of states.
//!
//! postgres-protocol has an implementation; it can neither keep the derived keys, so that every
//! reconnect pays PBKDF2 again, nor accept the 119,680 iterations that CockroachDB v22.2 uses.

mod exchange;
mod keys;

pub use exchange::IterationLimits;
pub(crate) use exchange::{Binding, ClientFirst, ScramError};
pub(crate) use keys::{KeyCache, Keys};

/// The mechanism's name without channel binding.
pub(crate) const SCRAM_SHA_256: &str = "SCRAM-SHA-256";

/// The mechanism's name with channel binding.
pub(crate) const SCRAM_SHA_256_PLUS: &str = "SCRAM-SHA-256-PLUS";
