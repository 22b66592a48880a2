//! Rows that are kept, and rows that come from them.

use crdb_exec::{Column, Error, Row, Rows, Type};
use futures_util::Stream;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A result that is kept.
#[derive(Debug)]
pub(crate) struct StoredRows {
    columns: Box<[(String, Type)]>,
    rows: usize,
    /// Where each value ends in `data`, row by row.
    values: Box<[Value]>,
    data: Box<[u8]>,
}

#[derive(Clone, Copy, Debug)]
struct Value {
    start: u32,
    end: u32,
    null: bool,
}

impl StoredRows {
    /// A copy of these rows; `None` where they have more than `limit` bytes, or columns that differ from row to row.
    pub(crate) fn copy<R: Row>(rows: &[R], limit: usize) -> Option<Self> {
        let first = rows.first();
        let width = first.map_or(0, Row::len);
        let columns = (0..width)
            .map(|at| {
                let column = first?.column(at)?;
                Some((column.name.to_owned(), column.type_.clone()))
            })
            .collect::<Option<Box<[_]>>>()?;
        let (mut values, mut data) = (Vec::with_capacity(width * rows.len()), Vec::new());
        for row in rows {
            if row.len() != width {
                return None;
            }
            for at in 0..width {
                let start = u32::try_from(data.len()).ok()?;
                let value = row.value(at);
                data.extend_from_slice(value.unwrap_or_default());
                values.push(Value {
                    start,
                    end: u32::try_from(data.len()).ok()?,
                    null: value.is_none(),
                });
            }
            if data.len() + values.len() * size_of::<Value>() > limit {
                return None;
            }
        }
        Some(Self {
            columns,
            rows: rows.len(),
            values: values.into(),
            data: data.into(),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// What it takes of the memory, about.
    pub(crate) fn bytes(&self) -> usize {
        let names: usize = self.columns.iter().map(|(name, _)| name.len()).sum();
        self.data.len()
            + size_of_val(&*self.values)
            + size_of_val(&*self.columns)
            + names
            + size_of::<Self>()
    }
}

/// A row of a cache: one that was kept, or one that was just read.
#[derive(Clone, Debug)]
pub struct CachedRow<R>(Inner<R>);

#[derive(Clone, Debug)]
enum Inner<R> {
    Stored { result: Arc<StoredRows>, row: usize },
    Read(R),
}

impl<R> CachedRow<R> {
    pub(crate) const fn read(row: R) -> Self {
        Self(Inner::Read(row))
    }

    pub(crate) fn stored(result: &Arc<StoredRows>, row: usize) -> Self {
        Self(Inner::Stored {
            result: Arc::clone(result),
            row,
        })
    }
}

impl<R: Row> Row for CachedRow<R> {
    fn len(&self) -> usize {
        match &self.0 {
            Inner::Stored { result, .. } => result.columns.len(),
            Inner::Read(row) => row.len(),
        }
    }

    fn column(&self, index: usize) -> Option<Column<'_>> {
        match &self.0 {
            Inner::Stored { result, .. } => {
                let (name, type_) = result.columns.get(index)?;
                Some(Column::new(name, type_))
            }
            Inner::Read(row) => row.column(index),
        }
    }

    fn value(&self, index: usize) -> Option<&[u8]> {
        match &self.0 {
            Inner::Stored { result, row } => {
                if index >= result.columns.len() {
                    return None;
                }
                let value = result.values.get(row * result.columns.len() + index)?;
                let bytes = result.data.get(value.start as usize..value.end as usize)?;
                (!value.null).then_some(bytes)
            }
            Inner::Read(row) => row.value(index),
        }
    }
}

/// The rows of a result, one by one: of one that is kept, or as they arrive.
pub struct CachedRows<S: Rows>(Source<S>);

enum Source<S: Rows> {
    Given {
        rows: std::vec::IntoIter<S::Row>,
        affected: u64,
    },
    Stored {
        result: Arc<StoredRows>,
        next: usize,
    },
    Read(S),
}

impl<S: Rows> CachedRows<S> {
    pub(crate) fn given(rows: Vec<S::Row>) -> Self {
        Self(Source::Given {
            affected: rows.len() as u64,
            rows: rows.into_iter(),
        })
    }

    pub(crate) const fn stored(result: Arc<StoredRows>) -> Self {
        Self(Source::Stored { result, next: 0 })
    }

    pub(crate) const fn read(rows: S) -> Self {
        Self(Source::Read(rows))
    }
}

// Nothing in it is pinned in place.
impl<S: Rows> Unpin for CachedRows<S> {}

impl<S: Rows> Stream for CachedRows<S> {
    type Item = Result<CachedRow<S::Row>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.0 {
            Source::Stored { result, next } => {
                let row = *next;
                if row >= result.len() {
                    return Poll::Ready(None);
                }
                *next += 1;
                Poll::Ready(Some(Ok(CachedRow::stored(result, row))))
            }
            Source::Given { rows, .. } => Poll::Ready(rows.next().map(CachedRow::read).map(Ok)),
            Source::Read(rows) => Pin::new(rows)
                .poll_next(cx)
                .map(|next| next.map(|row| row.map(CachedRow::read))),
        }
    }
}

impl<S: Rows> Rows for CachedRows<S> {
    type Row = CachedRow<S::Row>;

    fn rows_affected(&self) -> Option<u64> {
        match &self.0 {
            Source::Stored { result, next } => {
                (*next >= result.len()).then_some(result.len() as u64)
            }
            Source::Given { rows, affected } => (rows.len() == 0).then_some(*affected),
            Source::Read(rows) => rows.rows_affected(),
        }
    }
}
