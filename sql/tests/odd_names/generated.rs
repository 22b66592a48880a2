//! Typed functions for the queries in SQL files.
//!
//! Written by `this test`; edit the `.sql` files instead.

/// The SQL enum `box`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Box {
    /// `a`
    A,
}

impl Box {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Box, "box");

/// The SQL enum `debug`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Debug {
    /// `a`
    A,
}

impl Debug {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Debug, "debug");

/// The SQL enum `default`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Default {
    /// `a`
    A,
}

impl Default {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Default, "default");

/// The SQL enum `duration`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duration {
    /// `a`
    A,
}

impl Duration {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Duration, "duration");

/// The SQL enum `e`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum E {
    /// `a`
    A,
}

impl E {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(E, "e");

/// The SQL enum `error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Error {
    /// `a`
    A,
}

impl Error {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Error, "error");

/// The SQL enum `executor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Executor {
    /// `a`
    A,
}

impl Executor {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Executor, "executor");

/// The SQL enum `into`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Into {
    /// `a`
    A,
}

impl Into {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Into, "into");

/// The SQL enum `iterator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Iterator {
    /// `a`
    A,
}

impl Iterator {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Iterator, "iterator");

/// The SQL enum `labels`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Labels {
    /// `a b`
    AB,
    /// `a-b`
    AB2,
    /// `!`
    Exclamation,
    /// `?`
    Question,
    /// ``
    Empty,
    /// `1`
    Value1,
    /// `2nd`
    Value2nd,
    /// `self`
    SelfValue,
    /// `Self`
    SelfValue2,
    /// `type`
    Type,
    /// `fn`
    Fn,
    /// `ALL`
    All,
    /// `a-l-l`
    ALL2,
    /// `ok`
    Ok,
    /// `None`
    None,
    /// `A`
    A,
    /// `a`
    A2,
    /// `_`
    Underscore,
    /// ` `
    Space,
    /// `\"`
    U0022,
    /// `{x}`
    X,
    /// `a\\b`
    AB3,
    /// `!?`
    ExclamationQuestion,
    /// `é`
    É,
    /// `é`
    E,
}

impl Labels {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[
        Self::AB,
        Self::AB2,
        Self::Exclamation,
        Self::Question,
        Self::Empty,
        Self::Value1,
        Self::Value2nd,
        Self::SelfValue,
        Self::SelfValue2,
        Self::Type,
        Self::Fn,
        Self::All,
        Self::ALL2,
        Self::Ok,
        Self::None,
        Self::A,
        Self::A2,
        Self::Underscore,
        Self::Space,
        Self::U0022,
        Self::X,
        Self::AB3,
        Self::ExclamationQuestion,
        Self::É,
        Self::E,
    ];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AB => "a b",
            Self::AB2 => "a-b",
            Self::Exclamation => "!",
            Self::Question => "?",
            Self::Empty => "",
            Self::Value1 => "1",
            Self::Value2nd => "2nd",
            Self::SelfValue => "self",
            Self::SelfValue2 => "Self",
            Self::Type => "type",
            Self::Fn => "fn",
            Self::All => "ALL",
            Self::ALL2 => "a-l-l",
            Self::Ok => "ok",
            Self::None => "None",
            Self::A => "A",
            Self::A2 => "a",
            Self::Underscore => "_",
            Self::Space => " ",
            Self::U0022 => "\"",
            Self::X => "{x}",
            Self::AB3 => "a\\b",
            Self::ExclamationQuestion => "!?",
            Self::É => "é",
            Self::E => "e\u{301}",
        }
    }
}

::crdb_exec::sql_enum!(Labels, "labels");

/// The SQL enum `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum None {
    /// `a`
    A,
}

impl None {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(None, "none");

/// The SQL enum `ok`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ok {
    /// `a`
    A,
}

impl Ok {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Ok, "ok");

/// The SQL enum `option`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Option {
    /// `a`
    A,
}

impl Option {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Option, "option");

/// The SQL enum `result`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Result {
    /// `a`
    A,
}

impl Result {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Result, "result");

/// The SQL enum `row`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Row {
    /// `a`
    A,
}

impl Row {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Row, "row");

/// The SQL enum `self`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SelfValue {
    /// `a`
    A,
}

impl SelfValue {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(SelfValue, "self");

/// The SQL enum `send`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Send {
    /// `a`
    A,
}

impl Send {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Send, "send");

/// The SQL enum `some`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Some {
    /// `a`
    A,
}

impl Some {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Some, "some");

/// The SQL enum `statement`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Statement {
    /// `a`
    A,
}

impl Statement {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Statement, "statement");

/// The SQL enum `std`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Std {
    /// `a`
    A,
}

impl Std {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Std, "std");

/// The SQL enum `str`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Str {
    /// `a`
    A,
}

impl Str {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Str, "str");

/// The SQL enum `sync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sync {
    /// `a`
    A,
}

impl Sync {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Sync, "sync");

/// The SQL enum `to_sql`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ToSql {
    /// `a`
    A,
}

impl ToSql {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(ToSql, "to_sql");

/// The SQL enum `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `a`
    A,
}

impl Type {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Type, "type");

/// The SQL enum `vec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vec {
    /// `a`
    A,
}

impl Vec {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(Vec, "vec");

/// The SQL enum `x_row`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum XRow {
    /// `a`
    A,
}

impl XRow {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::A];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

::crdb_exec::sql_enum!(XRow, "x_row");

/// The queries of `a__b`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod a_b {
    const USIZE: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new(
        "INSERT INTO t (a) SELECT batch.p1 FROM unnest($1::TEXT[]) AS batch (p1)",
    )
    .named("a__b.usize");

    /// For many rows: statements of up to 1000 rows each. Returns how many rows were changed.
    ///
    /// To write all or nothing, call it in a transaction.
    ///
    /// The query `a__b.usize`.
    ///
    /// ```sql
    /// INSERT INTO t (a) VALUES ($1)
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; what was written before the failure stays.
    pub async fn usize<E: ::crdb_exec::Executor>(
        db: &E,
        items: &[&str],
    ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
        let mut changed = 0;
        for chunk in items.chunks(1000) {
            changed +=
                ::crdb_exec::ExecutorExt::execute_part(db, USIZE, &[&chunk], changed).await?;
        }
        Ok(changed)
    }
}

/// The queries of `a_b`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod a_b_2 {
    const USIZE: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new(
        "INSERT INTO t (a) SELECT batch.p1 FROM unnest($1::TEXT[]) AS batch (p1)",
    )
    .named("a_b.usize");

    /// For many rows: statements of up to 1000 rows each. Returns how many rows were changed.
    ///
    /// To write all or nothing, call it in a transaction.
    ///
    /// The query `a_b.usize`.
    ///
    /// ```sql
    /// INSERT INTO t (a) VALUES ($1)
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; what was written before the failure stays.
    pub async fn usize<E: ::crdb_exec::Executor>(
        db: &E,
        items: &[&str],
    ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
        let mut changed = 0;
        for chunk in items.chunks(1000) {
            changed +=
                ::crdb_exec::ExecutorExt::execute_part(db, USIZE, &[&chunk], changed).await?;
        }
        Ok(changed)
    }
}

/// The queries of `core`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod core {
    const A_B: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS changed, $2 AS chunk").named("core.a__b");

    /// The query `core.a__b`.
    ///
    /// ```sql
    /// SELECT $1 AS changed, $2 AS chunk
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn a_b<E: ::crdb_exec::Executor>(
        db: &E,
        params: ABParams,
    ) -> ::core::result::Result<ABRow, ::crdb_exec::Error> {
        let row =
            ::crdb_exec::ExecutorExt::fetch_one(db, A_B, &[&params.a_b, &params.items]).await?;
        ABRow::from_row(&row)
    }

    /// A row of [`a_b`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ABRow {
        /// `INT8`, may be NULL.
        pub changed: ::core::option::Option<i64>,
        /// `INTERVAL`, may be NULL.
        pub chunk: ::core::option::Option<::crdb_exec::Interval>,
    }

    impl ABRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                changed: ::crdb_exec::Row::get(row, 0)?,
                chunk: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// The arguments of [`a_b`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ABParams {
        /// `INT8`.
        pub a_b: i64,
        /// `TIMESTAMPTZ`.
        pub items: ::chrono::DateTime<::chrono::Utc>,
    }

    const A_B_2: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new(r#"SELECT $1 AS "aB", $2 AS a_b, NULL AS "?", NULL AS "!""#)
            .named("core.a_b");

    /// The query `core.a_b`.
    ///
    /// ```sql
    /// SELECT $1 AS "aB", $2 AS a_b, NULL AS "?", NULL AS "!"
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn a_b_2<E: ::crdb_exec::Executor>(
        db: &E,
        params: ABParams2<'_>,
    ) -> ::core::result::Result<ABRow2, ::crdb_exec::Error> {
        let row =
            ::crdb_exec::ExecutorExt::fetch_one(db, A_B_2, &[&params.a_b, &params.a_b_2]).await?;
        ABRow2::from_row(&row)
    }

    /// A row of [`a_b_2`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ABRow2 {
        /// `INT8`, may be NULL.
        pub a_b: ::core::option::Option<i64>,
        /// `JSONB`, may be NULL.
        pub a_b_2: ::core::option::Option<::serde_json::Value>,
        /// `UUID`, may be NULL.
        pub column: ::core::option::Option<::uuid::Uuid>,
        /// `DECIMAL`, may be NULL.
        pub column_2: ::core::option::Option<::rust_decimal::Decimal>,
    }

    impl ABRow2 {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                a_b: ::crdb_exec::Row::get(row, 0)?,
                a_b_2: ::crdb_exec::Row::get(row, 1)?,
                column: ::crdb_exec::Row::get(row, 2)?,
                column_2: ::crdb_exec::Row::get(row, 3)?,
            })
        }
    }

    /// The arguments of [`a_b_2`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ABParams2<'a> {
        /// `INT8`.
        pub a_b: i64,
        /// `JSONB`.
        pub a_b_2: &'a ::serde_json::Value,
    }

    const TYPE: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS a").named("core.type");

    /// The query `core.type`.
    ///
    /// ```sql
    /// SELECT $1 AS a
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is more than one row.
    pub async fn r#type<E: ::crdb_exec::Executor>(
        db: &E,
        rows: &[u8],
    ) -> ::core::result::Result<::core::option::Option<::std::vec::Vec<u8>>, ::crdb_exec::Error>
    {
        let row = ::crdb_exec::ExecutorExt::fetch_optional(db, TYPE, &[&rows]).await?;
        row.as_ref()
            .map(|row| ::crdb_exec::Row::get(row, 0))
            .transpose()
    }

    const X: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT 1 AS a").named("core.x");

    /// The query `core.x`.
    ///
    /// ```sql
    /// SELECT 1 AS a
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn x<E: ::crdb_exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<i64>, ::crdb_exec::Error> {
        let rows = ::crdb_exec::ExecutorExt::fetch_all(db, X, &[]).await?;
        rows.iter()
            .map(|row| ::crdb_exec::Row::get(row, 0))
            .collect()
    }

    /// As [`x`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn x_stream_2<'e, E: ::crdb_exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<::crdb_exec::MappedRows<E::Rows<'e>, i64>, ::crdb_exec::Error> {
        let rows = ::crdb_exec::ExecutorExt::fetch_stream(db, X, &[]).await?;
        Ok(::crdb_exec::MappedRows::new(rows, |row| {
            ::crdb_exec::Row::get(row, 0)
        }))
    }

    const X_STREAM: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT 1 AS a").named("core.x_stream");

    /// The query `core.x_stream`.
    ///
    /// ```sql
    /// SELECT 1 AS a
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn x_stream<E: ::crdb_exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<::core::option::Option<i64>>, ::crdb_exec::Error>
    {
        let rows = ::crdb_exec::ExecutorExt::fetch_all(db, X_STREAM, &[]).await?;
        rows.iter()
            .map(|row| ::crdb_exec::Row::get(row, 0))
            .collect()
    }

    /// As [`x_stream`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn x_stream_stream_2<'e, E: ::crdb_exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_exec::MappedRows<E::Rows<'e>, ::core::option::Option<i64>>,
        ::crdb_exec::Error,
    > {
        let rows = ::crdb_exec::ExecutorExt::fetch_stream(db, X_STREAM, &[]).await?;
        Ok(::crdb_exec::MappedRows::new(rows, |row| {
            ::crdb_exec::Row::get(row, 0)
        }))
    }

    const X_STREAM_STREAM: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS a").named("core.x_stream_stream");

    /// The query `core.x_stream_stream`.
    ///
    /// ```sql
    /// SELECT $1 AS a
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn x_stream_stream<E: ::crdb_exec::Executor>(
        db: &E,
        db_2: &str,
    ) -> ::core::result::Result<::core::option::Option<::std::string::String>, ::crdb_exec::Error>
    {
        let row = ::crdb_exec::ExecutorExt::fetch_one(db, X_STREAM_STREAM, &[&db_2]).await?;
        ::crdb_exec::Row::get(&row, 0)
    }
}

/// The queries of `crdb_exec`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod crdb_exec {
    const E_ROW: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT a, b FROM t").named("crdb_exec.e_row");

    /// The query `crdb_exec.e_row`.
    ///
    /// ```sql
    /// SELECT a, b FROM t
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn e_row<E: ::crdb_exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<ERowRow, ::crdb_exec::Error> {
        let row = ::crdb_exec::ExecutorExt::fetch_one(db, E_ROW, &[]).await?;
        ERowRow::from_row(&row)
    }

    /// A row of [`e_row`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ERowRow {
        /// `INET`, may be NULL.
        pub a: ::core::option::Option<::crdb_exec::Inet>,
        /// `BIT`, may be NULL.
        pub b: ::core::option::Option<::crdb_exec::BitString>,
    }

    impl ERowRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                a: ::crdb_exec::Row::get(row, 0)?,
                b: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    const FUTURE: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("DELETE FROM t WHERE a = 1")
            .named("crdb_exec.future")
            .retry(::crdb_exec::RetrySafety::Never)
            .timeout(::core::time::Duration::from_millis(1500));

    /// The query `crdb_exec.future`.
    ///
    /// ```sql
    /// DELETE FROM t WHERE a = 1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn future<E: ::crdb_exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<(), ::crdb_exec::Error> {
        ::crdb_exec::ExecutorExt::execute(db, FUTURE, &[]).await?;
        Ok(())
    }

    /// The template `crdb_exec.e`.
    ///
    /// For example, with everything off:
    ///
    /// ```sql
    /// SELECT number, e FROM accounts WHERE a = $1 AND b = $2
    /// ORDER BY number
    /// ```
    #[derive(Debug, Clone, PartialEq)]
    #[must_use = "a builder does nothing until it is run"]
    pub struct E<'a> {
        row: &'a str,
        db: ::uuid::Uuid,
        new_2: bool,
        statement_2: bool,
        execute_2: bool,
    }

    impl<'a> E<'a> {
        /// With what must be given; everything optional is left out.
        pub fn new(row: &'a str, db: ::uuid::Uuid) -> Self {
            Self {
                row,
                db,
                new_2: false,
                statement_2: false,
                execute_2: false,
            }
        }

        /// Turns `new` on or off: as the constructor. Default: off.
        pub fn new_2(mut self, new_2: bool) -> Self {
            self.new_2 = new_2;
            self
        }

        /// Turns `statement` on or off: as a method. Default: off.
        pub fn statement_2(mut self, statement_2: bool) -> Self {
            self.statement_2 = statement_2;
            self
        }

        /// Turns `execute` on or off: as another. Default: off.
        pub fn execute_2(mut self, execute_2: bool) -> Self {
            self.execute_2 = execute_2;
            self
        }

        #[allow(
            clippy::all,
            clippy::pedantic,
            reason = "the conditions are the template's"
        )]
        fn render(
            &self,
        ) -> (
            ::std::string::String,
            ::std::vec::Vec<&(dyn ::crdb_exec::ToSql + ::core::marker::Sync)>,
        ) {
            let mut sql = ::crdb_exec::StatementBuilder::new();
            sql.text("SELECT number, e FROM accounts WHERE a = ");
            sql.parameter(0, &self.row);
            sql.text(" AND b = ");
            sql.parameter(1, &self.db);
            sql.text("\nORDER BY number ");
            if self.new_2 {
                sql.text("DESC");
            }
            sql.text(" ");
            if self.statement_2 {
                sql.text("NULLS LAST");
            }
            sql.text(" ");
            if self.execute_2 {
                sql.text("LIMIT 1");
            }
            sql.finish()
        }

        fn statement<'s>(text: &'s str) -> ::crdb_exec::Statement<'s> {
            ::crdb_exec::Statement::new(text)
                .named("crdb_exec.e")
                .retry(::crdb_exec::RetrySafety::Safe)
                .timeout(::core::time::Duration::from_millis(5000))
        }

        /// All rows.
        ///
        /// Dropping the future abandons the statement, which may still be carried out.
        ///
        /// # Errors
        ///
        /// As the executor.
        pub async fn fetch_all<E: ::crdb_exec::Executor>(
            &self,
            db: &E,
        ) -> ::core::result::Result<::std::vec::Vec<ERow>, ::crdb_exec::Error> {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            let rows = ::crdb_exec::ExecutorExt::fetch_all(db, statement, &values).await?;
            rows.iter().map(ERow::from_row).collect()
        }

        /// The rows as they come.
        ///
        /// Dropping the future abandons the statement, which may still be carried out.
        ///
        /// # Errors
        ///
        /// As the executor; an error may also come in the stream.
        pub async fn fetch_stream<'e, E: ::crdb_exec::Executor>(
            &self,
            db: &'e E,
        ) -> ::core::result::Result<::crdb_exec::MappedRows<E::Rows<'e>, ERow>, ::crdb_exec::Error>
        {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            let rows = ::crdb_exec::ExecutorExt::fetch_stream(db, statement, &values).await?;
            Ok(::crdb_exec::MappedRows::new(rows, ERow::from_row))
        }

        /// The rows as they come (`try_next`), in place: texts, bytes and JSON are not copied.
        ///
        /// Dropping the future abandons the statement, which may still be carried out.
        ///
        /// # Errors
        ///
        /// As the executor; an error may also come with a row.
        pub async fn fetch_borrowed<'e, E: ::crdb_exec::Executor>(
            &self,
            db: &'e E,
        ) -> ::core::result::Result<
            ::crdb_exec::BorrowedRows<E::Rows<'e>, ERowRef<'e>>,
            ::crdb_exec::Error,
        > {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            ::crdb_exec::ExecutorExt::fetch_borrowed(db, statement, &values).await
        }
    }

    /// A row of [`E`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ERow {
        /// `TEXT`.
        pub number: ::std::string::String,
        /// `INT8`, may be NULL.
        pub e: ::core::option::Option<i64>,
    }

    impl ERow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                number: ::crdb_exec::Row::get(row, 0)?,
                e: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// As [`ERow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct ERowRef<'r> {
        /// `TEXT`.
        pub number: &'r str,
        /// `INT8`, may be NULL.
        pub e: ::core::option::Option<i64>,
    }

    impl ::crdb_exec::BorrowedRow for ERowRef<'_> {
        type Of<'r> = ERowRef<'r>;

        fn read(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<ERowRef<'_>, ::crdb_exec::Error> {
            Ok(ERowRef {
                number: ::crdb_exec::Row::get(row, 0)?,
                e: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// The template `crdb_exec.er`.
    ///
    /// For example, with everything off:
    ///
    /// ```sql
    /// SELECT number FROM accounts ORDER BY number
    /// ```
    #[derive(Debug, Clone, PartialEq)]
    #[must_use = "a builder does nothing until it is run"]
    pub struct Er {
        default: bool,
    }

    impl Er {
        /// With what must be given; everything optional is left out.
        pub fn new() -> Self {
            Self { default: false }
        }

        /// Turns `default` on or off: as the trait. Default: off.
        pub fn default(mut self, default: bool) -> Self {
            self.default = default;
            self
        }

        #[allow(
            clippy::all,
            clippy::pedantic,
            reason = "the conditions are the template's"
        )]
        fn render(
            &self,
        ) -> (
            ::std::string::String,
            ::std::vec::Vec<&(dyn ::crdb_exec::ToSql + ::core::marker::Sync)>,
        ) {
            let mut sql = ::crdb_exec::StatementBuilder::new();
            sql.text("SELECT number FROM accounts ORDER BY number ");
            if self.default {
                sql.text("DESC");
            }
            sql.finish()
        }

        fn statement<'s>(text: &'s str) -> ::crdb_exec::Statement<'s> {
            ::crdb_exec::Statement::new(text).named("crdb_exec.er")
        }

        /// All rows.
        ///
        /// Dropping the future abandons the statement, which may still be carried out.
        ///
        /// # Errors
        ///
        /// As the executor.
        pub async fn fetch_all<E: ::crdb_exec::Executor>(
            &self,
            db: &E,
        ) -> ::core::result::Result<::std::vec::Vec<::std::string::String>, ::crdb_exec::Error>
        {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            let rows = ::crdb_exec::ExecutorExt::fetch_all(db, statement, &values).await?;
            rows.iter()
                .map(|row| ::crdb_exec::Row::get(row, 0))
                .collect()
        }

        /// The rows as they come.
        ///
        /// Dropping the future abandons the statement, which may still be carried out.
        ///
        /// # Errors
        ///
        /// As the executor; an error may also come in the stream.
        pub async fn fetch_stream<'e, E: ::crdb_exec::Executor>(
            &self,
            db: &'e E,
        ) -> ::core::result::Result<
            ::crdb_exec::MappedRows<E::Rows<'e>, ::std::string::String>,
            ::crdb_exec::Error,
        > {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            let rows = ::crdb_exec::ExecutorExt::fetch_stream(db, statement, &values).await?;
            Ok(::crdb_exec::MappedRows::new(rows, |row| {
                ::crdb_exec::Row::get(row, 0)
            }))
        }

        /// The rows as they come (`try_next`), in place: texts, bytes and JSON are not copied.
        ///
        /// Dropping the future abandons the statement, which may still be carried out.
        ///
        /// # Errors
        ///
        /// As the executor; an error may also come with a row.
        pub async fn fetch_borrowed<'e, E: ::crdb_exec::Executor>(
            &self,
            db: &'e E,
        ) -> ::core::result::Result<
            ::crdb_exec::BorrowedRows<E::Rows<'e>, &'e str>,
            ::crdb_exec::Error,
        > {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            ::crdb_exec::ExecutorExt::fetch_borrowed(db, statement, &values).await
        }
    }

    impl ::core::default::Default for Er {
        fn default() -> Self {
            Self::new()
        }
    }

    /// What `row` of [`Listed`] can be.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    pub enum ListedRow2 {
        /// `number`
        #[default]
        Number,
        /// `e`
        E,
    }

    impl ListedRow2 {
        const fn as_sql(self) -> &'static str {
            match self {
                Self::Number => r#""number""#,
                Self::E => r#""e""#,
            }
        }
    }

    /// What `fetch` of [`Listed`] can be.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    pub enum ListedFetch {
        /// `a_b`
        #[default]
        AB,
        /// `ab`
        Ab,
    }

    impl ListedFetch {
        const fn as_sql(self) -> &'static str {
            match self {
                Self::AB => r#""a_b""#,
                Self::Ab => r#""ab""#,
            }
        }
    }

    /// The template `crdb_exec.listed`.
    ///
    /// For example, with everything off:
    ///
    /// ```sql
    /// SELECT number, e FROM accounts WHERE true  ORDER BY "number", "a_b"
    /// ```
    #[derive(Debug, Clone, PartialEq)]
    #[must_use = "a builder does nothing until it is run"]
    pub struct Listed<'a> {
        new_2: ::core::option::Option<&'a str>,
        row: ListedRow2,
        fetch: ListedFetch,
    }

    impl<'a> Listed<'a> {
        /// With what must be given; everything optional is left out.
        pub fn new() -> Self {
            Self {
                new_2: None,
                row: <ListedRow2 as ::core::default::Default>::default(),
                fetch: <ListedFetch as ::core::default::Default>::default(),
            }
        }

        /// Gives `new`: the parameter of this name (`TEXT`).
        pub fn new_2(mut self, new_2: &'a str) -> Self {
            self.new_2 = Some(new_2);
            self
        }

        /// Sets `row`. Default: `number`.
        pub fn row(mut self, row: ListedRow2) -> Self {
            self.row = row;
            self
        }

        /// Sets `fetch`. Default: `a_b`.
        pub fn fetch(mut self, fetch: ListedFetch) -> Self {
            self.fetch = fetch;
            self
        }

        #[allow(
            clippy::all,
            clippy::pedantic,
            reason = "the conditions are the template's"
        )]
        fn render(
            &self,
        ) -> (
            ::std::string::String,
            ::std::vec::Vec<&(dyn ::crdb_exec::ToSql + ::core::marker::Sync)>,
        ) {
            let mut sql = ::crdb_exec::StatementBuilder::new();
            sql.text("SELECT number, e FROM accounts WHERE true ");
            if self.new_2.is_some() {
                sql.text(" AND number = ");
                sql.parameter(0, &self.new_2);
                sql.text(" ");
            }
            sql.text(" ORDER BY ");
            sql.text(self.row.as_sql());
            sql.text(", ");
            sql.text(self.fetch.as_sql());
            sql.finish()
        }

        fn statement<'s>(text: &'s str) -> ::crdb_exec::Statement<'s> {
            ::crdb_exec::Statement::new(text).named("crdb_exec.listed")
        }

        /// The row, if there is one.
        ///
        /// Dropping the future abandons the statement, which may still be carried out.
        ///
        /// # Errors
        ///
        /// As the executor; also when there is more than one row.
        pub async fn fetch_optional<E: ::crdb_exec::Executor>(
            &self,
            db: &E,
        ) -> ::core::result::Result<::core::option::Option<ListedRow>, ::crdb_exec::Error> {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            let row = ::crdb_exec::ExecutorExt::fetch_optional(db, statement, &values).await?;
            row.as_ref().map(ListedRow::from_row).transpose()
        }
    }

    impl<'a> ::core::default::Default for Listed<'a> {
        fn default() -> Self {
            Self::new()
        }
    }

    /// A row of [`Listed`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ListedRow {
        /// `TEXT`.
        pub number: ::std::string::String,
        /// `INT8`, may be NULL.
        pub e: ::core::option::Option<i64>,
    }

    impl ListedRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                number: ::crdb_exec::Row::get(row, 0)?,
                e: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }
}

/// The queries of `std`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod std {
    const LABELS: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS a").named("std.labels");

    /// The query `std.labels`.
    ///
    /// ```sql
    /// SELECT $1 AS a
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn labels<E: ::crdb_exec::Executor>(
        db: &E,
        db_2: super::Labels,
    ) -> ::core::result::Result<super::Labels, ::crdb_exec::Error> {
        let row = ::crdb_exec::ExecutorExt::fetch_one(db, LABELS, &[&db_2]).await?;
        ::crdb_exec::Row::get(&row, 0)
    }

    const R_BOX: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS self, $2 AS type").named("std.r_box");

    /// The query `std.r_box`.
    ///
    /// ```sql
    /// SELECT $1 AS self, $2 AS type
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is more than one row.
    pub async fn r_box<E: ::crdb_exec::Executor>(
        db: &E,
        params: RBoxParams<'_>,
    ) -> ::core::result::Result<::core::option::Option<RBoxRow>, ::crdb_exec::Error> {
        let row =
            ::crdb_exec::ExecutorExt::fetch_optional(db, R_BOX, &[&params.db, &params.row]).await?;
        row.as_ref().map(RBoxRow::from_row).transpose()
    }

    /// A row of [`r_box`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RBoxRow {
        /// `BOX`.
        pub self_: super::Box,
        /// `BOX[]`, may be NULL.
        pub r#type: ::core::option::Option<::std::vec::Vec<super::Box>>,
    }

    impl RBoxRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                self_: ::crdb_exec::Row::get(row, 0)?,
                r#type: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// The arguments of [`r_box`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RBoxParams<'a> {
        /// `BOX`.
        pub db: super::Box,
        /// `BOX[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Box]>,
    }

    const R_DEBUG: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS self, $2 AS type").named("std.r_debug");

    /// The query `std.r_debug`.
    ///
    /// ```sql
    /// SELECT $1 AS self, $2 AS type
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is more than one row.
    pub async fn r_debug<E: ::crdb_exec::Executor>(
        db: &E,
        params: RDebugParams<'_>,
    ) -> ::core::result::Result<::core::option::Option<RDebugRow>, ::crdb_exec::Error> {
        let row = ::crdb_exec::ExecutorExt::fetch_optional(db, R_DEBUG, &[&params.db, &params.row])
            .await?;
        row.as_ref().map(RDebugRow::from_row).transpose()
    }

    /// A row of [`r_debug`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RDebugRow {
        /// `DEBUG`.
        pub self_: super::Debug,
        /// `DEBUG[]`, may be NULL.
        pub r#type: ::core::option::Option<::std::vec::Vec<super::Debug>>,
    }

    impl RDebugRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                self_: ::crdb_exec::Row::get(row, 0)?,
                r#type: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// The arguments of [`r_debug`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RDebugParams<'a> {
        /// `DEBUG`.
        pub db: super::Debug,
        /// `DEBUG[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Debug]>,
    }

    const R_DEFAULT: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("INSERT INTO t (a, b) VALUES ($1, $2)").named("std.r_default");

    /// The query `std.r_default`.
    ///
    /// ```sql
    /// INSERT INTO t (a, b) VALUES ($1, $2)
    /// ```
    ///
    /// Returns how many rows were changed.
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r_default<E: ::crdb_exec::Executor>(
        db: &E,
        params: RDefaultParams<'_>,
    ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
        ::crdb_exec::ExecutorExt::execute(db, R_DEFAULT, &[&params.db, &params.row]).await
    }

    /// The arguments of [`r_default`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RDefaultParams<'a> {
        /// `DEFAULT`.
        pub db: super::Default,
        /// `DEFAULT[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Default]>,
    }

    const R_DURATION: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS self, $2 AS type").named("std.r_duration");

    /// The query `std.r_duration`.
    ///
    /// ```sql
    /// SELECT $1 AS self, $2 AS type
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r_duration<E: ::crdb_exec::Executor>(
        db: &E,
        params: RDurationParams<'_>,
    ) -> ::core::result::Result<::std::vec::Vec<RDurationRow>, ::crdb_exec::Error> {
        let rows =
            ::crdb_exec::ExecutorExt::fetch_all(db, R_DURATION, &[&params.db, &params.row]).await?;
        rows.iter().map(RDurationRow::from_row).collect()
    }

    /// As [`r_duration`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn r_duration_stream<'e, E: ::crdb_exec::Executor>(
        db: &'e E,
        params: RDurationParams<'_>,
    ) -> ::core::result::Result<
        ::crdb_exec::MappedRows<E::Rows<'e>, RDurationRow>,
        ::crdb_exec::Error,
    > {
        let rows =
            ::crdb_exec::ExecutorExt::fetch_stream(db, R_DURATION, &[&params.db, &params.row])
                .await?;
        Ok(::crdb_exec::MappedRows::new(rows, RDurationRow::from_row))
    }

    /// A row of [`r_duration`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RDurationRow {
        /// `DURATION`.
        pub self_: super::Duration,
        /// `DURATION[]`, may be NULL.
        pub r#type: ::core::option::Option<::std::vec::Vec<super::Duration>>,
    }

    impl RDurationRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                self_: ::crdb_exec::Row::get(row, 0)?,
                r#type: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// The arguments of [`r_duration`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RDurationParams<'a> {
        /// `DURATION`.
        pub db: super::Duration,
        /// `DURATION[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Duration]>,
    }

    const R_E: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("INSERT INTO t (a, b) VALUES ($1, $2)").named("std.r_e");

    /// The query `std.r_e`.
    ///
    /// ```sql
    /// INSERT INTO t (a, b) VALUES ($1, $2)
    /// ```
    ///
    /// Returns how many rows were changed.
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r_e<E: ::crdb_exec::Executor>(
        db: &E,
        params: REParams<'_>,
    ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
        ::crdb_exec::ExecutorExt::execute(db, R_E, &[&params.db, &params.row]).await
    }

    /// The arguments of [`r_e`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct REParams<'a> {
        /// `E`.
        pub db: super::E,
        /// `E[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::E]>,
    }

    const R_ERROR: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS self, $2 AS type").named("std.r_error");

    /// The query `std.r_error`.
    ///
    /// ```sql
    /// SELECT $1 AS self, $2 AS type
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn r_error<E: ::crdb_exec::Executor>(
        db: &E,
        params: RErrorParams<'_>,
    ) -> ::core::result::Result<RErrorRow, ::crdb_exec::Error> {
        let row =
            ::crdb_exec::ExecutorExt::fetch_one(db, R_ERROR, &[&params.db, &params.row]).await?;
        RErrorRow::from_row(&row)
    }

    /// A row of [`r_error`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RErrorRow {
        /// `ERROR`.
        pub self_: super::Error,
        /// `ERROR[]`, may be NULL.
        pub r#type: ::core::option::Option<::std::vec::Vec<super::Error>>,
    }

    impl RErrorRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                self_: ::crdb_exec::Row::get(row, 0)?,
                r#type: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// The arguments of [`r_error`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RErrorParams<'a> {
        /// `ERROR`.
        pub db: super::Error,
        /// `ERROR[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Error]>,
    }

    const R_EXECUTOR: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS self, $2 AS type").named("std.r_executor");

    /// The query `std.r_executor`.
    ///
    /// ```sql
    /// SELECT $1 AS self, $2 AS type
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn r_executor<E: ::crdb_exec::Executor>(
        db: &E,
        params: RExecutorParams<'_>,
    ) -> ::core::result::Result<RExecutorRow, ::crdb_exec::Error> {
        let row =
            ::crdb_exec::ExecutorExt::fetch_one(db, R_EXECUTOR, &[&params.db, &params.row]).await?;
        RExecutorRow::from_row(&row)
    }

    /// A row of [`r_executor`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RExecutorRow {
        /// `EXECUTOR`.
        pub self_: super::Executor,
        /// `EXECUTOR[]`, may be NULL.
        pub r#type: ::core::option::Option<::std::vec::Vec<super::Executor>>,
    }

    impl RExecutorRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                self_: ::crdb_exec::Row::get(row, 0)?,
                r#type: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// The arguments of [`r_executor`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RExecutorParams<'a> {
        /// `EXECUTOR`.
        pub db: super::Executor,
        /// `EXECUTOR[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Executor]>,
    }

    const R_INTO: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("INSERT INTO t (a, b) VALUES ($1, $2)").named("std.r_into");

    /// The query `std.r_into`.
    ///
    /// ```sql
    /// INSERT INTO t (a, b) VALUES ($1, $2)
    /// ```
    ///
    /// Returns how many rows were changed.
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r_into<E: ::crdb_exec::Executor>(
        db: &E,
        params: RIntoParams<'_>,
    ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
        ::crdb_exec::ExecutorExt::execute(db, R_INTO, &[&params.db, &params.row]).await
    }

    /// The arguments of [`r_into`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RIntoParams<'a> {
        /// `INTO`.
        pub db: super::Into,
        /// `INTO[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Into]>,
    }

    const R_ITERATOR: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("INSERT INTO t (a, b) VALUES ($1, $2)").named("std.r_iterator");

    /// The query `std.r_iterator`.
    ///
    /// ```sql
    /// INSERT INTO t (a, b) VALUES ($1, $2)
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r_iterator<E: ::crdb_exec::Executor>(
        db: &E,
        params: RIteratorParams<'_>,
    ) -> ::core::result::Result<(), ::crdb_exec::Error> {
        ::crdb_exec::ExecutorExt::execute(db, R_ITERATOR, &[&params.db, &params.row]).await?;
        Ok(())
    }

    /// The arguments of [`r_iterator`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RIteratorParams<'a> {
        /// `ITERATOR`.
        pub db: super::Iterator,
        /// `ITERATOR[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Iterator]>,
    }

    const R_NONE: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("INSERT INTO t (a, b) VALUES ($1, $2)").named("std.r_none");

    /// The query `std.r_none`.
    ///
    /// ```sql
    /// INSERT INTO t (a, b) VALUES ($1, $2)
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r_none<E: ::crdb_exec::Executor>(
        db: &E,
        params: RNoneParams<'_>,
    ) -> ::core::result::Result<(), ::crdb_exec::Error> {
        ::crdb_exec::ExecutorExt::execute(db, R_NONE, &[&params.db, &params.row]).await?;
        Ok(())
    }

    /// The arguments of [`r_none`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RNoneParams<'a> {
        /// `NONE`.
        pub db: super::None,
        /// `NONE[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::None]>,
    }

    const R_OK: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS self, $2 AS type").named("std.r_ok");

    /// The query `std.r_ok`.
    ///
    /// ```sql
    /// SELECT $1 AS self, $2 AS type
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r_ok<E: ::crdb_exec::Executor>(
        db: &E,
        params: ROkParams<'_>,
    ) -> ::core::result::Result<::std::vec::Vec<ROkRow>, ::crdb_exec::Error> {
        let rows =
            ::crdb_exec::ExecutorExt::fetch_all(db, R_OK, &[&params.db, &params.row]).await?;
        rows.iter().map(ROkRow::from_row).collect()
    }

    /// As [`r_ok`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn r_ok_stream<'e, E: ::crdb_exec::Executor>(
        db: &'e E,
        params: ROkParams<'_>,
    ) -> ::core::result::Result<::crdb_exec::MappedRows<E::Rows<'e>, ROkRow>, ::crdb_exec::Error>
    {
        let rows =
            ::crdb_exec::ExecutorExt::fetch_stream(db, R_OK, &[&params.db, &params.row]).await?;
        Ok(::crdb_exec::MappedRows::new(rows, ROkRow::from_row))
    }

    /// A row of [`r_ok`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ROkRow {
        /// `OK`.
        pub self_: super::Ok,
        /// `OK[]`, may be NULL.
        pub r#type: ::core::option::Option<::std::vec::Vec<super::Ok>>,
    }

    impl ROkRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                self_: ::crdb_exec::Row::get(row, 0)?,
                r#type: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// The arguments of [`r_ok`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ROkParams<'a> {
        /// `OK`.
        pub db: super::Ok,
        /// `OK[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Ok]>,
    }

    const R_OPTION: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("INSERT INTO t (a, b) VALUES ($1, $2)").named("std.r_option");

    /// For many sets of arguments, one statement each. Returns how many rows were changed.
    ///
    /// To change all or nothing, call it in a transaction.
    ///
    /// The query `std.r_option`.
    ///
    /// ```sql
    /// INSERT INTO t (a, b) VALUES ($1, $2)
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; what was written before the failure stays.
    pub async fn r_option<E: ::crdb_exec::Executor>(
        db: &E,
        items: &[ROptionParams<'_>],
    ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
        let mut changed = 0;
        for item in items {
            changed += ::crdb_exec::ExecutorExt::execute_part(
                db,
                R_OPTION,
                &[&item.db, &item.row],
                changed,
            )
            .await?;
        }
        Ok(changed)
    }

    /// The arguments of [`r_option`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ROptionParams<'a> {
        /// `OPTION`.
        pub db: super::Option,
        /// `OPTION[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Option]>,
    }

    const R_RESULT: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS self, $2 AS type").named("std.r_result");

    /// The query `std.r_result`.
    ///
    /// ```sql
    /// SELECT $1 AS self, $2 AS type
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r_result<E: ::crdb_exec::Executor>(
        db: &E,
        params: RResultParams<'_>,
    ) -> ::core::result::Result<::std::vec::Vec<RResultRow>, ::crdb_exec::Error> {
        let rows =
            ::crdb_exec::ExecutorExt::fetch_all(db, R_RESULT, &[&params.db, &params.row]).await?;
        rows.iter().map(RResultRow::from_row).collect()
    }

    /// As [`r_result`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn r_result_stream<'e, E: ::crdb_exec::Executor>(
        db: &'e E,
        params: RResultParams<'_>,
    ) -> ::core::result::Result<::crdb_exec::MappedRows<E::Rows<'e>, RResultRow>, ::crdb_exec::Error>
    {
        let rows = ::crdb_exec::ExecutorExt::fetch_stream(db, R_RESULT, &[&params.db, &params.row])
            .await?;
        Ok(::crdb_exec::MappedRows::new(rows, RResultRow::from_row))
    }

    /// A row of [`r_result`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RResultRow {
        /// `RESULT`.
        pub self_: super::Result,
        /// `RESULT[]`, may be NULL.
        pub r#type: ::core::option::Option<::std::vec::Vec<super::Result>>,
    }

    impl RResultRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                self_: ::crdb_exec::Row::get(row, 0)?,
                r#type: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// The arguments of [`r_result`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RResultParams<'a> {
        /// `RESULT`.
        pub db: super::Result,
        /// `RESULT[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Result]>,
    }

    const R_ROW: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS self, $2 AS type").named("std.r_row");

    /// The query `std.r_row`.
    ///
    /// ```sql
    /// SELECT $1 AS self, $2 AS type
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is more than one row.
    pub async fn r_row<E: ::crdb_exec::Executor>(
        db: &E,
        params: RRowParams<'_>,
    ) -> ::core::result::Result<::core::option::Option<RRowRow>, ::crdb_exec::Error> {
        let row =
            ::crdb_exec::ExecutorExt::fetch_optional(db, R_ROW, &[&params.db, &params.row]).await?;
        row.as_ref().map(RRowRow::from_row).transpose()
    }

    /// A row of [`r_row`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RRowRow {
        /// `ROW`.
        pub self_: super::Row,
        /// `ROW[]`, may be NULL.
        pub r#type: ::core::option::Option<::std::vec::Vec<super::Row>>,
    }

    impl RRowRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                self_: ::crdb_exec::Row::get(row, 0)?,
                r#type: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// The arguments of [`r_row`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RRowParams<'a> {
        /// `ROW`.
        pub db: super::Row,
        /// `ROW[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Row]>,
    }

    const R_SELF: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS self, $2 AS type").named("std.r_self");

    /// The query `std.r_self`.
    ///
    /// ```sql
    /// SELECT $1 AS self, $2 AS type
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn r_self<E: ::crdb_exec::Executor>(
        db: &E,
        params: RSelfParams<'_>,
    ) -> ::core::result::Result<RSelfRow, ::crdb_exec::Error> {
        let row =
            ::crdb_exec::ExecutorExt::fetch_one(db, R_SELF, &[&params.db, &params.row]).await?;
        RSelfRow::from_row(&row)
    }

    /// A row of [`r_self`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RSelfRow {
        /// `SELF`.
        pub self_: super::SelfValue,
        /// `SELF[]`, may be NULL.
        pub r#type: ::core::option::Option<::std::vec::Vec<super::SelfValue>>,
    }

    impl RSelfRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                self_: ::crdb_exec::Row::get(row, 0)?,
                r#type: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// The arguments of [`r_self`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RSelfParams<'a> {
        /// `SELF`.
        pub db: super::SelfValue,
        /// `SELF[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::SelfValue]>,
    }

    const R_SEND: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("INSERT INTO t (a, b) VALUES ($1, $2)").named("std.r_send");

    /// The query `std.r_send`.
    ///
    /// ```sql
    /// INSERT INTO t (a, b) VALUES ($1, $2)
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r_send<E: ::crdb_exec::Executor>(
        db: &E,
        params: RSendParams<'_>,
    ) -> ::core::result::Result<(), ::crdb_exec::Error> {
        ::crdb_exec::ExecutorExt::execute(db, R_SEND, &[&params.db, &params.row]).await?;
        Ok(())
    }

    /// The arguments of [`r_send`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RSendParams<'a> {
        /// `SEND`.
        pub db: super::Send,
        /// `SEND[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Send]>,
    }

    const R_SOME: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("INSERT INTO t (a, b) VALUES ($1, $2)").named("std.r_some");

    /// For many sets of arguments, one statement each. Returns how many rows were changed.
    ///
    /// To change all or nothing, call it in a transaction.
    ///
    /// The query `std.r_some`.
    ///
    /// ```sql
    /// INSERT INTO t (a, b) VALUES ($1, $2)
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; what was written before the failure stays.
    pub async fn r_some<E: ::crdb_exec::Executor>(
        db: &E,
        items: &[RSomeParams<'_>],
    ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
        let mut changed = 0;
        for item in items {
            changed +=
                ::crdb_exec::ExecutorExt::execute_part(db, R_SOME, &[&item.db, &item.row], changed)
                    .await?;
        }
        Ok(changed)
    }

    /// The arguments of [`r_some`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RSomeParams<'a> {
        /// `SOME`.
        pub db: super::Some,
        /// `SOME[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Some]>,
    }

    const R_STATEMENT: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS self, $2 AS type").named("std.r_statement");

    /// The query `std.r_statement`.
    ///
    /// ```sql
    /// SELECT $1 AS self, $2 AS type
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is more than one row.
    pub async fn r_statement<E: ::crdb_exec::Executor>(
        db: &E,
        params: RStatementParams<'_>,
    ) -> ::core::result::Result<::core::option::Option<RStatementRow>, ::crdb_exec::Error> {
        let row =
            ::crdb_exec::ExecutorExt::fetch_optional(db, R_STATEMENT, &[&params.db, &params.row])
                .await?;
        row.as_ref().map(RStatementRow::from_row).transpose()
    }

    /// A row of [`r_statement`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RStatementRow {
        /// `STATEMENT`.
        pub self_: super::Statement,
        /// `STATEMENT[]`, may be NULL.
        pub r#type: ::core::option::Option<::std::vec::Vec<super::Statement>>,
    }

    impl RStatementRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                self_: ::crdb_exec::Row::get(row, 0)?,
                r#type: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// The arguments of [`r_statement`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RStatementParams<'a> {
        /// `STATEMENT`.
        pub db: super::Statement,
        /// `STATEMENT[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Statement]>,
    }

    const R_STD: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("INSERT INTO t (a, b) VALUES ($1, $2)").named("std.r_std");

    /// For many sets of arguments, one statement each. Returns how many rows were changed.
    ///
    /// To change all or nothing, call it in a transaction.
    ///
    /// The query `std.r_std`.
    ///
    /// ```sql
    /// INSERT INTO t (a, b) VALUES ($1, $2)
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; what was written before the failure stays.
    pub async fn r_std<E: ::crdb_exec::Executor>(
        db: &E,
        items: &[RStdParams<'_>],
    ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
        let mut changed = 0;
        for item in items {
            changed +=
                ::crdb_exec::ExecutorExt::execute_part(db, R_STD, &[&item.db, &item.row], changed)
                    .await?;
        }
        Ok(changed)
    }

    /// The arguments of [`r_std`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RStdParams<'a> {
        /// `STD`.
        pub db: super::Std,
        /// `STD[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Std]>,
    }

    const R_STR: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS self, $2 AS type").named("std.r_str");

    /// The query `std.r_str`.
    ///
    /// ```sql
    /// SELECT $1 AS self, $2 AS type
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is more than one row.
    pub async fn r_str<E: ::crdb_exec::Executor>(
        db: &E,
        params: RStrParams<'_>,
    ) -> ::core::result::Result<::core::option::Option<RStrRow>, ::crdb_exec::Error> {
        let row =
            ::crdb_exec::ExecutorExt::fetch_optional(db, R_STR, &[&params.db, &params.row]).await?;
        row.as_ref().map(RStrRow::from_row).transpose()
    }

    /// A row of [`r_str`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RStrRow {
        /// `STR`.
        pub self_: super::Str,
        /// `STR[]`, may be NULL.
        pub r#type: ::core::option::Option<::std::vec::Vec<super::Str>>,
    }

    impl RStrRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                self_: ::crdb_exec::Row::get(row, 0)?,
                r#type: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// The arguments of [`r_str`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RStrParams<'a> {
        /// `STR`.
        pub db: super::Str,
        /// `STR[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Str]>,
    }

    const R_STRING: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("INSERT INTO t (a, b) VALUES ($1, $2)").named("std.r_string");

    /// The query `std.r_string`.
    ///
    /// ```sql
    /// INSERT INTO t (a, b) VALUES ($1, $2)
    /// ```
    ///
    /// Returns how many rows were changed.
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r_string<E: ::crdb_exec::Executor>(
        db: &E,
        params: RStringParams<'_>,
    ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
        ::crdb_exec::ExecutorExt::execute(db, R_STRING, &[&params.db, &params.row]).await
    }

    /// The arguments of [`r_string`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RStringParams<'a> {
        /// `STRING`.
        pub db: &'a str,
        /// `STRING[]`, may be NULL.
        pub row: ::core::option::Option<&'a [&'a str]>,
    }

    const R_SYNC: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("INSERT INTO t (a, b) VALUES ($1, $2)").named("std.r_sync");

    /// For many sets of arguments, one statement each. Returns how many rows were changed.
    ///
    /// To change all or nothing, call it in a transaction.
    ///
    /// The query `std.r_sync`.
    ///
    /// ```sql
    /// INSERT INTO t (a, b) VALUES ($1, $2)
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; what was written before the failure stays.
    pub async fn r_sync<E: ::crdb_exec::Executor>(
        db: &E,
        items: &[RSyncParams<'_>],
    ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
        let mut changed = 0;
        for item in items {
            changed +=
                ::crdb_exec::ExecutorExt::execute_part(db, R_SYNC, &[&item.db, &item.row], changed)
                    .await?;
        }
        Ok(changed)
    }

    /// The arguments of [`r_sync`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RSyncParams<'a> {
        /// `SYNC`.
        pub db: super::Sync,
        /// `SYNC[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Sync]>,
    }

    const R_TO_SQL: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS self, $2 AS type").named("std.r_to_sql");

    /// The query `std.r_to_sql`.
    ///
    /// ```sql
    /// SELECT $1 AS self, $2 AS type
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r_to_sql<E: ::crdb_exec::Executor>(
        db: &E,
        params: RToSqlParams<'_>,
    ) -> ::core::result::Result<::std::vec::Vec<RToSqlRow>, ::crdb_exec::Error> {
        let rows =
            ::crdb_exec::ExecutorExt::fetch_all(db, R_TO_SQL, &[&params.db, &params.row]).await?;
        rows.iter().map(RToSqlRow::from_row).collect()
    }

    /// As [`r_to_sql`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn r_to_sql_stream<'e, E: ::crdb_exec::Executor>(
        db: &'e E,
        params: RToSqlParams<'_>,
    ) -> ::core::result::Result<::crdb_exec::MappedRows<E::Rows<'e>, RToSqlRow>, ::crdb_exec::Error>
    {
        let rows = ::crdb_exec::ExecutorExt::fetch_stream(db, R_TO_SQL, &[&params.db, &params.row])
            .await?;
        Ok(::crdb_exec::MappedRows::new(rows, RToSqlRow::from_row))
    }

    /// A row of [`r_to_sql`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RToSqlRow {
        /// `TO_SQL`.
        pub self_: super::ToSql,
        /// `TO_SQL[]`, may be NULL.
        pub r#type: ::core::option::Option<::std::vec::Vec<super::ToSql>>,
    }

    impl RToSqlRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                self_: ::crdb_exec::Row::get(row, 0)?,
                r#type: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// The arguments of [`r_to_sql`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RToSqlParams<'a> {
        /// `TO_SQL`.
        pub db: super::ToSql,
        /// `TO_SQL[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::ToSql]>,
    }

    const R_TYPE: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("INSERT INTO t (a, b) VALUES ($1, $2)").named("std.r_type");

    /// The query `std.r_type`.
    ///
    /// ```sql
    /// INSERT INTO t (a, b) VALUES ($1, $2)
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r_type<E: ::crdb_exec::Executor>(
        db: &E,
        params: RTypeParams<'_>,
    ) -> ::core::result::Result<(), ::crdb_exec::Error> {
        ::crdb_exec::ExecutorExt::execute(db, R_TYPE, &[&params.db, &params.row]).await?;
        Ok(())
    }

    /// The arguments of [`r_type`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RTypeParams<'a> {
        /// `TYPE`.
        pub db: super::Type,
        /// `TYPE[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Type]>,
    }

    const R_VEC: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS self, $2 AS type").named("std.r_vec");

    /// The query `std.r_vec`.
    ///
    /// ```sql
    /// SELECT $1 AS self, $2 AS type
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn r_vec<E: ::crdb_exec::Executor>(
        db: &E,
        params: RVecParams<'_>,
    ) -> ::core::result::Result<RVecRow, ::crdb_exec::Error> {
        let row =
            ::crdb_exec::ExecutorExt::fetch_one(db, R_VEC, &[&params.db, &params.row]).await?;
        RVecRow::from_row(&row)
    }

    /// A row of [`r_vec`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RVecRow {
        /// `VEC`.
        pub self_: super::Vec,
        /// `VEC[]`, may be NULL.
        pub r#type: ::core::option::Option<::std::vec::Vec<super::Vec>>,
    }

    impl RVecRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                self_: ::crdb_exec::Row::get(row, 0)?,
                r#type: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// The arguments of [`r_vec`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RVecParams<'a> {
        /// `VEC`.
        pub db: super::Vec,
        /// `VEC[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::Vec]>,
    }

    const R_X_ROW: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT $1 AS self, $2 AS type").named("std.r_x_row");

    /// The query `std.r_x_row`.
    ///
    /// ```sql
    /// SELECT $1 AS self, $2 AS type
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn r_x_row<E: ::crdb_exec::Executor>(
        db: &E,
        params: RXRowParams<'_>,
    ) -> ::core::result::Result<RXRowRow, ::crdb_exec::Error> {
        let row =
            ::crdb_exec::ExecutorExt::fetch_one(db, R_X_ROW, &[&params.db, &params.row]).await?;
        RXRowRow::from_row(&row)
    }

    /// A row of [`r_x_row`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RXRowRow {
        /// `X_ROW`.
        pub self_: super::XRow,
        /// `X_ROW[]`, may be NULL.
        pub r#type: ::core::option::Option<::std::vec::Vec<super::XRow>>,
    }

    impl RXRowRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                self_: ::crdb_exec::Row::get(row, 0)?,
                r#type: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    /// The arguments of [`r_x_row`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RXRowParams<'a> {
        /// `X_ROW`.
        pub db: super::XRow,
        /// `X_ROW[]`, may be NULL.
        pub row: ::core::option::Option<&'a [super::XRow]>,
    }
}

/// The queries of `str`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod str_ {
    const ASYNC: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("UPDATE t SET a = $1").named("str.async");

    /// For many sets of arguments, one statement each. Returns how many rows were changed.
    ///
    /// To change all or nothing, call it in a transaction.
    ///
    /// The query `str.async`.
    ///
    /// ```sql
    /// UPDATE t SET a = $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; what was written before the failure stays.
    pub async fn r#async<E: ::crdb_exec::Executor>(
        db: &E,
        items: &[&[u8]],
    ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
        let mut changed = 0;
        for item in items {
            changed += ::crdb_exec::ExecutorExt::execute_part(db, ASYNC, &[item], changed).await?;
        }
        Ok(changed)
    }

    const ODD_TEXT: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("SELECT '\u{202e} right to left' AS a").named("str.odd_text");

    /// The query `str.odd_text`.
    ///
    /// ```sql
    /// SELECT '\u{202e} right to left' AS a
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn odd_text<E: ::crdb_exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::string::String, ::crdb_exec::Error> {
        let row = ::crdb_exec::ExecutorExt::fetch_one(db, ODD_TEXT, &[]).await?;
        ::crdb_exec::Row::get(&row, 0)
    }

    const OWNED: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new("INSERT INTO t (a, b) SELECT batch.p1, batch.p2 FROM unnest($1::TEXT[], $2::BYTEA[]) AS batch (p1, p2)")
.named("str.owned");

    /// For many rows: statements of up to 1000 rows each. Returns how many rows were changed.
    ///
    /// To write all or nothing, call it in a transaction.
    ///
    /// The query `str.owned`.
    ///
    /// ```sql
    /// INSERT INTO t (a, b) VALUES ($1, $2)
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; what was written before the failure stays.
    pub async fn owned<E: ::crdb_exec::Executor>(
        db: &E,
        items: &[OwnedParams],
    ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
        let mut changed = 0;
        for chunk in items.chunks(1000) {
            let column_1: ::std::vec::Vec<_> = chunk.iter().map(|item| &item.item).collect();
            let column_2: ::std::vec::Vec<_> = chunk.iter().map(|item| &item.items).collect();
            changed +=
                ::crdb_exec::ExecutorExt::execute_part(db, OWNED, &[&column_1, &column_2], changed)
                    .await?;
        }
        Ok(changed)
    }

    /// The arguments of [`owned`].
    #[derive(Debug, Clone, PartialEq, ::std::hash::Hash, Eq)]
    pub struct OwnedParams {
        /// `TEXT`.
        pub item: ::std::string::String,
        /// `BYTES`, may be NULL.
        pub items: ::core::option::Option<::std::vec::Vec<u8>>,
    }

    const OWNED_ARRAYS: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("INSERT INTO t (a, b, c) VALUES ($1, $2, $3)")
            .named("str.owned_arrays");

    /// For many sets of arguments, one statement each. Returns how many rows were changed.
    ///
    /// To change all or nothing, call it in a transaction.
    ///
    /// The query `str.owned_arrays`.
    ///
    /// ```sql
    /// INSERT INTO t (a, b, c) VALUES ($1, $2, $3)
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; what was written before the failure stays.
    pub async fn owned_arrays<E: ::crdb_exec::Executor>(
        db: &E,
        items: &[OwnedArraysParams],
    ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
        let mut changed = 0;
        for item in items {
            changed += ::crdb_exec::ExecutorExt::execute_part(
                db,
                OWNED_ARRAYS,
                &[&item.item, &item.params, &item.kind],
                changed,
            )
            .await?;
        }
        Ok(changed)
    }

    /// The arguments of [`owned_arrays`].
    #[derive(Debug, Clone, PartialEq, ::std::hash::Hash)]
    pub struct OwnedArraysParams {
        /// `TEXT`.
        pub item: ::std::string::String,
        /// `TEXT[]`.
        pub params: ::std::vec::Vec<::std::string::String>,
        /// `LABELS`.
        pub kind: super::Labels,
    }

    const OWNED_ONCE: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new("UPDATE t SET a = $1 WHERE b = ANY($2)")
            .named("str.owned_once");

    /// The query `str.owned_once`.
    ///
    /// ```sql
    /// UPDATE t SET a = $1 WHERE b = ANY($2)
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn owned_once<E: ::crdb_exec::Executor>(
        db: &E,
        params: OwnedOnceParams,
    ) -> ::core::result::Result<(), ::crdb_exec::Error> {
        ::crdb_exec::ExecutorExt::execute(db, OWNED_ONCE, &[&params.db, &params.kinds]).await?;
        Ok(())
    }

    /// The arguments of [`owned_once`].
    #[derive(Debug, Clone, PartialEq, ::std::hash::Hash)]
    pub struct OwnedOnceParams {
        /// `TEXT`.
        pub db: ::std::string::String,
        /// `LABELS[]`.
        pub kinds: ::std::vec::Vec<super::Labels>,
    }

    const STR: ::crdb_exec::Statement<'static> =
        ::crdb_exec::Statement::new(r###"SELECT $1 || '"#"##' AS str"###).named("str.str");

    /// Text with "quotes", a backslash \ and {braces}.
    ///
    /// ```sql
    /// SELECT $1 || '"#"##' AS str
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn str<E: ::crdb_exec::Executor>(
        db: &E,
        str: &str,
    ) -> ::core::result::Result<::std::string::String, ::crdb_exec::Error> {
        let row = ::crdb_exec::ExecutorExt::fetch_one(db, STR, &[&str]).await?;
        ::crdb_exec::Row::get(&row, 0)
    }
}

/// The queries of `type`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod r#type {
    /// The queries of `super_`.
    pub mod super_ {
        const NOW: ::crdb_exec::Statement<'static> =
            ::crdb_exec::Statement::new("SELECT now() AS now").named("type.super_.now");

        /// The query `type.super_.now`.
        ///
        /// ```sql
        /// SELECT now() AS now
        /// ```
        ///
        /// Dropping the future abandons the statement, which may still be carried out.
        ///
        /// # Errors
        ///
        /// As the executor; also when there is not exactly one row.
        pub async fn now<E: ::crdb_exec::Executor>(
            db: &E,
        ) -> ::core::result::Result<::chrono::DateTime<::chrono::Utc>, ::crdb_exec::Error> {
            let row = ::crdb_exec::ExecutorExt::fetch_one(db, NOW, &[]).await?;
            ::crdb_exec::Row::get(&row, 0)
        }

        const UTC: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new("INSERT INTO t (a, b) SELECT batch.p1, batch.p2 FROM unnest($1::TIMESTAMPTZ[], $2::TEXT[]) AS batch (p1, p2)")
.named("type.super_.utc");

        /// For many rows: statements of up to 1000 rows each. Returns how many rows were changed.
        ///
        /// To write all or nothing, call it in a transaction.
        ///
        /// The query `type.super_.utc`.
        ///
        /// ```sql
        /// INSERT INTO t (a, b) VALUES ($1, $2)
        /// ```
        ///
        /// Dropping the future abandons the statement, which may still be carried out.
        ///
        /// # Errors
        ///
        /// As the executor; what was written before the failure stays.
        pub async fn utc<E: ::crdb_exec::Executor>(
            db: &E,
            items: &[UtcParams<'_>],
        ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
            let mut changed = 0;
            for chunk in items.chunks(1000) {
                let column_1: ::std::vec::Vec<_> = chunk.iter().map(|item| item.a).collect();
                let column_2: ::std::vec::Vec<_> = chunk.iter().map(|item| item.b).collect();
                changed += ::crdb_exec::ExecutorExt::execute_part(
                    db,
                    UTC,
                    &[&column_1, &column_2],
                    changed,
                )
                .await?;
            }
            Ok(changed)
        }

        /// The arguments of [`utc`].
        #[derive(Debug, Clone, PartialEq)]
        pub struct UtcParams<'a> {
            /// `TIMESTAMPTZ`.
            pub a: ::chrono::DateTime<::chrono::Utc>,
            /// `TEXT`.
            pub b: &'a str,
        }
    }
}
