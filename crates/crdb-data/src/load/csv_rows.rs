//! Rows of CSV, as COPY of PostgreSQL and CockroachDB reads them: a quote begins and ends a quoted part wherever it stands.

/// What the scan found at the front of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CsvRow {
    /// The length with the end of the line.
    pub(crate) length: usize,
    /// How many fields there are.
    pub(crate) fields: usize,
    /// How many ends of lines it spans.
    pub(crate) lines: u64,
}

/// Finds the first row of a buffer; `None` if it does not end there. At the `last` one the end of the line may be missing; a row within
/// quotes then never ends.
pub(crate) fn first_row(buffer: &[u8], delimiter: u8, last: bool) -> Option<CsvRow> {
    let mut quoted = false;
    let mut fields = 1;
    let mut lines = 0;
    for (index, &byte) in buffer.iter().enumerate() {
        if byte == b'"' {
            quoted = !quoted;
        } else if byte == b'\n' {
            lines += 1;
            if !quoted {
                return Some(CsvRow {
                    length: index + 1,
                    fields,
                    lines,
                });
            }
        } else if byte == delimiter && !quoted {
            fields += 1;
        }
    }
    (last && !quoted && !buffer.is_empty()).then_some(CsvRow {
        length: buffer.len(),
        fields,
        lines: lines + 1,
    })
}

/// The raw fields of a row, still in their quotes, without the end of the line.
pub(crate) fn raw_fields(row: &[u8], delimiter: u8) -> Vec<&[u8]> {
    let row = without_end(row);
    let mut fields = Vec::new();
    let mut quoted = false;
    let mut start = 0;
    for (index, &byte) in row.iter().enumerate() {
        if byte == b'"' {
            quoted = !quoted;
        } else if byte == delimiter && !quoted {
            fields.push(row.get(start..index).unwrap_or_default());
            start = index + 1;
        }
    }
    fields.push(row.get(start..).unwrap_or_default());
    fields
}

pub(crate) fn without_end(row: &[u8]) -> &[u8] {
    let row = row.strip_suffix(b"\n").unwrap_or(row);
    row.strip_suffix(b"\r").unwrap_or(row)
}

/// The value of a raw field; `None` is NULL, an empty field without quotes.
pub(crate) fn value(raw: &[u8]) -> Option<Vec<u8>> {
    if raw.is_empty() {
        return None;
    }
    let mut value = Vec::with_capacity(raw.len());
    let mut quoted = false;
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'"' if quoted && rest.first() == Some(&b'"') => {
                value.push(b'"');
                rest = rest.get(1..).unwrap_or_default();
            }
            b'"' => quoted = !quoted,
            byte => value.push(byte),
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_row_ends_outside_of_quotes() {
        let row = first_row(b"a,\"b\n\"\"c,\",d\r\nnext", b',', false).unwrap();
        assert_eq!(
            row,
            CsvRow {
                length: 14,
                fields: 3,
                lines: 2
            }
        );
        assert_eq!(first_row(b"a,\"b\n", b',', true), None);
        assert_eq!(first_row(b"a,b", b',', false), None);
        assert_eq!(first_row(b"a,b", b',', true).unwrap().fields, 2);
    }

    proptest! {
        #[test]
        fn values_read_back(values in prop::collection::vec(prop::option::of("[a\",;\n\r ]{0,6}"), 1..5)) {
            let row = values
                .iter()
                .map(|value| value.as_ref().map_or_else(String::new, |value| format!("\"{}\"", value.replace('"', "\"\""))))
                .collect::<Vec<_>>()
                .join(",") + "\n";
            let found = first_row(row.as_bytes(), b',', false).unwrap();
            prop_assert_eq!(found.length, row.len());
            prop_assert_eq!(found.fields, values.len());
            let back: Vec<_> = raw_fields(row.as_bytes(), b',')
                .into_iter()
                .map(|raw| value(raw).map(|value| String::from_utf8(value).unwrap()))
                .collect();
            prop_assert_eq!(back, values);
        }
    }
}
