//! Logins and sessions against real servers, and against servers that misbehave.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bed;
mod cancelling;
mod certificates;
mod cockroach;
mod dialling;
mod hostile;
mod issued;
mod login;
mod modes;
mod policy;
mod revocation;
mod session;
mod tls;
mod tls_server;
