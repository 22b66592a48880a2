use std::time::Instant;

use super::{
    CancelBegin, CancelEnd, ConnectBegin, ConnectEnd, Connected, Observer, OperationOutcome, Token,
};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::progress::Progress;
use crate::stream::AuthenticatedStream;

/// A connect that is reported to the observer. Dropped before [`end`](Self::end), it ends as dropped.
pub(crate) struct ConnectOperation<'a> {
    /// Until the end has been reported.
    begun: Option<(&'a dyn Observer, Token)>,
    endpoint: &'a Endpoint,
    progress: &'a Progress,
}

impl<'a> ConnectOperation<'a> {
    pub(crate) fn begin(
        observer: Option<&'a dyn Observer>,
        endpoint: &'a Endpoint,
        progress: &'a Progress,
    ) -> Self {
        let begun =
            observer.map(|observer| (observer, observer.begin_connect(&ConnectBegin { endpoint })));
        Self {
            begun,
            endpoint,
            progress,
        }
    }

    pub(crate) fn end(mut self, result: &Result<AuthenticatedStream, Error>) {
        self.report(match result {
            Ok(stream) => OperationOutcome::Done(Connected {
                tls: stream.is_tls(),
                facts: stream.facts(),
            }),
            Err(error) => OperationOutcome::Failed(error),
        });
    }

    fn report(&mut self, outcome: OperationOutcome<'_, Connected<'_>>) {
        if let Some((observer, token)) = self.begun.take() {
            let event = ConnectEnd {
                endpoint: self.endpoint,
                timings: self.progress.timings(),
                outcome,
            };
            observer.end_connect(token, &event);
        }
    }
}

impl Drop for ConnectOperation<'_> {
    fn drop(&mut self) {
        self.report(OperationOutcome::Dropped);
    }
}

/// A cancel that is reported to the observer. Dropped before [`end`](Self::end), it ends as dropped.
pub(crate) struct CancelOperation<'a> {
    /// Until the end has been reported.
    begun: Option<(&'a dyn Observer, Token)>,
    endpoint: &'a Endpoint,
    started: Instant,
}

impl<'a> CancelOperation<'a> {
    pub(crate) fn begin(observer: Option<&'a dyn Observer>, endpoint: &'a Endpoint) -> Self {
        Self {
            begun: observer
                .map(|observer| (observer, observer.begin_cancel(&CancelBegin { endpoint }))),
            endpoint,
            started: Instant::now(),
        }
    }

    pub(crate) fn end(mut self, result: &Result<(), Error>) {
        self.report(match result {
            Ok(()) => OperationOutcome::Done(()),
            Err(error) => OperationOutcome::Failed(error),
        });
    }

    fn report(&mut self, outcome: OperationOutcome<'_, ()>) {
        if let Some((observer, token)) = self.begun.take() {
            let event = CancelEnd {
                endpoint: self.endpoint,
                elapsed: self.started.elapsed(),
                outcome,
            };
            observer.end_cancel(token, &event);
        }
    }
}

impl Drop for CancelOperation<'_> {
    fn drop(&mut self) {
        self.report(OperationOutcome::Dropped);
    }
}
