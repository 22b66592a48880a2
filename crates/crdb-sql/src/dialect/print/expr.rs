//! Printing expressions.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{
    BinaryOperator, ColumnRef, Expr, Function, FunctionArguments, Interval, Literal,
    LogicalOperator, Subscript, UnaryOperator,
};
use super::{Before, Clause, Joined, Text, list, when};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal) => literal.fmt(f),
            Self::Column(column) => column.fmt(f),
            Self::Ordinal(number) => write!(f, "@{number}"),
            Self::Placeholder(placeholder) => placeholder.fmt(f),
            Self::Default => f.write_str("DEFAULT"),
            Self::Nested(inner) => write!(f, "({inner})"),
            Self::Tuple { row, values } => print_tuple(f, *row, values),
            Self::LabeledTuple { tuple, labels } => write!(f, "({tuple} AS {})", list(labels)),
            Self::Array(array) => array.fmt(f),
            Self::Subquery(query) => write!(f, "({query})"),
            Self::Exists(query) => write!(f, "EXISTS ({query})"),
            Self::Unary { operator, operand } => {
                operator.fmt(f)?;
                // A space keeps `- -1` from becoming a comment.
                let spaced = matches!(operator, UnaryOperator::Not | UnaryOperator::Qualified(_))
                    || matches!(**operand, Self::Unary { .. });
                write!(f, "{}{operand}", when(spaced, " "))
            }
            Self::Binary {
                left,
                operator,
                right,
            } => write!(f, "{left} {operator} {right}"),
            Self::Logical { operator, operands } => Joined(
                operands,
                match operator {
                    LogicalOperator::And => " AND ",
                    LogicalOperator::Or => " OR ",
                },
            )
            .fmt(f),
            Self::Collate { operand, collation } => write!(f, "{operand} COLLATE {collation}"),
            Self::AtTimeZone { operand, zone } => write!(f, "{operand} AT TIME ZONE {zone}"),
            Self::Cast {
                operand,
                data_type,
                function: false,
            } => write!(f, "{operand}::{data_type}"),
            Self::Cast {
                operand,
                data_type,
                function: true,
            } => write!(f, "CAST({operand} AS {data_type})"),
            Self::Annotate {
                operand,
                data_type,
                function: false,
            } => write!(f, "{operand}:::{data_type}"),
            Self::Annotate {
                operand,
                data_type,
                function: true,
            } => {
                write!(f, "ANNOTATE_TYPE({operand}, {data_type})")
            }
            Self::TypedLiteral { data_type, text } => write!(f, "{data_type} {}", Text(text)),
            Self::Interval(interval) => interval.fmt(f),
            Self::Subscript {
                operand,
                subscripts,
            } => write!(f, "{operand}{}", Joined(subscripts, "")),
            Self::Field { operand, field } => write!(f, "{operand}.{field}"),
            Self::Case(case) => case.fmt(f),
            Self::Function(function) => function.fmt(f),
            Self::Special(form) => form.fmt(f),
            _ => self.print_test(f),
        }
    }
}

impl Expr {
    /// Prints what tests a value.
    fn print_test(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let not = |negated: &bool| when(*negated, "NOT ");
        match self {
            Self::Is {
                operand,
                negated,
                test,
            } => write!(f, "{operand} IS {}{test}", not(negated)),
            Self::IsDistinctFrom {
                left,
                negated,
                right,
            } => {
                write!(f, "{left} IS {}DISTINCT FROM {right}", not(negated))
            }
            Self::IsOf {
                operand,
                negated,
                types,
            } => write!(f, "{operand} IS {}OF ({})", not(negated), list(types)),
            Self::Between {
                operand,
                negated,
                symmetric,
                low,
                high,
            } => write!(
                f,
                "{operand} {}BETWEEN {}{low} AND {high}",
                not(negated),
                when(*symmetric, "SYMMETRIC ")
            ),
            Self::In {
                operand,
                negated,
                set,
            } => write!(f, "{operand} {}IN {set}", not(negated)),
            Self::Like {
                operand,
                negated,
                kind,
                pattern,
                escape,
            } => {
                write!(
                    f,
                    "{operand} {}{kind} {pattern}{}",
                    not(negated),
                    Before(" ESCAPE ", escape)
                )
            }
            Self::Quantified {
                left,
                operator,
                quantifier,
                right,
            } => {
                write!(f, "{left} {operator} {quantifier} {right}")
            }
            _ => Ok(()),
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
            Self::Null => f.write_str("NULL"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer(text) | Self::Decimal(text) => f.write_str(text),
            Self::String(text) => Text(text).fmt(f),
            Self::Bytes(bytes) => {
                f.write_str("x'")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str("'")
            }
            Self::Bits(digits) => write!(f, "B'{digits}'"),
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
            Self::Plus => f.write_str("+"),
            Self::Minus => f.write_str("-"),
            Self::Complement => f.write_str("~"),
            Self::SquareRoot => f.write_str("|/"),
            Self::CubeRoot => f.write_str("||/"),
            Self::Not => f.write_str("NOT"),
            Self::Qualified(name) => write!(f, "OPERATOR({name})"),
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

impl Display for Interval {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("INTERVAL")?;
        if let Some(precision) = self.precision {
            write!(f, "({precision})")?;
        }
        write!(f, " {}{}", Text(&self.text), Before(" ", &self.fields))
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
