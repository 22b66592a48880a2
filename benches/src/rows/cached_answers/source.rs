//! A source of answers that takes as long as it is set to, so that nothing but the cache is measured.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use crdb_cache::{Identity, LoadRequest, Loaded, Origin, Relations, Timestamp};
use crdb_exec::{CacheRule, Column, Error, Executor, Parameters, Row, Rows, Statement, Type};
use futures_util::Stream;

/// The statement of a service: a point select.
pub(super) const BALANCE: Statement<'static> =
    Statement::new("SELECT balance FROM accounts WHERE id = $1").named("accounts.balance");

/// The same, whose answers may be as old as `age`.
pub(super) const fn balance(age: Duration) -> Statement<'static> {
    BALANCE.cached(CacheRule::new(age))
}

#[derive(Clone)]
pub(super) struct Source {
    takes: Duration,
    loads: Arc<AtomicU64>,
}

impl Source {
    pub(super) fn new(takes: Duration) -> Self {
        Self {
            takes,
            loads: Arc::default(),
        }
    }

    /// How often it was asked.
    pub(super) fn loads(&self) -> u64 {
        self.loads.load(Ordering::Relaxed)
    }

    async fn answer(&self) -> Vec<Balance> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        if !self.takes.is_zero() {
            tokio::time::sleep(self.takes).await;
        }
        vec![Balance(42_i64.to_be_bytes())]
    }
}

#[derive(Clone, Debug)]
pub(super) struct Balance([u8; 8]);

impl Row for Balance {
    fn len(&self) -> usize {
        1
    }

    fn column(&self, index: usize) -> Option<Column<'_>> {
        (index == 0).then(|| Column::new("balance", &Type::INT8))
    }

    fn value(&self, index: usize) -> Option<&[u8]> {
        (index == 0).then_some(&self.0[..])
    }
}

pub(super) struct Balances(std::vec::IntoIter<Balance>);

impl Stream for Balances {
    type Item = Result<Balance, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

impl Rows for Balances {
    type Row = Balance;

    fn rows_affected(&self) -> Option<u64> {
        None
    }
}

impl Executor for Source {
    type Row = Balance;
    type Rows<'a> = Balances;

    async fn fetch_at_most(
        &self,
        _: Statement<'_>,
        _: Parameters<'_>,
        _: usize,
    ) -> Result<Vec<Balance>, Error> {
        Ok(self.answer().await)
    }

    async fn execute_statement(&self, _: Statement<'_>, _: Parameters<'_>) -> Result<u64, Error> {
        Ok(self.answer().await.len() as u64)
    }

    async fn fetch_statement_stream(
        &self,
        _: Statement<'_>,
        _: Parameters<'_>,
    ) -> Result<Balances, Error> {
        Ok(Balances(self.answer().await.into_iter()))
    }
}

impl Origin for Source {
    async fn load(&self, request: LoadRequest<'_>) -> Result<Loaded<Balance>, Error> {
        for value in request.parameters {
            // As a session does for the type that the server expects.
            let _encoded = value.to_sql_checked(&Type::INT8, &mut crdb_exec::BytesMut::new());
        }
        Ok(Loaded {
            rows: self.answer().await,
            timestamp: Timestamp::default(),
            lag: Duration::ZERO,
            identity: Identity::new([]),
            relations: Ok(Relations {
                tables: vec!["public.accounts".to_owned()],
                fingerprint: String::new(),
            }),
        })
    }
}
