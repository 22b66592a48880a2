//! Lines as log records of OpenTelemetry.

use std::time::SystemTime;

use opentelemetry::InstrumentationScope;
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger, LoggerProvider, Severity};

use super::LogLines;
use super::line::{Field, Level, Line};

impl LogLines {
    /// Sends each line as a log record to this provider, with its event as the record's event name.
    pub fn records<P>(provider: &P) -> Self
    where
        P: LoggerProvider,
        P::Logger: Send + Sync + 'static,
    {
        let scope = InstrumentationScope::builder("crdb")
            .with_version(env!("CARGO_PKG_VERSION"))
            .build();
        let logger = provider.logger_with_scope(scope);
        Self::to(move |line| emit(&logger, line))
    }
}

fn emit(logger: &impl Logger, line: &Line<'_>) {
    let mut record = logger.create_log_record();
    record.set_event_name(line.event);
    record.set_observed_timestamp(SystemTime::now());
    record.set_timestamp(SystemTime::now());
    record.set_severity_number(match line.level {
        Level::Info => Severity::Info,
        Level::Warn => Severity::Warn,
    });
    record.set_severity_text(line.level.as_str());
    record.set_body(line.message.into());
    for (name, field) in &line.fields {
        let value = match field {
            Field::Text(text) => AnyValue::from((*text).to_owned()),
            Field::Owned(text) => AnyValue::from(text.clone()),
            Field::Number(number) => AnyValue::Int(i64::try_from(*number).unwrap_or(i64::MAX)),
            Field::Seconds(duration) => AnyValue::Double(duration.as_secs_f64()),
        };
        record.add_attribute(*name, value);
    }
    logger.emit(record);
}
