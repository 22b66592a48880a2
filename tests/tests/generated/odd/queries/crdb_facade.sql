-- name: type :opt
SELECT o.type, o."Select" AS "fn", o."user" -> 'a' AS "a", o."user" ->> 'a' AS "?", o.tags[1] AS "!" FROM odd o WHERE o."order" = :db;

-- name: match :many
-- allow: full_scan
SELECT CASE WHEN self THEN amount END AS "case", CASE WHEN self THEN 1 ELSE 2 END AS "else", NULLIF("group", 1) AS "nullif",
    coalesce("Select", 'x') AS "coalesce", coalesce("Select", NULL) AS "Coalesce" FROM odd;

-- name: box :many
-- allow: full_scan
SELECT "order" AS "a b", "order" AS a_b, "order" AS "a-b", self AS "self", "group" AS "Self" FROM odd;

-- name: async :one
SELECT (SELECT word FROM nothing WHERE id = 1) AS word, EXISTS (SELECT 1 FROM nothing) AS "exists", (SELECT count(*) FROM nothing) AS n;

-- name: loop :many
-- allow: full_scan
SELECT note FROM "Other" UNION ALL SELECT word FROM nothing UNION ALL SELECT NULL;

-- name: loop_borrowed :one
SELECT 1::INT8 AS one;

-- name: dyn :many
-- allow: full_scan
SELECT id, note FROM "Other" EXCEPT SELECT id, word FROM nothing;

-- name: where :many
WITH RECURSIVE t (n, m) AS (SELECT 1::INT8, NULL::INT8 UNION ALL SELECT n + 1, n FROM t WHERE n < :most)
SELECT n, m FROM t;

-- name: ref :many
-- allow: full_scan
WITH odd AS (SELECT NULL::TEXT AS "order", 1::INT8 AS k) SELECT "order", k FROM odd;

-- name: impl :many
-- allow: full_scan
SELECT DISTINCT ON ("group") "group", amount, at + INTERVAL '1 day' AS tomorrow FROM odd ORDER BY "group", "order";

-- name: in :many
SELECT "order", id FROM odd WHERE "order" = ANY(:ids) ORDER BY "order";

-- name: mod :many
SELECT :año::INT8 AS "año", :aña::TEXT AS "aña", :db::BOOL AS db;

-- name: let :many
-- allow: full_scan
SELECT greatest(amount, 1) AS most, least(NULL, "group") AS least, "Select" || 'x' AS joined, concat("Select", 'x') AS concat,
    amount IS NULL AS "is", self IS DISTINCT FROM true AS distinct_from, amount BETWEEN 1 AND 2 AS between_them FROM odd;

-- name: use :many
-- allow: full_scan
SELECT length("Select") AS length, upper("Select") AS upper, substring("Select", 1, 1) AS part, "group"::TEXT AS text FROM odd;

-- name: static :many
-- allow: full_scan
SELECT o."order" FROM odd o WHERE o."order" IN (SELECT odd FROM "Other") OR o.self IS NULL;

-- name: trait :opt
-- row: Other
SELECT id, odd, note FROM "Other" WHERE id = :id;

-- name: pub :many
-- row: Other
-- allow: full_scan
SELECT id, odd, note FROM "Other" ORDER BY id;

-- name: new :many
-- template: select
-- row: Other
-- flag f1: a filter
-- flag f2: a filter
-- flag f3: a filter
-- flag f4: a filter
-- flag f5: a filter
-- flag f6: a filter
-- flag f7: a filter
-- flag f8: a filter
-- param odd: INT8 optional
-- ident sort: id | note
-- allow: full_scan
SELECT id, odd, note FROM "Other" WHERE true
{% if odd %} AND odd = :odd {% elif f1 and not (f2 or f3) %} AND odd IS NULL {% endif %}
{% if f2 %} AND id > 0 {% endif %} {% if f3 %} AND id > -1 {% endif %} {% if f4 %} AND id > -2 {% endif %}
{% if f5 %} AND id > -3 {% endif %} {% if f6 %} AND id > -4 {% endif %} {% if f7 %} AND id > -5 {% endif %}
ORDER BY {{ sort }} {% if f8 %} DESC {% endif %}, id;
