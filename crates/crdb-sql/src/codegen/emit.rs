//! The text of the module.

mod batch;
#[cfg(feature = "templates")]
mod builder;
mod enumeration;
mod function;
mod structure;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Options;
#[cfg(feature = "templates")]
use super::builder::Builder;
use super::item::Item;
use super::rust_type::Enums;

/// Appends a formatted line. Writing to a string does not fail.
macro_rules! line {
    ($out:expr) => { $out.push('\n') };
    ($out:expr, $($arguments:tt)*) => {{
        let _written = writeln!($out, $($arguments)*);
    }};
}
pub(super) use line;

/// A module of the tree that dotted names make.
#[derive(Default)]
struct Node<'a> {
    modules: BTreeMap<&'a str, Node<'a>>,
    items: Vec<&'a Item<'a>>,
    #[cfg(feature = "templates")]
    builders: Vec<&'a Builder<'a>>,
}

impl<'a> Node<'a> {
    fn below(&mut self, path: &'a str) -> &mut Self {
        let mut node = self;
        for name in path.split('.').filter(|name| !name.is_empty()) {
            node = node.modules.entry(name).or_default();
        }
        node
    }
}

/// Everything that the module holds.
pub(super) struct Content<'a> {
    pub(super) items: Vec<Item<'a>>,
    #[cfg(feature = "templates")]
    pub(super) builders: Vec<Builder<'a>>,
    /// Templates without a typed form, and why.
    pub(super) left_out: Vec<(&'a str, &'static str)>,
}

pub(super) fn module(module: &Content<'_>, enums: &Enums, options: &Options) -> String {
    let mut root = Node::default();
    for item in &module.items {
        root.below(item.module_and_name().0).items.push(item);
    }
    #[cfg(feature = "templates")]
    for builder in &module.builders {
        root.below(builder.module_and_name().0)
            .builders
            .push(builder);
    }
    let mut out = String::new();
    line!(out, "//! Typed functions for the queries in SQL files.");
    line!(out, "//!");
    line!(
        out,
        "//! Written by `{}`; edit the `.sql` files instead.",
        options.command
    );
    line!(out);
    for (name, why) in &module.left_out {
        line!(out, "// `{name}` has no typed form: {why}.");
    }
    let mut own = String::new();
    for (name, labels) in enums.used() {
        enumeration::emit(&mut own, name, labels);
    }
    let names: Vec<String> = enums
        .used()
        .map(|(name, _)| super::ident::camel(name))
        .collect();
    level(&mut out, own, &root, options, 0, &names);
    out
}

/// Imports, then what stands on a level, then its modules.
fn level(
    out: &mut String,
    mut own: String,
    node: &Node<'_>,
    options: &Options,
    depth: usize,
    enums: &[String],
) {
    for item in &node.items {
        function::emit(&mut own, item);
    }
    #[cfg(feature = "templates")]
    for found in &node.builders {
        builder::emit(&mut own, found);
    }
    imports(out, &own, options, depth, enums);
    out.push_str(&own);
    for (name, module) in &node.modules {
        line!(out, "/// The queries of `{name}`.");
        line!(out, "pub mod {} {{", super::ident::snake(name));
        level(out, String::new(), module, options, depth + 1, enums);
        line!(out, "}}");
        line!(out);
    }
}

/// What generated code may need of crdb-exec: the word that shows the need, and the import.
const IMPORTS: &[(&str, &str)] = &[
    ("BytesMut", "BytesMut"),
    (" Error>", "Error"),
    ("E: Executor>", "Executor"),
    ("db.", "ExecutorExt as _"),
    ("FromSql<", "FromSql"),
    ("IsNull", "IsNull"),
    ("MappedRows<", "MappedRows"),
    ("RetrySafety::", "RetrySafety"),
    ("impl Row", "Row"),
    ("Statement<", "Statement"),
    ("ToSql ", "ToSql"),
    ("(dyn ToSql", "ToSql"),
    ("&Type", "Type"),
    ("to_sql_checked!", "to_sql_checked"),
];

fn imports(out: &mut String, own: &str, options: &Options, depth: usize, enums: &[String]) {
    // Words in documentation need no import.
    let code: Vec<&str> = own
        .lines()
        .filter(|line| !line.starts_with("///"))
        .collect();
    let body = code.join("\n");
    let body = body.as_str();
    let mut names: Vec<&str> = IMPORTS
        .iter()
        .filter(|(sign, _)| body.contains(sign))
        .map(|(_, name)| *name)
        .collect();
    if body.contains("row.get(") && !names.contains(&"Row") {
        names.push("Row as _");
    }
    names.sort_by_key(|name| name.to_ascii_lowercase());
    names.dedup();
    let upper: Vec<&&str> = names
        .iter()
        .filter(|n| n.starts_with(char::is_uppercase))
        .collect();
    let lower: Vec<&&str> = names
        .iter()
        .filter(|n| !n.starts_with(char::is_uppercase))
        .collect();
    let names: Vec<&str> = upper.into_iter().chain(lower).copied().collect();
    if body.contains("Duration::") {
        line!(out, "use std::time::Duration;");
        line!(out);
    }
    if !names.is_empty() {
        line!(out, "use {}::{{{}}};", options.exec, names.join(", "));
    }
    if depth > 0 {
        let used: Vec<&str> = enums
            .iter()
            .map(String::as_str)
            .filter(|name| mentions(body, name))
            .collect();
        if !used.is_empty() {
            if !names.is_empty() {
                line!(out);
            }
            line!(
                out,
                "use {}{{{}}};",
                "super::".repeat(depth),
                used.join(", ")
            );
        }
    }
    line!(out);
}

/// Whether the word stands in the text on its own.
fn mentions(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// A string literal for any text.
fn literal(text: &str) -> String {
    if !text.contains(['"', '\\', '\n']) {
        return format!("{text:?}");
    }
    if text.contains('\r') {
        return format!("{text:?}");
    }
    let mut hashes = String::new();
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}\"{text}\"{hashes}")
}

/// Documentation, one `///` line for each line.
fn docs(out: &mut String, text: &str) {
    for text in text.lines() {
        if text.is_empty() {
            line!(out, "///");
        } else {
            line!(out, "/// {text}");
        }
    }
}

/// A statement as documentation, without the empty lines that a template's tags leave.
fn sql_docs(out: &mut String, text: &str) {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    docs(out, &lines.join("\n"));
}
