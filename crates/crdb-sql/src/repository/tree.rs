//! Reading a directory.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};
use crate::problem::{Code, Problem};

/// Deeper than any sane tree; ends cycles of links.
const MAX_DEPTH: usize = 16;
/// A server takes no statement above 16 MiB.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// A file of the tree.
#[derive(Debug)]
pub(crate) struct File {
    /// The path below the root, with `/`.
    pub(crate) relative: String,
    /// The path to name in messages.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn new(relative: &str, path: &Path, text: impl Into<String>) -> Self {
        let text: String = text.into();
        Self {
            relative: relative.to_owned(),
            path: path.to_path_buf(),
            // Editors on Windows put a byte order mark in front; it is no part of the text.
            text: match text.strip_prefix('\u{feff}') {
                Some(rest) => rest.to_owned(),
                None => text,
            },
        }
    }
}

/// `queries` below a project's SQL directory, or the directory itself.
pub(crate) fn queries_below(directory: &Path) -> PathBuf {
    let queries = directory.join("queries");
    if queries.is_dir() {
        queries
    } else {
        directory.to_path_buf()
    }
}

/// Every `.sql` file below `root`, in the order of their relative paths.
pub(crate) fn read(root: &Path, problems: &mut Vec<Problem>) -> Result<Vec<File>, Error> {
    let cannot = |source: std::io::Error| {
        let message = format!(
            "cannot read SQL files from `{}` ({source}); name a directory that holds .sql files",
            root.display()
        );
        Error::io(ErrorKind::Directory, root, message, source)
    };
    let mut files = Vec::new();
    let mut waiting = vec![(root.to_path_buf(), String::new(), 0)];
    while let Some((directory, prefix, depth)) = waiting.pop() {
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(source) if depth == 0 => return Err(cannot(source)),
            Err(source) => {
                problems.push(unreadable(&directory, &source.to_string()));
                continue;
            }
        };
        for entry in entries {
            let path = match entry {
                Ok(entry) => entry.path(),
                Err(source) => {
                    problems.push(unreadable(&directory, &source.to_string()));
                    continue;
                }
            };
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                problems.push(unreadable(&path, "its name is not UTF-8"));
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            let relative = format!("{prefix}{name}");
            if path.is_dir() {
                if depth + 1 > MAX_DEPTH {
                    problems.push(unreadable(
                        &path,
                        "the tree is too deep; is there a cycle of links?",
                    ));
                } else {
                    waiting.push((path, format!("{relative}/"), depth + 1));
                }
            } else if path.extension().is_some_and(|extension| extension == "sql") {
                match read_file(&path) {
                    Ok(text) => files.push(File::new(&relative, &path, text)),
                    Err(why) => problems.push(unreadable(&path, &why)),
                }
            }
        }
    }
    files.sort_by(|a, b| a.relative.cmp(&b.relative));
    Ok(files)
}

/// Whether a file is a part for templates and holds no queries: its name begins with an underscore.
pub(crate) fn is_fragment(relative: &str) -> bool {
    relative
        .rsplit('/')
        .next()
        .is_some_and(|name| name.starts_with('_'))
}

fn unreadable(path: &Path, why: &str) -> Problem {
    Problem::with_file(Code::UnreadableFile, path, format!("cannot read it: {why}"))
}

pub(crate) fn read_file(path: &Path) -> Result<String, String> {
    let size = fs::metadata(path).map_err(|e| e.to_string())?.len();
    if size > MAX_FILE_BYTES {
        return Err(format!("{size} bytes are more than a statement can have"));
    }
    let bytes = fs::read(path).map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        format!("it is not UTF-8 (line {line}, byte {at})")
    })
}
