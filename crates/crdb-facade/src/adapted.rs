//! Bodies of transactions whose errors are made of this crate's error.

use crdb_exec::TransactionBody;
use futures_util::TryFutureExt as _;
use futures_util::future::MapErr;

use crate::Error;

/// An error of the caller's type, which the executor makes of its own by way of [`Error`].
pub(crate) struct Adopted<E>(E);

impl<E> Adopted<E> {
    pub(crate) fn into_inner(self) -> E {
        self.0
    }
}

impl<E: From<Error>> From<crdb_exec::Error> for Adopted<E> {
    fn from(error: crdb_exec::Error) -> Self {
        Self(E::from(Error::from(error)))
    }
}

/// A body that fails with `E`, as one that fails with [`Adopted<E>`].
pub(crate) struct Adapted<F>(pub(crate) F);

impl<'t, Argument, T, E, F> TransactionBody<'t, Argument, Result<T, Adopted<E>>> for Adapted<F>
where
    Argument: 't,
    F: TransactionBody<'t, Argument, Result<T, E>>,
{
    type Future = MapErr<F::Future, fn(E) -> Adopted<E>>;

    fn run(&self, argument: &'t Argument) -> Self::Future {
        self.0.run(argument).map_err(Adopted)
    }
}
