//! `crdb new`: a service to begin with.

mod template;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;

use crate::exit::{Exit, Usage};
use template::{FILES, Filling};

/// Writes a new service: HTTP, typed SQL, migrations, configuration, metrics, tests.
///
/// The directory must not exist, or be empty. What is written compiles and its tests pass; its README says what to do next.
#[derive(Clone, Debug, Args)]
pub(crate) struct Arguments {
    /// The directory to write; its last part is the package's name
    directory: PathBuf,
    /// The package's name [default: the directory's]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Use the crates in this directory, a clone's `crates`, instead of published ones
    #[arg(long, value_name = "DIRECTORY")]
    crates: Option<PathBuf>,
}

/// Writes the files.
///
/// # Errors
/// When the directory has files, the name is none of a package's, or the system refuses.
pub(crate) fn run(arguments: &Arguments, as_json: bool) -> Result<Exit> {
    let directory = &arguments.directory;
    let name = name(arguments)?;
    let facade = dependency("crdb-facade", arguments.crates.as_deref())?;
    let testkit = dependency("crdb-testkit", arguments.crates.as_deref())?;
    refuse_files(directory)?;
    let filling = Filling {
        name: &name,
        facade: &facade,
        testkit: &testkit,
    };
    for file in FILES {
        let path = directory.join(file.path);
        let parent = path.parent().unwrap_or(directory);
        fs::create_dir_all(parent).with_context(|| format!("creating {}", parent.display()))?;
        // Never over a file that has come meanwhile.
        let mut options = fs::File::options();
        options.write(true).create_new(true);
        let mut opened = options
            .open(&path)
            .with_context(|| format!("creating {}", path.display()))?;
        std::io::Write::write_all(&mut opened, file.fill(&filling).as_bytes())
            .with_context(|| format!("writing {}", path.display()))?;
    }
    if as_json {
        let files: Vec<_> = FILES.iter().map(|file| file.path).collect();
        let directory = directory.display().to_string();
        println!(
            "{}",
            json!({ "name": name, "directory": directory, "files": files })
        );
    } else {
        println!("{name} is written to {}.\n", directory.display());
        println!("Next:");
        println!("  cd {}", directory.display());
        println!("  crdb dev -- cargo test     its tests, on a server that is gone afterwards");
        println!("  crdb dev -- cargo run      the service; README.md says what to ask it");
    }
    Ok(Exit::Done)
}

/// The package's name.
fn name(arguments: &Arguments) -> Result<String> {
    let from_directory = || {
        // `.` and `..` have names once they are resolved.
        let named = arguments.directory.file_name().map(ToOwned::to_owned);
        let named = named.or_else(|| {
            let resolved = fs::canonicalize(&arguments.directory).ok()?;
            resolved.file_name().map(ToOwned::to_owned)
        });
        named.and_then(|name| name.into_string().ok())
    };
    let name = arguments.name.clone().or_else(from_directory);
    let name = name.unwrap_or_default();
    if is_package_name(&name) {
        return Ok(name);
    }
    Err(Usage::new(format!(
        "{name:?} is no name for a package: it begins with a letter and has letters, digits, `-` and `_` in it; choose another \
         with --name"
    ))
    .into())
}

/// What cargo takes, except for the names of crates that come with Rust, and of those that the service uses.
fn is_package_name(name: &str) -> bool {
    const TAKEN: [&str; 11] = [
        "alloc",
        "axum",
        "core",
        "proc_macro",
        "proc-macro",
        "serde",
        "std",
        "test",
        "tokio",
        "tower",
        "tracing",
    ];
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
        && !TAKEN.contains(&name)
        && !is_keyword(name)
}

/// Rust's words, which cargo refuses as names (the Rust reference, "Keywords").
fn is_keyword(name: &str) -> bool {
    const KEYWORDS: [&str; 52] = [
        "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
        "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
        "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv",
        "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true", "try",
        "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
    ];
    KEYWORDS.contains(&name)
}

/// How the manifest names a crate: the one in a directory, or the one that is published with this program.
fn dependency(name: &str, crates: Option<&Path>) -> Result<String> {
    let Some(crates) = crates else {
        return Ok(format!("version = {:?}", env!("CARGO_PKG_VERSION")));
    };
    let path = crates.join(name);
    let path = fs::canonicalize(&path)
        .map_err(|error| Usage::new(format!("--crates: {}: {error}", path.display())))?;
    Ok(format!("path = {:?}", path.display().to_string()))
}

fn refuse_files(directory: &Path) -> Result<()> {
    let mut entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(error).with_context(|| format!("reading {}", directory.display()));
        }
    };
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(Usage::new(format!(
            "{} is not empty; name a directory that does not exist",
            directory.display()
        ))
        .into()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_cargo_takes() {
        for good in ["bank", "bank-service", "b2", "a_b"] {
            assert!(is_package_name(good), "{good}");
        }
        for bad in [
            "", "1bank", "-x", "a b", "für", "fn", "test", "a.b", "../x", "tokio", "\"x",
        ] {
            assert!(!is_package_name(bad), "{bad}");
        }
    }

    #[test]
    fn no_gap_stays() {
        let filling = Filling {
            name: "bank",
            facade: "version = \"1\"",
            testkit: "version = \"1\"",
        };
        for file in FILES {
            let text = file.fill(&filling);
            assert!(
                !text.contains("{{crdb") && !text.contains("{{name"),
                "{}",
                file.path
            );
        }
    }

    #[test]
    fn every_file_of_the_template_is_written() {
        fn below(directory: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => below(&path, found),
                    false => found.push(path),
                }
            }
        }
        let mut found = Vec::new();
        below(
            Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/template")),
            &mut found,
        );
        assert_eq!(found.len(), FILES.len(), "{found:?}");
    }
}
