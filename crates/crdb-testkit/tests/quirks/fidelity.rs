//! `docs/fidelity.md` names the tests of this program, and every one of them.

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn the_table_names_every_test_and_no_other() {
    let crate_directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(crate_directory.join("../../docs/fidelity.md")).unwrap();
    let named: BTreeSet<String> = table
        .split('`')
        .filter(|text| text.contains("::") && !text.contains(' '))
        .map(str::to_owned)
        .collect();

    let mut present = BTreeSet::new();
    for entry in std::fs::read_dir(crate_directory.join("tests/quirks")).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_string_lossy().into_owned();
        if module == "fidelity" {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        for part in source.split("#[tokio::test]").skip(1) {
            let name = part.split("fn ").nth(1).unwrap().split('(').next().unwrap();
            present.insert(format!("{module}::{name}"));
        }
    }
    let lacking: Vec<_> = present.difference(&named).collect();
    let stale: Vec<_> = named.difference(&present).collect();
    assert!(
        lacking.is_empty() && stale.is_empty(),
        "not in the table: {lacking:?}; not in the tests: {stale:?}"
    );
}
