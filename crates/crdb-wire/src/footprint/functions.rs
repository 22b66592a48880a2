//! What calls of known functions leave behind, by name.

use super::{Leaves, Reason};

/// What a call of this function may leave behind in the session; `None` if nothing is known of it.
///
/// The schema is not looked at: `pg_catalog.set_config` and `"set_config"` are the same function, and one of the same name
/// elsewhere is rare enough to be treated alike.
pub(super) fn leaves(name: &str) -> Option<(Leaves, Reason)> {
    let found = match name {
        "set_config" | "set_limit" => (Leaves::Settings, Reason::Setting),
        "set_user" | "reset_user" | "set_session_auth" => (Leaves::Reset, Reason::Role),
        "pg_advisory_lock"
        | "pg_advisory_lock_shared"
        | "pg_try_advisory_lock"
        | "pg_try_advisory_lock_shared" => (Leaves::Reset, Reason::AdvisoryLock),
        // Their argument is a text that the server runs.
        "query_to_xml"
        | "query_to_xmlschema"
        | "query_to_xml_and_xmlschema"
        | "cursor_to_xml"
        | "cursor_to_xmlschema"
        | "ts_stat"
        | "ts_rewrite"
        | "connectby"
        | "xpath_table"
        | "execute_internally" => (Leaves::Reset, Reason::RunsText),
        "set_trace_verbose" => (Leaves::Close, Reason::Setting),
        "setseed" => (Leaves::Close, Reason::Seed),
        "pg_replication_origin_session_setup"
        | "pg_replication_origin_session_reset"
        | "pg_create_logical_replication_slot"
        | "pg_create_physical_replication_slot"
        | "pg_copy_logical_replication_slot"
        | "pg_copy_physical_replication_slot"
        | "pg_backup_start"
        | "pg_start_backup" => (Leaves::Close, Reason::Replication),
        _ if name.starts_with("crosstab") => (Leaves::Reset, Reason::RunsText),
        _ if name.starts_with("dblink") || name.starts_with("postgres_fdw_") => {
            (Leaves::Close, Reason::ForeignConnection)
        }
        _ => return None,
    };
    Some(found)
}

/// Whether this keyword may stand before a parenthesis without being a call: syntax, or a type with a modifier.
pub(super) fn is_syntax(keyword: &str) -> bool {
    matches!(
        keyword,
        "all"
            | "and"
            | "any"
            | "array"
            | "as"
            | "between"
            | "by"
            | "case"
            | "cross"
            | "cube"
            | "distinct"
            | "else"
            | "end"
            | "except"
            | "exists"
            | "filter"
            | "from"
            | "group"
            | "grouping"
            | "having"
            | "in"
            | "intersect"
            | "is"
            | "join"
            | "lateral"
            | "like"
            | "ilike"
            | "limit"
            | "materialized"
            | "not"
            | "of"
            | "offset"
            | "on"
            | "only"
            | "or"
            | "ordinality"
            | "over"
            | "partition"
            | "rollup"
            | "row"
            | "rows"
            | "select"
            | "sets"
            | "some"
            | "table"
            | "then"
            | "to"
            | "union"
            | "using"
            | "values"
            | "when"
            | "where"
            | "with"
            | "within"
            | "bit"
            | "bpchar"
            | "char"
            | "character"
            | "dec"
            | "decimal"
            | "float"
            | "interval"
            | "numeric"
            | "string"
            | "time"
            | "timestamp"
            | "timestamptz"
            | "timetz"
            | "varbit"
            | "varchar"
            | "varying"
            | "vector"
    )
}

/// Whether a call of this built-in function only computes or looks.
///
/// The list is short on purpose: what is not in it makes a statement no plain read.
pub(super) fn only_reads(name: &str) -> bool {
    matches!(
        name,
        // Values.
        |"cast"| "coalesce" | "extract" | "greatest" | "if" | "ifnull" | "least" | "nullif"
            | "abs" | "ceil" | "ceiling" | "div" | "exp" | "floor" | "ln" | "log" | "mod" | "pow" | "power" | "round" | "sign"
            | "sqrt" | "trunc" | "width_bucket"
            | "ascii" | "bit_length" | "btrim" | "char_length" | "character_length" | "chr" | "concat" | "concat_ws" | "decode"
            | "encode" | "format" | "initcap" | "left" | "length" | "lower" | "lpad" | "ltrim" | "md5" | "octet_length"
            | "overlay" | "position" | "quote_ident" | "quote_literal" | "quote_nullable" | "regexp_replace" | "repeat"
            | "replace" | "reverse" | "right" | "rpad" | "rtrim" | "sha256" | "sha512" | "split_part" | "starts_with" | "strpos"
            | "substr" | "substring" | "to_hex" | "translate" | "trim" | "upper"
            | "age" | "clock_timestamp" | "current_timestamp" | "current_time" | "date_part" | "date_trunc" | "justify_days"
            | "justify_hours" | "justify_interval" | "localtime" | "localtimestamp" | "make_date" | "make_interval"
            | "make_timestamp" | "make_timestamptz" | "now" | "statement_timestamp" | "timeofday" | "to_char" | "to_date"
            | "to_number" | "to_timestamp" | "transaction_timestamp"
            | "array_append" | "array_cat" | "array_length" | "array_lower" | "array_position" | "array_positions"
            | "array_prepend" | "array_remove" | "array_replace" | "array_to_string" | "array_upper" | "cardinality"
            | "string_to_array" | "generate_series" | "generate_subscripts" | "unnest"
            | "json_array_elements" | "json_array_elements_text" | "json_array_length" | "json_build_array"
            | "json_build_object" | "json_each" | "json_each_text" | "json_extract_path" | "json_extract_path_text"
            | "json_object_keys" | "json_typeof" | "jsonb_array_elements" | "jsonb_array_elements_text" | "jsonb_array_length"
            | "jsonb_build_array" | "jsonb_build_object" | "jsonb_each" | "jsonb_each_text" | "jsonb_extract_path"
            | "jsonb_extract_path_text" | "jsonb_object_keys" | "jsonb_pretty" | "jsonb_set" | "jsonb_strip_nulls"
            | "jsonb_typeof" | "row_to_json" | "to_json" | "to_jsonb"
        // Aggregates and windows.
            | "array_agg" | "avg" | "bit_and" | "bit_or" | "bool_and" | "bool_or" | "count" | "every" | "json_agg"
            | "json_object_agg" | "jsonb_agg" | "jsonb_object_agg" | "max" | "min" | "percentile_cont" | "percentile_disc"
            | "mode" | "stddev" | "stddev_pop" | "stddev_samp" | "string_agg" | "sum" | "var_pop" | "var_samp" | "variance"
            | "cume_dist" | "dense_rank" | "first_value" | "lag" | "last_value" | "lead" | "nth_value" | "ntile"
            | "percent_rank" | "rank" | "row_number"
        // The session and the server.
            | "current_database" | "current_schema" | "current_schemas" | "current_setting" | "pg_backend_pid" | "version"
            | "cluster_logical_timestamp" | "experimental_follower_read_timestamp" | "follower_read_timestamp"
            | "with_max_staleness" | "with_min_timestamp"
    )
}
