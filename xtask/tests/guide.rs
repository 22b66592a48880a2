//! The commands of the guide: every block that is marked `sh`, page by page.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The commands of a page, with their lines.
fn commands(page: &str) -> Vec<(usize, String)> {
    let mut commands = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(page.lines()) {
        match line.trim_start().strip_prefix("```") {
            Some("sh") => open = true,
            Some(_) => open = false,
            None if open => commands.push((number, line.to_owned())),
            None => {}
        }
    }
    commands
}

fn pages(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|end| end == "md") {
            found.push(path);
        }
    }
}

/// Runs `cargo xtask` as the program that is under test. Cargo would build another one, without features, and put it where the other
/// tests look for theirs.
const XTASK: &str = r#"cargo() { [ "$1" = xtask ] && shift && "$XTASK" "$@"; }
"#;

#[test]
fn the_commands_of_the_guide_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    pages(&root.join("docs/guide/src"), &mut found);
    found.sort();
    let mut run = 0;
    for page in found {
        for (line, command) in commands(&fs::read_to_string(&page).unwrap()) {
            let output = Command::new("bash")
                .args(["-euo", "pipefail", "-c", &format!("{XTASK}{command}")])
                .env("XTASK", env!("CARGO_BIN_EXE_xtask"))
                .current_dir(root)
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{}:{line}: `{command}` failed:\n{}{}",
                page.display(),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            run += 1;
        }
    }
    assert!(run >= 2, "the guide has {run} commands");
}
