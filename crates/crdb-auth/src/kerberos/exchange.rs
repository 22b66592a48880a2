//! One login, by cross-krb5.

use std::error::Error as StdError;
use std::sync::Arc;

use cross_krb5::{ClientCtx, InitiateFlags, PendingClientCtx, Step};

use super::failure::GssFailure;
use super::tickets::Tickets;
use crate::authenticator::{Exchange, ExchangeFuture};
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

pub(super) struct KerberosExchange {
    tickets: Arc<Tickets>,
    service: String,
    state: State,
}

enum State {
    Start,
    Pending(PendingClientCtx),
    /// The server has proven who it is.
    Established,
    /// A step failed, or its future was dropped.
    Over,
}

impl KerberosExchange {
    pub(super) fn new(tickets: Arc<Tickets>, service: String) -> Self {
        Self {
            tickets,
            service,
            state: State::Start,
        }
    }

    fn attempt(&self) -> String {
        format!(
            "Kerberos login to the service {} with the ticket of {}",
            self.service,
            self.tickets.describe()
        )
    }

    async fn start(&mut self) -> Result<Option<Secret>, Error> {
        let credential = self.tickets.get().await?;
        let service = self.service.clone();
        let (pending, token) = on_a_blocking_thread(self.attempt(), move || {
            // Mutual authentication is the default; wrapping, which would need
            // confidentiality, is not done: TLS protects what follows.
            let (pending, token) = ClientCtx::new_with_cred(
                InitiateFlags::DISABLE_CONFIDENTIALITY,
                credential.into(),
                &service,
                None,
            )
            .map_err(GssFailure::from_any)?;
            Ok((pending, Secret::new(token.to_vec())))
        })
        .await?;
        self.state = State::Pending(pending);
        Ok(Some(token))
    }

    async fn step(
        &mut self,
        pending: PendingClientCtx,
        challenge: &[u8],
    ) -> Result<Option<Secret>, Error> {
        let challenge = challenge.to_vec();
        let (state, token) = on_a_blocking_thread(self.attempt(), move || {
            let step = pending.step(&challenge).map_err(GssFailure::from_any)?;
            Ok(match step {
                Step::Finished((_, token)) => (
                    State::Established,
                    token.map(|token| Secret::new(token.to_vec())),
                ),
                Step::Continue((pending, token)) => {
                    let token = Secret::new(token.to_vec());
                    (State::Pending(pending), Some(token))
                }
            })
        })
        .await?;
        self.state = state;
        Ok(token)
    }
}

async fn on_a_blocking_thread<T: Send + 'static>(
    attempt: String,
    work: impl FnOnce() -> Result<T, GssFailure> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(|failure| failure.into_error(&attempt)),
        Err(error) => {
            Err(Error::new(ErrorKind::Kerberos, format!("{attempt} failed")).with_source(error))
        }
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
