//! The messages that a file sends, as bytes.

use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::script::Message;
use crate::error::{Error, ErrorKind};

/// The bytes of `messages`, with the values of earlier `let` steps in their texts.
pub(super) fn encode_all(
    messages: &[Message],
    values: &HashMap<String, String>,
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    for message in messages {
        bytes.extend(encode(message, values)?);
    }
    Ok(bytes)
}

/// `text` with the values of earlier `let` steps in place of their names, the longest first.
pub(super) fn substitute(text: &str, values: &HashMap<String, String>) -> String {
    let mut names: Vec<_> = values.iter().collect();
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    names.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(name.as_str(), value)
    })
}

fn encode(message: &Message, values: &HashMap<String, String>) -> Result<Vec<u8>, Error> {
    let fields = message.fields(&substitute(&message.fields, values))?;
    let text = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
    let invalid = |what: &str| {
        Error::new(
            ErrorKind::InvalidInput,
            format!("line {}: {what}", message.line),
        )
    };
    let mut body = Vec::new();
    let tag = match message.name.as_str() {
        "Query" => {
            put_text(&mut body, &text("String"));
            b'Q'
        }
        "Parse" => {
            put_text(&mut body, &text("Name"));
            put_text(&mut body, &text("Query"));
            put_list(&mut body, &fields["ParameterOIDs"], |body, value| {
                let oid = value.as_u64().and_then(|oid| u32::try_from(oid).ok());
                body.extend(oid.unwrap_or(0).to_be_bytes());
            });
            b'P'
        }
        "Bind" => {
            put_text(&mut body, &text("DestinationPortal"));
            put_text(&mut body, &text("PreparedStatement"));
            put_list(&mut body, &fields["ParameterFormatCodes"], put_format);
            let parameters = fields["Parameters"].as_array().cloned().unwrap_or_default();
            put_count(&mut body, parameters.len());
            for parameter in &parameters {
                put_value(&mut body, parameter).ok_or_else(|| {
                    invalid("a parameter is text, hexadecimal binary or an array of bytes")
                })?;
            }
            put_list(&mut body, &fields["ResultFormatCodes"], put_format);
            b'B'
        }
        "Describe" | "Close" => {
            let kind = fields["ObjectType"]
                .as_str()
                .and_then(|kind| kind.bytes().next())
                .or_else(|| {
                    fields["ObjectType"]
                        .as_u64()
                        .and_then(|kind| u8::try_from(kind).ok())
                })
                .unwrap_or(b'S');
            body.push(kind);
            put_text(&mut body, &text("Name"));
            if message.name == "Close" { b'C' } else { b'D' }
        }
        "Execute" => {
            put_text(&mut body, &text("Portal"));
            let rows = fields["MaxRows"]
                .as_u64()
                .and_then(|rows| u32::try_from(rows).ok());
            body.extend(rows.unwrap_or(0).to_be_bytes());
            b'E'
        }
        "Sync" => b'S',
        "Flush" => b'H',
        "Terminate" => b'X',
        "CopyDone" => b'c',
        "CopyFail" => {
            put_text(&mut body, &text("Message"));
            b'f'
        }
        "CopyData" => {
            match fields["BinaryData"].as_str() {
                Some(data) => body.extend(
                    BASE64_STANDARD
                        .decode(data)
                        .map_err(|source| invalid("BinaryData is base64").with_source(source))?,
                ),
                None => body.extend(text("Data").into_bytes()),
            }
            b'd'
        }
        other => {
            return Err(invalid(&format!(
                "`{other}` is not a message that is known"
            )));
        }
    };
    let mut bytes = vec![tag];
    let length = u32::try_from(body.len() + 4).map_err(|_| invalid("a message is too long"))?;
    bytes.extend(length.to_be_bytes());
    bytes.extend(body);
    Ok(bytes)
}

fn put_text(body: &mut Vec<u8>, text: &str) {
    body.extend(text.as_bytes());
    body.push(0);
}

fn put_count(body: &mut Vec<u8>, count: usize) {
    body.extend(u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes());
}

fn put_list(body: &mut Vec<u8>, values: &Value, put: impl Fn(&mut Vec<u8>, &Value)) {
    let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
    put_count(body, values.len());
    for value in values {
        put(body, value);
    }
}

fn put_format(body: &mut Vec<u8>, value: &Value) {
    let format = value.as_u64().and_then(|format| u16::try_from(format).ok());
    body.extend(format.unwrap_or(0).to_be_bytes());
}

fn put_value(body: &mut Vec<u8>, value: &Value) -> Option<()> {
    let bytes = if value.is_null() {
        body.extend((-1_i32).to_be_bytes());
        return Some(());
    } else if let Some(text) = value["text"].as_str() {
        text.as_bytes().to_vec()
    } else if let Some(bytes) = value.as_array() {
        let byte = |byte: &Value| u8::try_from(byte.as_u64()?).ok();
        bytes.iter().map(byte).collect::<Option<_>>()?
    } else {
        hexadecimal(value["binary"].as_str()?)?
    };
    body.extend(u32::try_from(bytes.len()).ok()?.to_be_bytes());
    body.extend(bytes);
    Some(())
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let digits = digits?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(name: &str, fields: &str) -> Vec<u8> {
        let message = Message {
            name: name.to_owned(),
            fields: fields.to_owned(),
            line: 1,
        };
        let values = HashMap::from([("$x".to_owned(), "7".to_owned())]);
        encode(&message, &values).unwrap()
    }

    #[test]
    fn messages_are_what_the_protocol_says() {
        for (name, fields, bytes) in [
            ("Sync", "{}", &b"S\0\0\0\x04"[..]),
            ("Query", r#"{"String": "SELECT $x"}"#, b"Q\0\0\0\x0dSELECT 7\0"),
            ("Execute", r#"{"Portal": "p", "MaxRows": 2}"#, b"E\0\0\0\x0ap\0\0\0\0\x02"),
            ("Describe", r#"{"ObjectType": 83, "Name": "s"}"#, b"D\0\0\0\x07Ss\0"),
            ("Close", r#"{"ObjectType": "P", "Name": ""}"#, b"C\0\0\0\x06P\0"),
            ("CopyData", r#"{"BinaryData": "UEc="}"#, b"d\0\0\0\x06PG"),
            (
                "Bind",
                r#"{"Parameters": [{"text": "a"}, null, {"binary": "0aff"}], "ResultFormatCodes": [1]}"#,
                b"B\0\0\0\x1d\0\0\0\0\0\x03\0\0\0\x01a\xff\xff\xff\xff\0\0\0\x02\x0a\xff\0\x01\0\x01",
            ),
            (
                "Bind",
                r#"{"Parameters": [[104, 105]]}"#,
                b"B\0\0\0\x12\0\0\0\0\0\x01\0\0\0\x02hi\0\0",
            ),
        ] {
            assert_eq!(encoded(name, fields), bytes, "{name}");
        }
    }
}
