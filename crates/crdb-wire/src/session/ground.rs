//! The state that a session is brought back to: what its connect hooks made of a new session.

use parking_lot::Mutex;

/// A request of a hook that leaves something behind, as it is sent again.
#[derive(Clone)]
pub(super) enum Recorded {
    /// Statements of the simple protocol.
    Simple(String),
    /// Parse, Bind, Execute and Sync of one statement that gives rows of so many columns.
    Extended { bytes: Vec<u8>, columns: u16 },
}

/// What the hooks did that a reset takes away.
#[derive(Default)]
pub(super) struct Ground {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    recording: bool,
    requests: Vec<Recorded>,
}

impl Ground {
    /// From here on requests make the ground state.
    pub(super) fn begin(&self) {
        self.state.lock().recording = true;
    }

    pub(super) fn end(&self) {
        self.state.lock().recording = false;
    }

    pub(super) fn is_recording(&self) -> bool {
        self.state.lock().recording
    }

    pub(super) fn record(&self, request: Recorded) {
        self.state.lock().requests.push(request);
    }

    /// What is to be sent again, in order.
    pub(super) fn requests(&self) -> Vec<Recorded> {
        self.state.lock().requests.clone()
    }
}
