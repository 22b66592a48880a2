//! The tap sees the same in the same bytes, however the reads cut them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], u16)| {
    crdb_auth::fuzzing::tap(input.0, usize::from(input.1));
});
