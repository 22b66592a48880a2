//! Sessions on real servers, behind proxies that spoil bytes, and on servers that break the protocol.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod batches;
mod bed;
mod cleanliness;
mod cockroach;
mod copying;
mod lanes;
mod observed;
mod requests;
mod statements;
