//! `embed_sql!`: the SQL files of a directory, in the program.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, LitStr, Result};

/// Writes a slice of names and texts. `root` is the directory of the package.
pub(crate) fn sql(input: TokenStream, root: &Path) -> Result<TokenStream> {
    let directory: LitStr = syn::parse2(input)?;
    let path = root.join(directory.value());
    let refused = |why: &str| {
        let message = format!("embedding {}: {why}", path.display());
        Error::new(directory.span(), message)
    };
    let mut files = Vec::new();
    collect(&path, "", &mut files).map_err(|error| refused(&error.to_string()))?;
    if files.is_empty() {
        return Err(refused("there is no .sql file"));
    }
    files.sort();
    let mut pairs = Vec::new();
    for (name, file) in &files {
        let file = file
            .to_str()
            .ok_or_else(|| refused("its path is not UTF-8"))?;
        pairs.push(quote! { (#name, ::core::include_str!(#file)) });
    }
    Ok(quote! { &[#(#pairs),*] })
}

/// The SQL files below a directory, by their paths from where the search began. Hidden ones are left out.
fn collect(directory: &Path, above: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        let name = format!("{above}{name}");
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files)?;
        } else if path.extension().is_some_and(|end| end == "sql") {
            files.push((name, path));
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_directory_are_named_from_there() {
        let root = std::env::temp_dir().join(format!("crdb-macros-embed-{}", std::process::id()));
        fs::create_dir_all(root.join("sql/more")).unwrap();
        for file in ["b.sql", "a.sql", ".hidden.sql", "more/c.sql", "notes.txt"] {
            fs::write(root.join("sql").join(file), "SELECT 1").unwrap();
        }
        let code = sql(quote! { "sql" }, &root).unwrap().to_string();
        let missing = sql(quote! { "none" }, &root).unwrap_err().to_string();
        fs::write(root.join("sql/more/c.sql"), "").unwrap();
        fs::create_dir(root.join("empty")).unwrap();
        let empty = sql(quote! { "empty" }, &root).unwrap_err().to_string();
        fs::remove_dir_all(&root).unwrap();

        let names: Vec<&str> = code
            .split('"')
            .filter(|part| part.ends_with(".sql"))
            .collect();
        let names: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| !Path::new(name).is_absolute())
            .collect();
        assert_eq!(names, ["a.sql", "b.sql", "more/c.sql"]);
        assert!(missing.contains("none"), "{missing}");
        assert!(empty.contains("there is no .sql file"), "{empty}");
    }
}
