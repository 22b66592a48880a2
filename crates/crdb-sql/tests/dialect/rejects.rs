//! What is no statement of the dialect is refused, with its place and what was expected.

use crdb_sql::dialect::{ParseErrorKind, parse, parse_one};

#[test]
fn malformed_statements_are_refused() {
    for sql in [
        "SELEC 1",
        "SELECT 1 1",
        "SELECT ,",
        "SELECT a FROM",
        "SELECT a FROM t WHERE",
        "SELECT a FROM t WHERE a =",
        "SELECT a FROM t GROUP BY",
        "SELECT a FROM t ORDER a",
        "SELECT a FROM t LIMIT 1 LIMIT 2",
        "SELECT a FROM (t)",
        "SELECT a FROM t JOIN u",
        "SELECT a FROM t CROSS JOIN u ON true",
        "SELECT a FROM t NATURAL CROSS JOIN u",
        "SELECT a FROM t HASH JOIN u ON true HASH",
        "SELECT a FROM LATERAL t",
        "SELECT a b c FROM t",
        "SELECT a year FROM t",
        "SELECT family FROM t",
        "SELECT user.name FROM t",
        "SELECT DISTINCT FROM t",
        "SELECT a = b = c",
        "SELECT a LIKE b LIKE c",
        "SELECT a + ANY (b)",
        "SELECT a IN b",
        "SELECT a IN (1",
        "SELECT a[1",
        "SELECT EXISTS (1)",
        "SELECT EXISTS (SELECT 1)[1]",
        "SELECT CASE END",
        "SELECT CASE WHEN a THEN b",
        "SELECT ARRAY(1)",
        "SELECT (1, 2",
        "SELECT CAST(a, INT8)",
        "SELECT a::",
        "SELECT IF(a, b)",
        "SELECT NULLIF(a)",
        "SELECT current_date(1)",
        "SELECT POSITION(a, b)",
        "SELECT EXTRACT(fam.ily FROM a)",
        "SELECT f(,)",
        "SELECT f(a,)",
        "SELECT f(*, a)",
        "SELECT sum(a) OVER",
        "SELECT sum(a) OVER (ROWS UNBOUNDED FOLLOWING)",
        "SELECT sum(a) OVER (ROWS BETWEEN 1 FOLLOWING AND CURRENT ROW)",
        "SELECT sum(a) FILTER (a > 1)",
        "SELECT a OVERLAPS b",
        "SELECT a FROM t@",
        "SELECT a FROM t@{}",
        "SELECT a FROM t@{FORCE_INDEX}",
        "SELECT a FROM t@{ASC}",
        "SELECT a FROM t@{FORCE_INDEX=i,NO_INDEX_JOIN}",
        "SELECT a FROM t@{NO_FULL_SCAN,NO_FULL_SCAN}",
        "SELECT a FROM t AS OF SYSTEM",
        "SELECT a FROM t FOR",
        "SELECT a FROM t FOR UPDATE LIMIT 1 FOR UPDATE",
        "SELECT a FROM [BEGIN]",
        "SELECT :a",
        "TABLE",
        "VALUES",
        "VALUES ()",
        "WITH a SELECT 1",
        "WITH a AS (BEGIN) SELECT 1",
        "INSERT accounts VALUES (1)",
        "INSERT INTO accounts (a[0]) VALUES (1)",
        "INSERT INTO accounts () VALUES (1)",
        "INSERT INTO accounts VALUES (1) ON CONFLICT",
        "INSERT INTO accounts VALUES (1) ON CONFLICT DO UPDATE",
        "UPSERT INTO accounts VALUES (1) ON CONFLICT DO NOTHING",
        "INSERT INTO accounts VALUES (1) RETURNING",
        "UPDATE accounts",
        "UPDATE accounts SET a = 1,",
        "UPDATE accounts SET (a, b) = 1",
        "DELETE accounts",
        "DELETE FROM accounts WHERE",
        "CREATE TABLE accounts",
        "CREATE TABLE accounts (id)",
        "CREATE TABLE accounts (id INT8,)",
        "CREATE TABLE accounts (id CHAR(0))",
        "CREATE TABLE accounts (id FLOAT(60))",
        "CREATE TABLE accounts (id INT8 DEFAULT)",
        "CREATE TABLE accounts (id INT8 REFERENCES a (b, c))",
        "CREATE TABLE accounts (id INT8 CONSTRAINT a)",
        "CREATE TABLE accounts (id INT8 CONSTRAINT a COLLATE de)",
        "CREATE TABLE accounts (id INT8 AS (a))",
        "CREATE TABLE accounts (FAMILY f)",
        "CREATE TABLE accounts (id INT8) LOCALITY REGIONAL BY",
        "CREATE INDEX ON accounts ()",
        "CREATE INDEX ON accounts (a) STORING ()",
        "CREATE INDEX ON accounts (a + b)",
        "CREATE VIEW v",
        "CREATE VIEW v () AS SELECT 1",
        "CREATE OR REPLACE TABLE a (b INT8)",
        "CREATE SEQUENCE s INCREMENT",
        "CREATE TYPE t AS ENUM (a)",
        "CREATE TYPE t",
        "CREATE DATABASE a b",
        "CREATE USER a WITH PASSWORD",
        "CREATE USER a WITH",
        "CREATE FUNCTION f RETURNS INT8 AS ''",
        "CREATE STATISTICS s ON a FROM t WITH OPTIONS THROTTLING 1.5",
        "CREATE STATISTICS s ON a FROM t WITH OPTIONS THROTTLING 0.1 THROTTLING 0.2",
        "ALTER TABLE accounts",
        "ALTER TABLE accounts ADD",
        "ALTER TABLE accounts RENAME COLUMN a TO family",
        "ALTER TABLE accounts RENAME TO b[1]",
        "ALTER TABLE accounts ALTER COLUMN a",
        "ALTER PARTITION p OF TABLE t@i CONFIGURE ZONE DISCARD",
        "ALTER TABLE accounts CONFIGURE ZONE USING",
        "DROP accounts",
        "DROP TABLE",
        "DROP TABLE a CASCADE RESTRICT",
        "GRANT ON a TO b",
        "GRANT SELECT ON a",
        "GRANT SELECT ON ROLE a, b TO c",
        "REVOKE SELECT ON a TO b",
        "BACKUP ROLE a, b TO 'c'",
        "BACKUP a TO 'b' WITH key",
        "BACKUP a TO 'b' WITH detached, detached",
        "RESTORE a",
        "IMPORT INTO a CSV",
        "EXPORT INTO CSV 'a'",
        "CREATE CHANGEFEED INTO 'a'",
        "CREATE SCHEDULE FOR BACKUP INTO 'a'",
        "BEGIN TRANSACTION READ",
        "BEGIN PRIORITY LOW PRIORITY HIGH",
        "SET a",
        "SET a =",
        "SET TRANSACTION",
        "SET TIME ZONE INTERVAL 'soon'",
        "SHOW",
        "SHOW TABLES IN a",
        "SHOW COLUMNS",
        "EXPLAIN",
        "EXPLAIN BEGIN",
        "PREPARE a AS BEGIN",
        "EXECUTE a ()",
        "SELECT INTERVAL 'soon'",
        "SELECT x'abc'",
        "SELECT b'\\x1'",
        "SELECT e'\\xff'",
        "SELECT B'012'",
        "SELECT 0x",
        "SELECT 1e",
        "SELECT $0",
        "SELECT \u{1}",
        "CREATE TABLE accounts (id INT8 DEFAULT 1 DEFAULT 2)",
        "CREATE TABLE accounts (id INT8 NULL NOT NULL)",
        "CREATE TABLE accounts (id INT8 NOT NULL NULL)",
        "CREATE TABLE accounts (id INT8 REFERENCES a REFERENCES b)",
        "CREATE TABLE accounts (id INT8 FAMILY a FAMILY b)",
        "CREATE TABLE accounts (id INT8 COLLATE de)",
        "CREATE TABLE accounts (id STRING COLLATE de COLLATE en)",
        "CREATE TABLE accounts (id UUID GENERATED ALWAYS AS IDENTITY)",
        "CREATE TABLE accounts (id INT8 DEFAULT 1 GENERATED ALWAYS AS IDENTITY)",
        "CREATE TABLE accounts (id INT8 GENERATED ALWAYS AS IDENTITY AS (1) STORED)",
        "CREATE TABLE accounts (id INT8, PRIMARY KEY (id) NOT VALID)",
        "CREATE TABLE accounts (a XML)",
        "SELECT a::MONEY",
        "SELECT BOX 'a'",
        "SELECT a::VECTOR(16001)",
        "CREATE INDEX ON accounts USING hash (a)",
        "CREATE INDEX ON accounts (a) VISIBILITY 1.5",
        "ALTER INDEX a VISIBILITY 2",
        "CREATE SEQUENCE s AS STRING",
        "CREATE TRIGGER a AFTER INSERT OR INSERT ON t EXECUTE FUNCTION f()",
        "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY a, b) FROM t",
        "DISCARD PLANS",
        "EXPLAIN (DEBUG) SELECT 1",
        "EXPLAIN ANALYZE (OPT) SELECT 1",
        "EXPLAIN (PLAN, OPT) SELECT 1",
        "EXPLAIN (JSON) SELECT 1",
        "EXPLAIN (ENV) SELECT 1",
        "EXPLAIN (colour) SELECT 1",
        "COMMIT AND",
        "SHOW BACKUPS IN 'a' NEWER '-1d'",
        "ANALYZE",
    ] {
        if let Ok(statement) = parse_one(sql) {
            panic!("{sql}\nis accepted as {statement}");
        }
    }
}

#[test]
fn an_error_says_where_and_what_was_expected() {
    for (sql, message) in [
        (
            "SELECT a\nFROM t WHERE ORDER BY b",
            "expected an expression, found `ORDER` at line 2, column 14",
        ),
        (
            "SELECT 1; SELCT 2",
            "expected a statement, found `SELCT` at line 1, column 11",
        ),
        (
            "SELECT (1",
            "expected `)`, found the end at line 1, column 10",
        ),
        (
            "SELECT 'a",
            "this string is not closed: `'` is missing at line 1, column 8",
        ),
        (
            "CREATE TABLE a (select INT8)",
            "expected a name (`SELECT` is reserved: quote it), found `select` at line 1, column 17",
        ),
        // CockroachDB refuses it, so a statement that is checked against both engines cannot have it.
        (
            "SELECT a, count(*) FROM t GROUP BY GROUPING SETS ((a), ())",
            "expected an expression: CockroachDB has no grouping sets, only PostgreSQL has; write a query for each set and \
             `UNION ALL` between them, found `GROUPING` at line 1, column 36",
        ),
        (
            "SELECT sum(a) OVER (ROWS 1 PRECEDING EXCLUDE NO TIES)",
            "expected `OTHERS`, found `TIES` at line 1, column 49",
        ),
        (
            "SHOW TRANSACTION x",
            "expected one of `ISOLATION`, `PRIORITY`, `STATUS`, found `x` at line 1, column 18",
        ),
        (
            "SELECT 'ä', \u{7}",
            "`\\u{7}` begins no token at line 1, column 13",
        ),
        (
            "SELECT 1 2",
            "expected `;` or the end, found `2` at line 1, column 10",
        ),
    ] {
        assert_eq!(parse(sql).unwrap_err().to_string(), message, "{sql}");
    }
}

#[test]
fn errors_are_told_apart_by_kind() {
    for (sql, kind) in [
        ("SELECT \"a", ParseErrorKind::Unterminated),
        ("SELECT x'a'", ParseErrorKind::InvalidLiteral),
        ("SELECT ` ", ParseErrorKind::UnexpectedCharacter),
        ("SELECT )", ParseErrorKind::Syntax),
        (
            "BACKUP INTO 'a' WITH detached, detached",
            ParseErrorKind::Invalid,
        ),
    ] {
        assert_eq!(parse(sql).unwrap_err().kind(), kind, "{sql}");
    }
}

#[test]
fn parse_one_takes_exactly_one_statement() {
    assert!(parse_one(" ; SELECT 1 ; ").is_ok());
    assert_eq!(
        parse_one("-- nothing").unwrap_err().message(),
        "expected a statement, found none"
    );
    let error = parse_one("SELECT 1; SELECT 2").unwrap_err();
    assert_eq!(
        (error.message(), error.offset()),
        ("expected one statement, found another", 10)
    );
}
