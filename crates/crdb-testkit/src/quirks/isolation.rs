//! What CockroachDB does not do below SERIALIZABLE.

use std::io;

use super::failure::Failure;
use super::session::Session;
use super::statement::{Class, Statement};
use super::transaction::State;
use super::wire::put_notice;

/// Told when a schema change raises its transaction.
const RAISED: &str = "setting transaction isolation level to SERIALIZABLE due to schema change";

impl Session {
    /// Why a statement cannot run at the isolation level of its transaction, if it cannot.
    ///
    /// A schema change raises its transaction to SERIALIZABLE, with a notice; it must be the first statement and the only one
    /// (`maybeUpgradeToSerializable` in `pkg/sql/conn_executor_exec.go`).
    pub(super) async fn isolation_refuses(
        &mut self,
        statement: &Statement,
    ) -> io::Result<Option<Failure>> {
        let works = matches!(
            statement.class,
            Class::Data | Class::Write | Class::Ddl | Class::CopyIn
        );
        let is_over = matches!(self.transaction.state, State::Failed | State::Released);
        if !works || is_over || !self.control.options.release().reads_committed() {
            return Ok(None);
        }
        if self.transaction.is_raised() {
            return Ok(Some(Failure::not_serializable()));
        }
        let changes = statement.class == Class::Ddl && !Self::must_be_alone(statement);
        let matters = changes || statement.reads_clock;
        if !matters || !self.reads_committed().await? {
            return Ok(None);
        }
        if statement.reads_clock {
            return Ok(Some(Failure::new(
                "0A000",
                "unimplemented: cluster_logical_timestamp(): unsupported in READ COMMITTED isolation",
            )));
        }
        if self.transaction.has_worked() {
            return Ok(Some(Failure::not_serializable()));
        }
        self.transaction.raise();
        put_notice(&mut self.out, &Failure::new("00000", RAISED));
        Ok(None)
    }

    /// PostgreSQL runs some by themselves only, so nothing can be asked beside them.
    fn must_be_alone(statement: &Statement) -> bool {
        let tag = statement.ddl_tag();
        let objects = ["DATABASE", "TABLESPACE", "SYSTEM"];
        objects.iter().any(|object| tag.ends_with(object)) || statement.is_concurrent
    }

    async fn reads_committed(&mut self) -> io::Result<bool> {
        let level = self.backend.show_in_batch("transaction_isolation").await?;
        Ok(level.as_deref() == Some("read committed"))
    }
}
