use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::Context;

use crdb_pool::{AcquireOutcome, ErrorKind, Token};

use super::span::{End, Place, Server, past, server};
use super::{OpenTelemetry, kept};

impl OpenTelemetry {
    /// Shows the state of a pool whenever the metrics are read. `status` gives `None` once the pool is gone.
    pub fn watch_pool(
        &self,
        status: impl Fn() -> Option<crdb_pool::Status> + Send + Sync + 'static,
    ) {
        self.meters.watch(Arc::new(status));
    }

    /// The attributes of a node. One that was seen before costs a look-up.
    fn server(&self, address: &crdb_pool::NodeAddress) -> Server {
        let made = || server(address.host(), address.port());
        self.servers.get_or_insert_with(address, made)
    }
}

impl crdb_pool::Observer for OpenTelemetry {
    fn begin_acquire(&self, _: &crdb_pool::AcquireBegin) -> Token {
        Some(Box::new(Context::current()))
    }

    fn end_acquire(&self, token: Token, event: &crdb_pool::AcquireEnd<'_>) {
        self.meters.waited(event.waited);
        let (end, server) = match event.outcome {
            AcquireOutcome::Acquired(acquired) => {
                let server = self.server(acquired.address);
                Context::map_current(|context| {
                    if let Some(place) = context.get::<Place>() {
                        place.set_server(server.clone());
                    }
                });
                (End::DONE, Some(server))
            }
            AcquireOutcome::Failed(kind) => {
                if kind == ErrorKind::Timeout {
                    self.meters.timed_out();
                }
                let failed = End {
                    error: Some(kind.as_str()),
                    ..End::DONE
                };
                (failed, None)
            }
            _ => (End::DROPPED, None),
        };
        // An idle session that was there: nothing was waited for, and a span of no length would be in every trace.
        if event.waited.is_zero() && matches!(event.outcome, AcquireOutcome::Acquired(_)) {
            return;
        }
        if let Some(parent) = kept(&token) {
            let now = SystemTime::now();
            let began = now.checked_sub(event.waited).unwrap_or(now);
            let context = past(&*self.spans, "acquire", began, parent);
            end.finish(&context, server.into_iter().flatten());
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
