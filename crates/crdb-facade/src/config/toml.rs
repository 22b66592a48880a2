//! TOML 1.0.

use figment::value::Value;
use toml::de::{DeTable, DeValue};

use super::tree::{Entry, Syntax, Tree};

pub(super) fn parse(text: &str) -> Result<Tree, Syntax> {
    let line_of = |offset: usize| {
        text.as_bytes()
            .iter()
            .take(offset)
            .filter(|byte| **byte == b'\n')
            .count()
            + 1
    };
    let table = DeTable::parse(text).map_err(|error| Syntax {
        line: error.span().map(|span| line_of(span.start)),
        message: error.message().to_owned(),
    })?;
    Ok(self::table(table.into_inner(), &line_of))
}

fn table(found: DeTable<'_>, line_of: &impl Fn(usize) -> usize) -> Tree {
    Tree::Table(
        found
            .into_iter()
            .map(|(name, found)| Entry {
                line: line_of(name.span().start),
                name: name.into_inner().into_owned(),
                value: value(found.into_inner(), line_of),
            })
            .collect(),
    )
}

fn value(found: DeValue<'_>, line_of: &impl Fn(usize) -> usize) -> Tree {
    Tree::Leaf(match found {
        DeValue::Table(below) => return table(below, line_of),
        DeValue::Array(items) => Value::from(
            items
                .into_iter()
                .map(|item| value(item.into_inner(), line_of).into_value())
                .collect::<Vec<_>>(),
        ),
        DeValue::Boolean(flag) => Value::from(flag),
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::from(number.to_string()), Value::from),
        DeValue::Float(number) => number
            .as_str()
            .parse::<f64>()
            .map_or_else(|_| Value::from(number.to_string()), Value::from),
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Datetime(time) => Value::from(time.to_string()),
    })
}
