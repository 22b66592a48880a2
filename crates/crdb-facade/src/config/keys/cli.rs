//! `cli`: what the program `crdb` may do with this database. A service does not read it.

use std::path::PathBuf;

use super::section;

section! {
    /// Whether the program `crdb` only reads from this database, unless it is given a reason to write.
    PRODUCTION: bool = default("cli.production", "false");
    /// The directory of the audit log that the reasons are written to.
    AUDIT_DIRECTORY: Option<PathBuf> = unset("cli.audit.directory");
    /// The file with the key that chains the audit log's lines: 32 bytes or more.
    AUDIT_KEY: Option<PathBuf> = unset("cli.audit.key");
    /// The file with the Ed25519 key that signs the audit log's checkpoints, in PKCS#8 (DER).
    AUDIT_SIGNING_KEY: Option<PathBuf> = unset("cli.audit.signing_key");
}
