//! `CREATE FUNCTION` and `CREATE PROCEDURE`.

use super::expr::Expr;
use super::name::{Ident, ObjectName};
use super::statement::Statement;
use super::types::DataType;

tree! {
    /// `CREATE FUNCTION` or `CREATE PROCEDURE`.
    pub struct CreateRoutine: Display {
        /// `OR REPLACE`
        pub or_replace: bool => "CREATE OR REPLACE " .. "CREATE ",
        /// Which of the two.
        pub kind: RoutineKind => "" .. " ",
        /// Its name.
        pub name: ObjectName => "",
        /// Its parameters.
        pub parameters: Vec<Parameter> => all "(" .. ")",
        /// `RETURNS ..`
        pub returns: Option<RoutineReturns> => " RETURNS ",
        /// `LANGUAGE`, `AS`, volatility .., in order.
        pub options: Vec<RoutineOption> => " ",
        /// A body that is SQL itself rather than a string.
        pub body: Option<RoutineBody> => " ",
    }

    /// What a function returns.
    #[non_exhaustive]
    pub enum RoutineReturns: Display {
        /// `RETURNS SETOF a`
        Type {
            /// `SETOF`
            set_of: bool => "SETOF ",
            /// The type.
            data_type: DataType => "",
        },
        /// `RETURNS TABLE (a INT8)`
        Table(Vec<(Ident, DataType)>) => "TABLE (" .. ")",
    }

    /// A parameter of a routine.
    pub struct Parameter: Display {
        /// `IN`, `OUT` ..
        pub mode: Option<ParameterMode> => "" .. " ",
        /// Its name.
        pub name: Option<Ident> => "" .. " ",
        /// Its type.
        pub data_type: DataType => "",
        /// `DEFAULT ..`
        pub default: Option<Expr> => " DEFAULT ",
    }

    /// An option of a routine.
    #[non_exhaustive]
    pub enum RoutineOption: Display, " " {
        /// `AS 'body'`
        As(Box<str>) => "AS ",
        /// `LANGUAGE sql`
        Language(Box<str>) => "LANGUAGE ",
        /// `IMMUTABLE` ..
        Volatility(Volatility),
        /// `LEAKPROOF` (true) or `NOT LEAKPROOF`
        Leakproof(bool) => "LEAKPROOF" .. "NOT LEAKPROOF",
        /// `STRICT`, also `RETURNS NULL ON NULL INPUT` (true), or `CALLED ON NULL INPUT`
        Strict(bool) => "STRICT" .. "CALLED ON NULL INPUT",
        /// `SECURITY DEFINER` (true) or `SECURITY INVOKER`
        SecurityDefiner(bool) => "SECURITY DEFINER" .. "SECURITY INVOKER",
    }

    /// A body that is SQL itself.
    #[non_exhaustive]
    pub enum RoutineBody: Display {
        /// `RETURN a`
        Return(Expr) => "RETURN ",
        /// `BEGIN ATOMIC ..; END`
        Atomic(Vec<AtomicStatement>) => "BEGIN ATOMIC " .. "END",
    }

    /// One statement between `BEGIN ATOMIC` and `END`.
    #[non_exhaustive]
    pub enum AtomicStatement: Display, "" {
        /// Any statement.
        Statement(Statement) => "" .. "; ",
        /// `RETURN a`
        Return(Expr) => "RETURN " .. "; ",
    }
}

words! {
    /// Function or procedure.
    pub enum RoutineKind {
        Function = FUNCTION,
        Procedure = PROCEDURE,
    }

    /// Which way a parameter goes.
    pub enum ParameterMode {
        In = IN,
        Out = OUT,
        InOut = INOUT,
        Variadic = VARIADIC,
    }

    /// What a function's result depends on.
    pub enum Volatility {
        Immutable = IMMUTABLE,
        Stable = STABLE,
        Volatile = VOLATILE,
    }
}
