//! The HTTP API: a handler for each route, typed SQL below it.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use crdb_facade::prelude::*;

use crate::failure::Failure;
use crate::generated::{accounts, customers, transfers};
use crate::service::Service;

/// Names a transfer, so that a client may repeat it: draft-ietf-httpapi-idempotency-key-header.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// How long such a key may be, in bytes.
const LONGEST_KEY: usize = 128;
/// How many rows a list has where the caller does not say.
const PAGE: i64 = 20;

type Answer<T> = Result<Json<T>, Failure>;

/// The routes that clients use.
pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route("/customers", post(create_customer))
        .route("/customers/{id}", get(customer))
        .route("/accounts", get(search).post(open))
        .route("/accounts/{number}", get(account).delete(close))
        .route("/accounts/{number}/transfers", get(latest))
        .route("/transfers", post(transfer))
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

impl Order {
    fn asks_for(&self, made: &transfers::Transfer) -> bool {
        self.source == made.source
            && self.target == made.target
            && self.amount == made.amount
            && self.note == made.note
    }
}

/// Moves money, and records it. The body runs again after a serialization failure, so it has no effect but through `tx`.
///
/// With an `Idempotency-Key` a client may repeat the request until it has an answer, here or at another replica: the money
/// moves once.
async fn transfer(
    State(db): State<Database>,
    headers: HeaderMap,
    Json(order): Json<Order>,
) -> Answer<transfers::Transfer> {
    let key = idempotency_key(&headers)?;
    let options = db.transaction_options().name("transfer");
    let made = db
        .transact_as(&options, async |tx| -> Result<_, Failure> {
            move_money(tx, &order, key).await
        })
        .await?;
    Ok(Json(made))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Failure> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if (1..=LONGEST_KEY).contains(&key.len()) => Ok(Some(key)),
        _ => Err(Failure::unprocessable(
            "Idempotency-Key is 1 to 128 visible ASCII characters",
        )),
    }
}

async fn move_money(
    tx: &Transaction,
    order: &Order,
    key: Option<&str>,
) -> Result<transfers::Transfer, Failure> {
    // First, so that a repeated request changes nothing. It waits for one with the same key that is still under way.
    let params = transfers::RecordParams {
        source: &order.source,
        target: &order.target,
        amount: order.amount,
        note: order.note.as_deref(),
        request: key,
    };
    let Some(made) = transfers::record(tx, params).await? else {
        return repeated(tx, order, key).await;
    };
    // Always the lower number first: two transfers in opposite directions would wait for each other.
    if order.source < order.target {
        withdraw(tx, order).await?;
        deposit(tx, order).await?;
    } else {
        deposit(tx, order).await?;
        withdraw(tx, order).await?;
    }
    Ok(made)
}

async fn withdraw(tx: &Transaction, order: &Order) -> Result<(), Failure> {
    let params = accounts::WithdrawParams {
        number: &order.source,
        amount: order.amount,
    };
    match accounts::withdraw(tx, params).await? {
        0 => Err(Failure::conflict(
            "the account is closed or does not cover the amount",
        )),
        _ => Ok(()),
    }
}

async fn deposit(tx: &Transaction, order: &Order) -> Result<(), Failure> {
    let params = accounts::DepositParams {
        number: &order.target,
        amount: order.amount,
    };
    match accounts::deposit(tx, params).await? {
        0 => Err(Failure::conflict("the target account is closed")),
        _ => Ok(()),
    }
}

/// Answers a request that was carried out before.
async fn repeated(
    tx: &Transaction,
    order: &Order,
    key: Option<&str>,
) -> Result<transfers::Transfer, Failure> {
    let made = match key {
        Some(key) => transfers::by_request(tx, key).await?,
        None => None,
    };
    match made {
        Some(made) if order.asks_for(&made) => Ok(made),
        _ => Err(Failure::unprocessable(
            "this Idempotency-Key was used for another transfer",
        )),
    }
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
            move_money(tx, &order, None).await?;
        }
        match accounts::close(tx, &number).await? {
            0 => Err(Failure::conflict("the account is closed already")),
            _ => Ok(()),
        }
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
