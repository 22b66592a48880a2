//! What is encoded decodes to the same, however it is cut.

use crdb_auth::Engine;
use postgres_types::Type;
use proptest::prelude::*;

use super::*;

/// The bodies of CopyData messages.
fn bodies(mut stream: &[u8]) -> Vec<&[u8]> {
    let mut bodies = Vec::new();
    while let Some((head, rest)) = stream.split_first_chunk::<5>() {
        assert_eq!(head[0], b'd');
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize - 4;
        let (body, after) = rest.split_at(length);
        bodies.push(body);
        stream = after;
    }
    assert!(stream.is_empty());
    bodies
}

/// Fields with everything that a format gives a meaning to.
fn field() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        Just(Some(String::new())),
        Just(Some("\\.".to_owned())),
        Just(Some("\\N".to_owned())),
        "([\t\n\r\\\\\",.N'| \u{e9}\u{1f600}\u{b}\u{8}]|[a-z]){0,8}".prop_map(Some),
    ]
}

fn rows() -> impl Strategy<Value = Vec<Vec<Option<String>>>> {
    (1_usize..5).prop_flat_map(|columns| {
        prop::collection::vec(prop::collection::vec(field(), columns), 0..20)
    })
}

fn format() -> impl Strategy<Value = CopyFormat> {
    prop_oneof![
        Just(CopyFormat::Text),
        Just(CopyFormat::Csv),
        Just(CopyFormat::Binary)
    ]
}

fn encoded(
    rows: &[Vec<Option<String>>],
    format: CopyFormat,
    engine: Engine,
) -> Result<Vec<u8>, EncodeError> {
    let mut encoder = RowEncoder::new(format, engine);
    for row in rows {
        encoder.push(row)?;
    }
    encoder.finish();
    Ok(encoder.take().to_vec())
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_to_the_same(
        rows in rows(),
        format in format(),
        cuts in prop::collection::vec(1_usize..9, 1..50),
    ) {
        let stream = encoded(&rows, format, Engine::PostgreSql).unwrap();
        let data = bodies(&stream).concat();
        let mut decoder = RowDecoder::new(format);
        let mut decoded = Vec::new();
        let mut rest = &data[..];
        let mut cuts = cuts.into_iter().cycle();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cuts.next().unwrap_or(1).min(rest.len()));
            decoder.push(piece);
            rest = after;
            while let Some(row) = decoder.next_row().unwrap() {
                let fields: Vec<_> = row.fields().map(|field| field.map(|field| String::from_utf8(field.to_vec()).unwrap())).collect();
                for (index, field) in fields.iter().enumerate() {
                    prop_assert_eq!(row.text(index), field.as_deref());
                }
                decoded.push(fields);
            }
        }
        prop_assert!(decoder.is_at_end());
        prop_assert_eq!(decoded, rows);
    }

    #[test]
    fn messages_hold_whole_rows_and_csv_for_cockroachdb_one(rows in rows(), format in format()) {
        let Ok(stream) = encoded(&rows, format, Engine::CockroachDb) else {
            // Only what CockroachDB would misread is refused.
            prop_assert!(format == CopyFormat::Csv && rows[0].len() == 1);
            prop_assert!(rows.iter().any(|row| matches!(row[0].as_deref(), None | Some("\\."))));
            return Ok(());
        };
        let bodies = bodies(&stream);
        if format == CopyFormat::Csv {
            prop_assert_eq!(bodies.len(), rows.len());
        }
        if format != CopyFormat::Binary {
            prop_assert!(bodies.iter().all(|body| body.ends_with(b"\n")));
        }
    }

    #[test]
    fn any_data_is_survived(data in prop::collection::vec(any::<u8>(), 0..200), format in format()) {
        let mut decoder = RowDecoder::new(format);
        if format == CopyFormat::Binary {
            decoder.push(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
        }
        for piece in data.chunks(7) {
            decoder.push(piece);
            while let Ok(Some(row)) = decoder.next_row() {
                prop_assert_eq!(row.fields().count(), row.len());
            }
        }
    }
}

#[test]
fn a_row_that_does_not_encode_is_named_and_leaves_no_byte() {
    for format in [CopyFormat::Text, CopyFormat::Csv, CopyFormat::Binary] {
        let mut encoder = RowEncoder::new(format, Engine::PostgreSql);
        let error = encoder.push(&("a", "b\0")).unwrap_err();
        assert_eq!((error.row(), error.column()), (1, 2));
        encoder.push(&("a", "b")).unwrap();
        let error = encoder.push(&("c\0", "d")).unwrap_err();
        assert_eq!((error.row(), error.column()), (2, 1));
        let error = encoder.push(&("c", "d", "e")).unwrap_err();
        assert_eq!((error.row(), error.column()), (2, 3));
        assert_eq!(
            error.to_string(),
            "row 2 has 3 columns, the first row has 2"
        );
        encoder.push(&("c", "d")).unwrap();
        encoder.finish();
        assert!(encoder.push(&("e", "f")).is_err());
        let expected = encoded(
            &[
                vec![Some("a".into()), Some("b".into())],
                vec![Some("c".into()), Some("d".into())],
            ],
            format,
            Engine::PostgreSql,
        );
        assert_eq!(encoder.take(), expected.unwrap());
        assert_eq!(encoder.rows(), 2);
    }
}

#[test]
fn values_have_the_forms_that_the_server_reads() {
    let mut encoder = RowEncoder::new(CopyFormat::Text, Engine::PostgreSql);
    let row = (
        (-5_i64, true, 1e300_f64, f32::NAN, f64::NEG_INFINITY, 7_i16),
        (
            &b"\x00\xff"[..],
            "a\tb",
            None::<i32>,
            Text("x\ny"),
            Vec::<u8>::new(),
            String::new(),
        ),
    );
    let (a, b) = &row;
    encoder.push(a).unwrap();
    encoder.push(b).unwrap();
    assert_eq!(
        bodies(&encoder.take())[0],
        b"-5\tt\t1e300\tNaN\t-inf\t7\n\\\\x00ff\ta\\tb\t\\N\tx\\ny\t\\\\x\t\n"
    );

    let mut encoder = RowEncoder::new(CopyFormat::Csv, Engine::PostgreSql);
    encoder
        .push(&("a,\"b\"", "", None::<&str>, "\\.", Text("x\ny")))
        .unwrap();
    assert_eq!(
        bodies(&encoder.take())[0],
        b"\"a,\"\"b\"\"\",\"\",,\"\\.\",\"x\ny\"\n"
    );

    let mut encoder = RowEncoder::new(CopyFormat::Binary, Engine::PostgreSql);
    encoder
        .push(&(
            1_i32,
            Sql(2_i64, Type::INT8),
            None::<&str>,
            Sql(None::<i64>, Type::INT8),
        ))
        .unwrap();
    encoder.finish();
    assert_eq!(
        bodies(&encoder.take())[0],
        b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\0\x04\0\0\0\x04\0\0\0\x01\0\0\0\x08\0\0\0\0\0\0\0\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    );
    assert!(encoder_with_wrong_type().source().is_some());
}

/// An INT8 where TEXT is meant.
fn encoder_with_wrong_type() -> Box<dyn std::error::Error> {
    let mut encoder = RowEncoder::new(CopyFormat::Binary, Engine::PostgreSql);
    encoder.push(&(Sql(2_i64, Type::TEXT),)).unwrap_err().into()
}

#[test]
fn data_that_breaks_its_format_is_an_error() {
    for (format, data) in [
        (CopyFormat::Text, &b"a\\\n"[..]),
        (CopyFormat::Csv, b"a\"b\"\n"),
        (CopyFormat::Csv, b"\"a\"b\n"),
        (
            CopyFormat::Binary,
            b"PGCOPX\n\xff\r\n\0\0\0\0\0\0\0\0\0\0\0",
        ),
        (
            CopyFormat::Binary,
            b"PGCOPY\n\xff\r\n\0\0\x01\0\0\0\0\0\0\0\0",
        ),
        (
            CopyFormat::Binary,
            b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\xff\xfe",
        ),
        (
            CopyFormat::Binary,
            b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\0\x01\xff\xff\xff\xfe",
        ),
    ] {
        let mut decoder = RowDecoder::new(format);
        decoder.push(data);
        assert!(decoder.next_row().is_err(), "{data:?}");
    }
}

#[test]
fn escapes_of_the_text_format_are_all_read() {
    let mut decoder = RowDecoder::new(CopyFormat::Text);
    decoder.push(b"\\b\\f\\n\\r\\t\\v\\\\\\q\\101\\x41\\xg\\0\\777\n\\.\nrest");
    let row = decoder.next_row().unwrap().unwrap();
    assert_eq!(row.get(0), Some(&b"\x08\x0c\n\r\t\x0b\\qAAxg\0\xff"[..]));
    assert!(decoder.next_row().unwrap().is_none());
}
