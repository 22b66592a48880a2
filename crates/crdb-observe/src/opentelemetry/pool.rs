use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::trace::SpanKind;

use crdb_pool::{AcquireOutcome, ErrorKind, Token};

use super::span::{End, Place, begin, server};
use super::{OpenTelemetry, kept};

impl OpenTelemetry {
    /// Shows the state of a pool whenever the metrics are read. `status` gives `None` once the pool is gone.
    pub fn watch_pool(
        &self,
        status: impl Fn() -> Option<crdb_pool::Status> + Send + Sync + 'static,
    ) {
        self.meters.watch(Arc::new(status));
    }
}

impl crdb_pool::Observer for OpenTelemetry {
    fn begin_acquire(&self, _: &crdb_pool::AcquireBegin) -> Token {
        begin(
            &*self.spans,
            "acquire".to_owned(),
            SpanKind::Internal,
            Vec::new(),
        )
    }

    fn end_acquire(&self, token: Token, event: &crdb_pool::AcquireEnd<'_>) {
        self.meters.waited(event.waited);
        let (end, attributes) = match event.outcome {
            AcquireOutcome::Acquired(acquired) => {
                let (host, port) = (acquired.address.host(), acquired.address.port());
                if let Some(place) = Context::current().get::<Place>() {
                    place.set_server(host, port);
                }
                (End::DONE, server(host, port).to_vec())
            }
            AcquireOutcome::Failed(kind) => {
                if kind == ErrorKind::Timeout {
                    self.meters.timed_out();
                }
                let failed = End {
                    error: Some(kind.as_str()),
                    ..End::DONE
                };
                (failed, Vec::new())
            }
            _ => (End::DROPPED, Vec::new()),
        };
        if let Some(context) = kept(&token) {
            end.finish(context, attributes);
        }
    }

    fn opened(&self, event: &crdb_pool::Opened<'_>) {
        self.meters.created(event.took);
    }

    fn connect_failed(&self, _: &crdb_pool::ConnectFailed<'_>) {}

    fn closed(&self, _: &crdb_pool::Closed<'_>) {}

    fn released(&self, event: &crdb_pool::Released<'_>) {
        self.meters.used(event.held);
    }

    fn checked(&self, _: &crdb_pool::Checked<'_>) {}

    fn reset(&self, _: &crdb_pool::Reset<'_>) {}

    fn node_changed(&self, _: &crdb_pool::NodeChanged<'_>) {}

    fn leaked(&self, _: &crdb_pool::Leaked<'_>) {}
}
