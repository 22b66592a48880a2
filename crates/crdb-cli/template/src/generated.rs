//! Typed functions for the queries in SQL files.
//!
//! Written by `crdb codegen`; edit the `.sql` files instead.

/// The queries of `notes`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod notes {
    const CREATE: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"INSERT INTO notes (title, body)
VALUES ($1, $2)
RETURNING id, title, body, likes, created_at",
    )
    .named("notes.create");

    /// Adds a note.
    ///
    /// ```sql
    /// INSERT INTO notes (title, body)
    /// VALUES ($1, $2)
    /// RETURNING id, title, body, likes, created_at
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn create<E: ::crdb_facade::exec::Executor>(
        db: &E,
        params: CreateParams<'_>,
    ) -> ::core::result::Result<Note, ::crdb_facade::exec::Error> {
        let row =
            ::crdb_facade::exec::ExecutorExt::fetch_one(db, CREATE, &[&params.title, &params.body])
                .await?;
        Note::from_row(&row)
    }

    /// The arguments of [`create`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct CreateParams<'a> {
        /// `STRING`.
        pub title: &'a str,
        /// `STRING`.
        pub body: &'a str,
    }

    const GET: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"SELECT id, title, body, likes, created_at
FROM notes
WHERE id = $1",
    )
    .named("notes.get")
    .retry(::crdb_facade::exec::RetrySafety::Safe);

    /// One note by its key.
    ///
    /// ```sql
    /// SELECT id, title, body, likes, created_at
    /// FROM notes
    /// WHERE id = $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is more than one row.
    pub async fn get<E: ::crdb_facade::exec::Executor>(
        db: &E,
        id: ::crdb_facade::uuid::Uuid,
    ) -> ::core::result::Result<::core::option::Option<Note>, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_optional(db, GET, &[&id]).await?;
        row.as_ref().map(Note::from_row).transpose()
    }

    const LATEST: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"SELECT id, title, body, likes, created_at
FROM notes
ORDER BY created_at DESC, id
LIMIT $1",
    )
    .named("notes.latest")
    .retry(::crdb_facade::exec::RetrySafety::Safe);

    /// The newest notes.
    ///
    /// ```sql
    /// SELECT id, title, body, likes, created_at
    /// FROM notes
    /// ORDER BY created_at DESC, id
    /// LIMIT $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn latest<E: ::crdb_facade::exec::Executor>(
        db: &E,
        count: i64,
    ) -> ::core::result::Result<::std::vec::Vec<Note>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, LATEST, &[&count]).await?;
        rows.iter().map(Note::from_row).collect()
    }

    /// As [`latest`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn latest_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
        count: i64,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, Note>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, LATEST, &[&count]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(rows, Note::from_row))
    }

    /// As [`latest`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn latest_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
        count: i64,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, NoteRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, LATEST, &[&count]).await
    }

    const LIKE: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"UPDATE notes
SET likes = likes + 1
WHERE id = $1",
    )
    .named("notes.like");

    /// Counts one more reader who likes it.
    ///
    /// ```sql
    /// UPDATE notes
    /// SET likes = likes + 1
    /// WHERE id = $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn like<E: ::crdb_facade::exec::Executor>(
        db: &E,
        id: ::crdb_facade::uuid::Uuid,
    ) -> ::core::result::Result<(), ::crdb_facade::exec::Error> {
        ::crdb_facade::exec::ExecutorExt::execute(db, LIKE, &[&id]).await?;
        Ok(())
    }

    /// A row of [`create`], [`get`], [`latest`].
    #[derive(Debug, Clone, PartialEq, ::crdb_facade::serde::Serialize)]
    #[serde(crate = "::crdb_facade::serde")]
    pub struct Note {
        /// `UUID`.
        pub id: ::crdb_facade::uuid::Uuid,
        /// `STRING`.
        pub title: ::std::string::String,
        /// `STRING`.
        pub body: ::std::string::String,
        /// `INT8`.
        pub likes: i64,
        /// `TIMESTAMPTZ`.
        pub created_at: ::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>,
    }

    impl Note {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                id: ::crdb_facade::exec::Row::get(row, 0)?,
                title: ::crdb_facade::exec::Row::get(row, 1)?,
                body: ::crdb_facade::exec::Row::get(row, 2)?,
                likes: ::crdb_facade::exec::Row::get(row, 3)?,
                created_at: ::crdb_facade::exec::Row::get(row, 4)?,
            })
        }
    }

    /// As [`Note`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct NoteRef<'r> {
        /// `UUID`.
        pub id: ::crdb_facade::uuid::Uuid,
        /// `STRING`.
        pub title: &'r str,
        /// `STRING`.
        pub body: &'r str,
        /// `INT8`.
        pub likes: i64,
        /// `TIMESTAMPTZ`.
        pub created_at: ::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>,
    }

    impl ::crdb_facade::exec::BorrowedRow for NoteRef<'_> {
        type Of<'r> = NoteRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<NoteRef<'_>, ::crdb_facade::exec::Error> {
            Ok(NoteRef {
                id: ::crdb_facade::exec::Row::get(row, 0)?,
                title: ::crdb_facade::exec::Row::get(row, 1)?,
                body: ::crdb_facade::exec::Row::get(row, 2)?,
                likes: ::crdb_facade::exec::Row::get(row, 3)?,
                created_at: ::crdb_facade::exec::Row::get(row, 4)?,
            })
        }
    }
}
