//! Which expressions are never NULL.
//!
//! An expression is not NULL only by proof; whatever is not understood may be NULL. Every rule holds on CockroachDB and on
//! PostgreSQL.

use super::function::{self, Kind};
use super::relation::is_plain_type;
use super::scope::Found;
use super::{Columns, Observer, Resolver};
use crate::dialect::ast::{
    ArrayValue, BinaryOperator, ColumnRef, DataType, Expr, Function, FunctionArguments, InSet,
    IsTest, Literal, Query, Select, SpecialForm, UnaryOperator,
};
use crate::dialect::keyword::Keyword;
use crate::dialect::visit::{Descend, Visitor};
use crate::schema::canonical_type;

/// What stands around an expression.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    /// Whether a column may be NULL in a row of its own: ROLLUP and CUBE.
    rolled_up: bool,
}

impl Context {
    /// Outside any group.
    pub(super) const PLAIN: Self = Self { rolled_up: false };

    pub(super) fn is_rolled_up(self) -> bool {
        self.rolled_up
    }

    pub(super) fn of(select: &Select) -> Self {
        let rolled_up = select.group_by.iter().any(|key| match key {
            Expr::Function(function) => matches!(
                function::builtin_name(function),
                Some("rollup" | "cube" | "sets")
            ),
            _ => false,
        });
        Self { rolled_up }
    }
}

/// Operators that have a value when both operands have one.
const STRICT: &[&str] = &[
    "+", "-", "*", "/", "//", "%", "^", "&", "|", "#", "<<", ">>", "||", "=", "!=", "<", ">", "<=",
    ">=", "@>", "<@", "&&", "~", "!~", "~*", "!~*", "?", "?|", "?&",
];

impl<'t, O: Observer<'t>> Resolver<'t, O> {
    /// Whether it is proven that the expression is never NULL.
    pub(super) fn not_null(&self, expr: &'t Expr, context: Context) -> bool {
        if context.rolled_up {
            return false;
        }
        let sure = |expr: &'t Expr| self.not_null(expr, context);
        match expr {
            Expr::Literal(literal) => *literal != Literal::Null,
            Expr::TypedLiteral { .. } | Expr::Interval(_) => true,
            Expr::Column(column) if !column.star => {
                matches!(self.find(column), Found::Column(column, _) if column.not_null)
            }
            Expr::Nested(operand)
            | Expr::Collate { operand, .. }
            | Expr::Annotate { operand, .. } => sure(operand),
            Expr::Array(ArrayValue::Elements(_) | ArrayValue::Query(_)) => true,
            Expr::Subquery(query) => {
                self.one_row.contains(&std::ptr::from_ref(&**query)) && self.first_not_null(query)
            }
            Expr::Exists(_) | Expr::IsDistinctFrom { .. } => true,
            Expr::Unary { operator, operand } => {
                !matches!(operator, UnaryOperator::Qualified(_)) && sure(operand)
            }
            Expr::Binary {
                left,
                operator: BinaryOperator::Symbol(symbol),
                right,
            } => STRICT.contains(symbol) && sure(left) && sure(right),
            Expr::Logical { operands, .. } => operands.iter().all(sure),
            Expr::Is { operand, test, .. } => *test != IsTest::NaN || sure(operand),
            Expr::Between {
                operand, low, high, ..
            } => sure(operand) && sure(low) && sure(high),
            Expr::In { operand, set, .. } => {
                sure(operand)
                    && match set {
                        InSet::List(values) => values.iter().all(sure),
                        InSet::Query(query) => self.first_not_null(query),
                    }
            }
            Expr::Like {
                operand,
                pattern,
                escape,
                ..
            } => sure(operand) && sure(pattern) && escape.as_deref().is_none_or(sure),
            Expr::AtTimeZone { operand, zone } => sure(operand) && sure(zone),
            Expr::Cast {
                operand, data_type, ..
            } => sure(operand) && (!self.maybe_json(operand) || is_json(data_type)),
            Expr::Case(case) => {
                case.otherwise.as_ref().is_some_and(sure)
                    && case.whens.iter().all(|when| sure(&when.result))
            }
            Expr::Function(function) => match function::kind(function) {
                Some(Kind::Value | Kind::Count) => true,
                Some(Kind::Ranking) => function.over.is_some(),
                // Of no rows, or of the rows that a filter or the frame of a window leaves, there may be no sum; and
                // extensions add aggregates of the same names for their types.
                Some(Kind::Scalar | Kind::Aggregate) | None => false,
            },
            Expr::Special(form) => self.form_not_null(form, context),
            _ => false,
        }
    }

    /// Whether an aggregate sums up the rows of the innermost select: over the columns of an outer one alone it belongs
    /// to that.
    pub(super) fn is_own(&self, call: &'t Function) -> bool {
        let scope = self.scopes.last();
        let own = |column: &&ColumnRef| {
            scope.is_some_and(|scope| matches!(scope.find(&column.parts), Found::Column(..)))
        };
        Columns::of_arguments(call).iter().all(own)
    }

    fn form_not_null(&self, form: &'t SpecialForm, context: Context) -> bool {
        let sure = |expr: &'t Expr| self.not_null(expr, context);
        match form {
            SpecialForm::Keyword { keyword, arguments } => {
                let arguments = arguments.as_deref().unwrap_or_default();
                match keyword {
                    Keyword::COALESCE | Keyword::IFNULL => arguments.iter().any(sure),
                    Keyword::GREATEST | Keyword::LEAST => arguments.iter().all(sure),
                    Keyword::IF => arguments.iter().skip(1).all(sure),
                    Keyword::CURRENT_DATE
                    | Keyword::CURRENT_TIME
                    | Keyword::CURRENT_TIMESTAMP
                    | Keyword::LOCALTIME
                    | Keyword::LOCALTIMESTAMP
                    | Keyword::CURRENT_USER
                    | Keyword::CURRENT_ROLE
                    | Keyword::SESSION_USER
                    | Keyword::USER => true,
                    _ => false,
                }
            }
            SpecialForm::Position { needle, haystack } => sure(needle) && sure(haystack),
            SpecialForm::Overlay {
                source,
                placing,
                from,
                length,
            } => sure(source) && sure(placing) && sure(from) && length.as_ref().is_none_or(sure),
            SpecialForm::Trim {
                characters, source, ..
            } => characters.iter().chain(source).all(sure),
            _ => false,
        }
    }

    /// Whether a value may be JSON: its `null` becomes NULL in a cast.
    pub(super) fn maybe_json(&self, expr: &'t Expr) -> bool {
        match expr {
            Expr::Literal(_)
            | Expr::Interval(_)
            | Expr::Exists(_)
            | Expr::Is { .. }
            | Expr::IsDistinctFrom { .. }
            | Expr::Logical { .. }
            | Expr::Between { .. }
            | Expr::In { .. }
            | Expr::Like { .. }
            | Expr::AtTimeZone { .. } => false,
            Expr::TypedLiteral { data_type, .. }
            | Expr::Cast { data_type, .. }
            | Expr::Annotate { data_type, .. } => {
                !is_plain_type(&canonical_type(&data_type.to_string()), self.schema)
            }
            Expr::Column(column) => match self.find(column) {
                Found::Column(column, _) => column.maybe_json,
                _ => true,
            },
            Expr::Nested(operand) | Expr::Collate { operand, .. } | Expr::Unary { operand, .. } => {
                self.maybe_json(operand)
            }
            Expr::Binary { left, right, .. } => self.maybe_json(left) || self.maybe_json(right),
            Expr::Case(case) => case
                .whens
                .iter()
                .map(|when| &when.result)
                .chain(&case.otherwise)
                .any(|result| self.maybe_json(result)),
            Expr::Function(function) => match function::kind(function) {
                Some(Kind::Count | Kind::Ranking) => false,
                Some(Kind::Value) => function::builtin_name(function)
                    .is_none_or(|name| name.contains("json") || name == "version"),
                _ => true,
            },
            Expr::Special(form) => match &**form {
                SpecialForm::Keyword {
                    keyword:
                        Keyword::COALESCE
                        | Keyword::IFNULL
                        | Keyword::GREATEST
                        | Keyword::LEAST
                        | Keyword::NULLIF,
                    arguments: Some(arguments),
                } => arguments.iter().any(|argument| self.maybe_json(argument)),
                SpecialForm::Keyword {
                    arguments: None, ..
                } => false,
                _ => true,
            },
            _ => true,
        }
    }

    /// Whether it shows that an array holds NULL: it is made of something that may be.
    pub(super) fn null_elements(&self, expr: &'t Expr, context: Context) -> bool {
        match expr {
            Expr::Nested(operand) | Expr::Cast { operand, .. } => {
                self.null_elements(operand, context)
            }
            Expr::Column(column) => {
                matches!(self.find(column), Found::Column(column, _) if column.null_elements)
            }
            Expr::Array(ArrayValue::Elements(values)) => values
                .iter()
                .any(|value| !self.not_null(value, context) || self.null_elements(value, context)),
            Expr::Array(ArrayValue::Inner(values)) => {
                values.iter().any(|value| !self.not_null(value, context))
            }
            Expr::Array(ArrayValue::Query(query)) => !self.first_not_null(query),
            Expr::Function(function) if function::builtin_name(function) == Some("array_agg") => {
                match &function.arguments {
                    FunctionArguments::List(values)
                    | FunctionArguments::All(values)
                    | FunctionArguments::Distinct(values) => {
                        values.iter().any(|value| !self.not_null(value, context))
                    }
                    FunctionArguments::Star => false,
                }
            }
            Expr::Special(form) => match &**form {
                SpecialForm::Keyword {
                    keyword: Keyword::COALESCE | Keyword::IFNULL,
                    arguments: Some(arguments),
                } => arguments
                    .iter()
                    .any(|argument| self.null_elements(argument, context)),
                _ => false,
            },
            _ => false,
        }
    }

    fn first_not_null(&self, query: &'t Query) -> bool {
        self.output(query).is_some_and(|output| {
            output.is_complete()
                && output.columns().len() == 1
                && output.columns().iter().all(|column| column.not_null)
        })
    }
}

/// The calls among the items of a select.
#[derive(Debug, Default)]
pub(super) struct Calls<'t> {
    /// Those that sum up rows.
    pub(super) aggregates: Vec<&'t Function>,
    /// Whether one may give any number of rows.
    pub(super) unknown: bool,
}

impl<'t> Visitor<'t> for Calls<'t> {
    fn query(&mut self, _: &'t Query) -> Descend {
        Descend::Over
    }

    fn expr(&mut self, expr: &'t Expr) {
        if let Expr::Function(function) = expr {
            if function::is_aggregate(function) {
                self.aggregates.push(function);
            }
            self.unknown |= !function::is_scalar(function);
        }
    }
}

fn is_json(data_type: &DataType) -> bool {
    matches!(
        canonical_type(&data_type.to_string()).as_str(),
        "json" | "jsonb"
    )
}
