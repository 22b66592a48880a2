-- name: put :batch
INSERT INTO odd ("order", "Select", "group", type, tags, "user", amount, at, self, id, bytes)
VALUES (:order, :select, :group, :type, :tags, :user, :amount, :at, :self_, :id, :bytes);

-- name: put_other :batch
INSERT INTO "Other" (id, odd, note, "año") VALUES (:id, :odd, :note, :año)
ON CONFLICT (id) DO UPDATE SET odd = excluded.odd, note = excluded.note;

-- name: all :many
-- allow: full_scan, limit_without_order
SELECT "order", "Select", "group", type, tags, "user", amount, at, self, id, bytes FROM odd;

-- name: share :many
-- allow: full_scan
SELECT count(*) FILTER (WHERE self) / NULLIF(count(amount), 0) AS share, "group" FROM odd GROUP BY "group";

-- name: gaps :many
-- allow: full_scan
SELECT row_number() OVER (ORDER BY "order") - lag("order") OVER (ORDER BY "order") AS gap,
    first_value(amount) OVER (ORDER BY "order") AS first, rank() OVER (ORDER BY "group") AS rank FROM odd;

-- name: right_join :many
-- allow: full_scan
SELECT s.k, o."order" FROM (SELECT odd AS k FROM "Other") s RIGHT JOIN odd o ON o."order" = s.k;

-- name: full_join :many
-- allow: full_scan
SELECT v.a, v.b, o.id FROM "Other" o FULL JOIN (VALUES (1, 'x'), (9, NULL)) v (a, b) ON v.a = o.id;

-- name: left_join :many
-- allow: full_scan
SELECT o."group", x."año", x.note FROM odd o LEFT JOIN "Other" x ON x.odd = o."order";

-- name: cross_join :many
-- allow: full_scan
SELECT o.self, n.id FROM odd o CROSS JOIN "Other" n;

-- name: lateral :many
-- allow: full_scan
SELECT o."order", l.m FROM odd o LEFT JOIN LATERAL (SELECT max(x.id) AS m FROM "Other" x WHERE x.odd = o."order") l ON true;

-- name: column_list :many
-- allow: full_scan
SELECT t.z, t.y, t."group" FROM odd AS t (z, y);

-- name: x :one
SELECT sum(amount) AS "sum", max(at) AS "max", count(*) AS "count", bool_or(self) AS "bool_or" FROM odd WHERE "order" = :order;

-- name: x_stream :many
-- allow: full_scan
SELECT array_agg("Select") AS names, array_agg("group") AS groups FROM odd GROUP BY self;

