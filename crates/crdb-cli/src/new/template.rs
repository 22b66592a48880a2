//! What a new service begins with.

/// A file of the template: where it goes, and what is in it.
pub(super) struct File {
    pub(super) path: &'static str,
    text: &'static str,
}

macro_rules! files {
    ($($path:literal $(from $source:literal)?),+ $(,)?) => {
        &[$(File { path: $path, text: include_str!(concat!("../../template/", files!(@ $path $($source)?))) }),+]
    };
    (@ $path:literal) => { $path };
    (@ $path:literal $source:literal) => { $source };
}

/// All of them. Cargo leaves a directory with a `Cargo.toml` out of a package, and git's own file would hide files here.
pub(super) const FILES: &[File] = files![
    "Cargo.toml" from "Cargo.toml.template",
    ".gitignore" from "gitignore",
    "README.md",
    "crdb.yaml",
    "sql/descriptions.txt",
    "sql/migrations/0001_notes.down.sql",
    "sql/migrations/0001_notes.up.sql",
    "sql/queries/notes.sql",
    "src/api.rs",
    "src/failure.rs",
    "src/generated.rs",
    "src/main.rs",
    "src/migrations.rs",
    "src/tests.rs",
];

/// What a template's gaps are filled with.
pub(super) struct Filling<'a> {
    pub(super) name: &'a str,
    /// How the manifest names the crates: `version = ".."` or `path = ".."`.
    pub(super) facade: &'a str,
    pub(super) testkit: &'a str,
}

impl File {
    /// The text with its gaps filled.
    pub(super) fn fill(&self, filling: &Filling<'_>) -> String {
        self.text
            .replace("{{name}}", filling.name)
            .replace("{{crdb-facade}}", filling.facade)
            .replace("{{crdb-testkit}}", filling.testkit)
    }
}
