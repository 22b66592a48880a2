//! The rows of one statement, one by one or all together.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::Stream;

use crate::answer::Answer;
use crate::connection::{Connection, Event, Reply};
use crate::error::Error;
use crate::protocol::RowBlock;
use crate::row::{Column, Row};
use crate::statement::{Prepared, Running};

/// The rows of one statement, read as they come.
///
/// What is not read is not buffered beyond [`Config::max_unread`](crate::Config::max_unread): the connection stops reading.
/// So other requests of the same session wait until this one is read to its end or dropped.
///
/// # Cancel safety
/// Dropping the stream before its end leaves the session unfinished until the rest of the reply has come;
/// [`Session::reset`](crate::Session::reset) cancels it.
pub struct RowStream {
    reply: Option<Reply>,
    peer: Arc<str>,
    block: Option<RowBlock>,
    prepared: Arc<Prepared>,
    answer: Option<Answer>,
    stale: bool,
}

impl RowStream {
    pub(crate) fn new(running: Running, connection: &Connection) -> Self {
        let mut stream = Self {
            reply: Some(running.reply),
            peer: connection.shared.peer.clone(),
            block: None,
            prepared: running.prepared,
            answer: None,
            stale: running.stale,
        };
        if let Some(Event::Rows(block)) = running.first {
            stream.block = Some(block);
        }
        stream
    }

    /// The columns.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.prepared.columns
    }

    /// What came for the statement, once the stream has ended with `None` or an error.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref()
    }

    /// The next row, or `None` at the end.
    ///
    /// # Errors
    /// The server's error, or the end of the connection. The stream has ended then.
    pub fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Row>, Error>> {
        loop {
            if let Some(block) = &mut self.block {
                if let Some(body) = block.next() {
                    return Poll::Ready(Ok(Some(Row::new(
                        body,
                        Arc::clone(&self.prepared.columns),
                    ))));
                }
                self.block = None;
            }
            let Some(reply) = &mut self.reply else {
                return Poll::Ready(Ok(None));
            };
            match ready!(reply.poll_event(cx)) {
                Some(Event::Rows(block)) => self.block = Some(block),
                Some(_) => {}
                None => {
                    let Some(reply) = self.reply.take() else {
                        return Poll::Ready(Ok(None));
                    };
                    let answer = reply.take();
                    self.answer = Some(answer.clone());
                    return Poll::Ready(if answer.is_success() && !answer.is_copy_refused() {
                        Ok(None)
                    } else {
                        Err(Error::answered("reading rows", &self.peer, answer)
                            .with_stale_plan(self.stale))
                    });
                }
            }
        }
    }

    /// The next row, or `None` at the end.
    ///
    /// # Errors
    /// As [`poll_row`](Self::poll_row).
    ///
    /// # Cancel safety
    /// No row is lost when the future is dropped.
    pub async fn next_row(&mut self) -> Result<Option<Row>, Error> {
        poll_fn(|cx| self.poll_row(cx)).await
    }

    /// Throws away the rows that are left and gives the answer.
    ///
    /// # Errors
    /// As [`poll_row`](Self::poll_row).
    ///
    /// # Cancel safety
    /// As for the stream itself.
    pub async fn finish(mut self) -> Result<Answer, Error> {
        self.block = None;
        while self.next_row().await?.is_some() {
            self.block = None;
        }
        Ok(self.answer.unwrap_or_else(|| Answer::unsent(None)))
    }

    /// Reads all rows that are left.
    ///
    /// # Errors
    /// As [`poll_row`](Self::poll_row).
    ///
    /// # Cancel safety
    /// As for the stream itself.
    pub async fn collect_rows(mut self) -> Result<Rows, Error> {
        let mut rows = Vec::new();
        while let Some(row) = self.next_row().await? {
            rows.push(row);
        }
        Ok(Rows {
            rows,
            columns: Arc::clone(&self.prepared.columns),
            answer: self.answer.unwrap_or_else(|| Answer::unsent(None)),
        })
    }
}

impl Stream for RowStream {
    type Item = Result<Row, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_row(cx).map(Result::transpose)
    }
}

impl std::fmt::Debug for RowStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowStream")
            .field("columns", &self.prepared.columns)
            .field("answer", &self.answer)
            .finish_non_exhaustive()
    }
}

/// All rows of one statement, with its answer.
#[derive(Debug)]
pub struct Rows {
    rows: Vec<Row>,
    columns: Arc<[Column]>,
    answer: Answer,
}

impl Rows {
    pub(crate) fn new(rows: Vec<Row>, columns: Arc<[Column]>, answer: Answer) -> Self {
        Self {
            rows,
            columns,
            answer,
        }
    }

    /// The columns.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// What came for the statement.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// The rows alone.
    #[must_use]
    pub fn into_vec(self) -> Vec<Row> {
        self.rows
    }
}

impl std::ops::Deref for Rows {
    type Target = [Row];

    fn deref(&self) -> &[Row] {
        &self.rows
    }
}

impl IntoIterator for Rows {
    type Item = Row;
    type IntoIter = std::vec::IntoIter<Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}
