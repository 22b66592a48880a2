//! A handler for each route, typed SQL below it.

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use crdb_facade::prelude::*;
use crdb_facade::uuid::Uuid;

use crate::failure::Failure;
use crate::generated::notes;

/// How many notes a list has.
const PAGE: i64 = 20;

type Answer<T> = Result<Json<T>, Failure>;

pub(crate) fn routes(db: Database) -> Router {
    Router::new()
        .route("/notes", get(latest).post(create))
        .route("/notes/{id}", get(one))
        .route("/notes/{id}/likes", post(like))
        .with_state(db)
}

#[derive(serde::Deserialize)]
struct New {
    title: String,
    body: String,
}

async fn create(State(db): State<Database>, Json(new): Json<New>) -> Answer<notes::Note> {
    let params = notes::CreateParams {
        title: &new.title,
        body: &new.body,
    };
    Ok(Json(notes::create(&db, params).await?))
}

async fn one(State(db): State<Database>, Path(id): Path<Uuid>) -> Answer<notes::Note> {
    let found = notes::get(&db, id).await?;
    found.map(Json).ok_or(Failure::NotFound)
}

async fn latest(State(db): State<Database>) -> Answer<Vec<notes::Note>> {
    Ok(Json(notes::latest(&db, PAGE).await?))
}

/// Counts and reads in one transaction. The body runs again after a serialization failure, so it has no effect but through `tx`.
async fn like(State(db): State<Database>, Path(id): Path<Uuid>) -> Answer<notes::Note> {
    let options = db.transaction_options().name("like");
    let liked = db
        .transact_as(&options, async |tx| -> Result<_, Failure> {
            notes::like(tx, id).await?;
            notes::get(tx, id).await?.ok_or(Failure::NotFound)
        })
        .await?;
    Ok(Json(liked))
}
