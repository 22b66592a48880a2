//! SQL enums as Rust enums.

use std::fmt::Write as _;

use super::line;
use crate::codegen::{ident, row};

/// `serde` are the derives of serde that rows have.
pub(super) fn emit(
    out: &mut String,
    (name, camel): (&str, &str),
    labels: &[String],
    serde: &[String],
    exec: &str,
) {
    let variants = ident::variants(labels.iter().map(String::as_str));
    let pairs: Vec<(&String, &String)> = variants.iter().zip(labels).collect();
    line!(
        out,
        "/// The SQL enum `{}`.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]",
        name.escape_debug()
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
    line!(
        out,
        "}}\n\n\
         impl {camel} {{\n\
         /// All labels, in the order of the SQL type."
    );
    let all: Vec<String> = variants
        .iter()
        .map(|variant| format!("Self::{variant}"))
        .collect();
    line!(
        out,
        "pub const ALL: &'static [Self] = &[{}];\n\n\
         /// The label.\n\
         #[must_use]\n\
         pub const fn as_str(self) -> &'static str {{\n\
         match self {{",
        all.join(", ")
    );
    for (variant, label) in &pairs {
        line!(out, "Self::{variant} => {label:?},");
    }
    line!(
        out,
        "}}\n\
         }}\n\
         }}\n\n\
         {exec}::sql_enum!({camel}, {name:?});\n"
    );
}
