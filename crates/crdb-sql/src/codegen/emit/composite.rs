//! Composite types as structs.

use std::fmt::Write as _;

use super::line;
use crate::codegen::ident;
use crate::codegen::rust_type::Composite;

/// `types` are the Rust types of the fields, each of which can be NULL; `serde` are the derives of serde that rows have.
pub(super) fn emit(
    out: &mut String,
    (name, composite): (&str, &Composite),
    types: &[String],
    serde: Option<&str>,
    exec: &str,
) {
    let camel = &composite.type_name;
    let names = composite
        .fields
        .iter()
        .map(|field| ident::snake(field.name()));
    let names = ident::distinct(names.collect(), &[]);
    line!(
        out,
        "/// The composite type `{}`.\n\
         #[derive(Debug, Clone, PartialEq)]",
        name.escape_debug()
    );
    if let Some(attributes) = serde {
        line!(out, "{attributes}");
    }
    line!(out, "pub struct {camel} {{");
    for ((field, name), rust) in composite.fields.iter().zip(&names).zip(types) {
        line!(
            out,
            "/// `{}`, may be NULL.\n\
             pub {name}: ::core::option::Option<{rust}>,",
            field.sql_type().to_uppercase()
        );
    }
    line!(
        out,
        "}}\n\n\
         {exec}::sql_composite!({camel}, {name:?}, [{}]);\n",
        names.join(", ")
    );
}
