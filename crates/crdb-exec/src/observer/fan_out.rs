use super::{
    AttemptBegin, AttemptEnd, Observer, ResolveEvent, RetryDeniedEvent, RetryEvent, StatementBegin,
    StatementEnd, Token, TransactionBegin, TransactionEnd,
};
use std::fmt;
use std::sync::Arc;

/// Forwards each event to several observers, in order. Each gets its own token back.
#[derive(Clone)]
pub struct FanOut(Vec<Arc<dyn Observer>>);

/// The tokens of the observers, by position. Those after the last `Some` are left out.
type Tokens = Vec<Token>;

impl FanOut {
    /// Forwards to these, in this order.
    pub fn new(observers: impl IntoIterator<Item = Arc<dyn Observer>>) -> Self {
        Self(observers.into_iter().collect())
    }

    /// The cheapest observer that stands for these: none, the only one, or a `FanOut`.
    pub fn combine(
        observers: impl IntoIterator<Item = Arc<dyn Observer>>,
    ) -> Option<Arc<dyn Observer>> {
        let mut all: Vec<_> = observers.into_iter().collect();
        if all.len() > 1 {
            return Some(Arc::new(Self(all)));
        }
        all.pop()
    }

    fn begin(&self, begin: impl Fn(&dyn Observer) -> Token) -> Token {
        let mut tokens = Tokens::new();
        for (index, observer) in self.0.iter().enumerate() {
            if let token @ Some(_) = begin(&**observer) {
                // At once for all that may follow.
                tokens.reserve_exact(self.0.len() - tokens.len());
                tokens.resize_with(index, || None);
                tokens.push(token);
            }
        }
        (!tokens.is_empty()).then(|| Box::new(tokens) as _)
    }

    fn end(&self, token: Token, end: impl Fn(&dyn Observer, Token)) {
        let tokens = token.and_then(|token| token.downcast::<Tokens>().ok());
        let mut tokens = tokens.map(|tokens| *tokens).unwrap_or_default().into_iter();
        for observer in &self.0 {
            end(&**observer, tokens.next().flatten());
        }
    }

    fn each(&self, tell: impl Fn(&dyn Observer)) {
        self.0.iter().for_each(|observer| tell(&**observer));
    }
}

/// Calls `step` within the operations of all observers that have a token.
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
    fn begin_statement(&self, event: &StatementBegin<'_>) -> Token {
        self.begin(|observer| observer.begin_statement(event))
    }

    fn end_statement(&self, token: Token, event: &StatementEnd<'_>) {
        self.end(token, |observer, token| {
            observer.end_statement(token, event);
        });
    }

    fn begin_transaction(&self, event: &TransactionBegin<'_>) -> Token {
        self.begin(|observer| observer.begin_transaction(event))
    }

    fn end_transaction(&self, token: Token, event: &TransactionEnd<'_>) {
        self.end(token, |observer, token| {
            observer.end_transaction(token, event);
        });
    }

    fn begin_attempt(&self, event: &AttemptBegin<'_>) -> Token {
        self.begin(|observer| observer.begin_attempt(event))
    }

    fn end_attempt(&self, token: Token, event: &AttemptEnd<'_>) {
        self.end(token, |observer, token| observer.end_attempt(token, event));
    }

    fn within(&self, token: &Token, step: &mut dyn FnMut()) {
        match token
            .as_ref()
            .and_then(|token| token.downcast_ref::<Tokens>())
        {
            Some(tokens) => nest(&self.0, tokens, step),
            None => step(),
        }
    }

    fn retry(&self, event: &RetryEvent<'_>) {
        self.each(|observer| observer.retry(event));
    }

    fn retry_denied(&self, event: &RetryDeniedEvent<'_>) {
        self.each(|observer| observer.retry_denied(event));
    }

    fn resolved(&self, event: &ResolveEvent<'_>) {
        self.each(|observer| observer.resolved(event));
    }
}

impl fmt::Debug for FanOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FanOut").field(&self.0.len()).finish()
    }
}
