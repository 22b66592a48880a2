//! Names that are no options of libpq's and that people write among them.

/// Session variables of CockroachDB and PostgreSQL that are set at login ([CockroachDB's list], and chapter
/// "Client Connection Defaults" of PostgreSQL's manual). Sorted.
///
/// [CockroachDB's list]: https://www.cockroachlabs.com/docs/stable/session-variables
const SESSION_VARIABLES: [&str; 58] = [
    "allow_unsafe_internals",
    "autocommit_before_ddl",
    "bytea_output",
    "close_cursors_at_commit",
    "copy_from_atomic_enabled",
    "cost_scans_with_default_col_size",
    "datestyle",
    "declare_cursor_statement_timeout_enabled",
    "default_int_size",
    "default_text_search_config",
    "default_transaction_isolation",
    "default_transaction_priority",
    "default_transaction_quality_of_service",
    "default_transaction_read_only",
    "default_transaction_use_follower_reads",
    "disable_partially_distributed_plans",
    "disable_plan_gists",
    "disallow_full_table_scans",
    "distsql",
    "enable_auto_rehoming",
    "enable_durable_locking_for_serializable",
    "enable_experimental_alter_column_type_general",
    "enable_implicit_fk_locking_for_serializable",
    "enable_implicit_select_for_update",
    "enable_implicit_transaction_for_batch_statements",
    "enable_insert_fast_path",
    "enable_shared_locking_for_serializable",
    "enable_super_regions",
    "enable_zigzag_join",
    "enforce_home_region",
    "expect_and_ignore_not_visible_columns_in_copy",
    "experimental_enable_hash_sharded_indexes",
    "extra_float_digits",
    "idle_in_session_timeout",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "intervalstyle",
    "is_superuser",
    "large_full_scan_rows",
    "lock_timeout",
    "null_ordered_last",
    "on_update_rehome_row_enabled",
    "optimizer_use_histograms",
    "override_multi_region_zone_config",
    "plan_cache_mode",
    "prepared_statements_cache_size",
    "reorder_joins_limit",
    "require_explicit_primary_keys",
    "results_buffer_size",
    "search_path",
    "serial_normalization",
    "sql_safe_updates",
    "statement_timeout",
    "timezone",
    "transaction_rows_read_err",
    "transaction_rows_written_err",
    "transaction_timeout",
    "vectorize",
];

/// Options of other drivers for the same server. Sorted without regard to case.
const OTHER_DRIVERS: [(&str, &str); 25] = [
    ("ApplicationName", "JDBC; application_name is its name here"),
    ("binary_parameters", "Go's lib/pq"),
    ("connection_limit", "Prisma"),
    (
        "currentSchema",
        "JDBC; options=-c search_path=.. sets it here",
    ),
    ("default_query_exec_mode", "pgx"),
    ("description_cache_capacity", "pgx"),
    ("loginTimeout", "JDBC; connect_timeout is its name here"),
    ("pgbouncer", "Prisma"),
    ("pool_health_check_period", "pgx"),
    ("pool_max_conn_idle_time", "pgx"),
    ("pool_max_conn_lifetime", "pgx"),
    ("pool_max_conns", "pgx"),
    ("pool_min_conns", "pgx"),
    ("pool_timeout", "Prisma"),
    ("prepareThreshold", "JDBC"),
    ("reWriteBatchedInserts", "JDBC"),
    ("schema", "Prisma; options=-c search_path=.. sets it here"),
    ("socketTimeout", "JDBC"),
    ("sslaccept", "Prisma; sslmode is its name here"),
    ("sslfactory", "JDBC"),
    (
        "sslidentity",
        "Prisma; sslcert and sslkey are its names here",
    ),
    ("statement-cache-capacity", "SQLx"),
    ("statement_cache_capacity", "pgx"),
    (
        "targetServerType",
        "JDBC; target_session_attrs is its name here",
    ),
    ("tcpKeepAlive", "JDBC; keepalives is its name here"),
];

/// What other programs call an option of libpq's. Sorted.
const OTHER_NAMES: [(&str, &str); 12] = [
    ("database", "dbname"),
    ("db", "dbname"),
    ("hostname", "host"),
    ("pass", "password"),
    ("passwd", "password"),
    ("pwd", "password"),
    ("server", "host"),
    ("sslcertificate", "sslcert"),
    ("sslrootcertificate", "sslrootcert"),
    ("timeout", "connect_timeout"),
    ("uid", "user"),
    ("username", "user"),
];

/// The option that goes by another name elsewhere.
pub(super) fn other_name(word: &str) -> Option<(&'static str, &'static str)> {
    OTHER_NAMES
        .iter()
        .copied()
        .find(|(known, _)| known.eq_ignore_ascii_case(word))
}

/// Whether it is a session variable of the server, in its own spelling.
pub(super) fn session_variable(word: &str) -> Option<&'static str> {
    SESSION_VARIABLES
        .iter()
        .copied()
        .find(|known| known.eq_ignore_ascii_case(word))
}

/// The name as its driver spells it, and that driver.
pub(super) fn of_another_driver(word: &str) -> Option<(&'static str, &'static str)> {
    OTHER_DRIVERS
        .iter()
        .copied()
        .find(|(known, _)| known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(SESSION_VARIABLES.is_sorted());
        assert!(OTHER_NAMES.is_sorted());
        assert!(OTHER_DRIVERS.is_sorted_by_key(|(name, _)| name.to_ascii_lowercase()));
    }

    #[test]
    fn names_are_found_whatever_their_case() {
        assert_eq!(session_variable("TimeZone"), Some("timezone"));
        assert_eq!(session_variable("sslmode"), None);
        assert_eq!(
            of_another_driver("applicationname").unwrap().0,
            "ApplicationName"
        );
    }
}
