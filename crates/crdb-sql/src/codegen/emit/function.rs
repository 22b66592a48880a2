//! A function for each query.

use std::fmt::Write as _;

use super::{batch, docs, line, literal, sql_docs, structure};
use crate::codegen::ident;
use crate::codegen::item::{Item, Shape};
use crate::query::{Cardinality, Retry};

pub(super) fn emit(out: &mut String, item: &Item<'_>) {
    let bulk = match item.query.cardinality() {
        Cardinality::Batch => batch::bulk_text(item),
        _ => None,
    };
    statement(out, item, bulk.as_deref());
    match item.query.cardinality() {
        Cardinality::Batch => batch::emit(out, item, bulk.is_some()),
        Cardinality::Many => {
            all(out, item);
            stream(out, item);
        }
        _ => single(out, item),
    }
    if item.shape() == Shape::Struct {
        structure::row(out, item);
    }
    if item.parameters.len() > 1 {
        structure::arguments(out, item);
    }
}

/// The name of the statement's constant.
pub(super) fn constant(item: &Item<'_>) -> String {
    let name = ident::snake(item.module_and_name().1);
    name.trim_start_matches("r#").to_ascii_uppercase()
}

fn statement(out: &mut String, item: &Item<'_>, text: Option<&str>) {
    let query = item.query;
    let text = literal(text.unwrap_or(query.text()));
    line!(
        out,
        "const {}: Statement<'static> = Statement::new({text})",
        constant(item)
    );
    let mut rest = format!(".named({:?})", query.name());
    match query.retry() {
        Retry::Safe => rest.push_str(".retry(RetrySafety::Safe)"),
        Retry::Never => rest.push_str(".retry(RetrySafety::Never)"),
        Retry::Certain => {}
    }
    if let Some(timeout) = query.timeout() {
        let millis = timeout.as_millis();
        let duration = if millis.is_multiple_of(1000) {
            format!("Duration::from_secs({})", millis / 1000)
        } else {
            format!("Duration::from_millis({millis})")
        };
        let _written = write!(rest, ".timeout({duration})");
    }
    if let Some(stale) = query.stale_text() {
        let _written = write!(rest, ".stale({})", literal(stale));
    }
    line!(out, "{rest};");
    line!(out);
}

/// What every function's documentation says.
pub(super) fn head(out: &mut String, item: &Item<'_>, first: &str, errors: &str) {
    let query = item.query;
    if !first.is_empty() {
        docs(out, first);
        line!(out, "///");
    }
    if query.docs().is_empty() {
        line!(out, "/// The query `{}`.", query.name());
    } else {
        docs(out, query.docs());
    }
    line!(out, "///");
    line!(out, "/// ```sql");
    sql_docs(out, query.text());
    line!(out, "/// ```");
    if let [only] = item.parameters.as_slice()
        && !only.docs.is_empty()
    {
        line!(out, "///");
        line!(out, "/// `{}`: {}", only.ident, only.docs);
    }
    line!(out, "///");
    line!(
        out,
        "/// Dropping the future abandons the statement, which may still be carried out."
    );
    line!(out, "///");
    line!(out, "/// # Errors");
    line!(out, "///");
    line!(out, "/// {errors}");
}

/// `, number: &str` and `&[&number]`
fn parameters(item: &Item<'_>) -> (String, String) {
    match item.parameters.as_slice() {
        [] => (String::new(), "&[]".to_owned()),
        [only] => {
            let rust = structure::borrowed(only).replace("&'a ", "&");
            (
                format!(", {}: {rust}", only.ident),
                format!("&[&{}]", only.ident),
            )
        }
        several => {
            let lifetime = if structure::borrows(item) { "<'_>" } else { "" };
            let name = structure::arguments_name(item);
            let values: Vec<String> = several
                .iter()
                .map(|field| format!("&params.{}", field.ident))
                .collect();
            (
                format!(", params: {name}{lifetime}"),
                format!("&[{}]", values.join(", ")),
            )
        }
    }
}

/// The type of one row, and how a `row` becomes one.
fn row_type(item: &Item<'_>) -> (String, &'static str) {
    match (item.shape(), item.columns.first()) {
        (Shape::Scalar, Some(column)) => (structure::owned(column), "row.get(0)"),
        (Shape::Struct, _) => (structure::row_name(item), "from_row"),
        _ => ("()".to_owned(), ""),
    }
}

fn single(out: &mut String, item: &Item<'_>) {
    let name = ident::snake(item.module_and_name().1);
    let (signature, values) = parameters(item);
    let (row, read) = row_type(item);
    let constant = constant(item);
    let (returns, errors) = match item.query.cardinality() {
        Cardinality::One => (
            row.clone(),
            "As the executor; also when there is not exactly one row.",
        ),
        Cardinality::Optional => (
            format!("Option<{row}>"),
            "As the executor; also when there is more than one row.",
        ),
        Cardinality::ExecRows => ("u64".to_owned(), "As the executor."),
        _ => ("()".to_owned(), "As the executor."),
    };
    let first = match item.query.cardinality() {
        Cardinality::ExecRows => "Returns how many rows were changed.",
        _ => "",
    };
    head(out, item, "", errors);
    if !first.is_empty() {
        // Said where the caller looks for it, below the query's own words.
        let at = out.rfind("/// Dropping the future").unwrap_or(out.len());
        out.insert_str(at, &format!("/// {first}\n///\n"));
    }
    line!(
        out,
        "pub async fn {name}<E: Executor>(db: &E{signature}) -> Result<{returns}, Error> {{"
    );
    let convert = |value: &str| match read {
        "from_row" => format!("{row}::from_row({value})"),
        _ => format!("{}.get(0)", value.trim_start_matches('&')),
    };
    match item.query.cardinality() {
        Cardinality::One => {
            line!(out, "let row = db.fetch_one({constant}, {values}).await?;");
            line!(out, "{}", convert("&row"));
        }
        Cardinality::Optional => {
            line!(
                out,
                "let row = db.fetch_optional({constant}, {values}).await?;"
            );
            if read == "from_row" {
                line!(out, "row.as_ref().map({row}::from_row).transpose()");
            } else {
                line!(out, "row.map(|row| {}).transpose()", convert("row"));
            }
        }
        Cardinality::ExecRows => line!(out, "db.execute({constant}, {values}).await"),
        _ => {
            line!(out, "db.execute({constant}, {values}).await?;");
            line!(out, "Ok(())");
        }
    }
    line!(out, "}}");
    line!(out);
}

fn all(out: &mut String, item: &Item<'_>) {
    let name = ident::snake(item.module_and_name().1);
    let (signature, values) = parameters(item);
    let (row, read) = row_type(item);
    head(out, item, "", "As the executor.");
    line!(
        out,
        "pub async fn {name}<E: Executor>(db: &E{signature}) -> Result<Vec<{row}>, Error> {{"
    );
    line!(
        out,
        "let rows = db.fetch_all({}, {values}).await?;",
        constant(item)
    );
    if read == "from_row" {
        line!(out, "rows.iter().map({row}::from_row).collect()");
    } else {
        line!(out, "rows.iter().map(|row| row.get(0)).collect()");
    }
    line!(out, "}}");
    line!(out);
}

fn stream(out: &mut String, item: &Item<'_>) {
    let plain = ident::snake(item.module_and_name().1);
    let plain = plain.trim_start_matches("r#");
    let (signature, values) = parameters(item);
    let (row, read) = row_type(item);
    line!(
        out,
        "/// As [`{plain}`], row by row: memory stays flat however many rows there are."
    );
    line!(out, "///");
    line!(
        out,
        "/// Dropping the future or the stream abandons the statement."
    );
    line!(out, "///");
    line!(out, "/// # Errors");
    line!(out, "///");
    line!(
        out,
        "/// As the executor; an error may also come in the stream."
    );
    line!(
        out,
        "pub async fn {plain}_stream<'e, E: Executor>(db: &'e E{signature}) -> Result<MappedRows<E::Rows<'e>, {row}>, Error> {{"
    );
    line!(
        out,
        "let rows = db.fetch_stream({}, {values}).await?;",
        constant(item)
    );
    if read == "from_row" {
        line!(out, "Ok(MappedRows::new(rows, {row}::from_row))");
    } else {
        line!(out, "Ok(MappedRows::new(rows, |row| row.get(0)))");
    }
    line!(out, "}}");
    line!(out);
}
