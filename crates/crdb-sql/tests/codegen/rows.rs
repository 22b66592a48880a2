//! Row types: shared, the user's own, with derives; enums with them.

use crdb_sql::Repository;
use crdb_sql::codegen::{Descriptions, Options, generate};
use crdb_sql::schema::Schema;

use crate::{SCHEMA, has, short};

fn with(options: &Options, text: &str) -> Result<String, String> {
    let repository =
        Repository::from_embedded(&[("bank/q.sql", text)]).map_err(|error| error.to_string())?;
    let mut schema = Schema::default();
    schema.apply(SCHEMA);
    let code = generate(&repository, &schema, &Descriptions::default(), options);
    code.map_err(|error| error.to_string())
}

fn code(text: &str) -> Result<String, String> {
    with(&Options::default(), text).map(|code| short(&code))
}

const GET: &str = "-- name: get :one
-- row: Account
-- column number: TEXT not null -- printed on cards
-- column note: TEXT
SELECT number, note FROM accounts;
";

#[test]
fn queries_of_the_same_columns_share_a_row() {
    let code = code(&format!(
        "{GET}
-- name: list :many
-- row: Account
-- derive: Eq
-- column number: TEXT not null
-- column note: TEXT
SELECT number, note FROM accounts;

-- name: find :opt
-- template: select
-- row: Account
-- flag new: x
-- column number: TEXT not null
-- column note: TEXT
SELECT number, note FROM accounts {{% if new %}} WHERE true {{% endif %}}"
    ))
    .unwrap();
    assert_eq!(code.matches("pub struct Account {").count(), 1, "{code}");
    has(&code, "/// A row of [`get`], [`list`], [`Find`].");
    has(
        &code,
        "#[derive(Debug, Clone, PartialEq, Eq)]\npub struct Account {",
    );
    has(&code, "/// printed on cards (`TEXT`)");
    has(&code, "(db: &E) -> Result<Account, Error>");
    has(&code, "(db: &E) -> Result<Vec<Account>, Error>");
    has(&code, "(&self, db: &E) -> Result<Option<Account>, Error>");
    assert!(!code.contains("GetRow"), "{code}");
}

#[test]
fn rows_are_read_in_place_where_a_column_borrows() {
    let query = |columns: &str| format!("-- name: q :many\n{columns}SELECT 1");
    let both = code(&query(
        "-- derive: serde::Serialize\n-- column id: INT8 not null -- its key\n-- column note: TEXT\n-- column tags: TEXT[] not null null elements\n-- column at: JSONB not null\n",
    ))
    .unwrap();
    has(
        &both,
        "#[derive(Debug, Clone, PartialEq)]\npub struct QRowRef<'r> {\n/// its key (`INT8`)\npub id: i64,\n/// `TEXT`, may be NULL.\npub note: Option<&'r str>,",
    );
    has(&both, "pub tags: Vec<Option<&'r str>>,");
    has(&both, "pub at: JsonStr<'r>,");
    has(&both, "impl BorrowedRow for QRowRef<'_> {");
    let one = code(&query("-- column note: BYTES\n")).unwrap();
    has(
        &one,
        "Result<BorrowedRows<E::Rows<'e>, Option<&'e [u8]>>, Error>",
    );
    // Nothing to borrow, one row, an array alone, a struct of the user's.
    for columns in [
        "-- column id: INT8\n-- column at: TIMESTAMPTZ\n",
        "-- column tags: TEXT[]\n",
        "-- row: crate::Mine\n-- column note: TEXT\n",
    ] {
        let code = code(&query(columns)).unwrap();
        assert!(!code.contains("orrowed"), "{code}");
    }
    assert!(!code(GET).unwrap().contains("orrowed"));
    // The type that the options give holds its own.
    let options = Options::default().rust_type("TEXT", "my::Text");
    let own = with(&options, &query("-- column a: TEXT\n-- column b: TEXT[]\n"));
    assert!(!own.unwrap().contains("orrowed"));
    // One struct for all that share a row; a query's own name goes first.
    let shared = format!(
        "{GET}
-- name: list :many
-- row: Account
-- column number: TEXT not null
-- column note: TEXT
SELECT number, note FROM accounts;

-- name: more :many
-- row: Account
-- column number: TEXT not null
-- column note: TEXT
SELECT number, note FROM accounts;

-- name: list_borrowed :exec
SELECT 1"
    );
    let shared = code(&shared).unwrap();
    assert_eq!(
        shared.matches("pub struct AccountRef<'r> {").count(),
        1,
        "{shared}"
    );
    for wanted in [
        "fn list_borrowed<E: Executor>(db: &E)",
        "fn list_borrowed_2<'e,",
        "fn more_borrowed<'e,",
    ] {
        has(&shared, wanted);
    }
}

#[test]
fn one_column_is_a_struct_where_the_header_names_one() {
    let code = code("-- name: q :many\n-- row: Number\n-- column number: TEXT not null\nSELECT number FROM accounts").unwrap();
    has(
        &code,
        "pub struct Number {\npub number: String,"
            .replace("{\n", "{\n/// `TEXT`.\n")
            .as_str(),
    );
    has(&code, "Result<Vec<Number>, Error>");
}

#[test]
fn other_columns_under_the_same_name_are_refused() {
    for (columns, says) in [
        (
            "-- column number: TEXT not null\n-- column note: TEXT not null\nSELECT number, note",
            "`note` can be NULL there and not here",
        ),
        (
            "-- column number: TEXT not null\n-- column note: BYTES\nSELECT number, note",
            "`note` is BYTES here and TEXT there",
        ),
        (
            "-- column number: TEXT not null\n-- column id: TEXT\nSELECT number, id",
            "column 2 is `id` here and `note` there",
        ),
        (
            "-- column number: TEXT not null\nSELECT number",
            "there are 1 here and 2 there",
        ),
    ] {
        let error = code(&format!(
            "{GET}\n-- name: list :many\n-- row: Account\n{columns} FROM accounts"
        ))
        .unwrap_err();
        assert!(
            error.contains(says) && error.contains("`bank.get` has the row `Account` too"),
            "{error}"
        );
        assert!(error.contains("bank/q.sql:7:"), "{error}");
    }
    // Modules do not share: the same name elsewhere is another struct.
    let repository = Repository::from_embedded(&[
        ("a.sql", GET),
        (
            "b.sql",
            "-- name: get :one\n-- row: Account\n-- column id: UUID\nSELECT id FROM accounts",
        ),
    ])
    .unwrap();
    let both = generate(
        &repository,
        &Schema::default(),
        &Descriptions::default(),
        &Options::default(),
    );
    assert_eq!(both.unwrap().matches("pub struct Account {").count(), 2);
}

#[test]
fn a_struct_of_ones_own_is_read_by_its_from_row() {
    let code = code(&GET.replace("row: Account", "row: crate::Account")).unwrap();
    has(&code, "(db: &E) -> Result<crate::Account, Error>");
    has(
        &code,
        "<crate::Account as from_row::FromRow>::from_row(&row)",
    );
    assert!(!code.contains("pub struct"), "{code}");
    let code = code_of_other_crate();
    has(&code, "Result<Vec<::my_types::Account>, Error>");
}

fn code_of_other_crate() -> String {
    code("-- name: q :many\n-- row: my_types::Account\n-- column number: TEXT not null\nSELECT number FROM accounts").unwrap()
}

#[test]
fn derives_come_from_headers_and_options() {
    let text = "-- name: q :one
-- derive: serde::Serialize, serde::Deserialize, Eq
-- column kind: kind not null
-- column number: TEXT not null
SELECT kind, number FROM accounts";
    let code = code(text).unwrap();
    has(
        &code,
        "#[derive(Debug, Clone, PartialEq, ::serde::Serialize, ::serde::Deserialize, Eq)]\npub struct QRow {",
    );
    // Its enums have serde's two, as their labels.
    has(
        &code,
        "#[derive(::serde::Deserialize, ::serde::Serialize)]\npub enum Kind {",
    );
    has(&code, "#[serde(rename = \"in progress\")]\nInProgress,");
    assert!(!code.contains("serde(crate"), "{code}");
    let options = Options::default()
        .facade()
        .derive("crdb_facade::serde::Serialize")
        .derive("my::Derive");
    let plain = "-- name: q :one\n-- column kind: kind\n-- column id: UUID\n-- column at: TIMESTAMPTZ\n-- column x: JSONB\n\
                 -- column b: DECIMAL\nSELECT kind, id, at, x, b FROM accounts";
    let code = with(&options, plain).unwrap();
    has(
        &code,
        "#[derive(Debug, Clone, PartialEq, ::crdb_facade::serde::Serialize, ::my::Derive)]\n#[serde(crate = \"::crdb_facade::serde\")]\npub struct QRow {",
    );
    has(
        &code,
        "#[derive(::crdb_facade::serde::Serialize)]\n#[serde(crate = \"::crdb_facade::serde\")]\npub enum Kind {",
    );
    for path in [
        "pub id: ::core::option::Option<::crdb_facade::uuid::Uuid>,",
        "pub at: ::core::option::Option<::crdb_facade::chrono::DateTime<::crdb_facade::chrono::Utc>>,",
        "pub x: ::core::option::Option<::crdb_facade::serde_json::Value>,",
        "pub b: ::core::option::Option<::crdb_facade::rust_decimal::Decimal>,",
        "E: ::crdb_facade::exec::Executor>",
    ] {
        has(&code, path);
    }
}

#[test]
fn arguments_that_derive_own_their_values() {
    let text = "-- name: add :one
-- arguments: crdb_facade::serde::Deserialize
-- param kind: kind
-- param number: TEXT
-- param notes: TEXT[] null
-- column number: TEXT not null
INSERT INTO accounts (kind, number, notes) VALUES (:kind, :number, :notes) RETURNING number";
    let code = code(text).unwrap();
    has(
        &code,
        "#[derive(Debug, Clone, PartialEq, ::crdb_facade::serde::Deserialize)]\n#[serde(crate = \"::crdb_facade::serde\")]\npub struct AddParams {",
    );
    has(&code, "pub number: String,");
    has(&code, "pub notes: Option<Vec<String>>,");
    has(&code, "params: AddParams)");
    // An enum among them is read from its label.
    has(
        &code,
        "#[derive(::crdb_facade::serde::Deserialize)]\n#[serde(crate = \"::crdb_facade::serde\")]\npub enum Kind {",
    );
}

#[test]
fn arguments_without_a_struct_derive_nothing() {
    for text in [
        "-- name: q :exec\n-- arguments: Eq\nDELETE FROM accounts WHERE number = :number",
        "-- name: q :exec\n-- arguments: Eq\n-- param number: TEXT\nDELETE FROM accounts WHERE number = :number",
    ] {
        let error = code(text).unwrap_err();
        assert!(error.contains("two or more parameters"), "{error}");
    }
    let template = "-- name: q :many\n-- template: select\n-- arguments: Eq\n-- flag newest: newest first\n-- column number: TEXT not null\n\
                    SELECT number FROM accounts ORDER BY number{% if newest %} DESC{% endif %} LIMIT 10";
    let error = code(template).unwrap_err();
    assert!(error.contains("no struct of arguments"), "{error}");
}

#[test]
fn enums_are_read_from_their_labels() {
    let code = code("-- name: q :one\n-- column kind: kind\nSELECT kind FROM accounts").unwrap();
    has(&code, "sql_enum!(Kind, \"kind\");");
}

#[test]
fn headers_that_name_no_row_are_refused() {
    for (line, says) in [
        ("row: account", "`account` is not the name of a row type"),
        ("row: Account<T>", "is not the name of a row type"),
        ("row: Self", "is not the name of a row type"),
        ("row: crate::", "is not the name of a row type"),
        ("derive: serde::Serialize Eq", "is not the path of a derive"),
        ("derive: Eq,", "the list is empty or has a gap"),
        ("rows: Account", "did you mean `row:`?"),
    ] {
        let error = code(&format!(
            "-- name: q :one\n-- {line}\n-- column a: INT8\nSELECT 1 AS a"
        ))
        .unwrap_err();
        assert!(error.contains(says), "{line}: {error}");
    }
    for line in ["row: Account", "derive: Eq"] {
        let error = code(&format!(
            "-- name: q :exec\n-- {line}\nDELETE FROM accounts WHERE true"
        ))
        .unwrap_err();
        assert!(error.contains("only a query that returns rows"), "{error}");
    }
}
