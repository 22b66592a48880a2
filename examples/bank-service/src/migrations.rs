//! The files of `sql/migrations`, in the program: the image needs nothing beside it.

use crdb_facade::migrate::{Error, Migrations};

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../sql/migrations/", $name)))),+]
    };
}

const FILES: &[(&str, &str)] = files![
    "0001_bank.up.sql",
    "0002_transfer_request.down.sql",
    "0002_transfer_request.up.sql",
];

/// The migrations that this program knows.
///
/// # Errors
/// With every mistake of the files.
pub fn migrations() -> Result<Migrations, Error> {
    Migrations::from_embedded(FILES)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_in_the_program() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations");
        let mut names: Vec<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let known: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, known);
        assert_eq!(migrations().unwrap().latest(), Some(2));
    }
}
