//! Uses crdb-facade alone, with a repository and an observer of its own.

use std::sync::Arc;

use crdb_facade::config::keys;
use crdb_facade::exec::{PartialObserver, StatementEnd};
use crdb_facade::sql::Repository;
use crdb_facade::prelude::*;

/// Says how long each statement took.
struct Log;

impl PartialObserver for Log {
    fn statement_ended(&self, event: &StatementEnd<'_>) {
        println!("{:?} took {:?}", event.name, event.elapsed);
    }
}

/// Opens a database and moves money.
pub async fn transfer(from: i64, to: i64) -> Result<i64, Error> {
    let config = Config::builder()
        .set(keys::auth::USER, "teller")
        .set(keys::pool::MAX_SIZE, 4_u32)
        .environment()
        .build()?;
    let repository = Repository::from_embedded(&[(
        "accounts/change.sql",
        "-- name: change :one\nUPDATE accounts SET balance = balance + :cents WHERE id = :id RETURNING balance;\n",
    )])?;
    let db = Database::builder(config)
        .repository(repository)
        .exec_observer(Arc::new(Log))
        .open()
        .await?;
    db.transact(async |tx| {
        tx.query("accounts.change")
            .bind("id", to)
            .bind("cents", 1_i64)
            .fetch_one()
            .await?;
        let row = tx
            .query("accounts.change")
            .bind("id", from)
            .bind("cents", -1_i64)
            .fetch_one()
            .await?;
        Ok(row.get("balance")?)
    })
    .await
}
