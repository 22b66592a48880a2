//! One login, by cross-krb5.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Instant;

use super::advice::explained;
use super::context::{Context, Stepped};
use super::failure::GssFailure;
use super::service_name::ServiceName;
use super::tickets::Tickets;
use crate::authenticator::{Exchange, ExchangeFuture};
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

pub(super) struct KerberosExchange {
    tickets: Arc<Tickets>,
    service: ServiceName,
    delegate: bool,
    state: State,
}

enum State {
    Start,
    Pending(Context),
    /// The server has proven who it is.
    Established,
    /// A step failed, or its future was dropped.
    Over,
}

impl KerberosExchange {
    pub(super) fn new(tickets: Arc<Tickets>, service: ServiceName, delegate: bool) -> Self {
        Self {
            tickets,
            service,
            delegate,
            state: State::Start,
        }
    }

    fn attempt(&self) -> String {
        format!(
            "Kerberos login to the service {} with the ticket of {}",
            self.service.name(),
            self.tickets.describe()
        )
    }

    async fn start(&mut self) -> Result<Option<Secret>, Error> {
        let credential = self.tickets.get().await?;
        let (service, delegate) = (self.service.name().to_owned(), self.delegate);
        let (pending, token) = self
            .on_a_blocking_thread(move || Context::start(credential, &service, delegate))
            .await?;
        self.state = State::Pending(pending);
        Ok(Some(token))
    }

    async fn step(&mut self, pending: Context, challenge: &[u8]) -> Result<Option<Secret>, Error> {
        let challenge = challenge.to_vec();
        let stepped = self
            .on_a_blocking_thread(move || pending.step(&challenge))
            .await?;
        let (state, token) = match stepped {
            Stepped::Established(token) => (State::Established, token),
            Stepped::Pending(pending, token) => (State::Pending(pending), Some(token)),
        };
        self.state = state;
        Ok(token)
    }

    /// Exclusive, because a context may change threads and not be shared.
    async fn on_a_blocking_thread<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> Result<T, GssFailure> + Send + 'static,
    ) -> Result<T, Error> {
        let attempt = self.attempt();
        let start = Instant::now();
        let failure = match tokio::task::spawn_blocking(work).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(failure)) => failure,
            Err(error) => {
                let message = format!("{attempt} failed");
                return Err(Error::new(ErrorKind::Kerberos, message).with_source(error));
            }
        };
        let error = failure.into_error(&attempt);
        if error.kind() == ErrorKind::KerberosUnknownService {
            return Err(error.advised(self.service.origin()));
        }
        Err(explained(error, self.tickets.realm(), start.elapsed()).await)
    }
}

impl Exchange for KerberosExchange {
    fn respond<'a>(&'a mut self, challenge: &'a [u8]) -> ExchangeFuture<'a, Option<Secret>> {
        Box::pin(async move {
            let result = match std::mem::replace(&mut self.state, State::Over) {
                State::Start => self.start().await,
                State::Pending(pending) => self.step(pending, challenge).await,
                State::Established | State::Over => Err(Error::protocol(format!(
                    "{}: the server goes on after the exchange is complete",
                    self.attempt()
                ))),
            };
            result.map_err(Into::into)
        })
    }

    fn complete(&mut self) -> Result<(), Box<dyn StdError + Send + Sync>> {
        match self.state {
            State::Established => Ok(()),
            _ => Err(Error::new(
                ErrorKind::Downgrade,
                format!(
                    "{}: the server let us in without proving who it is; mutual authentication \
                     is required",
                    self.attempt()
                ),
            )
            .into()),
        }
    }
}
