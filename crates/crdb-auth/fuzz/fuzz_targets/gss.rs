//! Whatever tokens a server sends, and whatever the library makes of them, nobody is let in without having proven who it is.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    crdb_auth::fuzzing::gss(input.1, input.0);
});
