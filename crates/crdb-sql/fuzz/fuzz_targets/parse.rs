//! The dialect neither panics nor overflows its stack, and what it accepts prints to text with the same tree.
#![no_main]

use crdb_sql::dialect::facts::Facts;
use crdb_sql::dialect::{self, Options};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    round_trip(text, &Options::new());
    if text.contains(':') {
        round_trip(text, &Options::new().named_placeholders(true));
    }
});

fn round_trip(text: &str, options: &Options) {
    let Ok(statements) = dialect::parse_with(text, options) else {
        return;
    };
    for statement in statements {
        let _facts = Facts::of(&statement);
        let printed = statement.to_string();
        match dialect::parse_with(&printed, options) {
            Ok(again) => assert_eq!(again, [statement], "{printed}"),
            Err(error) => panic!("printed {printed}\n{error}"),
        }
    }
}
