//! How lines are written.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value};

use super::line::{Field, Line};

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Writes whole lines, one call each.
fn lines(
    writer: impl Write + Send + 'static,
    format: fn(&Line<'_>, String) -> String,
) -> impl Fn(&Line<'_>) + Send + Sync {
    let writer = Mutex::new(writer);
    move |line| {
        let text = format(line, now());
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        // There is nowhere to say that the log cannot be written.
        drop(writer.write_all(text.as_bytes()));
        drop(writer.flush());
    }
}

pub(super) fn json(writer: impl Write + Send + 'static) -> impl Fn(&Line<'_>) + Send + Sync {
    lines(writer, as_json)
}

pub(super) fn human(writer: impl Write + Send + 'static) -> impl Fn(&Line<'_>) + Send + Sync {
    lines(writer, as_text)
}

fn as_json(line: &Line<'_>, time: String) -> String {
    let mut object = Map::new();
    object.insert("time".to_owned(), time.into());
    object.insert("level".to_owned(), line.level.as_str().into());
    object.insert("event".to_owned(), line.event.into());
    object.insert("message".to_owned(), line.message.into());
    for (name, field) in &line.fields {
        let value: Value = match field {
            Field::Text(text) => (*text).into(),
            Field::Owned(text) => text.clone().into(),
            Field::Number(number) => (*number).into(),
            Field::Seconds(duration) => duration.as_secs_f64().into(),
        };
        object.insert((*name).to_owned(), value);
    }
    let mut text = Value::Object(object).to_string();
    text.push('\n');
    text
}

fn as_text(line: &Line<'_>, time: String) -> String {
    let mut text = format!("{time} {} {}", line.level.as_str(), line.message);
    for (name, field) in &line.fields {
        let value = field.to_string();
        // What would break the line, or read as another field, is quoted.
        let plain = !value.is_empty()
            && !value.contains(|char: char| {
                char.is_control() || char.is_whitespace() || matches!(char, '"' | '=')
            });
        text.push(' ');
        text.push_str(name);
        text.push('=');
        if plain {
            text.push_str(&value);
        } else {
            text.push_str(&format!("{value:?}"));
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::line::Level;
    use super::*;

    fn line() -> Line<'static> {
        Line::new(Level::Warn, "statement.slow", "a statement was slow")
            .with("query", Field::Text("a\nb \"c\"=d"))
            .with("duration", Field::Seconds(Duration::from_millis(1250)))
            .with("attempts", Field::Number(2))
    }

    #[test]
    fn whatever_a_field_holds_a_line_stays_one_line() {
        let text = as_text(&line(), "T".to_owned());
        assert_eq!(
            text,
            "T WARN a statement was slow query=\"a\\nb \\\"c\\\"=d\" duration=1.25 attempts=2\n"
        );
        let text = as_json(&line(), "T".to_owned());
        assert_eq!(text.matches('\n').count(), 1);
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["query"], "a\nb \"c\"=d");
        assert_eq!(read["duration"], 1.25);
        assert_eq!(read["event"], "statement.slow");
    }
}
