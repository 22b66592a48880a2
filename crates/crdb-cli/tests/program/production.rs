//! A database that is marked as production.

use crate::bed::Bed;

const PRODUCTION: &str = "\
cli:
  production: true
  audit: { directory: log, key: audit.key, signing_key: audit.der }
";

/// An Ed25519 key in PKCS#8: what `openssl genpkey -algorithm ed25519 -outform DER` writes, with a seed of sevens.
pub(crate) fn signing_key() -> Vec<u8> {
    let mut key = vec![
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    key.extend([7; 32]);
    key
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_only_read() {
    for bed in [Bed::new().await, Bed::imitated().await] {
        bed.ask("CREATE TABLE t (a INT8)").await;
        bed.file("crdb.yaml", PRODUCTION);
        bed.file(
            "read.sql",
            "SELECT a FROM t; BEGIN; SELECT count(*) FROM t; COMMIT;",
        );
        bed.run(&["sql", "read.sql"]).await.ended(0);
        for (line, text) in [
            (2, "SELECT 1;\nINSERT INTO t VALUES (1)"),
            (
                1,
                "SET default_transaction_read_only = off; INSERT INTO t VALUES (1)",
            ),
            (
                1,
                "SELECT set_config('default_transaction_read_only', 'off', false)",
            ),
            (1, "BEGIN READ WRITE; SELECT 1; COMMIT"),
        ] {
            bed.file("write.sql", text);
            let ran = bed.run(&["sql", "write.sql"]).await.ended(2);
            assert!(
                ran.err().contains(&format!("write.sql:{line}: ")),
                "{}",
                ran.err()
            );
            assert!(ran.err().contains("--reason"), "{}", ran.err());
            assert_eq!(ran.out(), "", "nothing ran");
        }
        assert_eq!(
            bed.ask("SELECT count(*) FROM t").await.as_deref(),
            Some("0")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_refuses_what_a_text_does_not_show() {
    let bed = Bed::new().await;
    bed.ask("CREATE TABLE t (a INT8)").await;
    bed.ask("CREATE FUNCTION put() RETURNS INT8 LANGUAGE SQL AS $$ INSERT INTO t VALUES (1) RETURNING a $$")
        .await;
    bed.file("crdb.yaml", PRODUCTION);
    bed.file("a.sql", "SELECT put()");
    let ran = bed.run(&["sql", "a.sql", "--json"]).await.ended(1);
    assert_eq!(ran.error()["sqlstate"], "25006");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_lifts_it_and_is_audited() {
    let bed = Bed::new().await;
    bed.ask("CREATE TABLE t (a INT8)").await;
    bed.file("write.sql", "INSERT INTO t VALUES (1)");
    bed.file("crdb.yaml", "cli: { production: true }\n");
    let reason = ["sql", "write.sql", "--reason", "ticket 4711: wrong owner"];
    // Without an audit log there is no lifting.
    let ran = bed.run(&reason).await.ended(2);
    assert!(ran.err().contains("cli.audit.directory"), "{}", ran.err());
    bed.file("crdb.yaml", PRODUCTION);
    bed.file("audit.key", [42; 32]);
    bed.file("audit.der", signing_key());
    bed.run(&["sql", "write.sql", "--reason", " "])
        .await
        .ended(2);
    bed.run(&reason).await.ended(0);
    bed.file("wrong.sql", "INSERT INTO nothing VALUES (1)");
    bed.run(&["sql", "wrong.sql", "--reason", "again"])
        .await
        .ended(1);
    let log: String = std::fs::read_dir(bed.path("log"))
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect();
    let entries: Vec<serde_json::Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|entry: &serde_json::Value| entry.get("parameters").is_some())
        .collect();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| {
            let parameters = &entry["parameters"];
            (
                parameters["reason"].as_str().unwrap(),
                parameters["phase"].as_str().unwrap(),
                entry["outcome"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("ticket 4711: wrong owner", "begin", "unknown"),
            ("ticket 4711: wrong owner", "end", "done"),
            ("again", "begin", "unknown"),
            ("again", "end", "unknown"),
        ]
    );
    assert!(
        entries[0]["principal"]
            .as_str()
            .unwrap()
            .starts_with("uid ")
    );
    assert_eq!(
        bed.ask("SELECT count(*) FROM t").await.as_deref(),
        Some("1")
    );

    // The log is checked with the keys of the configuration, or with what an auditor is given.
    let ran = bed.run(&["audit", "verify", "--json"]).await.ended(0);
    assert_eq!(
        (&ran.json()["intact"], &ran.json()["entries"]),
        (&true.into(), &4.into())
    );
    let public = bed.run(&["audit", "public-key"]).await.ended(0);
    let auditor = [
        "audit",
        "verify",
        "log",
        "--public-key",
        public.out().trim(),
    ];
    bed.run(&auditor).await.ended(0);
    for entry in std::fs::read_dir(bed.path("log")).unwrap() {
        let path = entry.unwrap().path();
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        if text.contains("\"again\"") {
            std::fs::write(path, text.replace("\"again\"", "\"never\"")).unwrap();
        }
    }
    let ran = bed.run(&["audit", "verify"]).await.ended(1);
    assert!(ran.out().contains("damaged: "), "{}", ran.out());
}
