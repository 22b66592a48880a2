//! Connection strings against libpq's own answers (libpq 15), see `connection_strings/generate.py`.

use std::collections::BTreeMap;

use crdb_auth::ConnectionString;

#[test]
fn strings_are_read_as_libpq_reads_them() {
    let (mut read, mut refused) = (0, 0);
    for line in include_str!("connection_strings/libpq.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = case["text"].as_str().unwrap();
        let ours = ConnectionString::parse_pairs(text);
        match (case["options"].as_object(), ours) {
            (Some(options), Ok(pairs)) => {
                let theirs: BTreeMap<_, _> = options
                    .iter()
                    .map(|(key, value)| (key.as_str(), value.as_str().unwrap().to_owned()))
                    .collect();
                assert_eq!(
                    pairs.into_iter().collect::<BTreeMap<_, _>>(),
                    theirs,
                    "{text:?}"
                );
                read += 1;
            }
            (None, Err(error)) => {
                assert!(error.is_config());
                refused += 1;
            }
            (theirs, ours) => panic!("{text:?}: libpq {theirs:?}, this crate {ours:?}"),
        }
    }
    assert!(
        read > 500 && refused > 500,
        "{read} read, {refused} refused"
    );
}
