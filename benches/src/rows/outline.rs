//! A row whose peers are not compiled in.

use futures_util::future::{BoxFuture, FutureExt as _, ready};

use crate::case::{Case, MeasureError};
use crate::row::{Heading, Row, Settings};

/// Can be listed, and not measured.
pub(super) struct Outline(pub(super) Heading);

impl Row for Outline {
    fn heading(&self) -> Heading {
        self.0
    }

    fn cases<'a>(&'a self, _: &'a Settings) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        ready(Err(
            "it compares with other clients, which the feature `peers` compiles in".into(),
        ))
        .boxed()
    }
}
