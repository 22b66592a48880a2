//! Files as blocks of rows.

use super::block::{Block, Mark, Reject, RowForm};
use super::csv_rows::{self, CsvRow};
use super::input::Input;
use crate::checkpoint::Ranges;
use crate::error::{Error, ErrorKind, Place};

/// Which columns of an input are loaded, and how a row is put together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// The columns' names in the input, in the order in which they are loaded.
    pub(crate) names: Vec<String>,
    /// Their numbers in the input, from 0; `None` where all are loaded as they stand.
    pub(crate) kept: Option<Vec<usize>>,
    /// Names that are known and not loaded.
    #[cfg_attr(
        not(feature = "json"),
        expect(
            dead_code,
            reason = "only a row of JSON can have more names than its file"
        )
    )]
    pub(crate) ignored: Vec<String>,
    /// What the values of each column are, as the table has it.
    #[cfg_attr(
        not(any(feature = "json", feature = "arrow")),
        expect(dead_code, reason = "CSV is passed on as it stands")
    )]
    pub(crate) types: Vec<String>,
}

/// How much a block holds at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) bytes: usize,
    pub(crate) rows: usize,
}

/// A file that is read block by block.
pub(crate) trait BlockReader: Send {
    /// The names of the columns, from the header or the first row. Called once, before anything is read.
    fn columns(&mut self) -> Result<Vec<String>, Error>;

    /// What is loaded of it.
    ///
    /// # Errors
    /// A column has a type that cannot be loaded.
    fn select(&mut self, selection: Selection) -> Result<(), Error>;

    /// How rows are written in its blocks.
    fn form(&self) -> RowForm;

    /// The last position, where it is known.
    fn length(&self) -> Option<u64> {
        Some(self.input().length())
    }

    /// The next block. What has been loaded before is left out.
    fn next_block(&mut self, done: &Ranges, limits: Limits) -> Result<Option<Block>, Error>;

    /// The file.
    fn input(&self) -> &Input;
}

/// Cuts a block where what has been loaded before begins, and skips that.
pub(super) struct Cutter<'a> {
    done: &'a Ranges,
    limits: Limits,
    pub(super) block: Block,
    cut: Option<u64>,
}

pub(super) enum Step {
    /// The row belongs to the block.
    Take,
    /// It has been loaded before.
    Skip,
    /// The block ends in front of it.
    Full,
}

impl<'a> Cutter<'a> {
    pub(super) fn new(done: &'a Ranges, limits: Limits, position: u64) -> Self {
        Self {
            done,
            limits,
            block: Block::new(position),
            cut: done.next_after(position),
        }
    }

    pub(super) fn step(&mut self, position: u64, length: usize) -> Step {
        if self.cut.is_some_and(|cut| position >= cut) && self.block.finish > self.block.start {
            return Step::Full;
        }
        if self.done.end_at(position).is_some() {
            return Step::Skip;
        }
        if self.block.is_full(length, self.limits) && !self.block.is_empty() {
            return Step::Full;
        }
        Step::Take
    }

    /// A row was skipped, behind which this position is.
    pub(super) fn skipped(&mut self, position: u64) {
        self.block.start = position;
        self.block.finish = position;
        self.cut = self.done.next_after(position);
    }
}

/// CSV.
pub(crate) struct CsvReader {
    input: Input,
    delimiter: u8,
    /// Names in the place of a header.
    names: Option<Vec<String>>,
    fields: usize,
    selection: Selection,
}

impl CsvReader {
    pub(crate) fn new(input: Input, delimiter: u8, names: Option<Vec<String>>) -> Self {
        Self {
            input,
            delimiter,
            names,
            fields: 0,
            selection: Selection::default(),
        }
    }

    /// The next row, which stays in the input.
    fn row(&mut self) -> Result<Option<CsvRow>, Error> {
        loop {
            let (rest, last) = (self.input.rest(), self.input.is_last());
            if let Some(row) = csv_rows::first_row(rest, self.delimiter, last) {
                return Ok(Some(row));
            }
            if last {
                if rest.is_empty() {
                    return Ok(None);
                }
                return Err(self.input.wrong(
                    "the file ends within a quoted field that begins in this row",
                    "close the quote",
                ));
            }
            self.input.fill()?;
        }
    }

    /// Why a row cannot be loaded, if so.
    fn fault(&self, raw: &[u8], row: &CsvRow) -> Option<String> {
        if csv_rows::without_end(raw) == b"\\." {
            return Some(
                "COPY takes this line for the end of the data; put it in quotes".to_owned(),
            );
        }
        let (has, wants) = (row.fields, self.fields);
        match has.cmp(&wants) {
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Less => Some(format!(
                "the row has {has} fields instead of {wants}: a short line"
            )),
            std::cmp::Ordering::Greater => Some(format!(
                "the row has {has} fields instead of {wants}: a column too many, or a field that needs quotes"
            )),
        }
    }
}

impl BlockReader for CsvReader {
    fn columns(&mut self) -> Result<Vec<String>, Error> {
        self.input.fill()?;
        self.input.check_kind("CSV", false)?;
        self.input.skip_mark();
        if let Some(names) = &self.names {
            self.fields = names.len();
            return Ok(names.clone());
        }
        let Some(row) = self.row()? else {
            return Err(self.input.wrong(
                "the file is empty",
                "a header is expected in its first line",
            ));
        };
        let header = self.input.rest().get(..row.length).unwrap_or_default();
        let names: Vec<_> = csv_rows::raw_fields(header, self.delimiter)
            .into_iter()
            .map(|raw| String::from_utf8(csv_rows::value(raw).unwrap_or_default()))
            .collect::<Result<_, _>>()
            .map_err(|_| {
                self.input
                    .wrong("the header is no UTF-8", "convert the file to UTF-8")
            })?;
        self.input.advance(row.length, row.lines);
        self.fields = names.len();
        Ok(names)
    }

    fn select(&mut self, selection: Selection) -> Result<(), Error> {
        self.selection = selection;
        Ok(())
    }

    fn form(&self) -> RowForm {
        RowForm::Csv(self.delimiter)
    }

    fn next_block(&mut self, done: &Ranges, limits: Limits) -> Result<Option<Block>, Error> {
        let mut cutter = Cutter::new(done, limits, self.input.position());
        while let Some(row) = self.row()? {
            let position = self.input.position();
            match cutter.step(position, row.length) {
                Step::Full => break,
                Step::Skip => {
                    self.input.advance(row.length, row.lines);
                    cutter.skipped(self.input.position());
                    continue;
                }
                Step::Take => {}
            }
            let raw = self.input.rest().get(..row.length).unwrap_or_default();
            let line = self.input.line();
            let block = &mut cutter.block;
            if csv_rows::without_end(raw).is_empty() {
                // A blank line is no row.
            } else if let Some(reason) = self.fault(raw, &row) {
                block.add_reject(Reject {
                    place: Place::line(line),
                    reason,
                    row: raw.to_vec(),
                });
            } else {
                block.marks.push(Mark {
                    line,
                    start: position,
                    offset: block.data.len(),
                });
                match &self.selection.kept {
                    None => {
                        block.data.extend_from_slice(csv_rows::without_end(raw));
                    }
                    Some(kept) => {
                        let fields = csv_rows::raw_fields(raw, self.delimiter);
                        for (index, field) in kept.iter().enumerate() {
                            if index > 0 {
                                block.data.push(self.delimiter);
                            }
                            block
                                .data
                                .extend_from_slice(fields.get(*field).copied().unwrap_or_default());
                        }
                    }
                }
                block.data.push(b'\n');
            }
            self.input.advance(row.length, row.lines);
            cutter.block.finish = self.input.position();
        }
        let mut block = cutter.block;
        if block.finish == block.start {
            return Ok(None);
        }
        reject_no_utf8(&mut block);
        Ok(Some(block))
    }

    fn input(&self) -> &Input {
        &self.input
    }
}

/// Takes the rows out that are no UTF-8.
fn reject_no_utf8(block: &mut Block) {
    while let Err(error) = std::str::from_utf8(&block.data) {
        let at = error.valid_up_to();
        let after = block.marks.partition_point(|mark| mark.offset <= at);
        let index = after.saturating_sub(1);
        let within = at - block.marks.get(index).map_or(0, |mark| mark.offset);
        block.reject(
            index,
            None,
            format!(
                "the row is no UTF-8 from its byte {} on; convert the file to UTF-8",
                within + 1
            ),
        );
    }
}

/// JSON lines.
#[cfg(feature = "json")]
pub(crate) struct JsonReader {
    input: Input,
    names: Option<Vec<String>>,
    selection: Selection,
}

#[cfg(feature = "json")]
impl JsonReader {
    pub(crate) fn new(input: Input, names: Option<Vec<String>>) -> Self {
        Self {
            input,
            names,
            selection: Selection::default(),
        }
    }

    /// The length of the next line, which stays in the input, with its end.
    fn line(&mut self) -> Result<Option<usize>, Error> {
        let mut looked = 0;
        loop {
            let rest = self.input.rest();
            if let Some(at) = rest.iter().skip(looked).position(|&byte| byte == b'\n') {
                return Ok(Some(looked + at + 1));
            }
            looked = rest.len();
            if self.input.is_last() {
                return Ok((looked > 0).then_some(looked));
            }
            self.input.fill()?;
        }
    }
}

#[cfg(feature = "json")]
impl BlockReader for JsonReader {
    fn columns(&mut self) -> Result<Vec<String>, Error> {
        self.input.fill()?;
        self.input.check_kind("JSON lines", true)?;
        self.input.skip_mark();
        if let Some(names) = &self.names {
            return Ok(names.clone());
        }
        while let Some(length) = self.line()? {
            let line = self.input.rest().get(..length).unwrap_or_default();
            if line.trim_ascii().is_empty() {
                self.input.advance(length, 1);
                continue;
            }
            return super::json_rows::names(line).map_err(|reason| {
                self.input.wrong(
                    &format!("the first row is no object of JSON: {reason}"),
                    "one object a line is expected",
                )
            });
        }
        Err(self
            .input
            .wrong("the file is empty", "one object a line is expected"))
    }

    fn select(&mut self, selection: Selection) -> Result<(), Error> {
        self.selection = selection;
        Ok(())
    }

    fn form(&self) -> RowForm {
        RowForm::Text
    }

    fn next_block(&mut self, done: &Ranges, limits: Limits) -> Result<Option<Block>, Error> {
        let mut cutter = Cutter::new(done, limits, self.input.position());
        while let Some(length) = self.line()? {
            let position = self.input.position();
            match cutter.step(position, length) {
                Step::Full => break,
                Step::Skip => {
                    self.input.advance(length, 1);
                    cutter.skipped(self.input.position());
                    continue;
                }
                Step::Take => {}
            }
            let raw = self.input.rest().get(..length).unwrap_or_default();
            let block = &mut cutter.block;
            if !raw.trim_ascii().is_empty() {
                let offset = block.data.len();
                match super::json_rows::encode(raw, &self.selection, &mut block.data) {
                    Ok(()) => block.marks.push(Mark {
                        line: self.input.line(),
                        start: position,
                        offset,
                    }),
                    Err((column, reason)) => {
                        block.data.truncate(offset);
                        let mut place = Place::line(self.input.line());
                        place.column = column;
                        block.add_reject(Reject {
                            place,
                            reason,
                            row: raw.to_vec(),
                        });
                    }
                }
            }
            self.input.advance(length, 1);
            cutter.block.finish = self.input.position();
        }
        let block = cutter.block;
        Ok((block.finish > block.start).then_some(block))
    }

    fn input(&self) -> &Input {
        &self.input
    }
}

/// Chooses the columns of an input: those that the table has, under their own names or others.
///
/// `renamed` gives the table's name for a name of the input.
pub(crate) fn choose(
    found: &[String],
    renamed: &[(String, String)],
    ignored: &[String],
) -> Result<Vec<(usize, String)>, Error> {
    for name in renamed.iter().map(|(from, _)| from).chain(ignored) {
        if !found.contains(name) {
            return Err(Error::new(
                ErrorKind::Refused,
                format!("the input has no column \"{name}\""),
            )
            .with_advice(format!("it has {}", found.join(", "))));
        }
    }
    Ok(found
        .iter()
        .enumerate()
        .filter(|(_, name)| !ignored.contains(name))
        .map(|(index, name)| {
            let to = renamed.iter().find(|(from, _)| from == name);
            (index, to.map_or(name, |(_, to)| to).clone())
        })
        .collect())
}
