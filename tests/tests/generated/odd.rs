//! Deliberately odd queries: their code compiles without a warning, and reads rows that have NULL wherever the server can give one, on
//! each engine.
//!
//! `odd/generated.rs` comes from `cargo xtask codegen --facade --sql tests/tests/generated/odd --out tests/tests/generated/odd/generated.rs`.

use crdb_facade::Database;
use crdb_facade::config::{Config, Node, keys};
use crdb_facade::exec::JsonStr;
use crdb_facade::serde_json::{self, json};
use crdb_testkit::{Engine, QuirksOptions, QuirksProxy};
use futures_util::TryStreamExt as _;

use generated::{MoodOfDay, Place, Row, crdb_facade as odd, r_self, std};

#[deny(warnings)]
#[allow(unreachable_pub, reason = "it is a module of a test")]
#[path = "odd/generated.rs"]
mod generated;

const SCHEMA: &str = include_str!("odd/schema/001_odd.sql");

fn full(order: i64) -> std::PutParams<'static> {
    std::PutParams {
        order,
        select: Some("it's"),
        group: 1,
        r#type: Some(Row::AB),
        tags: Some(&["x", "ü"]),
        user: None,
        amount: Some("1.50".parse().unwrap()),
        at: Some("2031-05-06T07:08:09Z".parse().unwrap()),
        self_: Some(true),
        id: Some(crdb_facade::uuid::Uuid::from_u128(7)),
        bytes: Some(&[0, 255]),
    }
}

/// Everything is NULL that can be.
fn empty(order: i64) -> std::PutParams<'static> {
    std::PutParams {
        order,
        select: None,
        group: 2,
        r#type: None,
        tags: None,
        user: None,
        amount: None,
        at: None,
        self_: None,
        id: None,
        bytes: None,
    }
}

/// Runs every query, and says how many there are.
async fn run(db: &Database) -> usize {
    let mut ran = 0;
    /// Counts a query that must succeed.
    macro_rules! runs {
        ($($call:expr),+ $(,)?) => {{
            $(
                ran += 1;
                $call.await.unwrap_or_else(|error| panic!("{}: {error}", stringify!($call)))
            )+
        }};
    }
    let a = json!({"a": null});
    let mut with_json = full(2);
    with_json.user = Some(&a);
    assert_eq!(runs!(std::put(db, &[full(1), with_json, empty(3)])), 3);
    let other = |id, odd, note| std::PutOtherParams {
        id,
        odd,
        note,
        año: 5,
    };
    assert_eq!(
        runs!(std::put_other(
            db,
            &[other(1, None, None), other(2, Some(1), Some("n"))]
        )),
        2
    );

    let all = runs!(std::all(db));
    assert_eq!(all.len(), 3);
    assert!(
        all.iter()
            .any(|row| row.select.is_none() && row.tags.is_none() && row.r#type.is_none())
    );
    let share = runs!(std::share(db));
    assert!(share.iter().any(|row| row.share.is_none()), "{share:?}");
    let gaps = runs!(std::gaps(db));
    assert!(gaps.iter().any(|row| row.gap.is_none()), "{gaps:?}");
    let joined = runs!(std::right_join(db));
    assert!(joined.iter().any(|row| row.k.is_none()), "{joined:?}");
    let joined = runs!(std::full_join(db));
    assert!(
        joined.iter().any(|row| row.id.is_none()) && joined.iter().any(|row| row.a.is_none()),
        "{joined:?}"
    );
    let joined = runs!(std::left_join(db));
    assert!(joined.iter().any(|row| row.año.is_none()), "{joined:?}");
    assert_eq!(runs!(std::cross_join(db)).len(), 6);
    assert_eq!(runs!(std::lateral(db)).len(), 3);
    assert_eq!(runs!(std::column_list(db)).len(), 3);
    assert_eq!(runs!(std::x(db, 99)).sum, None);
    let names = runs!(std::x_stream(db));
    assert!(
        names.iter().any(|row| row
            .names
            .as_ref()
            .is_some_and(|names| names.contains(&None))),
        "{names:?}"
    );

    let typed = runs!(odd::r#type(db, 3)).unwrap();
    assert_eq!((typed.r#type, typed.r#fn, typed.a), (None, None, None));
    assert_eq!(runs!(odd::r#match(db)).len(), 3);
    assert_eq!(runs!(odd::r#box(db))[0].a_b, 1);
    assert_eq!(runs!(odd::r#async(db)).word, None);
    assert!(runs!(odd::r#loop(db)).contains(&None));
    assert_eq!(runs!(odd::r#dyn(db)).len(), 2);
    assert_eq!(runs!(odd::r#where(db, 3)).len(), 3);
    assert_eq!(runs!(odd::r#ref(db)).len(), 1);
    assert_eq!(runs!(odd::r#impl(db)).len(), 2);
    assert_eq!(runs!(odd::r#in(db, &[1, 3, 99])).len(), 2);
    let params = odd::ModParams {
        año: 1,
        aña: "a",
        db: true,
    };
    assert_eq!(runs!(odd::r#mod(db, params)).len(), 1);
    let lets = runs!(odd::r#let(db));
    assert!(
        lets.iter()
            .any(|row| row.joined.is_none() && row.between_them.is_none()),
        "{lets:?}"
    );
    assert!(runs!(odd::r#use(db)).iter().any(|row| row.length.is_none()));
    assert_eq!(runs!(odd::r#static(db)).len(), 2);
    let second = runs!(odd::r#trait(db, 2)).unwrap();
    assert_eq!(runs!(odd::r#pub(db))[1], second);
    assert_eq!(runs!(odd::New::new().odd(1).fetch_all(db)), [second]);
    assert_eq!(
        runs!(odd::New::new().f1(true).f5(true).f8(true).fetch_all(db)).len(),
        1
    );
    assert_eq!(
        runs!(
            odd::New::new()
                .f1(true)
                .f2(true)
                .f8(true)
                .sort(odd::NewSort::Note)
                .fetch_all(db)
        )
        .len(),
        2
    );

    let params = r_self::RenameParams {
        select: None,
        r#type: Some(Row::SelfValue),
        order: 1,
    };
    assert_eq!(runs!(r_self::rename(db, params)), 1);
    let changed = runs!(r_self::returning(db, 2));
    assert!(
        changed
            .iter()
            .all(|row| row.amount.is_none() && row.nothing.is_none()),
        "{changed:?}"
    );
    let params = r_self::InsertParams { id: 3, año: 7 };
    assert_eq!(runs!(r_self::insert(db, params)).note, None);
    assert_eq!(runs!(r_self::delete(db, 3)), Some(None));
    // A domain takes and gives what the type below it does; its check is the server's.
    let domain = |id, word| r_self::DomainParams { id, año: 7, word };
    assert_eq!(
        runs!(r_self::domain(db, domain(4, Some("w")))),
        Some("w".to_owned())
    );
    assert_eq!(runs!(r_self::domain(db, domain(5, None))), None);
    let refused = r_self::domain(db, domain(6, Some(""))).await.unwrap_err();
    assert!(refused.to_string().contains("Word"), "{refused}");
    let domains = |id, words| r_self::DomainsParams { id, año: 7, words };
    assert_eq!(
        runs!(r_self::domains(db, domains(8, Some(&["a", "b"][..])))),
        Some(vec!["a".to_owned(), "b".to_owned()])
    );
    assert_eq!(
        runs!(r_self::domains(db, domains(9, Some(&[][..])))),
        Some(Vec::new())
    );
    assert_eq!(runs!(r_self::domains(db, domains(10, None))), None);
    let refused = r_self::domains(db, domains(11, Some(&["a", ""][..]))).await;
    assert!(refused.unwrap_err().to_string().contains("Word"));
    // A name that is another without quotes.
    let moods = r_self::MoodsParams {
        id: 11,
        año: 7,
        mood: Some(MoodOfDay::SoSo),
        moods: Some(&[MoodOfDay::Good, MoodOfDay::SoSo]),
    };
    let found = runs!(r_self::moods(db, moods));
    assert_eq!(found.mood, Some(MoodOfDay::SoSo));
    assert_eq!(found.moods, Some(vec![MoodOfDay::Good, MoodOfDay::SoSo]));
    let place = Place {
        street: Some("it's".to_owned()),
        r#type: Some(Row::AB),
        amount: None,
        tags: Some(vec!["x".to_owned()]),
    };
    let composite = |id, place| r_self::CompositeParams { id, año: 7, place };
    assert_eq!(
        runs!(r_self::composite(db, composite(6, Some(&place)))).as_ref(),
        Some(&place)
    );
    assert_eq!(runs!(r_self::composite(db, composite(7, None))), None);
    let places = runs!(r_self::composites(db)).remove(0).places.unwrap();
    assert!(
        places.contains(&None) && places.contains(&Some(place)),
        "{places:?}"
    );
    for id in [4, 5, 6, 7, 8, 9, 10, 11] {
        runs!(r_self::delete(db, id));
    }
    // The same key twice in one statement.
    let same = [other(8, None, None), other(8, None, None)];
    let twice = std::put_other(db, &same).await.unwrap_err();
    assert!(
        twice
            .to_string()
            .contains("two of its items may have one key"),
        "{twice}"
    );
    let enums = runs!(r_self::enums(db, Row::SelfValue));
    assert!(
        enums.iter().any(|row| row.types == Some(vec![None])),
        "{enums:?}"
    );
    assert_eq!(runs!(r_self::json(db)).len(), 3);
    assert_eq!(runs!(r_self::times(db)).len(), 3);
    assert_eq!(
        runs!(r_self::past_stream(db))
            .try_collect::<Vec<_>>()
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(runs!(r_self::scalar(db)), [Some("n".to_owned())]);
    assert!(
        runs!(r_self::bytes(db))
            .iter()
            .any(|row| row.bytes.is_none() && row.length.is_none())
    );
    assert!(
        runs!(r_self::group_having(db))
            .iter()
            .any(|row| row.self_.is_none() && row.avg.is_none())
    );
    runs!(r_self::exec(db, 1));
    in_place(db).await;
    ran
}

/// Rows that are read in place are those that are copied, NULL included.
async fn in_place(db: &Database) {
    /// Compares what an expression says of each row.
    macro_rules! same {
        ($owned:expr, $borrowed:expr, |$row:ident| $($own:expr => $value:expr),+ $(,)?) => {{
            let owned = $owned.await.unwrap();
            let mut rows = $borrowed.await.unwrap();
            for $row in &owned {
                let own = ($($own),+);
                let $row = rows.try_next().await.unwrap().unwrap();
                assert_eq!(own, ($($value),+), "{}", stringify!($borrowed));
            }
            assert!(rows.try_next().await.unwrap().is_none());
        }};
    }
    let json = |value: &serde_json::Value| value.to_string().replace(' ', "");
    let text = |value: JsonStr<'_>| value.0.replace(' ', "");
    same!(std::all(db), std::all_borrowed(db), |row|
        row.order => row.order,
        row.select.as_deref() => row.select,
        row.bytes.as_deref() => row.bytes,
        row.tags.as_ref().map(|tags| tags.iter().map(String::as_str).collect::<Vec<_>>()) => row.tags,
        row.user.as_ref().map(json) => row.user.map(text),
        row.r#type => row.r#type,
    );
    same!(std::left_join(db), std::left_join_borrowed(db), |row| row.note.as_deref() => row.note);
    same!(std::x_stream(db), std::x_stream_borrowed(db), |row|
        row.names.as_ref().map(|names| names.iter().map(Option::as_deref).collect::<Vec<_>>()) => row.names
    );
    same!(odd::r#loop(db), odd::loop_borrowed_2(db), |row| row.as_deref() => row);
    same!(odd::r#pub(db), odd::pub_borrowed(db), |row| row.note.as_deref() => row.note);
    same!(
        odd::New::new().f8(true).fetch_all(db),
        odd::New::new().f8(true).fetch_borrowed(db),
        |row| (row.id, row.note.as_deref()) => (row.id, row.note)
    );
    same!(r_self::json(db), r_self::json_borrowed(db), |row|
        row.missing.as_ref().map(json) => row.missing.map(text),
        row.null_in_json.as_deref() => row.null_in_json,
    );
    same!(r_self::scalar(db), r_self::scalar_borrowed(db), |row| row.as_deref() => row);
    same!(r_self::bytes(db), r_self::bytes_borrowed(db), |row| row.bytes.as_deref() => row.bytes);
    let mut past = r_self::past_borrowed(db).await.unwrap();
    assert!(past.try_next().await.unwrap().is_some());
    // The name of a query goes first.
    assert_eq!(odd::loop_borrowed(db).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_queries_read_null_wherever_an_engine_gives_it() {
    let engine = Engine::shared_postgres().await;
    let proxy = QuirksProxy::start(engine, QuirksOptions::default())
        .await
        .unwrap();
    for (host, port) in [(engine.host(), engine.port()), (proxy.host(), proxy.port())] {
        let database = engine.create_database().await;
        engine.execute_in(database.name(), SCHEMA).await.unwrap();
        let config = Config::builder()
            .set(keys::auth::URL, Some(database.url().into()))
            .set(keys::auth::NODES, vec![Node::new(host, port)]);
        let db = Database::open(config.build().unwrap()).await.unwrap();
        assert!(run(&db).await >= 40);
    }
}
