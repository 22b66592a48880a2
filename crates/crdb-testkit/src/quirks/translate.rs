//! PostgreSQL's errors in CockroachDB's words.

use bytes::{BufMut, Bytes, BytesMut};

use super::failure::Failure;
use super::version::CockroachVersion;
use super::wire::{Frame, fields, put_failure, put_text, take_text};

/// The parameters that CockroachDB reports; it says nothing of the others that PostgreSQL reports.
pub(super) const REPORTED: [&str; 9] = [
    "client_encoding",
    "application_name",
    "DateStyle",
    "IntervalStyle",
    "is_superuser",
    "TimeZone",
    "integer_datetimes",
    "standard_conforming_strings",
    "server_encoding",
];

/// The fields that CockroachDB sends, in its order: severity, code, detail, hint, constraint, file, line, routine,
/// message.
const SENT: &[u8] = b"SCDHnFLRM";

/// The SQLSTATE of an ErrorResponse.
pub(super) fn code(body: &Bytes) -> String {
    value(&fields(body), b'C').to_owned()
}

/// Rewrites an ErrorResponse.
pub(super) fn error(body: &Bytes, version: CockroachVersion) -> Frame {
    let mut fields = fields(body);
    let code = value(&fields, b'C').to_owned();
    let message = value(&fields, b'M').to_owned();
    let instead = match code.as_str() {
        // CockroachDB has no deadlock error: one of the two is pushed aside and may run again.
        "40P01" => Some(Failure::retry(
            "TransactionAbortedError(ABORT_REASON_PUSHER_ABORTED)",
            version,
        )),
        "40001" if message.contains("dependencies") => Some(Failure::retry_commit(version)),
        "40001" => Some(Failure::retry_statement(version)),
        "42883" => no_operator(&message),
        _ => None,
    };
    if let Some(failure) = instead {
        let mut out = BytesMut::new();
        put_failure(&mut out, &failure);
        return Frame {
            tag: b'E',
            body: out.freeze().slice(5..),
        };
    }
    let message = match code.as_str() {
        "57014" if message.contains("statement timeout") => {
            "query execution canceled due to statement timeout".to_owned()
        }
        "57014" if message.contains("user request") => "query execution canceled".to_owned(),
        _ => message,
    };
    if let Some(field) = fields.iter_mut().find(|(field, _)| *field == b'M') {
        field.1 = message;
    }
    if !version.names_keys_and_passwords() {
        as_before_v22(&mut fields, &code);
    }
    Frame {
        tag: b'E',
        body: in_order(&fields),
    }
}

/// The words of releases before v22.1 for a duplicate of a primary key and for a wrong password.
fn as_before_v22(fields: &mut [(u8, String)], code: &str) {
    let key = value(fields, b'n').to_owned();
    for (field, text) in fields {
        match (*field, code) {
            (b'C', "28P01") => "XXUUU".clone_into(text),
            (b'n', "23505") if key.ends_with("_pkey") => "primary".clone_into(text),
            (b'M', "23505") if key.ends_with("_pkey") => *text = text.replace(&key, "primary"),
            _ => {}
        }
    }
}

/// The error for operands that no operator takes, which PostgreSQL calls an undefined function.
fn no_operator(message: &str) -> Option<Failure> {
    const COMPARING: [&str; 6] = ["=", "<>", "<", ">", "<=", ">="];
    let operation = message.strip_prefix("operator does not exist: ")?;
    let is_operator = |word: &str| word.chars().all(|c| "+-*/<>=~!@#%^&|`?".contains(c));
    let operator = operation.split(' ').find(|word| is_operator(word))?;
    let (left, right) = operation.split_once(&format!(" {operator} "))?;
    let kind = if COMPARING.contains(&operator) {
        "comparison"
    } else {
        "binary"
    };
    let message = format!(
        "unsupported {kind} operator: <{}> {operator} <{}>",
        type_name(left),
        type_name(right)
    );
    Some(Failure::new("22023", message))
}

/// What CockroachDB calls a type of PostgreSQL.
fn type_name(name: &str) -> String {
    if let Some(element) = name.strip_suffix("[]") {
        return format!("{}[]", type_name(element));
    }
    match name {
        "smallint" => "int2",
        "integer" => "int4",
        "bigint" => "int",
        "text" => "string",
        "character varying" => "varchar",
        "character" => "char",
        "boolean" => "bool",
        "numeric" => "decimal",
        "double precision" => "float",
        "real" => "float4",
        "bytea" => "bytes",
        "bit varying" => "varbit",
        "timestamp without time zone" => "timestamp",
        "timestamp with time zone" => "timestamptz",
        "time without time zone" => "time",
        "time with time zone" => "timetz",
        other => other,
    }
    .to_owned()
}

/// The error that CockroachDB gives for a message of the extended protocol that names what does not exist, or has too few
/// arguments, where PostgreSQL gave this one.
pub(super) fn about_message(message: &Frame, error: &Bytes) -> Option<Failure> {
    let code = code(error);
    let mut body = message.body.clone();
    let first = take_text(&mut body);
    let name = |text: Option<Bytes>| {
        text.map(|text| String::from_utf8_lossy(&text).into_owned())
            .unwrap_or_default()
    };
    match (message.tag, code.as_str()) {
        (b'B', "26000") => {
            let statement = name(take_text(&mut body));
            Some(Failure::new(
                "26000",
                format!("unknown prepared statement {statement:?}"),
            ))
        }
        (b'B', "42P03") => {
            let portal = name(first);
            Some(Failure::new(
                "42P03",
                format!("portal {portal:?} already exists"),
            ))
        }
        (b'E', "34000") => {
            let portal = name(first);
            Some(Failure::new("34000", format!("unknown portal {portal:?}")))
        }
        (b'D', "26000") => {
            let statement = name(first.map(|text| text.slice(1.min(text.len())..)));
            Some(Failure::new(
                "26000",
                format!("unknown prepared statement {statement:?}"),
            ))
        }
        (b'D', "34000") => {
            let portal = name(first.map(|text| text.slice(1.min(text.len())..)));
            Some(Failure::new("34000", format!("unknown portal {portal:?}")))
        }
        (b'B', "08P01") => {
            let message = value(&fields(error), b'M').to_owned();
            let mut numbers = message
                .split(|character: char| !character.is_ascii_digit())
                .filter(|digits| !digits.is_empty());
            let got = numbers.next()?;
            let expected = numbers.next_back()?;
            message
                .contains("requires")
                .then(|| Failure::new("08P01", format!("expected {expected} arguments, got {got}")))
        }
        _ => None,
    }
}

/// The value of a parameter as CockroachDB reports it: a zone that is an offset as its number of hours.
pub(super) fn parameter(name: &str, value: &str) -> String {
    let hours = (name == "TimeZone")
        .then(|| value.strip_prefix('<')?.split_once('>'))
        .flatten()
        .and_then(|(offset, _)| {
            let (sign, digits) = offset
                .strip_prefix('-')
                .map_or((1.0, offset.trim_start_matches('+')), |digits| {
                    (-1.0, digits)
                });
            let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
            let hours: f64 = hours.parse().ok()?;
            let minutes: f64 = minutes.parse().ok()?;
            Some(sign * (hours + minutes / 60.0))
        });
    hours.map_or_else(|| value.to_owned(), |hours| hours.to_string())
}

/// Rewrites a NoticeResponse.
pub(super) fn notice(body: &Bytes) -> Frame {
    Frame {
        tag: b'N',
        body: in_order(&fields(body)),
    }
}

/// Whether this is the error that CockroachDB gives only after BindComplete.
pub(super) fn is_changed_result_type(body: &Bytes) -> bool {
    let fields = fields(body);
    value(&fields, b'C') == "0A000"
        && value(&fields, b'M') == "cached plan must not change result type"
}

fn value(fields: &[(u8, String)], wanted: u8) -> &str {
    fields
        .iter()
        .find(|(field, _)| *field == wanted)
        .map_or("", |(_, value)| value)
}

fn in_order(fields: &[(u8, String)]) -> Bytes {
    let mut body = BytesMut::new();
    for wanted in SENT {
        if let Some((field, value)) = fields.iter().find(|(field, _)| field == wanted) {
            body.put_u8(*field);
            put_text(&mut body, value);
        }
    }
    body.put_u8(0);
    body.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(fields: &[(u8, &str)]) -> Bytes {
        let mut body = BytesMut::new();
        for (field, value) in fields {
            body.put_u8(*field);
            put_text(&mut body, value);
        }
        body.put_u8(0);
        body.freeze()
    }

    #[test]
    fn deadlocks_and_conflicts_may_be_retried_in_cockroachdbs_words() {
        for (code, message) in [
            ("40P01", "deadlock detected"),
            (
                "40001",
                "could not serialize access due to concurrent update",
            ),
            (
                "40001",
                "could not serialize access due to read/write dependencies among transactions",
            ),
        ] {
            let translated = error(
                &body(&[(b'S', "ERROR"), (b'C', code), (b'M', message)]),
                CockroachVersion::V25_2,
            );
            let fields = fields(&translated.body);
            assert_eq!(value(&fields, b'C'), "40001");
            assert!(
                value(&fields, b'M').starts_with("restart transaction: "),
                "{message}"
            );
        }
    }

    #[test]
    fn a_zone_that_is_an_offset_is_a_number() {
        for (value, reported) in [
            ("<+06>-06", "6"),
            ("<-11:30>+11:30", "-11.5"),
            ("UTC", "UTC"),
            ("America/New_York", "America/New_York"),
        ] {
            assert_eq!(parameter("TimeZone", value), reported);
        }
        assert_eq!(parameter("application_name", "<+06>-06"), "<+06>-06");
    }

    #[test]
    fn fields_that_cockroachdb_does_not_send_are_dropped() {
        let original = [
            (b'S', "ERROR"),
            (b'V', "ERROR"),
            (b'C', "23505"),
            (b'M', "m"),
            (b'D', "d"),
            (b't', "t"),
            (b'n', "k"),
        ];
        let translated = error(&body(&original), CockroachVersion::V25_2);
        let sent: Vec<u8> = fields(&translated.body)
            .iter()
            .map(|(field, _)| *field)
            .collect();
        assert_eq!(sent, b"SCDnM");
    }
}
