//! `crdb new` and `crdb dev`: the first commands.

use std::os::unix::process::ExitStatusExt as _;

use crate::bed::{Bed, names, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_service_is_whole() {
    let bed = Bed::bare();
    let ran = bed.run(&["new", "shop"]).await.ended(0);
    assert!(ran.out().contains("cd shop"), "{}", ran.out());
    let written = names(&bed.path("shop"));
    assert_eq!(
        written,
        [
            ".gitignore",
            "Cargo.toml",
            "README.md",
            "crdb.yaml",
            "sql",
            "src"
        ]
    );
    let manifest = std::fs::read_to_string(bed.path("shop/Cargo.toml")).unwrap();
    assert!(manifest.contains("name = \"shop\""), "{manifest}");
    assert!(
        manifest.contains(concat!("version = \"", env!("CARGO_PKG_VERSION"), "\"")),
        "{manifest}"
    );
    // Its queries are good, and its code is what they give.
    let sql = bed.path("shop/sql");
    let sql = sql.to_str().unwrap();
    bed.run(&["sql", "check", sql]).await.ended(0);
    let out = bed.path("shop/src/generated.rs");
    let check = [
        "codegen",
        "--check",
        "--sql",
        sql,
        "--out",
        out.to_str().unwrap(),
        "--facade",
        "--derive",
        "crdb_facade::serde::Serialize",
    ];
    bed.run(&check).await.ended(0);
}

/// The manifest of the template and the one that compiles it here ask for the same crates, and the same features of them.
#[test]
fn the_template_compiles_here_with_what_it_asks_for() {
    let read = |text: &str| text.parse::<toml::Table>().unwrap();
    let template = include_str!("../../template/Cargo.toml.template")
        .replace("{{name}}", "shop")
        .replace("{{crdb-facade}}", "version = \"1\"")
        .replace("{{crdb-testkit}}", "version = \"1\"");
    let (template, here) = (read(&template), read(include_str!("../../Cargo.toml")));
    for kind in ["dependencies", "dev-dependencies"] {
        for (name, wanted) in template[kind].as_table().unwrap() {
            let mut found = Vec::new();
            for kind in ["dependencies", "dev-dependencies"] {
                found.extend(here[kind].get(name));
            }
            assert!(!found.is_empty(), "{name} is no dependency here");
            let features = |dependency: &toml::Value| -> Vec<String> {
                let list = dependency.get("features").and_then(toml::Value::as_array);
                let names = list.into_iter().flatten().filter_map(toml::Value::as_str);
                names.map(ToOwned::to_owned).collect()
            };
            let known: Vec<_> = found.iter().flat_map(|known| features(known)).collect();
            // What the workspace turns on for every crate.
            let shared = ["derive", "env-filter", "macros", "net"];
            for feature in features(wanted) {
                assert!(
                    known.contains(&feature) || shared.contains(&feature.as_str()),
                    "{name} has no {feature} here"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_over() {
    let bed = Bed::bare();
    bed.file("shop/notes.txt", "mine");
    let ran = bed.run(&["new", "shop"]).await.ended(2);
    assert!(ran.err().contains("is not empty"), "{}", ran.err());
    assert_eq!(names(&bed.path("shop")), ["notes.txt"]);
    let ran = bed.run(&["new", "1st", "--json"]).await.ended(2);
    assert_eq!(ran.error()["verdict"], "usage", "{ran:?}");
    bed.run(&["new", "fn"]).await.ended(2);
    bed.run(&["new", "shop2", "--crates", "nowhere"])
        .await
        .ended(2);
    assert_eq!(names(bed.directory.path()), ["shop"]);
}

/// A name of a directory is bytes.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_directory_whose_name_is_no_text_is_told_as_json() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let bed = Bed::bare();
    let odd = OsStr::from_bytes(b"shop\xff");
    let arguments = [
        "new".as_ref(),
        odd,
        "--name".as_ref(),
        "shop".as_ref(),
        "--json".as_ref(),
    ];
    let ran = run(bed.crdb(arguments)).await.ended(0);
    assert_eq!(ran.json()["directory"], "shop\u{fffd}");
}

#[cfg(feature = "engine")]
#[tokio::test(flavor = "multi_thread")]
async fn a_command_finds_the_database_and_its_tables() {
    let bed = Bed::bare();
    bed.file(
        "sql/migrations/0001_accounts.up.sql",
        "CREATE TABLE accounts (id INT8 PRIMARY KEY);\n",
    );
    let program = env!("CARGO_BIN_EXE_crdb");
    bed.file("count.sql", "SELECT count(*) FROM accounts;\n");
    let dev = [
        "dev",
        "--engine",
        "postgres",
        "--imitate",
        "v25.2",
        "--",
        program,
        "sql",
        "count.sql",
        "--format",
        "csv",
    ];
    let ran = bed.run(&dev).await.ended(0);
    assert_eq!(ran.out().replace('\r', ""), "count\n0\n");
    assert!(
        ran.err().contains("CockroachDB v25.2") && ran.err().contains("1 migrations"),
        "{}",
        ran.err()
    );
    // Tests and codegen look for their server in another variable.
    let ran = bed
        .run(&[
            "dev",
            "--engine",
            "postgres",
            "--empty",
            "--",
            "sh",
            "-c",
            "test -n \"$CRDB_TEST_URL\" && test \"$CRDB_TEST_URL\" = \"$CRDB_AUTH__URL\"",
        ])
        .await;
    ran.ended(0);
    // The command's failure is its own.
    let ran = bed
        .run(&[
            "dev",
            "--engine",
            "postgres",
            "--empty",
            "--",
            program,
            "sql",
            "count.sql",
        ])
        .await
        .ended(1);
    assert!(
        ran.err().contains("the command ended with"),
        "{}",
        ran.err()
    );
    bed.run(&["dev", "--engine", "oracle"]).await.ended(2);
    bed.run(&["dev", "--imitate", "v1"]).await.ended(2);
    bed.run(&["dev", "--engine", "postgres", "--", "/no/such/program"])
        .await
        .ended(1);
}

#[cfg(feature = "engine")]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_and_its_command() {
    let bed = Bed::bare();
    let mut command = bed.crdb([
        "dev",
        "--engine",
        "postgres",
        "--",
        "sh",
        "-c",
        "trap 'echo ended; exit 0' TERM; echo begun; while :; do sleep 0.1; done",
    ]);
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null());
    let ended = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        std::io::BufRead::read_line(&mut out, &mut line).unwrap();
        assert_eq!(line, "begun\n");
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut out, &mut rest).unwrap();
        (child.wait().unwrap(), rest)
    });
    let (status, rest) = ended.await.unwrap();
    assert_eq!(rest, "ended\n");
    assert_eq!((status.code(), status.signal()), (Some(0), None));
}
