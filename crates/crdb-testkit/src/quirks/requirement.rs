//! What a test needs of the release that a proxy speaks like: it is asked, and a test that cannot run says why.

use std::path::PathBuf;

use super::QuirksProxy;
use crate::engine::{Credentials, Engine, Target};
use crate::error::{Error, ErrorKind};

/// How the test kit logs in at a proxy.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    credentials: Credentials,
    database: String,
    ca_certificate: Option<PathBuf>,
}

impl Asker {
    pub(super) fn of(engine: &Engine) -> Self {
        Self {
            credentials: engine.administrator().clone(),
            database: engine.database().to_owned(),
            ca_certificate: engine.try_ca_cert_path().map(Into::into),
        }
    }
}

impl QuirksProxy {
    /// Ends the test unless the release that this proxy speaks like runs `sql`: so a test that an older release cannot pass is left
    /// out because of what it answers, and not because of its version. Another proxy like this one is asked, so that
    /// [`counts`](Self::counts) and injected failures stay as they are.
    ///
    /// # Panics
    /// With `did not run: `, `what` and the answer when it refuses.
    pub async fn require(&self, what: &str, sql: &str) {
        if let Err(error) = self.try_require(what, sql).await {
            error.end_test();
        }
    }

    /// As [`require`](Self::require), as an error.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when it refuses `sql`, [`ErrorKind::Timeout`] when it does not answer.
    pub async fn try_require(&self, what: &str, sql: &str) -> Result<(), Error> {
        let like = self.another().await?;
        match like.own_session().run(&[sql]).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::Database => {
                Err(self.lacks(what).with_source(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Ends the test unless cancel requests have an effect, which the proxy imitates since v22.1. Another proxy like this one is asked.
    ///
    /// # Panics
    /// With `did not run: ` and the version when they have none.
    pub async fn require_cancel_requests(&self) {
        if let Err(error) = self.try_require_cancel_requests().await {
            error.end_test();
        }
    }

    /// As [`require_cancel_requests`](Self::require_cancel_requests), as an error.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when they have no effect, which takes 10 s to find out; as [`require`](Self::try_require) otherwise.
    pub async fn try_require_cancel_requests(&self) -> Result<(), Error> {
        let like = self.another().await?;
        match like.own_session().takes_cancel_requests().await? {
            true => Ok(()),
            false => Err(self.lacks("cancel requests")),
        }
    }

    async fn another(&self) -> Result<Self, Error> {
        let upstream = self.control.upstream.clone();
        Self::listen(self.control.options, upstream, self.asker.clone()).await
    }

    fn own_session(&self) -> Target<'_> {
        Target {
            host: self.host(),
            port: self.port,
            ca_certificate: self.asker.ca_certificate.as_deref(),
            credentials: &self.asker.credentials,
            database: &self.asker.database,
        }
    }

    fn lacks(&self, what: &str) -> Error {
        let message = format!("the quirks proxy as {} lacks {what}", self.version());
        Error::new(ErrorKind::Unavailable, message)
    }
}
