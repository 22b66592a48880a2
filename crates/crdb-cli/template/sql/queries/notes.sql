-- name: create :one
-- Adds a note.
-- row: Note
INSERT INTO notes (title, body)
VALUES (:title, :body)
RETURNING id, title, body, likes, created_at;

-- name: get :opt
-- One note by its key.
-- row: Note
-- retry: safe
SELECT id, title, body, likes, created_at
FROM notes
WHERE id = :id;

-- name: latest :many
-- The newest notes.
-- row: Note
-- retry: safe
-- allow: full_scan
SELECT id, title, body, likes, created_at
FROM notes
ORDER BY created_at DESC, id
LIMIT :count;

-- name: like :exec
-- Counts one more reader who likes it.
UPDATE notes
SET likes = likes + 1
WHERE id = :id;
