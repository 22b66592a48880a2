//! Configuration files: YAML and TOML become one tree that remembers its lines.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use figment::value::{Dict, Empty, Tag, Value};
use granit_parser::{Event, Parser, ScalarStyle};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use toml::de::{DeTable, DeValue};

use super::layer::{Layer, Source};
use super::mistake::{Mistake, MistakeKind};
use super::{Origin, keys};

/// How a configuration file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// YAML 1.2: `.yaml`, `.yml`.
    Yaml,
    /// TOML 1.0: `.toml`.
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
    let unreadable = |expected: &str, found: Option<String>| {
        let origin = Origin::File {
            path: path.to_owned(),
            line: None,
        };
        Box::new(Mistake::new(MistakeKind::UnreadableFile, "", origin, expected).with_found(found))
    };
    let Some(format) = Format::of(path) else {
        return Err(unreadable("a file named .yaml, .yml or .toml", None));
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| unreadable("a readable file", Some(error.to_string())))?;
    parse(path, format, &text)
}

/// Reads text as if it stood in a file named `path`.
pub(super) fn parse(path: &Path, format: Format, text: &str) -> Result<Layer, Box<Mistake>> {
    let tree = match format {
        Format::Yaml => yaml(text),
        Format::Toml => toml(text),
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
        Node::Table(entries) => layer.values = dict(entries, "", &mut layer.lines),
        Node::Leaf(Value::Empty(..)) => {}
        Node::Leaf(_) => {
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

fn syntax(origin: Origin, expected: &str, found: String) -> Box<Mistake> {
    Box::new(Mistake::new(MistakeKind::Syntax, "", origin, expected).with_found(Some(found)))
}

struct Syntax {
    line: Option<usize>,
    message: String,
}

enum Node {
    Leaf(Value),
    Table(Vec<Entry>),
}

struct Entry {
    name: String,
    line: usize,
    node: Node,
}

fn dict(entries: Vec<Entry>, prefix: &str, lines: &mut BTreeMap<String, usize>) -> Dict {
    let mut dict = Dict::new();
    for Entry { name, line, node } in entries {
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        let value = match node {
            Node::Leaf(value) => value,
            Node::Table(below) => Value::from(self::dict(below, &path, lines)),
        };
        lines.insert(path, line);
        dict.insert(name, value);
    }
    dict
}

fn empty() -> Value {
    Value::Empty(Tag::Default, Empty::Unit)
}

fn yaml(text: &str) -> Result<Node, Syntax> {
    no_signs(text)?;
    // A snippet of the source in the message could show a password. A user named `y` is not `true`.
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error
            .location()
            .and_then(|location| usize::try_from(location.line()).ok());
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        Syntax {
            line,
            message: in_words(message),
        }
    })
}

/// What the parser says, without the names of its options and types, which are of no use to who writes the file.
fn in_words(message: &str) -> String {
    if let Some(number) = message.strip_prefix("non-finite float ") {
        let number = number.split(" rejected").next().unwrap_or_default();
        return format!("a number that is none: {number}");
    }
    let words = match message {
        _ if message.starts_with("multiple YAML documents") => {
            "a second document: one is read; remove the `---`"
        }
        _ if message.starts_with("recursive references") => "an alias within what it stands for",
        _ if message.starts_with("budget breached") || message.starts_with("recursion limit") => {
            "more than a configuration can be"
        }
        "expected string scalar" => "a name that is no text",
        _ => message
            .split(", set DuplicateKeyPolicy")
            .next()
            .unwrap_or_default(),
    };
    words.to_owned()
}

/// Refuses tags, anchors that nothing refers to, and comments behind secrets: `password: !bang`, `password: &dor` and
/// `password: open #sesame` are texts without quotes, of which YAML would leave an empty value or a piece.
///
/// What is no YAML at all is left to the parser behind.
fn no_signs(text: &str) -> Result<(), Syntax> {
    let mut unused = BTreeMap::new();
    let mut name = String::new();
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else {
            return Ok(());
        };
        if let Event::Scalar(scalar, style, ..) = &event {
            let rest = span.end.byte_offset().and_then(|end| text.get(end..));
            if *style == ScalarStyle::Plain
                && keys::all()
                    .any(|key| key.is_secret() && key.path().ends_with(&format!(".{name}")))
                && rest.is_some_and(|rest| rest.trim_start_matches([' ', '\t']).starts_with('#'))
            {
                return Err(Syntax {
                    line: Some(span.start.line()),
                    message:
                        "a comment behind a secret; a string with a blank and a `#` needs quotes"
                            .to_owned(),
                });
            }
            name = scalar.to_string();
        }
        let (anchor, tag) = match event {
            Event::Scalar(_, _, anchor, tag)
            | Event::SequenceStart(_, anchor, tag)
            | Event::MappingStart(_, anchor, tag) => (anchor, tag),
            Event::Alias(anchor) => {
                unused.remove(&anchor);
                continue;
            }
            _ => continue,
        };
        let line = Some(span.start.line());
        // `!!str 123` and its like say what a value is, and are heard.
        if tag.is_some_and(|tag| !tag.is_yaml_core_schema()) {
            return Err(Syntax {
                line,
                message: "a tag; a string that begins with `!` needs quotes".to_owned(),
            });
        }
        if anchor != 0 {
            unused.insert(anchor, line);
        }
    }
    unused.into_values().next().map_or(Ok(()), |line| {
        let message =
            "an anchor that nothing refers to; a string that begins with `&` needs quotes";
        Err(Syntax {
            line,
            message: message.to_owned(),
        })
    })
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, number, boolean, list or table")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Node, E> {
        Ok(Node::Leaf(Value::from(flag)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Leaf(Value::from(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Leaf(Value::from(number)))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Node, E> {
        Ok(Node::Leaf(Value::from(number)))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Node, E> {
        Ok(Node::Leaf(Value::from(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Leaf(Value::from(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Leaf(Value::from(text)))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(empty()))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(empty()))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Node>()? {
            list.push(item.into_value());
        }
        Ok(Node::Leaf(Value::from(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut table = Vec::new();
        while let Some(name) = entries.next_key::<Spanned<String>>()? {
            let line = usize::try_from(name.referenced.line()).unwrap_or(0);
            table.push(Entry {
                name: name.value,
                line,
                node: entries.next_value()?,
            });
        }
        Ok(Node::Table(table))
    }
}

impl Node {
    /// For places where lines no longer matter.
    fn into_value(self) -> Value {
        match self {
            Self::Leaf(value) => value,
            Self::Table(entries) => Value::from(dict(entries, "", &mut BTreeMap::new())),
        }
    }
}

fn toml(text: &str) -> Result<Node, Syntax> {
    let line_of = |offset: usize| {
        text.as_bytes()
            .iter()
            .take(offset)
            .filter(|byte| **byte == b'\n')
            .count()
            + 1
    };
    let table = DeTable::parse(text).map_err(|error| Syntax {
        line: error.span().map(|span| line_of(span.start)),
        message: error.message().to_owned(),
    })?;
    Ok(toml_table(table.into_inner(), &line_of))
}

fn toml_table(table: DeTable<'_>, line_of: &impl Fn(usize) -> usize) -> Node {
    Node::Table(
        table
            .into_iter()
            .map(|(name, value)| Entry {
                line: line_of(name.span().start),
                name: name.into_inner().into_owned(),
                node: toml_node(value.into_inner(), line_of),
            })
            .collect(),
    )
}

fn toml_node(value: DeValue<'_>, line_of: &impl Fn(usize) -> usize) -> Node {
    Node::Leaf(match value {
        DeValue::Table(table) => return toml_table(table, line_of),
        DeValue::Array(items) => Value::from(
            items
                .into_iter()
                .map(|item| toml_node(item.into_inner(), line_of).into_value())
                .collect::<Vec<_>>(),
        ),
        DeValue::Boolean(flag) => Value::from(flag),
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::from(number.to_string()), Value::from),
        DeValue::Float(number) => number
            .as_str()
            .parse::<f64>()
            .map_or_else(|_| Value::from(number.to_string()), Value::from),
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Datetime(time) => Value::from(time.to_string()),
    })
}
