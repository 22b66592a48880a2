//! Uses crdb-sql alone.

use crdb_sql::{Error, Repository};

/// The text of a query and its arguments in order.
pub fn ready(id: &str) -> Result<(String, Vec<&str>), Error> {
    let repository = Repository::from_embedded(&[(
        "accounts/get.sql",
        "-- name: get :one\nSELECT balance FROM accounts WHERE id = :id;\n",
    )])?;
    let query = repository.get("accounts.get")?;
    Ok((query.text().to_owned(), query.arrange(&[("id", id)])?))
}
