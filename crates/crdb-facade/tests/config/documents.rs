//! The files that show the configuration are right.

use std::fmt::Write as _;

use crdb_facade::Config;
use crdb_facade::config::{Reference, reference};

const EXAMPLE: &str = include_str!("../../crdb.example.yaml");
const README: &str = include_str!("../../README.md");

/// `# default` at the end of a line of the example says that the line changes nothing.
#[test]
fn the_example_loads_and_its_defaults_are_the_defaults() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/crdb.example.yaml");
    let config = Config::builder().file(path).build().unwrap();
    let minimal = super::complete().build().unwrap();
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    for line in config.explain().iter() {
        let crdb_facade::config::Origin::File {
            line: Some(number), ..
        } = line.origin()
        else {
            continue;
        };
        if lines[number - 1]
            .split("# default")
            .nth(1)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(';'))
        {
            let default = minimal
                .explain()
                .iter()
                .find(|other| other.key() == line.key())
                .unwrap()
                .value()
                .to_owned();
            assert_eq!(line.value(), default, "{}", line.key());
        }
    }
}

#[test]
fn the_example_shows_every_key() {
    for key in reference() {
        let name = key.key().rsplit('.').next().unwrap();
        let shown = EXAMPLE.lines().any(|line| {
            line.trim_start()
                .trim_start_matches("# ")
                .trim_start()
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(':'))
        });
        assert!(shown, "crdb.example.yaml does not show {}", key.key());
    }
}

/// Commented lines are examples too: each must be a key that exists.
#[test]
fn the_environment_example_names_real_keys() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.env.example");
    let text = std::fs::read_to_string(path).unwrap();
    let variables: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| line.trim_start_matches('#').trim().split_once('='))
        .filter(|(name, _)| name.starts_with("CRDB_"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert!(variables.len() > 5, "{variables:?}");
    let known: Vec<String> = reference().map(|key| key.variable()).collect();
    for (name, _) in &variables {
        assert!(known.contains(name) || name == "CRDB_CONFIG", "{name}");
    }
    // Alternatives exclude each other, so they are tried one by one.
    for variable in variables {
        super::complete().variables([variable]).build().unwrap();
    }
}

#[test]
fn the_readme_lists_every_key() {
    let table = table();
    assert!(
        README.contains(&table),
        "the table of keys in README.md should be:\n{table}"
    );
}

fn table() -> String {
    let mut table = String::from("| key | default | takes | for |\n| --- | --- | --- | --- |\n");
    for key in reference() {
        writeln!(
            table,
            "| `{}` | {} | {} | {} |",
            key.key(),
            default(&key),
            key.expected(),
            key.description()
        )
        .expect("a String takes every text");
    }
    table
}

fn default(key: &Reference) -> String {
    match key.default() {
        Some(text) => format!("`{text}`"),
        None if key.is_required() => "required".to_owned(),
        None => String::new(),
    }
}
