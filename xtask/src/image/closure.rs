//! A program with the shared libraries that it needs, as they lie on this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::archive::Tree;

/// Adds the libraries of a program, and the loader, under the paths at which the loader looks.
///
/// # Errors
/// When one is missing.
pub(super) fn add(tree: &mut Tree, program: &Path) -> Result<()> {
    let output = Command::new("ldd")
        .arg(program)
        .output()
        .context("ldd could not be started")?;
    let text = String::from_utf8(output.stdout)?;
    if is_static(&text, &String::from_utf8_lossy(&output.stderr)) {
        return Ok(());
    }
    ensure!(
        output.status.success() && !text.contains("not found"),
        "ldd {}: {text}{}",
        program.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    for path in libraries(&text) {
        add_file(tree, Path::new(path))?;
    }
    Ok(())
}

/// Whether a program needs no library and no loader, by what ldd prints of it.
pub(crate) fn is_static(out: &str, err: &str) -> bool {
    out.contains("statically linked") || err.contains("not a dynamic executable")
}

/// The paths in what ldd prints.
fn libraries(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().filter(|word| word.starts_with('/'))
}

/// Adds what the Kerberos library loads when it runs.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn add_kerberos(tree: &mut Tree) -> Result<()> {
    let plugins = format!("/usr/lib/{}-linux-gnu/krb5/plugins", std::env::consts::ARCH);
    if Path::new(&plugins).is_dir() {
        add_directory(tree, Path::new(&plugins))?;
    }
    Ok(())
}

/// Adds a file of this machine under its own path; links are followed.
///
/// # Errors
/// When it cannot be read.
pub(super) fn add_file(tree: &mut Tree, path: &Path) -> Result<()> {
    let what = || format!("reading {}", path.display());
    let bytes = fs::read(path).with_context(what)?;
    let executable = fs::metadata(path).with_context(what)?.permissions().mode() & 0o100 != 0;
    let mode = if executable { 0o755 } else { 0o644 };
    tree.file(path.to_string_lossy().trim_start_matches('/'), mode, bytes);
    Ok(())
}

/// Adds a directory of this machine with all that is in it.
///
/// # Errors
/// When something in it cannot be read.
pub(super) fn add_directory(tree: &mut Tree, path: &Path) -> Result<()> {
    let what = || format!("reading {}", path.display());
    tree.directory(path.to_string_lossy().trim_start_matches('/'));
    for entry in fs::read_dir(path).with_context(what)? {
        let path = entry.with_context(what)?.path();
        if path.is_dir() {
            add_directory(tree, &path)?;
        } else if path.is_file() {
            add_file(tree, &path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_static_program_is_told_from_one_that_needs_libraries() {
        assert!(is_static("\tstatically linked\n", ""));
        assert!(is_static("", "\tnot a dynamic executable\n"));
        assert!(!is_static("\tlibz.so.1 => /lib/libz.so.1 (0x0)\n", ""));
        assert!(!is_static("\tlibz.so.1 => not found\n", ""));
    }

    #[test]
    fn the_paths_of_ldd_are_found() {
        let text = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibz.so.1 => /lib/libz.so.1 (0x00007f)\n\t/lib64/ld-linux-x86-64.so.2 (0x00)\n";
        let found: Vec<&str> = libraries(text).collect();
        assert_eq!(found, ["/lib/libz.so.1", "/lib64/ld-linux-x86-64.so.2"]);
    }
}
