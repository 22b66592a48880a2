//! An engine runs statements with rows that have NULL wherever they can, and no claim is refuted.

use crdb_testkit::Engine;

use crate::queries::Queries;
use crate::{SCHEMA, proven, schema};

const ROWS: &str = "
INSERT INTO a VALUES (1, 10, NULL, 'x', NULL), (2, 20, 2, '', 'y'), (3, 10, 3, 'x', NULL);
INSERT INTO b VALUES (2, NULL, 20, NULL), (3, 3, 30, 'z'), (4, 9, 10, NULL);
INSERT INTO other.a VALUES (NULL, NULL, NULL, NULL, NULL), (2, NULL, 2, NULL, 'y'), (7, 7, 7, 'x', 'x');
";

/// Says for each column of a query whether NULL was seen in it, or why the query is refused.
const ASK: &str = "
CREATE FUNCTION ask(query TEXT) RETURNS TEXT LANGUAGE plpgsql AS $ask$
DECLARE answer TEXT;
BEGIN
    EXECUTE query INTO answer;
    RETURN answer;
EXCEPTION WHEN OTHERS THEN
    RETURN 'refused: ' || replace(sqlerrm, chr(10), ' ');
END $ask$;
";

/// How many statements are tried, and how many of them at once.
const STATEMENTS: usize = 1_500;
const BATCH: usize = 100;

#[tokio::test]
async fn no_claim_is_refuted() {
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    let name = database.name();
    for sql in [SCHEMA, ROWS, ASK] {
        engine.execute_in(name, sql).await.unwrap();
    }
    let schema = schema();
    // `CRDB_TEST_SEED` draws other queries.
    let seed = std::env::var("CRDB_TEST_SEED").map_or(0x5eed, |seed| seed.parse().unwrap());
    let mut queries = Queries::new(seed);
    let (mut ran, mut nulls, mut claimed) = (0, 0, 0);
    let mut refused: Vec<String> = Vec::new();
    for _ in 0..STATEMENTS / BATCH {
        let batch: Vec<(String, usize)> = (0..BATCH).map(|_| queries.next()).collect();
        let asked: Vec<String> = batch
            .iter()
            .map(|(sql, width)| asked(sql, *width))
            .collect();
        let sql = format!(
            "SELECT string_agg(ask(query), chr(10) ORDER BY place) FROM unnest(ARRAY[{}]) WITH ORDINALITY AS asked (query, place)",
            asked.join(", ")
        );
        let answers = engine.execute_in(name, &sql).await.unwrap().unwrap();
        assert_eq!(answers.lines().count(), batch.len());
        for ((sql, _), answer) in batch.iter().zip(answers.lines()) {
            if answer.starts_with("refused") {
                refused.push(format!("{sql}\n  {answer}"));
                continue;
            }
            ran += 1;
            let seen: Vec<bool> = answer.split(',').map(|null| null == "t").collect();
            nulls += seen.iter().filter(|null| **null).count();
            let Some(proven) = proven(sql, &schema) else {
                continue;
            };
            assert_eq!(proven.len(), seen.len(), "the columns of\n{sql}");
            claimed += proven.iter().filter(|proven| **proven).count();
            for (column, (proven, null)) in proven.iter().zip(&seen).enumerate() {
                assert!(!(*proven && *null), "column {column} is NULL in\n{sql}");
            }
        }
    }
    // A generator whose statements are refused, or of whose columns nothing is known, would prove nothing.
    assert!(
        ran * 10 >= STATEMENTS * 9,
        "{} of {STATEMENTS} were refused: {}",
        refused.len(),
        refused
            .iter()
            .take(5)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    );
    assert!(
        nulls > STATEMENTS / 2 && claimed > STATEMENTS / 2,
        "{nulls} columns had NULL, {claimed} were claimed to have none"
    );
}

/// The question about one query, as a string.
fn asked(sql: &str, width: usize) -> String {
    let columns: Vec<String> = (0..width).map(|column| format!("c{column}")).collect();
    let tests: Vec<String> = columns
        .iter()
        .map(|column| format!("coalesce(bool_or({column} IS NULL), false)"))
        .collect();
    format!(
        "$asked$SELECT concat_ws(',', {}) FROM ({sql}) AS q ({})$asked$",
        tests.join(", "),
        columns.join(", ")
    )
}
