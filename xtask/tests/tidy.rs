//! `cargo xtask tidy` on copies of this workspace's manifests: as they are, and with something wrong in them.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const LICENCES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];

/// A copy of the manifests, each with an empty source file for its targets.
struct Copy {
    directory: tempfile::TempDir,
}

impl Copy {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let directory = tempfile::tempdir().unwrap();
        for file in ["Cargo.toml", "Cargo.lock"] {
            fs::copy(root.join(file), directory.path().join(file)).unwrap();
        }
        let mut members: Vec<PathBuf> = ["sql", "tests", "benches", "xtask"]
            .map(PathBuf::from)
            .into();
        for below in ["crates", "examples"] {
            for entry in fs::read_dir(root.join(below)).unwrap() {
                members.push(Path::new(below).join(entry.unwrap().file_name()));
            }
        }
        for member in members {
            let (from, to) = (root.join(&member), directory.path().join(&member));
            fs::create_dir_all(to.join("src")).unwrap();
            for target in sources(&from) {
                fs::create_dir_all(to.join(&target).parent().unwrap()).unwrap();
                let readme =
                    "#[cfg(doctest)]\n#[doc = include_str!(\"../README.md\")]\nstruct Readme;\n";
                fs::write(to.join(target), readme).unwrap();
            }
            fs::copy(from.join("Cargo.toml"), to.join("Cargo.toml")).unwrap();
            fs::write(to.join("README.md"), "```\n```\n").unwrap();
            fs::write(to.join("CHANGELOG.md"), "## Unreleased\n").unwrap();
            for licence in LICENCES {
                fs::write(to.join(licence), licence).unwrap();
            }
        }
        for licence in LICENCES {
            fs::write(directory.path().join(licence), licence).unwrap();
        }
        Self { directory }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    fn replace(&self, file: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(old), "{file} has no {old:?}");
        fs::write(self.path(file), text.replacen(old, new, 1)).unwrap();
    }

    /// Whether tidy passes, and what it prints.
    fn tidy(&self) -> (bool, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("tidy")
            .arg("--root")
            .arg(self.directory.path())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    }
}

/// The files of a package's targets, relative to it.
fn sources(package: &Path) -> Vec<PathBuf> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(package.join("Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap();
    let package = package.canonicalize().unwrap();
    metadata
        .packages
        .iter()
        .filter(|found| {
            found
                .manifest_path
                .parent()
                .is_some_and(|at| *at == *package)
        })
        .flat_map(|found| &found.targets)
        .map(|target| {
            target
                .src_path
                .strip_prefix(package.to_str().unwrap())
                .unwrap()
                .into()
        })
        .collect()
}

#[test]
fn the_manifests_as_they_are_pass() {
    let (passes, output) = Copy::new().tidy();
    assert!(passes, "{output}");
}

#[test]
fn a_forbidden_arrow_is_named_with_the_place_of_the_drawing() {
    let copy = Copy::new();
    copy.replace(
        "crates/crdb-pool/Cargo.toml",
        "[dependencies]\n",
        "[dependencies]\ncrdb-auth.workspace = true\n",
    );
    let (passes, output) = copy.tidy();
    assert!(!passes, "{output}");
    assert!(
        output.contains("crdb-pool -> crdb-auth is not drawn in docs/architecture.md"),
        "{output}"
    );
    assert!(output.contains("crates/crdb-pool/Cargo.toml"), "{output}");
    // The same arrow is also seen by what it brings in.
    assert!(
        output.contains("crdb-pool must not know tokio-postgres"),
        "{output}"
    );
}

#[test]
fn a_package_ships_its_licences_and_shows_all_its_features() {
    let copy = Copy::new();
    fs::remove_file(copy.path("crates/crdb-pool/LICENSE-MIT")).unwrap();
    fs::write(copy.path("crates/crdb-exec/LICENSE-APACHE"), "another text").unwrap();
    copy.replace("crates/crdb-sql/Cargo.toml", "all-features = true\n", "");
    let (passes, output) = copy.tidy();
    assert!(!passes, "{output}");
    for finding in [
        "crates/crdb-pool/LICENSE-MIT: manifests: the package ships without it",
        "crates/crdb-exec/LICENSE-APACHE: manifests: the package ships without it",
        "crates/crdb-sql/Cargo.toml: manifests: write all-features = true below [package.metadata.docs.rs]",
    ] {
        assert!(output.contains(finding), "{finding}: {output}");
    }
}

#[test]
fn a_forbidden_arrow_of_the_tests_is_named_too() {
    let copy = Copy::new();
    copy.replace(
        "crates/crdb-sql/Cargo.toml",
        "[dev-dependencies]\n",
        "[dev-dependencies]\ncrdb-facade.workspace = true\n",
    );
    let (passes, output) = copy.tidy();
    assert!(!passes, "{output}");
    assert!(
        output.contains("dev-dependency crdb-sql -> crdb-facade is not drawn"),
        "{output}"
    );
}

#[test]
fn the_executor_with_the_parser_fails() {
    let copy = Copy::new();
    copy.replace(
        "crates/crdb-exec/Cargo.toml",
        "crdb-sql.workspace = true",
        "crdb-sql = { workspace = true, default-features = true }",
    );
    let (passes, output) = copy.tidy();
    assert!(!passes, "{output}");
    assert!(
        output.contains("crdb-exec -> crdb-sql is drawn without default features"),
        "{output}"
    );
}

#[test]
fn a_crate_that_everybody_would_share_fails() {
    let copy = Copy::new();
    let core = copy.path("crates/crdb-core");
    fs::create_dir_all(core.join("src")).unwrap();
    fs::write(core.join("src/lib.rs"), "").unwrap();
    fs::write(
        core.join("Cargo.toml"),
        "[package]\nname = \"crdb-core\"\nversion = \"0.1.0\"\n",
    )
    .unwrap();
    let (passes, output) = copy.tidy();
    assert!(!passes, "{output}");
    for rule in [
        "crdb-core is not drawn",
        "[lints] workspace = true",
        "edition.workspace = true",
        "crates/crdb-core/README.md",
        "crates/crdb-core/CHANGELOG.md",
    ] {
        assert!(output.contains(rule), "{rule}: {output}");
    }
}

#[test]
fn orphans_empty_names_leaks_ignored_tests_and_machine_paths_are_found() {
    let copy = Copy::new();
    let pool = "crates/crdb-pool/src";
    fs::write(copy.path(pool).join("forgotten.rs"), "").unwrap();
    fs::write(copy.path(pool).join("utils.rs"), "").unwrap();
    fs::write(copy.path(pool).join("found.rs"), "").unwrap();
    let lib = fs::read_to_string(copy.path(pool).join("lib.rs")).unwrap();
    let code = "mod utils;\n#[path = \"found.rs\"]\nmod elsewhere;\nstruct Error;\n\
                impl From<tokio_postgres::Error> for Error { fn from(_: tokio_postgres::Error) -> Self { Error } }\n\
                #[test] #[ignore = \"slow\"] fn never_runs() {}\n\
                /// ```ignore\n/// let x;\n/// ```\nfn documented() {}\n\
                #[test] #[ignore = \"needs CockroachDB: it drains\"] fn runs_there() {}\n";
    fs::write(copy.path(pool).join("lib.rs"), lib + code).unwrap();
    fs::create_dir_all(copy.path("docs")).unwrap();
    fs::write(
        copy.path("docs/guide.md"),
        concat!("run /", "home/ada/demo\n"),
    )
    .unwrap();
    let (passes, output) = copy.tidy();
    assert!(!passes, "{output}");
    for found in [
        "crates/crdb-pool/src/forgotten.rs: orphans",
        "crates/crdb-pool/src/lib.rs: names: a module called utils",
        "crates/crdb-pool/src/lib.rs: leaks: impl From<tokio_postgres::Error>",
        "crates/crdb-pool/src/lib.rs: ignored: never_runs",
        "crates/crdb-pool/src/lib.rs: ignored: an example in the documentation",
        "docs/guide.md:1: machine",
    ] {
        assert!(output.contains(found), "{found}: {output}");
    }
    assert!(!output.contains("runs_there"), "{output}");
    assert!(!output.contains("found.rs: orphans"), "{output}");
}
