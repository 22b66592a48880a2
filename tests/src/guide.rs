//! Compiles the Rust of the guide: each page's blocks are doctests.

/// Declares an item for each page.
macro_rules! pages {
    ($($name:ident: $path:literal,)+) => {
        $(
            #[doc = include_str!(concat!("../../docs/guide/src/", $path))]
            struct $name;
        )+
    };
}

pages! {
    FirstService: "first-service.md",
    Configuration: "layers/configuration.md",
    Login: "layers/login.md",
    Pool: "layers/pool.md",
    Connection: "layers/connection.md",
    Sql: "layers/sql.md",
    Statements: "layers/statements.md",
    YourOwnPool: "layers/your-own-pool.md",
    Migrations: "layers/migrations.md",
    Data: "layers/data.md",
    Observing: "layers/observing.md",
    Tests: "layers/tests.md",
    SlowRequest: "slow-request.md",
    FromSqlx: "coming-from/sqlx.md",
    FromTokioPostgres: "coming-from/tokio-postgres.md",
    FromJdbc: "coming-from/jdbc.md",
    FromPgx: "coming-from/pgx.md",
}
