use std::fmt;
use std::sync::Arc;

use super::{
    AcquireBegin, AcquireEnd, Checked, Closed, ConnectFailed, Leaked, NodeChanged, Observer,
    Opened, Released, Reset, Token,
};

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

impl Observer for FanOut {
    fn begin_acquire(&self, event: &AcquireBegin) -> Token {
        self.begin(|observer| observer.begin_acquire(event))
    }

    fn end_acquire(&self, token: Token, event: &AcquireEnd<'_>) {
        self.end(token, |observer, token| observer.end_acquire(token, event));
    }

    fn opened(&self, event: &Opened<'_>) {
        self.each(|observer| observer.opened(event));
    }

    fn connect_failed(&self, event: &ConnectFailed<'_>) {
        self.each(|observer| observer.connect_failed(event));
    }

    fn closed(&self, event: &Closed<'_>) {
        self.each(|observer| observer.closed(event));
    }

    fn released(&self, event: &Released<'_>) {
        self.each(|observer| observer.released(event));
    }

    fn checked(&self, event: &Checked<'_>) {
        self.each(|observer| observer.checked(event));
    }

    fn reset(&self, event: &Reset<'_>) {
        self.each(|observer| observer.reset(event));
    }

    fn node_changed(&self, event: &NodeChanged<'_>) {
        self.each(|observer| observer.node_changed(event));
    }

    fn leaked(&self, event: &Leaked<'_>) {
        self.each(|observer| observer.leaked(event));
    }
}

impl fmt::Debug for FanOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FanOut").field(&self.0.len()).finish()
    }
}
