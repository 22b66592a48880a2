//! Claims by shape.

use crate::{proven, schema};

/// The statement, and for each column whether it has to be proven (`+`) or must not be claimed (`-`).
#[track_caller]
fn claims(cases: &[(&str, &str)]) {
    let schema = schema();
    let mut wrong = Vec::new();
    for (sql, wanted) in cases {
        let found: String = proven(sql, &schema).map_or_else(String::new, |columns| {
            columns.iter().map(|c| if *c { '+' } else { '-' }).collect()
        });
        if found != *wanted {
            wrong.push(format!("{sql}\n  wanted {wanted:?}, found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn columns_and_outer_joins() {
    claims(&[
        ("SELECT id, n, m FROM a", "++-"),
        ("SELECT other.a.n FROM other.a", "-"),
        (
            "SELECT x.id, y.id FROM a x LEFT JOIN b y ON x.id = y.a_id",
            "+-",
        ),
        (
            "SELECT x.id, y.id FROM a x RIGHT JOIN b y ON x.id = y.a_id",
            "-+",
        ),
        (
            "SELECT x.id, y.id FROM a x FULL JOIN b y ON x.id = y.a_id",
            "--",
        ),
        (
            "SELECT x.id, y.id FROM a x INNER JOIN b y ON x.id = y.a_id",
            "++",
        ),
        (
            "SELECT x.id, y.id FROM a x LEFT INVERTED JOIN b y ON x.id = y.a_id",
            "+-",
        ),
        (
            "SELECT x.id, y.id FROM a x LEFT LOOKUP JOIN b y ON x.id = y.a_id",
            "+-",
        ),
        (
            "SELECT x.id, y.k FROM a x LEFT JOIN (SELECT 1 AS k) y ON false",
            "+-",
        ),
        (
            "SELECT x.id, y.k FROM (SELECT id FROM a) x RIGHT JOIN (SELECT 1 AS k) y ON false",
            "-+",
        ),
        (
            "SELECT x.id, y.k FROM a x FULL JOIN (SELECT count(*) AS k FROM b) y ON false",
            "--",
        ),
        (
            "SELECT v.k, w.k FROM (VALUES (1), (2)) v (k) FULL JOIN (VALUES (3)) w (k) ON v.k = w.k",
            "--",
        ),
        (
            "SELECT x.id, g.k FROM a x LEFT JOIN (SELECT a_id, count(*) AS k FROM b GROUP BY a_id) g ON g.a_id = x.id",
            "+-",
        ),
        (
            "SELECT x.id, y.id, z.id FROM a x JOIN (b y LEFT JOIN c z ON z.id = y.id) ON true",
            "++-",
        ),
        (
            "SELECT x.id, y.id, z.id FROM (a x CROSS JOIN b y) RIGHT JOIN c z ON true",
            "--+",
        ),
        (
            "SELECT x.id, y.id, z.id FROM a x, b y LEFT JOIN c z ON true",
            "++-",
        ),
        (
            "SELECT x.id, l.k FROM a x LEFT JOIN LATERAL (SELECT x.n AS k) l ON false",
            "+-",
        ),
        ("SELECT l.k FROM a x, LATERAL (SELECT x.n AS k) l", "+"),
    ]);
}

#[test]
fn merged_columns_and_stars() {
    claims(&[
        ("SELECT id FROM a JOIN b USING (id)", "+"),
        ("SELECT id FROM other.a JOIN b USING (id)", "+"),
        ("SELECT id FROM a LEFT JOIN b USING (id)", "+"),
        ("SELECT id FROM other.a RIGHT JOIN b USING (id)", "+"),
        ("SELECT id FROM b FULL JOIN c USING (id)", "+"),
        ("SELECT id FROM other.a FULL JOIN b USING (id)", "-"),
        ("SELECT id, b.id FROM c LEFT JOIN b USING (id)", "+-"),
        ("SELECT * FROM c LEFT JOIN b USING (id)", "+++---"),
        ("SELECT * FROM c NATURAL JOIN b", "+++--"),
        ("SELECT * FROM c NATURAL LEFT JOIN b", "+++--"),
        (
            "SELECT b.*, c.id FROM c RIGHT JOIN b ON b.id = c.id",
            "+-+--",
        ),
        (
            "SELECT * FROM (b RIGHT JOIN c ON true) AS x (p, q)",
            "----+++",
        ),
        ("TABLE c", "+++"),
        ("SELECT * FROM unknown", ""),
        ("SELECT unknown.*, 1 AS one FROM unknown", ""),
        ("SELECT 1 AS one, x FROM unknown", "+-"),
    ]);
}

#[test]
fn names_are_looked_up_from_the_inside_out() {
    claims(&[
        ("SELECT p, q FROM c AS x (p, q)", "++"),
        (
            "SELECT x.id, x.p FROM (SELECT m, id FROM a) AS x (id, p)",
            "-+",
        ),
        (
            "SELECT k, l FROM (VALUES (1, NULL), (2, 3)) AS v (k, l)",
            "+-",
        ),
        ("WITH a AS (SELECT NULL AS id) SELECT id FROM a", "-"),
        ("WITH a AS (SELECT NULL AS id) SELECT id FROM public.a", "+"),
        (
            "WITH x (p, q) AS (SELECT m, n FROM a) SELECT p, q FROM x",
            "-+",
        ),
        (
            "WITH x AS (SELECT n FROM a), y AS (SELECT n FROM x) SELECT n FROM y",
            "+",
        ),
        (
            "SELECT n FROM (WITH a AS (SELECT NULL AS n) SELECT n FROM a) x, a y WHERE x.n = y.n",
            "-",
        ),
        (
            "WITH RECURSIVE x AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM x WHERE i < 3) SELECT i FROM x",
            "-",
        ),
        (
            "WITH RECURSIVE a AS (SELECT NULL::INT8 AS n UNION ALL SELECT n FROM a WHERE false) SELECT n FROM a",
            "-",
        ),
        (
            "WITH x AS (DELETE FROM b RETURNING id, a_id) SELECT id, a_id FROM x",
            "+-",
        ),
        ("SELECT (SELECT x.n) FROM a x", "+"),
        ("SELECT x.n FROM a, (SELECT m AS n FROM a) x", "-"),
        ("SELECT n FROM a, b", "-"),
    ]);
}

#[test]
fn expressions() {
    claims(&[
        (
            "SELECT 1, 'x', true, NULL, DATE '2026-01-01', INTERVAL '1 day'",
            "+++-++",
        ),
        (
            "SELECT n + 1, n + m, -n, -m, n / 2, n || s FROM a",
            "+-+-++",
        ),
        (
            "SELECT n = 1, n = m, n IS NULL, m IS NOT NULL, m IS DISTINCT FROM n FROM a",
            "+-+++",
        ),
        (
            "SELECT NOT (n > 1), n > 1 AND m > 1, n > 1 OR s = '' FROM a",
            "+-+",
        ),
        (
            "SELECT n IN (1, 2), n IN (1, m), n IN (SELECT n FROM b), n IN (SELECT a_id FROM b) FROM a",
            "+-+-",
        ),
        (
            "SELECT n BETWEEN 1 AND 2, s LIKE 'x', s LIKE o, n = ANY (ARRAY[1, NULL]) FROM a",
            "++--",
        ),
        (
            "SELECT coalesce(m, n), coalesce(m, m), NULLIF(n, 1), greatest(n, 1), least(m, 1) FROM a",
            "+--+-",
        ),
        (
            "SELECT CASE WHEN n = 1 THEN 1 END, CASE WHEN m = 1 THEN 1 ELSE n END, CASE n WHEN 1 THEN m ELSE 2 END FROM a",
            "-+-",
        ),
        (
            "SELECT n::TEXT, m::TEXT, s::JSONB, CAST(n AS INT4) FROM a",
            "+-++",
        ),
        (
            "SELECT (s::JSONB)::INT8, (s::JSONB -> 'x')::TEXT, s::JSONB ->> 'x' FROM a",
            "---",
        ),
        (
            "SELECT ARRAY[m], ARRAY(SELECT m FROM a), (ARRAY[1])[2], now(), gen_random_uuid() FROM a",
            "++-++",
        ),
        ("SELECT f(n), upper(o), other.now() FROM a", "---"),
        ("SELECT $1::INT8, coalesce($2, 1)", "-+"),
        (
            "SELECT EXISTS (SELECT 1 FROM c), (SELECT n FROM c LIMIT 1), (SELECT count(*) FROM c), (SELECT max(n) FROM c)",
            "+-+-",
        ),
        ("SELECT (SELECT count(a.n) FROM c) FROM a", "-"),
        (
            "SELECT (SELECT count(*) FROM c HAVING count(*) > 1), (SELECT count(*) FROM c LIMIT 0), (SELECT 1), (SELECT 1 WHERE false)",
            "--+-",
        ),
        (
            "SELECT current_timestamp, current_date, current_user, current_schema",
            "+++-",
        ),
    ]);
}

#[test]
fn groups_aggregates_and_windows() {
    claims(&[
        (
            "SELECT count(*), count(m), sum(n), max(n), array_agg(n) FROM a",
            "++---",
        ),
        (
            "SELECT n, sum(n), max(m), array_agg(m), bool_and(n > 1) FROM a GROUP BY n",
            "+----",
        ),
        (
            "SELECT count(*) FILTER (WHERE n > 1), sum(n) FILTER (WHERE n > 1) FROM a GROUP BY n",
            "+-",
        ),
        (
            "SELECT count(*) FILTER (WHERE n > 1) / NULLIF(count(*), 0) FROM a",
            "-",
        ),
        ("SELECT n, s, count(*) FROM a GROUP BY ROLLUP (n, s)", "---"),
        ("SELECT n, s, count(*) FROM a GROUP BY CUBE (n, s)", "---"),
        (
            "SELECT n, count(*) FROM a GROUP BY GROUPING SETS ((n), ())",
            "",
        ),
        ("SELECT max(n) FROM a GROUP BY ()", "-"),
        (
            "SELECT row_number() OVER (ORDER BY n), rank() OVER (ORDER BY n), lag(n) OVER (ORDER BY n) FROM a",
            "++-",
        ),
        (
            "SELECT row_number() OVER (ORDER BY n) - lag(n) OVER (ORDER BY n) FROM a",
            "-",
        ),
        (
            "SELECT lead(n) OVER (), first_value(n) OVER (), last_value(n) OVER (), nth_value(n, 2) OVER (), ntile(2) OVER () FROM a",
            "-----",
        ),
        (
            "SELECT count(*) OVER (), sum(n) OVER (ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING) FROM a",
            "+-",
        ),
        ("SELECT sum(n) OVER () FROM a GROUP BY n", "-"),
    ]);
}

#[test]
fn set_operations_and_writes() {
    claims(&[
        ("SELECT n FROM a UNION ALL SELECT m FROM a", "-"),
        ("SELECT n FROM a UNION SELECT n FROM b", "+"),
        ("SELECT n FROM a EXCEPT SELECT m FROM a", "+"),
        ("SELECT m FROM a EXCEPT SELECT n FROM a", "-"),
        ("SELECT n, m FROM a UNION SELECT n FROM b", ""),
        ("VALUES (1, NULL), (NULL, 2), (3, 4)", "--"),
        (
            "INSERT INTO a (id, n, s) VALUES (9, 1, '') RETURNING id, m",
            "+-",
        ),
        ("INSERT INTO other.a (id) VALUES (9) RETURNING id", "-"),
        (
            "UPDATE a SET m = 1 FROM b WHERE b.id = a.id RETURNING a.id, a.m, b.n, b.o",
            "+-+-",
        ),
        (
            "UPDATE a SET m = 1 FROM b LEFT JOIN c ON true WHERE b.id = a.id RETURNING c.n",
            "-",
        ),
        (
            "DELETE FROM a AS x USING b WHERE b.id = x.id RETURNING x.*",
            "++-+-",
        ),
        ("DELETE FROM c RETURNING *", "+++"),
        (
            "WITH a AS (SELECT 1) INSERT INTO a (id, n, s) VALUES (9, 1, '') RETURNING id",
            "+",
        ),
        ("EXPLAIN SELECT 1", ""),
        ("SHOW TABLES", ""),
    ]);
}
