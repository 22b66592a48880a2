//! Each lint where it should speak, where it should not, and how it is allowed.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use crdb_sql::schema::Schema;
use crdb_sql::{Code, Problem, Repository, Severity, lint};

const SCHEMA: &str = r#"
CREATE TABLE accounts (
    id UUID PRIMARY KEY, number TEXT NOT NULL UNIQUE, customer_id UUID NOT NULL, balance DECIMAL NOT NULL, tags TEXT[]);
CREATE INDEX by_customer ON accounts (customer_id, balance);
CREATE TABLE customers (id UUID PRIMARY KEY, name TEXT NOT NULL, email TEXT);
CREATE INVERTED INDEX by_tags ON accounts (tags);
CREATE TABLE people (id UUID PRIMARY KEY, email TEXT NOT NULL);
CREATE INDEX by_address ON people (lower(email));
CREATE TABLE words (
    id UUID PRIMARY KEY, "group" TEXT, "order" INT8 NOT NULL, "limit" INT8, "where" TEXT, kind TEXT, gone TEXT,
    flag BOOL);
CREATE INDEX by_where ON words ("where");
CREATE INDEX by_kind ON words (kind) WHERE gone IS NULL;
CREATE INDEX by_flag ON words (flag);
CREATE UNIQUE INDEX one_where ON words ("where") WHERE gone IS NULL;
CREATE UNIQUE INDEX one_address ON people (upper(email));
"#;

fn problems(header: &str, sql: &str) -> Vec<Problem> {
    let text = format!("-- name: q :many\n{header}{sql}");
    let repository = Repository::from_embedded(&[("m/q.sql", &text)]).unwrap();
    let mut schema = Schema::default();
    schema.apply(SCHEMA);
    lint(&repository, &schema).iter().cloned().collect()
}

fn codes(sql: &str) -> Vec<Code> {
    problems("", sql).iter().map(Problem::code).collect()
}

#[track_caller]
fn finds(code: Code, sql: &str, marked: &str) {
    let found = problems("", sql);
    let problem = found
        .iter()
        .find(|p| p.code() == code)
        .unwrap_or_else(|| panic!("{sql}: {found:?}"));
    let rendered = problem.to_string();
    let under: String = {
        let lines: Vec<&str> = rendered.lines().collect();
        let at = lines.iter().position(|l| l.contains('^')).unwrap();
        let start = lines[at].find('^').unwrap();
        let width = lines[at].matches('^').count();
        lines[at - 1].chars().skip(start).take(width).collect()
    };
    assert_eq!(under, marked, "{rendered}");
    let allow = format!("-- allow: {code}\n");
    assert!(problems(&allow, sql).iter().all(|p| p.code() != code));
}

#[track_caller]
fn silent(code: Code, sql: &str) {
    let found = codes(sql);
    assert!(!found.contains(&code), "{sql}: {found:?}");
}

#[test]
fn update_and_delete_without_where() {
    finds(
        Code::UpdateWithoutWhere,
        "UPDATE accounts SET balance = 0",
        "UPDATE",
    );
    finds(
        Code::UpdateWithoutWhere,
        "WITH x AS (UPDATE accounts SET balance = 0 RETURNING id) SELECT id FROM x",
        "UPDATE",
    );
    finds(Code::DeleteWithoutWhere, "DELETE FROM accounts", "DELETE");
    finds(
        Code::DeleteWithoutWhere,
        "DELETE FROM a WHERE id IN (SELECT 1); DELETE FROM b USING (SELECT 1 WHERE true) x; DELETE FROM accounts",
        "DELETE",
    );
    silent(
        Code::UpdateWithoutWhere,
        "UPDATE accounts SET balance = 0 WHERE id = :id",
    );
    silent(
        Code::UpdateWithoutWhere,
        "SELECT id FROM accounts WHERE id = :id FOR UPDATE",
    );
    silent(
        Code::UpdateWithoutWhere,
        "INSERT INTO accounts (id) VALUES (:id) ON CONFLICT (id) DO UPDATE SET balance = 1",
    );
    silent(
        Code::DeleteWithoutWhere,
        "DELETE FROM accounts WHERE id = :id",
    );
    silent(Code::DeleteWithoutWhere, "SELECT 'DELETE FROM accounts'");
}

#[test]
fn select_star() {
    finds(Code::SelectStar, "SELECT * FROM accounts", "*");
    finds(Code::SelectStar, "SELECT id, a.* FROM accounts a", "*");
    finds(Code::SelectStar, "SELECT DISTINCT * FROM accounts", "*");
    finds(
        Code::SelectStar,
        "INSERT INTO accounts (id) VALUES (:id) RETURNING *",
        "*",
    );
    finds(
        Code::SelectStar,
        "SELECT id FROM (SELECT * FROM accounts) x",
        "*",
    );
    finds(
        Code::SelectStar,
        "WITH x AS (SELECT id FROM accounts) SELECT * FROM x JOIN customers c ON c.id = x.id",
        "*",
    );
    finds(
        Code::SelectStar,
        "WITH x AS (SELECT id FROM accounts) INSERT INTO customers SELECT id FROM x RETURNING *",
        "*",
    );
    // Its columns are named where it is written.
    silent(
        Code::SelectStar,
        "WITH x AS (SELECT id FROM accounts) SELECT * FROM x ORDER BY id, id",
    );
    silent(
        Code::SelectStar,
        "SELECT x.* FROM (SELECT id FROM accounts) x, LATERAL (SELECT 1 AS one) y",
    );
    silent(
        Code::SelectStar,
        "SELECT count(*), 2 * 3, (id) * 2 FROM accounts",
    );
    silent(
        Code::SelectStar,
        "SELECT id FROM accounts WHERE EXISTS (SELECT * FROM customers WHERE id = customer_id)",
    );
}

#[test]
fn limit_without_order() {
    finds(
        Code::LimitWithoutOrder,
        "SELECT id FROM accounts LIMIT 10",
        "LIMIT",
    );
    finds(
        Code::LimitWithoutOrder,
        "SELECT id FROM (SELECT id FROM accounts FETCH FIRST 3 ROWS ONLY) x ORDER BY id",
        "FETCH",
    );
    silent(
        Code::LimitWithoutOrder,
        "SELECT id FROM accounts ORDER BY id LIMIT 10",
    );
    silent(
        Code::LimitWithoutOrder,
        "DELETE FROM accounts WHERE id = :id LIMIT 10",
    );
    silent(
        Code::LimitWithoutOrder,
        "SELECT EXISTS (SELECT id FROM accounts LIMIT 1)",
    );
    silent(
        Code::LimitWithoutOrder,
        "SELECT a.limit FROM accounts a LIMIT ALL",
    );
    silent(Code::LimitWithoutOrder, "SELECT 1 AS one LIMIT 1");
    // One row, or rows that are all as good.
    for sql in [
        "SELECT count(*) FROM accounts LIMIT 1",
        "SELECT max(balance) + 1 FROM accounts WHERE balance > 0 LIMIT 1",
        "SELECT balance FROM accounts WHERE id = :id LIMIT 1",
        "SELECT balance FROM accounts WHERE (number = :number AND balance > 0) LIMIT 1",
        "SELECT a.balance FROM accounts a JOIN customers c ON c.id = a.customer_id WHERE a.id = :id LIMIT 1",
        "SELECT a.balance FROM accounts a LEFT JOIN customers c ON c.id = a.customer_id WHERE a.id = :id LIMIT 1",
        "SELECT balance FROM accounts WHERE (number, id) = (:number, :id) FETCH FIRST ROW ONLY",
        "SELECT 1 FROM accounts WHERE balance > 0 LIMIT 1",
        "SELECT id FROM accounts WHERE balance > 0 FOR UPDATE SKIP LOCKED LIMIT 10",
        // Whether this is one row only a server knows.
        "SELECT kind FROM words WHERE \"where\" = :w AND gone IS NULL LIMIT 1",
        "SELECT id FROM people WHERE upper(email) = :e LIMIT 1",
        "WITH one AS (SELECT EXISTS (SELECT 1 FROM people) AS found) SELECT (SELECT found FROM one LIMIT 1)",
        "SELECT x FROM unknown WHERE id = :id LIMIT 1",
        "SELECT my_sum(balance) FROM accounts LIMIT 1",
        "SELECT id FROM accounts LIMIT 0",
        "SELECT id FROM accounts LIMIT NULL",
        "SELECT id FROM customers UNION SELECT id FROM accounts ORDER BY id LIMIT 3",
        "(SELECT id FROM accounts ORDER BY id) LIMIT 3",
        "VALUES (1), (2) LIMIT 1",
    ] {
        silent(Code::LimitWithoutOrder, sql);
    }
    for sql in [
        "SELECT balance FROM accounts WHERE customer_id = :id LIMIT 1",
        "SELECT balance FROM accounts WHERE id = :id OR balance = 1 LIMIT 1",
        "SELECT a.balance FROM accounts a JOIN customers c ON c.name = a.number WHERE a.id = :id LIMIT 1",
        "SELECT balance FROM accounts WHERE id = customer_id LIMIT 1",
        "SELECT customer_id, count(*) FROM accounts GROUP BY customer_id LIMIT 1",
        "SELECT id FROM customers UNION SELECT id FROM accounts LIMIT 1",
        "SELECT balance FROM unknown LIMIT 1",
    ] {
        finds(Code::LimitWithoutOrder, sql, "LIMIT");
    }
    assert_eq!(Code::LimitWithoutOrder.severity(), Severity::Warning);
}

#[test]
fn offset_pagination() {
    finds(
        Code::OffsetPagination,
        "SELECT id FROM accounts ORDER BY id LIMIT 10 OFFSET :skip",
        "OFFSET",
    );
    silent(
        Code::OffsetPagination,
        "SELECT id FROM accounts ORDER BY id LIMIT 10 OFFSET 0",
    );
    silent(
        Code::OffsetPagination,
        "SELECT n FROM unnest(:a) WITH ORDINALITY t(n, offset) ORDER BY t.offset",
    );
}

#[test]
fn implicit_int_width() {
    finds(Code::ImplicitIntWidth, "SELECT :a::INT", "INT");
    finds(Code::ImplicitIntWidth, "SELECT :a:::integer", "integer");
    finds(Code::ImplicitIntWidth, "SELECT CAST(f(x) AS INT)", "INT");
    finds(
        Code::ImplicitIntWidth,
        "CREATE TABLE t (a SERIAL)",
        "SERIAL",
    );
    silent(
        Code::ImplicitIntWidth,
        "SELECT :a::INT8, x AS int, CAST(a AS INT4) FROM t",
    );
    silent(
        Code::ImplicitIntWidth,
        "ALTER TABLE t RENAME COLUMN int TO serial",
    );
    finds(
        Code::ImplicitIntWidth,
        "ALTER TABLE t ADD COLUMN serial INT",
        "INT",
    );
    let found = problems("-- param a: INT\n", "SELECT :a");
    assert_eq!(found[0].code(), Code::ImplicitIntWidth);
}

#[test]
fn several_statements_and_mixed_ddl() {
    finds(Code::SeveralStatements, "SELECT 1; SELECT 2", "SELECT");
    finds(
        Code::MixedDdl,
        "CREATE TABLE t (a INT8); INSERT INTO t VALUES (1)",
        "CREATE",
    );
    silent(Code::SeveralStatements, "SELECT ';' ;\n");
    silent(
        Code::MixedDdl,
        "CREATE TABLE t (a INT8); CREATE INDEX ON t (a)",
    );
}

#[test]
fn answers_that_a_cache_never_keeps() {
    let found = |header: &str, sql: &str| -> Option<String> {
        let found = problems(header, sql);
        let problem = found.iter().find(|p| p.code() == Code::CacheWithoutEffect);
        problem.map(ToString::to_string)
    };
    let cache = "-- cache: 10s\n";
    for (sql, why) in [
        (
            "SELECT number FROM accounts WHERE id = :id FOR UPDATE",
            "it locks",
        ),
        (
            "SELECT number FROM accounts WHERE at < now()",
            "now(), which answers otherwise",
        ),
        ("SELECT gen_random_uuid()", "more than its arguments"),
        (
            "UPDATE accounts SET balance = 1 WHERE id = :id RETURNING balance",
            "not a query",
        ),
        (
            "SELECT balance FROM accounts AS OF SYSTEM TIME '-1s'",
            "chooses the time",
        ),
        ("SELECT my_function(:id)", "not known what it reads"),
    ] {
        let text = found(cache, sql).unwrap_or_else(|| panic!("{sql}"));
        assert!(
            text.contains("never kept: ") && text.contains(why),
            "{text}"
        );
        assert_eq!(found("", sql), None, "{sql}");
        let allowed = format!("{cache}-- allow: cache_without_effect\n");
        assert_eq!(found(&allowed, sql), None, "{sql}");
    }
    assert_eq!(
        found(cache, "SELECT balance FROM accounts WHERE id = :id"),
        None
    );
    // Old answers of the server, and not of a cache, as far as it goes.
    assert_eq!(
        found("-- staleness: 10s\n", "SELECT now() FROM accounts"),
        None
    );
}

#[test]
fn parameters_that_do_not_agree() {
    finds(
        Code::InconsistentParameter,
        "SELECT :a::INT8, :a::TEXT",
        ":a",
    );
    finds(
        Code::InconsistentParameter,
        "SELECT $1::INT8, $1:::UUID",
        "$1",
    );
    silent(
        Code::InconsistentParameter,
        "SELECT :a::INT8, :a::BIGINT, :b::STRING[], :b::TEXT[], :a",
    );
    silent(
        Code::InconsistentParameter,
        "SELECT :a::TIMESTAMP(3) WITH TIME ZONE, :a::TIMESTAMPTZ, :b::DOUBLE PRECISION, :b::FLOAT8, \
         :c::public.kind[], :c::kind[], :d::CHARACTER VARYING(20), :d::TEXT, :e::DECIMAL(19, 4), :e::NUMERIC",
    );
    finds(
        Code::InconsistentParameter,
        "SELECT :a::TIMESTAMPTZ, :a::TIMESTAMP WITHOUT TIME ZONE",
        ":a",
    );
    let found = problems("-- param a: UUID\n", "SELECT :a::TEXT");
    assert!(
        found[0]
            .message()
            .contains("its header declares it as uuid"),
        "{}",
        found[0]
    );
    let found = problems("-- param acount: UUID\n", "SELECT :account::UUID");
    assert_eq!(found[0].code(), Code::UnusedParameter);
    assert_eq!(found[0].suggestion(), Some("did you mean `account`?"));
    assert!(problems("-- allow: unused_parameter\n-- param x: UUID\n", "SELECT 1").is_empty());
}

#[test]
fn full_scans() {
    finds(Code::FullScan, "SELECT id FROM accounts", "accounts");
    finds(
        Code::FullScan,
        "SELECT id FROM accounts WHERE balance > :b",
        "accounts",
    );
    finds(
        Code::FullScan,
        "SELECT id FROM accounts WHERE lower(number) = :n",
        "accounts",
    );
    finds(
        Code::FullScan,
        "SELECT id FROM accounts WHERE number <> :n",
        "accounts",
    );
    finds(
        Code::FullScan,
        "UPDATE accounts SET number = :n WHERE balance = 0",
        "accounts",
    );
    finds(
        Code::FullScan,
        "DELETE FROM accounts WHERE balance = 0",
        "accounts",
    );
    finds(
        Code::FullScan,
        "SELECT a.id FROM accounts a JOIN customers c ON c.id = a.customer_id WHERE c.name = :n",
        "accounts",
    );
    finds(
        Code::FullScan,
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM customers WHERE name = :n)",
        "customers",
    );
    finds(
        Code::FullScan,
        "SELECT id FROM accounts WHERE id = :id UNION ALL SELECT id FROM customers",
        "customers",
    );
    finds(
        Code::FullScan,
        "SELECT a.id FROM accounts a JOIN customers c USING (id)",
        "accounts",
    );
    finds(
        Code::FullScan,
        "SELECT id FROM words WHERE words.group = :g",
        "words",
    );
    finds(
        Code::FullScan,
        "SELECT count(*) FROM accounts LIMIT 1",
        "accounts",
    );
    for sql in [
        "SELECT a.id FROM customers c JOIN accounts a USING (id) WHERE c.id = :id",
        "WITH x AS (SELECT 1 AS id) SELECT a.id FROM x JOIN accounts a USING (id)",
        "SELECT id FROM customers WHERE name IS NOT DISTINCT FROM :n AND id = :id",
        "SELECT id FROM customers WHERE left(name, 3) = :n AND id = :id",
        "SELECT id FROM people WHERE lower(email) = :e",
        "SELECT id FROM accounts WHERE id = :id",
        "SELECT id FROM public.accounts@primary AS a WHERE (a.number = :n)",
        "SELECT id FROM accounts@{FORCE_INDEX=by_customer,ASC} a WHERE a.customer_id IN (:a, :b)",
        "SELECT id FROM accounts AS OF SYSTEM TIME '-10s' WHERE :n = number",
        "SELECT id FROM accounts WHERE id = ANY(:ids)",
        "SELECT id FROM accounts WHERE tags @> ARRAY[:tag]",
        "SELECT id FROM accounts ORDER BY number LIMIT 10",
        "SELECT a.id FROM accounts a JOIN customers c ON c.id = a.customer_id WHERE a.number = :n",
        "SELECT a.id FROM customers c, accounts a WHERE a.customer_id = c.id AND c.id = :id",
        "SELECT id FROM accounts WHERE customer_id BETWEEN :a AND :b OR number = :n",
        "UPDATE accounts SET balance = 0 WHERE number = :n",
        "SELECT id FROM unknown WHERE x = 1",
        "WITH c AS (SELECT id FROM customers WHERE id = :id) SELECT a.id FROM accounts a JOIN c ON a.customer_id = c.id",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM customers WHERE id = outer_table.customer)",
        // Keywords that are columns' names.
        "SELECT t.order FROM words t WHERE t.group = :g AND t.id = :id",
        "SELECT id FROM words WHERE words.group = :g AND words.limit = 1 AND id = :id",
        "SELECT id FROM words WHERE words.where = :g",
        // The scan stops, or is one row.
        "SELECT id FROM accounts LIMIT 10",
        "SELECT max(number) FROM accounts",
        // A partial index may serve.
        "SELECT id FROM words WHERE kind = :k AND gone IS NULL",
        "SELECT id FROM words@{NO_FULL_SCAN} WHERE gone = :g",
        "SELECT id FROM words WHERE words.flag",
        "SELECT id FROM accounts NATURAL JOIN customers",
        "SELECT id FROM accounts WHERE (number, id) > (:number, :id)",
    ] {
        silent(Code::FullScan, sql);
    }
    let found = problems(
        "",
        "SELECT a.id FROM accounts a JOIN customers c ON c.id = a.customer_id WHERE c.name = :n",
    );
    assert!(
        found[0]
            .message()
            .starts_with("reads all of `accounts`, `customers`:"),
        "{}",
        found[0]
    );
    assert_eq!(found[0].severity(), Severity::Warning);
}

#[test]
fn a_lint_has_its_place_in_the_file() {
    let found = problems(
        "-- Words.\n\n",
        "SELECT id,\n\t*\nFROM customers WHERE id = :id",
    );
    let [problem] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!((problem.line(), problem.column()), (Some(5), Some(2)));
    assert_eq!(problem.query(), Some("m.q"));
    assert_eq!(
        problem.to_string(),
        "\
error[select_star]: `*` changes what the query returns when the table changes (query `m.q`)
 --> m/q.sql:5:2
  |
5 | \t*
  | \t^
  = name the columns"
    );
}

#[test]
fn columns_that_are_not_there() {
    let found = problems("", "SELECT custmer FROM accounts WHERE id = :id");
    assert_eq!(found[0].code(), Code::UnknownColumn);
    assert_eq!(found[0].severity(), Severity::Error);
    assert_eq!(found[0].message(), "there is no column `custmer`");
    let found = problems("", "SELECT a.balanse FROM accounts a WHERE a.id = :id");
    assert_eq!(found[0].suggestion(), Some("did you mean `balance`?"));
    for (sql, marked) in [
        ("SELECT custmer", "custmer"),
        ("SELECT id FROM accounts WHERE numbr = :n", "numbr"),
        ("SELECT id FROM accounts ORDER BY numbr LIMIT 1", "numbr"),
        (
            "SELECT count(*) FROM accounts WHERE id = :id GROUP BY numbr",
            "numbr",
        ),
        (
            "SELECT a.id FROM accounts a JOIN customers c ON c.ide = a.customer_id WHERE a.id = :id",
            "ide",
        ),
        (
            "SELECT x.b FROM (SELECT id AS a FROM accounts WHERE id = :id) x",
            "b",
        ),
        (
            "WITH x (a) AS (SELECT id FROM accounts WHERE id = :id) SELECT id FROM x",
            "id",
        ),
        (
            "SELECT id FROM accounts WHERE id = :id AND EXISTS (SELECT 1 FROM customers WHERE ide = accounts.id)",
            "ide",
        ),
        ("INSERT INTO accounts (id, numbr) VALUES (:id, :n)", "numbr"),
        (
            "INSERT INTO accounts (id, number) VALUES (:id, numbr)",
            "numbr",
        ),
        (
            "INSERT INTO accounts (id) VALUES (:id) ON CONFLICT (ide) DO NOTHING",
            "ide",
        ),
        (
            "INSERT INTO accounts (id) VALUES (:id) ON CONFLICT (id) DO UPDATE SET number = excluded.numbr",
            "numbr",
        ),
        ("UPDATE accounts SET numbr = :n WHERE id = :id", "numbr"),
        (
            "UPDATE accounts SET number = :n WHERE id = :id RETURNING ide",
            "ide",
        ),
        (
            "DELETE FROM accounts USING customers c WHERE accounts.id = c.idd AND c.id = :id",
            "idd",
        ),
    ] {
        finds(Code::UnknownColumn, sql, marked);
    }
    for sql in [
        "SELECT x FROM unknown",
        "SELECT x FROM accounts, unknown",
        "SELECT accounts FROM accounts WHERE id = :id",
        "SELECT rowid, crdb_internal_mvcc_timestamp, tableoid FROM accounts WHERE id = :id",
        "SELECT id AS n FROM accounts WHERE id = :id ORDER BY n",
        "SELECT id AS n, count(*) FROM accounts WHERE id = :id GROUP BY n ORDER BY n || 'x'",
        "SELECT id FROM accounts a WHERE id = :id AND EXISTS (SELECT 1 FROM customers c WHERE c.id = a.customer_id AND name = number)",
        "SELECT n FROM generate_series(1, 3) AS n",
        "SELECT l.k FROM accounts a, LATERAL (SELECT a.number AS k) l WHERE a.id = :id",
        "SELECT x.a FROM (accounts CROSS JOIN customers) AS x (a) LIMIT 1",
        "SELECT r.a FROM ROWS FROM (f(1)) r",
        "INSERT INTO accounts (id) VALUES (:id) ON CONFLICT (id) DO UPDATE SET number = accounts.number || excluded.number",
        "UPDATE accounts SET number = c.name FROM customers c WHERE c.id = customer_id AND accounts.id = :id",
        "WITH RECURSIVE x AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM x) SELECT i FROM x",
        "CREATE FUNCTION f(a INT8) RETURNS INT8 LANGUAGE SQL BEGIN ATOMIC SELECT a; END",
    ] {
        silent(Code::UnknownColumn, sql);
    }
    // Without a schema nothing is said, and so is about what the dialect does not know.
    let text = "-- name: q :many\nSELECT custmer FROM accounts";
    let repository = Repository::from_embedded(&[("m/q.sql", text)]).unwrap();
    assert!(lint(&repository, &Schema::default()).is_empty());
    assert!(codes("SELECT * FROM accounts WHERE LIMIT 1").is_empty());
}

#[test]
fn what_only_cockroachdb_minds() {
    for (code, sql, marked) in [
        (
            Code::PlaceholderAsOf,
            "SELECT id FROM accounts AS OF SYSTEM TIME :ts WHERE id = :id",
            ":ts",
        ),
        (
            Code::PlaceholderAsOf,
            "SELECT id FROM accounts AS OF SYSTEM TIME (:ts)::TIMESTAMPTZ WHERE id = :id",
            ":ts",
        ),
        (
            Code::ArraySlice,
            "SELECT tags[:i] FROM accounts WHERE id = :id",
            "tags",
        ),
        (
            Code::ArraySlice,
            "SELECT tags[1:2] FROM accounts WHERE id = :id",
            "tags",
        ),
        (
            Code::LockInThePast,
            "SELECT id FROM accounts AS OF SYSTEM TIME '-1s' WHERE id = :id FOR UPDATE",
            "FOR",
        ),
        (
            Code::LockWithoutIndex,
            "SELECT id FROM accounts WHERE balance = 0 FOR UPDATE",
            "accounts",
        ),
        (
            Code::IntegerDivision,
            "SELECT count(*) / 2 FROM accounts WHERE id = :id",
            "count",
        ),
        (
            Code::IntegerDivision,
            "SELECT 100 * 3, 1 / words.order FROM words WHERE id = :id",
            "words.order",
        ),
        (
            Code::UpsertReadsFirst,
            "UPSERT INTO accounts (id) VALUES (:id)",
            "accounts",
        ),
        (
            Code::ExportOfNow,
            "EXPORT INTO CSV 'nodelocal://1/x' FROM SELECT id FROM accounts",
            "EXPORT",
        ),
        (
            Code::AdvisoryLock,
            "SELECT pg_advisory_lock(:id)",
            "pg_advisory_lock",
        ),
        (
            Code::AdvisoryLock,
            "SELECT pg_catalog.pg_try_advisory_xact_lock(:id)",
            "pg_catalog.pg_try_advisory_xact_lock",
        ),
        (
            Code::SequenceCall,
            "INSERT INTO words (id) VALUES (nextval('s'))",
            "nextval",
        ),
        (
            Code::ClusterTimestamp,
            "SELECT cluster_logical_timestamp()",
            "cluster_logical_timestamp",
        ),
        (
            Code::UnsafeInternals,
            "SELECT node_id FROM crdb_internal.gossip_nodes",
            "crdb_internal.gossip_nodes",
        ),
        (
            Code::UnsafeInternals,
            "SELECT crdb_internal.node_id()",
            "crdb_internal.node_id",
        ),
        (Code::MissingPrimaryKey, "CREATE TABLE t (a INT8)", "t"),
        (
            Code::SequentialKey,
            "CREATE TABLE t (a INT8 PRIMARY KEY DEFAULT unique_rowid())",
            "a",
        ),
        (
            Code::SequentialKey,
            "CREATE TABLE t (a SERIAL8, b INT8, PRIMARY KEY (a, b))",
            "a",
        ),
        (
            Code::SequentialKey,
            "CREATE TABLE t (a INT8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY)",
            "a",
        ),
        (
            Code::SequentialKey,
            "CREATE TABLE t (a UUID PRIMARY KEY, b TIMESTAMPTZ DEFAULT now(), INDEX (b))",
            "b",
        ),
        (
            Code::SequentialKey,
            "CREATE TABLE t (a UUID PRIMARY KEY, b TIMESTAMPTZ DEFAULT now()); CREATE INDEX ON t (b)",
            "b",
        ),
        (
            Code::UnindexedForeignKey,
            "CREATE TABLE t (a UUID PRIMARY KEY, b UUID REFERENCES accounts (id))",
            "b",
        ),
        (
            Code::UnindexedForeignKey,
            "ALTER TABLE words ADD FOREIGN KEY (gone) REFERENCES accounts (id)",
            "gone",
        ),
        (
            Code::DropColumnBesideOthers,
            "ALTER TABLE words DROP COLUMN gone, ADD COLUMN more INT8",
            "gone",
        ),
        (
            Code::AlterColumnType,
            "ALTER TABLE words ALTER COLUMN gone TYPE INT8",
            "gone",
        ),
        (
            Code::ConcurrentIndex,
            "CREATE INDEX CONCURRENTLY ON words (gone)",
            "words",
        ),
        (
            Code::TemporaryTable,
            "CREATE TEMP TABLE t (a INT8 PRIMARY KEY)",
            "t",
        ),
        (
            Code::InterleavedTable,
            "CREATE TABLE t (a UUID PRIMARY KEY) INTERLEAVE IN PARENT accounts (a)",
            "t",
        ),
    ] {
        finds(code, sql, marked);
    }
    let many: Vec<String> = (0..101).map(|n| n.to_string()).collect();
    let sql = format!(
        "SELECT id FROM accounts WHERE number IN ({})",
        many.join(", ")
    );
    finds(Code::LongInList, &sql, "number");
    for (code, sql) in [
        (
            Code::PlaceholderAsOf,
            "SELECT id FROM accounts AS OF SYSTEM TIME '-1s' WHERE id = :id",
        ),
        (
            Code::ArraySlice,
            "SELECT tags[(:i)], tags[1] FROM accounts WHERE id = :id",
        ),
        (
            Code::LockWithoutIndex,
            "SELECT id FROM accounts WHERE id = :id FOR UPDATE",
        ),
        (
            Code::IntegerDivision,
            "SELECT balance / 2, 1 / 2, 3.0 / words.order FROM accounts, words WHERE accounts.id = :id",
        ),
        (
            Code::UpsertReadsFirst,
            "UPSERT INTO customers (id) VALUES (:id)",
        ),
        (
            Code::ExportOfNow,
            "EXPORT INTO CSV 'nodelocal://1/x' FROM SELECT id FROM accounts AS OF SYSTEM TIME '-10s'",
        ),
        (
            Code::SequenceCall,
            "CREATE TABLE t (a INT8 DEFAULT nextval('s'), b UUID PRIMARY KEY)",
        ),
        (Code::AdvisoryLock, "SELECT mine.pg_advisory_lock(1)"),
        (
            Code::MissingPrimaryKey,
            "CREATE TABLE t (a INT8); ALTER TABLE t ADD PRIMARY KEY (a)",
        ),
        (Code::MissingPrimaryKey, "CREATE TABLE t AS SELECT 1"),
        (
            Code::SequentialKey,
            "CREATE TABLE t (a UUID PRIMARY KEY DEFAULT gen_random_uuid(), b TIMESTAMPTZ DEFAULT now())",
        ),
        (
            Code::SequentialKey,
            "CREATE TABLE t (a UUID PRIMARY KEY, b TIMESTAMPTZ DEFAULT now(), INDEX (b) USING HASH)",
        ),
        (
            Code::SequentialKey,
            "CREATE TABLE t (a UUID, b TIMESTAMPTZ DEFAULT now(), PRIMARY KEY (a, b))",
        ),
        (
            Code::UnindexedForeignKey,
            "CREATE TABLE t (a UUID PRIMARY KEY REFERENCES accounts (id))",
        ),
        (
            Code::UnindexedForeignKey,
            "CREATE TABLE t (a UUID PRIMARY KEY, b UUID REFERENCES accounts (id)); CREATE INDEX ON t (b)",
        ),
        (
            Code::DropColumnBesideOthers,
            "ALTER TABLE words DROP COLUMN gone",
        ),
    ] {
        silent(code, sql);
    }
    silent(
        Code::LongInList,
        "SELECT id FROM accounts WHERE number IN (:a, :b)",
    );
}

#[test]
fn a_batch_of_an_update_or_a_delete_is_limited() {
    silent(Code::DeleteWithoutWhere, "DELETE FROM accounts LIMIT 1000");
    silent(
        Code::UpdateWithoutWhere,
        "UPDATE accounts SET balance = 0 LIMIT 10",
    );
}
