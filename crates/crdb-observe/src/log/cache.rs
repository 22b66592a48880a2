use crdb_cache::{AnswerEvent, LoadBegin, LoadEnd, LoadOutcome, Observer};
use crdb_exec::{SqlState, Token};

use super::LogLines;
use super::line::{Field, Level, Line};

impl Observer for LogLines {
    /// No line: there may be a million a second.
    fn answered(&self, _: &AnswerEvent<'_>) {}

    fn begin_load(&self, _: &LoadBegin<'_>) -> Token {
        None
    }

    fn end_load(&self, _: Token, event: &LoadEnd<'_>) {
        let LoadOutcome::Failed(failure) = &event.outcome else {
            return;
        };
        let message = "a load of the cache failed";
        let line = Line::new(Level::Warn, "cache.load_failed", message)
            .with_text("query", event.name)
            .with("duration", Field::Seconds(event.elapsed))
            .with("error", Field::Text(failure.kind.as_str()))
            .with_text("sqlstate", failure.sqlstate.as_ref().map(SqlState::as_str));
        self.write(&line);
    }
}
