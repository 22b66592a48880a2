//! Drift, baselines, repairs, code, lints.

use std::sync::Arc;

use crdb_exec::{Engine, ExecutorExt, Row, ScopeSource, SessionSource, Transaction};
use crdb_migrate::{
    BoxFuture, CodeError, CodeMigration, ErrorKind, Migrations, Next, ProblemKind, Rehearsal,
    RiskKind, Tool,
};
use crdb_sql::Repository;

use crate::bed::{BOTH, Bed};
use crate::up::FILES;

#[tokio::test]
async fn drift_is_told_object_by_object() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let migrator = bed.migrator(FILES);
        migrator.up().await.unwrap();
        let drift = migrator.verify(&bed.scratch().await).await.unwrap();
        assert!(drift.is_empty(), "{drift:?}");
        bed.run("CREATE INDEX by_hand ON accounts (balance)").await;
        bed.run("ALTER TABLE accounts ALTER COLUMN balance SET DEFAULT 7")
            .await;
        bed.run("DROP INDEX by_owner").await;
        let scratch = bed.scratch().await;
        let drift = migrator.verify(&scratch).await.unwrap();
        let found: Vec<(&str, bool, bool)> = drift
            .differences()
            .iter()
            .map(|one| (&*one.object, one.expected.is_some(), one.found.is_some()))
            .collect();
        assert_eq!(
            found,
            [
                ("column public.accounts.balance", true, true),
                ("index public.accounts.by_hand", false, true),
                ("index public.accounts.by_owner", true, false),
            ]
        );
        let error = migrator.verify(&scratch).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    }
}

#[tokio::test]
async fn what_fails_fails_on_the_scratch_database_first() {
    let bed = Bed::new(Engine::PostgreSql).await;
    let files = [
        FILES[0],
        ("0002_wrong.up.sql", "ALTER TABLE nothing ADD COLUMN a INT8"),
    ];
    let error = bed
        .migrator(&files)
        .rehearse(&bed.scratch().await)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Step);
    assert_eq!(bed.ask("SELECT to_regclass('accounts')").await, "");
}

#[tokio::test]
async fn databases_of_other_tools_are_taken_over() {
    // As each tool writes them: sqlx-postgres/src/migrate.rs; golang-migrate, database/postgres and database/cockroachdb (whose lock's
    // table is there too); Flyway's createMetaDataTable of PostgreSQL and CockroachDB; Liquibase's
    // CreateDatabaseChangeLogTableGenerator; refinery_core/src/traits/mod.rs.
    let tables: [(Tool, &[&str], &str); 5] = [
        (
            Tool::Sqlx,
            &[
                "CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
               installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, \
               execution_time BIGINT NOT NULL)",
            ],
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (1, 'accounts', TRUE, '\\x00', 12), (2, 'rows', TRUE, '\\x01', -1)",
        ),
        (
            Tool::GolangMigrate,
            &[
                "CREATE TABLE IF NOT EXISTS \"schema_lock\" (lock_id INT NOT NULL PRIMARY KEY)",
                "CREATE TABLE IF NOT EXISTS \"schema_migrations\" (version BIGINT NOT NULL PRIMARY KEY, dirty BOOLEAN NOT NULL)",
            ],
            "INSERT INTO \"schema_migrations\" (version, dirty) VALUES (2, false)",
        ),
        (
            Tool::Flyway,
            &[
                "CREATE TABLE \"flyway_schema_history\" (\"installed_rank\" INT NOT NULL PRIMARY KEY, \"version\" VARCHAR(50), \
                 \"description\" VARCHAR(200) NOT NULL, \"type\" VARCHAR(20) NOT NULL, \"script\" VARCHAR(1000) NOT NULL, \
                 \"checksum\" INTEGER, \"installed_by\" VARCHAR(100) NOT NULL, \"installed_on\" TIMESTAMP NOT NULL DEFAULT now(), \
                 \"execution_time\" INTEGER NOT NULL, \"success\" BOOLEAN NOT NULL)",
                "CREATE INDEX \"flyway_schema_history_s_idx\" ON \"flyway_schema_history\" (\"success\")",
            ],
            // A schema that it created, a version that was undone, and a repeatable one among them.
            "INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, \
             execution_time, success) VALUES \
             (0, NULL, '<< Flyway Schema Creation >>', 'SCHEMA', '\"bank\"', NULL, 'me', 0, true), \
             (1, '1', 'accounts', 'SQL', 'V1__accounts.sql', 7, 'me', 3, true), \
             (2, '2', 'rows', 'SQL', 'V2__rows.sql', -7, 'me', 3, true), \
             (3, NULL, 'views', 'SQL', 'R__views.sql', 9, 'me', 3, true), \
             (4, '3', 'by owner', 'SQL', 'V3__by_owner.sql', 5, 'me', 3, true), \
             (5, '3', 'by owner', 'UNDO_SQL', 'U3__by_owner.sql', 6, 'me', 3, true)",
        ),
        (
            Tool::Refinery,
            &[
                "CREATE TABLE IF NOT EXISTS refinery_schema_history(version INT4 PRIMARY KEY, name VARCHAR(255), \
               applied_on VARCHAR(255), checksum VARCHAR(255))",
            ],
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES \
             (1, 'accounts', '2026-11-28T22:00:00.000000001Z', '8765'), (2, 'rows', '2026-11-28T22:00:01Z', '4321')",
        ),
        (
            Tool::Liquibase,
            &[
                "CREATE TABLE databasechangeloglock (ID INTEGER NOT NULL, LOCKED BOOLEAN NOT NULL, \
                 LOCKGRANTED TIMESTAMP WITHOUT TIME ZONE, LOCKEDBY VARCHAR(255), CONSTRAINT databasechangeloglock_pkey PRIMARY KEY (ID))",
                "CREATE TABLE databasechangelog (ID VARCHAR(255) NOT NULL, AUTHOR VARCHAR(255) NOT NULL, \
                 FILENAME VARCHAR(255) NOT NULL, DATEEXECUTED TIMESTAMP WITHOUT TIME ZONE NOT NULL, ORDEREXECUTED INTEGER NOT NULL, \
                 EXECTYPE VARCHAR(10) NOT NULL, MD5SUM VARCHAR(35), DESCRIPTION VARCHAR(255), COMMENTS VARCHAR(255), \
                 TAG VARCHAR(255), LIQUIBASE VARCHAR(20), CONTEXTS VARCHAR(255), LABELS VARCHAR(255), DEPLOYMENT_ID VARCHAR(10))",
            ],
            "INSERT INTO databasechangelog (ID, AUTHOR, FILENAME, DATEEXECUTED, ORDEREXECUTED, MD5SUM, DESCRIPTION, COMMENTS, \
             EXECTYPE, CONTEXTS, LABELS, LIQUIBASE, DEPLOYMENT_ID) VALUES ('1', 'me', 'log.xml', now(), 1, '9:ab', \
             'createTable tableName=accounts', '', 'EXECUTED', NULL, NULL, '4.29.2', '1234567890'), \
             ('2', 'me', 'log.xml', now(), 2, '9:cd', 'sql', '', 'MARK_RAN', NULL, NULL, '4.29.2', '1234567890')",
        ),
    ];
    for kind in BOTH {
        for (tool, table, rows) in tables {
            let bed = Bed::new(kind).await;
            for table in table {
                bed.run(table).await;
            }
            bed.run(rows).await;
            bed.run(FILES[0].1).await;
            let migrator = bed.migrator(FILES);
            assert_eq!(migrator.foreign().await.unwrap()[0].tool, tool);
            let to = if tool == Tool::Liquibase {
                let error = migrator.baseline(None).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Baseline, "{error}");
                Some(2)
            } else {
                None
            };
            assert_eq!(
                migrator.baseline(to).await.unwrap().versions(),
                [1, 2],
                "{tool:?}"
            );
            assert_eq!(migrator.up().await.unwrap().versions(), [3], "{tool:?}");
        }
    }
}

#[tokio::test]
async fn a_database_that_another_tool_left_dirty_is_refused() {
    let bed = Bed::new(Engine::PostgreSql).await;
    bed.run("CREATE TABLE schema_migrations (version INT8 PRIMARY KEY, dirty BOOL NOT NULL)")
        .await;
    bed.run("INSERT INTO schema_migrations VALUES (2, true)")
        .await;
    let error = bed.migrator(FILES).baseline(None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Baseline, "{error}");
    let error = bed.migrator(FILES).baseline(Some(2)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Baseline, "{error}");
    bed.run("UPDATE schema_migrations SET dirty = false, version = 9")
        .await;
    let error = bed.migrator(FILES).baseline(None).await.unwrap_err();
    assert!(error.to_string().contains('9'), "{error}");
}

/// Flyway and Liquibase keep what failed.
#[tokio::test]
async fn what_failed_under_another_tool_is_refused_until_it_has_succeeded() {
    let bed = Bed::new(Engine::PostgreSql).await;
    bed.run("CREATE TABLE flyway_schema_history (installed_rank INT4 PRIMARY KEY, version VARCHAR(50), description VARCHAR(200), type VARCHAR(20), success BOOLEAN)")
        .await;
    bed.run("INSERT INTO flyway_schema_history VALUES (1, '1', 'accounts', 'SQL', false)")
        .await;
    let error = bed.migrator(FILES).baseline(Some(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Baseline, "{error}");
    bed.run("INSERT INTO flyway_schema_history VALUES (2, '1', 'accounts', 'SQL', true)")
        .await;
    let migrator = bed.migrator(FILES);
    assert_eq!(migrator.baseline(None).await.unwrap().versions(), [1]);

    let bed = Bed::new(Engine::PostgreSql).await;
    bed.run("CREATE TABLE databasechangelog (id VARCHAR(255), author VARCHAR(255), filename VARCHAR(255), orderexecuted INT4, exectype VARCHAR(10))")
        .await;
    bed.run("INSERT INTO databasechangelog VALUES ('1', 'me', 'log.xml', 1, 'FAILED')")
        .await;
    let error = bed.migrator(FILES).baseline(Some(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Baseline, "{error}");
}

#[tokio::test]
async fn a_person_decides_with_the_words_that_were_shown() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let files = [
            FILES[0],
            (
                "0002_rows.up.sql",
                "-- transaction: none\nINSERT INTO accounts (id, owner) VALUES (1, 'a');",
            ),
        ];
        let migrator = bed.migrator(&files);
        migrator.up().await.unwrap();
        assert!(migrator.repairs().await.unwrap().is_empty());
        let cut_off = "UPDATE crdb_migration_step SET state = 'begun' WHERE version = 2";
        bed.run(cut_off).await;
        let repairs = migrator.repairs().await.unwrap();
        let words: Vec<&str> = repairs[0]
            .choices
            .iter()
            .map(|choice| &*choice.words)
            .collect();
        assert_eq!(words, ["2 1 done", "2 1 not done"]);
        let error = migrator.repair("2 1 perhaps").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.to_string().contains("2 1 not done"), "{error}");
        migrator.repair("2 1 done").await.unwrap();
        assert!(migrator.up().await.unwrap().is_empty());
        assert_eq!(bed.ask("SELECT count(*) FROM accounts").await, "1");
        bed.run(cut_off).await;
        bed.run("DELETE FROM accounts").await;
        migrator.repair("2 1 not done").await.unwrap();
        assert_eq!(migrator.up().await.unwrap().versions(), [2]);
        assert_eq!(bed.ask("SELECT count(*) FROM accounts").await, "1");

        // A comment that was added is no change of what ran.
        let edited = format!("-- What it is for.\n{}", FILES[0].1);
        let files = [(FILES[0].0, &*edited), files[1]];
        let migrator = bed.migrator(&files);
        let error = migrator.up().await.unwrap_err();
        assert_eq!(error.problems()[0].kind(), ProblemKind::Edited);
        migrator.repair("1 edited").await.unwrap();
        assert!(migrator.up().await.unwrap().is_empty());
    }
}

/// Adds one to each account, one account a part.
struct OneByOne;

impl<S: SessionSource> CodeMigration<S> for OneByOne {
    fn run<'a>(
        &'a self,
        tx: &'a Transaction<ScopeSource<S>>,
        progress: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Next, CodeError>> {
        Box::pin(async move {
            let after: i64 = progress.unwrap_or("0").parse()?;
            let text = "UPDATE accounts SET balance = balance + 1 WHERE id = \
                        (SELECT min(id) FROM accounts WHERE id > $1) RETURNING id";
            let row = tx.fetch_optional(text, &[&after]).await?;
            Ok(match row {
                Some(row) => Next::Continue(row.get::<i64>(0)?.to_string()),
                None => Next::Done,
            })
        })
    }
}

#[tokio::test]
async fn a_migration_in_code_takes_effect_once_part_by_part() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let migrator = bed.migrator(&FILES[..4]).code(4, "one_by_one", OneByOne);
        assert_eq!(migrator.up().await.unwrap().versions(), [1, 2, 4]);
        assert_eq!(
            bed.ask("SELECT string_agg(balance::TEXT, ' ') FROM accounts")
                .await,
            "2 2"
        );
        // Cut off after its first part.
        bed.run(
            "UPDATE crdb_migration_step SET state = 'planned', progress = '1' WHERE version = 4",
        )
        .await;
        migrator.up().await.unwrap();
        assert_eq!(
            bed.ask("SELECT string_agg(balance::TEXT, ' ' ORDER BY id) FROM accounts")
                .await,
            "2 3"
        );
        assert!(migrator.up().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_plan_says_what_is_risky_and_a_header_allows_it() {
    let files = [
        FILES[0],
        (
            "0002_changes.up.sql",
            "CREATE INDEX by_owner ON accounts (owner);\nALTER TABLE accounts DROP COLUMN balance;",
        ),
        (
            "0003_gone.up.sql",
            "-- allow: data_loss\nDROP TABLE accounts;",
        ),
    ];
    for (kind, index) in [
        (Engine::PostgreSql, RiskKind::LongLock),
        (Engine::CockroachDb, RiskKind::FullRewrite),
    ] {
        let bed = Bed::new(kind).await;
        let plan = bed.migrator(&files).plan().await.unwrap();
        let risks: Vec<Vec<RiskKind>> = plan
            .steps()
            .iter()
            .map(|step| step.risks().iter().map(|risk| risk.kind).collect())
            .collect();
        assert_eq!(
            risks,
            [vec![], vec![index], vec![RiskKind::DataLoss], vec![]]
        );
    }
}

#[test]
fn lints_and_broken_queries_are_told() {
    let migrations = Migrations::from_embedded(&[
        ("0001_a.up.sql", "CREATE TABLE a (id INT8 PRIMARY KEY, old TEXT, gone TEXT);\nCREATE TABLE b (id INT8 PRIMARY KEY);"),
        ("0002_change.up.sql", "-- What it is for.\n\nALTER TABLE a ALTER COLUMN old TYPE INT8;"),
        ("0003_allowed.up.sql", "-- allow: alter_column_type\nALTER TABLE a ALTER COLUMN old TYPE INT8;"),
        ("0004_drop.up.sql", "ALTER TABLE a DROP COLUMN gone;\nDROP TABLE b;"),
    ])
    .unwrap();
    let found: Vec<String> = migrations.lint().iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].starts_with("0002_change.up.sql:3: [alter_column_type]"),
        "{found:#?}"
    );

    let queries = Repository::from_embedded(&[(
        "q.sql",
        "-- name: fine :many\nSELECT id, old FROM a;\n-- name: column :many\nSELECT gone FROM a;\n-- name: of_table :many\nSELECT id FROM b;\n",
    )])
    .unwrap();
    let broken: Vec<String> = migrations
        .broken_queries(3, &queries)
        .iter()
        .map(|problem| problem.message().to_owned())
        .collect();
    assert_eq!(broken.len(), 2, "{broken:#?}");
    assert!(
        broken.iter().any(|one| one.contains("q.column"))
            && broken.iter().any(|one| one.contains("q.of_table"))
    );
    assert!(migrations.broken_queries(4, &queries).is_empty());
}

#[tokio::test]
async fn a_migration_that_breaks_a_query_is_refused_before_anything_runs() {
    let queries = || {
        let text = "-- name: owners :many\nSELECT owner FROM accounts;\n-- name: other :many\nSELECT a FROM elsewhere;\n";
        Repository::from_embedded(&[("accounts.sql", text)]).unwrap()
    };
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let files = [
            FILES[0],
            (
                "0002_more.up.sql",
                "ALTER TABLE accounts ADD COLUMN name TEXT;",
            ),
            (
                "0003_drop.up.sql",
                "-- allow: data_loss\nALTER TABLE accounts DROP COLUMN owner;",
            ),
        ];
        let migrator = || bed.migrator(&files).queries(queries());
        // What is left for later breaks nothing.
        assert_eq!(migrator().up_to(2).await.unwrap().versions(), [1, 2]);
        let error = migrator().up().await.unwrap_err();
        assert_eq!(error.problems().len(), 1, "{error}");
        assert_eq!(error.problems()[0].kind(), ProblemKind::BreaksQuery);
        let text = error.to_string();
        assert!(
            text.contains("accounts.sql:1") && text.contains("after migration 3 (drop)"),
            "{text}"
        );
        assert_eq!(
            bed.ask("SELECT count(*) FROM information_schema.columns WHERE column_name = 'owner' AND table_name = 'accounts'").await,
            "1"
        );
        let allowed = [
            files[0],
            files[1],
            (
                files[2].0,
                "-- allow: data_loss, breaks_query\nALTER TABLE accounts DROP COLUMN owner;",
            ),
        ];
        let migrator = bed.migrator(&allowed).queries(queries());
        assert_eq!(migrator.up().await.unwrap().versions(), [3]);
    }
}

/// All tests are the same user: whether it may create databases is the matter of one of them at a time.
static RIGHT_TO_CREATE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test]
async fn pending_migrations_are_tried_on_a_database_of_their_own_where_one_may_be_made() {
    let _alone = RIGHT_TO_CREATE.lock().await;
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let mut made = Vec::new();
        let open = async |name: String| Ok(bed.named(&name));
        let wrong = [
            FILES[0],
            ("0002_wrong.up.sql", "ALTER TABLE nothing ADD COLUMN a INT8"),
        ];
        bed.may_create_databases(false).await;
        let done = bed
            .migrator(&wrong)
            .rehearse_in_scratch(open)
            .await
            .unwrap();
        assert!(
            matches!(&done, Rehearsal::NotPossible(why) if why.contains("42501")),
            "{done:?}"
        );
        bed.may_create_databases(true).await;
        let open = async |name: String| {
            made.push(name.clone());
            Ok(bed.named(&name))
        };
        let error = bed
            .migrator(&wrong)
            .rehearse_in_scratch(open)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Step, "{error}");
        assert_eq!(bed.ask("SELECT to_regclass('accounts')").await, "");
        let open = async |name: String| {
            made.push(name.clone());
            Ok(bed.named(&name))
        };
        let done = bed.migrator(FILES).rehearse_in_scratch(open).await.unwrap();
        assert_eq!(done, Rehearsal::Passed);
        bed.migrator(FILES).up().await.unwrap();
        let open = async |_: String| panic!("there is nothing to try");
        let done = bed
            .migrator(FILES)
            .rehearse_in_scratch::<crate::source::Plain>(open)
            .await
            .unwrap();
        assert_eq!(done, Rehearsal::NothingPending);
        assert_eq!(made.len(), 2);
        for name in made {
            let there = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
            assert_eq!(bed.ask(&there).await, "0", "{name}");
        }
    }
}

#[tokio::test]
async fn a_scratch_database_that_a_killed_program_left_is_dropped_by_the_next() {
    let _alone = RIGHT_TO_CREATE.lock().await;
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        bed.may_create_databases(true).await;
        let made = |ago: u64| {
            let now = std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .unwrap()
                .as_secs();
            format!(
                "crdb_migrate_scratch_{:08x}{:08x}",
                now - ago,
                rand::random::<u32>()
            )
        };
        let there = async |name: &str| {
            let asked = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
            bed.ask(&asked).await == "1"
        };
        const HOUR: u64 = 60 * 60;
        let (fresh, left, used) = (made(60), made(25 * HOUR), made(30 * HOUR));
        for name in [&fresh, &left, &used] {
            bed.run(&format!("CREATE DATABASE {name}")).await;
        }
        // Another program works in it: PostgreSQL does not drop it.
        let user = bed.named(&used);
        let settings = crdb_exec::SessionSettings::new();
        let session = user.session(&settings).await.unwrap();
        session.execute("SELECT 1", &[]).await.unwrap();
        let open = async |name: String| Ok(bed.named(&name));
        let done = bed.migrator(FILES).rehearse_in_scratch(open).await.unwrap();
        assert_eq!(done, Rehearsal::Passed);
        assert!(there(&fresh).await, "{kind:?}: it may be in use");
        assert!(!there(&left).await, "{kind:?}");
        if kind == Engine::PostgreSql {
            assert!(there(&used).await, "it is in use");
        }
        drop(session);
        drop(user);
        for name in [fresh, used] {
            let text = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            bed.engine.execute(&text).await.unwrap();
        }
    }
}

#[tokio::test]
async fn migrations_can_be_run_on_a_spawned_task() {
    let bed = Bed::new(Engine::PostgreSql).await;
    let migrator = Arc::new(bed.migrator(FILES));
    let spawned = Arc::clone(&migrator);
    tokio::spawn(async move { spawned.redo().await.map(drop) })
        .await
        .unwrap()
        .unwrap();
    let spawned = Arc::clone(&migrator);
    tokio::spawn(async move {
        spawned.up().await.unwrap();
        spawned.repairs().await.unwrap();
        spawned.baseline(Some(3)).await.unwrap();
        spawned.down_to(0).await.unwrap();
    })
    .await
    .unwrap();
}
