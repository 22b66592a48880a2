//! `sql`: where the named queries are.

use std::path::PathBuf;

use super::section;

section! {
    /// The directory with the `.sql` files; `none`: no named queries.
    DIRECTORY: Option<PathBuf> = default("sql.directory", "none");
}
