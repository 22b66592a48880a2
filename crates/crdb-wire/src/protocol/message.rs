//! The messages whose bodies have a structure: descriptions and the beginning of COPY.

use postgres_types::Oid;

use super::Violation;

/// The format that the server gives for a COPY: text or binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CopyHeader {
    pub(crate) binary: bool,
    pub(crate) columns: u16,
}

impl CopyHeader {
    /// Reads the body of CopyInResponse or CopyOutResponse.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Violation> {
        let bad = Violation("a malformed CopyInResponse or CopyOutResponse");
        let (&format, rest) = body.split_first().ok_or(bad)?;
        let (count, formats) = rest.split_first_chunk::<2>().ok_or(bad)?;
        let columns = u16::from_be_bytes(*count);
        if format > 1 || formats.len() != usize::from(columns) * 2 {
            return Err(bad);
        }
        Ok(Self {
            binary: format == 1,
            columns,
        })
    }
}

/// One column of a RowDescription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) name: Box<str>,
    pub(crate) type_oid: Oid,
}

/// Reads the body of a RowDescription. A name that is not UTF-8 is refused.
pub(crate) fn row_description(body: &[u8]) -> Result<Vec<Described>, Violation> {
    let bad = Violation("a malformed RowDescription");
    let (count, mut rest) = body.split_first_chunk::<2>().ok_or(bad)?;
    let count = usize::from(u16::from_be_bytes(*count));
    // Each column takes 19 bytes at least, so the count cannot ask for more memory than the message is long.
    if count > rest.len() / 19 {
        return Err(bad);
    }
    let mut columns = Vec::with_capacity(count);
    for _ in 0..count {
        let end = rest.iter().position(|&byte| byte == 0).ok_or(bad)?;
        let (name, after) = rest.split_at(end);
        let name = std::str::from_utf8(name).map_err(|_| bad)?;
        // NUL, table OID (4), column number (2), type OID (4), type length (2), modifier (4), format (2).
        let &[_, _, _, _, _, _, _, a, b, c, d, _, _, _, _, _, _, _, _] =
            after.first_chunk::<19>().ok_or(bad)?;
        columns.push(Described {
            name: name.into(),
            type_oid: u32::from_be_bytes([a, b, c, d]),
        });
        rest = after.get(19..).ok_or(bad)?;
    }
    if rest.is_empty() {
        Ok(columns)
    } else {
        Err(bad)
    }
}

/// Reads the body of a ParameterDescription.
pub(crate) fn parameter_types(body: &[u8]) -> Result<Vec<Oid>, Violation> {
    let bad = Violation("a malformed ParameterDescription");
    let (count, oids) = body.split_first_chunk::<2>().ok_or(bad)?;
    let (oids, rest) = oids.as_chunks::<4>();
    if oids.len() != usize::from(u16::from_be_bytes(*count)) || !rest.is_empty() {
        return Err(bad);
    }
    Ok(oids.iter().map(|oid| u32::from_be_bytes(*oid)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn description(names: &[&str]) -> Vec<u8> {
        let mut body = (names.len() as u16).to_be_bytes().to_vec();
        for (index, name) in names.iter().enumerate() {
            body.extend_from_slice(name.as_bytes());
            body.extend_from_slice(&[0; 7]);
            body.extend_from_slice(&(20 + index as u32).to_be_bytes());
            body.extend_from_slice(&[0; 8]);
        }
        body
    }

    #[test]
    fn a_description_is_read_whole_or_refused() {
        let body = description(&["id", "", "grüße"]);
        let columns = row_description(&body).unwrap();
        assert_eq!(&*columns[2].name, "grüße");
        assert_eq!(columns[2].type_oid, 22);
        for cut in 0..body.len() {
            assert!(row_description(&body[..cut]).is_err(), "{cut}");
        }
        assert!(row_description(b"\xff\xff").is_err());
        assert_eq!(parameter_types(b"\0\x01\0\0\0\x14").unwrap(), [20]);
        assert!(parameter_types(b"\0\x01\0\0\0").is_err());
        assert!(parameter_types(b"\0\0\0").is_err());
        assert!(CopyHeader::parse(b"\x01\0\x01\0\x01").unwrap().binary);
        assert!(CopyHeader::parse(b"\x02\0\0").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(body in proptest::collection::vec(any::<u8>(), 0..256)) {
            drop((row_description(&body), parameter_types(&body), CopyHeader::parse(&body)));
        }
    }
}
