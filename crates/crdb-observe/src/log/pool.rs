use crdb_pool::{AcquireOutcome, Token};

use super::LogLines;
use super::line::{Field, Level, Line};

impl crdb_pool::Observer for LogLines {
    fn begin_acquire(&self, _: &crdb_pool::AcquireBegin) -> Token {
        None
    }

    fn end_acquire(&self, _: Token, event: &crdb_pool::AcquireEnd<'_>) {
        if let AcquireOutcome::Failed(kind) = event.outcome {
            let line = Line::new(Level::Warn, "acquire.failed", "a caller got no session")
                .with("error", Field::Text(kind.as_str()))
                .with("duration", Field::Seconds(event.waited));
            self.write(&line);
        }
    }

    fn opened(&self, _: &crdb_pool::Opened<'_>) {}

    /// The login's own layer says why, and the node's leaving rotation has a line.
    fn connect_failed(&self, _: &crdb_pool::ConnectFailed<'_>) {}

    fn closed(&self, _: &crdb_pool::Closed<'_>) {}

    fn released(&self, _: &crdb_pool::Released<'_>) {}

    fn checked(&self, _: &crdb_pool::Checked<'_>) {}

    fn reset(&self, _: &crdb_pool::Reset<'_>) {}

    fn node_changed(&self, event: &crdb_pool::NodeChanged<'_>) {
        let (level, event_name, message) = if event.to.in_rotation() {
            (Level::Info, "node.in", "a node gets work")
        } else {
            (Level::Warn, "node.out", "a node gets no work")
        };
        let line = Line::new(level, event_name, message)
            .with("node", Field::Owned(event.address.to_string()))
            .with("state", Field::Owned(event.to.to_string()));
        self.write(&line);
    }

    fn leaked(&self, event: &crdb_pool::Leaked<'_>) {
        let message = "a session was borrowed and not returned";
        let line = Line::new(Level::Warn, "session.leaked", message)
            .with("node", Field::Owned(event.address.to_string()))
            .with("duration", Field::Seconds(event.held))
            .with("borrowed_at", Field::Owned(event.borrowed_at.to_string()));
        self.write(&line);
    }
}
