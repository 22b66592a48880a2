//! `cargo xtask sql check`: every code with the whole of what it prints, for people and as JSON, and how it exits.
//!
//! `cases/CODE.txt` holds a file of queries, then what is printed about it, then the same as JSON, one object a query. In the
//! queries `\x01` and `\xff` stand for those bytes.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crdb_sql::{Code, Severity};
use serde_json::{Value, json};

const TEXT: &str = "==== as text\n";
const JSON: &str = "==== as JSON\n";

/// A directory with the schema and one file of queries.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new(queries: &str) -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        this.write("sql/schema/001.sql", include_bytes!("schema.sql"));
        this.write("sql/queries/accounts.sql", &bytes(queries));
        this
    }

    fn write(&self, path: &str, content: &[u8]) {
        let file = self.0.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }

    fn check(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .current_dir(self.0.path())
            .args(["sql", "check"])
            .args(arguments)
            .output()
            .unwrap()
    }
}

/// The text, with the bytes that a text file cannot show.
fn bytes(text: &str) -> Vec<u8> {
    let mut rest = text;
    let mut bytes = Vec::new();
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(&after[..2], 16).unwrap());
        rest = &after[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

fn said(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn objects(lines: &str) -> Vec<Value> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

struct Case {
    code: Code,
    queries: String,
    text: String,
    json: String,
}

impl Case {
    fn read(code: Code) -> Self {
        let path: PathBuf = [
            env!("CARGO_MANIFEST_DIR"),
            "tests/sql_check/cases",
            &format!("{code}.txt"),
        ]
        .iter()
        .collect();
        let content = fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{code} is shown nowhere: {}: {error}", path.display()));
        let (queries, printed) = content.split_once(TEXT).unwrap();
        let (text, json) = printed.split_once(JSON).unwrap();
        Self {
            code,
            queries: queries.to_owned(),
            text: text.to_owned(),
            json: json.to_owned(),
        }
    }

    /// Compares everything that is printed, and the exit code.
    fn holds(&self, more: &[&str]) {
        let code = self.code;
        let tree = Tree::new(&self.queries);
        let arguments = [&["sql"], more].concat();
        let output = tree.check(&arguments);
        assert_eq!(said(&output), self.text, "{code}: {output:?}");
        let exit = i32::from(code.severity() == Severity::Error);
        assert_eq!(output.status.code(), Some(exit), "{code}");
        assert!(
            self.text
                .contains(&format!("{}[{code}]: ", code.severity())),
            "{code} is not shown"
        );

        let output = tree.check(&[&arguments[..], &["--format", "json"]].concat());
        assert_eq!(objects(said(&output)), objects(&self.json), "{code}");
        assert_eq!(output.status.code(), Some(exit), "{code}");
    }
}

#[test]
fn every_code_is_shown_as_people_and_machines_see_it() {
    for code in Code::ALL {
        if !matches!(code, Code::Server | Code::ServerReading) {
            Case::read(*code).holds(&[]);
        }
    }
}

/// What is printed of a difference, with what the server would say given here.
#[test]
fn a_server_that_reads_otherwise_is_shown() {
    let case = Case::read(Code::ServerReading);
    let tree = Tree::new(&case.queries);
    let mut verdicts = crdb_sql::check(&tree.0.path().join("sql")).unwrap();
    assert!(verdicts[0].problems().is_empty());
    verdicts[0].read_otherwise_by_server(
        "the server reads it as `SELECT a`, and this parser's tree as `SELECT b`",
    );
    assert!(verdicts[0].is_ok());
    let shown = verdicts[0]
        .problems()
        .to_string()
        .replace(&format!("{}/", tree.0.path().display()), "");
    assert_eq!(format!("{shown}\n\n"), case.text);
    let shown = verdicts[0].problems().iter().next().unwrap();
    let told = objects(&case.json)[0]["problems"][0].clone();
    assert_eq!(
        (told["message"].as_str(), told["help"].as_str()),
        (Some(shown.message()), shown.suggestion())
    );
}

/// One of two conditions has an index, so that no lint complains; together no index serves them.
#[cfg(feature = "engine")]
const SCANNED: &str = "-- name: either :many\nSELECT id FROM accounts WHERE number = :number OR balance = :balance\n\n\
                       -- name: allowed :many\n-- allow: full_scan\nSELECT id FROM accounts WHERE number = :number OR balance = :balance\n\n\
                       -- name: served :many\nSELECT id FROM accounts WHERE number = ANY(:numbers)\n";

#[cfg(feature = "engine")]
#[tokio::test]
async fn a_plan_that_reads_a_whole_table_is_shown() {
    let engine = crdb_testkit::Engine::shared_postgres().await;
    let tree = Tree::new(SCANNED);
    assert_eq!(
        said(&tree.check(&["sql"])),
        "3 statements checked, no errors\n"
    );
    let url = engine.url(engine.database());
    let output = tree.check(&["sql", "--engine", &url]);
    let shown = said(&output);
    assert!(
        shown.contains(
            "warning[full_scan]: the server's plan reads all of `accounts` (query `accounts.either`)"
        ),
        "{output:?}"
    );
    assert_eq!(shown.matches("[full_scan]").count(), 1, "{shown}");
    assert_eq!(output.status.code(), Some(0));
}

/// Behind the quirks proxy is a server that shows its syntax, and does not explain as CockroachDB does: nothing is made of that.
#[cfg(feature = "engine")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_shows_its_syntax_agrees_or_is_shown() {
    let engine = crdb_testkit::Engine::shared_postgres().await;
    let database = engine.create_database().await;
    engine
        .execute_in(database.name(), include_str!("schema.sql"))
        .await
        .unwrap();
    let options = crdb_testkit::QuirksOptions::default();
    let proxy = crdb_testkit::QuirksProxy::start(engine, options)
        .await
        .unwrap();
    let url = database.url().replace(
        &format!(":{}", engine.port()),
        &format!(":{}", proxy.port()),
    );
    let small = "-- name: small :many\nselect  id from accounts where number <> any(:numbers) -- but these\n";
    let tree = Tree::new(&format!("{SCANNED}\n{small}"));
    let check = || tree.check(&["sql", "--engine", &url]);
    let output = check();
    assert_eq!(
        said(&output),
        "4 statements checked, no errors\n",
        "{output:?}"
    );
    assert_eq!(output.status.code(), Some(0));

    // The same words in another order: what the tree prints is asked for by another text, and read as before.
    let asked = "select  id from accounts where number <> any($1)";
    proxy.reads_as(asked, "SELECT id FROM accounts WHERE ANY ($1) != number");
    let output = check();
    let shown = said(&output);
    assert!(
        shown.contains(
            "warning[server_reading]: the server reads it as `SELECT id FROM accounts WHERE ANY ($1) != number`, and this parser's \
             tree as `SELECT id FROM accounts WHERE number != ANY ($1)` (query `accounts.small`)"
        ),
        "{output:?}"
    );
    assert_eq!(shown.matches("[server_reading]").count(), 1, "{shown}");
    assert_eq!(output.status.code(), Some(0));
}

#[cfg(feature = "engine")]
#[tokio::test]
async fn what_a_server_says_is_shown_as_people_and_machines_see_it() {
    let engine = crdb_testkit::Engine::shared_postgres().await;
    let url = engine.url(engine.database());
    Case::read(Code::Server).holds(&["--engine", &url]);
}

#[test]
fn every_case_is_a_codes() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sql_check/cases");
    let shown: BTreeSet<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let codes: BTreeSet<String> = Code::ALL.iter().map(|code| format!("{code}.txt")).collect();
    assert_eq!(shown, codes);
}

#[test]
fn a_lint_can_be_allowed_and_nothing_else_can() {
    for code in Code::ALL {
        let allow = format!("\n-- allow: {code}\n");
        if code.is_lint() {
            // Under the line that names the query.
            let allowed = Case::read(*code).queries.replacen('\n', &allow, 1);
            let output = Tree::new(&allowed).check(&["sql"]);
            assert!(!said(&output).contains(&format!("[{code}]")), "{output:?}");
        } else {
            let refused = format!("-- name: q :one{allow}SELECT 1 AS one\n");
            let output = Tree::new(&refused).check(&["sql"]);
            let message = format!("`{code}` is not a lint and cannot be allowed");
            assert!(said(&output).contains(&message), "{output:?}");
        }
    }
}

#[test]
fn each_query_of_a_tree_has_its_line_and_a_good_tree_exits_with_0() {
    let tree = Tree::new(
        "-- name: get :one\nSELECT number FROM accounts WHERE id = :id\n\n\
         -- name: find :opt\nSELECT id FROM accounts WHERE number = :number\n",
    );
    let output = tree.check(&["sql"]);
    assert_eq!(said(&output), "2 statements checked, no errors\n");
    assert_eq!(output.status.code(), Some(0));
    let output = tree.check(&["sql", "--format", "json"]);
    let good = |line: usize, name: &str| json!({"file": "sql/queries/accounts.sql", "line": line, "name": name, "ok": true, "problems": []});
    assert_eq!(
        objects(said(&output)),
        [good(1, "accounts.get"), good(4, "accounts.find")]
    );
    assert_eq!(output.status.code(), Some(0));

    let output = tree.check(&["nowhere"]);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        complaint.contains("cannot read `nowhere`")
            && complaint.contains("name a .sql file or a directory"),
        "{complaint}"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_plain_list_has_a_verdict_for_each_statement_in_order() {
    let tree = Tree::new("-- name: unread :exec\nDELETE FROM accounts\n");
    tree.write(
        "list.sql",
        b"SELECT ';' AS a; UPSERT INTO t VALUES (1);\n-- words; more\nSELECT 1 FROM;\nSELECT 'open;\nSHOW JOBS;\n",
    );
    let output = tree.check(&["--statements", "list.sql"]);
    assert_eq!(
        said(&output),
        "\
error[syntax]: expected a name, found the end
 --> list.sql:3:14
  |
3 | SELECT 1 FROM;
  |              ^

error[syntax]: this string is not closed: `'` is missing
 --> list.sql:4:8
  |
4 | SELECT 'open;
  |        ^^^^^^

"
    );
    assert_eq!(output.status.code(), Some(1));

    let output = tree.check(&["--statements", "list.sql", "--format", "json"]);
    let verdict = |line: usize, problems: Value| json!({"file": "list.sql", "line": line, "name": null, "ok": problems == json!([]), "problems": problems});
    let syntax = |line: usize, column: usize, message: &str| {
        json!([{
            "code": "syntax", "severity": "error", "line": line, "column": column, "message": message, "help": null
        }])
    };
    assert_eq!(
        objects(said(&output)),
        [
            verdict(1, json!([])),
            verdict(1, json!([])),
            verdict(3, syntax(3, 14, "expected a name, found the end")),
            verdict(4, syntax(4, 8, "this string is not closed: `'` is missing")),
            verdict(5, json!([])),
        ]
    );
    assert_eq!(output.status.code(), Some(1));

    tree.write("list.sql", b"SELECT 1; SELECT 2");
    let output = tree.check(&["--statements", "list.sql"]);
    assert_eq!(said(&output), "2 statements checked, no errors\n");
    assert_eq!(output.status.code(), Some(0));
}
