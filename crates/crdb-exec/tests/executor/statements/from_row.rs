//! Structs that derive `FromRow`, on rows of a server.

use crdb_exec::{Error, ErrorKind, ExecutorExt, FromRow, FromSql, JsonStr, Row};
use futures_util::TryStreamExt as _;

use crate::fixture::Fixture;

#[derive(Debug, PartialEq, FromRow)]
struct Account {
    number: String,
    #[row(rename = "owner_id")]
    owner: i64,
    note: Option<String>,
    r#type: i32,
}

const ACCOUNT: &str = "SELECT 'A-1'::TEXT AS number, NULL::TEXT AS note, 7::INT8 AS owner_id, 3::INT4 AS type, true AS beyond";

fn account() -> Account {
    Account {
        number: "A-1".to_owned(),
        owner: 7,
        note: None,
        r#type: 3,
    }
}

#[derive(Debug, PartialEq, FromRow)]
#[row(rename_all = "camelCase")]
struct Page<'a, T, const N: usize = 2>
where
    T: PartialEq,
{
    total_count: i64,
    #[row(default)]
    left_out: T,
    #[row(skip)]
    unread: [u8; 2],
    label: &'a str,
    bytes: Option<&'a [u8]>,
    #[row(flatten)]
    place: Place<N>,
}

#[derive(Debug, Default, PartialEq, FromRow)]
struct Place<const N: usize>(i32, #[row(skip)] u8, Option<bool>);

#[derive(Debug, PartialEq, FromRow)]
struct Label<'a, const N: usize = 0> {
    name: &'a str,
    picture: Option<&'a [u8]>,
    document: Option<JsonStr<'a>>,
    tags: Vec<Option<&'a str>>,
    #[row(flatten)]
    size: (i32,),
}

#[derive(Debug, FromRow)]
struct Defaulted {
    #[row(default)]
    number: i64,
}

#[derive(Debug, PartialEq, FromRow)]
struct Of<T: Clone>(T);

fn kept<'r, T: FromSql<'r> + Clone>(row: &'r impl Row) -> Result<T, Error> {
    Of::<T>::from_row(row).map(|of| of.0)
}

#[tokio::test]
async fn every_way_of_fetching_gives_structs() {
    let fixture = Fixture::new().await;
    let db = &fixture.db;
    let one: Account = db.fetch_one_as(ACCOUNT, &[]).await.unwrap();
    assert_eq!(one, account());
    let some: Option<Account> = db.fetch_optional_as(ACCOUNT, &[]).await.unwrap();
    assert_eq!(some, Some(account()));
    let all = db.fetch_all_as::<Account>(ACCOUNT, &[]).await.unwrap();
    assert_eq!(all, [account()]);
    let rows = db.fetch_stream_as::<Account>(ACCOUNT, &[]).await.unwrap();
    assert_eq!(rows.try_collect::<Vec<_>>().await.unwrap(), [account()]);
    let none: Option<(i64, String)> = db
        .fetch_optional_as("SELECT 1::INT8, 'a'::TEXT WHERE false", &[])
        .await
        .unwrap();
    assert_eq!(none, None);
    let none = db.fetch_one_as::<(i64,)>("SELECT 1::INT8 WHERE false", &[]);
    assert_eq!(none.await.unwrap_err().kind(), ErrorKind::NoRow);
}

#[tokio::test]
async fn borrowing_generic_and_flattened_structs_are_read() {
    let fixture = Fixture::new().await;
    let row = fixture
        .db
        .fetch_one(
            "SELECT 4::INT4 AS x, NULL::BOOL AS y, 9::INT8 AS \"totalCount\", 'l'::TEXT AS label, '\\x01'::BYTEA AS bytes",
            &[],
        )
        .await
        .unwrap();
    let page: Page<'_, String> = Page::from_row(&row).unwrap();
    assert_eq!(
        page,
        Page {
            total_count: 9,
            left_out: String::new(),
            unread: [0, 0],
            label: "l",
            bytes: Some(&[1]),
            place: Place(4, 0, None),
        }
    );
    assert_eq!(kept::<i32>(&row).unwrap(), 4);
    let (x, y): (i32, Option<bool>) = FromRow::from_row(&row).unwrap();
    assert_eq!((x, y), (4, None));
}

#[tokio::test]
async fn rows_are_read_in_place() {
    let fixture = Fixture::new().await;
    let db = &fixture.db;
    let labels = "SELECT 4::INT4 AS size, 'a'::TEXT AS name, '\\x01'::BYTEA AS picture, '{\"n\": [1]}'::JSONB AS document,
            ARRAY['x', NULL]::TEXT[] AS tags
        UNION ALL SELECT 5, 'ü', NULL, NULL, ARRAY[]::TEXT[] ORDER BY size";
    let mut rows = db.fetch_borrowed::<Label<'_>>(labels, &[]).await.unwrap();
    let first = Label {
        name: "a",
        picture: Some(&[1]),
        document: Some(JsonStr("{\"n\": [1]}")),
        tags: vec![Some("x"), None],
        size: (4,),
    };
    assert_eq!(rows.try_next().await.unwrap(), Some(first));
    let second = Label {
        name: "ü",
        picture: None,
        document: None,
        tags: Vec::new(),
        size: (5,),
    };
    assert_eq!(rows.try_next().await.unwrap(), Some(second));
    assert_eq!(rows.try_next().await.unwrap(), None);
    assert_eq!(rows.rows_affected(), Some(2));

    // The only column, and a row that does not convert between two that do.
    let names =
        "VALUES (1, 'a'::TEXT, '\\x61'::BYTEA), (2, NULL, NULL), (3, 'c', '\\x63') ORDER BY 1";
    let names =
        |column: &str| format!("SELECT {column} FROM ({names}) AS v (n, text, bytes) ORDER BY n");
    let (texts, bytes) = (names("text"), names("bytes"));
    let mut rows = db
        .fetch_borrowed::<&str>(texts.as_str(), &[])
        .await
        .unwrap();
    assert_eq!(rows.try_next().await.unwrap(), Some("a"));
    let error = rows.try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    assert!(
        error
            .to_string()
            .contains("\"text\" of type text, which was NULL,"),
        "{error}"
    );
    assert_eq!(rows.try_next().await.unwrap(), Some("c"));
    assert_eq!(rows.try_next().await.unwrap(), None);
    let mut rows = db
        .fetch_borrowed::<Option<&[u8]>>(bytes.as_str(), &[])
        .await
        .unwrap();
    for wanted in [Some(&b"a"[..]), None, Some(b"c")] {
        assert_eq!(rows.try_next().await.unwrap(), Some(wanted));
    }

    // A server's error comes with the rows, and a task of its own may read them.
    let failing = db.fetch_borrowed::<&str>(
        "SELECT (1 / (n - 2))::TEXT FROM generate_series(1, 2) AS g (n)",
        &[],
    );
    let read = Box::pin(async {
        let mut rows = failing.await?;
        while rows.try_next().await?.is_some() {}
        Ok::<_, Error>(())
    });
    fn is_send(_: &impl Send) {}
    is_send(&read);
    let error = read.await.unwrap_err();
    assert_eq!(
        error.sqlstate().map(|state| state.as_str().to_owned()),
        Some("22012".to_owned())
    );
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let fixture = Fixture::new().await;
    let db = &fixture.db;
    let read = async |text: &str| {
        let error = db.fetch_one_as::<Account>(text, &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conversion);
        error.to_string()
    };
    let missing = read("SELECT 'A-1'::TEXT AS number, 7::INT8 AS owner").await;
    assert!(
        missing.contains(
            "column \"owner_id\": the row has no such column (it has \"number\", \"owner\")"
        ),
        "{missing}"
    );
    let null = read("SELECT NULL::TEXT AS number").await;
    assert!(
        null.contains("column \"number\" of type text, which was NULL,") && null.contains("Option"),
        "{null}"
    );
    let wide = read("SELECT 'A-1'::TEXT AS number, 7::INT4 AS owner_id").await;
    assert!(wide.contains("column \"owner_id\""), "{wide}");
    let short = db.fetch_one_as::<(i64, i64)>("SELECT 1::INT8 AS a", &[]);
    let short = short.await.unwrap_err().to_string();
    assert!(
        short.contains("column number 1") && short.contains("it has \"a\""),
        "{short}"
    );
    // A default is for a column that is missing, never for a NULL.
    let null = db.fetch_one_as::<Defaulted>("SELECT NULL::INT8 AS number", &[]);
    assert_eq!(null.await.unwrap_err().kind(), ErrorKind::Conversion);
    let missing: Defaulted = db.fetch_one_as("SELECT 1 AS other", &[]).await.unwrap();
    assert_eq!(missing.number, 0);
}
