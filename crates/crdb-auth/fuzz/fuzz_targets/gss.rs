//! For all tokens that a server sends, no server is accepted that has not proven its identity.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    crdb_auth::fuzzing::gss(input.1, input.0);
});
