//! `CREATE FUNCTION` and `CREATE PROCEDURE`.

use super::expr::Expr;
use super::name::{Ident, ObjectName};
use super::statement::Statement;
use super::types::DataType;

/// `CREATE FUNCTION` or `CREATE PROCEDURE`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CreateRoutine {
    /// `OR REPLACE`
    pub or_replace: bool,
    /// Which of the two.
    pub kind: RoutineKind,
    /// Its name.
    pub name: ObjectName,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// `RETURNS ..`
    pub returns: Option<RoutineReturns>,
    /// `LANGUAGE`, `AS`, volatility .., in order.
    pub options: Vec<RoutineOption>,
    /// A body that is SQL itself rather than a string.
    pub body: Option<RoutineBody>,
}

/// Function or procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RoutineKind {
    /// `FUNCTION`
    Function,
    /// `PROCEDURE`
    Procedure,
}

/// What a function returns.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RoutineReturns {
    /// `RETURNS SETOF a`
    Type {
        /// `SETOF`
        set_of: bool,
        /// The type.
        data_type: DataType,
    },
    /// `RETURNS TABLE (a INT8)`
    Table(Vec<(Ident, DataType)>),
}

/// A parameter of a routine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// `IN`, `OUT` ..
    pub mode: Option<ParameterMode>,
    /// Its name.
    pub name: Option<Ident>,
    /// Its type.
    pub data_type: DataType,
    /// `DEFAULT ..`
    pub default: Option<Expr>,
}

/// Which way a parameter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParameterMode {
    /// `IN`
    In,
    /// `OUT`
    Out,
    /// `INOUT`
    InOut,
    /// `VARIADIC`
    Variadic,
}

/// An option of a routine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RoutineOption {
    /// `AS 'body'`
    As(Box<str>),
    /// `LANGUAGE sql`
    Language(Box<str>),
    /// `IMMUTABLE` ..
    Volatility(Volatility),
    /// `LEAKPROOF` (true) or `NOT LEAKPROOF`
    Leakproof(bool),
    /// `STRICT`, also `RETURNS NULL ON NULL INPUT` (true), or `CALLED ON NULL INPUT`
    Strict(bool),
    /// `SECURITY DEFINER` (true) or `SECURITY INVOKER`
    SecurityDefiner(bool),
}

/// What a function's result depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Volatility {
    /// `IMMUTABLE`
    Immutable,
    /// `STABLE`
    Stable,
    /// `VOLATILE`
    Volatile,
}

/// A body that is SQL itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RoutineBody {
    /// `RETURN a`
    Return(Expr),
    /// `BEGIN ATOMIC ..; END`
    Atomic(Vec<AtomicStatement>),
}

/// One statement between `BEGIN ATOMIC` and `END`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AtomicStatement {
    /// Any statement.
    Statement(Statement),
    /// `RETURN a`
    Return(Expr),
}
