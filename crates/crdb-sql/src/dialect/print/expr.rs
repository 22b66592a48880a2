//! Printing expressions.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{
    BinaryOperator, ColumnRef, Expr, Function, FunctionArguments, Literal, LogicalOperator,
    Subscript, UnaryOperator,
};
use super::{Before, Clause, Joined, list, when};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tuple { row, values } => print_tuple(f, *row, values),
            Self::Unary { operator, operand } => {
                operator.fmt(f)?;
                // A space keeps `- -1` from becoming a comment.
                let spaced = matches!(operator, UnaryOperator::Not | UnaryOperator::Qualified(_))
                    || matches!(**operand, Self::Unary { .. });
                write!(f, "{}{operand}", when(spaced, " "))
            }
            Self::Logical { operator, operands } => Joined(
                operands,
                match operator {
                    LogicalOperator::And => " AND ",
                    LogicalOperator::Or => " OR ",
                },
            )
            .fmt(f),
            Self::Cast {
                operand,
                data_type,
                function,
            } => match function {
                true => write!(f, "CAST({operand} AS {data_type})"),
                false => write!(f, "{operand}::{data_type}"),
            },
            Self::Annotate {
                operand,
                data_type,
                function,
            } => match function {
                true => write!(f, "ANNOTATE_TYPE({operand}, {data_type})"),
                false => write!(f, "{operand}:::{data_type}"),
            },
            _ => self.declared(f),
        }
    }
}

/// `(a, b)`, `(a,)`, `ROW(a)`.
fn print_tuple(f: &mut Formatter<'_>, row: bool, values: &[Expr]) -> fmt::Result {
    let comma = when(!row && values.len() == 1, ",");
    write!(f, "{}({}{comma})", when(row, "ROW"), list(values))
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(text) | Self::Decimal(text) => f.write_str(text),
            _ => self.declared(f),
        }
    }
}

impl Display for ColumnRef {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Joined(&self.parts, "."), when(self.star, ".*"))
    }
}

impl Display for UnaryOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Qualified(name) => write!(f, "OPERATOR({name})"),
            _ => self.declared(f),
        }
    }
}

impl Display for BinaryOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symbol(symbol) => f.write_str(symbol),
            Self::Qualified(name) => write!(f, "OPERATOR({name})"),
            Self::Overlaps => f.write_str("OVERLAPS"),
        }
    }
}

impl Display for Subscript {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Slice { low, high } => write!(f, "[{}:{}]", Before("", low), Before(" ", high)),
        }
    }
}

impl Display for Function {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.id {
            Some(id) => write!(f, "[FUNCTION {id}]")?,
            None => self.name.fmt(f)?,
        }
        let (quantifier, values) = match &self.arguments {
            FunctionArguments::Star => ("*", [].as_slice()),
            FunctionArguments::List(values) => ("", values.as_slice()),
            FunctionArguments::All(values) => ("ALL ", values.as_slice()),
            FunctionArguments::Distinct(values) => ("DISTINCT ", values.as_slice()),
        };
        write!(f, "({quantifier}{}", list(values))?;
        self.order_by.clause(f, " ORDER BY ", "")?;
        f.write_str(")")?;
        self.within_group
            .clause(f, " WITHIN GROUP (ORDER BY ", ")")?;
        self.filter.clause(f, " FILTER (WHERE ", ")")?;
        write!(f, "{}", Before(" OVER ", &self.over))
    }
}
