//! A batch whose statements stand each for itself.

use bytes::BytesMut;

use super::Batch;
use crate::error::Error;
use crate::observer::{Failure, Operation, Outcome};
use crate::row_stream::{RowStream, Rows};
use crate::session::Session;
use crate::statement::{Running, bind};

impl Session {
    /// Runs the statements in one round trip, each by itself: one Sync each, so that an error of one leaves the others alone.
    /// Outside a transaction each is a transaction of its own.
    ///
    /// The statements run in their order. Each comes with its own rows and answer, or its own error. A statement whose prepared form
    /// has become stale fails, and is prepared anew when it is used next.
    ///
    /// # Errors
    /// The caller's mistakes, in any of the statements: nothing has been sent then. And a text that cannot be prepared.
    ///
    /// # Cancel safety
    /// As for [`execute`](Self::execute), for all statements.
    pub async fn batch_each(&self, batch: &Batch<'_>) -> Result<Vec<Result<Rows, Error>>, Error> {
        let shared = &self.connection.shared;
        let observer = shared.config.observer.as_ref();
        let mut operation = Operation::batch(observer, &shared.peer, batch.len(), false);
        let result = self.run_each(batch).await;
        let failed = match &result {
            Ok(answers) => answers.iter().find_map(|answer| answer.as_ref().err()),
            Err(error) => Some(error),
        };
        let outcome = failed.map_or(Outcome::Done, |error| Outcome::Failed(Failure::of(error)));
        operation.end(outcome, 0);
        result
    }

    async fn run_each(&self, batch: &Batch<'_>) -> Result<Vec<Result<Rows, Error>>, Error> {
        let prepared = self.prepare_all(batch).await?;
        let mut encoded = Vec::with_capacity(batch.len());
        for (item, prepared) in batch.statements.iter().zip(&prepared) {
            let mut bytes = BytesMut::new();
            prepared.bind(&item.values, &mut bytes)?;
            bind::execute_and_sync(&mut bytes)?;
            encoded.push(bytes);
        }
        let mut running = Vec::with_capacity(batch.len());
        for ((item, prepared), bytes) in batch.statements.iter().zip(&prepared).zip(&encoded) {
            running.push(
                self.connection
                    .send_bound(prepared, item.request, bytes, None)
                    .map(|reply| Running {
                        reply,
                        prepared: prepared.clone(),
                        first: None,
                        stale: false,
                    }),
            );
        }
        let mut answers = Vec::with_capacity(batch.len());
        for (running, item) in running.into_iter().zip(&batch.statements) {
            let answer = match running {
                Ok(running) => {
                    let prepared = running.prepared.clone();
                    let rows = RowStream::new(running, &self.connection)
                        .collect_rows()
                        .await;
                    if let Err(error) = &rows {
                        self.connection
                            .forget_stale(item.request.text, &prepared, error.answer());
                    }
                    rows
                }
                Err(error) => Err(error),
            };
            answers.push(answer);
        }
        Ok(answers)
    }
}
