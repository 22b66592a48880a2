//! A builder for each template.

use std::fmt::Write as _;

use super::{docs, line, literal, sql_docs, structure};
use crate::codegen::builder::{Builder, Parameter};
use crate::codegen::ident;
use crate::query::{Cardinality, Retry};

pub(super) fn emit(out: &mut String, builder: &Builder<'_>, exec: &str) {
    constants(out, builder);
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
    statement(out, builder, exec);
    runners(out, builder, exec);
    line!(out, "}}");
    line!(out);
    default(out, builder);
    if scalar(builder).is_none() && !builder.columns.is_empty() {
        structure::row_of(
            out,
            &builder.names.row,
            &builder.names.type_name,
            &builder.columns,
            exec,
        );
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

fn constants(out: &mut String, builder: &Builder<'_>) {
    let constant = &builder.names.constant;
    let count = builder.texts.len();
    let (what, past_type) = match reads_the_past(builder) {
        true => ("Each text, the same for reads of the past", "&str, "),
        false => ("Each text", ""),
    };
    line!(out, "/// {what}, and which of the parameters it takes.");
    line!(
        out,
        "const {constant}: [(&str, {past_type}&[usize]); {count}] = ["
    );
    for text in &builder.texts {
        let places: Vec<String> = text.parameters.iter().map(ToString::to_string).collect();
        let past = text
            .follower_read
            .iter()
            .map(|past| format!("{}, ", literal(past)));
        let past: String = past.collect();
        line!(
            out,
            "({}, {past}&[{}]),",
            literal(&text.sql),
            places.join(", ")
        );
    }
    line!(out, "];");
    line!(out);
}

/// Whether its statements read the past where the server can.
fn reads_the_past(builder: &Builder<'_>) -> bool {
    builder
        .texts
        .iter()
        .any(|text| text.follower_read.is_some())
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
        "/// What `{name}` of [`{}`] can be.",
        builder.names.type_name
    );
    line!(
        out,
        "#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]"
    );
    line!(out, "pub enum {type_name} {{");
    let variants = ident::variants(entries.iter().map(String::as_str));
    for (index, (variant, entry)) in variants.iter().zip(entries).enumerate() {
        line!(out, "/// `{entry}`");
        if index == 0 {
            line!(out, "#[default]");
        }
        line!(out, "{variant},");
    }
    line!(out, "}}");
    line!(out);
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
    line!(out, "///");
    line!(out, "/// For example, with everything off:");
    line!(out, "///");
    line!(out, "/// ```sql");
    if let Some(text) = builder.texts.first() {
        sql_docs(out, &text.sql);
    }
    line!(out, "/// ```");
    line!(out, "#[derive(Debug, Clone, PartialEq)]");
    line!(
        out,
        "#[must_use = \"a builder does nothing until it is run\"]"
    );
    line!(
        out,
        "pub struct {}{} {{",
        builder.names.type_name,
        lifetime(builder)
    );
    for parameter in &builder.parameters {
        line!(out, "{}: {},", parameter.field.ident, field_type(parameter));
    }
    for (_, field, type_name, _) in lists(builder) {
        line!(out, "{field}: {type_name},");
    }
    for field in &builder.flag_fields {
        line!(out, "{field}: bool,");
    }
    line!(out, "}}");
    line!(out);
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
    line!(out, "pub fn new({}) -> Self {{", required.join(", "));
    line!(out, "Self {{");
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
    line!(out, "}}");
    line!(out, "}}");
    line!(out);
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
            "impl{lifetime} ::core::default::Default for {name}{lifetime} {{"
        );
        line!(out, "fn default() -> Self {{");
        line!(out, "Self::new()");
        line!(out, "}}");
        line!(out, "}}");
        line!(out);
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
            "/// Gives `{}`: {says} (`{}`).",
            parameter.name,
            parameter.field.sql_type.to_uppercase()
        );
        line!(
            out,
            "pub fn {name}(mut self, {name}: {}) -> Self {{",
            structure::borrowed(&parameter.field)
        );
        line!(out, "self.{name} = Some({name});");
        line!(out, "self");
        line!(out, "}}");
        line!(out);
    }
    for (list, name, type_name, entries) in lists(builder) {
        let default = entries.first().map_or("", String::as_str);
        line!(out, "/// Sets `{list}`. Default: `{default}`.");
        line!(
            out,
            "pub fn {name}(mut self, {name}: {type_name}) -> Self {{"
        );
        line!(out, "self.{name} = {name};");
        line!(out, "self");
        line!(out, "}}");
        line!(out);
    }
    for ((flag, says), name) in builder.template.flag_docs().zip(&builder.flag_fields) {
        let says = if says.is_empty() {
            "the flag of this name"
        } else {
            says
        };
        line!(out, "/// Turns `{flag}` on or off: {says}. Default: off.");
        line!(out, "pub fn {name}(mut self, {name}: bool) -> Self {{");
        line!(out, "self.{name} = {name};");
        line!(out, "self");
        line!(out, "}}");
        line!(out);
    }
}

fn statement(out: &mut String, builder: &Builder<'_>, exec: &str) {
    let template = builder.template;
    let constant = &builder.names.constant;
    line!(
        out,
        "fn statement(&self) -> ({exec}::Statement<'static>, ::std::vec::Vec<&(dyn {exec}::ToSql + ::core::marker::Sync)>) {{"
    );
    let flags = builder
        .flag_fields
        .iter()
        .map(|field| format!("self.{field}"));
    let given = template.optional().map(|name| {
        let known = builder
            .parameters
            .iter()
            .find(|parameter| parameter.name == name);
        known.map_or_else(
            || "false".to_owned(),
            |parameter| format!("self.{}.is_some()", parameter.field.ident),
        )
    });
    let bits: Vec<String> = flags
        .chain(given)
        .enumerate()
        .map(|(bit, on)| match bit {
            0 => format!("usize::from({on})"),
            _ => format!("(usize::from({on}) << {bit})"),
        })
        .collect();
    let on = if bits.is_empty() {
        "0".to_owned()
    } else {
        bits.join(" | ")
    };
    line!(out, "let index = {on};");
    for (_, field, _, entries) in lists(builder) {
        line!(
            out,
            "let index = index * {} + self.{field} as usize;",
            entries.len()
        );
    }
    let past = if reads_the_past(builder) {
        "past, "
    } else {
        ""
    };
    line!(out, "let (text, {past}places) = {constant}[index];");
    let mut chain = format!(".named({:?})", template.name());
    match template.retry() {
        Retry::Safe => chain.push_str(&format!(".retry({exec}::RetrySafety::Safe)")),
        Retry::Never => chain.push_str(&format!(".retry({exec}::RetrySafety::Never)")),
        Retry::Certain => {}
    }
    if let Some(timeout) = template.timeout() {
        let _written = write!(
            chain,
            ".timeout(::core::time::Duration::from_millis({}))",
            timeout.as_millis()
        );
    }
    if reads_the_past(builder) {
        chain.push_str(".follower_read(past)");
    }
    line!(out, "let statement = {exec}::Statement::new(text){chain};");
    let values: Vec<String> = builder
        .parameters
        .iter()
        .map(|p| format!("&self.{}", p.field.ident))
        .collect();
    if values.is_empty() {
        line!(out, "::core::debug_assert!(places.is_empty());");
        line!(out, "(statement, ::std::vec::Vec::new())");
    } else {
        line!(
            out,
            "let values: [&(dyn {exec}::ToSql + ::core::marker::Sync); {}] = [{}];",
            values.len(),
            values.join(", ")
        );
        line!(
            out,
            "(statement, places.iter().map(|place| values[*place]).collect())"
        );
    }
    line!(out, "}}");
    line!(out);
}

/// The type of the only column.
fn scalar(builder: &Builder<'_>) -> Option<String> {
    match builder.columns.as_slice() {
        [only] => Some(structure::owned(only)),
        _ => None,
    }
}

fn runner(out: &mut String, first: &str, errors: &str, signature: &str, lines: &[String]) {
    line!(out, "/// {first}");
    line!(out, "///");
    line!(
        out,
        "/// Dropping the future abandons the statement, which may still be carried out."
    );
    line!(out, "///");
    line!(out, "/// # Errors");
    line!(out, "///");
    line!(out, "/// {errors}");
    line!(out, "pub async fn {signature} {{");
    line!(out, "let (statement, values) = self.statement();");
    for text in lines {
        line!(out, "{text}");
    }
    line!(out, "}}");
    line!(out);
}

fn runners(out: &mut String, builder: &Builder<'_>, exec: &str) {
    let scalar = scalar(builder);
    let row = scalar.clone().unwrap_or_else(|| builder.names.row.clone());
    let read = if scalar.is_some() {
        format!("|row| {exec}::Row::get(row, 0)")
    } else {
        format!("{row}::from_row")
    };
    match builder.template.cardinality() {
        Cardinality::One => runner(
            out,
            "The one row.",
            "As the executor; also when there is not exactly one row.",
            &format!(
                "fetch_one<E: {exec}::Executor>(&self, db: &E) -> ::core::result::Result<{row}, {exec}::Error>"
            ),
            &[
                format!("let row = {exec}::ExecutorExt::fetch_one(db, statement, &values).await?;"),
                if scalar.is_some() {
                    format!("{exec}::Row::get(&row, 0)")
                } else {
                    format!("{row}::from_row(&row)")
                },
            ],
        ),
        Cardinality::Optional => runner(
            out,
            "The row, if there is one.",
            "As the executor; also when there is more than one row.",
            &format!(
                "fetch_optional<E: {exec}::Executor>(&self, db: &E) -> ::core::result::Result<::core::option::Option<{row}>, {exec}::Error>"
            ),
            &[
                format!(
                    "let row = {exec}::ExecutorExt::fetch_optional(db, statement, &values).await?;"
                ),
                format!("row.as_ref().map({read}).transpose()"),
            ],
        ),
        Cardinality::Many => {
            runner(
                out,
                "All rows.",
                "As the executor.",
                &format!(
                    "fetch_all<E: {exec}::Executor>(&self, db: &E) -> ::core::result::Result<::std::vec::Vec<{row}>, {exec}::Error>"
                ),
                &[
                    format!(
                        "let rows = {exec}::ExecutorExt::fetch_all(db, statement, &values).await?;"
                    ),
                    format!("rows.iter().map({read}).collect()"),
                ],
            );
            runner(
                out,
                "The rows as they come.",
                "As the executor; an error may also come in the stream.",
                &format!(
                    "fetch<'e, E: {exec}::Executor>(&self, db: &'e E) -> ::core::result::Result<{exec}::MappedRows<E::Rows<'e>, {row}>, {exec}::Error>"
                ),
                &[
                    format!(
                        "let rows = {exec}::ExecutorExt::fetch_stream(db, statement, &values).await?;"
                    ),
                    format!("Ok({exec}::MappedRows::new(rows, {read}))"),
                ],
            );
        }
        Cardinality::Exec | Cardinality::ExecRows | Cardinality::Batch => runner(
            out,
            "Runs the statement and returns how many rows were changed.",
            "As the executor.",
            &format!(
                "execute<E: {exec}::Executor>(&self, db: &E) -> ::core::result::Result<u64, {exec}::Error>"
            ),
            &[format!(
                "{exec}::ExecutorExt::execute(db, statement, &values).await"
            )],
        ),
    }
}
