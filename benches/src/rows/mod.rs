//! The rows that can be measured: one directory a row, named for what it measures.

#[cfg(feature = "peers")]
mod checkout;
#[cfg(feature = "peers")]
mod idle_memory;
#[cfg(feature = "peers")]
mod login;
mod replaced_client;
mod single_statement;
#[cfg(feature = "peers")]
mod spike_of_callers;
#[cfg(feature = "peers")]
mod sql_text;
#[cfg(feature = "peers")]
mod throughput;

use crate::row::Row;

/// Every row, in order.
#[must_use]
pub fn all() -> Vec<&'static dyn Row> {
    vec![
        &replaced_client::ReplacedClient,
        &single_statement::SingleStatement,
        #[cfg(feature = "peers")]
        &checkout::Checkout,
        #[cfg(feature = "peers")]
        &spike_of_callers::SpikeOfCallers,
        #[cfg(feature = "peers")]
        &login::Login,
        #[cfg(feature = "peers")]
        &idle_memory::IdleMemory,
        #[cfg(feature = "peers")]
        &sql_text::SqlText,
        #[cfg(feature = "peers")]
        &throughput::Throughput,
    ]
}
