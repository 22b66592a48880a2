//! Where rows end in bytes that arrive piece by piece.

/// Finds the ends of CSV rows. A line feed within quotes ends no row.
///
/// Looks at each byte once, however the bytes are cut.
#[derive(Debug, Default)]
pub(super) struct CsvRows {
    /// How much of the buffer's beginning has been looked at.
    looked: usize,
    quoted: bool,
}

impl CsvRows {
    /// The length of the first row in `buffer`, its line feed included; `None` if it does not end there. The caller then appends
    /// to the buffer, and removes a row from its front before it asks for the next.
    pub(super) fn end(&mut self, buffer: &[u8]) -> Option<usize> {
        for (offset, byte) in buffer.get(self.looked..)?.iter().enumerate() {
            match byte {
                // A doubled quote turns this twice.
                b'"' => self.quoted = !self.quoted,
                b'\n' if !self.quoted => {
                    let end = self.looked + offset + 1;
                    self.looked = 0;
                    return Some(end);
                }
                _ => {}
            }
        }
        self.looked = buffer.len();
        None
    }
}
