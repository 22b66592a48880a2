//! The text of the module.

mod batch;
mod builder;
mod composite;
mod enumeration;
mod function;
mod reading;
mod render;
mod structure;
mod way;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Options;
use super::builder::Builder;
use super::ident::{self, Names};
use super::item::Item;
use super::row::{self, RowType, SharedRow, SharedRows};
use super::rust_type::Enums;
use crate::query::Cardinality;
use crate::schema::stored_name;

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
    builders: Vec<&'a Builder<'a>>,
    /// Shared rows with their attributes.
    rows: Vec<(&'a SharedRow, String)>,
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
    pub(super) builders: Vec<Builder<'a>>,
    pub(super) rows: SharedRows,
    /// Templates without a typed form, and why.
    pub(super) left_out: Vec<(&'a str, &'static str)>,
}

pub(super) fn module(mut module: Content<'_>, enums: &mut Enums, options: &Options) -> String {
    // The types of the composites' fields; where a field's is one more composite, that is used as well.
    let names: Vec<String> = enums
        .used_composites()
        .map(|(name, _)| name.to_owned())
        .collect();
    let field_types: Vec<Vec<String>> = names
        .iter()
        .map(|name| enums.field_types(name, options).unwrap_or_default())
        .collect();
    let enums = &*enums;
    assign_names(&mut module, enums, options);
    let exec = options.exec();
    let mut root = Node::default();
    for item in &module.items {
        root.below(item.module_and_name().0).items.push(item);
    }
    for builder in &module.builders {
        root.below(builder.module_and_name().0)
            .builders
            .push(builder);
    }
    for ((module, _), row) in &module.rows {
        let attributes = row::attributes(&row.derives, options);
        root.below(module).rows.push((row, attributes));
    }
    let serde = row::of_serde(derives(&module, options).iter());
    let serde_attributes = row::serde_attributes(&serde);
    let composites = enums.used_composites().zip(&field_types);
    let mut out = String::new();
    line!(
        out,
        "//! Typed functions for the queries in SQL files.\n\
         //!\n\
         //! Written by `{}`; edit the `.sql` files instead.\n",
        options.command
    );
    for (name, why) in &module.left_out {
        line!(out, "// `{name}` has no typed form: {why}.");
    }
    for (name, type_name, labels) in enums.used() {
        enumeration::emit(&mut out, (&name, type_name), labels, &serde, &exec);
    }
    for ((name, composite), types) in composites {
        composite::emit(
            &mut out,
            (&stored_name(name), composite),
            types,
            serde_attributes.as_deref(),
            &exec,
        );
    }
    level(&mut out, &root, true, &exec);
    out
}

/// What any row derives besides.
fn derives(module: &Content<'_>, options: &Options) -> Vec<String> {
    let mut all = options.derives.clone();
    for item in &module.items {
        all.extend_from_slice(item.query.row_notes().1);
        all.extend_from_slice(item.query.argument_derives());
    }
    for builder in &module.builders {
        all.extend_from_slice(builder.template.row_notes().1);
    }
    all
}

/// The names that are taken in one module.
#[derive(Default)]
struct Taken {
    functions: Names,
    constants: Names,
    types: Names,
}

/// Gives everything its Rust name. What is written for each query comes first, what it needs besides gives way.
fn assign_names(module: &mut Content<'_>, enums: &Enums, options: &Options) {
    let mut levels: BTreeMap<String, Taken> = BTreeMap::new();
    for (_, type_name, _) in enums.used() {
        let root = levels.entry(String::new()).or_default();
        root.types.take_type(type_name.to_owned());
    }
    for (_, composite) in enums.used_composites() {
        let root = levels.entry(String::new()).or_default();
        root.types.take_type(composite.type_name.clone());
    }
    // A shared row has exactly the name that the headers give it, unless an enum has it.
    for ((path, _), row) in &mut module.rows {
        let taken = levels.entry(path.clone()).or_default();
        row.name = taken.types.take_type(row.name.clone());
    }
    for item in &mut module.items {
        let (path, name) = item.module_and_name();
        let function = ident::snake(name);
        let taken = levels.entry(path.to_owned()).or_default();
        let constant = function.trim_start_matches("r#").to_ascii_uppercase();
        let constant = taken.constants.take(constant);
        item.names.function = taken.functions.take(function);
        item.names.constant = constant;
    }
    for builder in &mut module.builders {
        let (path, name) = builder.module_and_name();
        let taken = levels.entry(path.to_owned()).or_default();
        builder.names.type_name = taken.types.take_type(ident::camel(name));
    }
    for item in &mut module.items {
        let (path, name) = item.module_and_name();
        let taken = levels.entry(path.to_owned()).or_default();
        let camel = ident::camel(name);
        let plain = item.names.function.trim_start_matches("r#");
        let stream = taken.functions.take(format!("{plain}_stream"));
        let row = shared(&mut module.rows, path, &item.row, plain)
            .unwrap_or_else(|| taken.types.take_type(format!("{camel}Row")));
        let attributes = row::attributes(item.query.row_notes().1, options);
        let arguments = taken.types.take_type(format!("{camel}Params"));
        item.names.stream = stream;
        item.names.row = row;
        item.names.row_attributes = attributes;
        item.names.arguments = arguments;
        item.names.arguments_attributes = row::argument_attributes(item.query.argument_derives());
    }
    for builder in &mut module.builders {
        let taken = levels
            .entry(builder.module_and_name().0.to_owned())
            .or_default();
        let type_name = &builder.names.type_name;
        let row = shared(
            &mut module.rows,
            builder.module_and_name().0,
            &builder.row,
            type_name,
        )
        .unwrap_or_else(|| taken.types.take_type(format!("{type_name}Row")));
        let attributes = row::attributes(builder.template.row_notes().1, options);
        let lists = builder.lists().into_iter().map(|(name, _)| {
            taken
                .types
                .take_type(format!("{type_name}{}", ident::camel(name)))
        });
        let lists = lists.collect();
        builder.names.row = row;
        builder.names.row_attributes = attributes;
        builder.names.lists = lists;
    }
    // What borrows comes last, so that it changes no other name.
    for item in &mut module.items {
        let many = item.query.cardinality() == Cardinality::Many;
        if many && row::borrows(&item.row, &item.columns) {
            let (path, _) = item.module_and_name();
            let taken = levels.entry(path.to_owned()).or_default();
            let plain = item.names.function.trim_start_matches("r#");
            let in_place = taken.functions.take(format!("{plain}_borrowed"));
            let columns = item.columns.len();
            let row = (&item.row, item.names.row.as_str(), columns);
            item.names.row_in_place = in_place_name(&mut module.rows, path, row, &mut taken.types);
            item.names.in_place = in_place;
        }
    }
    for builder in &mut module.builders {
        let many = builder.template.cardinality() == Cardinality::Many;
        if many && row::borrows(&builder.row, &builder.columns) {
            let (path, _) = builder.module_and_name();
            let taken = levels.entry(path.to_owned()).or_default();
            let columns = builder.columns.len();
            let row = (&builder.row, builder.names.row.as_str(), columns);
            builder.names.row_in_place =
                in_place_name(&mut module.rows, path, row, &mut taken.types);
        }
    }
}

/// The name of the struct that borrows what the struct `name` owns; `None` for a scalar.
fn in_place_name(
    rows: &mut SharedRows,
    module: &str,
    (row, name, columns): (&RowType, &str, usize),
    types: &mut Names,
) -> Option<String> {
    let new = || types.take_type(format!("{name}Ref"));
    match row {
        RowType::Own => (columns > 1).then(new),
        RowType::Shared(shared) => {
            let row = rows.get_mut(&(module.to_owned(), shared.clone()))?;
            Some(row.in_place.get_or_insert_with(new).clone())
        }
        RowType::Foreign(_) => None,
    }
}

/// The Rust name of a shared row, of which `user` is one more function or builder.
fn shared(rows: &mut SharedRows, module: &str, row: &RowType, user: &str) -> Option<String> {
    let RowType::Shared(name) = row else {
        return None;
    };
    let row = rows.get_mut(&(module.to_owned(), name.clone()))?;
    row.users.push(user.to_owned());
    Some(row.name.clone())
}

/// What stands on a level, then its modules.
fn level(out: &mut String, node: &Node<'_>, outermost: bool, exec: &str) {
    for item in &node.items {
        function::emit(out, item, exec);
    }
    for found in &node.builders {
        builder::emit(out, found, exec);
    }
    for (row, attributes) in &node.rows {
        structure::row_of(out, (&row.name, attributes), &row.users, &row.columns, exec);
        if let Some(name) = &row.in_place {
            structure::row_in_place(out, name, &row.name, &row.columns, exec);
        }
    }
    let mut names = Names::default();
    for (name, module) in &node.modules {
        line!(out, "/// The queries of `{name}`.");
        if outermost {
            line!(
                out,
                "#[allow(dead_code, unreachable_pub, reason = \"a program may leave a function or a column unused, and keep this module to itself\")]"
            );
        }
        line!(out, "pub mod {} {{", names.take(ident::module(name)));
        level(out, module, false, exec);
        line!(out, "}}\n");
    }
}

/// A string literal for any text.
fn literal(text: &str) -> String {
    if !text.contains(['"', '\\', '\n']) || text.chars().any(is_unreadable) {
        return format!("{text:?}");
    }
    let mut hashes = String::new();
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}\"{text}\"{hashes}")
}

/// Whether rustc takes the character in no comment, or in no literal: a carriage return, what turns the direction of text.
fn is_unreadable(c: char) -> bool {
    !matches!(c, '\n' | '\t' | '"' | '\'' | '\\') && c.escape_debug().nth(1).is_some()
}

/// Documentation, one `///` line for each line.
fn docs(out: &mut String, text: &str) {
    for text in text.lines() {
        if text.is_empty() {
            line!(out, "///");
        } else {
            let text: String = text
                .chars()
                .map(|c| {
                    if is_unreadable(c) {
                        c.escape_debug().to_string()
                    } else {
                        c.to_string()
                    }
                })
                .collect();
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
