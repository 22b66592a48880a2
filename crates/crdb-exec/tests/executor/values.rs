//! No value is changed silently: what is read is what was there, or it is refused, on each engine.

use std::net::IpAddr;
use std::time::SystemTime;

use crate::fixture::Fixture;
use crdb_exec::{
    Array, BitString, Date, Error, ErrorKind, Exact, ExecutorExt, FromSql, Inet, Interval,
    JsonText, Numeric, Row, TimeOfDay, TimeTz, Timestamp, ToSql,
};
use crdb_testkit::{EngineKind, QuirksOptions, QuirksProxy};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rust_decimal::Decimal;

type Json = serde_json::Value;
type Utc = chrono::DateTime<chrono::Utc>;
type Bounded<T> = postgres_types::Timestamp<T>;
type BoundedDate = postgres_types::Date<chrono::NaiveDate>;

/// What became of a value that was read and written back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The server says that it is the same.
    Same,
    Refused,
    /// The server says that it is another one: what must not be.
    Changed,
}
use Outcome::{Refused, Same};

/// How the server compares two values of a type.
fn equality(sql_type: &str, literal: &str) -> String {
    let literal = literal.replace('\'', "''");
    let (a, b) = (
        format!("$1::{sql_type}"),
        format!("'{literal}'::{sql_type}"),
    );
    match sql_type {
        // JSON has no equality.
        "JSON" => format!("SELECT {a}::JSONB = {b}::JSONB"),
        _ => format!("SELECT {a} IS NOT DISTINCT FROM {b}"),
    }
}

async fn read<T>(fixture: &Fixture, sql_type: &str, literal: &str) -> Result<T, Error>
where
    T: for<'a> FromSql<'a>,
{
    let escaped = literal.replace('\'', "''");
    let text = format!("SELECT '{escaped}'::{sql_type} AS value");
    fixture
        .db
        .fetch_one(&*text, &[])
        .await
        .unwrap()
        .get("value")
}

/// Reads a value, and asks the server whether what was read is the same.
async fn there_and_back<T>(fixture: &Fixture, sql_type: &str, literal: &str) -> Outcome
where
    T: for<'a> FromSql<'a> + ToSql + Sync,
{
    match read::<T>(fixture, sql_type, literal).await {
        Ok(value) => {
            let text = equality(sql_type, literal);
            let row = fixture.db.fetch_one(&*text, &[&value]).await.unwrap();
            match row.get::<bool>(0).unwrap() {
                true => Outcome::Same,
                false => Outcome::Changed,
            }
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Conversion, "{error}");
            Outcome::Refused
        }
    }
}

/// Runs a test on the engine at hand, and on PostgreSQL behind the habits of CockroachDB.
async fn on_both_engines(test: impl AsyncFn(&Fixture)) {
    test(&Fixture::new().await).await;
    let engine = crdb_testkit::Engine::shared_postgres().await;
    let proxy = QuirksProxy::start(engine, QuirksOptions::default())
        .await
        .unwrap();
    test(&Fixture::with_habits(&[&proxy]).await).await;
}

/// Checks `SQL type, literal => Rust type: outcome, ..` line by line.
macro_rules! check {
    ($fixture:expr; $($sql_type:literal, $literal:expr => $($rust:ty: $outcome:expr),+;)+) => {
        let mut wrong = Vec::new();
        $($(
            let outcome = there_and_back::<$rust>($fixture, $sql_type, $literal).await;
            if outcome != $outcome {
                wrong.push(format!(
                    "{} '{}' as {}: {outcome:?}", $sql_type, $literal, stringify!($rust)
                ));
            }
        )+)+
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    };
}

#[tokio::test]
async fn numbers_are_kept_or_refused() {
    on_both_engines(async |fixture| {
        check! { fixture;
            "DECIMAL(40,20)", "99999999999999999999.99999999999999999999" => Numeric: Same, Decimal: Refused;
            "DECIMAL", "1e-30" => Numeric: Same, Decimal: Refused, Option<Decimal>: Refused;
            "DECIMAL", "79228162514264337593543950335" => Numeric: Same, Decimal: Same;
            "DECIMAL", "79228162514264337593543950336" => Numeric: Same, Decimal: Refused;
            "DECIMAL", "0.12345678901234567890123456789" => Numeric: Same, Decimal: Refused;
            "DECIMAL", "1.000000000000000000000000000000000000" => Numeric: Same, Decimal: Same;
            "DECIMAL", "1e200" => Numeric: Same, Decimal: Refused;
            "DECIMAL", "NaN" => Numeric: Same, Decimal: Refused;
            "DECIMAL", "Infinity" => Numeric: Same, Decimal: Refused;
            "DECIMAL", "-Infinity" => Numeric: Same, Decimal: Refused;
            "DECIMAL", "-12.50" => Numeric: Same, Decimal: Same, Exact<Decimal>: Same;
            "DECIMAL[]", "{1,1e-30}" => Vec<Numeric>: Same, Vec<Decimal>: Refused, Vec<Option<Decimal>>: Refused;
            "DECIMAL[]", "{1,NULL}" => Vec<Option<Decimal>>: Same, Vec<Decimal>: Refused;
            "INT8", "9223372036854775807" => i64: Same, i32: Refused, f64: Refused, Decimal: Refused;
            "INT4", "-2147483648" => i32: Same, i16: Refused, i64: Refused;
            "FLOAT8", "-0" => f64: Same, f32: Refused;
            "FLOAT8", "NaN" => f64: Same;
            "FLOAT8", "1e308" => f64: Same, f32: Refused;
            "FLOAT4", "1e-45" => f32: Same, f64: Refused;
            "DECIMAL", "0.1" => f64: Refused, f32: Refused, i64: Refused;
            "OID", "4294967295" => u32: Same, i32: Refused;
            "DECIMAL", "-0.000" => Numeric: Same, Decimal: Same;
            "DECIMAL", "1e-28" => Numeric: Same, Decimal: Same;
            "DECIMAL", "1e-29" => Numeric: Same, Decimal: Refused;
            "DECIMAL", "7.9228162514264337593543950335" => Numeric: Same, Decimal: Same;
            "DECIMAL", "7.9228162514264337593543950336" => Numeric: Same, Decimal: Refused;
            "DECIMAL", "10000000000000000000000000000" => Numeric: Same, Decimal: Same;
            "DECIMAL", "100000000000000000000000000000" => Numeric: Same, Decimal: Refused;
            "FLOAT8", "4.9406564584124654e-324" => f64: Same;
            "FLOAT8", "9007199254740993" => f64: Same, i64: Refused;
            "BOOL", "t" => bool: Same, i8: Refused, i64: Refused, String: Refused;
        }
    })
    .await;
}

#[tokio::test]
async fn times_are_kept_or_refused() {
    on_both_engines(async |fixture| {
        check! { fixture;
            "TIME", "24:00:00" => TimeOfDay: Same, chrono::NaiveTime: Refused, Option<chrono::NaiveTime>: Refused,
                Exact<TimeOfDay>: Same, Vec<TimeOfDay>: Refused;
            "TIME", "23:59:59.999999" => TimeOfDay: Same, chrono::NaiveTime: Same;
            "TIME[]", "{24:00:00}" => Vec<TimeOfDay>: Same, Vec<chrono::NaiveTime>: Refused;
            "TIMETZ", "24:00:00-15:59:59" => TimeTz: Same;
            "TIMETZ", "00:00:00+15:59:59" => TimeTz: Same, chrono::NaiveTime: Refused;
            "DATE", "infinity" => Date: Same, chrono::NaiveDate: Refused, BoundedDate: Same;
            "DATE", "-infinity" => Date: Same, chrono::NaiveDate: Refused, BoundedDate: Same;
            "DATE", "4713-01-01 BC" => Date: Same, chrono::NaiveDate: Same;
            "DATE", "0001-12-31 BC" => Date: Same, chrono::NaiveDate: Same;
            "DATE", "5874897-12-31" => Date: Same, chrono::NaiveDate: Refused;
            "TIMESTAMPTZ", "infinity" => Timestamp: Same, Utc: Refused, SystemTime: Refused, Bounded<Utc>: Same;
            "TIMESTAMPTZ", "-infinity" => Timestamp: Same, Utc: Refused, SystemTime: Refused, Bounded<Utc>: Same;
            "TIMESTAMPTZ[]", "{infinity}" => Vec<Timestamp>: Same, Vec<SystemTime>: Refused, Vec<Utc>: Refused;
            "TIMESTAMPTZ", "0044-03-15 12:00:00+00 BC" => Timestamp: Same, Utc: Same, SystemTime: Same;
            "TIMESTAMPTZ", "294276-12-31 23:59:59.999999+00" => Timestamp: Same, Utc: Refused, SystemTime: Same;
            "TIMESTAMP", "infinity" => Timestamp: Same, chrono::NaiveDateTime: Refused, SystemTime: Refused;
            "TIMESTAMP", "294276-12-31 23:59:59.999999" => Timestamp: Same, chrono::NaiveDateTime: Refused;
            "TIMESTAMP", "4713-01-01 00:00:00 BC" => Timestamp: Same, chrono::NaiveDateTime: Same;
            "INTERVAL", "-1 mons 2 days -00:00:03.000004" => Interval: Same;
            "INTERVAL", "178000000 years" => Interval: Same;
            "INTERVAL", "1 mon -30 days" => Interval: Same;
            "INTERVAL", "-2147483648 mons" => Interval: Same;
            "INTERVAL", "2147483647 days -9223372036854.775807 seconds" => Interval: Same;
            "TIMETZ", "12:00:00.000001+05:30" => TimeTz: Same, TimeOfDay: Refused;
            "TIMESTAMP", "0001-01-01 00:00:00 BC" => Timestamp: Same, chrono::NaiveDateTime: Same, Utc: Refused;
            "TIMESTAMPTZ", "1900-01-01 00:00:00+00:19:32" => Timestamp: Same, Utc: Same, chrono::NaiveDateTime: Refused;
            "TIMESTAMPTZ", "2000-01-01 00:00:00+00" => Timestamp: Same, SystemTime: Same, chrono::DateTime<chrono::FixedOffset>: Same;
            "DATE", "9999-12-31" => Date: Same, chrono::NaiveDate: Same, Timestamp: Refused, chrono::NaiveDateTime: Refused;
        }
        // The server takes intervals of one length for the same.
        let mixed: Interval = read(fixture, "INTERVAL", "1 mon -30 days").await.unwrap();
        assert_eq!(mixed, Interval::new(1, -30, 0));
    })
    .await;
}

#[tokio::test]
async fn other_values_are_kept_or_refused() {
    on_both_engines(async |fixture| {
        check! { fixture;
            "INET", "10.1.2.3/24" => Inet: Same, IpAddr: Refused, Option<IpAddr>: Refused;
            "INET", "10.1.2.3" => Inet: Same, IpAddr: Same;
            "INET", "::1/128" => Inet: Same, IpAddr: Same;
            "INET", "fe80::1/64" => Inet: Same, IpAddr: Refused;
            "INET", "0.0.0.0/0" => Inet: Same, IpAddr: Refused;
            "INET[]", "{10.1.2.3,10.1.2.3/24}" => Vec<Inet>: Same, Vec<IpAddr>: Refused;
            "BIT(5)", "10110" => BitString: Same;
            "VARBIT", "" => BitString: Same;
            "VARBIT", "000000001" => BitString: Same;
            "VARBIT[]", "{1,10110}" => Vec<BitString>: Same;
            "JSONB", "12345678901234567890123" => JsonText: Same, Json: Refused;
            "JSONB", "[0.1234567890123456789]" => JsonText: Same, Json: Refused, Option<Json>: Refused;
            "JSONB", "{\"a\": [1, 1.5, -2e3, \"ü\"]}" => JsonText: Same, Json: Same;
            "JSON", "{\"a\": 1, \"a\": 2}" => JsonText: Same, Json: Refused;
            "JSON", "{\"b\": 1, \"a\": 2}" => JsonText: Same, Json: Same;
            "JSONB", "9007199254740993" => JsonText: Same, Json: Same;
            "JSONB", "-9223372036854775809" => JsonText: Same, Json: Refused;
            "JSON", "-0" => JsonText: Same, Json: Same;
            "JSONB", "1e308" => JsonText: Same;
            "JSON", "{\"a\": {\"b\": 1, \"b\": 1}}" => JsonText: Same, Json: Refused;
            "JSON", "{\"\": 1, \"\\u0061\": 2, \"a\": 3}" => JsonText: Same, Json: Refused;
            "JSON", "[\"\\u00e9\\ud83d\\ude00\\n\"]" => JsonText: Same, Json: Same;
            "TEXT", "" => String: Same, Vec<u8>: Refused;
            "CHAR(5)", "ab" => String: Same;
            "VARCHAR(5)", "ab   " => String: Same;
            "NAME", "name" => String: Same;
            "BYTEA", "\\x00ff" => Vec<u8>: Same, String: Refused;
            "UUID", "00000000-0000-0000-0000-000000000000" => uuid::Uuid: Same;
            "INT8[]", "{}" => Vec<i64>: Same, Vec<i32>: Refused, Array<i64>: Same;
            "INT8[]", "{1,NULL,3}" => Vec<Option<i64>>: Same, Vec<i64>: Refused, Array<Option<i64>>: Same, Array<i64>: Refused;
            "TEXT[]", "{\"\",NULL,\"NULL\"}" => Vec<Option<String>>: Same, Vec<String>: Refused;
        }
    })
    .await;
}

/// CockroachDB has neither bounds nor dimensions nor these types.
#[tokio::test]
async fn values_of_postgresql_alone_are_kept_or_refused() {
    let fixture = Fixture::new().await;
    if fixture.engine.kind() == EngineKind::CockroachDb {
        println!("not run: this engine has no array bounds, CIDR, composites and domains");
        return;
    }
    check! { &fixture;
        "INT8[]", "[2:3]={1,2}" => Array<i64>: Same, Vec<i64>: Refused, Box<[i64]>: Refused, Exact<Array<i64>>: Same;
        "INT8[]", "{{1,2},{3,NULL}}" => Array<Option<i64>>: Same, Vec<Option<i64>>: Refused;
        "DECIMAL[]", "[0:0]={1}" => Array<Decimal>: Same, Vec<Decimal>: Refused;
        "DECIMAL[]", "[0:0]={1e-30}" => Array<Numeric>: Same, Array<Decimal>: Refused;
        "INT2VECTOR", "1 2" => Vec<i16>: Same;
        "CIDR", "10.1.2.0/24" => Inet: Same, IpAddr: Refused;
        "\"char\"", "" => i8: Same;
        "TIMETZ", "12:00:00+05:30:15" => TimeTz: Same;
        "MONEY", "12.34" => i64: Refused, Numeric: Refused, Decimal: Refused, f64: Refused, String: Refused;
        "INT4RANGE", "[1,3)" => String: Refused, Vec<i32>: Refused;
        "XML", "<a/>" => Vec<u8>: Refused;
        "MACADDR", "08:00:2b:01:02:03" => Vec<u8>: Refused, String: Refused;
        "NUMERIC", "1e131071" => Numeric: Same, Decimal: Refused;
        "NUMERIC", "1e-16383" => Numeric: Same, Decimal: Refused;
    }
    fixture
        .sql(
            "CREATE DOMAIN price AS DECIMAL CHECK (VALUE > 0);
             CREATE TYPE item AS (name TEXT, price DECIMAL, days TIME[]);",
        )
        .await;
    check! { &fixture;
        "item", "(a,1.5,{12:00})" => Item<Decimal, chrono::NaiveTime>: Same;
        "item", "(a,1e-30,{12:00})" => Item<Decimal, chrono::NaiveTime>: Refused, Item<Numeric, chrono::NaiveTime>: Same;
        "item", "(a,1,{24:00})" => Item<Numeric, chrono::NaiveTime>: Refused, Item<Decimal, TimeOfDay>: Same;
        "item[]", "{\"(a,1e-30,{})\"}" => Vec<Item<Decimal, TimeOfDay>>: Refused, Vec<Item<Numeric, TimeOfDay>>: Same;
        "price", "1e-30" => Price: Refused, ExactPrice: Same;
        "price[]", "{1e-30}" => Vec<Price>: Refused, Vec<ExactPrice>: Same;
    }
}

#[derive(Debug, postgres_types::FromSql, postgres_types::ToSql)]
#[postgres(name = "item")]
struct Item<P, T> {
    name: String,
    price: P,
    days: Vec<T>,
}

#[derive(Debug, postgres_types::FromSql, postgres_types::ToSql)]
#[postgres(name = "price")]
struct Price(Decimal);

#[derive(Debug, postgres_types::FromSql, postgres_types::ToSql)]
#[postgres(name = "price")]
struct ExactPrice(Numeric);

/// Sends a value as `Exact`, and asks the server whether it is the one that the literal means.
async fn sent_exactly<T>(fixture: &Fixture, sql_type: &str, value: T, literal: &str) -> Outcome
where
    T: for<'a> FromSql<'a> + ToSql + PartialEq + Sync,
{
    let text = equality(sql_type, literal);
    match fixture.db.fetch_one(&*text, &[&Exact(value)]).await {
        Ok(row) => match row.get::<bool>(0).unwrap() {
            true => Outcome::Same,
            false => Outcome::Changed,
        },
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
            Outcome::Refused
        }
    }
}

#[tokio::test]
async fn a_parameter_that_must_be_exact_is_sent_whole_or_refused() {
    use chrono::{NaiveDate, NaiveTime, Timelike as _};
    use std::time::{Duration, UNIX_EPOCH};

    on_both_engines(async |fixture| {
        let midnight = NaiveTime::MIN;
        let day = NaiveDate::from_ymd_opt(1999, 12, 31).unwrap();
        let time = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).unwrap();
        let finer = time.with_nanosecond(999_999_001).unwrap();
        let leap = NaiveTime::from_hms_micro_opt(23, 59, 59, 1_500_000).unwrap();
        let nearly_a_day = Duration::from_micros(86_399_999_999);
        let mut wrong = Vec::new();
        let mut check = |what: &str, found: Outcome, wanted: Outcome| {
            if found != wanted {
                wrong.push(format!("{what}: {found:?}"));
            }
        };
        let whole = "1999-12-31 23:59:59.999999";
        check(
            "time",
            sent_exactly(fixture, "TIME", time, "23:59:59.999999").await,
            Same,
        );
        check(
            "midnight",
            sent_exactly(fixture, "TIME", midnight, "00:00").await,
            Same,
        );
        check(
            "finer time",
            sent_exactly(fixture, "TIME", finer, "23:59:59.999999").await,
            Refused,
        );
        check(
            "leap second",
            sent_exactly(fixture, "TIME", leap, "24:00:00").await,
            Refused,
        );
        check(
            "naive",
            sent_exactly(fixture, "TIMESTAMP", day.and_time(time), whole).await,
            Same,
        );
        check(
            "finer naive",
            sent_exactly(fixture, "TIMESTAMP", day.and_time(finer), whole).await,
            Refused,
        );
        check(
            "leap naive",
            sent_exactly(fixture, "TIMESTAMP", day.and_time(leap), whole).await,
            Refused,
        );
        let zoned = format!("{whole}+00");
        let utc = day.and_time(time).and_utc();
        check(
            "utc",
            sent_exactly(fixture, "TIMESTAMPTZ", utc, &zoned).await,
            Same,
        );
        let utc = day.and_time(finer).and_utc();
        check(
            "finer utc",
            sent_exactly(fixture, "TIMESTAMPTZ", utc, &zoned).await,
            Refused,
        );
        let far = chrono::DateTime::<chrono::Utc>::MAX_UTC;
        check(
            "the last utc",
            sent_exactly(fixture, "TIMESTAMPTZ", far, &zoned).await,
            Refused,
        );
        let system = UNIX_EPOCH - Duration::from_secs(86_400) + nearly_a_day;
        let literal = "1969-12-31 23:59:59.999999+00";
        check(
            "system",
            sent_exactly(fixture, "TIMESTAMPTZ", system, literal).await,
            Same,
        );
        let system = system - Duration::from_nanos(1);
        check(
            "finer system",
            sent_exactly(fixture, "TIMESTAMPTZ", system, literal).await,
            Refused,
        );
        check(
            "some",
            sent_exactly(fixture, "TIME", Some(finer), "23:59:59.999999").await,
            Refused,
        );
        check(
            "list",
            sent_exactly(fixture, "TIME[]", vec![time, finer], "{}").await,
            Refused,
        );
        check(
            "list",
            sent_exactly(fixture, "TIME[]", vec![time], "{23:59:59.999999}").await,
            Same,
        );
        check(
            "number",
            sent_exactly(fixture, "DECIMAL", Decimal::new(150, 2), "1.5").await,
            Same,
        );
        check(
            "not a number",
            sent_exactly(fixture, "FLOAT8", f64::NAN, "NaN").await,
            Same,
        );
        check(
            "nothing",
            sent_exactly(fixture, "FLOAT4", f32::MIN_POSITIVE, "1.1754944e-38").await,
            Same,
        );
        let json = postgres_types::Json(vec![0.5_f64]);
        check(
            "json",
            sent_exactly(fixture, "JSONB", json, "[0.5]").await,
            Same,
        );
        let json = postgres_types::Json(vec![f64::NAN]);
        check(
            "no json",
            sent_exactly(fixture, "JSONB", json, "[null]").await,
            Refused,
        );
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}

#[tokio::test]
async fn a_domain_takes_and_gives_what_is_below_it_alone_and_in_arrays() {
    let fixture = Fixture::postgresql().await;
    fixture
        .sql("CREATE DOMAIN word AS TEXT CHECK (value <> '')")
        .await;
    fixture
        .sql("CREATE TABLE words (one word, several word[])")
        .await;
    let insert = "INSERT INTO words VALUES ($1, $2) RETURNING one, several";
    let several = ["a", "b"].as_slice();
    let row = fixture
        .db
        .fetch_one(insert, &[&"a", &several])
        .await
        .unwrap();
    assert_eq!(row.get::<String>(0).unwrap(), "a");
    assert_eq!(row.get::<Vec<String>>(1).unwrap(), several);
    let nulls = [Some("a"), None].as_slice();
    let row = fixture
        .db
        .fetch_one(insert, &[&None::<&str>, &nulls])
        .await
        .unwrap();
    assert_eq!(row.get::<Option<String>>(0).unwrap(), None);
    let found: Vec<Option<String>> = row.get(1).unwrap();
    assert_eq!(found, [Some("a".to_owned()), None]);
    // The domain's own rule is the server's, and a type that is not below it is refused here.
    let empty = [""].as_slice();
    let error = fixture
        .db
        .execute(insert, &[&"a", &empty])
        .await
        .unwrap_err();
    assert!(error.is_check_violation(), "{error}");
    let error = fixture
        .db
        .execute(insert, &[&1_i64, &several])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    assert!(row.get::<Vec<i64>>(1).is_err());
}

#[tokio::test]
async fn a_refusal_says_why_and_what_to_do() {
    let fixture = Fixture::new().await;
    for (error, says) in [
        (
            read::<Decimal>(&fixture, "DECIMAL", "1e-30")
                .await
                .unwrap_err(),
            "reading column \"value\" of type numeric as rust_decimal::decimal::Decimal: a value does not convert; \
             it is a number that 96 bits do not hold: read it as crdb_exec::Numeric, which holds every one",
        ),
        (
            read::<Vec<i64>>(&fixture, "INT8[]", "{1,NULL}")
                .await
                .unwrap_err(),
            "an element was NULL: read it as a Vec of Option",
        ),
        (
            read::<chrono::NaiveDate>(&fixture, "DATE", "infinity")
                .await
                .unwrap_err(),
            "it is infinite: read it as crdb_exec::Date, which has infinities",
        ),
        (
            fixture
                .db
                .fetch_one("SELECT NULL::TEXT AS note", &[])
                .await
                .unwrap()
                .get::<String>("note")
                .unwrap_err(),
            "reading column \"note\" of type text, which was NULL, as alloc::string::String: a value does not \
             convert; read it as an Option",
        ),
    ] {
        let message = error.to_string();
        assert!(message.contains(says), "{message}");
        // Neither form repeats the value.
        assert!(
            !format!("{message} {error:?}").contains("e-30"),
            "{error:?}"
        );
    }
}

/// Runs a property with each case on both engines.
fn property<S: Strategy>(strategy: S, test: impl AsyncFn(&Fixture, S::Value) -> Result<(), String>)
where
    S::Value: Clone,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: 128,
        failure_persistence: None,
        ..Config::default()
    };
    let engines = runtime.block_on(async {
        let engine = crdb_testkit::Engine::shared_postgres().await;
        let proxy = QuirksProxy::start(engine, QuirksOptions::default())
            .await
            .unwrap();
        let behind = Fixture::with_habits(&[&proxy]).await;
        (Fixture::new().await, behind, proxy)
    });
    let (straight, behind, _proxy) = &engines;
    TestRunner::new(config)
        .run(&strategy, |value| {
            runtime
                .block_on(async {
                    test(straight, value.clone()).await?;
                    test(behind, value).await
                })
                .map_err(proptest::test_runner::TestCaseError::fail)
        })
        .unwrap();
}

/// Fails where a value of an own type is not the same, or one of another type is changed.
fn verdict(own: Outcome, others: &[Outcome]) -> Result<(), String> {
    match own == Same && !others.contains(&Outcome::Changed) {
        true => Ok(()),
        false => Err(format!("own {own:?}, others {others:?}")),
    }
}

#[test]
fn every_number_is_kept_or_refused() {
    let text = "-?[0-9]{1,34}(\\.[0-9]{1,34})?(e-?[0-9])?";
    property(text, async |fixture, text| {
        let own = there_and_back::<Numeric>(fixture, "DECIMAL", &text).await;
        let number: Numeric = read(fixture, "DECIMAL", &text).await.unwrap();
        if number != text.parse().unwrap() {
            return Err(format!("read as {number}"));
        }
        let other = there_and_back::<Decimal>(fixture, "DECIMAL", &text).await;
        verdict(own, &[other])
    });
}

#[test]
fn every_time_is_kept_or_refused() {
    let days = (-2_451_000_i64..2_145_000_000, 0_i64..=86_400_000_000);
    property(days, async |fixture, (day, microseconds)| {
        let time = TimeOfDay::from_microseconds(microseconds)
            .unwrap()
            .to_string();
        let date = Date::from_unix_days(i32::try_from(day).unwrap())
            .unwrap()
            .to_string();
        let own = there_and_back::<TimeOfDay>(fixture, "TIME", &time).await;
        let other = there_and_back::<chrono::NaiveTime>(fixture, "TIME", &time).await;
        verdict(own, &[other])?;
        let own = there_and_back::<Date>(fixture, "DATE", &date).await;
        let other = there_and_back::<chrono::NaiveDate>(fixture, "DATE", &date).await;
        verdict(own, &[other])?;
        let unix = (day % 100_000_000) * 86_400_000_000 + microseconds;
        let stamp = Timestamp::from_unix_microseconds(unix).unwrap().to_string();
        let own = there_and_back::<Timestamp>(fixture, "TIMESTAMP", &stamp).await;
        let naive = there_and_back::<chrono::NaiveDateTime>(fixture, "TIMESTAMP", &stamp).await;
        let system = there_and_back::<SystemTime>(fixture, "TIMESTAMP", &stamp).await;
        verdict(own, &[naive, system])
    });
}

#[test]
fn every_network_and_bit_string_is_kept_or_refused() {
    let values = (any::<IpAddr>(), 0_u8..=128, "[01]{0,40}");
    property(values, async |fixture, (address, prefix, bits)| {
        let inet = Inet::new(address, prefix)
            .unwrap_or(Inet::from(address))
            .to_string();
        let own = there_and_back::<Inet>(fixture, "INET", &inet).await;
        let other = there_and_back::<IpAddr>(fixture, "INET", &inet).await;
        verdict(own, &[other])?;
        verdict(
            there_and_back::<BitString>(fixture, "VARBIT", &bits).await,
            &[],
        )
    });
}

#[test]
fn every_interval_and_array_is_kept_or_refused() {
    let interval = (any::<i16>(), any::<i32>(), any::<i64>());
    let elements = prop::collection::vec(prop::option::of(any::<i64>()), 0..6);
    let values = (interval, elements, -3_i32..4, 0_u8..3);
    property(
        values,
        async |fixture, ((months, days, microseconds), elements, lower, shape)| {
            let wanted = Interval::new(i32::from(months), days, microseconds / 1_000);
            let text = format!(
                "{months} months {days} days {} microseconds",
                wanted.microseconds
            );
            let found: Interval = read(fixture, "INTERVAL", &text).await.unwrap();
            if found != wanted {
                return Err(format!("{text} is read as {found:?}"));
            }
            verdict(
                there_and_back::<Interval>(fixture, "INTERVAL", &text).await,
                &[],
            )?;

            let items: Vec<String> = elements
                .iter()
                .map(|element| element.map_or("NULL".to_owned(), |number| number.to_string()))
                .collect();
            let row = format!("{{{}}}", items.join(","));
            let text = match (shape, elements.len()) {
                _ if fixture.engine.kind() == EngineKind::CockroachDb => row,
                (0, _) | (_, 0) => row,
                (1, length) => format!("[{lower}:{}]={row}", i64::from(lower) + length as i64 - 1),
                _ => format!("{{{row},{row}}}"),
            };
            let own = there_and_back::<Array<Option<i64>>>(fixture, "INT8[]", &text).await;
            let nullable = there_and_back::<Vec<Option<i64>>>(fixture, "INT8[]", &text).await;
            let plain = there_and_back::<Vec<i64>>(fixture, "INT8[]", &text).await;
            verdict(own, &[nullable, plain])
        },
    );
}

#[test]
fn every_document_is_kept_or_refused() {
    let number = "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?(e-?[0-9]{1,2})?";
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        number.prop_map(|number| number),
        "\"[a-z\\\\u00e9 ]{0,6}\"".prop_map(|text| text.replace('\\', "\\\\")),
    ];
    let document = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(("[ab]", inner), 0..3).prop_map(|fields| {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("\"{name}\": {value}"))
                    .collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    });
    property(document, async |fixture, document| {
        for sql_type in ["JSON", "JSONB"] {
            let own = there_and_back::<JsonText>(fixture, sql_type, &document).await;
            let other = there_and_back::<Json>(fixture, sql_type, &document).await;
            verdict(own, &[other])?;
        }
        Ok(())
    });
}
