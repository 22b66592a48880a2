//! Which statements leave nothing behind in a session.

/// What a statement may leave behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing that outlives the transaction, whose state ReadyForQuery tells.
    Nothing,
    /// A setting; nothing outlives the transaction if it was `SET LOCAL` or `SET TRANSACTION`.
    Setting,
    /// Perhaps something, or nothing that is known.
    Unknown,
}

/// By the first word. CockroachDB reports UPSERT as `INSERT`, `RELEASE SAVEPOINT
/// cockroach_restart` as `COMMIT`, and adds a row count to `SHOW` and `EXPLAIN`.
pub(super) fn effect(tag: &str) -> Effect {
    match tag.split(' ').next().unwrap_or_default() {
        "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "TRUNCATE" | "COPY" | "SHOW"
        | "EXPLAIN" | "BEGIN" | "START" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" => {
            Effect::Nothing
        }
        "SET" => Effect::Setting,
        _ => Effect::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_short_list_leaves_nothing() {
        for tag in [
            "SELECT 1",
            "INSERT 0 1",
            "UPDATE 3",
            "DELETE 0",
            "BEGIN",
            "COMMIT",
            "ROLLBACK",
            "RELEASE",
            "SAVEPOINT",
            "COPY 7",
            "START TRANSACTION",
            "SHOW 1",
        ] {
            assert_eq!(effect(tag), Effect::Nothing, "{tag}");
        }
        for tag in [
            "CREATE TABLE",
            "PREPARE",
            "LISTEN",
            "DECLARE CURSOR",
            "DISCARD ALL",
            "RESET",
            "",
            "SELECTX",
            "select 1",
        ] {
            assert_eq!(effect(tag), Effect::Unknown, "{tag}");
        }
        assert_eq!(effect("SET"), Effect::Setting);
        assert_eq!(effect("SET TRANSACTION"), Effect::Setting);
    }
}
