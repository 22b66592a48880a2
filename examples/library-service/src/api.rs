//! A handler for each route, typed SQL below it.

use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use crdb_facade::prelude::*;

use crate::failure::{ALL_LENT, Failure};
use crate::generated::{books, loans, members};

/// How many rows a list has.
const PAGE: i64 = 50;

type Db = State<Database>;
type Answer<T> = Result<Json<T>, Failure>;

pub(crate) fn routes(db: Database) -> Router {
    Router::new()
        .route("/books", get(search).post(add_book))
        .route("/books/{isbn}", get(book))
        .route("/members", post(join))
        .route("/members/{id}", get(member))
        .route("/members/{id}/loans", get(loans_of))
        .route("/loans", post(lend))
        .route("/loans/overdue", get(overdue))
        .route("/loans/{id}/return", post(give_back))
        .with_state(db)
}

async fn add_book(State(db): Db, Json(new): Json<books::AddParams>) -> Answer<books::Book> {
    Ok(Json(books::add(&db, new).await?))
}

async fn book(State(db): Db, Path(isbn): Path<String>) -> Answer<books::Book> {
    Ok(Json(books::get(&db, &isbn).await?))
}

#[derive(serde::Deserialize)]
struct Filter {
    author: Option<String>,
    since: Option<i32>,
    #[serde(default)]
    available: bool,
}

async fn search(State(db): Db, Query(filter): Query<Filter>) -> Answer<Vec<books::Book>> {
    let mut search = books::Search::new(PAGE).available(filter.available);
    if let Some(author) = &filter.author {
        search = search.author(author);
    }
    if let Some(since) = filter.since {
        search = search.since(since).sort(books::SearchSort::Year);
    }
    Ok(Json(search.fetch_all(&db).await?))
}

async fn join(State(db): Db, Json(new): Json<members::JoinParams>) -> Answer<members::Member> {
    Ok(Json(members::join(&db, new).await?))
}

async fn member(State(db): Db, Path(id): Path<Uuid>) -> Answer<members::Member> {
    Ok(Json(members::get(&db, id).await?))
}

async fn loans_of(State(db): Db, Path(id): Path<Uuid>) -> Answer<Vec<loans::Lent>> {
    Ok(Json(loans::of_member(&db, id).await?))
}

async fn overdue(State(db): Db) -> Answer<Vec<loans::Lent>> {
    Ok(Json(loans::overdue(&db, PAGE).await?))
}

/// Takes a copy and records who has it: both or neither. The body may run more than once, so it does nothing but through `tx`.
async fn lend(State(db): Db, Json(new): Json<loans::RecordParams>) -> Answer<loans::Loan> {
    let options = db.transaction_options().name("lend");
    let lent = db.transact_as(&options, async |tx| -> Result<_, Failure> {
        if books::take_copy(tx, &new.isbn).await? == 0 {
            return Err(ALL_LENT);
        }
        Ok(loans::record(tx, new.clone()).await?)
    });
    Ok(Json(lent.await?))
}

/// Records that a copy is back and puts it on the shelf: both or neither.
async fn give_back(State(db): Db, Path(id): Path<Uuid>) -> Answer<loans::Loan> {
    let options = db.transaction_options().name("give_back");
    let returned = db.transact_as(&options, async |tx| -> Result<_, Failure> {
        let loan = loans::close(tx, id).await?;
        books::put_back(tx, &loan.isbn).await?;
        Ok(loan)
    });
    Ok(Json(returned.await?))
}
