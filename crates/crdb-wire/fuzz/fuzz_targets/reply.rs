//! A server that answers a prepared statement and simple ones with these bytes, in pieces of any size.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], u8)| {
    crdb_wire::fuzzing::reply(input.0, usize::from(input.1));
});
