use std::fmt;
use std::sync::Arc;

use super::{Begin, End, Observer, Token};

/// Several observers as one. They are called in their order, and for ends in the reverse order.
pub struct FanOut(Vec<Arc<dyn Observer>>);

type Tokens = Vec<Token>;

impl FanOut {
    /// Tells each of them.
    pub fn new(observers: impl IntoIterator<Item = Arc<dyn Observer>>) -> Self {
        Self(observers.into_iter().collect())
    }
}

impl fmt::Debug for FanOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FanOut").field(&self.0.len()).finish()
    }
}

/// Runs `step` within all of these, the first outermost.
fn within(observers: &[Arc<dyn Observer>], tokens: &[Token], step: &mut dyn FnMut()) {
    match (observers.split_first(), tokens.split_first()) {
        (Some((observer, observers)), Some((token, tokens))) => {
            if token.is_some() {
                observer.within(token, &mut || within(observers, tokens, step));
            } else {
                within(observers, tokens, step);
            }
        }
        _ => step(),
    }
}

impl Observer for FanOut {
    fn begin(&self, event: &Begin<'_>) -> Token {
        let tokens: Tokens = self
            .0
            .iter()
            .map(|observer| observer.begin(event))
            .collect();
        Some(Box::new(tokens))
    }

    fn end(&self, token: Token, event: &End<'_>) {
        let tokens = token.and_then(|token| token.downcast::<Tokens>().ok());
        let tokens = tokens.map(|tokens| *tokens).unwrap_or_default();
        for (observer, token) in self.0.iter().zip(tokens).rev() {
            observer.end(token, event);
        }
    }

    fn within(&self, token: &Token, step: &mut dyn FnMut()) {
        let tokens = token
            .as_ref()
            .and_then(|token| token.downcast_ref::<Tokens>());
        within(&self.0, tokens.map_or(&[], Vec::as_slice), step);
    }
}
