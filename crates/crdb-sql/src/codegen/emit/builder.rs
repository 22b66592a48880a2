//! A builder for each template.

use std::fmt::Write as _;

use super::{docs, line, literal, sql_docs, structure};
use crate::codegen::builder::{Builder, Parameter};
use crate::codegen::ident;
use crate::query::{Cardinality, Retry};

pub(super) fn emit(out: &mut String, builder: &Builder<'_>) {
    constants(out, builder);
    for (name, entries) in builder.lists() {
        list(out, builder, name, entries);
    }
    definition(out, builder);
    line!(
        out,
        "impl{0} {1}{0} {{",
        lifetime(builder),
        builder.type_name()
    );
    constructor(out, builder);
    setters(out, builder);
    statement(out, builder);
    runners(out, builder);
    line!(out, "}}");
    line!(out);
    default(out, builder);
    if scalar(builder).is_none() && !builder.columns.is_empty() {
        structure::row_of(
            out,
            &row_name(builder),
            &builder.type_name(),
            &builder.columns,
        );
    }
}

fn constant(builder: &Builder<'_>) -> String {
    ident::snake(builder.module_and_name().1)
        .trim_start_matches("r#")
        .to_ascii_uppercase()
}

fn row_name(builder: &Builder<'_>) -> String {
    format!("{}Row", builder.type_name())
}

fn lifetime(builder: &Builder<'_>) -> &'static str {
    let borrows = builder
        .parameters
        .iter()
        .any(|p| p.field.rust.borrowed.contains("'a"));
    if borrows { "<'a>" } else { "" }
}

fn list_name(builder: &Builder<'_>, name: &str) -> String {
    format!("{}{}", builder.type_name(), ident::camel(name))
}

fn constants(out: &mut String, builder: &Builder<'_>) {
    let constant = constant(builder);
    let count = builder.texts.len();
    let (what, stale_type) = match is_stale(builder) {
        true => ("Each text, the same for reads of the past", "&str, "),
        false => ("Each text", ""),
    };
    line!(out, "/// {what}, and which of the parameters it takes.");
    line!(
        out,
        "const {constant}: [(&str, {stale_type}&[usize]); {count}] = ["
    );
    for text in &builder.texts {
        let places: Vec<String> = text.parameters.iter().map(ToString::to_string).collect();
        let stale = text
            .stale
            .iter()
            .map(|stale| format!("{}, ", literal(stale)));
        let stale: String = stale.collect();
        line!(
            out,
            "({}, {stale}&[{}]),",
            literal(&text.sql),
            places.join(", ")
        );
    }
    line!(out, "];");
    line!(out);
}

/// Whether its statements read the past where the server can.
fn is_stale(builder: &Builder<'_>) -> bool {
    builder.texts.iter().any(|text| text.stale.is_some())
}

/// The identifiers that may take a place.
fn list(out: &mut String, builder: &Builder<'_>, name: &str, entries: &[String]) {
    line!(
        out,
        "/// What `{name}` of [`{}`] can be.",
        builder.type_name()
    );
    line!(
        out,
        "#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]"
    );
    line!(out, "pub enum {} {{", list_name(builder, name));
    let variants = ident::distinct(entries.iter().map(|entry| ident::camel(entry)).collect());
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
        format!("Option<{inner}>")
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
        builder.type_name(),
        lifetime(builder)
    );
    for parameter in &builder.parameters {
        line!(out, "{}: {},", parameter.field.ident, field_type(parameter));
    }
    for (name, _) in builder.lists() {
        line!(out, "{}: {},", ident::snake(name), list_name(builder, name));
    }
    for flag in builder.template.flags() {
        line!(out, "{}: bool,", ident::snake(flag));
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
    for (name, _) in builder.lists() {
        line!(
            out,
            "{}: {}::default(),",
            ident::snake(name),
            list_name(builder, name)
        );
    }
    for flag in builder.template.flags() {
        line!(out, "{}: false,", ident::snake(flag));
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
        let (lifetime, name) = (lifetime(builder), builder.type_name());
        line!(out, "impl{lifetime} Default for {name}{lifetime} {{");
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
    for (list, entries) in builder.lists() {
        let name = ident::snake(list);
        let default = entries.first().map_or("", String::as_str);
        line!(out, "/// Sets `{list}`. Default: `{default}`.");
        line!(
            out,
            "pub fn {name}(mut self, {name}: {}) -> Self {{",
            list_name(builder, list)
        );
        line!(out, "self.{name} = {name};");
        line!(out, "self");
        line!(out, "}}");
        line!(out);
    }
    for (flag, says) in builder.template.flag_docs() {
        let name = ident::snake(flag);
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

fn statement(out: &mut String, builder: &Builder<'_>) {
    let template = builder.template;
    let constant = constant(builder);
    line!(
        out,
        "fn statement(&self) -> (Statement<'static>, Vec<&(dyn ToSql + Sync)>) {{"
    );
    let flags = template
        .flags()
        .map(|flag| format!("self.{}", ident::snake(flag)));
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
    for (name, entries) in builder.lists() {
        line!(
            out,
            "let index = index * {} + self.{} as usize;",
            entries.len(),
            ident::snake(name)
        );
    }
    let stale = if is_stale(builder) { "stale, " } else { "" };
    line!(out, "let (text, {stale}places) = {constant}[index];");
    let mut chain = format!(".named({:?})", template.name());
    match template.retry() {
        Retry::Safe => chain.push_str(".retry(RetrySafety::Safe)"),
        Retry::Never => chain.push_str(".retry(RetrySafety::Never)"),
        Retry::Certain => {}
    }
    if let Some(timeout) = template.timeout() {
        let _written = write!(
            chain,
            ".timeout(Duration::from_millis({}))",
            timeout.as_millis()
        );
    }
    if is_stale(builder) {
        chain.push_str(".stale(stale)");
    }
    line!(out, "let statement = Statement::new(text){chain};");
    let values: Vec<String> = builder
        .parameters
        .iter()
        .map(|p| format!("&self.{}", p.field.ident))
        .collect();
    if values.is_empty() {
        line!(out, "debug_assert!(places.is_empty());");
        line!(out, "(statement, Vec::new())");
    } else {
        line!(
            out,
            "let values: [&(dyn ToSql + Sync); {}] = [{}];",
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

fn runners(out: &mut String, builder: &Builder<'_>) {
    let scalar = scalar(builder);
    let row = scalar.clone().unwrap_or_else(|| row_name(builder));
    let read = if scalar.is_some() {
        "|row| row.get(0)".to_owned()
    } else {
        format!("{row}::from_row")
    };
    match builder.template.cardinality() {
        Cardinality::One => runner(
            out,
            "The one row.",
            "As the executor; also when there is not exactly one row.",
            &format!("fetch_one<E: Executor>(&self, db: &E) -> Result<{row}, Error>"),
            &[
                "let row = db.fetch_one(statement, &values).await?;".to_owned(),
                if scalar.is_some() {
                    "row.get(0)".to_owned()
                } else {
                    format!("{row}::from_row(&row)")
                },
            ],
        ),
        Cardinality::Optional => runner(
            out,
            "The row, if there is one.",
            "As the executor; also when there is more than one row.",
            &format!("fetch_optional<E: Executor>(&self, db: &E) -> Result<Option<{row}>, Error>"),
            &[
                "let row = db.fetch_optional(statement, &values).await?;".to_owned(),
                format!("row.as_ref().map({read}).transpose()"),
            ],
        ),
        Cardinality::Many => {
            runner(
                out,
                "All rows.",
                "As the executor.",
                &format!("fetch_all<E: Executor>(&self, db: &E) -> Result<Vec<{row}>, Error>"),
                &[
                    "let rows = db.fetch_all(statement, &values).await?;".to_owned(),
                    format!("rows.iter().map({read}).collect()"),
                ],
            );
            runner(
                out,
                "The rows as they come.",
                "As the executor; an error may also come in the stream.",
                &format!(
                    "fetch<'e, E: Executor>(&self, db: &'e E) -> Result<MappedRows<E::Rows<'e>, {row}>, Error>"
                ),
                &[
                    "let rows = db.fetch_stream(statement, &values).await?;".to_owned(),
                    format!("Ok(MappedRows::new(rows, {read}))"),
                ],
            );
        }
        Cardinality::Exec | Cardinality::ExecRows | Cardinality::Batch => runner(
            out,
            "Runs the statement and returns how many rows were changed.",
            "As the executor.",
            "execute<E: Executor>(&self, db: &E) -> Result<u64, Error>",
            &["db.execute(statement, &values).await".to_owned()],
        ),
    }
}
