-- Names that are keywords, crates and types somewhere; columns that are NULL wherever they can be.
CREATE TYPE "row" AS ENUM ('a b', '!', 'self');
CREATE TYPE "Mood of Day" AS ENUM ('Good', 'so so');
CREATE DOMAIN "Word" AS TEXT CHECK (value <> '');
CREATE TYPE place AS (street TEXT, "type" "row", amount DECIMAL, tags TEXT[]);
CREATE TABLE odd (
    "order" INT8 PRIMARY KEY,
    "Select" TEXT,
    "group" INT8 NOT NULL,
    type "row",
    tags TEXT[],
    "user" JSONB,
    amount DECIMAL,
    at TIMESTAMPTZ,
    self BOOL,
    id UUID,
    bytes BYTEA
);
CREATE TABLE "Other" (id INT8 PRIMARY KEY, odd INT8, note TEXT, "año" INT8 NOT NULL, word "Word", place place, words "Word"[], mood "Mood of Day", moods "Mood of Day"[]);
CREATE TABLE nothing (id INT8 PRIMARY KEY, word TEXT NOT NULL);
