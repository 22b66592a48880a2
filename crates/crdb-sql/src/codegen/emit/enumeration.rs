//! SQL enums as Rust enums.

use std::fmt::Write as _;

use super::line;
use crate::codegen::{ident, row};

/// What conversions of postgres-types fail with.
pub(super) const ERROR: &str =
    "::std::boxed::Box<dyn ::core::error::Error + ::core::marker::Sync + ::core::marker::Send>";

/// `serde` are the derives of serde that rows have.
pub(super) fn emit(
    out: &mut String,
    (name, camel): (&str, &str),
    labels: &[String],
    serde: &[String],
    exec: &str,
) {
    let variants = ident::variants(labels.iter().map(String::as_str));
    let message = format!(
        "the enum {} has a new label `{{label}}`; generate the code again",
        name.replace('{', "{{").replace('}', "}}")
    );
    let pairs: Vec<(&String, &String)> = variants.iter().zip(labels).collect();
    line!(out, "/// The SQL enum `{}`.", name.escape_debug());
    line!(
        out,
        "#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]"
    );
    let serde = row::serde_attributes(serde);
    if let Some(attributes) = &serde {
        line!(out, "{attributes}");
    }
    line!(out, "pub enum {camel} {{");
    for (variant, label) in &pairs {
        line!(out, "/// `{}`", label.escape_debug());
        if serde.is_some() {
            line!(out, "#[serde(rename = {label:?})]");
        }
        line!(out, "{variant},");
    }
    line!(out, "}}");
    line!(out);
    line!(out, "impl {camel} {{");
    line!(out, "/// All labels, in the order of the SQL type.");
    let all: Vec<String> = variants
        .iter()
        .map(|variant| format!("Self::{variant}"))
        .collect();
    line!(
        out,
        "pub const ALL: &'static [Self] = &[{}];",
        all.join(", ")
    );
    line!(out);
    line!(out, "/// The label.");
    line!(out, "#[must_use]");
    line!(out, "pub const fn as_str(self) -> &'static str {{");
    line!(out, "match self {{");
    for (variant, label) in &pairs {
        line!(out, "Self::{variant} => {label:?},");
    }
    line!(out, "}}");
    line!(out, "}}");
    line!(out, "}}");
    line!(out);
    line!(out, "impl ::core::fmt::Display for {camel} {{");
    line!(
        out,
        "fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {{"
    );
    line!(out, "f.pad(self.as_str())");
    line!(out, "}}");
    line!(out, "}}");
    line!(out);
    line!(out, "impl ::core::str::FromStr for {camel} {{");
    line!(out, "type Err = {exec}::UnknownLabel;");
    line!(out);
    line!(
        out,
        "fn from_str(label: &str) -> ::core::result::Result<Self, Self::Err> {{"
    );
    line!(
        out,
        "Self::ALL.iter().copied().find(|known| known.as_str() == label)"
    );
    line!(
        out,
        ".ok_or_else(|| {exec}::UnknownLabel::new({name:?}, label))"
    );
    line!(out, "}}");
    line!(out, "}}");
    line!(out);
    line!(out, "impl {exec}::ToSql for {camel} {{");
    line!(
        out,
        "fn to_sql(&self, _: &{exec}::Type, out: &mut {exec}::BytesMut) -> ::core::result::Result<{exec}::IsNull, {ERROR}> {{"
    );
    line!(out, "out.extend_from_slice(self.as_str().as_bytes());");
    line!(out, "Ok({exec}::IsNull::No)");
    line!(out, "}}");
    line!(out);
    line!(out, "fn accepts(sql_type: &{exec}::Type) -> bool {{");
    line!(out, "sql_type.name() == {name:?}");
    line!(out, "}}");
    line!(out);
    checked(out, exec);
    line!(out, "}}");
    line!(out);
    line!(out, "impl<'a> {exec}::FromSql<'a> for {camel} {{");
    line!(
        out,
        "fn from_sql(_: &{exec}::Type, raw: &'a [u8]) -> ::core::result::Result<Self, {ERROR}> {{"
    );
    line!(out, "let label = ::core::str::from_utf8(raw)?;");
    line!(
        out,
        "Self::ALL.iter().copied().find(|known| known.as_str() == label)"
    );
    line!(out, ".ok_or_else(|| ::std::format!({message:?}).into())");
    line!(out, "}}");
    line!(out);
    line!(out, "fn accepts(sql_type: &{exec}::Type) -> bool {{");
    line!(out, "sql_type.name() == {name:?}");
    line!(out, "}}");
    line!(out, "}}");
    line!(out);
}

/// The checked form of `to_sql`, which every `ToSql` has.
pub(super) fn checked(out: &mut String, exec: &str) {
    // The macro of postgres-types means `Box` of the prelude, which an enum `box` would hide.
    line!(
        out,
        "fn to_sql_checked(&self, sql_type: &{exec}::Type, out: &mut {exec}::BytesMut) -> ::core::result::Result<{exec}::IsNull, {ERROR}> {{"
    );
    line!(out, "if <Self as {exec}::ToSql>::accepts(sql_type) {{");
    line!(out, "{exec}::ToSql::to_sql(self, sql_type, out)");
    line!(out, "}} else {{");
    line!(
        out,
        "Err(::std::boxed::Box::new({exec}::WrongType::new::<Self>(sql_type.clone())))"
    );
    line!(out, "}}");
    line!(out, "}}");
}
