//! What a plan says of each statement, without a server.

use super::*;
use crate::file::Migrations;

/// The one statement of a file, planned on both engines: PostgreSQL, then CockroachDB.
fn planned(text: &str) -> [PlannedStep; 2] {
    [Engine::PostgreSql, Engine::CockroachDb].map(|engine| {
        let migrations = Migrations::from_embedded(&[("0001_a.up.sql", text)]).unwrap();
        let known: Vec<Known<'_>> = migrations.iter().map(Known::of).collect();
        let plan = up(&known, &Journal::default(), engine, None).unwrap();
        assert_eq!(plan.steps.len(), 1, "{text}");
        plan.steps[0].clone()
    })
}

#[test]
fn each_statement_is_planned_with_its_lock_its_job_and_its_backfill() {
    use Blocks::{ReadersAndWriters, SameRows, SchemaChanges, Writers};
    // Who waits on PostgreSQL and on CockroachDB; whether every row is written there.
    for (text, blocks, rewrites) in [
        (
            "CREATE TABLE t (a INT8 PRIMARY KEY)",
            [None, None],
            [false, false],
        ),
        (
            "CREATE INDEX i ON t (a)",
            [Some(Writers), Some(SchemaChanges)],
            [true, true],
        ),
        (
            "CREATE INDEX CONCURRENTLY i ON t (a)",
            [Some(SchemaChanges), Some(SchemaChanges)],
            [true, true],
        ),
        (
            "ALTER TABLE t ADD COLUMN a INT8",
            [Some(ReadersAndWriters), Some(SchemaChanges)],
            [false, false],
        ),
        (
            "ALTER TABLE t ADD COLUMN a INT8 NOT NULL DEFAULT 1",
            [Some(ReadersAndWriters), Some(SchemaChanges)],
            [false, true],
        ),
        (
            "ALTER TABLE t ADD COLUMN a INT8 AS (b + 1) STORED",
            [Some(ReadersAndWriters), Some(SchemaChanges)],
            [true, true],
        ),
        (
            "ALTER TABLE t ADD COLUMN a TIMESTAMPTZ NOT NULL DEFAULT now()",
            [Some(ReadersAndWriters), Some(SchemaChanges)],
            [false, true],
        ),
        (
            "ALTER TABLE t ADD COLUMN a UUID NOT NULL DEFAULT gen_random_uuid()",
            [Some(ReadersAndWriters), Some(SchemaChanges)],
            [true, true],
        ),
        (
            "ALTER TABLE t ADD COLUMN a INT8 UNIQUE",
            [Some(ReadersAndWriters), Some(SchemaChanges)],
            [true, true],
        ),
        (
            "ALTER TABLE t ALTER COLUMN a TYPE TEXT",
            [Some(ReadersAndWriters), Some(SchemaChanges)],
            [true, true],
        ),
        (
            "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a)",
            [Some(ReadersAndWriters), Some(SchemaChanges)],
            [true, true],
        ),
        (
            "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES o (a) NOT VALID",
            [Some(Writers), Some(SchemaChanges)],
            [false, false],
        ),
        (
            "ALTER TABLE t VALIDATE CONSTRAINT f",
            [Some(SchemaChanges), Some(SchemaChanges)],
            [false, false],
        ),
        (
            "DROP INDEX CONCURRENTLY i",
            [Some(SchemaChanges), Some(SchemaChanges)],
            [false, false],
        ),
        (
            "DROP TABLE t",
            [Some(ReadersAndWriters), Some(SchemaChanges)],
            [false, false],
        ),
        (
            "TRUNCATE t",
            [Some(ReadersAndWriters), Some(SchemaChanges)],
            [false, false],
        ),
        (
            "UPDATE t SET a = 1 WHERE b = 2",
            [Some(SameRows), Some(SameRows)],
            [false, false],
        ),
    ] {
        let steps = planned(text);
        let found = [0, 1].map(|at| steps[at].lock().map(|lock| lock.blocks));
        assert_eq!(found, blocks, "{text}");
        assert_eq!([0, 1].map(|at| steps[at].rewrites()), rewrites, "{text}");
        let [postgres, cockroach] = &steps;
        assert!(!postgres.is_job(), "{text}");
        assert_eq!(
            cockroach.is_job(),
            cockroach.kind() == StepKind::Schema,
            "{text}"
        );
    }
}

#[test]
fn three_times_the_bytes_of_a_table_have_to_be_free_for_a_backfill() {
    let [mut postgres, mut cockroach] = planned("CREATE INDEX i ON t (a)");
    assert_eq!(
        (postgres.free_bytes(), cockroach.free_bytes()),
        (None, None)
    );
    postgres.table_bytes = Some(1_000);
    cockroach.table_bytes = Some(1_000);
    assert_eq!(
        (postgres.free_bytes(), cockroach.free_bytes()),
        (Some(1_000), Some(3_000))
    );
    cockroach.table_bytes = Some(i64::MAX);
    assert_eq!(cockroach.free_bytes(), Some(i64::MAX));
    let [_, mut drop] = planned("DROP TABLE t");
    drop.table_bytes = Some(1_000);
    assert_eq!(drop.free_bytes(), None);
}

#[test]
fn risks_are_those_of_the_engine_and_a_header_allows_them_by_name() {
    use RiskKind::{DataLoss, FullRewrite, LongLock};
    for (text, risks) in [
        (
            "CREATE INDEX i ON t (a)",
            [vec![LongLock], vec![FullRewrite]],
        ),
        (
            "-- allow: long_lock\nCREATE INDEX i ON t (a)",
            [vec![], vec![FullRewrite]],
        ),
        (
            "CREATE INDEX CONCURRENTLY i ON t (a)",
            [vec![], vec![FullRewrite]],
        ),
        (
            "ALTER TABLE t DROP COLUMN a",
            [vec![DataLoss], vec![DataLoss]],
        ),
        (
            "-- allow: data_loss\nALTER TABLE t DROP COLUMN a",
            [vec![], vec![]],
        ),
        ("DROP TABLE t", [vec![DataLoss], vec![DataLoss]]),
        ("TRUNCATE t", [vec![DataLoss], vec![DataLoss]]),
        (
            "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
            [vec![LongLock], vec![]],
        ),
        (
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)",
            [vec![LongLock], vec![]],
        ),
        (
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
            [vec![], vec![]],
        ),
        ("CREATE TABLE t (a INT8 PRIMARY KEY)", [vec![], vec![]]),
    ] {
        let found = planned(text).map(|step| {
            step.risks()
                .iter()
                .map(|risk| risk.kind)
                .collect::<Vec<_>>()
        });
        assert_eq!(found, risks, "{text}");
    }
}
