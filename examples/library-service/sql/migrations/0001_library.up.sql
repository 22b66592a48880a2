CREATE TABLE books (
    isbn   TEXT NOT NULL PRIMARY KEY,
    title  TEXT NOT NULL,
    author TEXT NOT NULL,
    year   INT4 NOT NULL,
    copies INT4 NOT NULL CHECK (copies > 0),
    -- How many of them are lent.
    lent   INT4 NOT NULL DEFAULT 0 CHECK (lent BETWEEN 0 AND copies)
);

CREATE INDEX books_author ON books (author);

CREATE TABLE members (
    id        UUID        NOT NULL PRIMARY KEY DEFAULT gen_random_uuid(),
    name      TEXT        NOT NULL,
    email     TEXT        NOT NULL UNIQUE,
    joined_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE loans (
    id          UUID        NOT NULL PRIMARY KEY DEFAULT gen_random_uuid(),
    isbn        TEXT        NOT NULL REFERENCES books (isbn),
    member      UUID        NOT NULL REFERENCES members (id),
    due_at      TIMESTAMPTZ NOT NULL DEFAULT now() + INTERVAL '28 days',
    returned_at TIMESTAMPTZ
);

CREATE INDEX loans_isbn ON loans (isbn);
CREATE INDEX loans_member ON loans (member);
CREATE INDEX loans_due ON loans (due_at);
