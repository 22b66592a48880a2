//! The rows of a stream as blocks, whose position is their number.

use std::future::poll_fn;

use futures_util::StreamExt as _;

use super::block::{Block, Mark, Reject, put_text};
use super::reader::{Limits, Selection};
use super::run::Blocks;
use super::source::{BoxError, RowStream};
use super::values::{ValueColumn, ValueFeed};
use crate::checkpoint::Ranges;
use crate::error::{Error, ErrorKind, Place};

/// A stream of rows, and what is loaded of it.
pub(super) enum Feed {
    Texts(RowStream, Selection),
    Values(Box<dyn ValueFeed>, Vec<ValueColumn>),
}

/// Why a row cannot be loaded, and the row where it can be shown.
struct Bad {
    reason: String,
    row: Vec<u8>,
}

impl Feed {
    /// Writes the next row into `out`, which is empty.
    async fn next(&mut self, out: &mut Vec<u8>) -> Option<Result<Result<(), Bad>, BoxError>> {
        match self {
            Self::Texts(rows, selection) => {
                let row = rows.next().await?;
                Some(row.map(|row| put(out, &row, selection)))
            }
            Self::Values(rows, columns) => {
                let fed = poll_fn(|context| rows.poll_row(context, columns, out)).await?;
                Some(fed.map(|fed| {
                    fed.map_err(|error| Bad {
                        reason: error.to_string(),
                        row: Vec::new(),
                    })
                }))
            }
        }
    }
}

/// Sends the blocks of a stream until it ends or no more are wanted.
pub(super) async fn read_rows(mut feed: Feed, done: Ranges, limits: Limits, blocks: Blocks) {
    let mut block = Block::new(0);
    let mut number = 0;
    let mut written = Vec::new();
    while let Some(row) = {
        written.clear();
        feed.next(&mut written).await
    } {
        let row = match row {
            Ok(row) => row,
            Err(source) => {
                let error = Error::new(
                    ErrorKind::Input,
                    format!("the stream of rows failed after {number} rows"),
                );
                // No more are wanted where this fails.
                drop(blocks.send(Err(error.with_source(source))).await);
                return;
            }
        };
        let position = number;
        number += 1;
        let cut = done.end_at(position).is_some();
        if (cut || block.is_full(written.len(), limits)) && !block.is_empty() {
            let full = std::mem::replace(&mut block, Block::new(position));
            if blocks.send(Ok(full)).await.is_err() {
                return;
            }
        }
        if cut {
            block = Block::new(number);
            continue;
        }
        let line = position + 1;
        match row {
            Ok(()) => {
                block.marks.push(Mark {
                    line,
                    start: position,
                    offset: block.data.len(),
                });
                block.data.extend_from_slice(&written);
            }
            Err(Bad { reason, row }) => block.add_reject(Reject {
                place: Place::line(line),
                reason,
                row,
            }),
        }
        block.finish = number;
    }
    if !block.is_empty() {
        drop(blocks.send(Ok(block)).await);
    }
}

/// Writes a row in COPY's text format.
fn put(out: &mut Vec<u8>, row: &[Option<String>], selection: &Selection) -> Result<(), Bad> {
    let all = selection
        .kept
        .as_ref()
        .map_or(selection.names.len(), |_| row.len());
    if row.len() != all {
        return Err(Bad {
            reason: format!("the row has {} values instead of {all}", row.len()),
            row: format!("{row:?}").into_bytes(),
        });
    }
    let mut put = |index: usize, value: Option<&str>| {
        if index > 0 {
            out.push(b'\t');
        }
        put_text(out, value);
    };
    match &selection.kept {
        None => row
            .iter()
            .enumerate()
            .for_each(|(index, value)| put(index, value.as_deref())),
        Some(kept) => kept
            .iter()
            .enumerate()
            .for_each(|(index, from)| put(index, row.get(*from).and_then(Option::as_deref))),
    }
    out.push(b'\n');
    Ok(())
}
