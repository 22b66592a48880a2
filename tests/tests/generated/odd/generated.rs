//! Typed functions for the queries in SQL files.
//!
//! Written by `crdb codegen`; edit the `.sql` files instead.

/// The SQL enum `Mood of Day`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MoodOfDay {
    /// `Good`
    Good,
    /// `so so`
    SoSo,
}

impl MoodOfDay {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::Good, Self::SoSo];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "Good",
            Self::SoSo => "so so",
        }
    }
}

::crdb_facade::exec::sql_enum!(MoodOfDay, "Mood of Day");

/// The SQL enum `row`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Row {
    /// `a b`
    AB,
    /// `!`
    Exclamation,
    /// `self`
    SelfValue,
}

impl Row {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::AB, Self::Exclamation, Self::SelfValue];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AB => "a b",
            Self::Exclamation => "!",
            Self::SelfValue => "self",
        }
    }
}

::crdb_facade::exec::sql_enum!(Row, "row");

/// The composite type `place`.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// `STRING`, may be NULL.
    pub street: ::core::option::Option<::std::string::String>,
    /// `ROW`, may be NULL.
    pub r#type: ::core::option::Option<self::Row>,
    /// `DECIMAL`, may be NULL.
    pub amount: ::core::option::Option<::crdb_facade::rust_decimal::Decimal>,
    /// `STRING[]`, may be NULL.
    pub tags: ::core::option::Option<::std::vec::Vec<::std::string::String>>,
}

::crdb_facade::exec::sql_composite!(Place, "place", [street, r#type, amount, tags]);

/// The queries of `crdb_facade`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod crdb_facade {
    const ASYNC: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT (SELECT word FROM nothing WHERE id = 1) AS word, EXISTS (SELECT 1 FROM nothing) AS "exists", (SELECT count(*) FROM nothing) AS n"#)
.named("crdb_facade.async");

    /// The query `crdb_facade.async`.
    ///
    /// ```sql
    /// SELECT (SELECT word FROM nothing WHERE id = 1) AS word, EXISTS (SELECT 1 FROM nothing) AS "exists", (SELECT count(*) FROM nothing) AS n
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn r#async<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<AsyncRow, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_one(db, ASYNC, &[]).await?;
        AsyncRow::from_row(&row)
    }

    /// A row of [`async`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct AsyncRow {
        /// `STRING`, may be NULL.
        pub word: ::core::option::Option<::std::string::String>,
        /// `BOOL`.
        pub exists: bool,
        /// `INT8`.
        pub n: i64,
    }

    impl AsyncRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                word: ::crdb_facade::exec::Row::get(row, 0)?,
                exists: ::crdb_facade::exec::Row::get(row, 1)?,
                n: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    const BOX: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT "order" AS "a b", "order" AS a_b, "order" AS "a-b", self AS "self", "group" AS "Self" FROM odd"#)
.named("crdb_facade.box");

    /// The query `crdb_facade.box`.
    ///
    /// ```sql
    /// SELECT "order" AS "a b", "order" AS a_b, "order" AS "a-b", self AS "self", "group" AS "Self" FROM odd
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r#box<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<BoxRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, BOX, &[]).await?;
        rows.iter().map(BoxRow::from_row).collect()
    }

    /// As [`box`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn box_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, BoxRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, BOX, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(rows, BoxRow::from_row))
    }

    /// A row of [`box`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct BoxRow {
        /// `INT8`.
        pub a_b: i64,
        /// `INT8`.
        pub a_b_2: i64,
        /// `INT8`.
        pub a_b_3: i64,
        /// `BOOL`, may be NULL.
        pub self_: ::core::option::Option<bool>,
        /// `INT8`.
        pub self_2: i64,
    }

    impl BoxRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                a_b: ::crdb_facade::exec::Row::get(row, 0)?,
                a_b_2: ::crdb_facade::exec::Row::get(row, 1)?,
                a_b_3: ::crdb_facade::exec::Row::get(row, 2)?,
                self_: ::crdb_facade::exec::Row::get(row, 3)?,
                self_2: ::crdb_facade::exec::Row::get(row, 4)?,
            })
        }
    }

    const DYN: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r#"SELECT id, note FROM "Other" EXCEPT SELECT id, word FROM nothing"#,
    )
    .named("crdb_facade.dyn");

    /// The query `crdb_facade.dyn`.
    ///
    /// ```sql
    /// SELECT id, note FROM "Other" EXCEPT SELECT id, word FROM nothing
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r#dyn<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<DynRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, DYN, &[]).await?;
        rows.iter().map(DynRow::from_row).collect()
    }

    /// As [`dyn`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn dyn_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, DynRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, DYN, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(rows, DynRow::from_row))
    }

    /// As [`dyn`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn dyn_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, DynRowRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, DYN, &[]).await
    }

    /// A row of [`dyn`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct DynRow {
        /// `INT8`.
        pub id: i64,
        /// `STRING`, may be NULL.
        pub note: ::core::option::Option<::std::string::String>,
    }

    impl DynRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                id: ::crdb_facade::exec::Row::get(row, 0)?,
                note: ::crdb_facade::exec::Row::get(row, 1)?,
            })
        }
    }

    /// As [`DynRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct DynRowRef<'r> {
        /// `INT8`.
        pub id: i64,
        /// `STRING`, may be NULL.
        pub note: ::core::option::Option<&'r str>,
    }

    impl ::crdb_facade::exec::BorrowedRow for DynRowRef<'_> {
        type Of<'r> = DynRowRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<DynRowRef<'_>, ::crdb_facade::exec::Error> {
            Ok(DynRowRef {
                id: ::crdb_facade::exec::Row::get(row, 0)?,
                note: ::crdb_facade::exec::Row::get(row, 1)?,
            })
        }
    }

    const IMPL: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT DISTINCT ON ("group") "group", amount, at + INTERVAL '1 day' AS tomorrow FROM odd ORDER BY "group", "order""#)
.named("crdb_facade.impl");

    /// The query `crdb_facade.impl`.
    ///
    /// ```sql
    /// SELECT DISTINCT ON ("group") "group", amount, at + INTERVAL '1 day' AS tomorrow FROM odd ORDER BY "group", "order"
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r#impl<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<ImplRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, IMPL, &[]).await?;
        rows.iter().map(ImplRow::from_row).collect()
    }

    /// As [`impl`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn impl_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, ImplRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, IMPL, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            ImplRow::from_row,
        ))
    }

    /// A row of [`impl`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ImplRow {
        /// `INT8`.
        pub group: i64,
        /// `DECIMAL`, may be NULL.
        pub amount: ::core::option::Option<::crdb_facade::rust_decimal::Decimal>,
        /// `TIMESTAMPTZ`, may be NULL.
        pub tomorrow:
            ::core::option::Option<::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>>,
    }

    impl ImplRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                group: ::crdb_facade::exec::Row::get(row, 0)?,
                amount: ::crdb_facade::exec::Row::get(row, 1)?,
                tomorrow: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    const IN: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r#"SELECT "order", id FROM odd WHERE "order" = ANY($1) ORDER BY "order""#,
    )
    .named("crdb_facade.in");

    /// The query `crdb_facade.in`.
    ///
    /// ```sql
    /// SELECT "order", id FROM odd WHERE "order" = ANY($1) ORDER BY "order"
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r#in<E: ::crdb_facade::exec::Executor>(
        db: &E,
        ids: &[i64],
    ) -> ::core::result::Result<::std::vec::Vec<InRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, IN, &[&ids]).await?;
        rows.iter().map(InRow::from_row).collect()
    }

    /// As [`in`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn in_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
        ids: &[i64],
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, InRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, IN, &[&ids]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(rows, InRow::from_row))
    }

    /// A row of [`in`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct InRow {
        /// `INT8`.
        pub order: i64,
        /// `UUID`, may be NULL.
        pub id: ::core::option::Option<::crdb_facade::uuid::Uuid>,
    }

    impl InRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                order: ::crdb_facade::exec::Row::get(row, 0)?,
                id: ::crdb_facade::exec::Row::get(row, 1)?,
            })
        }
    }

    const LET: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT greatest(amount, 1) AS most, least(NULL, "group") AS least, "Select" || 'x' AS joined, concat("Select", 'x') AS concat,
    amount IS NULL AS "is", self IS DISTINCT FROM true AS distinct_from, amount BETWEEN 1 AND 2 AS between_them FROM odd"#)
.named("crdb_facade.let");

    /// The query `crdb_facade.let`.
    ///
    /// ```sql
    /// SELECT greatest(amount, 1) AS most, least(NULL, "group") AS least, "Select" || 'x' AS joined, concat("Select", 'x') AS concat,
    ///     amount IS NULL AS "is", self IS DISTINCT FROM true AS distinct_from, amount BETWEEN 1 AND 2 AS between_them FROM odd
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r#let<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<LetRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, LET, &[]).await?;
        rows.iter().map(LetRow::from_row).collect()
    }

    /// As [`let`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn let_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, LetRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, LET, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(rows, LetRow::from_row))
    }

    /// As [`let`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn let_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, LetRowRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, LET, &[]).await
    }

    /// A row of [`let`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct LetRow {
        /// `DECIMAL`, may be NULL.
        pub most: ::core::option::Option<::crdb_facade::rust_decimal::Decimal>,
        /// `INT8`, may be NULL.
        pub least: ::core::option::Option<i64>,
        /// `STRING`, may be NULL.
        pub joined: ::core::option::Option<::std::string::String>,
        /// `STRING`.
        pub concat: ::std::string::String,
        /// `BOOL`.
        pub is: bool,
        /// `BOOL`.
        pub distinct_from: bool,
        /// `BOOL`, may be NULL.
        pub between_them: ::core::option::Option<bool>,
    }

    impl LetRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                most: ::crdb_facade::exec::Row::get(row, 0)?,
                least: ::crdb_facade::exec::Row::get(row, 1)?,
                joined: ::crdb_facade::exec::Row::get(row, 2)?,
                concat: ::crdb_facade::exec::Row::get(row, 3)?,
                is: ::crdb_facade::exec::Row::get(row, 4)?,
                distinct_from: ::crdb_facade::exec::Row::get(row, 5)?,
                between_them: ::crdb_facade::exec::Row::get(row, 6)?,
            })
        }
    }

    /// As [`LetRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct LetRowRef<'r> {
        /// `DECIMAL`, may be NULL.
        pub most: ::core::option::Option<::crdb_facade::rust_decimal::Decimal>,
        /// `INT8`, may be NULL.
        pub least: ::core::option::Option<i64>,
        /// `STRING`, may be NULL.
        pub joined: ::core::option::Option<&'r str>,
        /// `STRING`.
        pub concat: &'r str,
        /// `BOOL`.
        pub is: bool,
        /// `BOOL`.
        pub distinct_from: bool,
        /// `BOOL`, may be NULL.
        pub between_them: ::core::option::Option<bool>,
    }

    impl ::crdb_facade::exec::BorrowedRow for LetRowRef<'_> {
        type Of<'r> = LetRowRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<LetRowRef<'_>, ::crdb_facade::exec::Error> {
            Ok(LetRowRef {
                most: ::crdb_facade::exec::Row::get(row, 0)?,
                least: ::crdb_facade::exec::Row::get(row, 1)?,
                joined: ::crdb_facade::exec::Row::get(row, 2)?,
                concat: ::crdb_facade::exec::Row::get(row, 3)?,
                is: ::crdb_facade::exec::Row::get(row, 4)?,
                distinct_from: ::crdb_facade::exec::Row::get(row, 5)?,
                between_them: ::crdb_facade::exec::Row::get(row, 6)?,
            })
        }
    }

    const LOOP: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r#"SELECT note FROM "Other" UNION ALL SELECT word FROM nothing UNION ALL SELECT NULL"#,
    )
    .named("crdb_facade.loop");

    /// The query `crdb_facade.loop`.
    ///
    /// ```sql
    /// SELECT note FROM "Other" UNION ALL SELECT word FROM nothing UNION ALL SELECT NULL
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r#loop<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<
        ::std::vec::Vec<::core::option::Option<::std::string::String>>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, LOOP, &[]).await?;
        rows.iter()
            .map(|row| ::crdb_facade::exec::Row::get(row, 0))
            .collect()
    }

    /// As [`loop`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn loop_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, ::core::option::Option<::std::string::String>>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, LOOP, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(rows, |row| {
            ::crdb_facade::exec::Row::get(row, 0)
        }))
    }

    /// As [`loop`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn loop_borrowed_2<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, ::core::option::Option<&'e str>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, LOOP, &[]).await
    }

    const LOOP_BORROWED: ::crdb_facade::exec::Statement<'static> =
        ::crdb_facade::exec::Statement::new("SELECT 1::INT8 AS one")
            .named("crdb_facade.loop_borrowed");

    /// The query `crdb_facade.loop_borrowed`.
    ///
    /// ```sql
    /// SELECT 1::INT8 AS one
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn loop_borrowed<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<i64, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_one(db, LOOP_BORROWED, &[]).await?;
        ::crdb_facade::exec::Row::get(&row, 0)
    }

    const MATCH: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT CASE WHEN self THEN amount END AS "case", CASE WHEN self THEN 1 ELSE 2 END AS "else", NULLIF("group", 1) AS "nullif",
    coalesce("Select", 'x') AS "coalesce", coalesce("Select", NULL) AS "Coalesce" FROM odd"#)
.named("crdb_facade.match");

    /// The query `crdb_facade.match`.
    ///
    /// ```sql
    /// SELECT CASE WHEN self THEN amount END AS "case", CASE WHEN self THEN 1 ELSE 2 END AS "else", NULLIF("group", 1) AS "nullif",
    ///     coalesce("Select", 'x') AS "coalesce", coalesce("Select", NULL) AS "Coalesce" FROM odd
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r#match<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<MatchRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, MATCH, &[]).await?;
        rows.iter().map(MatchRow::from_row).collect()
    }

    /// As [`match`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn match_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, MatchRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, MATCH, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            MatchRow::from_row,
        ))
    }

    /// As [`match`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn match_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, MatchRowRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, MATCH, &[]).await
    }

    /// A row of [`match`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct MatchRow {
        /// `DECIMAL`, may be NULL.
        pub case: ::core::option::Option<::crdb_facade::rust_decimal::Decimal>,
        /// `INT4`.
        pub r#else: i32,
        /// `INT8`, may be NULL.
        pub nullif: ::core::option::Option<i64>,
        /// `STRING`.
        pub coalesce: ::std::string::String,
        /// `STRING`, may be NULL.
        pub coalesce_2: ::core::option::Option<::std::string::String>,
    }

    impl MatchRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                case: ::crdb_facade::exec::Row::get(row, 0)?,
                r#else: ::crdb_facade::exec::Row::get(row, 1)?,
                nullif: ::crdb_facade::exec::Row::get(row, 2)?,
                coalesce: ::crdb_facade::exec::Row::get(row, 3)?,
                coalesce_2: ::crdb_facade::exec::Row::get(row, 4)?,
            })
        }
    }

    /// As [`MatchRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct MatchRowRef<'r> {
        /// `DECIMAL`, may be NULL.
        pub case: ::core::option::Option<::crdb_facade::rust_decimal::Decimal>,
        /// `INT4`.
        pub r#else: i32,
        /// `INT8`, may be NULL.
        pub nullif: ::core::option::Option<i64>,
        /// `STRING`.
        pub coalesce: &'r str,
        /// `STRING`, may be NULL.
        pub coalesce_2: ::core::option::Option<&'r str>,
    }

    impl ::crdb_facade::exec::BorrowedRow for MatchRowRef<'_> {
        type Of<'r> = MatchRowRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<MatchRowRef<'_>, ::crdb_facade::exec::Error> {
            Ok(MatchRowRef {
                case: ::crdb_facade::exec::Row::get(row, 0)?,
                r#else: ::crdb_facade::exec::Row::get(row, 1)?,
                nullif: ::crdb_facade::exec::Row::get(row, 2)?,
                coalesce: ::crdb_facade::exec::Row::get(row, 3)?,
                coalesce_2: ::crdb_facade::exec::Row::get(row, 4)?,
            })
        }
    }

    const MOD: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r#"SELECT $1::INT8 AS "año", $2::TEXT AS "aña", $3::BOOL AS db"#,
    )
    .named("crdb_facade.mod");

    /// The query `crdb_facade.mod`.
    ///
    /// ```sql
    /// SELECT $1::INT8 AS "año", $2::TEXT AS "aña", $3::BOOL AS db
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r#mod<E: ::crdb_facade::exec::Executor>(
        db: &E,
        params: ModParams<'_>,
    ) -> ::core::result::Result<::std::vec::Vec<ModRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(
            db,
            MOD,
            &[&params.año, &params.aña, &params.db],
        )
        .await?;
        rows.iter().map(ModRow::from_row).collect()
    }

    /// As [`mod`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn mod_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
        params: ModParams<'_>,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, ModRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(
            db,
            MOD,
            &[&params.año, &params.aña, &params.db],
        )
        .await?;
        Ok(::crdb_facade::exec::MappedRows::new(rows, ModRow::from_row))
    }

    /// As [`mod`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn mod_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
        params: ModParams<'_>,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, ModRowRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(
            db,
            MOD,
            &[&params.año, &params.aña, &params.db],
        )
        .await
    }

    /// A row of [`mod`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ModRow {
        /// `INT8`, may be NULL.
        pub año: ::core::option::Option<i64>,
        /// `STRING`, may be NULL.
        pub aña: ::core::option::Option<::std::string::String>,
        /// `BOOL`, may be NULL.
        pub db: ::core::option::Option<bool>,
    }

    impl ModRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                año: ::crdb_facade::exec::Row::get(row, 0)?,
                aña: ::crdb_facade::exec::Row::get(row, 1)?,
                db: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    /// As [`ModRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct ModRowRef<'r> {
        /// `INT8`, may be NULL.
        pub año: ::core::option::Option<i64>,
        /// `STRING`, may be NULL.
        pub aña: ::core::option::Option<&'r str>,
        /// `BOOL`, may be NULL.
        pub db: ::core::option::Option<bool>,
    }

    impl ::crdb_facade::exec::BorrowedRow for ModRowRef<'_> {
        type Of<'r> = ModRowRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<ModRowRef<'_>, ::crdb_facade::exec::Error> {
            Ok(ModRowRef {
                año: ::crdb_facade::exec::Row::get(row, 0)?,
                aña: ::crdb_facade::exec::Row::get(row, 1)?,
                db: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    /// The arguments of [`mod`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ModParams<'a> {
        /// `INT8`.
        pub año: i64,
        /// `STRING`.
        pub aña: &'a str,
        /// `BOOL`.
        pub db: bool,
    }

    const PUB: ::crdb_facade::exec::Statement<'static> =
        ::crdb_facade::exec::Statement::new(r#"SELECT id, odd, note FROM "Other" ORDER BY id"#)
            .named("crdb_facade.pub");

    /// The query `crdb_facade.pub`.
    ///
    /// ```sql
    /// SELECT id, odd, note FROM "Other" ORDER BY id
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r#pub<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<Other>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, PUB, &[]).await?;
        rows.iter().map(Other::from_row).collect()
    }

    /// As [`pub`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn pub_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, Other>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, PUB, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(rows, Other::from_row))
    }

    /// As [`pub`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn pub_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, OtherRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, PUB, &[]).await
    }

    const REF: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r#"WITH odd AS (SELECT NULL::TEXT AS "order", 1::INT8 AS k) SELECT "order", k FROM odd"#,
    )
    .named("crdb_facade.ref");

    /// The query `crdb_facade.ref`.
    ///
    /// ```sql
    /// WITH odd AS (SELECT NULL::TEXT AS "order", 1::INT8 AS k) SELECT "order", k FROM odd
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r#ref<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<RefRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, REF, &[]).await?;
        rows.iter().map(RefRow::from_row).collect()
    }

    /// As [`ref`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn ref_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, RefRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, REF, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(rows, RefRow::from_row))
    }

    /// As [`ref`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn ref_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, RefRowRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, REF, &[]).await
    }

    /// A row of [`ref`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RefRow {
        /// `STRING`, may be NULL.
        pub order: ::core::option::Option<::std::string::String>,
        /// `INT8`.
        pub k: i64,
    }

    impl RefRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                order: ::crdb_facade::exec::Row::get(row, 0)?,
                k: ::crdb_facade::exec::Row::get(row, 1)?,
            })
        }
    }

    /// As [`RefRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct RefRowRef<'r> {
        /// `STRING`, may be NULL.
        pub order: ::core::option::Option<&'r str>,
        /// `INT8`.
        pub k: i64,
    }

    impl ::crdb_facade::exec::BorrowedRow for RefRowRef<'_> {
        type Of<'r> = RefRowRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<RefRowRef<'_>, ::crdb_facade::exec::Error> {
            Ok(RefRowRef {
                order: ::crdb_facade::exec::Row::get(row, 0)?,
                k: ::crdb_facade::exec::Row::get(row, 1)?,
            })
        }
    }

    const STATIC: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT o."order" FROM odd o WHERE o."order" IN (SELECT odd FROM "Other") OR o.self IS NULL"#)
.named("crdb_facade.static");

    /// The query `crdb_facade.static`.
    ///
    /// ```sql
    /// SELECT o."order" FROM odd o WHERE o."order" IN (SELECT odd FROM "Other") OR o.self IS NULL
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r#static<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<i64>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, STATIC, &[]).await?;
        rows.iter()
            .map(|row| ::crdb_facade::exec::Row::get(row, 0))
            .collect()
    }

    /// As [`static`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn static_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, i64>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, STATIC, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(rows, |row| {
            ::crdb_facade::exec::Row::get(row, 0)
        }))
    }

    const TRAIT: ::crdb_facade::exec::Statement<'static> =
        ::crdb_facade::exec::Statement::new(r#"SELECT id, odd, note FROM "Other" WHERE id = $1"#)
            .named("crdb_facade.trait");

    /// The query `crdb_facade.trait`.
    ///
    /// ```sql
    /// SELECT id, odd, note FROM "Other" WHERE id = $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is more than one row.
    pub async fn r#trait<E: ::crdb_facade::exec::Executor>(
        db: &E,
        id: i64,
    ) -> ::core::result::Result<::core::option::Option<Other>, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_optional(db, TRAIT, &[&id]).await?;
        row.as_ref().map(Other::from_row).transpose()
    }

    const TYPE: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT o.type, o."Select" AS "fn", o."user" -> 'a' AS "a", o."user" ->> 'a' AS "?", o.tags[1] AS "!" FROM odd o WHERE o."order" = $1"#)
.named("crdb_facade.type");

    /// The query `crdb_facade.type`.
    ///
    /// ```sql
    /// SELECT o.type, o."Select" AS "fn", o."user" -> 'a' AS "a", o."user" ->> 'a' AS "?", o.tags[1] AS "!" FROM odd o WHERE o."order" = $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is more than one row.
    pub async fn r#type<E: ::crdb_facade::exec::Executor>(
        db: &E,
        db_2: i64,
    ) -> ::core::result::Result<::core::option::Option<TypeRow>, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_optional(db, TYPE, &[&db_2]).await?;
        row.as_ref().map(TypeRow::from_row).transpose()
    }

    /// A row of [`type`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct TypeRow {
        /// `ROW`, may be NULL.
        pub r#type: ::core::option::Option<super::Row>,
        /// `STRING`, may be NULL.
        pub r#fn: ::core::option::Option<::std::string::String>,
        /// `JSONB`, may be NULL.
        pub a: ::core::option::Option<::crdb_facade::serde_json::Value>,
        /// `STRING`, may be NULL.
        pub column: ::core::option::Option<::std::string::String>,
        /// `STRING`, may be NULL.
        pub column_2: ::core::option::Option<::std::string::String>,
    }

    impl TypeRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                r#type: ::crdb_facade::exec::Row::get(row, 0)?,
                r#fn: ::crdb_facade::exec::Row::get(row, 1)?,
                a: ::crdb_facade::exec::Row::get(row, 2)?,
                column: ::crdb_facade::exec::Row::get(row, 3)?,
                column_2: ::crdb_facade::exec::Row::get(row, 4)?,
            })
        }
    }

    const USE: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT length("Select") AS length, upper("Select") AS upper, substring("Select", 1, 1) AS part, "group"::TEXT AS text FROM odd"#)
.named("crdb_facade.use");

    /// The query `crdb_facade.use`.
    ///
    /// ```sql
    /// SELECT length("Select") AS length, upper("Select") AS upper, substring("Select", 1, 1) AS part, "group"::TEXT AS text FROM odd
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r#use<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<UseRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, USE, &[]).await?;
        rows.iter().map(UseRow::from_row).collect()
    }

    /// As [`use`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn use_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, UseRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, USE, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(rows, UseRow::from_row))
    }

    /// As [`use`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn use_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, UseRowRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, USE, &[]).await
    }

    /// A row of [`use`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct UseRow {
        /// `INT4`, may be NULL.
        pub length: ::core::option::Option<i32>,
        /// `STRING`, may be NULL.
        pub upper: ::core::option::Option<::std::string::String>,
        /// `STRING`, may be NULL.
        pub part: ::core::option::Option<::std::string::String>,
        /// `STRING`.
        pub text: ::std::string::String,
    }

    impl UseRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                length: ::crdb_facade::exec::Row::get(row, 0)?,
                upper: ::crdb_facade::exec::Row::get(row, 1)?,
                part: ::crdb_facade::exec::Row::get(row, 2)?,
                text: ::crdb_facade::exec::Row::get(row, 3)?,
            })
        }
    }

    /// As [`UseRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct UseRowRef<'r> {
        /// `INT4`, may be NULL.
        pub length: ::core::option::Option<i32>,
        /// `STRING`, may be NULL.
        pub upper: ::core::option::Option<&'r str>,
        /// `STRING`, may be NULL.
        pub part: ::core::option::Option<&'r str>,
        /// `STRING`.
        pub text: &'r str,
    }

    impl ::crdb_facade::exec::BorrowedRow for UseRowRef<'_> {
        type Of<'r> = UseRowRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<UseRowRef<'_>, ::crdb_facade::exec::Error> {
            Ok(UseRowRef {
                length: ::crdb_facade::exec::Row::get(row, 0)?,
                upper: ::crdb_facade::exec::Row::get(row, 1)?,
                part: ::crdb_facade::exec::Row::get(row, 2)?,
                text: ::crdb_facade::exec::Row::get(row, 3)?,
            })
        }
    }

    const WHERE: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r"WITH RECURSIVE t (n, m) AS (SELECT 1::INT8, NULL::INT8 UNION ALL SELECT n + 1, n FROM t WHERE n < $1)
SELECT n, m FROM t")
.named("crdb_facade.where");

    /// The query `crdb_facade.where`.
    ///
    /// ```sql
    /// WITH RECURSIVE t (n, m) AS (SELECT 1::INT8, NULL::INT8 UNION ALL SELECT n + 1, n FROM t WHERE n < $1)
    /// SELECT n, m FROM t
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn r#where<E: ::crdb_facade::exec::Executor>(
        db: &E,
        most: i64,
    ) -> ::core::result::Result<::std::vec::Vec<WhereRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, WHERE, &[&most]).await?;
        rows.iter().map(WhereRow::from_row).collect()
    }

    /// As [`where`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn where_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
        most: i64,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, WhereRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, WHERE, &[&most]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            WhereRow::from_row,
        ))
    }

    /// A row of [`where`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct WhereRow {
        /// `INT8`, may be NULL.
        pub n: ::core::option::Option<i64>,
        /// `INT8`, may be NULL.
        pub m: ::core::option::Option<i64>,
    }

    impl WhereRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                n: ::crdb_facade::exec::Row::get(row, 0)?,
                m: ::crdb_facade::exec::Row::get(row, 1)?,
            })
        }
    }

    /// What `sort` of [`New`] can be.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    pub enum NewSort {
        /// `id`
        #[default]
        Id,
        /// `note`
        Note,
    }

    impl NewSort {
        const fn as_sql(self) -> &'static str {
            match self {
                Self::Id => r#""id""#,
                Self::Note => r#""note""#,
            }
        }
    }

    /// The template `crdb_facade.new`.
    ///
    /// For example, with everything off:
    ///
    /// ```sql
    /// SELECT id, odd, note FROM "Other" WHERE true
    /// ORDER BY "id" , id
    /// ```
    #[derive(Debug, Clone, PartialEq)]
    #[must_use = "a builder does nothing until it is run"]
    pub struct New {
        odd: ::core::option::Option<i64>,
        sort: NewSort,
        f1: bool,
        f2: bool,
        f3: bool,
        f4: bool,
        f5: bool,
        f6: bool,
        f7: bool,
        f8: bool,
    }

    impl New {
        /// With what must be given; everything optional is left out.
        #[allow(clippy::self_named_constructors, reason = "the template's name")]
        pub fn new() -> Self {
            Self {
                odd: None,
                sort: <NewSort as ::core::default::Default>::default(),
                f1: false,
                f2: false,
                f3: false,
                f4: false,
                f5: false,
                f6: false,
                f7: false,
                f8: false,
            }
        }

        /// Gives `odd`: the parameter of this name (`INT8`).
        pub fn odd(mut self, odd: i64) -> Self {
            self.odd = Some(odd);
            self
        }

        /// Sets `sort`. Default: `id`.
        pub fn sort(mut self, sort: NewSort) -> Self {
            self.sort = sort;
            self
        }

        /// Turns `f1` on or off: a filter. Default: off.
        pub fn f1(mut self, f1: bool) -> Self {
            self.f1 = f1;
            self
        }

        /// Turns `f2` on or off: a filter. Default: off.
        pub fn f2(mut self, f2: bool) -> Self {
            self.f2 = f2;
            self
        }

        /// Turns `f3` on or off: a filter. Default: off.
        pub fn f3(mut self, f3: bool) -> Self {
            self.f3 = f3;
            self
        }

        /// Turns `f4` on or off: a filter. Default: off.
        pub fn f4(mut self, f4: bool) -> Self {
            self.f4 = f4;
            self
        }

        /// Turns `f5` on or off: a filter. Default: off.
        pub fn f5(mut self, f5: bool) -> Self {
            self.f5 = f5;
            self
        }

        /// Turns `f6` on or off: a filter. Default: off.
        pub fn f6(mut self, f6: bool) -> Self {
            self.f6 = f6;
            self
        }

        /// Turns `f7` on or off: a filter. Default: off.
        pub fn f7(mut self, f7: bool) -> Self {
            self.f7 = f7;
            self
        }

        /// Turns `f8` on or off: a filter. Default: off.
        pub fn f8(mut self, f8: bool) -> Self {
            self.f8 = f8;
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
            ::std::vec::Vec<&(dyn ::crdb_facade::exec::ToSql + ::core::marker::Sync)>,
        ) {
            let mut sql = ::crdb_facade::exec::StatementBuilder::new();
            sql.text("SELECT id, odd, note FROM \"Other\" WHERE true\n");
            if self.odd.is_some() {
                sql.text(" AND odd = ");
                sql.parameter(0, &self.odd);
                sql.text(" ");
            } else if self.f1 && !(self.f2 || self.f3) {
                sql.text(" AND odd IS NULL ");
            }
            sql.text("\n");
            if self.f2 {
                sql.text(" AND id > 0 ");
            }
            sql.text(" ");
            if self.f3 {
                sql.text(" AND id > -1 ");
            }
            sql.text(" ");
            if self.f4 {
                sql.text(" AND id > -2 ");
            }
            sql.text("\n");
            if self.f5 {
                sql.text(" AND id > -3 ");
            }
            sql.text(" ");
            if self.f6 {
                sql.text(" AND id > -4 ");
            }
            sql.text(" ");
            if self.f7 {
                sql.text(" AND id > -5 ");
            }
            sql.text("\nORDER BY ");
            sql.text(self.sort.as_sql());
            sql.text(" ");
            if self.f8 {
                sql.text(" DESC ");
            }
            sql.text(", id");
            sql.finish()
        }

        fn statement<'s>(text: &'s str) -> ::crdb_facade::exec::Statement<'s> {
            ::crdb_facade::exec::Statement::new(text).named("crdb_facade.new")
        }

        /// All rows.
        ///
        /// Dropping the future abandons the statement, which may still be carried out.
        ///
        /// # Errors
        ///
        /// As the executor.
        pub async fn fetch_all<E: ::crdb_facade::exec::Executor>(
            &self,
            db: &E,
        ) -> ::core::result::Result<::std::vec::Vec<Other>, ::crdb_facade::exec::Error> {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, statement, &values).await?;
            rows.iter().map(Other::from_row).collect()
        }

        /// The rows as they come.
        ///
        /// Dropping the future abandons the statement, which may still be carried out.
        ///
        /// # Errors
        ///
        /// As the executor; an error may also come in the stream.
        pub async fn fetch_stream<'e, E: ::crdb_facade::exec::Executor>(
            &self,
            db: &'e E,
        ) -> ::core::result::Result<
            ::crdb_facade::exec::MappedRows<E::Rows<'e>, Other>,
            ::crdb_facade::exec::Error,
        > {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            let rows =
                ::crdb_facade::exec::ExecutorExt::fetch_stream(db, statement, &values).await?;
            Ok(::crdb_facade::exec::MappedRows::new(rows, Other::from_row))
        }

        /// The rows as they come (`try_next`), in place: texts, bytes and JSON are not copied.
        ///
        /// Dropping the future abandons the statement, which may still be carried out.
        ///
        /// # Errors
        ///
        /// As the executor; an error may also come with a row.
        pub async fn fetch_borrowed<'e, E: ::crdb_facade::exec::Executor>(
            &self,
            db: &'e E,
        ) -> ::core::result::Result<
            ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, OtherRef<'e>>,
            ::crdb_facade::exec::Error,
        > {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, statement, &values).await
        }
    }

    impl ::core::default::Default for New {
        fn default() -> Self {
            Self::new()
        }
    }

    /// A row of [`pub`], [`trait`], [`New`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct Other {
        /// `INT8`.
        pub id: i64,
        /// `INT8`, may be NULL.
        pub odd: ::core::option::Option<i64>,
        /// `STRING`, may be NULL.
        pub note: ::core::option::Option<::std::string::String>,
    }

    impl Other {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                id: ::crdb_facade::exec::Row::get(row, 0)?,
                odd: ::crdb_facade::exec::Row::get(row, 1)?,
                note: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    /// As [`Other`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct OtherRef<'r> {
        /// `INT8`.
        pub id: i64,
        /// `INT8`, may be NULL.
        pub odd: ::core::option::Option<i64>,
        /// `STRING`, may be NULL.
        pub note: ::core::option::Option<&'r str>,
    }

    impl ::crdb_facade::exec::BorrowedRow for OtherRef<'_> {
        type Of<'r> = OtherRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<OtherRef<'_>, ::crdb_facade::exec::Error> {
            Ok(OtherRef {
                id: ::crdb_facade::exec::Row::get(row, 0)?,
                odd: ::crdb_facade::exec::Row::get(row, 1)?,
                note: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }
}

/// The queries of `r_self`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod r_self {
    const BYTES: ::crdb_facade::exec::Statement<'static> =
        ::crdb_facade::exec::Statement::new("SELECT bytes, length(bytes) AS length, id FROM odd")
            .named("r_self.bytes");

    /// The query `r_self.bytes`.
    ///
    /// ```sql
    /// SELECT bytes, length(bytes) AS length, id FROM odd
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn bytes<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<BytesRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, BYTES, &[]).await?;
        rows.iter().map(BytesRow::from_row).collect()
    }

    /// As [`bytes`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn bytes_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, BytesRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, BYTES, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            BytesRow::from_row,
        ))
    }

    /// As [`bytes`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn bytes_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, BytesRowRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, BYTES, &[]).await
    }

    /// A row of [`bytes`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct BytesRow {
        /// `BYTES`, may be NULL.
        pub bytes: ::core::option::Option<::std::vec::Vec<u8>>,
        /// `INT4`, may be NULL.
        pub length: ::core::option::Option<i32>,
        /// `UUID`, may be NULL.
        pub id: ::core::option::Option<::crdb_facade::uuid::Uuid>,
    }

    impl BytesRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                bytes: ::crdb_facade::exec::Row::get(row, 0)?,
                length: ::crdb_facade::exec::Row::get(row, 1)?,
                id: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    /// As [`BytesRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct BytesRowRef<'r> {
        /// `BYTES`, may be NULL.
        pub bytes: ::core::option::Option<&'r [u8]>,
        /// `INT4`, may be NULL.
        pub length: ::core::option::Option<i32>,
        /// `UUID`, may be NULL.
        pub id: ::core::option::Option<::crdb_facade::uuid::Uuid>,
    }

    impl ::crdb_facade::exec::BorrowedRow for BytesRowRef<'_> {
        type Of<'r> = BytesRowRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<BytesRowRef<'_>, ::crdb_facade::exec::Error> {
            Ok(BytesRowRef {
                bytes: ::crdb_facade::exec::Row::get(row, 0)?,
                length: ::crdb_facade::exec::Row::get(row, 1)?,
                id: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    const COMPOSITE: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r#"INSERT INTO "Other" (id, "año", place) VALUES ($1, $2, $3) RETURNING place"#,
    )
    .named("r_self.composite");

    /// The query `r_self.composite`.
    ///
    /// ```sql
    /// INSERT INTO "Other" (id, "año", place) VALUES ($1, $2, $3) RETURNING place
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn composite<E: ::crdb_facade::exec::Executor>(
        db: &E,
        params: CompositeParams<'_>,
    ) -> ::core::result::Result<::core::option::Option<super::Place>, ::crdb_facade::exec::Error>
    {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_one(
            db,
            COMPOSITE,
            &[&params.id, &params.año, &params.place],
        )
        .await?;
        ::crdb_facade::exec::Row::get(&row, 0)
    }

    /// The arguments of [`composite`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct CompositeParams<'a> {
        /// `INT8`.
        pub id: i64,
        /// `INT8`.
        pub año: i64,
        /// `PLACE`, may be NULL.
        pub place: ::core::option::Option<&'a super::Place>,
    }

    const COMPOSITES: ::crdb_facade::exec::Statement<'static> =
        ::crdb_facade::exec::Statement::new(
            r#"SELECT array_agg(place) AS places, max(id) AS id FROM "Other""#,
        )
        .named("r_self.composites");

    /// The query `r_self.composites`.
    ///
    /// ```sql
    /// SELECT array_agg(place) AS places, max(id) AS id FROM "Other"
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn composites<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<CompositesRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, COMPOSITES, &[]).await?;
        rows.iter().map(CompositesRow::from_row).collect()
    }

    /// As [`composites`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn composites_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, CompositesRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, COMPOSITES, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            CompositesRow::from_row,
        ))
    }

    /// A row of [`composites`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct CompositesRow {
        /// `PLACE[]`, may be NULL.
        pub places: ::core::option::Option<::std::vec::Vec<::core::option::Option<super::Place>>>,
        /// `INT8`, may be NULL.
        pub id: ::core::option::Option<i64>,
    }

    impl CompositesRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                places: ::crdb_facade::exec::Row::get(row, 0)?,
                id: ::crdb_facade::exec::Row::get(row, 1)?,
            })
        }
    }

    const DELETE: ::crdb_facade::exec::Statement<'static> =
        ::crdb_facade::exec::Statement::new(r#"DELETE FROM "Other" WHERE id = $1 RETURNING note"#)
            .named("r_self.delete");

    /// The query `r_self.delete`.
    ///
    /// ```sql
    /// DELETE FROM "Other" WHERE id = $1 RETURNING note
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is more than one row.
    pub async fn delete<E: ::crdb_facade::exec::Executor>(
        db: &E,
        id: i64,
    ) -> ::core::result::Result<
        ::core::option::Option<::core::option::Option<::std::string::String>>,
        ::crdb_facade::exec::Error,
    > {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_optional(db, DELETE, &[&id]).await?;
        row.as_ref()
            .map(|row| ::crdb_facade::exec::Row::get(row, 0))
            .transpose()
    }

    const DOMAIN: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r#"INSERT INTO "Other" (id, "año", word) VALUES ($1, $2, $3) RETURNING word"#,
    )
    .named("r_self.domain");

    /// The query `r_self.domain`.
    ///
    /// ```sql
    /// INSERT INTO "Other" (id, "año", word) VALUES ($1, $2, $3) RETURNING word
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn domain<E: ::crdb_facade::exec::Executor>(
        db: &E,
        params: DomainParams<'_>,
    ) -> ::core::result::Result<
        ::core::option::Option<::std::string::String>,
        ::crdb_facade::exec::Error,
    > {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_one(
            db,
            DOMAIN,
            &[&params.id, &params.año, &params.word],
        )
        .await?;
        ::crdb_facade::exec::Row::get(&row, 0)
    }

    /// The arguments of [`domain`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct DomainParams<'a> {
        /// `INT8`.
        pub id: i64,
        /// `INT8`.
        pub año: i64,
        /// `STRING`, may be NULL.
        pub word: ::core::option::Option<&'a str>,
    }

    const DOMAINS: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r#"INSERT INTO "Other" (id, "año", words) VALUES ($1, $2, $3) RETURNING words"#,
    )
    .named("r_self.domains");

    /// The query `r_self.domains`.
    ///
    /// ```sql
    /// INSERT INTO "Other" (id, "año", words) VALUES ($1, $2, $3) RETURNING words
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn domains<E: ::crdb_facade::exec::Executor>(
        db: &E,
        params: DomainsParams<'_>,
    ) -> ::core::result::Result<
        ::core::option::Option<::std::vec::Vec<::std::string::String>>,
        ::crdb_facade::exec::Error,
    > {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_one(
            db,
            DOMAINS,
            &[&params.id, &params.año, &params.words],
        )
        .await?;
        ::crdb_facade::exec::Row::get(&row, 0)
    }

    /// The arguments of [`domains`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct DomainsParams<'a> {
        /// `INT8`.
        pub id: i64,
        /// `INT8`.
        pub año: i64,
        /// `STRING[]`, may be NULL.
        pub words: ::core::option::Option<&'a [&'a str]>,
    }

    const ENUMS: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT array_agg(type) AS types, min("order") AS "order", count(type) AS count FROM odd WHERE type = $1 OR type IS NULL GROUP BY "group""#)
.named("r_self.enums");

    /// The query `r_self.enums`.
    ///
    /// ```sql
    /// SELECT array_agg(type) AS types, min("order") AS "order", count(type) AS count FROM odd WHERE type = $1 OR type IS NULL GROUP BY "group"
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn enums<E: ::crdb_facade::exec::Executor>(
        db: &E,
        r#type: super::Row,
    ) -> ::core::result::Result<::std::vec::Vec<EnumsRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, ENUMS, &[&r#type]).await?;
        rows.iter().map(EnumsRow::from_row).collect()
    }

    /// As [`enums`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn enums_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
        r#type: super::Row,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, EnumsRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, ENUMS, &[&r#type]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            EnumsRow::from_row,
        ))
    }

    /// A row of [`enums`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct EnumsRow {
        /// `ROW[]`, may be NULL.
        pub types: ::core::option::Option<::std::vec::Vec<::core::option::Option<super::Row>>>,
        /// `INT8`, may be NULL.
        pub order: ::core::option::Option<i64>,
        /// `INT8`.
        pub count: i64,
    }

    impl EnumsRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                types: ::crdb_facade::exec::Row::get(row, 0)?,
                order: ::crdb_facade::exec::Row::get(row, 1)?,
                count: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    const EXEC: ::crdb_facade::exec::Statement<'static> =
        ::crdb_facade::exec::Statement::new("DELETE FROM nothing WHERE id = $1")
            .named("r_self.exec");

    /// The query `r_self.exec`.
    ///
    /// ```sql
    /// DELETE FROM nothing WHERE id = $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn exec<E: ::crdb_facade::exec::Executor>(
        db: &E,
        id: i64,
    ) -> ::core::result::Result<(), ::crdb_facade::exec::Error> {
        ::crdb_facade::exec::ExecutorExt::execute(db, EXEC, &[&id]).await?;
        Ok(())
    }

    const GROUP_HAVING: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT self, avg(amount) AS avg, string_agg("Select", ',') AS names FROM odd GROUP BY self HAVING count(*) > 0"#)
.named("r_self.group_having");

    /// The query `r_self.group_having`.
    ///
    /// ```sql
    /// SELECT self, avg(amount) AS avg, string_agg("Select", ',') AS names FROM odd GROUP BY self HAVING count(*) > 0
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn group_having<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<GroupHavingRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, GROUP_HAVING, &[]).await?;
        rows.iter().map(GroupHavingRow::from_row).collect()
    }

    /// As [`group_having`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn group_having_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, GroupHavingRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, GROUP_HAVING, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            GroupHavingRow::from_row,
        ))
    }

    /// As [`group_having`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn group_having_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, GroupHavingRowRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, GROUP_HAVING, &[]).await
    }

    /// A row of [`group_having`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct GroupHavingRow {
        /// `BOOL`, may be NULL.
        pub self_: ::core::option::Option<bool>,
        /// `DECIMAL`, may be NULL.
        pub avg: ::core::option::Option<::crdb_facade::rust_decimal::Decimal>,
        /// `STRING`, may be NULL.
        pub names: ::core::option::Option<::std::string::String>,
    }

    impl GroupHavingRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                self_: ::crdb_facade::exec::Row::get(row, 0)?,
                avg: ::crdb_facade::exec::Row::get(row, 1)?,
                names: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    /// As [`GroupHavingRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct GroupHavingRowRef<'r> {
        /// `BOOL`, may be NULL.
        pub self_: ::core::option::Option<bool>,
        /// `DECIMAL`, may be NULL.
        pub avg: ::core::option::Option<::crdb_facade::rust_decimal::Decimal>,
        /// `STRING`, may be NULL.
        pub names: ::core::option::Option<&'r str>,
    }

    impl ::crdb_facade::exec::BorrowedRow for GroupHavingRowRef<'_> {
        type Of<'r> = GroupHavingRowRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<GroupHavingRowRef<'_>, ::crdb_facade::exec::Error> {
            Ok(GroupHavingRowRef {
                self_: ::crdb_facade::exec::Row::get(row, 0)?,
                avg: ::crdb_facade::exec::Row::get(row, 1)?,
                names: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    const INSERT: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r#"INSERT INTO "Other" (id, "año") VALUES ($1, $2) RETURNING id, odd, note, "año""#,
    )
    .named("r_self.insert");

    /// The query `r_self.insert`.
    ///
    /// ```sql
    /// INSERT INTO "Other" (id, "año") VALUES ($1, $2) RETURNING id, odd, note, "año"
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn insert<E: ::crdb_facade::exec::Executor>(
        db: &E,
        params: InsertParams,
    ) -> ::core::result::Result<InsertRow, ::crdb_facade::exec::Error> {
        let row =
            ::crdb_facade::exec::ExecutorExt::fetch_one(db, INSERT, &[&params.id, &params.año])
                .await?;
        InsertRow::from_row(&row)
    }

    /// A row of [`insert`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct InsertRow {
        /// `INT8`.
        pub id: i64,
        /// `INT8`, may be NULL.
        pub odd: ::core::option::Option<i64>,
        /// `STRING`, may be NULL.
        pub note: ::core::option::Option<::std::string::String>,
        /// `INT8`.
        pub año: i64,
    }

    impl InsertRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                id: ::crdb_facade::exec::Row::get(row, 0)?,
                odd: ::crdb_facade::exec::Row::get(row, 1)?,
                note: ::crdb_facade::exec::Row::get(row, 2)?,
                año: ::crdb_facade::exec::Row::get(row, 3)?,
            })
        }
    }

    /// The arguments of [`insert`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct InsertParams {
        /// `INT8`.
        pub id: i64,
        /// `INT8`.
        pub año: i64,
    }

    const JSON: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT "user", "user" -> 'missing' AS missing, '{"x": null}'::JSONB ->> 'x' AS null_in_json FROM odd"#)
.named("r_self.json");

    /// The query `r_self.json`.
    ///
    /// ```sql
    /// SELECT "user", "user" -> 'missing' AS missing, '{"x": null}'::JSONB ->> 'x' AS null_in_json FROM odd
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn json<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<JsonRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, JSON, &[]).await?;
        rows.iter().map(JsonRow::from_row).collect()
    }

    /// As [`json`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn json_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, JsonRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, JSON, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            JsonRow::from_row,
        ))
    }

    /// As [`json`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn json_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, JsonRowRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, JSON, &[]).await
    }

    /// A row of [`json`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct JsonRow {
        /// `JSONB`, may be NULL.
        pub user: ::core::option::Option<::crdb_facade::serde_json::Value>,
        /// `JSONB`, may be NULL.
        pub missing: ::core::option::Option<::crdb_facade::serde_json::Value>,
        /// `STRING`, may be NULL.
        pub null_in_json: ::core::option::Option<::std::string::String>,
    }

    impl JsonRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                user: ::crdb_facade::exec::Row::get(row, 0)?,
                missing: ::crdb_facade::exec::Row::get(row, 1)?,
                null_in_json: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    /// As [`JsonRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct JsonRowRef<'r> {
        /// `JSONB`, may be NULL.
        pub user: ::core::option::Option<::crdb_facade::exec::JsonStr<'r>>,
        /// `JSONB`, may be NULL.
        pub missing: ::core::option::Option<::crdb_facade::exec::JsonStr<'r>>,
        /// `STRING`, may be NULL.
        pub null_in_json: ::core::option::Option<&'r str>,
    }

    impl ::crdb_facade::exec::BorrowedRow for JsonRowRef<'_> {
        type Of<'r> = JsonRowRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<JsonRowRef<'_>, ::crdb_facade::exec::Error> {
            Ok(JsonRowRef {
                user: ::crdb_facade::exec::Row::get(row, 0)?,
                missing: ::crdb_facade::exec::Row::get(row, 1)?,
                null_in_json: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    const MOODS: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"INSERT INTO "Other" (id, "año", mood, moods) VALUES ($1, $2, $3, $4) RETURNING mood, moods"#)
.named("r_self.moods");

    /// The query `r_self.moods`.
    ///
    /// ```sql
    /// INSERT INTO "Other" (id, "año", mood, moods) VALUES ($1, $2, $3, $4) RETURNING mood, moods
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn moods<E: ::crdb_facade::exec::Executor>(
        db: &E,
        params: MoodsParams<'_>,
    ) -> ::core::result::Result<MoodsRow, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_one(
            db,
            MOODS,
            &[&params.id, &params.año, &params.mood, &params.moods],
        )
        .await?;
        MoodsRow::from_row(&row)
    }

    /// A row of [`moods`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct MoodsRow {
        /// `"MOOD OF DAY"`, may be NULL.
        pub mood: ::core::option::Option<super::MoodOfDay>,
        /// `"MOOD OF DAY"[]`, may be NULL.
        pub moods: ::core::option::Option<::std::vec::Vec<super::MoodOfDay>>,
    }

    impl MoodsRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                mood: ::crdb_facade::exec::Row::get(row, 0)?,
                moods: ::crdb_facade::exec::Row::get(row, 1)?,
            })
        }
    }

    /// The arguments of [`moods`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct MoodsParams<'a> {
        /// `INT8`.
        pub id: i64,
        /// `INT8`.
        pub año: i64,
        /// `"MOOD OF DAY"`, may be NULL.
        pub mood: ::core::option::Option<super::MoodOfDay>,
        /// `"MOOD OF DAY"[]`, may be NULL.
        pub moods: ::core::option::Option<&'a [super::MoodOfDay]>,
    }

    const PAST: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT id, note FROM "Other" WHERE id > 0"#)
.named("r_self.past").cached(::crdb_facade::exec::CacheRule::new(::core::time::Duration::from_secs(10))).follower_read(r#"SELECT id, note FROM "Other" AS OF SYSTEM TIME with_max_staleness('10000ms') WHERE id > 0"#);

    /// The query `r_self.past`.
    ///
    /// ```sql
    /// SELECT id, note FROM "Other" WHERE id > 0
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn past<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<PastRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, PAST, &[]).await?;
        rows.iter().map(PastRow::from_row).collect()
    }

    /// As [`past`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn past_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, PastRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, PAST, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            PastRow::from_row,
        ))
    }

    /// As [`past`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn past_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, PastRowRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, PAST, &[]).await
    }

    /// A row of [`past`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct PastRow {
        /// `INT8`.
        pub id: i64,
        /// `STRING`, may be NULL.
        pub note: ::core::option::Option<::std::string::String>,
    }

    impl PastRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                id: ::crdb_facade::exec::Row::get(row, 0)?,
                note: ::crdb_facade::exec::Row::get(row, 1)?,
            })
        }
    }

    /// As [`PastRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct PastRowRef<'r> {
        /// `INT8`.
        pub id: i64,
        /// `STRING`, may be NULL.
        pub note: ::core::option::Option<&'r str>,
    }

    impl ::crdb_facade::exec::BorrowedRow for PastRowRef<'_> {
        type Of<'r> = PastRowRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<PastRowRef<'_>, ::crdb_facade::exec::Error> {
            Ok(PastRowRef {
                id: ::crdb_facade::exec::Row::get(row, 0)?,
                note: ::crdb_facade::exec::Row::get(row, 1)?,
            })
        }
    }

    const RENAME: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r#"UPDATE odd SET "Select" = $1, type = $2 WHERE "order" = $3"#,
    )
    .named("r_self.rename");

    /// The query `r_self.rename`.
    ///
    /// ```sql
    /// UPDATE odd SET "Select" = $1, type = $2 WHERE "order" = $3
    /// ```
    ///
    /// Returns how many rows were changed.
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn rename<E: ::crdb_facade::exec::Executor>(
        db: &E,
        params: RenameParams<'_>,
    ) -> ::core::result::Result<u64, ::crdb_facade::exec::Error> {
        ::crdb_facade::exec::ExecutorExt::execute(
            db,
            RENAME,
            &[&params.select, &params.r#type, &params.order],
        )
        .await
    }

    /// The arguments of [`rename`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RenameParams<'a> {
        /// `STRING`, may be NULL.
        pub select: ::core::option::Option<&'a str>,
        /// `ROW`, may be NULL.
        pub r#type: ::core::option::Option<super::Row>,
        /// `INT8`.
        pub order: i64,
    }

    const RETURNING: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"UPDATE odd SET amount = amount + 1 WHERE "group" = $1 RETURNING "order", amount, type, NULL::INT8 AS nothing"#)
.named("r_self.returning");

    /// The query `r_self.returning`.
    ///
    /// ```sql
    /// UPDATE odd SET amount = amount + 1 WHERE "group" = $1 RETURNING "order", amount, type, NULL::INT8 AS nothing
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn returning<E: ::crdb_facade::exec::Executor>(
        db: &E,
        group: i64,
    ) -> ::core::result::Result<::std::vec::Vec<ReturningRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, RETURNING, &[&group]).await?;
        rows.iter().map(ReturningRow::from_row).collect()
    }

    /// As [`returning`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn returning_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
        group: i64,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, ReturningRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, RETURNING, &[&group]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            ReturningRow::from_row,
        ))
    }

    /// A row of [`returning`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ReturningRow {
        /// `INT8`.
        pub order: i64,
        /// `DECIMAL`, may be NULL.
        pub amount: ::core::option::Option<::crdb_facade::rust_decimal::Decimal>,
        /// `ROW`, may be NULL.
        pub r#type: ::core::option::Option<super::Row>,
        /// `INT8`, may be NULL.
        pub nothing: ::core::option::Option<i64>,
    }

    impl ReturningRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                order: ::crdb_facade::exec::Row::get(row, 0)?,
                amount: ::crdb_facade::exec::Row::get(row, 1)?,
                r#type: ::crdb_facade::exec::Row::get(row, 2)?,
                nothing: ::crdb_facade::exec::Row::get(row, 3)?,
            })
        }
    }

    const SCALAR: ::crdb_facade::exec::Statement<'static> =
        ::crdb_facade::exec::Statement::new(r#"SELECT max(note) FROM "Other""#)
            .named("r_self.scalar");

    /// The query `r_self.scalar`.
    ///
    /// ```sql
    /// SELECT max(note) FROM "Other"
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn scalar<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<
        ::std::vec::Vec<::core::option::Option<::std::string::String>>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, SCALAR, &[]).await?;
        rows.iter()
            .map(|row| ::crdb_facade::exec::Row::get(row, 0))
            .collect()
    }

    /// As [`scalar`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn scalar_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, ::core::option::Option<::std::string::String>>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, SCALAR, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(rows, |row| {
            ::crdb_facade::exec::Row::get(row, 0)
        }))
    }

    /// As [`scalar`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn scalar_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, ::core::option::Option<&'e str>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, SCALAR, &[]).await
    }

    const TIMES: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new("SELECT at::DATE AS day, at - at AS span, extract(year FROM at) AS year, now() AS now FROM odd")
.named("r_self.times");

    /// The query `r_self.times`.
    ///
    /// ```sql
    /// SELECT at::DATE AS day, at - at AS span, extract(year FROM at) AS year, now() AS now FROM odd
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn times<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<TimesRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, TIMES, &[]).await?;
        rows.iter().map(TimesRow::from_row).collect()
    }

    /// As [`times`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn times_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, TimesRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, TIMES, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            TimesRow::from_row,
        ))
    }

    /// A row of [`times`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct TimesRow {
        /// `DATE`, may be NULL.
        pub day: ::core::option::Option<::crdb_facade::chrono::NaiveDate>,
        /// `INTERVAL`, may be NULL.
        pub span: ::core::option::Option<::crdb_facade::exec::Interval>,
        /// `DECIMAL`, may be NULL.
        pub year: ::core::option::Option<::crdb_facade::rust_decimal::Decimal>,
        /// `TIMESTAMPTZ`.
        pub now: ::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>,
    }

    impl TimesRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                day: ::crdb_facade::exec::Row::get(row, 0)?,
                span: ::crdb_facade::exec::Row::get(row, 1)?,
                year: ::crdb_facade::exec::Row::get(row, 2)?,
                now: ::crdb_facade::exec::Row::get(row, 3)?,
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
    const ALL: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT "order", "Select", "group", type, tags, "user", amount, at, self, id, bytes FROM odd"#)
.named("std.all");

    /// The query `std.all`.
    ///
    /// ```sql
    /// SELECT "order", "Select", "group", type, tags, "user", amount, at, self, id, bytes FROM odd
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn all<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<AllRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, ALL, &[]).await?;
        rows.iter().map(AllRow::from_row).collect()
    }

    /// As [`all`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn all_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, AllRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, ALL, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(rows, AllRow::from_row))
    }

    /// As [`all`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn all_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, AllRowRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, ALL, &[]).await
    }

    /// A row of [`all`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct AllRow {
        /// `INT8`.
        pub order: i64,
        /// `STRING`, may be NULL.
        pub select: ::core::option::Option<::std::string::String>,
        /// `INT8`.
        pub group: i64,
        /// `ROW`, may be NULL.
        pub r#type: ::core::option::Option<super::Row>,
        /// `STRING[]`, may be NULL.
        pub tags: ::core::option::Option<::std::vec::Vec<::std::string::String>>,
        /// `JSONB`, may be NULL.
        pub user: ::core::option::Option<::crdb_facade::serde_json::Value>,
        /// `DECIMAL`, may be NULL.
        pub amount: ::core::option::Option<::crdb_facade::rust_decimal::Decimal>,
        /// `TIMESTAMPTZ`, may be NULL.
        pub at: ::core::option::Option<::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>>,
        /// `BOOL`, may be NULL.
        pub self_: ::core::option::Option<bool>,
        /// `UUID`, may be NULL.
        pub id: ::core::option::Option<::crdb_facade::uuid::Uuid>,
        /// `BYTES`, may be NULL.
        pub bytes: ::core::option::Option<::std::vec::Vec<u8>>,
    }

    impl AllRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                order: ::crdb_facade::exec::Row::get(row, 0)?,
                select: ::crdb_facade::exec::Row::get(row, 1)?,
                group: ::crdb_facade::exec::Row::get(row, 2)?,
                r#type: ::crdb_facade::exec::Row::get(row, 3)?,
                tags: ::crdb_facade::exec::Row::get(row, 4)?,
                user: ::crdb_facade::exec::Row::get(row, 5)?,
                amount: ::crdb_facade::exec::Row::get(row, 6)?,
                at: ::crdb_facade::exec::Row::get(row, 7)?,
                self_: ::crdb_facade::exec::Row::get(row, 8)?,
                id: ::crdb_facade::exec::Row::get(row, 9)?,
                bytes: ::crdb_facade::exec::Row::get(row, 10)?,
            })
        }
    }

    /// As [`AllRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct AllRowRef<'r> {
        /// `INT8`.
        pub order: i64,
        /// `STRING`, may be NULL.
        pub select: ::core::option::Option<&'r str>,
        /// `INT8`.
        pub group: i64,
        /// `ROW`, may be NULL.
        pub r#type: ::core::option::Option<super::Row>,
        /// `STRING[]`, may be NULL.
        pub tags: ::core::option::Option<::std::vec::Vec<&'r str>>,
        /// `JSONB`, may be NULL.
        pub user: ::core::option::Option<::crdb_facade::exec::JsonStr<'r>>,
        /// `DECIMAL`, may be NULL.
        pub amount: ::core::option::Option<::crdb_facade::rust_decimal::Decimal>,
        /// `TIMESTAMPTZ`, may be NULL.
        pub at: ::core::option::Option<::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>>,
        /// `BOOL`, may be NULL.
        pub self_: ::core::option::Option<bool>,
        /// `UUID`, may be NULL.
        pub id: ::core::option::Option<::crdb_facade::uuid::Uuid>,
        /// `BYTES`, may be NULL.
        pub bytes: ::core::option::Option<&'r [u8]>,
    }

    impl ::crdb_facade::exec::BorrowedRow for AllRowRef<'_> {
        type Of<'r> = AllRowRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<AllRowRef<'_>, ::crdb_facade::exec::Error> {
            Ok(AllRowRef {
                order: ::crdb_facade::exec::Row::get(row, 0)?,
                select: ::crdb_facade::exec::Row::get(row, 1)?,
                group: ::crdb_facade::exec::Row::get(row, 2)?,
                r#type: ::crdb_facade::exec::Row::get(row, 3)?,
                tags: ::crdb_facade::exec::Row::get(row, 4)?,
                user: ::crdb_facade::exec::Row::get(row, 5)?,
                amount: ::crdb_facade::exec::Row::get(row, 6)?,
                at: ::crdb_facade::exec::Row::get(row, 7)?,
                self_: ::crdb_facade::exec::Row::get(row, 8)?,
                id: ::crdb_facade::exec::Row::get(row, 9)?,
                bytes: ::crdb_facade::exec::Row::get(row, 10)?,
            })
        }
    }

    const COLUMN_LIST: ::crdb_facade::exec::Statement<'static> =
        ::crdb_facade::exec::Statement::new(r#"SELECT t.z, t.y, t."group" FROM odd AS t (z, y)"#)
            .named("std.column_list");

    /// The query `std.column_list`.
    ///
    /// ```sql
    /// SELECT t.z, t.y, t."group" FROM odd AS t (z, y)
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn column_list<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<ColumnListRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, COLUMN_LIST, &[]).await?;
        rows.iter().map(ColumnListRow::from_row).collect()
    }

    /// As [`column_list`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn column_list_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, ColumnListRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, COLUMN_LIST, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            ColumnListRow::from_row,
        ))
    }

    /// As [`column_list`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn column_list_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, ColumnListRowRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, COLUMN_LIST, &[]).await
    }

    /// A row of [`column_list`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ColumnListRow {
        /// `INT8`.
        pub z: i64,
        /// `STRING`, may be NULL.
        pub y: ::core::option::Option<::std::string::String>,
        /// `INT8`.
        pub group: i64,
    }

    impl ColumnListRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                z: ::crdb_facade::exec::Row::get(row, 0)?,
                y: ::crdb_facade::exec::Row::get(row, 1)?,
                group: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    /// As [`ColumnListRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct ColumnListRowRef<'r> {
        /// `INT8`.
        pub z: i64,
        /// `STRING`, may be NULL.
        pub y: ::core::option::Option<&'r str>,
        /// `INT8`.
        pub group: i64,
    }

    impl ::crdb_facade::exec::BorrowedRow for ColumnListRowRef<'_> {
        type Of<'r> = ColumnListRowRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<ColumnListRowRef<'_>, ::crdb_facade::exec::Error> {
            Ok(ColumnListRowRef {
                z: ::crdb_facade::exec::Row::get(row, 0)?,
                y: ::crdb_facade::exec::Row::get(row, 1)?,
                group: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    const CROSS_JOIN: ::crdb_facade::exec::Statement<'static> =
        ::crdb_facade::exec::Statement::new(
            r#"SELECT o.self, n.id FROM odd o CROSS JOIN "Other" n"#,
        )
        .named("std.cross_join");

    /// The query `std.cross_join`.
    ///
    /// ```sql
    /// SELECT o.self, n.id FROM odd o CROSS JOIN "Other" n
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn cross_join<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<CrossJoinRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, CROSS_JOIN, &[]).await?;
        rows.iter().map(CrossJoinRow::from_row).collect()
    }

    /// As [`cross_join`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn cross_join_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, CrossJoinRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, CROSS_JOIN, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            CrossJoinRow::from_row,
        ))
    }

    /// A row of [`cross_join`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct CrossJoinRow {
        /// `BOOL`, may be NULL.
        pub self_: ::core::option::Option<bool>,
        /// `INT8`.
        pub id: i64,
    }

    impl CrossJoinRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                self_: ::crdb_facade::exec::Row::get(row, 0)?,
                id: ::crdb_facade::exec::Row::get(row, 1)?,
            })
        }
    }

    const FULL_JOIN: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT v.a, v.b, o.id FROM "Other" o FULL JOIN (VALUES (1, 'x'), (9, NULL)) v (a, b) ON v.a = o.id"#)
.named("std.full_join");

    /// The query `std.full_join`.
    ///
    /// ```sql
    /// SELECT v.a, v.b, o.id FROM "Other" o FULL JOIN (VALUES (1, 'x'), (9, NULL)) v (a, b) ON v.a = o.id
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn full_join<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<FullJoinRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, FULL_JOIN, &[]).await?;
        rows.iter().map(FullJoinRow::from_row).collect()
    }

    /// As [`full_join`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn full_join_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, FullJoinRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, FULL_JOIN, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            FullJoinRow::from_row,
        ))
    }

    /// As [`full_join`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn full_join_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, FullJoinRowRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, FULL_JOIN, &[]).await
    }

    /// A row of [`full_join`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct FullJoinRow {
        /// `INT4`, may be NULL.
        pub a: ::core::option::Option<i32>,
        /// `STRING`, may be NULL.
        pub b: ::core::option::Option<::std::string::String>,
        /// `INT8`, may be NULL.
        pub id: ::core::option::Option<i64>,
    }

    impl FullJoinRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                a: ::crdb_facade::exec::Row::get(row, 0)?,
                b: ::crdb_facade::exec::Row::get(row, 1)?,
                id: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    /// As [`FullJoinRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct FullJoinRowRef<'r> {
        /// `INT4`, may be NULL.
        pub a: ::core::option::Option<i32>,
        /// `STRING`, may be NULL.
        pub b: ::core::option::Option<&'r str>,
        /// `INT8`, may be NULL.
        pub id: ::core::option::Option<i64>,
    }

    impl ::crdb_facade::exec::BorrowedRow for FullJoinRowRef<'_> {
        type Of<'r> = FullJoinRowRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<FullJoinRowRef<'_>, ::crdb_facade::exec::Error> {
            Ok(FullJoinRowRef {
                a: ::crdb_facade::exec::Row::get(row, 0)?,
                b: ::crdb_facade::exec::Row::get(row, 1)?,
                id: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    const GAPS: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT row_number() OVER (ORDER BY "order") - lag("order") OVER (ORDER BY "order") AS gap,
    first_value(amount) OVER (ORDER BY "order") AS first, rank() OVER (ORDER BY "group") AS rank FROM odd"#)
.named("std.gaps");

    /// The query `std.gaps`.
    ///
    /// ```sql
    /// SELECT row_number() OVER (ORDER BY "order") - lag("order") OVER (ORDER BY "order") AS gap,
    ///     first_value(amount) OVER (ORDER BY "order") AS first, rank() OVER (ORDER BY "group") AS rank FROM odd
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn gaps<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<GapsRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, GAPS, &[]).await?;
        rows.iter().map(GapsRow::from_row).collect()
    }

    /// As [`gaps`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn gaps_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, GapsRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, GAPS, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            GapsRow::from_row,
        ))
    }

    /// A row of [`gaps`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct GapsRow {
        /// `INT8`, may be NULL.
        pub gap: ::core::option::Option<i64>,
        /// `DECIMAL`, may be NULL.
        pub first: ::core::option::Option<::crdb_facade::rust_decimal::Decimal>,
        /// `INT8`.
        pub rank: i64,
    }

    impl GapsRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                gap: ::crdb_facade::exec::Row::get(row, 0)?,
                first: ::crdb_facade::exec::Row::get(row, 1)?,
                rank: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    const LATERAL: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT o."order", l.m FROM odd o LEFT JOIN LATERAL (SELECT max(x.id) AS m FROM "Other" x WHERE x.odd = o."order") l ON true"#)
.named("std.lateral");

    /// The query `std.lateral`.
    ///
    /// ```sql
    /// SELECT o."order", l.m FROM odd o LEFT JOIN LATERAL (SELECT max(x.id) AS m FROM "Other" x WHERE x.odd = o."order") l ON true
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn lateral<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<LateralRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, LATERAL, &[]).await?;
        rows.iter().map(LateralRow::from_row).collect()
    }

    /// As [`lateral`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn lateral_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, LateralRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, LATERAL, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            LateralRow::from_row,
        ))
    }

    /// A row of [`lateral`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct LateralRow {
        /// `INT8`.
        pub order: i64,
        /// `INT8`, may be NULL.
        pub m: ::core::option::Option<i64>,
    }

    impl LateralRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                order: ::crdb_facade::exec::Row::get(row, 0)?,
                m: ::crdb_facade::exec::Row::get(row, 1)?,
            })
        }
    }

    const LEFT_JOIN: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r#"SELECT o."group", x."año", x.note FROM odd o LEFT JOIN "Other" x ON x.odd = o."order""#,
    )
    .named("std.left_join");

    /// The query `std.left_join`.
    ///
    /// ```sql
    /// SELECT o."group", x."año", x.note FROM odd o LEFT JOIN "Other" x ON x.odd = o."order"
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn left_join<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<LeftJoinRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, LEFT_JOIN, &[]).await?;
        rows.iter().map(LeftJoinRow::from_row).collect()
    }

    /// As [`left_join`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn left_join_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, LeftJoinRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, LEFT_JOIN, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            LeftJoinRow::from_row,
        ))
    }

    /// As [`left_join`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn left_join_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, LeftJoinRowRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, LEFT_JOIN, &[]).await
    }

    /// A row of [`left_join`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct LeftJoinRow {
        /// `INT8`.
        pub group: i64,
        /// `INT8`, may be NULL.
        pub año: ::core::option::Option<i64>,
        /// `STRING`, may be NULL.
        pub note: ::core::option::Option<::std::string::String>,
    }

    impl LeftJoinRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                group: ::crdb_facade::exec::Row::get(row, 0)?,
                año: ::crdb_facade::exec::Row::get(row, 1)?,
                note: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    /// As [`LeftJoinRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct LeftJoinRowRef<'r> {
        /// `INT8`.
        pub group: i64,
        /// `INT8`, may be NULL.
        pub año: ::core::option::Option<i64>,
        /// `STRING`, may be NULL.
        pub note: ::core::option::Option<&'r str>,
    }

    impl ::crdb_facade::exec::BorrowedRow for LeftJoinRowRef<'_> {
        type Of<'r> = LeftJoinRowRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<LeftJoinRowRef<'_>, ::crdb_facade::exec::Error> {
            Ok(LeftJoinRowRef {
                group: ::crdb_facade::exec::Row::get(row, 0)?,
                año: ::crdb_facade::exec::Row::get(row, 1)?,
                note: ::crdb_facade::exec::Row::get(row, 2)?,
            })
        }
    }

    const PUT: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"INSERT INTO odd ("order", "Select", "group", type, tags, "user", amount, at, self, id, bytes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"#)
.named("std.put");

    /// For many sets of arguments, one statement each. Returns how many rows were changed.
    ///
    /// To change all or nothing, call it in a transaction.
    ///
    /// The query `std.put`.
    ///
    /// ```sql
    /// INSERT INTO odd ("order", "Select", "group", type, tags, "user", amount, at, self, id, bytes)
    /// VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; what was written before the failure stays.
    pub async fn put<E: ::crdb_facade::exec::Executor>(
        db: &E,
        items: &[PutParams<'_>],
    ) -> ::core::result::Result<u64, ::crdb_facade::exec::Error> {
        let mut changed = 0;
        for item in items {
            changed += ::crdb_facade::exec::ExecutorExt::execute_part(
                db,
                PUT,
                &[
                    &item.order,
                    &item.select,
                    &item.group,
                    &item.r#type,
                    &item.tags,
                    &item.user,
                    &item.amount,
                    &item.at,
                    &item.self_,
                    &item.id,
                    &item.bytes,
                ],
                changed,
            )
            .await?;
        }
        Ok(changed)
    }

    /// The arguments of [`put`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct PutParams<'a> {
        /// `INT8`.
        pub order: i64,
        /// `STRING`, may be NULL.
        pub select: ::core::option::Option<&'a str>,
        /// `INT8`.
        pub group: i64,
        /// `ROW`, may be NULL.
        pub r#type: ::core::option::Option<super::Row>,
        /// `STRING[]`, may be NULL.
        pub tags: ::core::option::Option<&'a [&'a str]>,
        /// `JSONB`, may be NULL.
        pub user: ::core::option::Option<&'a ::crdb_facade::serde_json::Value>,
        /// `DECIMAL`, may be NULL.
        pub amount: ::core::option::Option<::crdb_facade::rust_decimal::Decimal>,
        /// `TIMESTAMPTZ`, may be NULL.
        pub at: ::core::option::Option<::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>>,
        /// `BOOL`, may be NULL.
        pub self_: ::core::option::Option<bool>,
        /// `UUID`, may be NULL.
        pub id: ::core::option::Option<::crdb_facade::uuid::Uuid>,
        /// `BYTES`, may be NULL.
        pub bytes: ::core::option::Option<&'a [u8]>,
    }

    const PUT_OTHER: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"INSERT INTO "Other" (id, odd, note, "año") SELECT batch.p1, batch.p2, batch.p3, batch.p4 FROM unnest($1::INT8[], $2::INT8[], $3::TEXT[], $4::INT8[]) AS batch (p1, p2, p3, p4)
ON CONFLICT (id) DO UPDATE SET odd = excluded.odd, note = excluded.note"#)
.named("std.put_other");

    /// For many rows: statements of up to 1000 rows each. Returns how many rows were changed.
    ///
    /// To write all or nothing, call it in a transaction.
    ///
    /// One statement changes a row once: the server refuses two items of one key among the rows of a statement (21000). Keep the last of each key.
    ///
    /// The query `std.put_other`.
    ///
    /// ```sql
    /// INSERT INTO "Other" (id, odd, note, "año") VALUES ($1, $2, $3, $4)
    /// ON CONFLICT (id) DO UPDATE SET odd = excluded.odd, note = excluded.note
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; what was written before the failure stays.
    pub async fn put_other<E: ::crdb_facade::exec::Executor>(
        db: &E,
        items: &[PutOtherParams<'_>],
    ) -> ::core::result::Result<u64, ::crdb_facade::exec::Error> {
        let mut changed = 0;
        for chunk in items.chunks(1000) {
            let column_1: ::std::vec::Vec<_> = chunk.iter().map(|item| item.id).collect();
            let column_2: ::std::vec::Vec<_> = chunk.iter().map(|item| item.odd).collect();
            let column_3: ::std::vec::Vec<_> = chunk.iter().map(|item| item.note).collect();
            let column_4: ::std::vec::Vec<_> = chunk.iter().map(|item| item.año).collect();
            changed += ::crdb_facade::exec::ExecutorExt::execute_part(
                db,
                PUT_OTHER,
                &[&column_1, &column_2, &column_3, &column_4],
                changed,
            )
            .await?;
        }
        Ok(changed)
    }

    /// The arguments of [`put_other`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct PutOtherParams<'a> {
        /// `INT8`.
        pub id: i64,
        /// `INT8`, may be NULL.
        pub odd: ::core::option::Option<i64>,
        /// `STRING`, may be NULL.
        pub note: ::core::option::Option<&'a str>,
        /// `INT8`.
        pub año: i64,
    }

    const RIGHT_JOIN: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT s.k, o."order" FROM (SELECT odd AS k FROM "Other") s RIGHT JOIN odd o ON o."order" = s.k"#)
.named("std.right_join");

    /// The query `std.right_join`.
    ///
    /// ```sql
    /// SELECT s.k, o."order" FROM (SELECT odd AS k FROM "Other") s RIGHT JOIN odd o ON o."order" = s.k
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn right_join<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<RightJoinRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, RIGHT_JOIN, &[]).await?;
        rows.iter().map(RightJoinRow::from_row).collect()
    }

    /// As [`right_join`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn right_join_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, RightJoinRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, RIGHT_JOIN, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            RightJoinRow::from_row,
        ))
    }

    /// A row of [`right_join`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RightJoinRow {
        /// `INT8`, may be NULL.
        pub k: ::core::option::Option<i64>,
        /// `INT8`.
        pub order: i64,
    }

    impl RightJoinRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                k: ::crdb_facade::exec::Row::get(row, 0)?,
                order: ::crdb_facade::exec::Row::get(row, 1)?,
            })
        }
    }

    const SHARE: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT count(*) FILTER (WHERE self) / NULLIF(count(amount), 0) AS share, "group" FROM odd GROUP BY "group""#)
.named("std.share");

    /// The query `std.share`.
    ///
    /// ```sql
    /// SELECT count(*) FILTER (WHERE self) / NULLIF(count(amount), 0) AS share, "group" FROM odd GROUP BY "group"
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn share<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<ShareRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, SHARE, &[]).await?;
        rows.iter().map(ShareRow::from_row).collect()
    }

    /// As [`share`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn share_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, ShareRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, SHARE, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            ShareRow::from_row,
        ))
    }

    /// A row of [`share`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ShareRow {
        /// `INT8`, may be NULL.
        pub share: ::core::option::Option<i64>,
        /// `INT8`.
        pub group: i64,
    }

    impl ShareRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                share: ::crdb_facade::exec::Row::get(row, 0)?,
                group: ::crdb_facade::exec::Row::get(row, 1)?,
            })
        }
    }

    const X: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT sum(amount) AS "sum", max(at) AS "max", count(*) AS "count", bool_or(self) AS "bool_or" FROM odd WHERE "order" = $1"#)
.named("std.x");

    /// The query `std.x`.
    ///
    /// ```sql
    /// SELECT sum(amount) AS "sum", max(at) AS "max", count(*) AS "count", bool_or(self) AS "bool_or" FROM odd WHERE "order" = $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn x<E: ::crdb_facade::exec::Executor>(
        db: &E,
        order: i64,
    ) -> ::core::result::Result<XRow, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_one(db, X, &[&order]).await?;
        XRow::from_row(&row)
    }

    /// A row of [`x`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct XRow {
        /// `DECIMAL`, may be NULL.
        pub sum: ::core::option::Option<::crdb_facade::rust_decimal::Decimal>,
        /// `TIMESTAMPTZ`, may be NULL.
        pub max:
            ::core::option::Option<::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>>,
        /// `INT8`.
        pub count: i64,
        /// `BOOL`, may be NULL.
        pub bool_or: ::core::option::Option<bool>,
    }

    impl XRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                sum: ::crdb_facade::exec::Row::get(row, 0)?,
                max: ::crdb_facade::exec::Row::get(row, 1)?,
                count: ::crdb_facade::exec::Row::get(row, 2)?,
                bool_or: ::crdb_facade::exec::Row::get(row, 3)?,
            })
        }
    }

    const X_STREAM: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(r#"SELECT array_agg("Select") AS names, array_agg("group") AS groups FROM odd GROUP BY self"#)
.named("std.x_stream");

    /// The query `std.x_stream`.
    ///
    /// ```sql
    /// SELECT array_agg("Select") AS names, array_agg("group") AS groups FROM odd GROUP BY self
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn x_stream<E: ::crdb_facade::exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<XStreamRow>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, X_STREAM, &[]).await?;
        rows.iter().map(XStreamRow::from_row).collect()
    }

    /// As [`x_stream`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn x_stream_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, XStreamRow>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, X_STREAM, &[]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            XStreamRow::from_row,
        ))
    }

    /// As [`x_stream`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn x_stream_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, XStreamRowRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, X_STREAM, &[]).await
    }

    /// A row of [`x_stream`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct XStreamRow {
        /// `STRING[]`, may be NULL.
        pub names:
            ::core::option::Option<::std::vec::Vec<::core::option::Option<::std::string::String>>>,
        /// `INT8[]`, may be NULL.
        pub groups: ::core::option::Option<::std::vec::Vec<i64>>,
    }

    impl XStreamRow {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                names: ::crdb_facade::exec::Row::get(row, 0)?,
                groups: ::crdb_facade::exec::Row::get(row, 1)?,
            })
        }
    }

    /// As [`XStreamRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct XStreamRowRef<'r> {
        /// `STRING[]`, may be NULL.
        pub names: ::core::option::Option<::std::vec::Vec<::core::option::Option<&'r str>>>,
        /// `INT8[]`, may be NULL.
        pub groups: ::core::option::Option<::std::vec::Vec<i64>>,
    }

    impl ::crdb_facade::exec::BorrowedRow for XStreamRowRef<'_> {
        type Of<'r> = XStreamRowRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<XStreamRowRef<'_>, ::crdb_facade::exec::Error> {
            Ok(XStreamRowRef {
                names: ::crdb_facade::exec::Row::get(row, 0)?,
                groups: ::crdb_facade::exec::Row::get(row, 1)?,
            })
        }
    }
}
