-- Statements of a file run one by one; a semicolon in quotes is none.
CREATE TABLE accounts (number TEXT PRIMARY KEY, note TEXT DEFAULT ';');
CREATE INDEX accounts_by_note ON accounts (note);
