//! Structs for rows and for arguments.

use std::fmt::Write as _;

use super::line;
use crate::codegen::item::{Field, Item};

/// The type of a field in a row.
pub(super) fn owned(field: &Field) -> String {
    if field.nullable {
        format!("::core::option::Option<{}>", field.rust.owned)
    } else {
        field.rust.owned.clone()
    }
}

/// The type of a field in a row that borrows for `'r`.
pub(super) fn in_place(field: &Field) -> String {
    let rust = field.rust.in_place.as_ref().unwrap_or(&field.rust.owned);
    if field.nullable {
        format!("::core::option::Option<{rust}>")
    } else {
        rust.clone()
    }
}

/// The type of a field in arguments, with the lifetime `'a` where it borrows.
pub(super) fn borrowed(field: &Field) -> String {
    if field.nullable {
        format!("::core::option::Option<{}>", field.rust.borrowed)
    } else {
        field.rust.borrowed.clone()
    }
}

/// Whether the arguments' struct borrows.
pub(super) fn borrows(item: &Item<'_>) -> bool {
    !item.owns_arguments()
        && item
            .parameters
            .iter()
            .any(|field| field.rust.borrowed.contains("'a"))
}

/// The struct of a query's rows, and the one that borrows.
pub(super) fn row(out: &mut String, item: &Item<'_>, exec: &str) {
    let of = [item.names.function.trim_start_matches("r#").to_owned()];
    let names = &item.names;
    row_of(
        out,
        (&names.row, &names.row_attributes),
        &of,
        &item.columns,
        exec,
    );
    if let Some(name) = &names.row_in_place {
        row_in_place(out, name, &names.row, &item.columns, exec);
    }
}

/// The struct `name` with these attributes, for rows of the functions or types `of`.
pub(super) fn row_of(
    out: &mut String,
    (name, attributes): (&str, &str),
    of: &[String],
    columns: &[Field],
    exec: &str,
) {
    let of: Vec<String> = of.iter().map(|of| format!("[`{of}`]")).collect();
    line!(
        out,
        "/// A row of {}.\n\
         {attributes}\n\
         pub struct {name} {{",
        of.join(", ")
    );
    for field in columns {
        field_docs(out, field);
        line!(out, "pub {}: {},", field.ident, owned(field));
    }
    line!(
        out,
        "}}\n\n\
         impl {name} {{\n\
         fn from_row(row: &impl {exec}::Row) -> ::core::result::Result<Self, {exec}::Error> {{\n\
         Ok(Self {{"
    );
    for (index, field) in columns.iter().enumerate() {
        line!(out, "{}: {exec}::Row::get(row, {index})?,", field.ident);
    }
    line!(
        out,
        "}})\n\
         }}\n\
         }}\n"
    );
}

/// The struct `name`, which borrows what `of` owns.
pub(super) fn row_in_place(out: &mut String, name: &str, of: &str, columns: &[Field], exec: &str) {
    line!(
        out,
        "/// As [`{of}`], borrowed from the row: texts, bytes and JSON are not copied.\n\
         #[derive(Debug, Clone, PartialEq)]\n\
         pub struct {name}<'r> {{"
    );
    for field in columns {
        field_docs(out, field);
        line!(out, "pub {}: {},", field.ident, in_place(field));
    }
    line!(
        out,
        "}}\n\n\
         impl {exec}::BorrowedRow for {name}<'_> {{\n\
         type Of<'r> = {name}<'r>;\n\n\
         fn read(row: &impl {exec}::Row) -> ::core::result::Result<{name}<'_>, {exec}::Error> {{\n\
         Ok({name} {{"
    );
    for (index, field) in columns.iter().enumerate() {
        line!(out, "{}: {exec}::Row::get(row, {index})?,", field.ident);
    }
    line!(
        out,
        "}})\n\
         }}\n\
         }}\n"
    );
}

pub(super) fn arguments(out: &mut String, item: &Item<'_>) {
    let lifetime = if borrows(item) { "<'a>" } else { "" };
    line!(
        out,
        "/// The arguments of [`{}`].\n\
         {}\n\
         pub struct {}{lifetime} {{",
        item.names.function.trim_start_matches("r#"),
        item.names.arguments_attributes,
        item.names.arguments
    );
    for field in &item.parameters {
        field_docs(out, field);
        let rust = match item.owns_arguments() {
            true => owned(field),
            false => borrowed(field),
        };
        line!(out, "pub {}: {rust},", field.ident);
    }
    line!(out, "}}\n");
}

fn field_docs(out: &mut String, field: &Field) {
    let null = if field.nullable { ", may be NULL" } else { "" };
    let sql_type = field.sql_type.to_uppercase();
    if field.docs.is_empty() {
        line!(out, "/// `{sql_type}`{null}.");
    } else {
        line!(out, "/// {} (`{sql_type}`{null})", field.docs);
    }
}
