//! P12: an answer from memory, and many tasks that ask for one key whose source takes 2 ms.

mod crowd;
mod hit;
mod source;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::headings;
use crate::case::{Case, MeasureError};
use crate::row::{Heading, Row, Settings};

/// The row.
#[derive(Debug)]
pub(super) struct CachedAnswers;

impl Row for CachedAnswers {
    fn heading(&self) -> Heading {
        headings::CACHED_ANSWERS
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let rounds = if settings.quick { 5 } else { 9 };
            Ok(vec![hit::case(rounds).await?, crowd::case(rounds)])
        }
        .boxed()
    }
}
