-- name: join :one
-- Adds a member.
-- row: Member
-- arguments: crdb_facade::serde::Deserialize
INSERT INTO members (name, email)
VALUES (:name, lower(:email))
RETURNING id, name, email, joined_at;

-- name: get :one
-- One member.
-- row: Member
-- retry: safe
SELECT id, name, email, joined_at
FROM members
WHERE id = :id;
