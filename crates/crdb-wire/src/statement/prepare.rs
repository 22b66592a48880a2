//! Prepares a statement: one round trip, and those for types that were not met before.

use std::sync::Arc;

use postgres_protocol::message::frontend;
use postgres_types::Oid;

use super::Prepared;
use super::client_copy::is_client_copy;
use crate::answer::Answer;
use crate::connection::{Connection, Event, Outgoing, Trace};
use crate::error::{COPY_REFUSED, Error};
use crate::footprint::Footprint;
use crate::protocol::{Described, Shape, Step, Steps};
use crate::row::Column;

impl Connection {
    /// The statement of this text, and whether it was there already.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare).
    pub(crate) async fn statement(&self, text: &str) -> Result<(Arc<Prepared>, bool), Error> {
        if let Some(prepared) = self.statements.get(text) {
            return Ok((prepared, true));
        }
        let prepared = self.prepare(text).await?;
        self.statements.insert(text, Arc::clone(&prepared));
        Ok((prepared, false))
    }

    /// Prepares a statement under a new name.
    ///
    /// # Errors
    /// A text with NUL, or with a COPY from or to this side, is refused. Otherwise the answer to the preparation: the statement itself was not written.
    async fn prepare(&self, text: &str) -> Result<Arc<Prepared>, Error> {
        if is_client_copy(text) {
            return Err(Error::refused(COPY_REFUSED));
        }
        // Dropped before its answer has come, it is closed on the server, which may have made it; closing what is not there is no error.
        let mut prepared = Prepared {
            name: self.statements.name(),
            parameters: Box::default(),
            columns: Arc::default(),
            footprint: Footprint::of(text),
            shared: Arc::clone(&self.shared),
        };
        let mut buffer = self.shared.scratch();
        let encoded = frontend::parse(&prepared.name, text, [], &mut buffer)
            .and_then(|()| frontend::describe(b'S', &prepared.name, &mut buffer))
            .map(|()| frontend::sync(&mut buffer));
        let sent = encoded
            .map_err(|source| Error::refused("encoding a statement's text").with_source(source))
            .and_then(|()| {
                self.send(Outgoing {
                    bytes: &buffer,
                    shape: Shape::Extended(Steps::from_slice(&[Step::Parse, Step::Describe])),
                    // Preparing leaves nothing but the prepared statement, which is ours.
                    trace: Trace {
                        footprint: Footprint::of(""),
                        local_settings: true,
                    },
                    copies: false,
                    tells_ends: false,
                    keeps: None,
                })
            });
        self.shared.return_scratch(buffer);
        let mut reply = match sent {
            Ok(reply) => reply,
            Err(error) => {
                prepared.was_never_made();
                return Err(error);
            }
        };
        let (mut parameters, mut columns): (Vec<Oid>, Vec<Described>) = Default::default();
        while let Some(event) = reply.event().await {
            match event {
                Event::Parameters(oids) => parameters = oids,
                Event::Columns(described) => columns = described,
                _ => {}
            }
        }
        let answer = reply.take();
        if !answer.is_success() {
            prepared.was_never_made();
            return Err(self.failed("preparing a statement", Answer::of_preparation(answer)));
        }
        let wanted: Vec<Oid> = parameters
            .iter()
            .copied()
            .chain(columns.iter().map(|column| column.type_oid))
            .collect();
        let mut types = self.types_of(&wanted, answer.status()).await?.into_iter();
        prepared.parameters = types.by_ref().take(parameters.len()).collect();
        prepared.columns = columns
            .into_iter()
            .zip(types)
            .map(|(column, type_)| Column::new(column.name, type_))
            .collect();
        Ok(Arc::new(prepared))
    }
}
