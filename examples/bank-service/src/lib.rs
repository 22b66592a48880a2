//! A small bank over HTTP: the service of the guide, as it is shipped.
//!
//! [`Service::router`] is the whole service. The program gives it a database and a port, the tests give it a database of their
//! own.
//!
//! In reading order: `api` (a handler for each route), `generated` (its SQL), `failure` (its errors); `service`, `readiness`, `requests`
//! and `traces` (what surrounds every request); `settings`, `migrations`, `schema`, `audit` and `health` (what the program needs).

pub mod generated;

mod api;
mod audit;
mod failure;
mod health;
mod migrations;
mod readiness;
mod requests;
mod schema;
mod service;
mod settings;
mod traces;

pub use audit::Audit;
pub use failure::Failure;
pub use health::check;
pub use migrations::migrations;
pub use schema::{plan, status};
pub use service::Service;
pub use settings::{
    AuditSettings, DrainSettings, LogFormat, LogSettings, MigrateAt, Settings, SettingsError,
};
