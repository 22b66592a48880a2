//! Each lint where it should speak, where it should not, and how it is allowed.
#![cfg(feature = "parser")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use crdb_sql::schema::Schema;
use crdb_sql::{Code, Problem, Repository, Severity, lint};

const SCHEMA: &str = "
CREATE TABLE accounts (
    id UUID PRIMARY KEY, number TEXT NOT NULL UNIQUE, customer_id UUID NOT NULL, balance DECIMAL NOT NULL, tags TEXT[]);
CREATE INDEX by_customer ON accounts (customer_id, balance);
CREATE TABLE customers (id UUID PRIMARY KEY, name TEXT NOT NULL, email TEXT);
CREATE INVERTED INDEX by_tags ON accounts (tags);
CREATE TABLE people (id UUID PRIMARY KEY, email TEXT NOT NULL);
CREATE INDEX by_address ON people (lower(email));
";

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
