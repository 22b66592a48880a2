//! Any text is read or refused; what is read gives a configuration or an error.
#![no_main]

use crdb_auth::ConnectionString;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    drop(ConnectionString::parse_pairs(text));
    if let Ok(string) = text.parse::<ConnectionString>() {
        assert!(!string.endpoints().is_empty());
        drop(string.config().build());
    }
});
