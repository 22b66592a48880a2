//! Whatever a server sends after the startup message, the login ends, in bounded time and memory.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    crdb_auth::fuzzing::startup(bytes);
});
