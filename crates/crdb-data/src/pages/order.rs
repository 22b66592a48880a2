//! The order of a key's columns in SQL, and what stands behind a row in it.

use crate::identifier::{literal, quoted};

/// The value of a key's column in a row: its text, `None` for NULL, and the name of its type.
pub(super) type KeyValue = (Option<String>, String);

/// A column of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyColumn {
    pub(super) name: String,
    pub(super) descending: bool,
    /// Whether it may hold NULL, which comes last in both directions.
    pub(super) nullable: bool,
}

impl KeyColumn {
    /// The rows whose value is the same, `None` being NULL.
    fn same(&self, (text, type_): &KeyValue) -> String {
        let name = quoted(&self.name);
        match text {
            Some(text) => format!("{name} = {}::{type_}", literal(text)),
            None => format!("{name} IS NULL"),
        }
    }

    /// The rows whose value comes later; `None` where there is no such value.
    fn later(&self, (text, type_): &KeyValue) -> Option<String> {
        let name = quoted(&self.name);
        let value = format!("{}::{type_}", literal(text.as_deref()?));
        let than = if self.descending { '<' } else { '>' };
        Some(if self.nullable {
            format!("({name} {than} {value} OR {name} IS NULL)")
        } else {
            format!("{name} {than} {value}")
        })
    }
}

/// What stands behind ORDER BY.
pub(super) fn order_by(key: &[KeyColumn]) -> String {
    key.iter()
        .map(|column| {
            let name = quoted(&column.name);
            let direction = if column.descending { " DESC" } else { "" };
            let nulls = if column.nullable { " NULLS LAST" } else { "" };
            format!("{name}{direction}{nulls}")
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// The condition of the rows behind the one with these values. Servers find the first of them by an index on the key.
pub(super) fn behind(key: &[KeyColumn], after: &[KeyValue]) -> String {
    let alike = |column: &KeyColumn| {
        !column.nullable && key.first().map(|first| first.descending) == Some(column.descending)
    };
    if key.iter().all(alike) {
        let names: Vec<_> = key.iter().map(|column| quoted(&column.name)).collect();
        let values: Vec<_> = after
            .iter()
            .map(|(text, type_)| {
                format!("{}::{type_}", literal(text.as_deref().unwrap_or_default()))
            })
            .collect();
        let descending = key.first().is_some_and(|first| first.descending);
        let than = if descending { '<' } else { '>' };
        return format!("({}) {than} ({})", names.join(", "), values.join(", "));
    }
    let mut same = Vec::new();
    let mut cases = Vec::new();
    for (column, value) in key.iter().zip(after) {
        if let Some(later) = column.later(value) {
            let mut case = same.clone();
            case.push(later);
            cases.push(format!("({})", case.join(" AND ")));
        }
        same.push(column.same(value));
    }
    let cases = match cases.is_empty() {
        true => "false".to_owned(),
        false => format!("({})", cases.join(" OR ")),
    };
    // The first column's bound once more, by itself: an index is not entered by alternatives.
    let bound = key
        .first()
        .zip(after.first())
        .map(|(column, value)| match column.later(value) {
            Some(later) => format!("({later} OR {})", column.same(value)),
            None => column.same(value),
        });
    match bound {
        Some(bound) => format!("{bound} AND {cases}"),
        None => cases,
    }
}

/// The condition of the rows that hold NULL where the key must not; `None` where it may everywhere.
pub(super) fn holds_null(key: &[KeyColumn]) -> Option<String> {
    let conditions: Vec<_> = key
        .iter()
        .filter(|column| !column.nullable)
        .map(|column| format!("{} IS NULL", quoted(&column.name)))
        .collect();
    (!conditions.is_empty()).then(|| conditions.join(" OR "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, descending: bool, nullable: bool) -> KeyColumn {
        KeyColumn {
            name: name.to_owned(),
            descending,
            nullable,
        }
    }

    fn value(text: Option<&str>) -> KeyValue {
        (text.map(str::to_owned), "\"int8\"".to_owned())
    }

    #[test]
    fn one_direction_is_a_comparison_of_rows() {
        let key = [column("a", true, false), column("b", true, false)];
        assert_eq!(order_by(&key), "\"a\" DESC, \"b\" DESC");
        assert_eq!(
            behind(&key, &[value(Some("1")), value(Some("2"))]),
            "(\"a\", \"b\") < ('1'::\"int8\", '2'::\"int8\")"
        );
    }

    #[test]
    fn two_directions_and_nulls_are_cases_below_a_bound() {
        let key = [column("a", true, false), column("b", false, true)];
        assert_eq!(order_by(&key), "\"a\" DESC, \"b\" NULLS LAST");
        assert_eq!(
            behind(&key, &[value(Some("1")), value(None)]),
            "(\"a\" < '1'::\"int8\" OR \"a\" = '1'::\"int8\") AND ((\"a\" < '1'::\"int8\"))"
        );
        assert_eq!(
            behind(&[column("a", false, true)], &[value(None)]),
            "\"a\" IS NULL AND false"
        );
        assert_eq!(holds_null(&key).as_deref(), Some("\"a\" IS NULL"));
    }
}
