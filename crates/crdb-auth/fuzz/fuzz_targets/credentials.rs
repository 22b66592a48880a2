//! Password files, tokens and certificates are read without surprises.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    crdb_auth::fuzzing::credentials(bytes);
});
