//! Typed functions for the queries in SQL files.
//!
//! Written by `crdb codegen`; edit the `.sql` files instead.

/// The queries of `accounts`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod accounts {
    const CLOSE: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"UPDATE accounts
SET closed_at = now()
WHERE number = $1 AND balance = 0 AND closed_at IS NULL",
    )
    .named("accounts.close");

    /// Closes an account that is open and empty.
    ///
    /// ```sql
    /// UPDATE accounts
    /// SET closed_at = now()
    /// WHERE number = $1 AND balance = 0 AND closed_at IS NULL
    /// ```
    ///
    /// Returns how many rows were changed.
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn close<E: ::crdb_facade::exec::Executor>(
        db: &E,
        number: &str,
    ) -> ::core::result::Result<u64, ::crdb_facade::exec::Error> {
        ::crdb_facade::exec::ExecutorExt::execute(db, CLOSE, &[&number]).await
    }

    const DEPOSIT: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"UPDATE accounts
SET balance = balance + $1
WHERE number = $2 AND closed_at IS NULL",
    )
    .named("accounts.deposit");

    /// Adds an amount to an open account.
    ///
    /// ```sql
    /// UPDATE accounts
    /// SET balance = balance + $1
    /// WHERE number = $2 AND closed_at IS NULL
    /// ```
    ///
    /// Returns how many rows were changed.
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn deposit<E: ::crdb_facade::exec::Executor>(
        db: &E,
        params: DepositParams<'_>,
    ) -> ::core::result::Result<u64, ::crdb_facade::exec::Error> {
        ::crdb_facade::exec::ExecutorExt::execute(db, DEPOSIT, &[&params.amount, &params.number])
            .await
    }

    /// The arguments of [`deposit`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct DepositParams<'a> {
        /// `INT8`.
        pub amount: i64,
        /// `STRING`.
        pub number: &'a str,
    }

    const GET: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"SELECT number, customer_id, balance, opened_at, closed_at
FROM accounts
WHERE number = $1",
    )
    .named("accounts.get")
    .retry(::crdb_facade::exec::RetrySafety::Safe);

    /// One account by its number.
    ///
    /// ```sql
    /// SELECT number, customer_id, balance, opened_at, closed_at
    /// FROM accounts
    /// WHERE number = $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is more than one row.
    pub async fn get<E: ::crdb_facade::exec::Executor>(
        db: &E,
        number: &str,
    ) -> ::core::result::Result<::core::option::Option<Account>, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_optional(db, GET, &[&number]).await?;
        row.as_ref().map(Account::from_row).transpose()
    }

    const OPEN: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"INSERT INTO accounts (number, customer_id)
VALUES ($1, $2)
RETURNING number, customer_id, balance, opened_at, closed_at",
    )
    .named("accounts.open");

    /// Opens an account without money in it.
    ///
    /// ```sql
    /// INSERT INTO accounts (number, customer_id)
    /// VALUES ($1, $2)
    /// RETURNING number, customer_id, balance, opened_at, closed_at
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn open<E: ::crdb_facade::exec::Executor>(
        db: &E,
        params: OpenParams<'_>,
    ) -> ::core::result::Result<Account, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_one(
            db,
            OPEN,
            &[&params.number, &params.customer_id],
        )
        .await?;
        Account::from_row(&row)
    }

    /// The arguments of [`open`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct OpenParams<'a> {
        /// `STRING`.
        pub number: &'a str,
        /// `UUID`.
        pub customer_id: ::crdb_facade::uuid::Uuid,
    }

    const WITHDRAW: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"UPDATE accounts
SET balance = balance - $1
WHERE number = $2 AND balance >= $1 AND closed_at IS NULL",
    )
    .named("accounts.withdraw");

    /// Takes an amount from an open account that covers it; no row is changed otherwise.
    ///
    /// ```sql
    /// UPDATE accounts
    /// SET balance = balance - $1
    /// WHERE number = $2 AND balance >= $1 AND closed_at IS NULL
    /// ```
    ///
    /// Returns how many rows were changed.
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn withdraw<E: ::crdb_facade::exec::Executor>(
        db: &E,
        params: WithdrawParams<'_>,
    ) -> ::core::result::Result<u64, ::crdb_facade::exec::Error> {
        ::crdb_facade::exec::ExecutorExt::execute(db, WITHDRAW, &[&params.amount, &params.number])
            .await
    }

    /// The arguments of [`withdraw`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct WithdrawParams<'a> {
        /// `INT8`.
        pub amount: i64,
        /// `STRING`.
        pub number: &'a str,
    }

    /// What `sort` of [`Search`] can be.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    pub enum SearchSort {
        /// `number`
        #[default]
        Number,
        /// `balance`
        Balance,
        /// `opened_at`
        OpenedAt,
    }

    impl SearchSort {
        const fn as_sql(self) -> &'static str {
            match self {
                Self::Number => r#""number""#,
                Self::Balance => r#""balance""#,
                Self::OpenedAt => r#""opened_at""#,
            }
        }
    }

    /// Open accounts, narrowed down and ordered as the caller likes.
    ///
    /// For example, with everything off:
    ///
    /// ```sql
    /// SELECT accounts.number, customers.name, accounts.balance, accounts.opened_at
    /// FROM accounts
    /// JOIN customers ON customers.id = accounts.customer_id
    /// WHERE accounts.closed_at IS NULL
    /// ORDER BY accounts."number", accounts.number
    /// LIMIT $1
    /// ```
    #[derive(Debug, Clone, PartialEq)]
    #[must_use = "a builder does nothing until it is run"]
    pub struct Search<'a> {
        count: i64,
        country: ::core::option::Option<&'a str>,
        least: ::core::option::Option<i64>,
        sort: SearchSort,
        descending: bool,
    }

    impl<'a> Search<'a> {
        /// With what must be given; everything optional is left out.
        pub fn new(count: i64) -> Self {
            Self {
                count,
                country: None,
                least: None,
                sort: <SearchSort as ::core::default::Default>::default(),
                descending: false,
            }
        }

        /// Gives `country`: where the customer lives (`TEXT`).
        pub fn country(mut self, country: &'a str) -> Self {
            self.country = Some(country);
            self
        }

        /// Gives `least`: the smallest balance (`INT8`).
        pub fn least(mut self, least: i64) -> Self {
            self.least = Some(least);
            self
        }

        /// Sets `sort`. Default: `number`.
        pub fn sort(mut self, sort: SearchSort) -> Self {
            self.sort = sort;
            self
        }

        /// Turns `descending` on or off: largest or latest first. Default: off.
        pub fn descending(mut self, descending: bool) -> Self {
            self.descending = descending;
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
                r"SELECT accounts.number, customers.name, accounts.balance, accounts.opened_at
FROM accounts
JOIN customers ON customers.id = accounts.customer_id
WHERE accounts.closed_at IS NULL
",
            );
            if self.country.is_some() {
                sql.text("  AND customers.country = ");
                sql.parameter(1, &self.country);
                sql.text("\n");
            }
            if self.least.is_some() {
                sql.text("  AND accounts.balance >= ");
                sql.parameter(2, &self.least);
                sql.text("\n");
            }
            sql.text("ORDER BY accounts.");
            sql.text(self.sort.as_sql());
            if self.descending {
                sql.text(" DESC");
            }
            sql.text(", accounts.number\nLIMIT ");
            sql.parameter(0, &self.count);
            sql.finish()
        }

        fn statement<'s>(text: &'s str) -> ::crdb_facade::exec::Statement<'s> {
            ::crdb_facade::exec::Statement::new(text).named("accounts.search")
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
        ) -> ::core::result::Result<::std::vec::Vec<Found>, ::crdb_facade::exec::Error> {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(db, statement, &values).await?;
            rows.iter().map(Found::from_row).collect()
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
            ::crdb_facade::exec::MappedRows<E::Rows<'e>, Found>,
            ::crdb_facade::exec::Error,
        > {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            let rows =
                ::crdb_facade::exec::ExecutorExt::fetch_stream(db, statement, &values).await?;
            Ok(::crdb_facade::exec::MappedRows::new(rows, Found::from_row))
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
            ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, FoundRef<'e>>,
            ::crdb_facade::exec::Error,
        > {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            ::crdb_facade::exec::ExecutorExt::fetch_borrowed(db, statement, &values).await
        }
    }

    /// A row of [`get`], [`open`].
    #[derive(Debug, Clone, PartialEq, ::crdb_facade::serde::Serialize)]
    #[serde(crate = "::crdb_facade::serde")]
    pub struct Account {
        /// `STRING`.
        pub number: ::std::string::String,
        /// `UUID`.
        pub customer_id: ::crdb_facade::uuid::Uuid,
        /// `INT8`.
        pub balance: i64,
        /// `TIMESTAMPTZ`.
        pub opened_at: ::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>,
        /// `TIMESTAMPTZ`, may be NULL.
        pub closed_at:
            ::core::option::Option<::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>>,
    }

    impl Account {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                number: ::crdb_facade::exec::Row::get(row, 0)?,
                customer_id: ::crdb_facade::exec::Row::get(row, 1)?,
                balance: ::crdb_facade::exec::Row::get(row, 2)?,
                opened_at: ::crdb_facade::exec::Row::get(row, 3)?,
                closed_at: ::crdb_facade::exec::Row::get(row, 4)?,
            })
        }
    }

    /// A row of [`Search`].
    #[derive(Debug, Clone, PartialEq, ::crdb_facade::serde::Serialize)]
    #[serde(crate = "::crdb_facade::serde")]
    pub struct Found {
        /// `STRING`.
        pub number: ::std::string::String,
        /// `STRING`.
        pub name: ::std::string::String,
        /// `INT8`.
        pub balance: i64,
        /// `TIMESTAMPTZ`.
        pub opened_at: ::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>,
    }

    impl Found {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                number: ::crdb_facade::exec::Row::get(row, 0)?,
                name: ::crdb_facade::exec::Row::get(row, 1)?,
                balance: ::crdb_facade::exec::Row::get(row, 2)?,
                opened_at: ::crdb_facade::exec::Row::get(row, 3)?,
            })
        }
    }

    /// As [`Found`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct FoundRef<'r> {
        /// `STRING`.
        pub number: &'r str,
        /// `STRING`.
        pub name: &'r str,
        /// `INT8`.
        pub balance: i64,
        /// `TIMESTAMPTZ`.
        pub opened_at: ::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>,
    }

    impl ::crdb_facade::exec::BorrowedRow for FoundRef<'_> {
        type Of<'r> = FoundRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<FoundRef<'_>, ::crdb_facade::exec::Error> {
            Ok(FoundRef {
                number: ::crdb_facade::exec::Row::get(row, 0)?,
                name: ::crdb_facade::exec::Row::get(row, 1)?,
                balance: ::crdb_facade::exec::Row::get(row, 2)?,
                opened_at: ::crdb_facade::exec::Row::get(row, 3)?,
            })
        }
    }
}

/// The queries of `customers`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod customers {
    const CREATE: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"INSERT INTO customers (name, email, country)
VALUES ($1, lower($2), $3)
RETURNING id, name, email, country, created_at",
    )
    .named("customers.create");

    /// Adds a customer.
    ///
    /// ```sql
    /// INSERT INTO customers (name, email, country)
    /// VALUES ($1, lower($2), $3)
    /// RETURNING id, name, email, country, created_at
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
    ) -> ::core::result::Result<Customer, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_one(
            db,
            CREATE,
            &[&params.name, &params.email, &params.country],
        )
        .await?;
        Customer::from_row(&row)
    }

    /// The arguments of [`create`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct CreateParams<'a> {
        /// `STRING`.
        pub name: &'a str,
        /// `STRING`.
        pub email: &'a str,
        /// `STRING`.
        pub country: &'a str,
    }

    const GET: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"SELECT id, name, email, country, created_at
FROM customers
WHERE id = $1",
    )
    .named("customers.get")
    .retry(::crdb_facade::exec::RetrySafety::Safe);

    /// One customer by key.
    ///
    /// ```sql
    /// SELECT id, name, email, country, created_at
    /// FROM customers
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
    ) -> ::core::result::Result<::core::option::Option<Customer>, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_optional(db, GET, &[&id]).await?;
        row.as_ref().map(Customer::from_row).transpose()
    }

    /// A row of [`create`], [`get`].
    #[derive(Debug, Clone, PartialEq, ::crdb_facade::serde::Serialize)]
    #[serde(crate = "::crdb_facade::serde")]
    pub struct Customer {
        /// `UUID`.
        pub id: ::crdb_facade::uuid::Uuid,
        /// `STRING`.
        pub name: ::std::string::String,
        /// `STRING`.
        pub email: ::std::string::String,
        /// `STRING`.
        pub country: ::std::string::String,
        /// `TIMESTAMPTZ`.
        pub created_at: ::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>,
    }

    impl Customer {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                id: ::crdb_facade::exec::Row::get(row, 0)?,
                name: ::crdb_facade::exec::Row::get(row, 1)?,
                email: ::crdb_facade::exec::Row::get(row, 2)?,
                country: ::crdb_facade::exec::Row::get(row, 3)?,
                created_at: ::crdb_facade::exec::Row::get(row, 4)?,
            })
        }
    }
}

/// The queries of `transfers`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod transfers {
    const BY_REQUEST: ::crdb_facade::exec::Statement<'static> =
        ::crdb_facade::exec::Statement::new(
            r"SELECT id, source, target, amount, note, made_at
FROM transfers
WHERE request = $1",
        )
        .named("transfers.by_request")
        .retry(::crdb_facade::exec::RetrySafety::Safe);

    /// The transfer that a client asked for under this key.
    ///
    /// ```sql
    /// SELECT id, source, target, amount, note, made_at
    /// FROM transfers
    /// WHERE request = $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is more than one row.
    pub async fn by_request<E: ::crdb_facade::exec::Executor>(
        db: &E,
        request: &str,
    ) -> ::core::result::Result<::core::option::Option<Transfer>, ::crdb_facade::exec::Error> {
        let row =
            ::crdb_facade::exec::ExecutorExt::fetch_optional(db, BY_REQUEST, &[&request]).await?;
        row.as_ref().map(Transfer::from_row).transpose()
    }

    const LATEST: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"SELECT id, source, target, amount, note, made_at
FROM transfers
WHERE source = $1 OR target = $1
ORDER BY made_at DESC
LIMIT $2",
    )
    .named("transfers.latest")
    .retry(::crdb_facade::exec::RetrySafety::Safe);

    /// The latest transfers of an account, newest first.
    ///
    /// ```sql
    /// SELECT id, source, target, amount, note, made_at
    /// FROM transfers
    /// WHERE source = $1 OR target = $1
    /// ORDER BY made_at DESC
    /// LIMIT $2
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn latest<E: ::crdb_facade::exec::Executor>(
        db: &E,
        params: LatestParams<'_>,
    ) -> ::core::result::Result<::std::vec::Vec<Transfer>, ::crdb_facade::exec::Error> {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_all(
            db,
            LATEST,
            &[&params.number, &params.count],
        )
        .await?;
        rows.iter().map(Transfer::from_row).collect()
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
        params: LatestParams<'_>,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::MappedRows<E::Rows<'e>, Transfer>,
        ::crdb_facade::exec::Error,
    > {
        let rows = ::crdb_facade::exec::ExecutorExt::fetch_stream(
            db,
            LATEST,
            &[&params.number, &params.count],
        )
        .await?;
        Ok(::crdb_facade::exec::MappedRows::new(
            rows,
            Transfer::from_row,
        ))
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
        params: LatestParams<'_>,
    ) -> ::core::result::Result<
        ::crdb_facade::exec::BorrowedRows<E::Rows<'e>, TransferRef<'e>>,
        ::crdb_facade::exec::Error,
    > {
        ::crdb_facade::exec::ExecutorExt::fetch_borrowed(
            db,
            LATEST,
            &[&params.number, &params.count],
        )
        .await
    }

    /// The arguments of [`latest`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct LatestParams<'a> {
        /// `STRING`.
        pub number: &'a str,
        /// `INT8`.
        pub count: i64,
    }

    const RECORD: ::crdb_facade::exec::Statement<'static> = ::crdb_facade::exec::Statement::new(
        r"INSERT INTO transfers (source, target, amount, note, request)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (request) DO NOTHING
RETURNING id, source, target, amount, note, made_at",
    )
    .named("transfers.record");

    /// Records a transfer. Gives no row where one with the same request is there already.
    ///
    /// ```sql
    /// INSERT INTO transfers (source, target, amount, note, request)
    /// VALUES ($1, $2, $3, $4, $5)
    /// ON CONFLICT (request) DO NOTHING
    /// RETURNING id, source, target, amount, note, made_at
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is more than one row.
    pub async fn record<E: ::crdb_facade::exec::Executor>(
        db: &E,
        params: RecordParams<'_>,
    ) -> ::core::result::Result<::core::option::Option<Transfer>, ::crdb_facade::exec::Error> {
        let row = ::crdb_facade::exec::ExecutorExt::fetch_optional(
            db,
            RECORD,
            &[
                &params.source,
                &params.target,
                &params.amount,
                &params.note,
                &params.request,
            ],
        )
        .await?;
        row.as_ref().map(Transfer::from_row).transpose()
    }

    /// The arguments of [`record`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RecordParams<'a> {
        /// `STRING`.
        pub source: &'a str,
        /// `STRING`.
        pub target: &'a str,
        /// `INT8`.
        pub amount: i64,
        /// what it is for (`TEXT`, may be NULL)
        pub note: ::core::option::Option<&'a str>,
        /// the client's own key for it (`TEXT`, may be NULL)
        pub request: ::core::option::Option<&'a str>,
    }

    /// A row of [`by_request`], [`latest`], [`record`].
    #[derive(Debug, Clone, PartialEq, ::crdb_facade::serde::Serialize)]
    #[serde(crate = "::crdb_facade::serde")]
    pub struct Transfer {
        /// `UUID`.
        pub id: ::crdb_facade::uuid::Uuid,
        /// `STRING`.
        pub source: ::std::string::String,
        /// `STRING`.
        pub target: ::std::string::String,
        /// `INT8`.
        pub amount: i64,
        /// `STRING`, may be NULL.
        pub note: ::core::option::Option<::std::string::String>,
        /// `TIMESTAMPTZ`.
        pub made_at: ::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>,
    }

    impl Transfer {
        fn from_row(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_facade::exec::Error> {
            Ok(Self {
                id: ::crdb_facade::exec::Row::get(row, 0)?,
                source: ::crdb_facade::exec::Row::get(row, 1)?,
                target: ::crdb_facade::exec::Row::get(row, 2)?,
                amount: ::crdb_facade::exec::Row::get(row, 3)?,
                note: ::crdb_facade::exec::Row::get(row, 4)?,
                made_at: ::crdb_facade::exec::Row::get(row, 5)?,
            })
        }
    }

    /// As [`Transfer`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct TransferRef<'r> {
        /// `UUID`.
        pub id: ::crdb_facade::uuid::Uuid,
        /// `STRING`.
        pub source: &'r str,
        /// `STRING`.
        pub target: &'r str,
        /// `INT8`.
        pub amount: i64,
        /// `STRING`, may be NULL.
        pub note: ::core::option::Option<&'r str>,
        /// `TIMESTAMPTZ`.
        pub made_at: ::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>,
    }

    impl ::crdb_facade::exec::BorrowedRow for TransferRef<'_> {
        type Of<'r> = TransferRef<'r>;

        fn read(
            row: &impl ::crdb_facade::exec::Row,
        ) -> ::core::result::Result<TransferRef<'_>, ::crdb_facade::exec::Error> {
            Ok(TransferRef {
                id: ::crdb_facade::exec::Row::get(row, 0)?,
                source: ::crdb_facade::exec::Row::get(row, 1)?,
                target: ::crdb_facade::exec::Row::get(row, 2)?,
                amount: ::crdb_facade::exec::Row::get(row, 3)?,
                note: ::crdb_facade::exec::Row::get(row, 4)?,
                made_at: ::crdb_facade::exec::Row::get(row, 5)?,
            })
        }
    }
}
