//! The codes that problems carry.

use std::fmt;

/// Whether a problem fails a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth a look; does not fail a check.
    Warning,
    /// Fails a check and, when the loader finds it, the load.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal, $severity:ident, $lint:literal;)+) => {
        /// What kind of problem it is. The text form is what `-- allow:` takes and what JSON output carries.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable text form, snake_case.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// What it means, in one or two sentences.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_start(),)+ }
            }

            /// How bad it is.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }

            /// Whether it is a lint, which a header can allow. What is not a lint cannot be allowed.
            #[must_use]
            pub fn is_lint(self) -> bool {
                match self { $(Self::$variant => $lint,)+ }
            }
        }
    };
}

codes! {
    /// A file or directory cannot be read, is too large, or is not UTF-8.
    UnreadableFile = "unreadable_file", Error, false;
    /// SQL stands before the first `-- name:` line, or a file has none.
    MissingHeader = "missing_header", Error, false;
    /// A `-- name:` line cannot be understood.
    BadHeader = "bad_header", Error, false;
    /// A query, parameter, directory or tag has a name that is not snake_case.
    BadName = "bad_name", Error, false;
    /// Two queries have the same full name.
    DuplicateName = "duplicate_name", Error, false;
    /// An annotation in a header cannot be understood.
    BadAnnotation = "bad_annotation", Error, false;
    /// A line that looks like an annotation stands below the header, where it has no effect.
    MisplacedAnnotation = "misplaced_annotation", Warning, false;
    /// A header has no SQL below it.
    EmptyQuery = "empty_query", Error, false;
    /// A string, quoted identifier or comment is not closed, or a character begins nothing in SQL.
    Lexical = "lexical", Error, false;
    /// A query uses both `:name` and `$1`.
    MixedParameters = "mixed_parameters", Error, false;
    /// A query uses `$3` but not `$2`, or `$0`, or more parameters than the protocol can carry.
    ParameterNumber = "parameter_number", Error, false;
    /// A template tag stands in a query that is not a template.
    UnmarkedTemplate = "unmarked_template", Error, false;
    /// A template holds something that a template may not hold.
    Template = "template", Error, false;
    /// The statement is not in the dialect's grammar.
    Syntax = "syntax", Error, false;
    /// The server refused to prepare the statement.
    Server = "server", Error, false;
    /// The server's parser reads the statement otherwise than this one.
    ServerReading = "server_reading", Warning, false;
    /// UPDATE without WHERE changes every row.
    UpdateWithoutWhere = "update_without_where", Error, true;
    /// DELETE without WHERE removes every row.
    DeleteWithoutWhere = "delete_without_where", Error, true;
    /// `SELECT *` and `RETURNING *` change their shape when the table does.
    SelectStar = "select_star", Error, true;
    /// A query is one statement; more cannot be prepared.
    SeveralStatements = "several_statements", Error, true;
    /// OFFSET reads and throws away every row before the page.
    OffsetPagination = "offset_pagination", Warning, true;
    /// INT and SERIAL are eight bytes wide on CockroachDB and four on PostgreSQL.
    ImplicitIntWidth = "implicit_int_width", Warning, true;
    /// A schema change beside data in one query is not atomic on CockroachDB.
    MixedDdl = "mixed_ddl", Error, true;
    /// The header declares a parameter or a column that the statement does not have.
    UnusedParameter = "unused_parameter", Error, true;
    /// One parameter is used as two different types.
    InconsistentParameter = "inconsistent_parameter", Error, true;
    /// The header allows to keep answers that a cache cannot keep.
    CacheWithoutEffect = "cache_without_effect", Error, true;
    /// LIMIT without ORDER BY returns any rows.
    LimitWithoutOrder = "limit_without_order", Warning, true;
    /// No index serves the query's conditions, as far as the schema shows.
    FullScan = "full_scan", Warning, true;
    /// No table of the statement has the column, as far as the schema shows.
    UnknownColumn = "unknown_column", Error, true;
    /// CockroachDB has no slices of arrays.
    ArraySlice = "array_slice", Error, true;
    /// AS OF SYSTEM TIME takes no parameter.
    PlaceholderAsOf = "placeholder_as_of", Error, true;
    /// What is read in the past cannot be locked.
    LockInThePast = "lock_in_the_past", Error, true;
    /// FOR UPDATE locks every row that a full scan reads.
    LockWithoutIndex = "lock_without_index", Warning, true;
    /// `/` between integers is a DECIMAL on CockroachDB and an integer on PostgreSQL.
    IntegerDivision = "integer_division", Warning, true;
    /// A long list in IN is planned anew for each length.
    LongInList = "long_in_list", Warning, true;
    /// UPSERT into a table with secondary indexes reads before it writes.
    UpsertReadsFirst = "upsert_reads_first", Warning, true;
    /// A long read of current data holds up writes.
    ExportOfNow = "export_of_now", Warning, true;
    /// Advisory locks lock nothing on CockroachDB.
    AdvisoryLock = "advisory_lock", Warning, true;
    /// A sequence is one row that all callers write.
    SequenceCall = "sequence_call", Warning, true;
    /// `cluster_logical_timestamp()` fixes a transaction's time.
    ClusterTimestamp = "cluster_timestamp", Warning, true;
    /// `crdb_internal` is refused since v26.1.
    UnsafeInternals = "unsafe_internals", Warning, true;
    /// A table without a primary key gets one that grows with time.
    MissingPrimaryKey = "missing_primary_key", Warning, true;
    /// A key that grows with time sends all new rows to one range.
    SequentialKey = "sequential_key", Warning, true;
    /// CockroachDB makes no index for a foreign key.
    UnindexedForeignKey = "unindexed_foreign_key", Warning, true;
    /// A column that is dropped beside other changes may lose its data when one of them fails.
    DropColumnBesideOthers = "drop_column_beside_others", Warning, true;
    /// A column's type is changed by a rewrite of the table.
    AlterColumnType = "alter_column_type", Warning, true;
    /// CONCURRENTLY does nothing on CockroachDB.
    ConcurrentIndex = "concurrent_index", Warning, true;
    /// Temporary tables are behind a setting.
    TemporaryTable = "temporary_table", Warning, true;
    /// Interleaved tables are gone since v21.2.
    InterleavedTable = "interleaved_table", Error, true;
}

impl Code {
    /// The code with this text form.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
