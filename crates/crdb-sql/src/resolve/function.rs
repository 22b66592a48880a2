//! What is known about functions that both engines have.
//!
//! A function is looked up by its name alone, and only where that is unqualified or in `pg_catalog`: the engines look there
//! first. What is not listed here is not known.

use crate::dialect::ast::Function;

/// What a function makes of NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Has a value, whatever it is given.
    Value,
    /// Gives one value, which may be NULL: extensions add functions of the same name for their types.
    Scalar,
    /// Counts rows, so it has a value for no rows too.
    Count,
    /// Sums up rows: NULL for no rows.
    Aggregate,
    /// Numbers the rows of a window.
    Ranking,
}

const KINDS: &[(Kind, &[&str])] = &[
    (
        Kind::Value,
        &[
            "clock_timestamp",
            "cluster_logical_timestamp",
            "concat",
            "gen_random_ulid",
            "gen_random_uuid",
            "json_build_array",
            "json_build_object",
            "jsonb_build_array",
            "jsonb_build_object",
            "now",
            "pi",
            "random",
            "statement_timestamp",
            "transaction_timestamp",
            "unique_rowid",
            "uuid_generate_v4",
            "version",
        ],
    ),
    (
        Kind::Scalar,
        &[
            "abs",
            "ascii",
            "bit_length",
            "btrim",
            "cardinality",
            "ceil",
            "ceiling",
            "char_length",
            "character_length",
            "date_trunc",
            "decode",
            "encode",
            "floor",
            "initcap",
            "left",
            "length",
            "lower",
            "lpad",
            "ltrim",
            "md5",
            "octet_length",
            "repeat",
            "replace",
            "reverse",
            "right",
            "round",
            "rpad",
            "rtrim",
            "sign",
            "split_part",
            "strpos",
            "to_json",
            "to_jsonb",
            "trunc",
            "upper",
        ],
    ),
    (Kind::Count, &["count", "count_rows"]),
    (
        Kind::Aggregate,
        &[
            "array_agg",
            "avg",
            "bool_and",
            "bool_or",
            "every",
            "json_agg",
            "jsonb_agg",
            "max",
            "min",
            "string_agg",
            "sum",
        ],
    ),
    (
        Kind::Ranking,
        &[
            "cume_dist",
            "dense_rank",
            "percent_rank",
            "rank",
            "row_number",
        ],
    ),
];

/// The name of a function of the engines, or `None` where it may be a user's.
pub(crate) fn builtin_name(function: &Function) -> Option<&str> {
    match function.name.parts.as_slice() {
        [name] => Some(name.value()),
        [schema, name] if schema.value() == "pg_catalog" => Some(name.value()),
        _ => None,
    }
    .filter(|_| function.id.is_none())
}

/// What is known about a function.
pub(super) fn kind(function: &Function) -> Option<Kind> {
    let name = builtin_name(function)?;
    KINDS
        .iter()
        .find(|(_, names)| names.binary_search(&name).is_ok())
        .map(|(kind, _)| *kind)
}

/// Whether a call sums up rows, and not within a window.
pub(crate) fn is_aggregate(function: &Function) -> bool {
    let sums = matches!(kind(function), Some(Kind::Count | Kind::Aggregate));
    (sums || function.filter.is_some() || !function.within_group.is_empty())
        && function.over.is_none()
}

/// Whether a call is known to give one value, and no set of rows.
pub(crate) fn is_scalar(function: &Function) -> bool {
    kind(function).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        for (kind, names) in KINDS {
            assert!(names.is_sorted(), "{kind:?}");
        }
    }
}
