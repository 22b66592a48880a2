use crdb_data::observer::{End, Outcome, PartialObserver};

use super::LogLines;
use super::line::{Field, Level, Line};

impl PartialObserver for LogLines {
    /// A load is as long as its data: each has a line.
    fn ended(&self, event: &End<'_>) {
        let (level, name, message) = match event.outcome {
            Outcome::Done => (Level::Info, "data.done", "a load or an export is complete"),
            Outcome::Failed(_) => (Level::Warn, "data.failed", "a load or an export failed"),
            _ => (
                Level::Warn,
                "data.dropped",
                "a load or an export was given up",
            ),
        };
        let mut line = Line::new(level, name, message)
            .with("kind", Field::Text(event.kind.as_str()))
            .with("relation", Field::Text(event.relation))
            .with("duration", Field::Seconds(event.elapsed))
            .with("rows", Field::Number(event.rows))
            .with("rejected", Field::Number(event.rejected));
        if let Outcome::Failed(kind) = event.outcome {
            line = line.with("error", Field::Text(kind.as_str()));
        }
        self.write(&line);
    }
}
