//! Typed functions for the queries in SQL files.
//!
//! Written by `crdb codegen`; edit the `.sql` files instead.

/// The SQL enum `account_kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountKind {
    /// `checking`
    Checking,
    /// `savings`
    Savings,
    /// `settlement`
    Settlement,
}

impl AccountKind {
    /// All labels, in the order of the SQL type.
    pub const ALL: &'static [Self] = &[Self::Checking, Self::Savings, Self::Settlement];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Checking => "checking",
            Self::Savings => "savings",
            Self::Settlement => "settlement",
        }
    }
}

::crdb_exec::sql_enum!(AccountKind, "account_kind");

/// The queries of `accounts`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod accounts {
    const BALANCE: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new(
        r"SELECT balance
FROM accounts
WHERE number = $1",
    )
    .named("accounts.balance")
    .retry(::crdb_exec::RetrySafety::Safe);

    /// The balance of an account, as the running transaction sees it.
    ///
    /// ```sql
    /// SELECT balance
    /// FROM accounts
    /// WHERE number = $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn balance<E: ::crdb_exec::Executor>(
        db: &E,
        number: &str,
    ) -> ::core::result::Result<::rust_decimal::Decimal, ::crdb_exec::Error> {
        let row = ::crdb_exec::ExecutorExt::fetch_one(db, BALANCE, &[&number]).await?;
        ::crdb_exec::Row::get(&row, 0)
    }

    const DEPOSIT: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new(
        r"UPDATE accounts
SET balance = balance + $1
WHERE number = $2",
    )
    .named("accounts.deposit");

    /// Adds an amount to an account.
    ///
    /// ```sql
    /// UPDATE accounts
    /// SET balance = balance + $1
    /// WHERE number = $2
    /// ```
    ///
    /// Returns how many rows were changed.
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn deposit<E: ::crdb_exec::Executor>(
        db: &E,
        params: DepositParams<'_>,
    ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
        ::crdb_exec::ExecutorExt::execute(db, DEPOSIT, &[&params.amount, &params.number]).await
    }

    /// The arguments of [`deposit`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct DepositParams<'a> {
        /// `DECIMAL`.
        pub amount: ::rust_decimal::Decimal,
        /// `STRING`.
        pub number: &'a str,
    }

    const GET: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new(
        r"SELECT id, number, customer_id, kind, currency, balance, opened_at, closed_at
FROM accounts
WHERE number = $1",
    )
    .named("accounts.get");

    /// One account by its number.
    ///
    /// ```sql
    /// SELECT id, number, customer_id, kind, currency, balance, opened_at, closed_at
    /// FROM accounts
    /// WHERE number = $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn get<E: ::crdb_exec::Executor>(
        db: &E,
        number: &str,
    ) -> ::core::result::Result<GetRow, ::crdb_exec::Error> {
        let row = ::crdb_exec::ExecutorExt::fetch_one(db, GET, &[&number]).await?;
        GetRow::from_row(&row)
    }

    /// A row of [`get`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct GetRow {
        /// `UUID`.
        pub id: ::uuid::Uuid,
        /// `STRING`.
        pub number: ::std::string::String,
        /// `UUID`.
        pub customer_id: ::uuid::Uuid,
        /// `ACCOUNT_KIND`.
        pub kind: super::AccountKind,
        /// `STRING`.
        pub currency: ::std::string::String,
        /// `DECIMAL`.
        pub balance: ::rust_decimal::Decimal,
        /// `TIMESTAMPTZ`.
        pub opened_at: ::chrono::DateTime<::chrono::Utc>,
        /// `TIMESTAMPTZ`, may be NULL.
        pub closed_at: ::core::option::Option<::chrono::DateTime<::chrono::Utc>>,
    }

    impl GetRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                id: ::crdb_exec::Row::get(row, 0)?,
                number: ::crdb_exec::Row::get(row, 1)?,
                customer_id: ::crdb_exec::Row::get(row, 2)?,
                kind: ::crdb_exec::Row::get(row, 3)?,
                currency: ::crdb_exec::Row::get(row, 4)?,
                balance: ::crdb_exec::Row::get(row, 5)?,
                opened_at: ::crdb_exec::Row::get(row, 6)?,
                closed_at: ::crdb_exec::Row::get(row, 7)?,
            })
        }
    }

    const NUMBERS: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new(
        r"SELECT number
FROM accounts
ORDER BY number
LIMIT $1",
    )
    .named("accounts.numbers");

    /// The first account numbers, in order.
    ///
    /// ```sql
    /// SELECT number
    /// FROM accounts
    /// ORDER BY number
    /// LIMIT $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn numbers<E: ::crdb_exec::Executor>(
        db: &E,
        count: i64,
    ) -> ::core::result::Result<::std::vec::Vec<::std::string::String>, ::crdb_exec::Error> {
        let rows = ::crdb_exec::ExecutorExt::fetch_all(db, NUMBERS, &[&count]).await?;
        rows.iter()
            .map(|row| ::crdb_exec::Row::get(row, 0))
            .collect()
    }

    /// As [`numbers`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn numbers_stream<'e, E: ::crdb_exec::Executor>(
        db: &'e E,
        count: i64,
    ) -> ::core::result::Result<
        ::crdb_exec::MappedRows<E::Rows<'e>, ::std::string::String>,
        ::crdb_exec::Error,
    > {
        let rows = ::crdb_exec::ExecutorExt::fetch_stream(db, NUMBERS, &[&count]).await?;
        Ok(::crdb_exec::MappedRows::new(rows, |row| {
            ::crdb_exec::Row::get(row, 0)
        }))
    }

    /// As [`numbers`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn numbers_borrowed<'e, E: ::crdb_exec::Executor>(
        db: &'e E,
        count: i64,
    ) -> ::core::result::Result<::crdb_exec::BorrowedRows<E::Rows<'e>, &'e str>, ::crdb_exec::Error>
    {
        ::crdb_exec::ExecutorExt::fetch_borrowed(db, NUMBERS, &[&count]).await
    }

    const TOTAL: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new(
        r"SELECT sum(balance) AS total, count(*) AS accounts
FROM accounts",
    )
    .named("accounts.total");

    /// The sum of all balances, which transfers conserve.
    ///
    /// ```sql
    /// SELECT sum(balance) AS total, count(*) AS accounts
    /// FROM accounts
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn total<E: ::crdb_exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<TotalRow, ::crdb_exec::Error> {
        let row = ::crdb_exec::ExecutorExt::fetch_one(db, TOTAL, &[]).await?;
        TotalRow::from_row(&row)
    }

    /// A row of [`total`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct TotalRow {
        /// `DECIMAL`, may be NULL.
        pub total: ::core::option::Option<::rust_decimal::Decimal>,
        /// `INT8`.
        pub accounts: i64,
    }

    impl TotalRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                total: ::crdb_exec::Row::get(row, 0)?,
                accounts: ::crdb_exec::Row::get(row, 1)?,
            })
        }
    }

    const WITHDRAW: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new(
        r"UPDATE accounts
SET balance = balance - $1
WHERE number = $2 AND balance >= $1",
    )
    .named("accounts.withdraw");

    /// Takes an amount from an account that covers it; no row is changed otherwise.
    ///
    /// ```sql
    /// UPDATE accounts
    /// SET balance = balance - $1
    /// WHERE number = $2 AND balance >= $1
    /// ```
    ///
    /// Returns how many rows were changed.
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn withdraw<E: ::crdb_exec::Executor>(
        db: &E,
        params: WithdrawParams<'_>,
    ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
        ::crdb_exec::ExecutorExt::execute(db, WITHDRAW, &[&params.amount, &params.number]).await
    }

    /// The arguments of [`withdraw`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct WithdrawParams<'a> {
        /// `DECIMAL`.
        pub amount: ::rust_decimal::Decimal,
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
    /// ORDER BY accounts."number" , accounts.number
    /// LIMIT $1
    /// ```
    #[derive(Debug, Clone, PartialEq)]
    #[must_use = "a builder does nothing until it is run"]
    pub struct Search<'a> {
        count: i64,
        country: ::core::option::Option<&'a str>,
        least: ::core::option::Option<::rust_decimal::Decimal>,
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

        /// Gives `country`: where the customer lives (`STRING`).
        pub fn country(mut self, country: &'a str) -> Self {
            self.country = Some(country);
            self
        }

        /// Gives `least`: the smallest balance (`DECIMAL`).
        pub fn least(mut self, least: ::rust_decimal::Decimal) -> Self {
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
            ::std::vec::Vec<&(dyn ::crdb_exec::ToSql + ::core::marker::Sync)>,
        ) {
            let mut sql = ::crdb_exec::StatementBuilder::new();
            sql.text(
                r"SELECT accounts.number, customers.name, accounts.balance, accounts.opened_at
FROM accounts
JOIN customers ON customers.id = accounts.customer_id
WHERE accounts.closed_at IS NULL
",
            );
            if self.country.is_some() {
                sql.text(" AND customers.country = ");
                sql.parameter(1, &self.country);
                sql.text(" ");
            }
            sql.text("\n");
            if self.least.is_some() {
                sql.text(" AND accounts.balance >= ");
                sql.parameter(2, &self.least);
                sql.text(" ");
            }
            sql.text("\nORDER BY accounts.");
            sql.text(self.sort.as_sql());
            sql.text(" ");
            if self.descending {
                sql.text(" DESC ");
            }
            sql.text(", accounts.number\nLIMIT ");
            sql.parameter(0, &self.count);
            sql.finish()
        }

        fn statement<'s>(text: &'s str) -> ::crdb_exec::Statement<'s> {
            ::crdb_exec::Statement::new(text).named("accounts.search")
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
        ) -> ::core::result::Result<::std::vec::Vec<SearchRow>, ::crdb_exec::Error> {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            let rows = ::crdb_exec::ExecutorExt::fetch_all(db, statement, &values).await?;
            rows.iter().map(SearchRow::from_row).collect()
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
            ::crdb_exec::MappedRows<E::Rows<'e>, SearchRow>,
            ::crdb_exec::Error,
        > {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            let rows = ::crdb_exec::ExecutorExt::fetch_stream(db, statement, &values).await?;
            Ok(::crdb_exec::MappedRows::new(rows, SearchRow::from_row))
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
            ::crdb_exec::BorrowedRows<E::Rows<'e>, SearchRowRef<'e>>,
            ::crdb_exec::Error,
        > {
            let (text, values) = self.render();
            let statement = Self::statement(&text);
            ::crdb_exec::ExecutorExt::fetch_borrowed(db, statement, &values).await
        }
    }

    /// A row of [`Search`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct SearchRow {
        /// `STRING`.
        pub number: ::std::string::String,
        /// `STRING`.
        pub name: ::std::string::String,
        /// `DECIMAL`.
        pub balance: ::rust_decimal::Decimal,
        /// `TIMESTAMPTZ`.
        pub opened_at: ::chrono::DateTime<::chrono::Utc>,
    }

    impl SearchRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                number: ::crdb_exec::Row::get(row, 0)?,
                name: ::crdb_exec::Row::get(row, 1)?,
                balance: ::crdb_exec::Row::get(row, 2)?,
                opened_at: ::crdb_exec::Row::get(row, 3)?,
            })
        }
    }

    /// As [`SearchRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct SearchRowRef<'r> {
        /// `STRING`.
        pub number: &'r str,
        /// `STRING`.
        pub name: &'r str,
        /// `DECIMAL`.
        pub balance: ::rust_decimal::Decimal,
        /// `TIMESTAMPTZ`.
        pub opened_at: ::chrono::DateTime<::chrono::Utc>,
    }

    impl ::crdb_exec::BorrowedRow for SearchRowRef<'_> {
        type Of<'r> = SearchRowRef<'r>;

        fn read(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<SearchRowRef<'_>, ::crdb_exec::Error> {
            Ok(SearchRowRef {
                number: ::crdb_exec::Row::get(row, 0)?,
                name: ::crdb_exec::Row::get(row, 1)?,
                balance: ::crdb_exec::Row::get(row, 2)?,
                opened_at: ::crdb_exec::Row::get(row, 3)?,
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
    const BY_COUNTRY: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new(
        r"SELECT id, name, email
FROM customers
WHERE country = $1
ORDER BY name, email",
    )
    .named("customers.by_country");

    /// Customers of a country, by name.
    ///
    /// ```sql
    /// SELECT id, name, email
    /// FROM customers
    /// WHERE country = $1
    /// ORDER BY name, email
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn by_country<E: ::crdb_exec::Executor>(
        db: &E,
        country: &str,
    ) -> ::core::result::Result<::std::vec::Vec<ByCountryRow>, ::crdb_exec::Error> {
        let rows = ::crdb_exec::ExecutorExt::fetch_all(db, BY_COUNTRY, &[&country]).await?;
        rows.iter().map(ByCountryRow::from_row).collect()
    }

    /// As [`by_country`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn by_country_stream<'e, E: ::crdb_exec::Executor>(
        db: &'e E,
        country: &str,
    ) -> ::core::result::Result<
        ::crdb_exec::MappedRows<E::Rows<'e>, ByCountryRow>,
        ::crdb_exec::Error,
    > {
        let rows = ::crdb_exec::ExecutorExt::fetch_stream(db, BY_COUNTRY, &[&country]).await?;
        Ok(::crdb_exec::MappedRows::new(rows, ByCountryRow::from_row))
    }

    /// As [`by_country`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn by_country_borrowed<'e, E: ::crdb_exec::Executor>(
        db: &'e E,
        country: &str,
    ) -> ::core::result::Result<
        ::crdb_exec::BorrowedRows<E::Rows<'e>, ByCountryRowRef<'e>>,
        ::crdb_exec::Error,
    > {
        ::crdb_exec::ExecutorExt::fetch_borrowed(db, BY_COUNTRY, &[&country]).await
    }

    /// A row of [`by_country`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ByCountryRow {
        /// `UUID`.
        pub id: ::uuid::Uuid,
        /// `STRING`.
        pub name: ::std::string::String,
        /// `STRING`.
        pub email: ::std::string::String,
    }

    impl ByCountryRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                id: ::crdb_exec::Row::get(row, 0)?,
                name: ::crdb_exec::Row::get(row, 1)?,
                email: ::crdb_exec::Row::get(row, 2)?,
            })
        }
    }

    /// As [`ByCountryRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct ByCountryRowRef<'r> {
        /// `UUID`.
        pub id: ::uuid::Uuid,
        /// `STRING`.
        pub name: &'r str,
        /// `STRING`.
        pub email: &'r str,
    }

    impl ::crdb_exec::BorrowedRow for ByCountryRowRef<'_> {
        type Of<'r> = ByCountryRowRef<'r>;

        fn read(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<ByCountryRowRef<'_>, ::crdb_exec::Error> {
            Ok(ByCountryRowRef {
                id: ::crdb_exec::Row::get(row, 0)?,
                name: ::crdb_exec::Row::get(row, 1)?,
                email: ::crdb_exec::Row::get(row, 2)?,
            })
        }
    }

    const CREATE: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new(
        r"INSERT INTO customers (name, email, country, preferences)
VALUES ($1, $2, $3, $4)
RETURNING id",
    )
    .named("customers.create");

    /// Opens a customer record and answers with its key.
    ///
    /// ```sql
    /// INSERT INTO customers (name, email, country, preferences)
    /// VALUES ($1, $2, $3, $4)
    /// RETURNING id
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is not exactly one row.
    pub async fn create<E: ::crdb_exec::Executor>(
        db: &E,
        params: CreateParams<'_>,
    ) -> ::core::result::Result<::uuid::Uuid, ::crdb_exec::Error> {
        let row = ::crdb_exec::ExecutorExt::fetch_one(
            db,
            CREATE,
            &[
                &params.name,
                &params.email,
                &params.country,
                &params.preferences,
            ],
        )
        .await?;
        ::crdb_exec::Row::get(&row, 0)
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
        /// `JSONB`.
        pub preferences: &'a ::serde_json::Value,
    }

    const GET: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new(
        r"SELECT id, name, email, country, preferences, created_at
FROM customers
WHERE id = $1",
    )
    .named("customers.get");

    /// One customer by key.
    ///
    /// ```sql
    /// SELECT id, name, email, country, preferences, created_at
    /// FROM customers
    /// WHERE id = $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; also when there is more than one row.
    pub async fn get<E: ::crdb_exec::Executor>(
        db: &E,
        id: ::uuid::Uuid,
    ) -> ::core::result::Result<::core::option::Option<GetRow>, ::crdb_exec::Error> {
        let row = ::crdb_exec::ExecutorExt::fetch_optional(db, GET, &[&id]).await?;
        row.as_ref().map(GetRow::from_row).transpose()
    }

    /// A row of [`get`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct GetRow {
        /// `UUID`.
        pub id: ::uuid::Uuid,
        /// `STRING`.
        pub name: ::std::string::String,
        /// `STRING`.
        pub email: ::std::string::String,
        /// `STRING`.
        pub country: ::std::string::String,
        /// `JSONB`.
        pub preferences: ::serde_json::Value,
        /// `TIMESTAMPTZ`.
        pub created_at: ::chrono::DateTime<::chrono::Utc>,
    }

    impl GetRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                id: ::crdb_exec::Row::get(row, 0)?,
                name: ::crdb_exec::Row::get(row, 1)?,
                email: ::crdb_exec::Row::get(row, 2)?,
                country: ::crdb_exec::Row::get(row, 3)?,
                preferences: ::crdb_exec::Row::get(row, 4)?,
                created_at: ::crdb_exec::Row::get(row, 5)?,
            })
        }
    }

    const IMPORT: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new(r"INSERT INTO customers (name, email, country)
SELECT batch.p1, lower(batch.p2), batch.p3 FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[]) AS batch (p1, p2, p3)
ON CONFLICT (email) DO NOTHING")
.named("customers.import");

    /// For many rows: statements of up to 1000 rows each. Returns how many rows were changed.
    ///
    /// To write all or nothing, call it in a transaction.
    ///
    /// Opens many customer records; those whose address is known already stay as they are.
    ///
    /// ```sql
    /// INSERT INTO customers (name, email, country)
    /// VALUES ($1, lower($2), $3)
    /// ON CONFLICT (email) DO NOTHING
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor; what was written before the failure stays.
    pub async fn import<E: ::crdb_exec::Executor>(
        db: &E,
        items: &[ImportParams<'_>],
    ) -> ::core::result::Result<u64, ::crdb_exec::Error> {
        let mut changed = 0;
        for chunk in items.chunks(1000) {
            let column_1: ::std::vec::Vec<_> = chunk.iter().map(|item| item.name).collect();
            let column_2: ::std::vec::Vec<_> = chunk.iter().map(|item| item.email).collect();
            let column_3: ::std::vec::Vec<_> = chunk.iter().map(|item| item.country).collect();
            changed += ::crdb_exec::ExecutorExt::execute_part(
                db,
                IMPORT,
                &[&column_1, &column_2, &column_3],
                changed,
            )
            .await?;
        }
        Ok(changed)
    }

    /// The arguments of [`import`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct ImportParams<'a> {
        /// `STRING`.
        pub name: &'a str,
        /// `STRING`.
        pub email: &'a str,
        /// `STRING`.
        pub country: &'a str,
    }
}

/// The queries of `reports`.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program may leave a function or a column unused, and keep this module to itself"
)]
pub mod reports {
    const BALANCES_BY_COUNTRY: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new(r"SELECT customers.country, count(DISTINCT customers.id) AS customers, count(accounts.id) AS accounts,
       sum(accounts.balance) AS total
FROM customers
JOIN accounts ON accounts.customer_id = customers.id
GROUP BY customers.country
ORDER BY total DESC")
.named("reports.balances_by_country").timeout(::core::time::Duration::from_secs(5));

    /// How much money the customers of each country hold.
    ///
    /// ```sql
    /// SELECT customers.country, count(DISTINCT customers.id) AS customers, count(accounts.id) AS accounts,
    ///        sum(accounts.balance) AS total
    /// FROM customers
    /// JOIN accounts ON accounts.customer_id = customers.id
    /// GROUP BY customers.country
    /// ORDER BY total DESC
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn balances_by_country<E: ::crdb_exec::Executor>(
        db: &E,
    ) -> ::core::result::Result<::std::vec::Vec<BalancesByCountryRow>, ::crdb_exec::Error> {
        let rows = ::crdb_exec::ExecutorExt::fetch_all(db, BALANCES_BY_COUNTRY, &[]).await?;
        rows.iter().map(BalancesByCountryRow::from_row).collect()
    }

    /// As [`balances_by_country`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn balances_by_country_stream<'e, E: ::crdb_exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_exec::MappedRows<E::Rows<'e>, BalancesByCountryRow>,
        ::crdb_exec::Error,
    > {
        let rows = ::crdb_exec::ExecutorExt::fetch_stream(db, BALANCES_BY_COUNTRY, &[]).await?;
        Ok(::crdb_exec::MappedRows::new(
            rows,
            BalancesByCountryRow::from_row,
        ))
    }

    /// As [`balances_by_country`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn balances_by_country_borrowed<'e, E: ::crdb_exec::Executor>(
        db: &'e E,
    ) -> ::core::result::Result<
        ::crdb_exec::BorrowedRows<E::Rows<'e>, BalancesByCountryRowRef<'e>>,
        ::crdb_exec::Error,
    > {
        ::crdb_exec::ExecutorExt::fetch_borrowed(db, BALANCES_BY_COUNTRY, &[]).await
    }

    /// A row of [`balances_by_country`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct BalancesByCountryRow {
        /// `STRING`.
        pub country: ::std::string::String,
        /// `INT8`.
        pub customers: i64,
        /// `INT8`.
        pub accounts: i64,
        /// `DECIMAL`, may be NULL.
        pub total: ::core::option::Option<::rust_decimal::Decimal>,
    }

    impl BalancesByCountryRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                country: ::crdb_exec::Row::get(row, 0)?,
                customers: ::crdb_exec::Row::get(row, 1)?,
                accounts: ::crdb_exec::Row::get(row, 2)?,
                total: ::crdb_exec::Row::get(row, 3)?,
            })
        }
    }

    /// As [`BalancesByCountryRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct BalancesByCountryRowRef<'r> {
        /// `STRING`.
        pub country: &'r str,
        /// `INT8`.
        pub customers: i64,
        /// `INT8`.
        pub accounts: i64,
        /// `DECIMAL`, may be NULL.
        pub total: ::core::option::Option<::rust_decimal::Decimal>,
    }

    impl ::crdb_exec::BorrowedRow for BalancesByCountryRowRef<'_> {
        type Of<'r> = BalancesByCountryRowRef<'r>;

        fn read(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<BalancesByCountryRowRef<'_>, ::crdb_exec::Error> {
            Ok(BalancesByCountryRowRef {
                country: ::crdb_exec::Row::get(row, 0)?,
                customers: ::crdb_exec::Row::get(row, 1)?,
                accounts: ::crdb_exec::Row::get(row, 2)?,
                total: ::crdb_exec::Row::get(row, 3)?,
            })
        }
    }

    const BUSIEST_ACCOUNTS: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new(r"SELECT accounts.number, customers.name, count(*) AS transfers, sum(transfers.amount) AS moved
FROM transfers
JOIN accounts ON accounts.id = transfers.from_account
JOIN customers ON customers.id = accounts.customer_id
GROUP BY accounts.number, customers.name
ORDER BY moved DESC, accounts.number
LIMIT $1")
.named("reports.busiest_accounts").timeout(::core::time::Duration::from_secs(5));

    /// The accounts with most outgoing transfers.
    ///
    /// ```sql
    /// SELECT accounts.number, customers.name, count(*) AS transfers, sum(transfers.amount) AS moved
    /// FROM transfers
    /// JOIN accounts ON accounts.id = transfers.from_account
    /// JOIN customers ON customers.id = accounts.customer_id
    /// GROUP BY accounts.number, customers.name
    /// ORDER BY moved DESC, accounts.number
    /// LIMIT $1
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn busiest_accounts<E: ::crdb_exec::Executor>(
        db: &E,
        count: i64,
    ) -> ::core::result::Result<::std::vec::Vec<BusiestAccountsRow>, ::crdb_exec::Error> {
        let rows = ::crdb_exec::ExecutorExt::fetch_all(db, BUSIEST_ACCOUNTS, &[&count]).await?;
        rows.iter().map(BusiestAccountsRow::from_row).collect()
    }

    /// As [`busiest_accounts`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn busiest_accounts_stream<'e, E: ::crdb_exec::Executor>(
        db: &'e E,
        count: i64,
    ) -> ::core::result::Result<
        ::crdb_exec::MappedRows<E::Rows<'e>, BusiestAccountsRow>,
        ::crdb_exec::Error,
    > {
        let rows = ::crdb_exec::ExecutorExt::fetch_stream(db, BUSIEST_ACCOUNTS, &[&count]).await?;
        Ok(::crdb_exec::MappedRows::new(
            rows,
            BusiestAccountsRow::from_row,
        ))
    }

    /// As [`busiest_accounts`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn busiest_accounts_borrowed<'e, E: ::crdb_exec::Executor>(
        db: &'e E,
        count: i64,
    ) -> ::core::result::Result<
        ::crdb_exec::BorrowedRows<E::Rows<'e>, BusiestAccountsRowRef<'e>>,
        ::crdb_exec::Error,
    > {
        ::crdb_exec::ExecutorExt::fetch_borrowed(db, BUSIEST_ACCOUNTS, &[&count]).await
    }

    /// A row of [`busiest_accounts`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct BusiestAccountsRow {
        /// `STRING`.
        pub number: ::std::string::String,
        /// `STRING`.
        pub name: ::std::string::String,
        /// `INT8`.
        pub transfers: i64,
        /// `DECIMAL`, may be NULL.
        pub moved: ::core::option::Option<::rust_decimal::Decimal>,
    }

    impl BusiestAccountsRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                number: ::crdb_exec::Row::get(row, 0)?,
                name: ::crdb_exec::Row::get(row, 1)?,
                transfers: ::crdb_exec::Row::get(row, 2)?,
                moved: ::crdb_exec::Row::get(row, 3)?,
            })
        }
    }

    /// As [`BusiestAccountsRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct BusiestAccountsRowRef<'r> {
        /// `STRING`.
        pub number: &'r str,
        /// `STRING`.
        pub name: &'r str,
        /// `INT8`.
        pub transfers: i64,
        /// `DECIMAL`, may be NULL.
        pub moved: ::core::option::Option<::rust_decimal::Decimal>,
    }

    impl ::crdb_exec::BorrowedRow for BusiestAccountsRowRef<'_> {
        type Of<'r> = BusiestAccountsRowRef<'r>;

        fn read(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<BusiestAccountsRowRef<'_>, ::crdb_exec::Error> {
            Ok(BusiestAccountsRowRef {
                number: ::crdb_exec::Row::get(row, 0)?,
                name: ::crdb_exec::Row::get(row, 1)?,
                transfers: ::crdb_exec::Row::get(row, 2)?,
                moved: ::crdb_exec::Row::get(row, 3)?,
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
    const LATEST: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new(r"SELECT transfers.id, source.number AS from_number, target.number AS to_number, transfers.amount, transfers.note,
       transfers.made_at
FROM transfers
JOIN accounts AS source ON source.id = transfers.from_account
JOIN accounts AS target ON target.id = transfers.to_account
WHERE source.number = $1 OR target.number = $1
ORDER BY transfers.made_at DESC
LIMIT $2")
.named("transfers.latest");

    /// The latest transfers of an account, newest first.
    ///
    /// ```sql
    /// SELECT transfers.id, source.number AS from_number, target.number AS to_number, transfers.amount, transfers.note,
    ///        transfers.made_at
    /// FROM transfers
    /// JOIN accounts AS source ON source.id = transfers.from_account
    /// JOIN accounts AS target ON target.id = transfers.to_account
    /// WHERE source.number = $1 OR target.number = $1
    /// ORDER BY transfers.made_at DESC
    /// LIMIT $2
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn latest<E: ::crdb_exec::Executor>(
        db: &E,
        params: LatestParams<'_>,
    ) -> ::core::result::Result<::std::vec::Vec<LatestRow>, ::crdb_exec::Error> {
        let rows =
            ::crdb_exec::ExecutorExt::fetch_all(db, LATEST, &[&params.number, &params.count])
                .await?;
        rows.iter().map(LatestRow::from_row).collect()
    }

    /// As [`latest`], row by row: memory stays flat however many rows there are.
    ///
    /// Dropping the future or the stream abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come in the stream.
    pub async fn latest_stream<'e, E: ::crdb_exec::Executor>(
        db: &'e E,
        params: LatestParams<'_>,
    ) -> ::core::result::Result<::crdb_exec::MappedRows<E::Rows<'e>, LatestRow>, ::crdb_exec::Error>
    {
        let rows =
            ::crdb_exec::ExecutorExt::fetch_stream(db, LATEST, &[&params.number, &params.count])
                .await?;
        Ok(::crdb_exec::MappedRows::new(rows, LatestRow::from_row))
    }

    /// As [`latest`], row by row (`try_next`) and in place: texts, bytes and JSON are not copied.
    ///
    /// Dropping the future or the rows abandons the statement.
    ///
    /// # Errors
    ///
    /// As the executor; an error may also come with a row.
    pub async fn latest_borrowed<'e, E: ::crdb_exec::Executor>(
        db: &'e E,
        params: LatestParams<'_>,
    ) -> ::core::result::Result<
        ::crdb_exec::BorrowedRows<E::Rows<'e>, LatestRowRef<'e>>,
        ::crdb_exec::Error,
    > {
        ::crdb_exec::ExecutorExt::fetch_borrowed(db, LATEST, &[&params.number, &params.count]).await
    }

    /// A row of [`latest`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct LatestRow {
        /// `UUID`.
        pub id: ::uuid::Uuid,
        /// `STRING`.
        pub from_number: ::std::string::String,
        /// `STRING`.
        pub to_number: ::std::string::String,
        /// `DECIMAL`.
        pub amount: ::rust_decimal::Decimal,
        /// `STRING`, may be NULL.
        pub note: ::core::option::Option<::std::string::String>,
        /// `TIMESTAMPTZ`.
        pub made_at: ::chrono::DateTime<::chrono::Utc>,
    }

    impl LatestRow {
        fn from_row(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<Self, ::crdb_exec::Error> {
            Ok(Self {
                id: ::crdb_exec::Row::get(row, 0)?,
                from_number: ::crdb_exec::Row::get(row, 1)?,
                to_number: ::crdb_exec::Row::get(row, 2)?,
                amount: ::crdb_exec::Row::get(row, 3)?,
                note: ::crdb_exec::Row::get(row, 4)?,
                made_at: ::crdb_exec::Row::get(row, 5)?,
            })
        }
    }

    /// As [`LatestRow`], borrowed from the row: texts, bytes and JSON are not copied.
    #[derive(Debug, Clone, PartialEq)]
    pub struct LatestRowRef<'r> {
        /// `UUID`.
        pub id: ::uuid::Uuid,
        /// `STRING`.
        pub from_number: &'r str,
        /// `STRING`.
        pub to_number: &'r str,
        /// `DECIMAL`.
        pub amount: ::rust_decimal::Decimal,
        /// `STRING`, may be NULL.
        pub note: ::core::option::Option<&'r str>,
        /// `TIMESTAMPTZ`.
        pub made_at: ::chrono::DateTime<::chrono::Utc>,
    }

    impl ::crdb_exec::BorrowedRow for LatestRowRef<'_> {
        type Of<'r> = LatestRowRef<'r>;

        fn read(
            row: &impl ::crdb_exec::Row,
        ) -> ::core::result::Result<LatestRowRef<'_>, ::crdb_exec::Error> {
            Ok(LatestRowRef {
                id: ::crdb_exec::Row::get(row, 0)?,
                from_number: ::crdb_exec::Row::get(row, 1)?,
                to_number: ::crdb_exec::Row::get(row, 2)?,
                amount: ::crdb_exec::Row::get(row, 3)?,
                note: ::crdb_exec::Row::get(row, 4)?,
                made_at: ::crdb_exec::Row::get(row, 5)?,
            })
        }
    }

    /// The arguments of [`latest`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct LatestParams<'a> {
        /// `STRING`.
        pub number: &'a str,
        /// `INT8`.
        pub count: i64,
    }

    const RECORD: ::crdb_exec::Statement<'static> = ::crdb_exec::Statement::new(
        r"INSERT INTO transfers (from_account, to_account, amount, note)
SELECT source.id, target.id, $1::DECIMAL, $2::TEXT
FROM accounts AS source, accounts AS target
WHERE source.number = $3 AND target.number = $4",
    )
    .named("transfers.record");

    /// Records a transfer between two accounts named by their numbers.
    ///
    /// ```sql
    /// INSERT INTO transfers (from_account, to_account, amount, note)
    /// SELECT source.id, target.id, $1::DECIMAL, $2::TEXT
    /// FROM accounts AS source, accounts AS target
    /// WHERE source.number = $3 AND target.number = $4
    /// ```
    ///
    /// Dropping the future abandons the statement, which may still be carried out.
    ///
    /// # Errors
    ///
    /// As the executor.
    pub async fn record<E: ::crdb_exec::Executor>(
        db: &E,
        params: RecordParams<'_>,
    ) -> ::core::result::Result<(), ::crdb_exec::Error> {
        ::crdb_exec::ExecutorExt::execute(
            db,
            RECORD,
            &[
                &params.amount,
                &params.note,
                &params.from_number,
                &params.to_number,
            ],
        )
        .await?;
        Ok(())
    }

    /// The arguments of [`record`].
    #[derive(Debug, Clone, PartialEq)]
    pub struct RecordParams<'a> {
        /// `DECIMAL`.
        pub amount: ::rust_decimal::Decimal,
        /// what it is for (`STRING`, may be NULL)
        pub note: ::core::option::Option<&'a str>,
        /// `STRING`.
        pub from_number: &'a str,
        /// `STRING`.
        pub to_number: &'a str,
    }
}
