//! Loading one block: as a whole, without its bad rows, or in halves.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use crdb_exec::{ExecutorExt as _, PooledExecutor, SessionSource, Statement, Transaction};
use parking_lot::Mutex;

use super::block::{Block, Reject, RowForm, text_fields};
use super::csv_rows;
use super::reject_file::RejectFile;
use super::target::{Conflict, Target};
use super::values::framed;
use crate::checkpoint::Checkpoint;
use crate::error::{Error, ErrorKind};
use crate::fault::{blames_rows, wants_fewer};
use crate::session::{CopyForm, CopySession};
use crate::table::cast;

/// What the workers of a load share.
pub(super) struct Loading<'a, S: SessionSource> {
    pub(super) executor: &'a PooledExecutor<S>,
    pub(super) checkpoint: &'a Checkpoint,
    pub(super) target: &'a Target,
    pub(super) conflict: Conflict,
    pub(super) form: RowForm,
    pub(super) timeout: std::time::Duration,
    pub(super) most_bad: u64,
    /// Of this run and those before it.
    pub(super) bad: AtomicU64,
    pub(super) rejects: Option<Mutex<RejectFile>>,
}

/// Why a block's transaction did not commit.
enum Stop {
    /// Another run has taken the load over.
    Superseded,
    /// The rows are fine; it was only a trial.
    Tried,
    Database(crdb_exec::Error),
    Rejects(Error),
}

impl From<crdb_exec::Error> for Stop {
    fn from(error: crdb_exec::Error) -> Self {
        Self::Database(error)
    }
}

impl<S> Loading<'_, S>
where
    S: SessionSource,
    S::Session: CopySession,
{
    /// Loads a block, and reports each part of it that is committed.
    pub(super) async fn load(
        &self,
        block: Block,
        committed: &(impl Fn(&Block) + Sync),
    ) -> Result<(), Error> {
        let mut parts = vec![(block, 0)];
        while let Some((mut block, fine)) = parts.pop() {
            let error = match self.commit(&mut block).await {
                Ok(()) => {
                    committed(&block);
                    continue;
                }
                Err(Stop::Database(error)) => error,
                Err(Stop::Rejects(error)) => return Err(error),
                Err(Stop::Superseded | Stop::Tried) => {
                    return Err(Error::new(
                        ErrorKind::Busy,
                        format!(
                            "another run has taken over the load \"{}\"",
                            self.checkpoint.load
                        ),
                    )
                    .with_advice(
                        "nothing of this run is lost or doubled; let the other one finish",
                    ));
                }
            };
            if blames_rows(&error) {
                let (index, error) = self.find_bad(&block, fine, error).await?;
                let (column, reason) = self.explain(&block, index, &error).await;
                block.reject(index, column, reason);
                if self.form == RowForm::Binary
                    && let Some(reject) = block.rejects.last_mut()
                {
                    reject.row = hexadecimal(&reject.row);
                }
                self.count_bad(block.rejects.last())?;
                parts.push((block, index));
            } else if wants_fewer(&error)
                && let Some((first, second)) = block.halve()
            {
                parts.push((second, 0));
                parts.push((first, 0));
            } else {
                return Err(self.failed(&block, error));
            }
        }
        Ok(())
    }

    /// Counts rejects, and fails when they are too many.
    pub(super) fn count_bad<'r>(
        &self,
        rejects: impl IntoIterator<Item = &'r Reject>,
    ) -> Result<(), Error> {
        for reject in rejects {
            let count = self.bad.fetch_add(1, Ordering::Relaxed) + 1;
            if count > self.most_bad {
                let message = match self.most_bad {
                    0 => format!("the row cannot be loaded: {}", reject.reason),
                    most => format!(
                        "the row cannot be loaded, and it is one more than the {most} that may be bad: {}",
                        reject.reason
                    ),
                };
                return Err(Error::new(ErrorKind::TooManyBadRows, message)
                    .at(reject.place.clone())
                    .with_advice("correct the row, or allow more bad rows; what was loaded stays, and the load can be resumed"));
            }
        }
        Ok(())
    }

    fn failed(&self, block: &Block, error: crdb_exec::Error) -> Error {
        let lines = match (block.marks.first(), block.marks.last()) {
            (Some(first), Some(last)) => format!("lines {} to {}", first.line, last.line),
            _ => "rows".to_owned(),
        };
        let mut failed =
            Error::database_failed(format!("loading {lines} into {}", self.target.table), error);
        if let Some(first) = block.marks.first() {
            failed = failed.at(crate::error::Place::line(first.line));
        }
        failed.with_advice("what was committed stays, and the load can be resumed")
    }

    async fn commit(&self, block: &mut Block) -> Result<(), Stop> {
        let new = block.rejects.get(block.kept..).unwrap_or_default();
        if let Some(rejects) = self.rejects.as_ref().filter(|_| !new.is_empty()) {
            // Short writes of one process: the lock is held for moments.
            let written = rejects.lock().write(new);
            written.map_err(Stop::Rejects)?;
        }
        block.kept = block.rejects.len();
        let block = &*block;
        let options = self.checkpoint.options(&block.span()).timeout(self.timeout);
        self.executor
            .transact(&options, async |tx: &Transaction<S>| -> Result<(), Stop> {
                if !self.checkpoint.mark(tx, &block.span()).await? {
                    return Err(Stop::Superseded);
                }
                self.send(tx, block, block.rows()).await?;
                Ok(())
            })
            .await
    }

    /// Sends the first rows of a block, for good or for a trial.
    async fn send(
        &self,
        tx: &Transaction<S>,
        block: &Block,
        rows: usize,
    ) -> Result<(), crdb_exec::Error> {
        if rows == 0 {
            return Ok(());
        }
        let text = self.target.statement(self.checkpoint.engine);
        let statement = Statement::new(text).named("crdb_data.rows");
        if self.conflict == Conflict::Refuse {
            let data = block.slice(0, rows);
            let (form, data) = match self.form {
                RowForm::Csv(_) => (CopyForm::Csv, Cow::Borrowed(data)),
                RowForm::Text => (CopyForm::Text, Cow::Borrowed(data)),
                RowForm::Binary => (CopyForm::Binary, Cow::Owned(framed(data))),
            };
            let session: &S::Session = tx.lease();
            tx.request(statement, session.copy_in(text, form, &data))
                .await?;
            return Ok(());
        }
        let mut columns: Vec<Vec<Option<String>>> =
            vec![Vec::with_capacity(rows); self.target.columns.len()];
        for row in block.each().take(rows) {
            for (column, value) in columns.iter_mut().zip(self.values(row)) {
                column.push(value);
            }
        }
        let values: Vec<&(dyn crdb_exec::ToSql + Sync)> =
            columns.iter().map(|column| column as _).collect();
        tx.execute(statement, &values).await?;
        Ok(())
    }

    /// The texts of a row's values. Blocks hold UTF-8 only.
    fn values(&self, row: &[u8]) -> Vec<Option<String>> {
        let fields = match self.form {
            RowForm::Text => text_fields(row),
            // Has no texts: the server's own words are all that is told.
            RowForm::Binary => Vec::new(),
            RowForm::Csv(delimiter) => csv_rows::raw_fields(row, delimiter)
                .into_iter()
                .map(csv_rows::value)
                .collect(),
        };
        fields
            .into_iter()
            .map(|field| field.map(|field| String::from_utf8_lossy(&field).into_owned()))
            .collect()
    }

    /// The first bad row: the one without which the rows before it are fine, and with which they are not. `fine` rows are known to be.
    async fn find_bad(
        &self,
        block: &Block,
        fine: usize,
        error: crdb_exec::Error,
    ) -> Result<(usize, crdb_exec::Error), Error> {
        let (mut fine, mut bad, mut error) = (fine, block.rows(), error);
        if self.tries(block, bad).await?.is_none() {
            // Only together with their commit are they bad: a constraint that is checked then.
            return Err(self.failed(block, error));
        }
        while bad - fine > 1 {
            let middle = fine + (bad - fine) / 2;
            match self.tries(block, middle).await? {
                None => fine = middle,
                Some(found) => (bad, error) = (middle, found),
            }
        }
        Ok((bad.saturating_sub(1), error))
    }

    /// Whether the first rows of a block could be loaded, in a transaction that is rolled back.
    async fn tries(&self, block: &Block, rows: usize) -> Result<Option<crdb_exec::Error>, Error> {
        let options = self.checkpoint.plain_options(1).timeout(self.timeout);
        let tried: Result<(), Stop> = self
            .executor
            .transact(&options, async |tx: &Transaction<S>| -> Result<(), Stop> {
                self.send(tx, block, rows).await?;
                Err(Stop::Tried)
            })
            .await;
        match tried {
            Err(Stop::Database(error)) if blames_rows(&error) => Ok(Some(error)),
            Err(Stop::Database(error)) => Err(self.failed(block, error)),
            _ => Ok(None),
        }
    }

    /// The column and the reason. Where the server does not name the column, each value is tried by itself.
    async fn explain(
        &self,
        block: &Block,
        index: usize,
        error: &crdb_exec::Error,
    ) -> (Option<String>, String) {
        let reason = |error: &crdb_exec::Error| {
            error
                .server_error()
                .map_or_else(|| error.to_string(), ToString::to_string)
        };
        if let Some(column) = error.column() {
            return (Some(column.to_owned()), reason(error));
        }
        if error.sqlstate().is_some_and(|state| state.class() == "22") {
            let values = self.values(block.slice(index, index + 1));
            let typed = self.target.columns.iter().zip(&self.target.types);
            for ((column, type_), value) in typed.zip(values) {
                let text = format!("SELECT ($1::TEXT{})::TEXT", cast(type_));
                let tried = self.executor.fetch_one(&text, &[&value]).await;
                if let Err(error) = tried
                    && blames_rows(&error)
                {
                    return (Some(column.clone()), reason(&error));
                }
            }
        }
        (None, reason(error))
    }
}

/// Bytes as SQL writes them, for a file of text.
fn hexadecimal(row: &[u8]) -> Vec<u8> {
    let mut text = "\\x".to_owned();
    for byte in row {
        text.push_str(&format!("{byte:02x}"));
    }
    text.into_bytes()
}
