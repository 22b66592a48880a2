//! Printing views, sequences, types, routines and `DROP`.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{
    AtomicStatement, CreateRoutine, CreateSequence, CreateType, CreateView, Drop, DropTarget,
    Parameter, ParameterMode, RoutineBody, RoutineKind, RoutineOption, RoutineReturns,
    SequenceOption, TypeBody, Volatility,
};
use super::super::keyword::Keyword;
use super::index::print_parameters;
use super::{Before, Joined, Text, list, when};

impl Display for CreateView {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CREATE {}{}{}VIEW {}{}",
            when(self.or_replace, "OR REPLACE "),
            when(self.temporary, "TEMPORARY "),
            when(self.materialized, "MATERIALIZED "),
            when(self.if_not_exists, "IF NOT EXISTS "),
            self.name
        )?;
        if !self.columns.is_empty() {
            write!(f, " ({})", list(&self.columns))?;
        }
        print_parameters(f, &self.parameters)?;
        write!(
            f,
            " AS {}{}",
            self.query,
            Before(" AS OF SYSTEM TIME ", &self.as_of)
        )?;
        f.write_str(match self.with_data {
            None => "",
            Some(true) => " WITH DATA",
            Some(false) => " WITH NO DATA",
        })
    }
}

impl Display for CreateSequence {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CREATE {}SEQUENCE {}{}",
            when(self.temporary, "TEMPORARY "),
            when(self.if_not_exists, "IF NOT EXISTS "),
            self.name
        )?;
        self.options
            .iter()
            .try_for_each(|option| write!(f, " {option}"))
    }
}

impl Display for SequenceOption {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::As(data_type) => write!(f, "AS {data_type}"),
            Self::Cycle(true) => f.write_str("CYCLE"),
            Self::Cycle(false) => f.write_str("NO CYCLE"),
            Self::OwnedBy(None) => f.write_str("OWNED BY NONE"),
            Self::OwnedBy(Some(column)) => write!(f, "OWNED BY {column}"),
            Self::Number {
                option,
                word,
                number,
            } => {
                let no = number.is_none() && *option != Keyword::RESTART;
                write!(f, "{}{}", when(no, "NO "), option.as_str())?;
                if let Some(word) = word {
                    write!(f, " {}", word.as_str())?;
                }
                write!(f, "{}", Before(" ", number))
            }
            Self::NodeCache(number) => write!(f, "PER NODE CACHE {number}"),
            Self::Virtual => f.write_str("VIRTUAL"),
        }
    }
}

impl Display for CreateType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CREATE TYPE {}{} AS ",
            when(self.if_not_exists, "IF NOT EXISTS "),
            self.name
        )?;
        match &self.body {
            TypeBody::Enum(values) => {
                let values: Vec<_> = values.iter().map(|value| Text(value)).collect();
                write!(f, "ENUM ({})", list(&values))
            }
            TypeBody::Composite(fields) => {
                f.write_str("(")?;
                for (at, (name, data_type)) in fields.iter().enumerate() {
                    write!(f, "{}{name} {data_type}", when(at > 0, ", "))?;
                }
                f.write_str(")")
            }
        }
    }
}

impl Display for Drop {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "DROP {} {}{}{}{}",
            self.kind.as_str(),
            when(self.concurrently, "CONCURRENTLY "),
            when(self.if_exists, "IF EXISTS "),
            list(&self.targets),
            Before(" ", &self.behavior)
        )
    }
}

impl Display for DropTarget {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(name) => name.fmt(f),
            Self::Index(name) => name.fmt(f),
        }
    }
}

impl Display for CreateRoutine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            RoutineKind::Function => "FUNCTION",
            RoutineKind::Procedure => "PROCEDURE",
        };
        let replace = when(self.or_replace, "OR REPLACE ");
        write!(
            f,
            "CREATE {replace}{kind} {}({})",
            self.name,
            list(&self.parameters)
        )?;
        write!(f, "{}", Before(" RETURNS ", &self.returns))?;
        self.options
            .iter()
            .try_for_each(|option| write!(f, " {option}"))?;
        write!(f, "{}", Before(" ", &self.body))
    }
}

impl Display for RoutineReturns {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type { set_of, data_type } => write!(f, "{}{data_type}", when(*set_of, "SETOF ")),
            Self::Table(columns) => {
                f.write_str("TABLE (")?;
                for (at, (name, data_type)) in columns.iter().enumerate() {
                    write!(f, "{}{name} {data_type}", when(at > 0, ", "))?;
                }
                f.write_str(")")
            }
        }
    }
}

impl Display for Parameter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.mode {
            None => "",
            Some(ParameterMode::In) => "IN ",
            Some(ParameterMode::Out) => "OUT ",
            Some(ParameterMode::InOut) => "INOUT ",
            Some(ParameterMode::Variadic) => "VARIADIC ",
        })?;
        if let Some(name) = &self.name {
            write!(f, "{name} ")?;
        }
        write!(
            f,
            "{}{}",
            self.data_type,
            Before(" DEFAULT ", &self.default)
        )
    }
}

impl Display for RoutineOption {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::As(body) => write!(f, "AS {}", Text(body)),
            Self::Language(language) => write!(f, "LANGUAGE {}", Text(language)),
            Self::Volatility(Volatility::Immutable) => f.write_str("IMMUTABLE"),
            Self::Volatility(Volatility::Stable) => f.write_str("STABLE"),
            Self::Volatility(Volatility::Volatile) => f.write_str("VOLATILE"),
            Self::Leakproof(true) => f.write_str("LEAKPROOF"),
            Self::Leakproof(false) => f.write_str("NOT LEAKPROOF"),
            Self::Strict(true) => f.write_str("STRICT"),
            Self::Strict(false) => f.write_str("CALLED ON NULL INPUT"),
            Self::SecurityDefiner(true) => f.write_str("SECURITY DEFINER"),
            Self::SecurityDefiner(false) => f.write_str("SECURITY INVOKER"),
        }
    }
}

impl Display for RoutineBody {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Return(expr) => write!(f, "RETURN {expr}"),
            Self::Atomic(statements) => write!(f, "BEGIN ATOMIC {}END", Joined(statements, "")),
        }
    }
}

impl Display for AtomicStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Statement(statement) => write!(f, "{statement}; "),
            Self::Return(expr) => write!(f, "RETURN {expr}; "),
        }
    }
}
