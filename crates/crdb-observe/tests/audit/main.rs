//! The audit log: what is written is read again, what is changed is named, what was acknowledged survives a kill (R13).
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot prepare itself fails, and its figures are read from its output"
)]

mod damaged;
mod killed;
mod written;

use std::path::Path;

use crdb_observe::audit::{AuditConfig, MacKey, Outcome, Record, Signer, Verifier};

fn key() -> MacKey {
    MacKey::new(&[42; 32]).unwrap()
}

fn signer() -> Signer {
    Signer::from_seed("bank.example/audit", &[7; 32]).unwrap()
}

fn config(directory: &Path) -> AuditConfig {
    AuditConfig::new(directory, key(), signer())
}

fn verifier() -> Verifier {
    Verifier::new()
        .key(key())
        .verifier_key(signer().verifier_key())
}

fn record(number: u64) -> Record {
    Record::new("teller-17", Outcome::Done)
        .service("bank")
        .query("accounts.withdraw")
        .parameter("account", format!("ACC-{number:06}"))
        .rows(1)
}
