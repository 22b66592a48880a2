//! A user's invoices: writes some through the generated functions, and reads them back.
#![deny(warnings, missing_docs)]

mod connection;
pub mod queries;

/// What the build script has written: the same, by another way.
pub mod built {
    include!(concat!(env!("OUT_DIR"), "/queries.rs"));
}

use std::sync::Arc;

use connection::{Connection, Single};
use crdb_exec::{ClientSession, FromRow, Interval, PooledExecutor};
use futures_util::TryStreamExt as _;
use queries::State;
use queries::invoices::{self, ImportParams, LabelParams, PutPaymentParams, Search, SearchSort};
use rust_decimal::Decimal;
use serde_json::json;
use tokio_postgres::NoTls;
use uuid::Uuid;

/// A row of the program's own.
#[derive(Debug, PartialEq, FromRow)]
pub struct OfState {
    invoices: i64,
    state: State,
}

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Fallible<()> {
    let server = std::env::var("INVOICES_DATABASE")?;
    let (client, connection) = tokio_postgres::connect(&server, NoTls).await?;
    let talk = tokio::spawn(connection);
    client
        .batch_execute(include_str!("../sql/schema/001_invoices.sql"))
        .await?;
    let session = ClientSession::new(Connection(client));
    let db = PooledExecutor::builder(Single(Arc::new(session))).build();

    let lines = json!([{"text": "paper", "pieces": 3}]);
    let due = "2031-05-06T07:08:09Z".parse()?;
    let grace = Interval::new(1, 2, 3);
    let id = Uuid::from_u128;
    let item = |number: i64, state, due| ImportParams {
        id: id(number as u128),
        number,
        state,
        total: Decimal::new(number * 10_000 + 5, 4),
        due,
        grace,
        lines: &lines,
        label: "new",
    };
    let items = [
        item(1, State::Open, Some(due)),
        item(2, State::PartlyPaid, None),
        item(3, State::Paid, None),
    ];
    assert_eq!(invoices::import(&db, &items).await?, 3);

    assert_eq!(invoices::get(&db, id(9)).await?, None);
    let second = invoices::get(&db, id(2))
        .await?
        .ok_or("no second invoice")?;
    assert_eq!(
        (second.number, second.state, second.due),
        (2, State::PartlyPaid, None)
    );
    assert_eq!(second.total, Decimal::new(20_005, 4));
    assert_eq!(
        (second.grace, second.lines, second.labels),
        (grace, lines.clone(), vec!["new".to_owned()])
    );

    let counted = invoices::count(&db, &[State::Open, State::Paid]).await?;
    assert_eq!((counted.invoices, counted.latest), (2, Some(due)));
    assert_eq!(invoices::count(&db, &[]).await?.latest, None);

    let numbered = invoices::numbered(&db, &[3, 1]).await?;
    let found: Vec<_> = numbered.iter().map(|row| (row.id, row.due)).collect();
    assert_eq!(found, [(id(1), Some(due)), (id(3), None)]);
    let stream = invoices::numbered_stream(&db, &[3, 1]).await?;
    assert_eq!(stream.try_collect::<Vec<_>>().await?, numbered);

    // The other side of an outer join.
    let [unpaid] = invoices::with_payments(&db, id(1))
        .await?
        .try_into()
        .map_err(|_| "not one row")?;
    assert_eq!((unpaid.number, unpaid.amount), (1, None));

    assert_eq!(invoices::pay(&db, id(1)).await?, 1);
    assert_eq!(invoices::pay(&db, id(1)).await?, 0);
    let labels = ["late", "ü"];
    invoices::label(
        &db,
        LabelParams {
            id: id(1),
            labels: &labels,
        },
    )
    .await?;
    let first = invoices::get(&db, id(1)).await?.ok_or("no first invoice")?;
    assert_eq!(
        (first.state, first.labels),
        (State::Paid, labels.map(str::to_owned).to_vec())
    );

    let dear = Search::new()
        .least(Decimal::from(2))
        .sort(SearchSort::Total)
        .fetch_all(&db)
        .await?;
    assert_eq!(
        dear.iter().map(|row| row.id).collect::<Vec<_>>(),
        [id(2), id(3)]
    );
    assert_eq!(Search::new().fetch_all(&db).await?.len(), 3);

    // Two queries share a row, which derives serde's trait; one has a row of the program's own.
    let smallest = invoices::smallest(&db).await?.ok_or("no invoice")?;
    assert_eq!(serde_json::to_value(&smallest)?["total"], json!("1.0005"));
    assert_eq!(Search::new().fetch_all(&db).await?.first().map(|row| row.id), Some(smallest.id));
    let states = invoices::states(&db).await?;
    assert!(states.contains(&OfState { invoices: 2, state: State::Paid }), "{states:?}");
    assert_eq!("partly paid".parse(), Ok(State::PartlyPaid));
    let unknown = "void".parse::<State>().err().map(|error| error.to_string());
    assert_eq!(unknown.as_deref(), Some("the enum state has no label \"void\""));
    assert!(built::invoices::get(&db, id(9)).await?.is_none());

    // It compiles from what it declares; this server does not know the statement (42601).
    let payment = PutPaymentParams {
        id: id(1),
        invoice: id(1),
        amount: Decimal::ONE,
    };
    let refusal = invoices::put_payment(&db, payment)
        .await
        .err()
        .ok_or("PostgreSQL took UPSERT")?;
    assert_eq!(
        refusal.sqlstate().map(|state| state.to_string()).as_deref(),
        Some("42601")
    );

    drop(db);
    talk.await??;
    println!("the invoices are as they were written");
    Ok(())
}
