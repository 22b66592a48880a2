//! A function for each query.

use std::fmt::Write as _;
use std::time::Duration;

use super::reading::Reading;
use super::{batch, docs, line, literal, sql_docs, structure};
use crate::codegen::item::{Item, Shape};
use crate::codegen::row::RowType;
use crate::query::{CacheRule, Cardinality, Retry};

pub(super) fn emit(out: &mut String, item: &Item<'_>, exec: &str) {
    let bulk = match item.query.cardinality() {
        Cardinality::Batch => batch::bulk_text(item),
        _ => None,
    };
    statement(out, item, bulk.as_deref(), exec);
    match item.query.cardinality() {
        Cardinality::Batch => batch::emit(out, item, bulk.is_some(), exec),
        Cardinality::Many => {
            all(out, item, exec);
            stream(out, item, exec);
        }
        _ => single(out, item, exec),
    }
    if item.shape() == Shape::Struct && item.row == RowType::Own {
        structure::row(out, item, exec);
    }
    if item.parameters.len() > 1 {
        structure::arguments(out, item);
    }
}

fn statement(out: &mut String, item: &Item<'_>, text: Option<&str>, exec: &str) {
    let query = item.query;
    let text = literal(text.unwrap_or(query.text()));
    line!(
        out,
        "const {}: {exec}::Statement<'static> = {exec}::Statement::new({text})",
        item.names.constant
    );
    let mut rest = format!(".named({:?})", query.name());
    match query.retry() {
        Retry::Safe => rest.push_str(&format!(".retry({exec}::RetrySafety::Safe)")),
        Retry::Never => rest.push_str(&format!(".retry({exec}::RetrySafety::Never)")),
        Retry::Certain => {}
    }
    if let Some(timeout) = query.timeout() {
        let _written = write!(rest, ".timeout({})", duration(timeout));
    }
    if let Some(rule) = query.cache_rule() {
        rest.push_str(&cached(rule, exec));
    }
    if let Some(past) = query.follower_read_text() {
        let _written = write!(rest, ".follower_read({})", literal(past));
    }
    line!(out, "{rest};");
    line!(out);
}

fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis.is_multiple_of(1000) {
        format!("::core::time::Duration::from_secs({})", millis / 1000)
    } else {
        format!("::core::time::Duration::from_millis({millis})")
    }
}

/// `.cached(..)`
pub(super) fn cached(rule: CacheRule, exec: &str) -> String {
    let age = duration(rule.max_age());
    let on_error = if rule.allows_errors() {
        format!(".on_error({})", duration(rule.max_age_on_error()))
    } else {
        String::new()
    };
    format!(".cached({exec}::CacheRule::new({age}){on_error})")
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
            let name = &item.names.arguments;
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

fn reading(item: &Item<'_>) -> Reading {
    Reading::of(&item.columns, &item.row, &item.names.row)
}

fn single(out: &mut String, item: &Item<'_>, exec: &str) {
    let name = &item.names.function;
    let (signature, values) = parameters(item);
    let reading = reading(item);
    let row = &reading.row;
    let constant = &item.names.constant;
    let (returns, errors) = match item.query.cardinality() {
        Cardinality::One => (
            row.to_owned(),
            "As the executor; also when there is not exactly one row.",
        ),
        Cardinality::Optional => (
            format!("::core::option::Option<{row}>"),
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
        "pub async fn {name}<E: {exec}::Executor>(db: &E{signature}) -> ::core::result::Result<{returns}, {exec}::Error> {{"
    );
    match item.query.cardinality() {
        Cardinality::One => {
            line!(
                out,
                "let row = {exec}::ExecutorExt::fetch_one(db, {constant}, {values}).await?;"
            );
            line!(out, "{}", reading.value("&row", exec));
        }
        Cardinality::Optional => {
            line!(
                out,
                "let row = {exec}::ExecutorExt::fetch_optional(db, {constant}, {values}).await?;"
            );
            line!(
                out,
                "row.as_ref().map({}).transpose()",
                reading.function(exec)
            );
        }
        Cardinality::ExecRows => line!(
            out,
            "{exec}::ExecutorExt::execute(db, {constant}, {values}).await"
        ),
        _ => {
            line!(
                out,
                "{exec}::ExecutorExt::execute(db, {constant}, {values}).await?;"
            );
            line!(out, "Ok(())");
        }
    }
    line!(out, "}}");
    line!(out);
}

fn all(out: &mut String, item: &Item<'_>, exec: &str) {
    let name = &item.names.function;
    let (signature, values) = parameters(item);
    let reading = reading(item);
    let row = &reading.row;
    head(out, item, "", "As the executor.");
    line!(
        out,
        "pub async fn {name}<E: {exec}::Executor>(db: &E{signature}) -> ::core::result::Result<::std::vec::Vec<{row}>, {exec}::Error> {{"
    );
    line!(
        out,
        "let rows = {exec}::ExecutorExt::fetch_all(db, {}, {values}).await?;",
        item.names.constant
    );
    line!(out, "rows.iter().map({}).collect()", reading.function(exec));
    line!(out, "}}");
    line!(out);
}

fn stream(out: &mut String, item: &Item<'_>, exec: &str) {
    let plain = item.names.function.trim_start_matches("r#");
    let name = &item.names.stream;
    let (signature, values) = parameters(item);
    let reading = reading(item);
    let row = &reading.row;
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
        "pub async fn {name}<'e, E: {exec}::Executor>(db: &'e E{signature}) -> ::core::result::Result<{exec}::MappedRows<E::Rows<'e>, {row}>, {exec}::Error> {{"
    );
    line!(
        out,
        "let rows = {exec}::ExecutorExt::fetch_stream(db, {}, {values}).await?;",
        item.names.constant
    );
    line!(
        out,
        "Ok({exec}::MappedRows::new(rows, {}))",
        reading.function(exec)
    );
    line!(out, "}}");
    line!(out);
}
