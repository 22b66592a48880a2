//! What crdb-data asks of a session.

use crdb_data::{CopyForm, CopySession, PipelineSession};
use crdb_exec::{Answer, Fault, ToSql};
use crdb_wire::{Batch, CopyFormat, Request};

use super::{Session, answer, failed};

impl CopySession for Session {
    async fn copy_in(&self, statement: &str, form: CopyForm, data: &[u8]) -> Answer<u64> {
        let format = match form {
            CopyForm::Text => CopyFormat::Text,
            CopyForm::Csv => CopyFormat::Csv,
            CopyForm::Binary => CopyFormat::Binary,
            _ => return Answer::failed(Fault::refused("an unknown form of COPY")),
        };
        let copied = self.wire.copy_in_whole(statement, format, data).await;
        match copied {
            Ok(done) => answer(Some(&done), done.rows_affected()),
            Err(error) => failed(error),
        }
    }
}

impl PipelineSession for Session {
    async fn pipeline(&self, statement: &str, sets: &[Vec<&(dyn ToSql + Sync)>]) -> Answer<u64> {
        let mut batch = Batch::new();
        for set in sets {
            batch.push(Request::new(statement).once(), set);
        }
        let answers = match self.wire.batch_each(&batch).await {
            Ok(answers) => answers,
            Err(error) => return failed(error),
        };
        let mut affected = 0;
        let mut last = None;
        for one in answers {
            match one {
                Ok(rows) => {
                    affected += rows.answer().rows_affected();
                    last = Some(rows);
                }
                Err(error) => return failed(error),
            }
        }
        answer(last.as_ref().map(crdb_wire::Rows::answer), affected)
    }
}
