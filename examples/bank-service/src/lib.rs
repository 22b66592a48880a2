//! A small bank over HTTP: the service of the guide.
//!
//! [`router`] is the whole service; `main` gives it a database and a port, the tests give it a database of their own.

pub mod generated;

mod failure;

use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use crdb_facade::prelude::*;

pub use failure::Failure;
use generated::{accounts, customers, transfers};

/// How long a readiness probe waits for a session.
const READY_WITHIN: Duration = Duration::from_secs(2);
/// How many rows a list has where the caller does not say.
const PAGE: i64 = 20;

type Answer<T> = Result<Json<T>, Failure>;

/// The service on this database.
pub fn router(db: Database) -> Router {
    Router::new()
        .route("/customers", post(create_customer))
        .route("/customers/{id}", get(customer))
        .route("/accounts", get(search).post(open))
        .route("/accounts/{number}", get(account).delete(close))
        .route("/accounts/{number}/transfers", get(latest))
        .route("/transfers", post(transfer))
        .route("/live", get(async || StatusCode::NO_CONTENT))
        .route("/ready", get(ready))
        .route(
            "/metrics",
            get(async |State(db): State<Database>| db.metrics().render()),
        )
        .with_state(db)
}

#[derive(serde::Deserialize)]
struct NewCustomer {
    name: String,
    email: String,
    country: String,
}

async fn create_customer(
    State(db): State<Database>,
    Json(new): Json<NewCustomer>,
) -> Answer<customers::Customer> {
    let params = customers::CreateParams {
        name: &new.name,
        email: &new.email,
        country: &new.country,
    };
    Ok(Json(customers::create(&db, params).await?))
}

async fn customer(
    State(db): State<Database>,
    Path(id): Path<crdb_facade::uuid::Uuid>,
) -> Answer<customers::Customer> {
    let found = customers::get(&db, id).await?;
    found
        .map(Json)
        .ok_or_else(|| Failure::not_found("customer"))
}

#[derive(serde::Deserialize)]
struct NewAccount {
    number: String,
    customer_id: crdb_facade::uuid::Uuid,
}

async fn open(
    State(db): State<Database>,
    Json(new): Json<NewAccount>,
) -> Answer<accounts::Account> {
    let params = accounts::OpenParams {
        number: &new.number,
        customer_id: new.customer_id,
    };
    Ok(Json(accounts::open(&db, params).await?))
}

async fn account(
    State(db): State<Database>,
    Path(number): Path<String>,
) -> Answer<accounts::Account> {
    let found = accounts::get(&db, &number).await?;
    found.map(Json).ok_or_else(|| Failure::not_found("account"))
}

#[derive(serde::Deserialize)]
struct Filter {
    country: Option<String>,
    least: Option<i64>,
    #[serde(default)]
    largest_first: bool,
}

async fn search(
    State(db): State<Database>,
    Query(filter): Query<Filter>,
) -> Answer<Vec<accounts::Found>> {
    let mut search = accounts::Search::new(PAGE)
        .sort(accounts::SearchSort::Balance)
        .descending(filter.largest_first);
    if let Some(country) = &filter.country {
        search = search.country(country);
    }
    if let Some(least) = filter.least {
        search = search.least(least);
    }
    Ok(Json(search.fetch_all(&db).await?))
}

async fn latest(
    State(db): State<Database>,
    Path(number): Path<String>,
) -> Answer<Vec<transfers::Transfer>> {
    let params = transfers::LatestParams {
        number: &number,
        count: PAGE,
    };
    Ok(Json(transfers::latest(&db, params).await?))
}

#[derive(serde::Deserialize)]
struct Order {
    source: String,
    target: String,
    amount: i64,
    note: Option<String>,
}

/// Moves money, and records it. The body runs again after a serialization failure, so it has no effect but through `tx`.
async fn transfer(
    State(db): State<Database>,
    Json(order): Json<Order>,
) -> Answer<transfers::Transfer> {
    let options = db.transaction_options().name("transfer");
    let made = db
        .transact_as(&options, async |tx| -> Result<_, Failure> {
            move_money(tx, &order).await
        })
        .await?;
    Ok(Json(made))
}

async fn move_money(tx: &Transaction, order: &Order) -> Result<transfers::Transfer, Failure> {
    let withdrawal = accounts::WithdrawParams {
        number: &order.source,
        amount: order.amount,
    };
    if accounts::withdraw(tx, withdrawal).await? == 0 {
        return Err(Failure::conflict(
            "the account does not exist or does not cover the amount",
        ));
    }
    let deposit = accounts::DepositParams {
        number: &order.target,
        amount: order.amount,
    };
    if accounts::deposit(tx, deposit).await? == 0 {
        return Err(Failure::not_found("target account"));
    }
    let params = transfers::RecordParams {
        source: &order.source,
        target: &order.target,
        amount: order.amount,
        note: order.note.as_deref(),
    };
    Ok(transfers::record(tx, params).await?)
}

#[derive(serde::Deserialize)]
struct Closing {
    /// Where the money goes.
    into: String,
}

/// Closes an account and moves what is in it, both or neither.
async fn close(
    State(db): State<Database>,
    Path(number): Path<String>,
    Query(closing): Query<Closing>,
) -> Result<StatusCode, Failure> {
    let options = db.transaction_options().name("close");
    db.transact_as(&options, async |tx| -> Result<(), Failure> {
        let account = accounts::get(tx, &number).await?;
        let account = account.ok_or_else(|| Failure::not_found("account"))?;
        if account.balance > 0 {
            let order = Order {
                source: account.number,
                target: closing.into.clone(),
                amount: account.balance,
                note: Some("closing".to_owned()),
            };
            move_money(tx, &order).await?;
        }
        match accounts::close(tx, &number).await? {
            0 => Err(Failure::conflict("the account is closed already")),
            _ => Ok(()),
        }
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn ready(State(db): State<Database>) -> Result<StatusCode, Failure> {
    db.check(READY_WITHIN).await?;
    Ok(StatusCode::NO_CONTENT)
}
