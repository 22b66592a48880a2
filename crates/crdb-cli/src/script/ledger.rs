//! Which statements of a script took effect, by the server's answers.

use crdb_facade::exec::{Tags, TransactionStatus};

use super::step::Step;

/// What has become of the statements so far, by their indexes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    /// Those whose effect is committed.
    pub(super) committed: Vec<usize>,
    /// Those whose effect is in the open transaction.
    pub(super) open: Vec<usize>,
    /// Those whose effect was rolled back.
    pub(super) rolled_back: Vec<usize>,
    /// Those of which it is not known.
    pub(super) unknown: Vec<usize>,
    /// Savepoints of the open transaction, each with how many statements were open when it was set.
    savepoints: Vec<(String, usize)>,
}

impl Ledger {
    /// Takes a statement that succeeded.
    pub(super) fn succeeded(
        &mut self,
        index: usize,
        step: &Step,
        tags: &Tags,
        status: Option<TransactionStatus>,
    ) {
        match step {
            Step::Writes => self.open.push(index),
            Step::Savepoint(name) => self.savepoints.push((name.clone(), self.open.len())),
            Step::RollbackTo(name) => self.roll_back_to(name),
            Step::Commit | Step::Neutral => {}
        }
        let is_tag = |text: &str| tags.last().is_some_and(|tag| *tag == text);
        if matches!(step, Step::RollbackTo(_)) {
            // Its tag is that of a whole rollback; the transaction goes on.
            return;
        }
        if is_tag("ROLLBACK") {
            self.roll_back();
        } else if is_tag("COMMIT")
            || *step == Step::Commit
            || status == Some(TransactionStatus::Idle)
        {
            self.commit();
        }
    }

    /// Takes a statement that failed: what was open is rolled back, or its fate is not known.
    pub(super) fn failed(&mut self, index: usize, step: &Step, outcome_unknown: bool) {
        if *step != Step::Neutral && *step != Step::Commit {
            self.open.push(index);
        }
        if outcome_unknown {
            self.savepoints.clear();
            self.unknown.append(&mut self.open);
        } else {
            self.roll_back();
        }
    }

    /// Takes the end of the transaction by a rollback.
    pub(super) fn roll_back(&mut self) {
        self.savepoints.clear();
        self.rolled_back.append(&mut self.open);
    }

    fn commit(&mut self) {
        self.savepoints.clear();
        self.committed.append(&mut self.open);
    }

    fn roll_back_to(&mut self, name: &str) {
        let Some(index) = self.savepoints.iter().rposition(|(set, _)| set == name) else {
            return;
        };
        if let Some((_, kept)) = self.savepoints.get(index) {
            let undone = self.open.split_off((*kept).min(self.open.len()));
            self.rolled_back.extend(undone);
        }
        // The savepoint itself stays set.
        self.savepoints.truncate(index + 1);
    }
}

#[cfg(test)]
mod tests {
    use crdb_facade::exec::CommandTag;

    use super::*;

    /// Statements that succeed, each with its tag and the status behind it.
    fn after(statements: &[(&str, &str, TransactionStatus)]) -> Ledger {
        let mut ledger = Ledger::default();
        for (index, (text, tag, status)) in statements.iter().enumerate() {
            let tags: Tags = [CommandTag::new(tag)].into_iter().collect();
            ledger.succeeded(index, &Step::of(text), &tags, Some(*status));
        }
        ledger
    }

    use TransactionStatus::{Idle, InTransaction};

    #[test]
    fn a_statement_outside_a_transaction_counts_at_once() {
        let ledger = after(&[
            ("INSERT INTO t VALUES (1)", "INSERT 0 1", Idle),
            ("SELECT 1", "SELECT 1", Idle),
        ]);
        assert_eq!(ledger.committed, [0]);
    }

    #[test]
    fn a_transaction_counts_when_it_is_committed() {
        let begun = [
            ("BEGIN", "BEGIN", InTransaction),
            ("INSERT INTO t VALUES (1)", "INSERT 0 1", InTransaction),
        ];
        let open = after(&begun);
        assert_eq!(
            (open.open.as_slice(), open.committed.len()),
            ([1].as_slice(), 0)
        );
        let committed = after(&[begun[0], begun[1], ("COMMIT", "COMMIT", Idle)]);
        assert_eq!(committed.committed, [1]);
        let undone = after(&[begun[0], begun[1], ("ROLLBACK", "ROLLBACK", Idle)]);
        assert_eq!((undone.committed.len(), undone.rolled_back), (0, vec![1]));
        // COMMIT of a failed transaction answers ROLLBACK.
        let failed = after(&[begun[0], begun[1], ("COMMIT", "ROLLBACK", Idle)]);
        assert_eq!((failed.committed.len(), failed.rolled_back), (0, vec![1]));
        let chained = after(&[
            begun[0],
            begun[1],
            ("COMMIT AND CHAIN", "COMMIT", InTransaction),
        ]);
        assert_eq!(chained.committed, [1]);
    }

    #[test]
    fn a_savepoint_takes_back_what_followed_it() {
        let ledger = after(&[
            ("BEGIN", "BEGIN", InTransaction),
            ("INSERT INTO t VALUES (1)", "INSERT 0 1", InTransaction),
            ("SAVEPOINT a", "SAVEPOINT", InTransaction),
            ("INSERT INTO t VALUES (2)", "INSERT 0 1", InTransaction),
            ("ROLLBACK TO SAVEPOINT a", "ROLLBACK", InTransaction),
            ("INSERT INTO t VALUES (3)", "INSERT 0 1", InTransaction),
            ("COMMIT", "COMMIT", Idle),
        ]);
        assert_eq!(
            (ledger.committed, ledger.rolled_back),
            (vec![1, 5], vec![3])
        );
    }

    #[test]
    fn ddl_that_commits_the_transaction_before_it_counts() {
        // CockroachDB with autocommit_before_ddl: the status is idle within the script's transaction.
        let ledger = after(&[
            ("BEGIN", "BEGIN", InTransaction),
            ("INSERT INTO t VALUES (1)", "INSERT 0 1", InTransaction),
            ("CREATE TABLE u (a INT8)", "CREATE TABLE", Idle),
        ]);
        assert_eq!(ledger.committed, [1, 2]);
    }

    #[test]
    fn a_failure_rolls_back_or_leaves_unknown() {
        let mut ledger = after(&[
            ("BEGIN", "BEGIN", InTransaction),
            ("INSERT INTO t VALUES (1)", "INSERT 0 1", InTransaction),
        ]);
        let mut doubt = ledger.clone();
        ledger.failed(2, &Step::Writes, false);
        assert_eq!(ledger.rolled_back, [1, 2]);
        doubt.failed(2, &Step::Commit, true);
        assert_eq!(doubt.unknown, [1]);
    }
}
