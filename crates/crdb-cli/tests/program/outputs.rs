//! Where the output goes: nowhere, to a full disk, to a device, through a link.

use std::fs::{self, File};
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::process::{Command, Stdio};

use crate::bed::{Bed, run};
use crate::production::signing_key;
use crate::profile::report;
use crate::top::endpoint;

/// A database with a table, and files for each command.
async fn prepared() -> Bed {
    let bed = Bed::new().await;
    bed.ask("CREATE TABLE accounts (id INT8 PRIMARY KEY, owner TEXT NOT NULL)")
        .await;
    bed.ask("INSERT INTO accounts VALUES (1, 'ada')").await;
    bed.file("script.sql", "SELECT * FROM accounts;\n");
    bed.file("accounts.csv", "id,owner\n2,bob\nx,cem\n");
    bed.file(
        "sql/queries/accounts.sql",
        "-- name: all :many\nSELECT 1::INT8 AS one;\n",
    );
    bed.file(
        "sql/migrations/0001_other.up.sql",
        "CREATE TABLE other (id INT8 PRIMARY KEY);\n",
    );
    bed.file("sql/migrations/0001_other.down.sql", "DROP TABLE other;\n");
    bed.file("crdb.yaml", "sql: { directory: sql/queries }\n");
    bed.file("good.csv", "id,owner\n3,eve\n");
    bed.file("report.json", report(0.1).to_string());
    bed.file("audit.key", [42; 32]);
    bed.file("audit.der", signing_key());
    bed.file(
        "audit.yaml",
        "version: 1\ncli:\n  audit: { directory: log, key: audit.key, signing_key: audit.der }\n",
    );
    bed
}

/// Commands that write to standard output, each kind of writing once.
const COMMANDS: [&[&str]; 24] = [
    &["sql", "script.sql"],
    &["sql", "script.sql", "--json"],
    &["sql", "script.sql", "--format", "csv"],
    &["sql", "script.sql", "--format", "jsonl"],
    &["sql", "check", "sql/queries"],
    &["query"],
    &["query", "--json"],
    &["query", "accounts.all"],
    &["doctor"],
    &["doctor", "--json"],
    &["config", "explain"],
    &["config", "explain", "--json"],
    &["migrate", "plan"],
    &["migrate", "status"],
    &["export", "--table", "accounts", "-o", "a.csv"],
    &["completions", "bash"],
    &["load", "accounts", "good.csv"],
    &["load", "accounts", "good.csv", "--json"],
    &["why", "accounts.all"],
    &["why", "accounts.all", "--json"],
    &["profile", "report.json"],
    &["profile", "report.json", "--since", "report.json"],
    &["profile", "report.json", "--since", "report.json", "--json"],
    &["audit", "public-key", "--config", "audit.yaml"],
];

/// An endpoint for `crdb top`, which looks at it for ever.
fn metrics() -> String {
    endpoint("/metrics", vec!["# EOF\n".to_owned()])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_output_ends_every_command_quietly() {
    let bed = prepared().await;
    let url = metrics();
    let top = ["top", &url, "--every", "1ms"];
    for arguments in COMMANDS.into_iter().chain([top.as_slice()]) {
        bed.ask("DELETE FROM accounts WHERE id = 3").await;
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = run(writing(bed.crdb(arguments), writer.into())).await;
        let ran = ran.ended(141);
        assert!(ran.err().is_empty(), "{arguments:?}: {}", ran.err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_output_is_told_in_one_line_by_every_command() {
    let bed = prepared().await;
    let url = metrics();
    let top = ["top", &url, "--every", "1ms"];
    for arguments in COMMANDS.into_iter().chain([top.as_slice()]) {
        bed.ask("DELETE FROM accounts WHERE id = 3").await;
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ran = run(writing(bed.crdb(arguments), full.into()))
            .await
            .ended(1);
        let lines: Vec<&str> = ran.err().lines().collect();
        assert!(
            lines.len() == 1 && lines[0].contains("No space left on device"),
            "{arguments:?}: {}",
            ran.err()
        );
        if arguments.contains(&"--json") {
            assert_eq!(ran.error()["verdict"], "never", "{arguments:?}");
        }
    }
}

fn writing(mut command: Command, output: Stdio) -> Command {
    command.stdout(output).stderr(Stdio::piped());
    command
}

/// A pipe with a name stands for `/dev/null`, which a file put in its place would take from the whole machine.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_named_as_output_is_written_to_and_stays() {
    let bed = prepared().await;
    let pipe = bed.path("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    for (arguments, wanted) in [
        (
            ["sql", "script.sql", "--format", "csv", "-o", "pipe"].as_slice(),
            "id,owner",
        ),
        (
            &["export", "--table", "accounts", "-f", "csv", "-o", "pipe"],
            "id,owner",
        ),
        (
            &[
                "load",
                "accounts",
                "accounts.csv",
                "--bad-rows",
                "1",
                "--rejects",
                "pipe",
            ],
            "x,cem",
        ),
    ] {
        // A reader that is there before the program, so that neither waits for the other for ever.
        let reader = File::options().read(true).write(true).open(&pipe).unwrap();
        run(bed.crdb(arguments)).await.ended(0);
        assert!(
            fs::metadata(&pipe).unwrap().file_type().is_fifo(),
            "{arguments:?}"
        );
        // Something to read even where nothing was written.
        std::io::Write::write_all(&mut &reader, b"\n").unwrap();
        let mut bytes = [0; 4096];
        let length = std::io::Read::read(&mut &reader, &mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        assert!(text.contains(wanted), "{arguments:?}: {text}");
    }
    assert!(!bed.path("pipe.manifest.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_stays_a_link_and_a_directory_is_refused() {
    let bed = prepared().await;
    bed.file("real/rows.csv", "old");
    symlink("real/rows.csv", bed.path("link.csv")).unwrap();
    for arguments in [
        ["sql", "script.sql", "-f", "csv", "-o", "link.csv"].as_slice(),
        &["export", "--table", "accounts", "-o", "link.csv"],
    ] {
        bed.file("real/rows.csv", "old");
        run(bed.crdb(arguments)).await.ended(0);
        let link = fs::symlink_metadata(bed.path("link.csv")).unwrap();
        assert!(link.is_symlink(), "{arguments:?}");
        let text = fs::read_to_string(bed.path("real/rows.csv")).unwrap();
        assert!(text.contains("1,ada"), "{arguments:?}: {text}");
        let mut into_directory = arguments.to_vec();
        into_directory.pop();
        into_directory.push("real");
        let ran = run(bed.crdb(into_directory)).await.ended(1);
        assert!(ran.err().contains("is a directory"), "{}", ran.err());
    }
}
