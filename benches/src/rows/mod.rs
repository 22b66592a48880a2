//! The rows that can be measured: one directory a row, named for what it measures.

#[cfg(feature = "peers")]
mod bulk_load;
mod cached_answers;
#[cfg(feature = "peers")]
mod checkout;
mod command_line;
#[cfg(feature = "peers")]
mod connect;
#[cfg(feature = "peers")]
mod export;
#[cfg(feature = "peers")]
mod far_server;
mod headings;
#[cfg(feature = "peers")]
mod idle_memory;
#[cfg(feature = "peers")]
mod many_callers;
#[cfg(not(feature = "peers"))]
mod outline;
mod replaced_client;
mod single_statement;
#[cfg(feature = "peers")]
mod spike_of_callers;
#[cfg(feature = "peers")]
mod sql_text;
#[cfg(feature = "peers")]
mod throughput;
mod timed;
mod transfers;
mod weight;

use crate::row::Row;

/// Every row, in order.
#[cfg(feature = "peers")]
#[must_use]
pub fn all() -> Vec<&'static dyn Row> {
    vec![
        &replaced_client::ReplacedClient,
        &many_callers::ManyCallers,
        &single_statement::SingleStatement,
        &checkout::Checkout,
        &spike_of_callers::SpikeOfCallers,
        &bulk_load::BulkLoad,
        &export::Exports,
        &connect::Connect,
        &idle_memory::IdleMemory,
        &transfers::Transfers,
        &sql_text::SqlText,
        &far_server::FarServer,
        &cached_answers::CachedAnswers,
        &weight::Weight,
        &command_line::CommandLine,
        &throughput::Throughput,
    ]
}

/// Every row, in order. Those that compare with other clients are known by their heading only.
#[cfg(not(feature = "peers"))]
#[must_use]
pub fn all() -> Vec<&'static dyn Row> {
    use outline::Outline;

    vec![
        &replaced_client::ReplacedClient,
        &Outline(headings::MANY_CALLERS),
        &single_statement::SingleStatement,
        &Outline(headings::CHECKOUT),
        &Outline(headings::SPIKE_OF_CALLERS),
        &Outline(headings::BULK_LOAD),
        &Outline(headings::EXPORT),
        &Outline(headings::CONNECT),
        &Outline(headings::IDLE_MEMORY),
        &transfers::Transfers,
        &Outline(headings::SQL_TEXT),
        &Outline(headings::FAR_SERVER),
        &cached_answers::CachedAnswers,
        &weight::Weight,
        &command_line::CommandLine,
        &Outline(headings::THROUGHPUT),
    ]
}
