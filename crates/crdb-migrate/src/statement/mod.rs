//! What a statement of a migration is, and how one sees afterwards whether it took effect. Pure.

mod evidence;
mod role;

use crdb_sql::dialect::ast::{Ident, ObjectName};

pub(crate) use role::{Role, role, role_by_words};

/// What kind of work a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StepKind {
    /// Changes the schema.
    Schema,
    /// Reads or writes rows.
    Data,
    /// Works on the server rather than in a transaction: `VACUUM`, `BACKUP`, `SET CLUSTER SETTING`.
    Operation,
    /// Rust code, with a transaction of its own.
    Code,
}

impl StepKind {
    /// A lasting name in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Data => "data",
            Self::Operation => "operation",
            Self::Code => "code",
        }
    }
}

/// A name and the schema that qualifies it, as the server folds them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Qualified {
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
}

impl Qualified {
    fn of(name: &ObjectName) -> Self {
        let mut parts = name.parts.iter().rev().map(Ident::value);
        let own = parts.next().unwrap_or_default().to_owned();
        Self {
            name: own,
            schema: parts.next().map(str::to_owned),
        }
    }
}

/// Something in the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Object {
    /// A table, view, sequence or materialized view.
    Relation(Qualified),
    Index {
        table: Option<Qualified>,
        index: Qualified,
    },
    Column {
        table: Qualified,
        column: String,
    },
    Constraint {
        table: Qualified,
        constraint: String,
        /// Whether its rows have to have been checked.
        validated: bool,
    },
    Type(Qualified),
    Schema(String),
}

/// An object that is there, or is not, once a statement has taken effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Expectation {
    pub(crate) object: Object,
    pub(crate) present: bool,
}

/// How one sees whether a statement took effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Evidence {
    /// By objects in the catalog; all of them change together.
    Objects(Vec<Expectation>),
    /// One need not see: running it twice does the same as running it once.
    Repeatable,
    /// One cannot see.
    Nothing,
}

/// A statement that a migration runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Classified {
    pub(crate) kind: StepKind,
    pub(crate) evidence: Evidence,
    /// Whether it says `IF EXISTS` or `IF NOT EXISTS`.
    pub(crate) tolerant: bool,
    /// The table that is altered or indexed, as it is written.
    pub(crate) table: Option<String>,
}

impl Classified {
    /// Whether it makes indexes and nothing else.
    pub(crate) fn makes_indexes(&self) -> bool {
        matches!(&self.evidence, Evidence::Objects(objects)
            if objects.iter().all(|one| one.present && matches!(one.object, Object::Index { .. })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crdb_sql::dialect::parse_one;

    fn classify(sql: &str) -> Classified {
        match role(&parse_one(sql).unwrap()) {
            Role::Step(classified) => classified,
            other => unreachable!("{sql}: {other:?}"),
        }
    }

    #[test]
    fn what_a_statement_leaves_is_known() {
        let relation = |schema: Option<&str>, name: &str, present| Expectation {
            object: Object::Relation(Qualified {
                schema: schema.map(str::to_owned),
                name: name.to_owned(),
            }),
            present,
        };
        let objects = |sql: &str| match classify(sql).evidence {
            Evidence::Objects(objects) => objects,
            other => unreachable!("{sql}: {other:?}"),
        };
        assert_eq!(
            objects("CREATE TABLE b.public.\"T\" (a INT8)"),
            [relation(Some("public"), "T", true)]
        );
        assert_eq!(
            objects("DROP TABLE a, s.b"),
            [relation(None, "a", false), relation(Some("s"), "b", false)]
        );
        assert_eq!(
            objects("ALTER TABLE s.a RENAME TO b"),
            [
                relation(Some("s"), "a", false),
                relation(Some("s"), "b", true)
            ]
        );
        assert_eq!(
            objects("ALTER TABLE t ADD COLUMN a INT8, DROP COLUMN IF EXISTS b, ALTER COLUMN c DROP NOT NULL").len(),
            2
        );
        assert_eq!(objects("CREATE SCHEMA s").len(), 1);
        assert_eq!(objects("CREATE TYPE e AS ENUM ('a')").len(), 1);
        assert_eq!(objects("DROP INDEX t@i").len(), 1);
    }

    #[test]
    fn statements_are_of_a_kind() {
        use StepKind::{Data, Operation, Schema};
        for (sql, kind, repeatable) in [
            ("CREATE INDEX i ON t (a)", Schema, false),
            ("CREATE INDEX ON t (a)", Schema, false),
            ("ALTER TABLE t ALTER COLUMN a SET DEFAULT 1", Schema, true),
            (
                "ALTER TABLE t ALTER COLUMN a TYPE STRING USING a::STRING",
                Schema,
                false,
            ),
            ("ALTER TABLE t SET (schema_locked = false)", Schema, true),
            ("CREATE OR REPLACE VIEW v AS SELECT 1", Schema, true),
            ("GRANT SELECT ON t TO app", Schema, true),
            ("COMMENT ON TABLE t IS 'x'", Schema, true),
            ("TRUNCATE t", Data, false),
            ("INSERT INTO t VALUES (1)", Data, false),
            ("SELECT setval('s', 7)", Data, false),
            ("SET CLUSTER SETTING a.b = 1", Operation, true),
            ("CREATE DATABASE d", Operation, false),
        ] {
            let found = classify(sql);
            assert_eq!(found.kind, kind, "{sql}");
            assert_eq!(found.evidence == Evidence::Repeatable, repeatable, "{sql}");
        }
        for sql in [
            "BEGIN",
            "COMMIT",
            "SAVEPOINT a",
            "SET LOCAL a = 1",
            "RESET a",
            "PREPARE a AS SELECT 1",
        ] {
            assert!(
                matches!(role(&parse_one(sql).unwrap()), Role::Refused(..)),
                "{sql}"
            );
        }
        assert_eq!(
            role(&parse_one("SET search_path = a, \"B\"").unwrap()),
            Role::Setting(
                "search_path".to_owned(),
                Some(vec!["a".to_owned(), "B".to_owned()])
            )
        );
        assert_eq!(
            role(&parse_one("SET search_path TO DEFAULT").unwrap()),
            Role::Unset("search_path".to_owned())
        );
    }
}
