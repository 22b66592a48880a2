//! For all messages of a server that does not know the password, SCRAM ends in an error.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|messages: (&[u8], &[u8])| {
    crdb_auth::fuzzing::scram(messages.0, messages.1);
});
