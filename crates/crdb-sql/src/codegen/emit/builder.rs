//! A builder for each template.

use std::fmt::Write as _;
use std::time::Duration;

use super::reading::Reading;
use super::way::Way;
use super::{docs, line, literal, render, sql_docs, structure};
use crate::codegen::builder::{Builder, Parameter};
use crate::codegen::ident;
use crate::codegen::row::RowType;
use crate::query::{Retry, Staleness};
use crate::template::identifier::SafeIdentifier;

pub(super) fn emit(out: &mut String, builder: &Builder<'_>, exec: &str) {
    for (name, _, type_name, entries) in lists(builder) {
        list(out, builder, (name, type_name), entries);
    }
    definition(out, builder);
    line!(
        out,
        "impl{0} {1}{0} {{",
        lifetime(builder),
        builder.names.type_name
    );
    constructor(out, builder);
    setters(out, builder);
    render::emit(out, builder, exec);
    statement(out, builder, exec);
    runners(out, builder, exec);
    line!(out, "}}\n");
    default(out, builder);
    if builder.columns.len() > 1 && builder.row == RowType::Own {
        let of = [builder.names.type_name.clone()];
        let names = &builder.names;
        structure::row_of(
            out,
            (&names.row, &names.row_attributes),
            &of,
            &builder.columns,
            exec,
        );
        if let Some(name) = &names.row_in_place {
            structure::row_in_place(out, name, &names.row, &builder.columns, exec);
        }
    }
}

fn lifetime(builder: &Builder<'_>) -> &'static str {
    let borrows = builder
        .parameters
        .iter()
        .any(|p| p.field.rust.borrowed.contains("'a"));
    if borrows { "<'a>" } else { "" }
}

/// Each list of identifiers: its name, its field, its enum, its entries.
fn lists<'a>(
    builder: &'a Builder<'_>,
) -> impl Iterator<Item = (&'a str, &'a str, &'a str, &'a [String])> {
    let names = builder.list_fields.iter().zip(&builder.names.lists);
    let lists = builder.lists().into_iter().zip(names);
    lists.map(|((name, entries), (field, type_name))| {
        (name, field.as_str(), type_name.as_str(), entries)
    })
}

/// The identifiers that may take a place.
fn list(
    out: &mut String,
    builder: &Builder<'_>,
    (name, type_name): (&str, &str),
    entries: &[String],
) {
    line!(
        out,
        "/// What `{name}` of [`{}`] can be.\n\
         #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]\n\
         pub enum {type_name} {{",
        builder.names.type_name
    );
    let variants = ident::variants(entries.iter().map(String::as_str));
    for (index, (variant, entry)) in variants.iter().zip(entries).enumerate() {
        line!(out, "/// `{entry}`");
        if index == 0 {
            line!(out, "#[default]");
        }
        line!(out, "{variant},");
    }
    line!(
        out,
        "}}\n\n\
         impl {type_name} {{\n\
         const fn as_sql(self) -> &'static str {{\n\
         match self {{"
    );
    for (variant, entry) in variants.iter().zip(entries) {
        let sql = literal(SafeIdentifier::listed(entry).as_str());
        line!(out, "Self::{variant} => {sql},");
    }
    line!(
        out,
        "}}\n\
         }}\n\
         }}\n"
    );
}

/// The type of a parameter's field in the builder.
fn field_type(parameter: &Parameter) -> String {
    let inner = structure::borrowed(&parameter.field);
    if parameter.optional {
        format!("::core::option::Option<{inner}>")
    } else {
        inner
    }
}

fn definition(out: &mut String, builder: &Builder<'_>) {
    if builder.template.docs().is_empty() {
        line!(out, "/// The template `{}`.", builder.template.name());
    } else {
        docs(out, builder.template.docs());
    }
    line!(
        out,
        "///\n\
         /// For example, with everything off:\n\
         ///\n\
         /// ```sql"
    );
    sql_docs(out, &builder.example);
    line!(
        out,
        "/// ```\n\
         #[derive(Debug, Clone, PartialEq)]\n\
         #[must_use = \"a builder does nothing until it is run\"]\n\
         pub struct {}{} {{",
        builder.names.type_name,
        lifetime(builder)
    );
    for parameter in &builder.parameters {
        line!(out, "{}: {},", parameter.field.ident, field_type(parameter));
    }
    for (place, (_, field, type_name, _)) in lists(builder).enumerate() {
        if !render::asks_for_list(builder, place) {
            unused(out);
        }
        line!(out, "{field}: {type_name},");
    }
    for (switch, field) in builder.flag_fields.iter().enumerate() {
        if !render::asks_for_switch(builder.template.parts(), switch) {
            unused(out);
        }
        line!(out, "{field}: bool,");
    }
    line!(out, "}}\n");
}

/// A field that the header declares and the text does not use.
fn unused(out: &mut String) {
    line!(
        out,
        "#[expect(dead_code, reason = \"the template does not use it\")]"
    );
}

fn constructor(out: &mut String, builder: &Builder<'_>) {
    let required: Vec<String> = builder
        .parameters
        .iter()
        .filter(|parameter| !parameter.optional)
        .map(|parameter| format!("{}: {}", parameter.field.ident, field_type(parameter)))
        .collect();
    line!(
        out,
        "/// With what must be given; everything optional is left out."
    );
    if required.len() > 7 {
        line!(
            out,
            "#[expect(clippy::too_many_arguments, reason = \"the template has them\")]"
        );
    }
    if builder.names.type_name == "New" {
        line!(
            out,
            "#[allow(clippy::self_named_constructors, reason = \"the template's name\")]"
        );
    }
    line!(
        out,
        "pub fn new({}) -> Self {{\n\
         Self {{",
        required.join(", ")
    );
    for parameter in &builder.parameters {
        let value = if parameter.optional { ": None" } else { "" };
        line!(out, "{}{value},", parameter.field.ident);
    }
    for (_, field, type_name, _) in lists(builder) {
        line!(
            out,
            "{field}: <{type_name} as ::core::default::Default>::default(),"
        );
    }
    for field in &builder.flag_fields {
        line!(out, "{field}: false,");
    }
    line!(
        out,
        "}}\n\
         }}\n"
    );
}

/// `Default` where nothing must be given, as clippy asks of every `new()`.
fn default(out: &mut String, builder: &Builder<'_>) {
    if builder
        .parameters
        .iter()
        .all(|parameter| parameter.optional)
    {
        let (lifetime, name) = (lifetime(builder), &builder.names.type_name);
        line!(
            out,
            "impl{lifetime} ::core::default::Default for {name}{lifetime} {{\n\
             fn default() -> Self {{\n\
             Self::new()\n\
             }}\n\
             }}\n"
        );
    }
}

fn setters(out: &mut String, builder: &Builder<'_>) {
    for parameter in builder
        .parameters
        .iter()
        .filter(|parameter| parameter.optional)
    {
        let name = &parameter.field.ident;
        let says = if parameter.field.docs.is_empty() {
            "the parameter of this name"
        } else {
            &parameter.field.docs
        };
        line!(
            out,
            "/// Gives `{}`: {says} (`{}`).\n\
             pub fn {name}(mut self, {name}: {}) -> Self {{\n\
             self.{name} = Some({name});\n\
             self\n\
             }}\n",
            parameter.name,
            parameter.field.sql_type.to_uppercase(),
            structure::borrowed(&parameter.field)
        );
    }
    for (list, name, type_name, entries) in lists(builder) {
        let default = entries.first().map_or("", String::as_str);
        line!(
            out,
            "/// Sets `{list}`. Default: `{default}`.\n\
             pub fn {name}(mut self, {name}: {type_name}) -> Self {{\n\
             self.{name} = {name};\n\
             self\n\
             }}\n"
        );
    }
    for ((flag, says), name) in builder.template.flag_docs().zip(&builder.flag_fields) {
        let says = if says.is_empty() {
            "the flag of this name"
        } else {
            says
        };
        line!(
            out,
            "/// Turns `{flag}` on or off: {says}. Default: off.\n\
             pub fn {name}(mut self, {name}: bool) -> Self {{\n\
             self.{name} = {name};\n\
             self\n\
             }}\n"
        );
    }
}

fn statement(out: &mut String, builder: &Builder<'_>, exec: &str) {
    let template = builder.template;
    let (past, reads_the_past) = match template.staleness() {
        Some(_) => (", past: ::core::option::Option<&'s str>", true),
        None => ("", false),
    };
    line!(
        out,
        "fn statement<'s>(text: &'s str{past}) -> {exec}::Statement<'s> {{"
    );
    let mut chain = format!("{exec}::Statement::new(text).named({:?})", template.name());
    match template.retry() {
        Retry::Safe => chain.push_str(&format!(".retry({exec}::RetrySafety::Safe)")),
        Retry::Never => chain.push_str(&format!(".retry({exec}::RetrySafety::Never)")),
        Retry::Certain => {}
    }
    if let Some(timeout) = template.timeout() {
        let _written = write!(chain, ".timeout({})", duration(timeout));
    }
    if let Some(rule) = template.cache_rule() {
        chain.push_str(&super::function::cached(rule, exec));
    }
    if reads_the_past {
        line!(
            out,
            "let statement = {chain};\n\
             match past {{\n\
             ::core::option::Option::Some(past) => statement.follower_read(past),\n\
             ::core::option::Option::None => statement,\n\
             }}"
        );
    } else {
        line!(out, "{chain}");
    }
    line!(out, "}}\n");
}

fn duration(duration: Duration) -> String {
    format!(
        "::core::time::Duration::from_millis({})",
        duration.as_millis()
    )
}

/// `let` lines for the text, the values and the statement of a call.
fn call(builder: &Builder<'_>, exec: &str) -> Vec<String> {
    let mut lines = vec!["let (text, values) = self.render();".to_owned()];
    let staleness = builder
        .template
        .staleness()
        .map(|staleness| match staleness {
            Staleness::Follower => "Follower".to_owned(),
            Staleness::Exactly(age) => format!("Exactly({})", duration(age)),
            Staleness::AtMost(age) => format!("AtMost({})", duration(age)),
        });
    if let Some(staleness) = staleness {
        lines.push(format!(
            "let past = {exec}::Staleness::{staleness}.text(&text);"
        ));
        lines.push("let statement = Self::statement(&text, past.as_deref());".to_owned());
    } else {
        lines.push("let statement = Self::statement(&text);".to_owned());
    }
    lines
}

fn runners(out: &mut String, builder: &Builder<'_>, exec: &str) {
    let names = &builder.names;
    let row = (names.row.as_str(), names.row_in_place.as_deref());
    let reading = Reading::of(&builder.columns, &builder.row, row);
    let before = call(builder, exec).join("\n") + "\n";
    for way in Way::of(builder.template.cardinality(), &reading, exec) {
        line!(
            out,
            "/// {}\n\
             ///\n\
             /// Dropping the future abandons the statement, which may still be carried out.\n\
             ///\n\
             /// # Errors\n\
             ///\n\
             /// {}",
            way.says,
            way.errors
        );
        let call = ("statement", "&values");
        way.write(out, way.method, ("&self, ", ""), &before, call, exec);
    }
}
