//! Composite types as structs.

use std::fmt::Write as _;

use super::enumeration::ERROR;
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
    let count = names.len();
    line!(out, "/// The composite type `{}`.", name.escape_debug());
    line!(out, "#[derive(Debug, Clone, PartialEq)]");
    if let Some(attributes) = serde {
        line!(out, "{attributes}");
    }
    line!(out, "pub struct {camel} {{");
    for ((field, name), rust) in composite.fields.iter().zip(&names).zip(types) {
        line!(
            out,
            "/// `{}`, may be NULL.",
            field.sql_type().to_uppercase()
        );
        line!(out, "pub {name}: ::core::option::Option<{rust}>,");
    }
    line!(out, "}}");
    line!(out);
    line!(out, "impl {exec}::ToSql for {camel} {{");
    line!(
        out,
        "fn to_sql(&self, sql_type: &{exec}::Type, out: &mut {exec}::BytesMut) -> ::core::result::Result<{exec}::IsNull, {ERROR}> {{"
    );
    let values: Vec<String> = names.iter().map(|name| format!("&self.{name}")).collect();
    line!(
        out,
        "{exec}::write_composite(sql_type, &[{}], out)",
        values.join(", ")
    );
    line!(out, "}}");
    line!(out);
    line!(out, "fn accepts(sql_type: &{exec}::Type) -> bool {{");
    line!(out, "{exec}::is_composite(sql_type, {name:?}, {count})");
    line!(out, "}}");
    line!(out);
    super::enumeration::checked(out, exec);
    line!(out, "}}");
    line!(out);
    line!(out, "impl<'a> {exec}::FromSql<'a> for {camel} {{");
    line!(
        out,
        "fn from_sql(sql_type: &{exec}::Type, raw: &'a [u8]) -> ::core::result::Result<Self, {ERROR}> {{"
    );
    line!(
        out,
        "let mut fields = {exec}::CompositeReader::new(sql_type, raw)?;"
    );
    line!(out, "Ok(Self {{");
    for name in &names {
        line!(out, "{name}: fields.next_value()?,");
    }
    line!(out, "}})");
    line!(out, "}}");
    line!(out);
    line!(out, "fn accepts(sql_type: &{exec}::Type) -> bool {{");
    line!(out, "{exec}::is_composite(sql_type, {name:?}, {count})");
    line!(out, "}}");
    line!(out, "}}");
    line!(out);
}
