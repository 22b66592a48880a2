//! Each test has a database of its own, on a server that starts by itself.

use std::error::Error;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use crdb_facade::Database;
use serde_json::{Value, json};
use tower::ServiceExt as _;

type Outcome = Result<(), Box<dyn Error>>;

/// The tables, by the service's own migrations.
async fn migrate(database: &crdb_testkit::Database) -> Result<(), Box<dyn Error>> {
    let db = Database::connect(database.url()).await?;
    db.migrate(crate::migrations::all()?).await?;
    Ok(())
}

async fn send(
    router: &Router,
    method: Method,
    path: &str,
    body: Value,
) -> Result<(StatusCode, Value), Box<dyn Error>> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))?;
    let response = router.clone().oneshot(request).await?;
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await?;
    Ok((status, serde_json::from_slice(&bytes).unwrap_or_default()))
}

#[crdb_testkit::test(migrate = migrate, imitate = "v25.2")]
async fn notes_are_kept_and_liked(database: crdb_testkit::Database) -> Outcome {
    let db = Database::connect(database.url()).await?;
    let router = crate::api::routes(db);
    let new = json!({ "title": "First", "body": "Hello" });
    let (status, note) = send(&router, Method::POST, "/notes", new.clone()).await?;
    assert_eq!(status, StatusCode::OK, "{note}");

    let (status, _) = send(&router, Method::POST, "/notes", new).await?;
    assert_eq!(status, StatusCode::CONFLICT);

    let id = note["id"].as_str().ok_or("a note without an id")?;
    let likes = format!("/notes/{id}/likes");
    let (status, liked) = send(&router, Method::POST, &likes, Value::Null).await?;
    assert_eq!((status, &liked["likes"]), (StatusCode::OK, &json!(1)));

    let (_, all) = send(&router, Method::GET, "/notes", Value::Null).await?;
    assert_eq!(all, json!([liked]));
    Ok(())
}

#[crdb_testkit::test(migrate = migrate, imitate = "v25.2")]
async fn what_is_not_there_is_not_found(database: crdb_testkit::Database) -> Outcome {
    let db = Database::connect(database.url()).await?;
    let router = crate::api::routes(db);
    let missing = "/notes/00000000-0000-0000-0000-000000000000";
    let (status, _) = send(&router, Method::GET, missing, Value::Null).await?;
    assert_eq!(status, StatusCode::NOT_FOUND);
    Ok(())
}
