//! One question to a server that has let in the login, before the stream is given away.

use bytes::BytesMut;
use fallible_iterator::FallibleIterator as _;
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;
use tokio::time::timeout;

use crate::error::{Error, ErrorKind};
use crate::shown::Unshown;
use crate::startup::Wire;
use crate::stream::{AuthenticatedStream, GOODBYE};

/// Looks up nothing but the database itself (logic_test/privilege_builtins).
///
/// CockroachDB lets in a login that names a database that does not exist (`pkg/sql/sessioninit/cache.go`: no "login-preventing
/// error"), and later finds no table in it. The question fails with 3D000 then.
pub(crate) const DOES_DATABASE_EXIST: &str =
    "SELECT has_database_privilege(current_database(), 'CONNECT')";

/// More than the answer to any question has; a hostile server must not keep the login waiting.
const MAX_MESSAGES: usize = 1_000;

impl AuthenticatedStream {
    /// Asks in the simple protocol, within `connect_timeout`. Gives the stream back, and the first column of the first row.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`], the server's error, and those of the connection. The stream is closed then.
    ///
    /// # Cancel safety
    /// Dropping the future closes the stream.
    pub(crate) async fn ask(
        self,
        attempt: &str,
        question: &str,
    ) -> Result<(Self, Option<String>), Error> {
        let (bytes, origin) = self.into_parts();
        let limit = origin.connector.config().connect_timeout;
        let unshown = Unshown::of(origin.connector.config());
        let mut wire = Wire::resume(bytes, attempt, unshown);
        let asking = async {
            wire.send(|buf| frontend::query(question, buf)).await?;
            read_answer(&mut wire).await
        };
        let answer = timeout(limit, asking).await.map_err(|_| {
            Error::new(
                ErrorKind::Timeout,
                format!("{attempt}: no answer within {limit:?}"),
            )
        })??;
        Ok((Self::from_parts(wire.into_parts(), origin), answer))
    }

    /// Tells the server that the session is over, and closes it. A server that is gone already, or takes nothing, is not told.
    pub(crate) async fn say_goodbye(self) {
        let (bytes, origin) = self.into_parts();
        let unshown = Unshown::of(origin.connector.config());
        let mut wire = Wire::resume(bytes, "ending the session", unshown);
        let ended = |buf: &mut BytesMut| {
            frontend::terminate(buf);
            Ok(())
        };
        drop(timeout(GOODBYE, wire.send(ended)).await);
    }
}

/// Reads until the server is ready for the next statement.
async fn read_answer(wire: &mut Wire<'_>) -> Result<Option<String>, Error> {
    let mut answer = None;
    for _ in 0..MAX_MESSAGES {
        match wire.read().await? {
            Message::DataRow(row) if answer.is_none() => {
                let column = row.ranges().next();
                let column = column
                    .map_err(|error| wire.unexpected("a malformed row").with_source(error))?;
                answer = column
                    .flatten()
                    .and_then(|range| row.buffer().get(range))
                    .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            }
            Message::ReadyForQuery(body) if body.status() == b'I' => return Ok(answer),
            Message::DataRow(_)
            | Message::RowDescription(_)
            | Message::CommandComplete(_)
            | Message::EmptyQueryResponse
            | Message::ParameterStatus(_) => {}
            _ => return Err(wire.unexpected("a message that does not belong to the answer")),
        }
    }
    Err(wire.unexpected("messages without end"))
}
