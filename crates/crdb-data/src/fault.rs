//! What a failure says about the rows that were sent.

/// Whether the rows are to blame: data that a type or a constraint refuses.
pub(crate) fn blames_rows(error: &crdb_exec::Error) -> bool {
    error
        .sqlstate()
        .is_some_and(|state| matches!(state.class(), "22" | "23") || state.as_str() == "42804")
}

/// Whether fewer rows at once may do: the transaction lost again and again, which is also how CockroachDB answers one that runs past
/// its deadline; two rows with one key cannot replace the same row in one statement (21000); a limit of the server was passed (54).
pub(crate) fn wants_fewer(error: &crdb_exec::Error) -> bool {
    error.is_serialization_failure()
        || error
            .sqlstate()
            .is_some_and(|state| state.as_str() == "21000" || state.class() == "54")
}
