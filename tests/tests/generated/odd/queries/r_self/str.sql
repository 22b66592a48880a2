-- name: rename :execrows
UPDATE odd SET "Select" = :select, type = :type WHERE "order" = :order;

-- name: returning :many
UPDATE odd SET amount = amount + 1 WHERE "group" = :group RETURNING "order", amount, type, NULL::INT8 AS nothing;

-- name: insert :one
INSERT INTO "Other" (id, "año") VALUES (:id, :año) RETURNING id, odd, note, "año";

-- name: domain :one
INSERT INTO "Other" (id, "año", word) VALUES (:id, :año, :word) RETURNING word;

-- name: domains :one
INSERT INTO "Other" (id, "año", words) VALUES (:id, :año, :words) RETURNING words;

-- name: moods :one
INSERT INTO "Other" (id, "año", mood, moods) VALUES (:id, :año, :mood, :moods) RETURNING mood, moods;

-- name: composite :one
INSERT INTO "Other" (id, "año", place) VALUES (:id, :año, :place) RETURNING place;

-- name: composites :many
-- allow: full_scan
SELECT array_agg(place) AS places, max(id) AS id FROM "Other";

-- name: delete :opt
DELETE FROM "Other" WHERE id = :id RETURNING note;

-- name: enums :many
-- allow: full_scan
SELECT array_agg(type) AS types, min("order") AS "order", count(type) AS count FROM odd WHERE type = :type OR type IS NULL GROUP BY "group";

-- name: json :many
-- allow: full_scan
SELECT "user", "user" -> 'missing' AS missing, '{"x": null}'::JSONB ->> 'x' AS null_in_json FROM odd;

-- name: times :many
-- allow: full_scan
SELECT at::DATE AS day, at - at AS span, extract(year FROM at) AS year, now() AS now FROM odd;

-- name: past :many
-- staleness: 10s
SELECT id, note FROM "Other" WHERE id > 0;

-- name: scalar :many
-- allow: full_scan
SELECT max(note) FROM "Other";

-- name: bytes :many
-- allow: full_scan
SELECT bytes, length(bytes) AS length, id FROM odd;

-- name: group_having :many
-- allow: full_scan
SELECT self, avg(amount) AS avg, string_agg("Select", ',') AS names FROM odd GROUP BY self HAVING count(*) > 0;

-- name: exec :exec
DELETE FROM nothing WHERE id = :id;
