//! One login, by cross-krb5.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::task::JoinSet;

use super::advice::explained;
use super::context::{Context, Stepped};
use super::failure::GssFailure;
use super::service_name::ServiceName;
use super::tickets::{Ticket, Tickets};
use crate::authenticator::{Exchange, ExchangeFuture};
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;
use crate::turn::Turns;

pub(super) struct KerberosExchange {
    aim: Arc<Aim>,
    state: State,
}

/// As whom, and to whom.
struct Aim {
    tickets: Arc<Tickets>,
    service: ServiceName,
    delegate: bool,
    /// Which ticket the first token was made with, where it is this configuration's to renew.
    used: Mutex<Option<u64>>,
}

enum State {
    Start,
    /// The first token is being made, by the one task of a set, which ends with the login.
    Ahead(JoinSet<Result<(Context, Secret), Error>>),
    Pending(Context),
    /// The server has proven who it is.
    Established,
    /// A step failed, or its future was dropped.
    Over,
}

impl KerberosExchange {
    pub(super) fn new(tickets: Arc<Tickets>, service: ServiceName, delegate: bool) -> Self {
        Self {
            aim: Arc::new(Aim {
                tickets,
                service,
                delegate,
                used: Mutex::default(),
            }),
            state: State::Start,
        }
    }

    /// Begins to make the first token now, on a task of its own, before the server has asked for it.
    pub(super) fn ahead(mut self) -> Self {
        let aim = Arc::clone(&self.aim);
        let mut first = JoinSet::new();
        first.spawn(async move { aim.start().await });
        self.state = State::Ahead(first);
        self
    }

    fn started(&mut self, (context, token): (Context, Secret)) -> Option<Secret> {
        self.state = State::Pending(context);
        Some(token)
    }

    async fn step(&mut self, pending: Context, challenge: &[u8]) -> Result<Option<Secret>, Error> {
        let challenge = challenge.to_vec();
        let stepped = self
            .aim
            .on_a_thread(Turns::default(), move || pending.step(&challenge))
            .await
            .inspect_err(|error| self.aim.note(error))?;
        let (state, token) = match stepped {
            Stepped::Established(token) => (State::Established, token),
            Stepped::Pending(pending, token) => (State::Pending(pending), Some(token)),
        };
        self.state = state;
        Ok(token)
    }
}

impl Aim {
    fn attempt(&self) -> String {
        format!(
            "Kerberos login to the service {} with the ticket of {}",
            self.service.name(),
            self.tickets.describe()
        )
    }

    /// A ticket of a keytab that the library calls expired, by its own clock, is replaced at once.
    async fn start(&self) -> Result<(Context, Secret), Error> {
        let ticket = self.tickets.get().await?;
        let turn = ticket.turn();
        match self.start_with(ticket).await {
            Err(error)
                if error.kind() == ErrorKind::KerberosExpired && self.tickets.expired(turn) =>
            {
                self.start_with(self.tickets.get().await?).await
            }
            started => started,
        }
    }

    /// The server may call a ticket expired that this machine's clock does not: the next login begins with another one.
    fn note(&self, error: &Error) {
        if error.kind() == ErrorKind::KerberosExpired {
            let used = *self.used.lock().unwrap_or_else(PoisonError::into_inner);
            self.tickets.expired(used);
        }
    }

    async fn start_with(&self, ticket: Ticket) -> Result<(Context, Secret), Error> {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = ticket.turn();
        let (service, delegate) = (self.service.name().to_owned(), self.delegate);
        let turns = self.tickets.turns_at(&service);
        let start = move || Context::start(ticket.credential, &service, delegate);
        self.on_a_thread(turns, start).await
    }

    async fn on_a_thread<T: Send + 'static>(
        &self,
        turns: Turns,
        work: impl FnOnce() -> Result<T, GssFailure> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = turns.wait().await;
        let start = Instant::now();
        let failure = match turn.run(work).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(failure)) => failure,
            Err(error) => return Err(self.failed(error)),
        };
        let error = failure.into_error(&self.attempt());
        if error.kind() == ErrorKind::KerberosUnknownService {
            return Err(error.advised(self.service.origin()));
        }
        Err(explained(error, self.tickets.realm(), start.elapsed()).await)
    }

    fn over(&self) -> Error {
        let attempt = self.attempt();
        Error::protocol(format!(
            "{attempt}: the server goes on after the exchange is complete"
        ))
    }

    fn failed(&self, error: impl StdError + Send + Sync + 'static) -> Error {
        let message = format!("{} failed", self.attempt());
        Error::new(ErrorKind::Kerberos, message).with_source(error)
    }
}

impl Exchange for KerberosExchange {
    fn respond<'a>(&'a mut self, challenge: &'a [u8]) -> ExchangeFuture<'a, Option<Secret>> {
        Box::pin(async move {
            let result = match std::mem::replace(&mut self.state, State::Over) {
                State::Start => {
                    let first = self.aim.start().await;
                    first.map(|first| self.started(first))
                }
                State::Ahead(mut first) => match first.join_next().await {
                    Some(first) => first
                        .map_err(|error| self.aim.failed(error))
                        .flatten()
                        .map(|first| self.started(first)),
                    None => Err(self.aim.over()),
                },
                State::Pending(pending) => self.step(pending, challenge).await,
                State::Established | State::Over => Err(self.aim.over()),
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
                    self.aim.attempt()
                ),
            )
            .into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Credentials, Kerberos};

    use super::*;
    use crate::endpoint::Endpoint;

    #[tokio::test]
    async fn a_login_that_is_dropped_leaves_no_task_behind() {
        let tickets = Tickets::new(Credentials::DefaultCache, None);
        let service = ServiceName::new(
            &Kerberos::default_cache(),
            &Endpoint::new("db.example", 26257),
        );
        let tasks = tokio::runtime::Handle::current().metrics();
        let ahead = KerberosExchange::new(tickets, service, false).ahead();
        assert_eq!(tasks.num_alive_tasks(), 1);
        drop(ahead);
        tokio::task::yield_now().await;
        assert_eq!(tasks.num_alive_tasks(), 0);
    }
}
