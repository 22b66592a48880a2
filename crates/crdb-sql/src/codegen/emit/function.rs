//! A function for each query.

use std::fmt::Write as _;
use std::time::Duration;

use super::reading::Reading;
use super::way::Way;
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
        _ => run(out, item, exec),
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
    line!(out, "{rest};\n");
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

/// What every function's documentation says: `first` before the query's own words, and `result` behind them.
pub(super) fn head(out: &mut String, item: &Item<'_>, (first, result): (&str, &str), errors: &str) {
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
    line!(
        out,
        "///\n\
         /// ```sql"
    );
    sql_docs(out, query.text());
    line!(out, "/// ```");
    if let [only] = item.parameters.as_slice()
        && !only.docs.is_empty()
    {
        line!(
            out,
            "///\n\
             /// `{}`: {}",
            only.ident,
            only.docs
        );
    }
    if !result.is_empty() {
        line!(out, "///\n/// {result}");
    }
    line!(
        out,
        "///\n\
         /// Dropping the future abandons the statement, which may still be carried out.\n\
         ///\n\
         /// # Errors\n\
         ///\n\
         /// {errors}"
    );
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

/// The functions that run the statement.
fn run(out: &mut String, item: &Item<'_>, exec: &str) {
    let names = &item.names;
    let row = (names.row.as_str(), names.row_in_place.as_deref());
    let reading = Reading::of(&item.columns, &item.row, row);
    let (arguments, values) = parameters(item);
    let plain = names.function.trim_start_matches("r#");
    let cardinality = item.query.cardinality();
    for mut way in Way::of(cardinality, &reading, exec) {
        let name = match way.method {
            "fetch_stream" => {
                let says = "row by row: memory stays flat however many rows there are";
                beside(out, (plain, says, "stream"), way.errors);
                &names.stream
            }
            "fetch_borrowed" => {
                let says =
                    "row by row (`try_next`) and in place: texts, bytes and JSON are not copied";
                beside(out, (plain, says, "rows"), way.errors);
                &names.in_place
            }
            _ => {
                let result = match cardinality {
                    Cardinality::ExecRows => "Returns how many rows were changed.",
                    _ => "",
                };
                head(out, item, ("", result), way.errors);
                &names.function
            }
        };
        if cardinality == Cardinality::Exec {
            way.returns = "()".to_owned();
            way.then = "Ok(())".to_owned();
        }
        let call = (names.constant.as_str(), values.as_str());
        way.write(out, name, ("", &arguments), "", call, exec);
    }
}

/// What the documentation of a function beside the query's own says.
fn beside(out: &mut String, (plain, says, what): (&str, &str, &str), errors: &str) {
    line!(
        out,
        "/// As [`{plain}`], {says}.\n\
         ///\n\
         /// Dropping the future or the {what} abandons the statement.\n\
         ///\n\
         /// # Errors\n\
         ///\n\
         /// {errors}"
    );
}
