//! For bb8.

use bb8::ManageConnection;

use super::SessionManager;
use crate::error::Error;
use crate::session::{Cleanliness, Session};

/// Sessions are cleaned when they are lent, which needs `test_on_check_out`, bb8's default.
impl ManageConnection for SessionManager {
    type Connection = Session;
    type Error = Error;

    async fn connect(&self) -> Result<Session, Error> {
        self.open().await
    }

    async fn is_valid(&self, session: &mut Session) -> Result<(), Error> {
        self.renew(session).await
    }

    fn has_broken(&self, session: &mut Session) -> bool {
        // Cancels that outlive their borrower send nothing from here on.
        session.end_borrow() == Cleanliness::Broken
    }
}
