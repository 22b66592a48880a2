//! Guards that count the calls on a session.

use std::fmt;
use std::sync::Arc;

use tokio_postgres::Client;

use super::state::State;
use crate::tap::Tap;

/// One tracked call: gives the client, and leaves the session unfinished unless it is finished.
///
/// ```no_run
/// # async fn example(session: crdb_auth::Session) -> Result<(), tokio_postgres::Error> {
/// let call = session.begin_call();
/// let row = call.client().query_one("SELECT 1", &[]).await?;
/// call.finish();
/// # Ok(())
/// # }
/// ```
///
/// A failed statement is finished as well: call [`finish`](Self::finish) once the client's future
/// has returned, whatever it returned. A future that was dropped on the way has perhaps sent
/// something, or will: then do not.
#[must_use = "a call that is dropped leaves the session unfinished"]
#[derive(Debug)]
pub struct Call<'a> {
    client: ClientRef<'a>,
    call: OwnedCall,
}

struct ClientRef<'a>(&'a Client);

impl fmt::Debug for ClientRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl<'a> Call<'a> {
    pub(super) fn new(client: &'a Client, call: OwnedCall) -> Self {
        Self {
            client: ClientRef(client),
            call,
        }
    }

    /// The client, for this call.
    #[must_use]
    pub fn client(&self) -> &'a Client {
        self.client.0
    }

    /// Promises that every `SET` in this call is `SET LOCAL` or `SET TRANSACTION`, so that it
    /// leaves nothing behind when its transaction ends. Their tags are the same as those of
    /// lasting settings.
    pub fn settings_are_local(&mut self) {
        self.call.settings_are_local();
    }

    /// The client's future has returned, with success or with an error.
    pub fn finish(self) {
        self.call.finish();
    }
}

/// A [`Call`] that does not borrow the session; the client is at
/// [`Session::client_for`](crate::Session::client_for).
#[must_use = "a call that is dropped leaves the session unfinished"]
pub struct OwnedCall {
    state: Arc<State>,
    tap: Tap,
    local_settings: bool,
}

impl OwnedCall {
    pub(super) fn new(state: Arc<State>, tap: Tap) -> Self {
        state.call_begins();
        Self {
            state,
            tap,
            local_settings: false,
        }
    }

    pub(super) fn is_of(&self, state: &Arc<State>) -> bool {
        Arc::ptr_eq(&self.state, state)
    }

    /// As [`Call::settings_are_local`].
    pub fn settings_are_local(&mut self) {
        if !self.local_settings {
            self.local_settings = true;
            self.tap.local_settings(true);
        }
    }

    /// As [`Call::finish`].
    pub fn finish(self) {
        self.state.call_finishes();
    }
}

impl Drop for OwnedCall {
    fn drop(&mut self) {
        if self.local_settings {
            self.tap.local_settings(false);
        }
    }
}

impl fmt::Debug for OwnedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnedCall")
    }
}
