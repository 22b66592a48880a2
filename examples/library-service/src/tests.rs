//! Each test has a database of its own, on a server that starts by itself.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use crdb_facade::prelude::*;
use serde_json::{Value, json};
use tower::ServiceExt as _;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The service on a test's database.
struct Library(Router);

impl crdb_testkit::FromDatabase for Library {
    async fn from_database(database: &crdb_testkit::Database) -> Self {
        let db = Database::connect(database.url()).await;
        Self(crate::api::routes(db.expect("a database to connect to")))
    }
}

impl Library {
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> Result<(u16, Value), Box<dyn std::error::Error>> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))?;
        let response = self.0.clone().oneshot(request).await?;
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }

    async fn post(
        &self,
        path: &str,
        body: Value,
    ) -> Result<(u16, Value), Box<dyn std::error::Error>> {
        self.send(Method::POST, path, body).await
    }

    async fn get(&self, path: &str) -> Result<(u16, Value), Box<dyn std::error::Error>> {
        self.send(Method::GET, path, Value::Null).await
    }
}

fn book(isbn: &str, year: i32) -> Value {
    json!({ "isbn": isbn, "title": format!("Book {isbn}"), "author": "Ada", "year": year, "copies": 1 })
}

#[crdb_testkit::test(imitate = "v25.2")]
async fn a_copy_is_lent_once_and_comes_back(library: Library) -> Outcome {
    let (status, added) = library.post("/books", book("1", 1843)).await?;
    assert_eq!((status, &added["lent"]), (200, &json!(0)), "{added}");
    let new = json!({ "name": "Blaise", "email": "Blaise@example.com" });
    let (status, member) = library.post("/members", new.clone()).await?;
    assert_eq!(
        (status, &member["email"]),
        (200, &json!("blaise@example.com"))
    );
    assert_eq!(library.post("/members", new).await?.0, 409);

    let wanted = json!({ "isbn": "1", "member": member["id"] });
    let (status, loan) = library.post("/loans", wanted.clone()).await?;
    assert_eq!(status, 200, "{loan}");
    assert_eq!(library.post("/loans", wanted).await?.0, 409);
    let id = member["id"].as_str().ok_or("a member without an id")?;
    let (_, lent) = library.get(&format!("/members/{id}/loans")).await?;
    assert_eq!(lent[0]["title"], "Book 1");
    assert_eq!(library.get("/loans/overdue").await?, (200, json!([])));

    let back = format!(
        "/loans/{}/return",
        loan["id"].as_str().ok_or("a loan without an id")?
    );
    let (status, returned) = library.post(&back, Value::Null).await?;
    assert!(
        status == 200 && returned["returned_at"].is_string(),
        "{returned}"
    );
    assert_eq!(library.post(&back, Value::Null).await?.0, 404);
    assert_eq!(library.get("/books/1").await?.1["lent"], 0);
    Ok(())
}

#[crdb_testkit::test(imitate = "v25.2")]
async fn a_loan_that_cannot_be_recorded_takes_no_copy(library: Library) -> Outcome {
    library.post("/books", book("1", 1843)).await?;
    let unknown = json!({ "isbn": "1", "member": "00000000-0000-0000-0000-000000000000" });
    assert_eq!(library.post("/loans", unknown).await?.0, 422);
    assert_eq!(library.get("/books/1").await?.1["lent"], 0);
    Ok(())
}

#[crdb_testkit::test(imitate = "v25.2")]
async fn books_are_found_by_what_is_asked(library: Library) -> Outcome {
    for (isbn, year) in [("1", 1843), ("2", 1953), ("3", 1936)] {
        library.post("/books", book(isbn, year)).await?;
    }
    let (_, found) = library
        .get("/books?author=Ada&since=1900&available=true")
        .await?;
    let found: Vec<_> = found
        .as_array()
        .ok_or("no list")?
        .iter()
        .map(|book| &book["isbn"])
        .collect();
    assert_eq!(found, ["3", "2"]);
    assert_eq!(library.get("/books/4").await?.0, 404);
    Ok(())
}
