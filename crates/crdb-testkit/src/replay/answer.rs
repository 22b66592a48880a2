//! The messages of a server, as the files write them.

use serde_json::{Map, Value, json};

/// What a message is called.
pub(super) fn kind(value: &Value) -> &str {
    match value["Type"].as_str() {
        Some(kind) => kind,
        // Notices are written without a type.
        None if value["Severity"].is_string() => "NoticeResponse",
        None => "",
    }
}

/// The first value of a DataRow.
pub(super) fn first_value(value: &Value) -> Option<String> {
    (kind(value) == "DataRow").then(|| value["Values"][0]["text"].as_str().map(str::to_owned))?
}

/// A message of the server; none for those that nothing is written of.
pub(super) fn decode(tag: u8, body: &[u8]) -> Value {
    let mut reader = Reader(body);
    match tag {
        b'1' => json!({"Type": "ParseComplete"}),
        b'2' => json!({"Type": "BindComplete"}),
        b'3' => json!({"Type": "CloseComplete"}),
        b'n' => json!({"Type": "NoData"}),
        b's' => json!({"Type": "PortalSuspended"}),
        b'I' => json!({"Type": "EmptyQueryResponse"}),
        b'c' => json!({"Type": "CopyDone"}),
        b'C' => json!({"Type": "CommandComplete", "CommandTag": reader.text()}),
        b'Z' => json!({"Type": "ReadyForQuery", "TxStatus": String::from_utf8_lossy(body)}),
        b'S' => {
            json!({"Type": "ParameterStatus", "Name": reader.text(), "Value": reader.text()})
        }
        b't' => {
            let count = reader.count();
            let types: Vec<_> = (0..count).map(|_| reader.u32()).collect();
            json!({"Type": "ParameterDescription", "ParameterOIDs": types})
        }
        b'T' => {
            let count = reader.count();
            let fields: Vec<_> = (0..count).map(|_| reader.field()).collect();
            json!({"Type": "RowDescription", "Fields": fields})
        }
        b'D' => {
            let count = reader.count();
            let values: Vec<_> = (0..count).map(|_| reader.value()).collect();
            json!({"Type": "DataRow", "Values": values})
        }
        b'G' | b'H' => {
            reader.bytes(1);
            let count = reader.count();
            let formats: Vec<_> = (0..count).map(|_| reader.count()).collect();
            let kind = if tag == b'G' {
                "CopyInResponse"
            } else {
                "CopyOutResponse"
            };
            json!({"Type": kind, "ColumnFormatCodes": formats})
        }
        b'd' => json!({"Type": "CopyData", "Data": shown(body)}),
        b'E' => failure("ErrorResponse", body),
        b'N' => failure("NoticeResponse", body),
        other => json!({"Type": format!("message {}", char::from(other))}),
    }
}

fn failure(kind: &str, body: &[u8]) -> Value {
    let mut reader = Reader(body);
    let mut failure = Map::from_iter([("Type".to_owned(), json!(kind))]);
    while let [field, ..] = reader.bytes(1) {
        let name = match field {
            0 => break,
            b'S' => "Severity",
            b'C' => "Code",
            b'M' => "Message",
            b'D' => "Detail",
            b'H' => "Hint",
            b'n' => "ConstraintName",
            _ => {
                reader.text();
                continue;
            }
        };
        failure.insert(name.to_owned(), json!(reader.text()));
    }
    Value::Object(failure)
}

/// Bytes as text, where all of them are printable, else in hexadecimal.
fn shown(bytes: &[u8]) -> Value {
    if bytes.iter().all(|byte| (32..127).contains(byte)) {
        json!({"text": String::from_utf8_lossy(bytes)})
    } else {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        json!({"binary": digits})
    }
}

/// Reads what is there, and nothing beyond it.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn text(&mut self) -> String {
        let end = self
            .0
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(self.0.len());
        let text = String::from_utf8_lossy(self.bytes(end)).into_owned();
        self.bytes(1);
        text
    }

    fn count(&mut self) -> u16 {
        self.bytes(2).try_into().map_or(0, u16::from_be_bytes)
    }

    fn i16(&mut self) -> i16 {
        self.bytes(2).try_into().map_or(0, i16::from_be_bytes)
    }

    fn u32(&mut self) -> u32 {
        self.bytes(4).try_into().map_or(0, u32::from_be_bytes)
    }

    fn i32(&mut self) -> i32 {
        self.bytes(4).try_into().map_or(-1, i32::from_be_bytes)
    }

    fn value(&mut self) -> Value {
        match usize::try_from(self.i32()) {
            Ok(length) => shown(self.bytes(length)),
            Err(_) => Value::Null,
        }
    }

    fn field(&mut self) -> Value {
        json!({
            "Name": self.text(),
            "TableOID": self.u32(),
            "TableAttributeNumber": self.count(),
            "DataTypeOID": self.u32(),
            "DataTypeSize": self.i16(),
            "TypeModifier": self.i32(),
            "Format": self.i16(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_written_as_the_files_have_them() {
        for (tag, body, written) in [
            (
                b'Z',
                &b"I"[..],
                r#"{"Type":"ReadyForQuery","TxStatus":"I"}"#,
            ),
            (
                b'C',
                b"SELECT 1\0",
                r#"{"Type":"CommandComplete","CommandTag":"SELECT 1"}"#,
            ),
            (
                b'D',
                b"\0\x03\0\0\0\x01a\xff\xff\xff\xff\0\0\0\x01\x07",
                r#"{"Type":"DataRow","Values":[{"text":"a"},null,{"binary":"07"}]}"#,
            ),
            (
                b'E',
                b"SERROR\0C42601\0Mno\0\0",
                r#"{"Type":"ErrorResponse","Severity":"ERROR","Code":"42601","Message":"no"}"#,
            ),
            (
                b'G',
                b"\0\0\x02\0\0\0\0",
                r#"{"Type":"CopyInResponse","ColumnFormatCodes":[0,0]}"#,
            ),
        ] {
            let expected: Value = serde_json::from_str(written).unwrap();
            assert_eq!(decode(tag, body), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_can_be_read(tag: u8, body: Vec<u8>) {
            proptest::prop_assert!(decode(tag, &body).is_object());
        }
    }
}
