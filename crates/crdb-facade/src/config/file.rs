//! Configuration files.

use std::path::Path;

use figment::value::Value;

use super::Origin;
use super::layer::{Layer, Source};
use super::mistake::{Mistake, MistakeKind};
#[cfg(feature = "toml")]
use super::toml;
use super::tree::{Syntax, Tree, dict};
use super::yaml;

/// How a configuration file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// YAML 1.2: `.yaml`, `.yml`.
    Yaml,
    /// TOML 1.0: `.toml`. Reading it needs the feature `toml`.
    Toml,
}

impl Format {
    /// By the file's extension.
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }
}

/// Reads a file. The mistake says which file and what to do.
pub(super) fn read(path: &Path) -> Result<Layer, Box<Mistake>> {
    let Some(format) = Format::of(path) else {
        let expected = "a file named .yaml, .yml or .toml";
        return Err(unreadable(path, expected, None));
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| unreadable(path, "a readable file", Some(error.to_string())))?;
    parse(path, format, &text)
}

/// Reads text as if it stood in a file named `path`.
pub(super) fn parse(path: &Path, format: Format, text: &str) -> Result<Layer, Box<Mistake>> {
    let tree = match format {
        Format::Yaml => yaml::parse(text),
        #[cfg(feature = "toml")]
        Format::Toml => toml::parse(text),
        #[cfg(not(feature = "toml"))]
        Format::Toml => {
            let expected = "a file named .yaml or .yml, since this program was built without TOML: it needs the feature `toml` of crdb-facade";
            return Err(unreadable(path, expected, None));
        }
    }
    .map_err(|Syntax { line, message }| {
        let origin = Origin::File {
            path: path.to_owned(),
            line,
        };
        let expected = match format {
            Format::Yaml => "YAML",
            Format::Toml => "TOML",
        };
        syntax(origin, expected, message)
    })?;
    let mut layer = Layer::new(Source::File(path.to_owned()));
    match tree {
        Tree::Table(entries) => layer.values = dict(entries, "", &mut layer.lines),
        Tree::Leaf(Value::Empty(..)) => {}
        Tree::Leaf(_) => {
            let origin = Origin::File {
                path: path.to_owned(),
                line: Some(1),
            };
            let found = "a single value or a list".to_owned();
            return Err(syntax(origin, "keys and values at the top", found));
        }
    }
    Ok(layer)
}

fn unreadable(path: &Path, expected: &str, found: Option<String>) -> Box<Mistake> {
    let origin = Origin::File {
        path: path.to_owned(),
        line: None,
    };
    Box::new(Mistake::new(MistakeKind::UnreadableFile, "", origin, expected).with_found(found))
}

fn syntax(origin: Origin, expected: &str, found: String) -> Box<Mistake> {
    Box::new(Mistake::new(MistakeKind::Syntax, "", origin, expected).with_found(Some(found)))
}
