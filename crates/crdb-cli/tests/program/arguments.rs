//! What every command has in common: help, exit codes, secrets.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::bed::{Bed, names, run};
use crate::top::endpoint;

#[tokio::test(flavor = "multi_thread")]
async fn the_help_teaches_the_program() {
    let bed = Bed::bare();
    let ran = bed.run(&["--help"]).await.ended(0);
    for part in [
        "A service of your own:",
        "Exit codes",
        "crdb doctor",
        "--reason",
    ] {
        assert!(ran.out().contains(part), "no `{part}` in:\n{}", ran.out());
    }
    bed.run(&["nonsense"]).await.ended(2);
    bed.run(&["sql"]).await.ended(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_in_an_argument_is_refused_and_not_repeated() {
    let bed = Bed::bare();
    for arguments in [
        ["sql", "a.sql", "--url=postgresql://app:s3cret@db1/bank"],
        ["sql", "a.sql", "--set=auth.password=s3cret"],
        ["query", "a.b", "-ppassword=s3cret"],
        ["query", "a.b", "--param=password=s3cret"],
        ["doctor", "--json", "host=db1 password=s3cret"],
    ] {
        let ran = bed.run(&arguments).await.ended(2);
        assert!(!ran.err().contains("s3cret"), "{}", ran.err());
        assert!(ran.err().contains("password_file"), "{}", ran.err());
        assert_eq!(ran.out(), "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_of_the_configuration_are_usage() {
    let bed = Bed::bare();
    bed.file("crdb.yaml", "auth: { user: app }\npool: { max_sise: 3 }\n");
    let ran = bed.run(&["config", "explain"]).await.ended(2);
    assert!(
        ran.err().contains("did you mean pool.max_size"),
        "{}",
        ran.err()
    );
    let ran = bed.run(&["query", "--json"]).await.ended(2);
    assert_eq!(ran.error()["verdict"], "usage");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_is_told_how_to_say_it() {
    let bed = Bed::bare();
    for arguments in [&["doctor"][..], &["query", "a.b"], &["load", "t", "f.csv"]] {
        let ran = bed.run(arguments).await.ended(2);
        for way in ["crdb.yaml", "CRDB_*", "--url", "crdb dev"] {
            assert!(ran.err().contains(way), "{}", ran.err());
        }
    }
    // A file that says less than is needed is told what is missing.
    bed.file("crdb.yaml", "sql: { directory: sql }\n");
    let ran = bed.run(&["doctor"]).await.ended(2);
    assert!(ran.err().contains("auth.user"), "{}", ran.err());
    // What asks no database does not need one.
    bed.file("sql/a.sql", "-- name: b :one\nSELECT 1::INT8 AS one;\n");
    let ran = bed.run(&["query"]).await.ended(0);
    assert!(ran.out().contains("a.b"), "{}", ran.out());
    bed.file(
        "crdb.yaml",
        "sql: { directory: sql }\npool: { max_sise: 3 }\n",
    );
    let ran = bed.run(&["query"]).await.ended(2);
    assert!(ran.err().contains("max_size"), "{}", ran.err());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_setting_says_where_it_comes_from() {
    let bed = Bed::bare();
    bed.file("crdb.yaml", "auth:\n  user: app\n  password: s3cret\n");
    let mut command = bed.crdb(["config", "explain", "--changed", "--set", "exec.timeout=5m"]);
    command.env("CRDB_POOL__MAX_SIZE", "3");
    let ran = run(command).await.ended(0);
    let line = |name: &str| {
        let line = ran
            .out()
            .lines()
            .find(|line| line.trim_start().starts_with(name));
        line.unwrap_or_else(|| panic!("{}", ran.out())).to_owned()
    };
    assert!(line("auth.user").contains("crdb.yaml:2"));
    assert!(line("pool.max_size").contains("variable CRDB_POOL__MAX_SIZE"));
    assert!(line("exec.timeout").contains("command line"));
    assert!(line("auth.password").contains("***"));
    assert!(!ran.out().contains("s3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn colours_are_for_terminals_only() {
    let bed = Bed::bare();
    let ran = bed.run(&["query"]).await.ended(2);
    assert!(!ran.err().contains('\u{1b}'), "{}", ran.err());
    let mut command = bed.crdb(["query"]);
    command.env("CLICOLOR_FORCE", "1");
    let ran = run(command).await.ended(2);
    assert!(ran.err().contains("\u{1b}["), "{}", ran.err());
    let mut command = bed.crdb(["query"]);
    command.env("NO_COLOR", "1");
    assert!(!run(command).await.ended(2).err().contains('\u{1b}'));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_whether_a_login_works() {
    let bed = Bed::new().await;
    let ran = bed.run(&["doctor", "--json"]).await.ended(0);
    assert_eq!(ran.json()["healthy"], true);
    let ran = bed
        .run(&["doctor", "--json", "--set", "auth.user=nobody_here"])
        .await
        .ended(1);
    assert_eq!(ran.json()["healthy"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn shells_and_man_know_every_command() {
    let bed = Bed::bare();
    for shell in ["bash", "zsh", "fish"] {
        let ran = bed.run(&["completions", shell]).await.ended(0);
        assert!(ran.out().contains("codegen"), "{shell}");
    }
    bed.run(&["man", "man1"]).await.ended(0);
    for page in ["crdb.1", "crdb-sql.1", "crdb-migrate-up.1"] {
        assert!(bed.path("man1").join(page).is_file(), "{page}");
    }
}

#[test]
fn a_program_that_is_killed_leaves_no_core() {
    let bed = Bed::bare();
    let url = endpoint("/metrics", vec!["# EOF\n".to_owned()]);
    let program = bed.crdb(["top", &url, "--every", "1ms", "--json"]);
    let mut shell = Command::new("sh");
    // As much as the system allows.
    shell.args(["-c", "ulimit -c $(ulimit -H -c); exec \"$0\" \"$@\""]);
    shell.arg(program.get_program()).args(program.get_args());
    shell
        .current_dir(bed.directory.path())
        .stdout(Stdio::piped());
    let mut child = shell.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    kill_process(Pid::from_child(&child), Signal::ABORT).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(Signal::ABORT.as_raw()));
    assert!(!status.core_dumped());
    assert_eq!(names(bed.directory.path()), [""; 0]);
}
