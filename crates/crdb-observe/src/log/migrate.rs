use crdb_migrate::{Ended, MigrationEvent, Observer};

use super::LogLines;
use super::line::{Field, Level, Line};

impl Observer for LogLines {
    fn migration_ended(&self, event: &MigrationEvent<'_>, ended: Ended) {
        let (level, name, message) = match ended.failure {
            None => (Level::Info, "migration.done", "a migration is applied"),
            Some(_) => (Level::Warn, "migration.failed", "a migration failed"),
        };
        let line = Line::new(level, name, message)
            .with("version", Field::Owned(event.version.to_string()))
            .with("name", Field::Text(event.name))
            .with("duration", Field::Seconds(ended.elapsed))
            .with_text("error", ended.failure.map(crdb_migrate::ErrorKind::as_str));
        self.write(&line);
    }
}
