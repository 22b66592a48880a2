//! Any text is read or refused; what is read means the same when it is written down again.
#![no_main]

use crdb_auth::ConnectionString;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(pairs) = ConnectionString::parse_pairs(text) else {
        assert!(text.parse::<ConnectionString>().is_err());
        return;
    };
    let written: String = pairs
        .iter()
        .map(|(word, value)| format!("{word} = {} ", quoted(value)))
        .collect();
    assert_eq!(
        ConnectionString::parse_pairs(&written).ok(),
        Some(pairs),
        "{written}"
    );
    // The key=value form has no ends of user names and passwords to miss, so that it may be read where the URI is refused.
    if let Ok(read) = text.parse::<ConnectionString>() {
        let again = written.parse::<ConnectionString>().unwrap();
        assert!(!read.endpoints().is_empty());
        assert_eq!(read.endpoints(), again.endpoints());
        assert_eq!(
            read.config().build().is_ok(),
            again.config().build().is_ok()
        );
    }
});

/// The value in libpq's quotes.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}
