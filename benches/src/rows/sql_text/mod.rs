//! P10: finding a named query, rendering a template and parsing a statement.

mod lookup;
mod parse;
mod render;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::headings;
use crate::case::{Case, MeasureError};
use crate::row::{Heading, Row, Settings};

/// The row.
#[derive(Debug)]
pub(super) struct SqlText;

impl Row for SqlText {
    fn heading(&self) -> Heading {
        headings::SQL_TEXT
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let rounds = if settings.quick { 5 } else { 9 };
            Ok(vec![
                lookup::case(rounds)?,
                render::case(rounds)?,
                parse::case(rounds)?,
            ])
        }
        .boxed()
    }
}
