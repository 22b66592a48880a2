//! Whatever a server says, SCRAM ends in an error: nobody without the password is believed.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|messages: (&[u8], &[u8])| {
    crdb_auth::fuzzing::scram(messages.0, messages.1);
});
