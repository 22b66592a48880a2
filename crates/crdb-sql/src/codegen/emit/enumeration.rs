//! SQL enums as Rust enums.

use std::fmt::Write as _;

use super::line;
use crate::codegen::ident;

pub(super) fn emit(out: &mut String, name: &str, labels: &[String]) {
    let camel = ident::camel(name);
    let variants = ident::distinct(labels.iter().map(|label| ident::camel(label)).collect());
    let pairs: Vec<(&String, &String)> = variants.iter().zip(labels).collect();
    line!(out, "/// The SQL enum `{name}`.");
    line!(
        out,
        "#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]"
    );
    line!(out, "pub enum {camel} {{");
    for (variant, label) in &pairs {
        line!(out, "/// `{}`", label.escape_debug());
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
    line!(out, "impl std::fmt::Display for {camel} {{");
    line!(
        out,
        "fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{"
    );
    line!(out, "f.pad(self.as_str())");
    line!(out, "}}");
    line!(out, "}}");
    line!(out);
    line!(out, "impl ToSql for {camel} {{");
    line!(
        out,
        "fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {{"
    );
    line!(out, "out.extend_from_slice(self.as_str().as_bytes());");
    line!(out, "Ok(IsNull::No)");
    line!(out, "}}");
    line!(out);
    line!(out, "fn accepts(sql_type: &Type) -> bool {{");
    line!(out, "sql_type.name() == {name:?}");
    line!(out, "}}");
    line!(out);
    line!(out, "to_sql_checked!();");
    line!(out, "}}");
    line!(out);
    line!(out, "impl<'a> FromSql<'a> for {camel} {{");
    line!(
        out,
        "fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {{"
    );
    line!(out, "let label = std::str::from_utf8(raw)?;");
    line!(
        out,
        "Self::ALL.iter().copied().find(|known| known.as_str() == label)"
    );
    line!(
        out,
        ".ok_or_else(|| format!(\"the enum {name} has a new label `{{label}}`; generate the code again\").into())"
    );
    line!(out, "}}");
    line!(out);
    line!(out, "fn accepts(sql_type: &Type) -> bool {{");
    line!(out, "sql_type.name() == {name:?}");
    line!(out, "}}");
    line!(out, "}}");
    line!(out);
}
