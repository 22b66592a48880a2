use crdb_wire::{Outcome, Token};

use super::LogLines;
use super::line::{Field, Level, Line};

impl crdb_wire::Observer for LogLines {
    fn begin_batch(&self, _: &crdb_wire::BatchBegin<'_>) -> Token {
        None
    }

    fn end_batch(&self, _: Token, event: &crdb_wire::BatchEnd<'_>) {
        if event.elapsed >= self.slow {
            let line = Line::new(Level::Warn, "batch.slow", "a batch was slow")
                .with("node", Field::Text(event.peer))
                .with("statements", Field::Number(event.statements as u64))
                .with("duration", Field::Seconds(event.elapsed))
                .with_text("sqlstate", sqlstate(&event.outcome));
            self.write(&line);
        }
    }

    fn begin_copy(&self, _: &crdb_wire::CopyBegin<'_>) -> Token {
        None
    }

    /// A COPY is as long as its data: only one that failed has a line.
    fn end_copy(&self, _: Token, event: &crdb_wire::CopyEnd<'_>) {
        if let Outcome::Failed(failure) = &event.outcome {
            let line = Line::new(Level::Warn, "copy.failed", "a COPY failed")
                .with("node", Field::Text(event.peer))
                .with("direction", Field::Text(event.direction.as_str()))
                .with("duration", Field::Seconds(event.elapsed))
                .with("error", Field::Text(failure.kind.as_str()))
                .with_text("sqlstate", failure.sqlstate);
            self.write(&line);
        }
    }

    /// A notice's message may hold values.
    fn notice(&self, _: &crdb_wire::ServerError) {}

    fn notification(&self, _: &crdb_wire::Notification<'_>) {}

    fn ended(&self, _: &crdb_wire::Ended<'_>) {}
}

fn sqlstate<'a>(outcome: &Outcome<'a>) -> Option<&'a str> {
    match outcome {
        Outcome::Failed(failure) => failure.sqlstate,
        _ => None,
    }
}
