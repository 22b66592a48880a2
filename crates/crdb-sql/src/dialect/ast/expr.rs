//! Expressions.

use super::super::keyword::Keyword;
use super::super::span::Span;
use super::name::{Ident, ObjectName};
use super::query::{OrderBy, Query, Window};
use super::types::{DataType, IntervalField};

tree! {
    /// An expression. Parentheses that were written are kept ([`Expr::Nested`]), so that printing never has to add any.
    #[non_exhaustive]
    pub enum Expr: Partly + Visited {
        /// A constant.
        Literal(Literal),
        /// `a`, `t.a`, `t.*`.
        Column(ColumnRef),
        /// `@1`: a column by its position.
        Ordinal(u32) => "@",
        /// `$1`.
        Placeholder(Placeholder),
        /// `DEFAULT`, where a value is assigned.
        Default => "DEFAULT",
        /// `(a)`.
        Nested(Box<Expr>) => "(" .. ")",
        /// `(a, b)` or `ROW(a, b)`.
        Tuple {
            /// Whether `ROW` stands before it.
            row: bool,
            /// The values.
            values: Vec<Expr>,
        },
        /// `((1, 2) AS a, b)`.
        LabeledTuple {
            /// The tuple.
            tuple: Box<Expr> => "(",
            /// The labels.
            labels: Vec<Ident> => all " AS " .. ")",
        },
        /// `ARRAY[1, 2]`, `ARRAY(SELECT ..)`.
        Array(ArrayValue),
        /// `(SELECT ..)`.
        Subquery(Box<Query>) => "(" .. ")",
        /// `EXISTS (SELECT ..)`.
        Exists(Box<Query>) => "EXISTS (" .. ")",
        /// `-a`, `NOT a`.
        Unary {
            /// The operator.
            operator: UnaryOperator,
            /// What it applies to.
            operand: Box<Expr>,
        },
        /// `a + b`.
        Binary {
            /// The left operand.
            left: Box<Expr> => "",
            /// The operator.
            operator: BinaryOperator => " " .. " ",
            /// The right operand.
            right: Box<Expr> => "",
        },
        /// `a AND b AND c`: a whole chain, so that a long one is not a deep one.
        Logical {
            /// `AND` or `OR`.
            operator: LogicalOperator,
            /// Two or more.
            operands: Vec<Expr>,
        },
        /// `a IS NOT NULL`.
        Is {
            /// What is tested.
            operand: Box<Expr> => "" .. " IS ",
            /// Whether `NOT` stands there.
            negated: bool => "NOT ",
            /// For what.
            test: IsTest => "",
        },
        /// `a IS DISTINCT FROM b`.
        IsDistinctFrom {
            /// The left operand.
            left: Box<Expr> => "" .. " IS ",
            /// Whether `NOT` stands there.
            negated: bool => "NOT ",
            /// The right operand.
            right: Box<Expr> => "DISTINCT FROM ",
        },
        /// `a IS OF (INT8, STRING)`.
        IsOf {
            /// What is tested.
            operand: Box<Expr> => "" .. " IS ",
            /// Whether `NOT` stands there.
            negated: bool => "NOT ",
            /// The types.
            types: Vec<DataType> => all "OF (" .. ")",
        },
        /// `a BETWEEN b AND c`.
        Between {
            /// What is tested.
            operand: Box<Expr> => "" .. " ",
            /// Whether `NOT` stands there.
            negated: bool => "NOT ",
            /// Whether `SYMMETRIC` stands there.
            symmetric: bool => "BETWEEN SYMMETRIC " .. "BETWEEN ",
            /// The lower bound.
            low: Box<Expr> => "",
            /// The upper bound.
            high: Box<Expr> => " AND ",
        },
        /// `a IN (1, 2)`.
        In {
            /// What is tested.
            operand: Box<Expr> => "" .. " ",
            /// Whether `NOT` stands there.
            negated: bool => "NOT ",
            /// Among what.
            set: InSet => "IN ",
        },
        /// `a LIKE b ESCAPE c`.
        Like {
            /// What is tested.
            operand: Box<Expr> => "" .. " ",
            /// Whether `NOT` stands there.
            negated: bool => "NOT ",
            /// By which kind of pattern.
            kind: LikeKind => "" .. " ",
            /// The pattern.
            pattern: Box<Expr> => "",
            /// The escape character.
            escape: Option<Box<Expr>> => " ESCAPE ",
        },
        /// `a = ANY (b)`.
        Quantified {
            /// The left operand.
            left: Box<Expr> => "" .. " ",
            /// The comparison.
            operator: QuantifiedOperator => "" .. " ",
            /// How many must compare so.
            quantifier: Quantifier => "" .. " ",
            /// The array, tuple or query.
            right: Box<Expr> => "",
        },
        /// `a COLLATE de`.
        Collate {
            /// The text.
            operand: Box<Expr> => "",
            /// The collation, qualified at most once.
            collation: ObjectName => " COLLATE ",
        },
        /// `a AT TIME ZONE b`.
        AtTimeZone {
            /// The time.
            operand: Box<Expr> => "",
            /// The zone.
            zone: Box<Expr> => " AT TIME ZONE ",
        },
        /// `a::INT8` or `CAST(a AS INT8)`.
        Cast {
            /// The value.
            operand: Box<Expr>,
            /// The type.
            data_type: Box<DataType>,
            /// Whether it is written `CAST(.. AS ..)`.
            function: bool,
        },
        /// `a:::INT8` or `ANNOTATE_TYPE(a, INT8)`.
        Annotate {
            /// The value.
            operand: Box<Expr>,
            /// The type.
            data_type: Box<DataType>,
            /// Whether it is written `ANNOTATE_TYPE(.., ..)`.
            function: bool,
        },
        /// `DATE '2026-01-01'`.
        TypedLiteral {
            /// The type.
            data_type: Box<DataType> => "" .. " ",
            /// The text.
            text: Box<str> => "",
        },
        /// `INTERVAL '1 day'`.
        Interval(Box<Interval>),
        /// `a[1]`, `a[1:2][3]`.
        Subscript {
            /// The array.
            operand: Box<Expr> => "",
            /// One or more.
            subscripts: Vec<Subscript> => "",
        },
        /// `(a).b`.
        Field {
            /// The tuple, in its parentheses.
            operand: Box<Expr> => "" .. ".",
            /// Which field.
            field: Field => "",
        },
        /// `CASE .. END`.
        Case(Box<Case>),
        /// `f(a)`.
        Function(Box<Function>),
        /// What looks like a function and has a grammar of its own.
        Special(Box<SpecialForm>),
    }

    /// A constant.
    #[non_exhaustive]
    pub enum Literal: Partly {
        /// `NULL`
        Null => "NULL",
        /// `true`, `false`
        Boolean(bool) => "true" .. "false",
        /// `1` or `0x1f`, as it was written.
        Integer(Box<str>),
        /// `1.5`, as it was written.
        Decimal(Box<str>),
        /// `'text'`, whatever quotes it was written with.
        String(Box<str>),
        /// `b'..'` or `x'..'`.
        Bytes(Box<[u8]>) => "x'" .. "'",
        /// `B'0101'`.
        Bits(Box<str>) => "B",
    }

    /// A column, or all of a table's.
    pub struct ColumnRef: Shown {
        /// The parts, the outermost first; never empty.
        pub parts: Vec<Ident>,
        /// Whether `.*` follows.
        pub star: bool,
        /// Where it was read.
        pub span: Span,
    }

    /// A parameter's place.
    #[non_exhaustive]
    pub enum Placeholder: Display {
        /// `$1`.
        Numbered {
            /// The number, from 1 to 65,536.
            number: u32 => "$",
            /// Where it was read.
            span: Span,
        },
        /// `:name`, where [`Options::named_placeholders`](crate::dialect::Options::named_placeholders) allows it.
        Named {
            /// The name.
            name: Ident => ":",
            /// Where it was read, colon included.
            span: Span,
        },
    }

    /// What an `ARRAY` constructor is made of.
    #[non_exhaustive]
    pub enum ArrayValue: Display {
        /// `ARRAY[1, 2]`; inner brackets are arrays too.
        Elements(Vec<Expr>) => "ARRAY[" .. "]",
        /// `[1, 2]` inside another array's brackets.
        Inner(Vec<Expr>) => "[" .. "]",
        /// `ARRAY(1, 2)`: the elements as a tuple.
        Tuple(Box<Expr>) => "ARRAY ",
        /// `ARRAY(SELECT ..)`.
        Query(Box<Query>) => "ARRAY (" .. ")",
    }

    /// An operator before its operand.
    #[non_exhaustive]
    pub enum UnaryOperator: Partly {
        /// `+`
        Plus => "+",
        /// `-`
        Minus => "-",
        /// `~`
        Complement => "~",
        /// `|/`
        SquareRoot => "|/",
        /// `||/`
        CubeRoot => "||/",
        /// `NOT`
        Not => "NOT",
        /// `OPERATOR(pg_catalog.-)`
        Qualified(Box<str>),
    }

    /// An operator between two operands.
    #[non_exhaustive]
    pub enum BinaryOperator: Shown {
        /// One of the symbols of the grammar, as it is written (`<>` as `!=`).
        Symbol(&'static str),
        /// `OPERATOR(pg_catalog.+)`: what stands in the parentheses.
        Qualified(Box<str>),
        /// `OVERLAPS`, between two rows.
        Overlaps,
    }

    /// What `IN` looks in.
    #[non_exhaustive]
    pub enum InSet: Display {
        /// `(1, 2)`, possibly empty.
        List(Vec<Expr>) => "(" .. ")",
        /// `(SELECT ..)`.
        Query(Box<Query>) => "(" .. ")",
    }

    /// A comparison that can be quantified.
    #[non_exhaustive]
    pub enum QuantifiedOperator: Display {
        /// `=`, `<`, ..
        Binary(BinaryOperator),
        /// `LIKE`, `NOT ILIKE`.
        Like {
            /// Whether `NOT` stands before it.
            negated: bool => "NOT ",
            /// Which.
            kind: LikeKind => "",
        },
    }

    /// `INTERVAL '1' SECOND`.
    pub struct Interval: Display => "INTERVAL" {
        /// `INTERVAL(3) '..'`.
        pub precision: Option<u32> => "(" .. ")",
        /// The text.
        pub text: Box<str> => " ",
        /// The fields behind the text.
        pub fields: Option<IntervalField> => " ",
    }

    /// One pair of brackets behind an array.
    #[non_exhaustive]
    pub enum Subscript: Shown, "" {
        /// `[1]`
        Index(Expr),
        /// `[1:2]`, `[:]`
        Slice {
            /// The first element; from the beginning without it.
            low: Option<Expr>,
            /// The last element; to the end without it.
            high: Option<Expr>,
        },
    }

    /// A field of a tuple.
    #[non_exhaustive]
    pub enum Field: Display {
        /// `.a`
        Name(Ident),
        /// `.@1`
        Ordinal(u32) => "@",
        /// `.*`
        Star => "*",
    }

    /// `CASE a WHEN b THEN c ELSE d END`.
    pub struct Case: Display => "CASE" .. " END" {
        /// What is compared.
        pub operand: Option<Expr> => " ",
        /// One or more.
        pub whens: Vec<When> => " ",
        /// What holds when none does.
        pub otherwise: Option<Expr> => " ELSE ",
    }

    /// `WHEN a THEN b`.
    pub struct When: Display, " " {
        /// The condition or value.
        pub condition: Expr => "WHEN ",
        /// The result.
        pub result: Expr => " THEN ",
    }

    /// A call.
    pub struct Function: Shown {
        /// The function.
        pub name: ObjectName,
        /// By number, `[FUNCTION 1](..)`; the name is then `function`.
        pub id: Option<u32>,
        /// What it is called with.
        pub arguments: FunctionArguments,
        /// `ORDER BY` within the arguments.
        pub order_by: Vec<OrderBy>,
        /// `WITHIN GROUP (ORDER BY ..)`.
        pub within_group: Vec<OrderBy>,
        /// `FILTER (WHERE ..)`.
        pub filter: Option<Expr>,
        /// `OVER ..`.
        pub over: Option<Window>,
    }

    /// What a function is called with.
    #[non_exhaustive]
    pub enum FunctionArguments {
        /// `(*)`
        Star,
        /// `(a, b)`
        List(Vec<Expr>),
        /// `(ALL a, b)`
        All(Vec<Expr>),
        /// `(DISTINCT a, b)`
        Distinct(Vec<Expr>),
    }

    /// What looks like a function and has a grammar of its own.
    #[non_exhaustive]
    pub enum SpecialForm: Display {
        /// `CURRENT_DATE`, `COALESCE(a, b)`: a keyword, and its arguments if there are parentheses.
        Keyword {
            /// The keyword.
            keyword: Keyword => "",
            /// The arguments.
            arguments: Option<Vec<Expr>> => all "(" .. ")",
        },
        /// `EXTRACT(year FROM a)` or `EXTRACT_DURATION(..)`.
        Extract {
            /// Whether it is `EXTRACT_DURATION`.
            duration: bool => "EXTRACT_DURATION(" .. "EXTRACT(",
            /// The field.
            field: Box<str> => "",
            /// The time.
            source: Expr => " FROM " .. ")",
        },
        /// `POSITION(a IN b)`.
        Position {
            /// What is looked for.
            needle: Expr => "POSITION(",
            /// Where.
            haystack: Expr => " IN " .. ")",
        },
        /// `SUBSTRING(a FROM b FOR c)`.
        Substring {
            /// The text.
            source: Expr => "",
            /// From where, or by which pattern.
            from: Option<Expr> => " FROM ",
            /// How much, or by which escape.
            length: Option<Expr> => " FOR ",
        } => "SUBSTRING(" .. ")",
        /// `OVERLAY(a PLACING b FROM c FOR d)`.
        Overlay {
            /// The text.
            source: Expr => "",
            /// What is put in.
            placing: Expr => " PLACING ",
            /// From where.
            from: Expr => " FROM ",
            /// In place of how much.
            length: Option<Expr> => " FOR ",
        } => "OVERLAY(" .. ")",
        /// `TRIM(LEADING a FROM b)`.
        Trim {
            /// Which side.
            side: Option<TrimSide> => "" .. " ",
            /// The characters; before `FROM`.
            characters: Option<Expr> => "" .. " ",
            /// Whether `FROM` stands there.
            from: bool => "FROM ",
            /// The text, and more.
            source: Vec<Expr> => "",
        } => "TRIM(" .. ")",
        /// `COLLATION FOR (a)`.
        CollationFor(Expr) => "COLLATION FOR (" .. ")",
    }
}

words! {
    /// `AND` or `OR`.
    pub enum LogicalOperator {
        And = AND,
        Or = OR,
    }

    /// What `IS` tests for.
    #[non_exhaustive]
    pub enum IsTest {
        Null = NULL,
        True = TRUE,
        False = FALSE,
        Unknown = UNKNOWN,
        NaN = NAN,
    }

    /// The pattern languages.
    #[non_exhaustive]
    pub enum LikeKind {
        Like = LIKE,
        ILike = ILIKE,
        SimilarTo = SIMILAR TO,
    }

    /// How many must compare so.
    pub enum Quantifier {
        Any = ANY,
        /// is as `ANY`.
        Some = SOME,
        All = ALL,
    }

    /// From which side `TRIM` trims.
    pub enum TrimSide {
        Both = BOTH,
        Leading = LEADING,
        Trailing = TRAILING,
    }
}

impl Placeholder {
    /// Where it was read.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Numbered { span, .. } | Self::Named { span, .. } => *span,
        }
    }
}

#[cfg(feature = "checks")]
impl Subscript {
    /// Its bounds, in order.
    pub(crate) fn exprs(&self) -> impl Iterator<Item = &Expr> {
        let (low, high) = match self {
            Self::Index(index) => (Some(index), None),
            Self::Slice { low, high } => (low.as_ref(), high.as_ref()),
        };
        low.into_iter().chain(high)
    }
}
