//! Typed functions for the queries in SQL files.
//!
//! Written by `crdb codegen`; edit the `.sql` files instead.

/// The queries of `books`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod books {
    const ADD: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"INSERT INTO books (isbn, title, author, year, copies)
VALUES ($1, $2, $3, $4, $5)
RETURNING isbn, title, author, year, copies, lent",
    )
    .named("books.add");

    /// Adds a book.
    ///
    /// ```sql
    /// INSERT INTO books (isbn, title, author, year, copies)
    /// VALUES ($1, $2, $3, $4, $5)
    /// RETURNING isbn, title, author, year, copies, lent
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn add<E: ::crdb_facade::exec::Executor>(
        db: &E,
        params: AddParams,
    ) -> ::core::result::Result<Book, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_one(
            db,
            ADD,
            &[
                &params.isbn,
                &params.title,
                &params.author,
                &params.year,
                &params.copies,
            ],
        )
        .await?;
        Book::from_row(&row)
    }

    /// The arguments of [`add`].
    #[derive(Debug, Clone, PartialEq, ::crdb_facade::serde::Deserialize)]
    #[serde(crate = "::crdb_facade::serde")]
    pub struct AddParams {
        /// `STRING`.
        pub isbn: ::std::string::String,
        /// `STRING`.
        pub title: ::std::string::String,
        /// `STRING`.
        pub author: ::std::string::String,
        /// `INT4`.
        pub year: i32,
        /// `INT4`.
        pub copies: i32,
    }

    const GET: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"SELECT isbn, title, author, year, copies, lent
FROM books
WHERE isbn = $1",
    )
    .named("books.get")
    .retry(::crdb_facade::exec::RetrySafety::Safe);

    /// One book.
    ///
    /// ```sql
    /// SELECT isbn, title, author, year, copies, lent
    /// FROM books
    /// WHERE isbn = $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn get<E: ::crdb_facade::exec::Executor>(
        db: &E,
        isbn: &str,
    ) -> ::core::result::Result<Book, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_one(db, GET, &[&isbn]).await?;
        Book::from_row(&row)
    }

    const PUT_BACK: ::crdb_facade::exec::Statement<'static> =
        ::crdb_facade::exec::Statement::new("UPDATE books SET lent = lent - 1 WHERE isbn = $1")
            .named("books.put_back");

    /// Puts a copy back.
    ///
    /// ```sql
    /// UPDATE books SET lent = lent - 1 WHERE isbn = $1
    /// ```
    ///
    /// Returns how many rows were changed.
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn put_back<E: ::crdb_facade::exec::Executor>(
        db: &E,
        isbn: &str,
    ) -> ::core::result::Result<u64, ::crdb_facade::exec::Error> {
        ::crdb_facade::exec::ExecutorExt::execute(db, PUT_BACK, &[&isbn]).await
    }

    const TAKE_COPY: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        "UPDATE books SET lent = lent + 1 WHERE isbn = $1 AND lent < copies",
    )
    .named("books.take_copy");

    /// Takes a copy off the shelf, if one is there.
    ///
    /// ```sql
    /// UPDATE books SET lent = lent + 1 WHERE isbn = $1 AND lent < copies
    /// ```
    ///
    /// Returns how many rows were changed.
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn take_copy<E: ::crdb_facade::exec::Executor>(
        db: &E,
        isbn: &str,
    ) -> ::core::result::Result<u64, ::crdb_facade::exec::Error> {
        ::crdb_facade::exec::ExecutorExt::execute(db, TAKE_COPY, &[&isbn]).await
    }

    /// What `sort` of [`Search`] can be.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    pub enum SearchSort {
        /// `title`
        #[default]
        Title,
        /// `year`
        Year,
    }

    impl SearchSort {
        const fn as_sql(self) -> &'static str {
            match self {
                Self::Title => r#""title""#,
                Self::Year => r#""year""#,
            }
        }
    }

    /// Books, narrowed down and ordered as the caller likes.
    ///
    /// For example, with everything off:
    ///
    /// ```sql
    /// SELECT isbn, title, author, year, copies, lent
    /// FROM books
    /// WHERE true
    /// ORDER BY "title", isbn
    /// LIMIT $1
    /// ```
    #[derive(Debug, Clone, PartialEq)]
    #[must_use = "a builder does nothing until it is run"]
    pub struct Search<'a> {
        count: i64,
        author: ::core::option::Option<&'a str>,
        since: ::core::option::Option<i32>,
        sort: SearchSort,
        available: bool,
    }

    impl<'a> Search<'a> {
        /// With what must be given; everything optional is left out.
        pub fn new(count: i64) -> Self {
            Self {
                count,
                author: None,
                since: None,
                sort: <SearchSort as ::core::default::Default>::default(),
                available: false,
            }
        }

        /// Gives `author`: who wrote it (`TEXT`).
        pub fn author(mut self, author: &'a str) -> Self {
            self.author = Some(author);
            self
        }

        /// Gives `since`: the first year (`INT4`).
        pub fn since(mut self, since: i32) -> Self {
            self.since = Some(since);
            self
        }

        /// Sets `sort`. Default: `title`.
        pub fn sort(mut self, sort: SearchSort) -> Self {
            self.sort = sort;
            self
        }

        /// Turns `available` on or off: only those of which a copy is there. Default: off.
        pub fn available(mut self, available: bool) -> Self {
            self.available = available;
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
            sql.text(
                r"SELECT isbn, title, author, year, copies, lent
FROM books
WHERE true
",
            );
            if self.author.is_some() {
                sql.text("  AND author = ");
                sql.parameter(1, &self.author);
                sql.text("\n");
            }
            if self.since.is_some() {
                sql.text("  AND year >= ");
                sql.parameter(2, &self.since);
                sql.text("\n");
            }
            if self.available {
                sql.text("  AND lent < copies\n");
            }
            sql.text("ORDER BY ");
            sql.text(self.sort.as_sql());
            sql.text(", isbn\nLIMIT ");
            sql.parameter(0, &self.count);
            sql.finish()
        }

        fn statement<'s>(text: &'s str) -> ::crdb_facade::exec::Statement<'s> {
            ::crdb_facade::exec::Statement::new(text).named("books.search")
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
        ) -> ::core::result::Result<::std::vec::Vec<Book>, ::crdb_facade::exec::Error> {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, statement, &values).await?;
            rows.iter().map(Book::from_row).collect()
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
            ::crdb_facade::exec::MappedRows<E::Rows<'e>, Book>,
            ::crdb_facade::exec::Error,
        > {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            let rows =
                ::crdb_facade::exec::ExecutorExt::fetch_stream(db, statement, &values).await?;
            Ok(::crdb_facade::exec::MappedRows::new(rows, Book::from_row))
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
            ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, BookRef<'e>>,
            ::crdb_facade::exec::Error,
        > {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, statement, &values).await
        }
    }

    /// A row of [`add`], [`get`], [`Search`].
    #[derive(Debug, Clone, PartialEq, ::crdb_facade::serde::Serialize)]
    #[serde(crate = "::crdb_facade::serde")]
    pub struct Book {
        /// `STRING`.
        pub isbn: ::std::string::String,
        /// `STRING`.
        pub title: ::std::string::String,
        /// `STRING`.
        pub author: ::std::string::String,
        /// `INT4`.
        pub year: i32,
        /// `INT4`.
        pub copies: i32,
        /// `INT4`.
        pub lent: i32,
    }

    impl Book {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                isbn: ::crdb_facade::exec::Row::get(row, 0)?,
                title: ::crdb_facade::exec::Row::get(row, 1)?,
                author: ::crdb_facade::exec::Row::get(row, 2)?,
                year: ::crdb_facade::exec::Row::get(row, 3)?,
                copies: ::crdb_facade::exec::Row::get(row, 4)?,
                lent: ::crdb_facade::exec::Row::get(row, 5)?,
            })
        }
    }

    /// As [`Book`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct BookRef<'r> {
        /// `STRING`.
        pub isbn: &'r str,
        /// `STRING`.
        pub title: &'r str,
        /// `STRING`.
        pub author: &'r str,
        /// `INT4`.
        pub year: i32,
        /// `INT4`.
        pub copies: i32,
        /// `INT4`.
        pub lent: i32,
    }

    impl ::crdb_facade::exec::BorrowedRow for BookRef<'_> {
        type Of<'r> = BookRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<BookRef<'_>, ::crdb_facade::exec::Error> {
            Ok(BookRef {
                isbn: ::crdb_facade::exec::Row::get(row, 0)?,
                title: ::crdb_facade::exec::Row::get(row, 1)?,
                author: ::crdb_facade::exec::Row::get(row, 2)?,
                year: ::crdb_facade::exec::Row::get(row, 3)?,
                copies: ::crdb_facade::exec::Row::get(row, 4)?,
                lent: ::crdb_facade::exec::Row::get(row, 5)?,
            })
        }
    }
}

/// The queries of `loans`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod loans {
    const CLOSE: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"UPDATE loans
SET returned_at = now()
WHERE id = $1 AND returned_at IS NULL
RETURNING id, isbn, member, due_at, returned_at",
    )
    .named("loans.close");

    /// Records that the copy is back. Gives no row where it was back already.
    ///
    /// ```sql
    /// UPDATE loans
    /// SET returned_at = now()
    /// WHERE id = $1 AND returned_at IS NULL
    /// RETURNING id, isbn, member, due_at, returned_at
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn close<E: ::crdb_facade::exec::Executor>(
        db: &E,
        id: ::crdb_facade::uuid::Uuid,
    ) -> ::core::result::Result<Loan, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_one(db, CLOSE, &[&id]).await?;
        Loan::from_row(&row)
    }

    const OF_MEMBER: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"SELECT loans.id, books.isbn, books.title, loans.due_at
FROM loans
JOIN books ON books.isbn = loans.isbn
WHERE loans.member = $1 AND loans.returned_at IS NULL
ORDER BY loans.due_at",
    )
    .named("loans.of_member")
    .retry(::crdb_facade::exec::RetrySafety::Safe);

    /// What a member has, the first to be returned first.
    ///
    /// ```sql
    /// SELECT loans.id, books.isbn, books.title, loans.due_at
    /// FROM loans
    /// JOIN books ON books.isbn = loans.isbn
    /// WHERE loans.member = $1 AND loans.returned_at IS NULL
    /// ORDER BY loans.due_at
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn of_member<E: ::crdb_facade::exec::Executor>(
        db: &E,
        member: ::crdb_facade::uuid::Uuid,
    ) -> ::core::result::Result<::std::vec::Vec<Lent>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, OF_MEMBER, &[&member]).await?;
        rows.iter().map(Lent::from_row).collect()
    }

    /// As [`of_member`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn of_member_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
        member: ::crdb_facade::uuid::Uuid,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, Lent>,
        ::crdb_facade::exec::Error,
    > {
        let rows =
            ::crdb_facade::exec::ExecutorExt::fetch_stream(db, OF_MEMBER, &[&member]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(rows, Lent::from_row))
    }

    /// As [`of_member`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn of_member_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
        member: ::crdb_facade::uuid::Uuid,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, LentRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, OF_MEMBER, &[&member]).await
    }

    const OVERDUE: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"SELECT loans.id, books.isbn, books.title, loans.due_at
FROM loans
JOIN books ON books.isbn = loans.isbn
WHERE loans.due_at < now() AND loans.returned_at IS NULL
ORDER BY loans.due_at
LIMIT $1",
    )
    .named("loans.overdue")
    .retry(::crdb_facade::exec::RetrySafety::Safe);

    /// What should have been returned, the longest overdue first.
    ///
    /// ```sql
    /// SELECT loans.id, books.isbn, books.title, loans.due_at
    /// FROM loans
    /// JOIN books ON books.isbn = loans.isbn
    /// WHERE loans.due_at < now() AND loans.returned_at IS NULL
    /// ORDER BY loans.due_at
    /// LIMIT $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn overdue<E: ::crdb_facade::exec::Executor>(
        db: &E,
        count: i64,
    ) -> ::core::result::Result<::std::vec::Vec<Lent>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, OVERDUE, &[&count]).await?;
        rows.iter().map(Lent::from_row).collect()
    }

    /// As [`overdue`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn overdue_stream<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
        count: i64,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, Lent>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(db, OVERDUE, &[&count]).await?;
        Ok(::crdb_facade::exec::MappedRows::new(rows, Lent::from_row))
    }

    /// As [`overdue`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn overdue_borrowed<'e, E: ::crdb_facade::exec::Executor>(
        db: &'e E,
        count: i64,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, LentRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, OVERDUE, &[&count]).await
    }

    const RECORD: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"INSERT INTO loans (isbn, member)
VALUES ($1, $2)
RETURNING id, isbn, member, due_at, returned_at",
    )
    .named("loans.record");

    /// Records that a member has a copy of a book.
    ///
    /// ```sql
    /// INSERT INTO loans (isbn, member)
    /// VALUES ($1, $2)
    /// RETURNING id, isbn, member, due_at, returned_at
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn record<E: ::crdb_facade::exec::Executor>(
        db: &E,
        params: RecordParams,
    ) -> ::core::result::Result<Loan, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_one(
            db,
            RECORD,
            &[&params.isbn, &params.member],
        )
        .await?;
        Loan::from_row(&row)
    }

    /// The arguments of [`record`].
    #[derive(Debug, Clone, PartialEq, ::crdb_facade::serde::Deserialize)]
    #[serde(crate = "::crdb_facade::serde")]
    pub struct RecordParams {
        /// `STRING`.
        pub isbn: ::std::string::String,
        /// `UUID`.
        pub member: ::crdb_facade::uuid::Uuid,
    }

    /// A row of [`of_member`], [`overdue`].
    #[derive(Debug, Clone, PartialEq, ::crdb_facade::serde::Serialize)]
    #[serde(crate = "::crdb_facade::serde")]
    pub struct Lent {
        /// `UUID`.
        pub id: ::crdb_facade::uuid::Uuid,
        /// `STRING`.
        pub isbn: ::std::string::String,
        /// `STRING`.
        pub title: ::std::string::String,
        /// `TIMESTAMPTZ`.
        pub due_at: ::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>,
    }

    impl Lent {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                id: ::crdb_facade::exec::Row::get(row, 0)?,
                isbn: ::crdb_facade::exec::Row::get(row, 1)?,
                title: ::crdb_facade::exec::Row::get(row, 2)?,
                due_at: ::crdb_facade::exec::Row::get(row, 3)?,
            })
        }
    }

    /// As [`Lent`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct LentRef<'r> {
        /// `UUID`.
        pub id: ::crdb_facade::uuid::Uuid,
        /// `STRING`.
        pub isbn: &'r str,
        /// `STRING`.
        pub title: &'r str,
        /// `TIMESTAMPTZ`.
        pub due_at: ::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>,
    }

    impl ::crdb_facade::exec::BorrowedRow for LentRef<'_> {
        type Of<'r> = LentRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<LentRef<'_>, ::crdb_facade::exec::Error> {
            Ok(LentRef {
                id: ::crdb_facade::exec::Row::get(row, 0)?,
                isbn: ::crdb_facade::exec::Row::get(row, 1)?,
                title: ::crdb_facade::exec::Row::get(row, 2)?,
                due_at: ::crdb_facade::exec::Row::get(row, 3)?,
            })
        }
    }

    /// A row of [`close`], [`record`].
    #[derive(Debug, Clone, PartialEq, ::crdb_facade::serde::Serialize)]
    #[serde(crate = "::crdb_facade::serde")]
    pub struct Loan {
        /// `UUID`.
        pub id: ::crdb_facade::uuid::Uuid,
        /// `STRING`.
        pub isbn: ::std::string::String,
        /// `UUID`.
        pub member: ::crdb_facade::uuid::Uuid,
        /// `TIMESTAMPTZ`.
        pub due_at: ::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>,
        /// `TIMESTAMPTZ`, may be NULL.
        pub returned_at:
            ::core::option::Option<::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>>,
    }

    impl Loan {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                id: ::crdb_facade::exec::Row::get(row, 0)?,
                isbn: ::crdb_facade::exec::Row::get(row, 1)?,
                member: ::crdb_facade::exec::Row::get(row, 2)?,
                due_at: ::crdb_facade::exec::Row::get(row, 3)?,
                returned_at: ::crdb_facade::exec::Row::get(row, 4)?,
            })
        }
    }
}

/// The queries of `members`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod members {
    const GET: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"SELECT id, name, email, joined_at
FROM members
WHERE id = $1",
    )
    .named("members.get")
    .retry(::crdb_facade::exec::RetrySafety::Safe);

    /// One member.
    ///
    /// ```sql
    /// SELECT id, name, email, joined_at
    /// FROM members
    /// WHERE id = $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn get<E: ::crdb_facade::exec::Executor>(
        db: &E,
        id: ::crdb_facade::uuid::Uuid,
    ) -> ::core::result::Result<Member, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_one(db, GET, &[&id]).await?;
        Member::from_row(&row)
    }

    const JOIN: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"INSERT INTO members (name, email)
VALUES ($1, lower($2))
RETURNING id, name, email, joined_at",
    )
    .named("members.join");

    /// Adds a member.
    ///
    /// ```sql
    /// INSERT INTO members (name, email)
    /// VALUES ($1, lower($2))
    /// RETURNING id, name, email, joined_at
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn join<E: ::crdb_facade::exec::Executor>(
        db: &E,
        params: JoinParams,
    ) -> ::core::result::Result<Member, ::crdb_facade::exec::Error> {
        let row =
            ::crdb_facade::exec::ExecutorExt::fetch_one(db, JOIN, &[&params.name, &params.email])
                .await?;
        Member::from_row(&row)
    }

    /// The arguments of [`join`].
    #[derive(Debug, Clone, PartialEq, ::crdb_facade::serde::Deserialize)]
    #[serde(crate = "::crdb_facade::serde")]
    pub struct JoinParams {
        /// `STRING`.
        pub name: ::std::string::String,
        /// `STRING`.
        pub email: ::std::string::String,
    }

    /// A row of [`get`], [`join`].
    #[derive(Debug, Clone, PartialEq, ::crdb_facade::serde::Serialize)]
    #[serde(crate = "::crdb_facade::serde")]
    pub struct Member {
        /// `UUID`.
        pub id: ::crdb_facade::uuid::Uuid,
        /// `STRING`.
        pub name: ::std::string::String,
        /// `STRING`.
        pub email: ::std::string::String,
        /// `TIMESTAMPTZ`.
        pub joined_at: ::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>,
    }

    impl Member {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                id: ::crdb_facade::exec::Row::get(row, 0)?,
                name: ::crdb_facade::exec::Row::get(row, 1)?,
                email: ::crdb_facade::exec::Row::get(row, 2)?,
                joined_at: ::crdb_facade::exec::Row::get(row, 3)?,
            })
        }
    }
}
