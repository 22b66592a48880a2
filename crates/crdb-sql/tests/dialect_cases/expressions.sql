SELECT 1, 0x1F, 1.5, .5, 1e-9, 'it''s', e'tab\there', b'\xff', x'00ff', B'0101', $$dollar's$$, $q$a$$b$q$
SELECT 'one '
'literal'
SELECT -1::INT2, - -balance, +balance, ~flags, |/ 4, ||/ 8, NOT open
SELECT a + b - c * d / e // f % g ^ h | i # j & k << l >> m
SELECT a || b -> 'c' ->> 'd' #> ARRAY['e'] #>> ARRAY['f'] #- ARRAY['g']
SELECT a @> b, a <@ b, a ? 'k', a ?? 'k', a ?| ARRAY['k'], a ?& ARRAY['k'], a && b, a <<= b, a >>= b
SELECT a <-> b, a <=> b, a <#> b, a @@ b
SELECT a ~ 'x', a !~ 'x', a ~* 'x', a !~* 'x'
SELECT a OPERATOR(pg_catalog.+) b, OPERATOR(-) a, a OPERATOR(=) ANY (b)
SELECT a = 1 OR b = 2 AND NOT c = 3 OR d IS NULL
SELECT a IS NOT NULL, a ISNULL, a NOTNULL, a IS TRUE, a IS NOT UNKNOWN, a IS NAN, a IS OF (INT8, STRING)
SELECT a IS DISTINCT FROM b, a IS NOT DISTINCT FROM NULL
SELECT a BETWEEN 1 AND 2 AND b NOT BETWEEN SYMMETRIC 3 AND 4
SELECT a IN (1, 2), a NOT IN (SELECT id FROM b), (a, b) IN ((1, 2), (3, 4)), a IN (), a IN (1,)
SELECT a LIKE 'x%' ESCAPE '!', a NOT ILIKE 'y', a SIMILAR TO 'z'
SELECT a = ANY (ARRAY[1]), a < SOME (SELECT 1), a != ALL b, a LIKE ANY (ARRAY['x']), a NOT ILIKE ALL ARRAY['y']
SELECT 'straße' COLLATE de, a COLLATE pg_catalog."C", now() AT TIME ZONE 'UTC'
SELECT a:::INT8, a::DECIMAL(10, 2)[], CAST(a AS CHARACTER VARYING(3)), ANNOTATE_TYPE(a, STRING)
SELECT DATE '2026-01-01', TIMESTAMP(3) WITH TIME ZONE '2026-01-01', public.currency 'EUR', DOUBLE PRECISION '1'
SELECT INTERVAL '1 day 02:03:04', INTERVAL '1' MINUTE TO SECOND(3), INTERVAL(3) '1.2345s', a::INTERVAL DAY TO HOUR
SELECT '{}'::JSONB, 1::"char", a::@1009, a::GEOMETRY(POINTZM, 4326), a::GEOGRAPHY, a::VECTOR(3), a::TIME(3) WITHOUT TIME ZONE
SELECT ARRAY[1, 2], ARRAY[[1], [2]], ARRAY[]::INT8[], ARRAY(SELECT 1), ARRAY (1, 2), ARRAY ROW(1)
SELECT (a)[1], a.b[1:2][:], a[:3], a[2:], f(x)[1]
SELECT (a).b, (a).*, (a).@1, ((1, 'x') AS n, s), (((1, 2) AS a, b)).a, ROW(), ROW(1, 2), (), (1,)
SELECT CASE WHEN a THEN 1 END, CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' ELSE 'z' END
SELECT EXISTS (SELECT 1), (SELECT 1), ((SELECT 1)), ((SELECT 1) + 1), ((SELECT 1) UNION (SELECT 2))
SELECT COALESCE(a, b), NULLIF(a, b), IFNULL(a, b), IF(a, b, c), IFERROR(a, b), ISERROR(a, b), GREATEST(a), LEAST(a, b)
SELECT CURRENT_DATE, current_timestamp(3), CURRENT_USER, SESSION_USER, USER, CURRENT_SCHEMA(), LOCALTIME, CURRENT_CATALOG
SELECT EXTRACT(year FROM a), EXTRACT('epoch' FROM a), EXTRACT_DURATION(minute FROM a), POSITION('a' IN b), COLLATION FOR (a)
SELECT SUBSTRING(a FROM 2 FOR 3), SUBSTRING(a FOR 3 FROM 2), SUBSTRING(a, 2), OVERLAY(a PLACING b FROM 1 FOR 2)
SELECT TRIM(a), TRIM(BOTH 'x' FROM a), TRIM(LEADING FROM a), TRIM(TRAILING a)
SELECT left(a, 1), "left"(a), index(a), [FUNCTION 1074](a), pg_catalog.format_type(a, NULL), @1
SELECT (a, b) OVERLAPS (c, d), a AS "OVERLAPS"
SELECT time, timestamp, char, int FROM history
SELECT a ?@> b, c ?<@ d
