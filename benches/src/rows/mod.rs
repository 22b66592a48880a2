//! The rows that can be measured: one directory a row.

mod p0;
#[cfg(feature = "peers")]
mod p10;
mod p2;
#[cfg(feature = "peers")]
mod p3;
#[cfg(feature = "peers")]
mod p4;
#[cfg(feature = "peers")]
mod p7;
#[cfg(feature = "peers")]
mod p8;
#[cfg(feature = "peers")]
mod throughput;

use futures_util::future::BoxFuture;

use crate::case::{Case, MeasureError};

/// What a row is told before it sets up its cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Shorter rounds, for a look rather than a claim.
    pub quick: bool,
    /// The server to measure against; `None`: one is started.
    pub engine: Option<String>,
}

/// A row: a question with cases and targets.
pub trait Row: Sync {
    /// For example `P2`.
    fn id(&self) -> &'static str;

    /// What it is about, in a few words.
    fn title(&self) -> &'static str;

    /// Sets up its cases: servers, pools, data. What they hold lives as long as the cases.
    ///
    /// # Errors
    /// Where something is missing on this machine: the row is then listed as not run, with the message.
    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>>;
}

/// Every row, in order.
#[must_use]
pub fn all() -> Vec<&'static dyn Row> {
    vec![
        &p0::P0,
        &p2::P2,
        #[cfg(feature = "peers")]
        &p3::P3,
        #[cfg(feature = "peers")]
        &p4::P4,
        #[cfg(feature = "peers")]
        &p7::P7,
        #[cfg(feature = "peers")]
        &p8::P8,
        #[cfg(feature = "peers")]
        &p10::P10,
        #[cfg(feature = "peers")]
        &throughput::Throughput,
    ]
}
