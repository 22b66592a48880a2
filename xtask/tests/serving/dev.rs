//! `cargo xtask dev` prints a URL at which the tables are, and ends by Ctrl-C.

use std::path::Path;

use crdb_facade::{Config, Database, Row as _};

use crate::started::Started;

#[test]
fn its_url_leads_to_a_database_with_the_schemas_tables() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sql/schema");
    let schema = schema.to_str().unwrap();
    let mut dev = Started::new(&["dev", "--json", "--engine", "postgres", "--schema", schema]);
    let line = dev.read_until("{");
    let said: serde_json::Value = serde_json::from_str(&line).unwrap();
    let url = said["url"].as_str().unwrap();

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let accounts: i64 = runtime.block_on(async {
        let config = Config::builder().set_text("auth.url", url).build().unwrap();
        let database = Database::open(config).await.unwrap();
        let counted = database
            .fetch_one("SELECT count(*) FROM accounts", &[])
            .await;
        counted.unwrap().get(0).unwrap()
    });
    assert_eq!(accounts, 0);

    dev.signal(libc::SIGINT);
    let (status, text) = dev.end();
    assert!(status.success(), "{status}: {text}");
}

#[test]
fn a_schema_that_is_not_sql_is_an_error_with_its_line() {
    let schema = tempfile::tempdir().unwrap();
    std::fs::write(
        schema.path().join("1.sql"),
        "SELECT 1;\nCREATE TABEL t ();\n",
    )
    .unwrap();
    let (status, _) = Started::new(&["dev", "--schema", schema.path().to_str().unwrap()]).end();
    assert_eq!(status.code(), Some(1));
}
