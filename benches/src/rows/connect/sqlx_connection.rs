//! The same by sqlx.

use std::{sync::Arc, time::Instant};

use futures_util::future::{BoxFuture, FutureExt as _};
use sqlx::{
    Connection as _, Executor as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};

use super::sample;
use crate::{
    case::{MeasureError, Role, Sample, Subject},
    latency::microseconds,
    server::Server,
};

/// A connection at a time.
pub(super) struct Sqlx {
    options: PgConnectOptions,
    count: usize,
    _server: Arc<Server>,
}

impl Sqlx {
    pub(super) fn new(server: &Arc<Server>, tls: bool, count: usize) -> Self {
        let options = PgConnectOptions::new_without_pgpass()
            .host(server.host())
            .port(server.port())
            .username(server.user())
            .password(server.password())
            .database(server.database());
        let options = if tls {
            options
                .ssl_mode(PgSslMode::VerifyFull)
                .ssl_root_cert(server.ca_certificate())
        } else {
            options.ssl_mode(PgSslMode::Disable)
        };
        Self {
            options,
            count,
            _server: Arc::clone(server),
        }
    }
}

impl Subject for Sqlx {
    fn name(&self) -> &'static str {
        "sqlx"
    }

    fn role(&self) -> Role {
        Role::Peer
    }

    fn settings(&self) -> String {
        format!(
            "PgConnection, rustls with ring, {} logins a round, one after another",
            self.count
        )
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let mut latencies = Vec::with_capacity(self.count);
            for _ in 0..self.count {
                let started = Instant::now();
                let mut connection = PgConnection::connect_with(&self.options).await?;
                connection.fetch_one(sqlx::raw_sql("SELECT 1")).await?;
                latencies.push(microseconds(started.elapsed()));
                connection.close().await?;
            }
            Ok(sample(latencies))
        }
        .boxed()
    }
}
