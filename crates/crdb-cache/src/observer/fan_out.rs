use std::fmt;
use std::sync::Arc;

use crdb_exec::Token;

use super::{AnswerEvent, LoadBegin, LoadEnd, Observer};

/// Several observers as one. They are called in their order, and for ends in the reverse order.
pub struct FanOut(Vec<Arc<dyn Observer>>);

type Tokens = Vec<Token>;

impl FanOut {
    /// Tells each of them.
    pub fn new(observers: impl IntoIterator<Item = Arc<dyn Observer>>) -> Self {
        Self(observers.into_iter().collect())
    }

    /// One observer for all of these; the observer itself where it is the only one, and `None` for none.
    #[must_use]
    pub fn combine(mut observers: Vec<Arc<dyn Observer>>) -> Option<Arc<dyn Observer>> {
        if observers.len() > 1 {
            return Some(Arc::new(Self(observers)));
        }
        observers.pop()
    }
}

impl fmt::Debug for FanOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FanOut").field(&self.0.len()).finish()
    }
}

/// Calls `step` within the loads of all observers that have a token.
fn nest(observers: &[Arc<dyn Observer>], tokens: &[Token], step: &mut dyn FnMut()) {
    let (Some((observer, observers)), Some((token, tokens))) =
        (observers.split_first(), tokens.split_first())
    else {
        return step();
    };
    if token.is_some() {
        observer.within(token, &mut || nest(observers, tokens, step));
    } else {
        nest(observers, tokens, step);
    }
}

impl Observer for FanOut {
    fn answered(&self, event: &AnswerEvent<'_>) {
        self.0.iter().for_each(|observer| observer.answered(event));
    }

    fn begin_load(&self, event: &LoadBegin<'_>) -> Token {
        let tokens: Tokens = self
            .0
            .iter()
            .map(|observer| observer.begin_load(event))
            .collect();
        Some(Box::new(tokens))
    }

    fn end_load(&self, token: Token, event: &LoadEnd<'_>) {
        let tokens = token.and_then(|token| token.downcast::<Tokens>().ok());
        let tokens = tokens.map(|tokens| *tokens).unwrap_or_default();
        for (observer, token) in self.0.iter().zip(tokens).rev() {
            observer.end_load(token, event);
        }
    }
    fn within(&self, token: &Token, step: &mut dyn FnMut()) {
        let tokens = token.as_ref();
        match tokens.and_then(|token| token.downcast_ref::<Tokens>()) {
            Some(tokens) => nest(&self.0, tokens, step),
            None => step(),
        }
    }
}
