//! Whether a part of an export is what its manifest says.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::manifest::{ManifestPart, hexadecimal, mismatch};
use crate::error::Error;

/// How many bytes of a file are read at once.
const READ: usize = 256 * 1024;

/// A part, as its bytes come.
pub(super) struct PartCheck {
    bytes: u64,
    hash: Sha256,
    lines: Lines,
    /// Rows that were counted in another way than by ends of lines.
    counted: Option<u64>,
}

/// How ends of lines are distinguished from those within values.
enum Lines {
    /// Each is the end of a row; JSON escapes those within texts.
    Json(u64),
    /// Those outside of quotes are ends of rows.
    Csv { quoted: bool, rows: u64 },
    /// They mean nothing in this format.
    None,
}

impl PartCheck {
    pub(super) fn new(format: &str) -> Self {
        Self {
            bytes: 0,
            hash: Sha256::new(),
            lines: match format {
                "jsonl" => Lines::Json(0),
                "csv" => Lines::Csv {
                    quoted: false,
                    rows: 0,
                },
                _ => Lines::None,
            },
            counted: None,
        }
    }

    pub(super) fn push(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        self.hash.update(piece);
        match &mut self.lines {
            Lines::Json(rows) => {
                *rows += piece.iter().filter(|&&byte| byte == b'\n').count() as u64;
            }
            Lines::Csv { quoted, rows } => {
                for byte in piece {
                    match byte {
                        b'"' => *quoted = !*quoted,
                        b'\n' if !*quoted => *rows += 1,
                        _ => {}
                    }
                }
            }
            Lines::None => {}
        }
    }

    /// Compares what came with what the manifest says of the part.
    pub(super) fn finish(self, part: &ManifestPart, path: &Path) -> Result<(), Error> {
        if self.bytes != part.bytes {
            let message = format!(
                "it has {} bytes, its manifest says {}",
                self.bytes, part.bytes
            );
            return Err(mismatch(path, &message));
        }
        if hexadecimal(&self.hash.finalize()) != part.sha256 {
            return Err(mismatch(path, "its SHA-256 is not the one of its manifest"));
        }
        let rows = match (self.lines, self.counted) {
            (_, Some(rows)) | (Lines::Json(rows), _) => rows,
            // An export of CSV has a header or none: either count is right.
            (Lines::Csv { rows, .. }, _) if rows == part.rows.saturating_add(1) => part.rows,
            (Lines::Csv { rows, .. }, _) => rows,
            (Lines::None, None) => part.rows,
        };
        if rows != part.rows {
            let message = format!("it has {rows} rows, its manifest says {}", part.rows);
            return Err(mismatch(path, &message));
        }
        Ok(())
    }
}

/// As [`PartCheck`], for a file.
pub(super) fn verify_file(format: &str, part: &ManifestPart, path: &Path) -> Result<(), Error> {
    let failed = |error| Error::io("verifying the file", path, error);
    let mut check = PartCheck::new(format);
    let mut reader = BufReader::with_capacity(READ, File::open(path).map_err(failed)?);
    loop {
        let piece = reader.fill_buf().map_err(failed)?;
        if piece.is_empty() {
            break;
        }
        check.push(piece);
        let length = piece.len();
        reader.consume(length);
    }
    check.counted = columnar_rows(format, path);
    check.finish(part, path)
}

/// The rows of a columnar file by its own words; `None` for another format, and for a file that cannot be read, which its hash tells.
#[cfg_attr(
    not(feature = "arrow"),
    allow(unused_variables, reason = "only columnar files are opened")
)]
fn columnar_rows(format: &str, path: &Path) -> Option<u64> {
    match format {
        #[cfg(feature = "arrow")]
        "arrow" => {
            let file = File::open(path).ok()?;
            let counted = crate::load::guarded(|| {
                let mut file = crate::load::ArrowFile::open(file)?;
                let mut rows = 0;
                while let Some(batch) = file.next()? {
                    rows += batch.num_rows() as u64;
                }
                Ok(rows)
            });
            counted.ok()
        }
        #[cfg(feature = "parquet")]
        "parquet" => {
            let file = File::open(path).ok()?;
            let read = crate::load::guarded(|| {
                let reader = parquet::file::metadata::ParquetMetaDataReader::new();
                Ok(reader.parse_and_finish(&file)?)
            });
            Some(read.ok()?.file_metadata().num_rows().unsigned_abs())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(format: &str, content: &[u8], rows: u64) -> Result<(), Error> {
        let mut check = PartCheck::new(format);
        for piece in content.chunks(3) {
            check.push(piece);
        }
        let part = ManifestPart {
            file: "part".to_owned(),
            rows,
            bytes: content.len() as u64,
            sha256: hexadecimal(&Sha256::digest(content)),
        };
        check.finish(&part, Path::new("part"))
    }

    #[test]
    fn a_quote_within_a_text_of_json_hides_no_row() {
        let lines = b"{\"a\":\"one \\\" quote\"}\n{\"a\":\"\\n\"}\n";
        rows("jsonl", lines, 2).unwrap();
        assert!(rows("jsonl", lines, 1).is_err());
    }

    #[test]
    fn an_end_of_a_line_within_quotes_is_no_row_of_csv() {
        let lines = b"a,b\n1,\"x\n\"\"y\"\n2,z\n";
        rows("csv", lines, 2).unwrap();
        rows("csv", lines, 3).unwrap();
        assert!(rows("csv", lines, 4).is_err());
    }
}
