//! Expressions: operators by binding power.

use super::super::ast::{
    BinaryOperator, Expr, InSet, IsTest, LikeKind, LogicalOperator, QuantifiedOperator, Quantifier,
    UnaryOperator,
};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::operator::{
    AND, AT, CAST, COLLATE, CONCAT, ESCAPE, IS, Level, MATCH, NOT, OR, OVERLAP, QUALIFIED, SHIFT,
    SIGN, does_not_associate, is_comparison, is_restricted, symbol,
};
use super::{Parsed, Parser};

/// Which expressions a place takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Any.
    Full,
    /// Without `AND`, `OR`, `NOT`, pattern matches and JSON operators, where those would be ambiguous: column
    /// defaults, the lower bound of `BETWEEN`, `POSITION`.
    Restricted,
}

impl Parser<'_> {
    /// Any expression.
    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        self.expr_of(OR, Form::Full)
    }

    /// An expression of the restricted form.
    pub(super) fn restricted_expr(&mut self) -> Parsed<Expr> {
        self.expr_of(OR, Form::Restricted)
    }

    pub(super) fn exprs(&mut self) -> Parsed<Vec<Expr>> {
        self.comma_list(Self::expr)
    }

    /// `(a, b)`.
    pub(super) fn paren_exprs(&mut self) -> Parsed<Vec<Expr>> {
        self.paren_list(Self::expr)
    }

    /// An expression whose operators bind at least as tightly as `least`.
    fn expr_of(&mut self, least: Level, form: Form) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > super::MAX_DEPTH {
            return Err(self.too_deep());
        }
        let outer = std::mem::take(&mut self.height);
        let left = self.operand(form)?;
        self.grow()?;
        let whole = self.operators(left, least, form)?;
        self.height = self.height.max(outer);
        self.depth -= 1;
        Ok(whole)
    }

    /// An operand with the operators before it.
    fn operand(&mut self, form: Form) -> Parsed<Expr> {
        let (operator, level) = match self.kind() {
            TokenKind::Minus => (UnaryOperator::Minus, SIGN),
            TokenKind::Plus => (UnaryOperator::Plus, SIGN),
            TokenKind::Tilde => (UnaryOperator::Complement, SIGN),
            TokenKind::SquareRoot if form == Form::Full => (UnaryOperator::SquareRoot, SHIFT),
            TokenKind::CubeRoot if form == Form::Full => (UnaryOperator::CubeRoot, SHIFT),
            TokenKind::Keyword(Keyword::NOT) if form == Form::Full => (UnaryOperator::Not, NOT),
            TokenKind::Keyword(Keyword::OPERATOR) if self.kind_at(1) == TokenKind::LeftParen => {
                (UnaryOperator::Qualified(self.qualified_operator()?), SHIFT)
            }
            TokenKind::Keyword(Keyword::DEFAULT) if form == Form::Full => {
                self.advance();
                return Ok(Expr::Default);
            }
            _ => return self.primary(),
        };
        if !matches!(operator, UnaryOperator::Qualified(_)) {
            self.advance();
        }
        let operand = Box::new(self.expr_of(level, form)?);
        Ok(Expr::Unary { operator, operand })
    }

    /// What operators make of the operand at the left.
    fn operators(&mut self, mut left: Expr, least: Level, form: Form) -> Parsed<Expr> {
        // The level of the operator just applied, if its right side is an expression and it does not associate.
        let mut last = 0;
        loop {
            let kind = self.kind();
            let (level, symbol) = match symbol(kind) {
                Some(found) => found,
                None => match self.word_operator(kind, form) {
                    Some(level) => (level, ""),
                    None => return Ok(left),
                },
            };
            if level < least || form == Form::Restricted && !is_restricted(kind) {
                return Ok(left);
            }
            if level == last {
                return Err(self.expected(
                    "parentheses around the comparison before, which does not associate",
                ));
            }
            left = if symbol.is_empty() {
                self.apply_word(left, kind, level, form)?
            } else {
                self.apply_symbol(left, symbol, level, form)?
            };
            last = if does_not_associate(level) && ends_with_operand(&left) {
                level
            } else {
                0
            };
            self.grow()?;
        }
    }

    /// The level of an operator that is a word, or that needs more than its symbol to be recognised.
    fn word_operator(&self, kind: TokenKind, form: Form) -> Option<Level> {
        let level = match kind {
            TokenKind::TypeCast | TokenKind::TypeAnnotation => CAST,
            TokenKind::Keyword(keyword) => match keyword {
                Keyword::AND => AND,
                Keyword::OR => OR,
                Keyword::IS if form == Form::Full => IS,
                Keyword::IS => {
                    let after = if self.keyword_at(1, Keyword::NOT) {
                        2
                    } else {
                        1
                    };
                    if !(self.keyword_at(after, Keyword::DISTINCT)
                        || self.keyword_at(after, Keyword::OF))
                    {
                        return None;
                    }
                    IS
                }
                Keyword::ISNULL | Keyword::NOTNULL => IS,
                Keyword::LIKE | Keyword::ILIKE | Keyword::BETWEEN | Keyword::IN => MATCH,
                Keyword::SIMILAR if self.keyword_at(1, Keyword::TO) => MATCH,
                Keyword::NOT => match self.kind_at(1) {
                    TokenKind::Keyword(
                        Keyword::BETWEEN
                        | Keyword::IN
                        | Keyword::LIKE
                        | Keyword::ILIKE
                        | Keyword::SIMILAR,
                    ) => MATCH,
                    _ => return None,
                },
                Keyword::OVERLAPS => OVERLAP,
                Keyword::OPERATOR if self.kind_at(1) == TokenKind::LeftParen => QUALIFIED,
                Keyword::AT
                    if self.keyword_at(1, Keyword::TIME) && self.keyword_at(2, Keyword::ZONE) =>
                {
                    AT
                }
                Keyword::COLLATE => COLLATE,
                _ => return None,
            },
            _ => return None,
        };
        Some(level)
    }

    /// `left <symbol> right`, or `left <symbol> ANY right`.
    fn apply_symbol(
        &mut self,
        left: Expr,
        symbol: &'static str,
        level: Level,
        form: Form,
    ) -> Parsed<Expr> {
        self.advance();
        if form == Form::Full
            && let Some(quantifier) = self.opt_words()?
        {
            if !is_comparison(symbol) {
                return Err(self.invalid(format!(
                    "`{symbol}` is no comparison, so `ANY`, `SOME` and `ALL` cannot follow it"
                )));
            }
            return self.quantified(
                left,
                QuantifiedOperator::Binary(BinaryOperator::Symbol(symbol)),
                quantifier,
            );
        }
        let right = Box::new(self.expr_of(level + 1, form)?);
        Ok(Expr::Binary {
            left: Box::new(left),
            operator: BinaryOperator::Symbol(symbol),
            right,
        })
    }

    fn apply_word(
        &mut self,
        left: Expr,
        kind: TokenKind,
        level: Level,
        form: Form,
    ) -> Parsed<Expr> {
        let TokenKind::Keyword(keyword) = kind else {
            self.advance();
            let data_type = Box::new(self.data_type()?);
            let operand = Box::new(left);
            return Ok(if kind == TokenKind::TypeCast {
                Expr::Cast {
                    operand,
                    data_type,
                    function: false,
                }
            } else {
                Expr::Annotate {
                    operand,
                    data_type,
                    function: false,
                }
            });
        };
        match keyword {
            Keyword::AND => self.logical(left, LogicalOperator::And, level, Keyword::AND),
            Keyword::OR => self.logical(left, LogicalOperator::Or, level, Keyword::OR),
            Keyword::IS => self.is_test(left, form),
            Keyword::ISNULL | Keyword::NOTNULL => {
                self.advance();
                Ok(Expr::Is {
                    operand: Box::new(left),
                    negated: keyword == Keyword::NOTNULL,
                    test: IsTest::Null,
                })
            }
            Keyword::OPERATOR => self.apply_qualified(left, form),
            Keyword::OVERLAPS => {
                self.advance();
                let right = Box::new(self.expr_of(level + 1, form)?);
                if !(is_row(&left) && is_row(&right)) {
                    return Err(self.invalid("`OVERLAPS` stands between two rows of two values"));
                }
                Ok(Expr::Binary {
                    left: Box::new(left),
                    operator: BinaryOperator::Overlaps,
                    right,
                })
            }
            Keyword::AT => {
                self.at += 3;
                let zone = Box::new(self.expr_of(level + 1, form)?);
                Ok(Expr::AtTimeZone {
                    operand: Box::new(left),
                    zone,
                })
            }
            Keyword::COLLATE => {
                self.advance();
                let collation = self.collation()?;
                Ok(Expr::Collate {
                    operand: Box::new(left),
                    collation,
                })
            }
            _ => self.match_test(left, form),
        }
    }

    /// A chain of `AND`s or `OR`s.
    fn logical(
        &mut self,
        left: Expr,
        operator: LogicalOperator,
        level: Level,
        keyword: Keyword,
    ) -> Parsed<Expr> {
        let mut operands = vec![left];
        while self.eat_keyword(keyword) {
            operands.push(self.expr_of(level + 1, Form::Full)?);
        }
        Ok(Expr::Logical { operator, operands })
    }

    /// `IS [NOT] ..`.
    fn is_test(&mut self, left: Expr, form: Form) -> Parsed<Expr> {
        self.advance();
        let operand = Box::new(left);
        let negated = self.eat_keyword(Keyword::NOT);
        if self.eat_keywords(kw![DISTINCT FROM]) {
            let right = Box::new(self.expr_of(IS + 1, form)?);
            return Ok(Expr::IsDistinctFrom {
                left: operand,
                negated,
                right,
            });
        }
        if self.eat_keyword(Keyword::OF) {
            let types = self.paren_list(Self::data_type)?;
            return Ok(Expr::IsOf {
                operand,
                negated,
                types,
            });
        }
        let test = self.words()?;
        Ok(Expr::Is {
            operand,
            negated,
            test,
        })
    }

    /// `[NOT] BETWEEN`, `IN`, `LIKE`, `ILIKE`, `SIMILAR TO`.
    fn match_test(&mut self, left: Expr, form: Form) -> Parsed<Expr> {
        let negated = self.eat_keyword(Keyword::NOT);
        let keyword = self.expect_any(kw![BETWEEN IN LIKE ILIKE SIMILAR])?;
        let operand = Box::new(left);
        let kind = match keyword {
            Keyword::BETWEEN => {
                let symmetric = self.eat_keyword(Keyword::SYMMETRIC);
                if !symmetric {
                    self.eat_keyword(Keyword::ASYMMETRIC);
                }
                let low = Box::new(self.restricted_expr()?);
                self.expect_keyword(Keyword::AND)?;
                let high = Box::new(self.expr_of(MATCH + 1, form)?);
                return Ok(Expr::Between {
                    operand,
                    negated,
                    symmetric,
                    low,
                    high,
                });
            }
            Keyword::IN => {
                let set = self.in_set()?;
                return Ok(Expr::In {
                    operand,
                    negated,
                    set,
                });
            }
            Keyword::LIKE => LikeKind::Like,
            Keyword::ILIKE => LikeKind::ILike,
            _ => {
                self.expect_keyword(Keyword::TO)?;
                LikeKind::SimilarTo
            }
        };
        if kind != LikeKind::SimilarTo
            && let Some(quantifier) = self.opt_words()?
        {
            return self.quantified(
                *operand,
                QuantifiedOperator::Like { kind, negated },
                quantifier,
            );
        }
        let pattern = Box::new(self.expr_of(MATCH + 1, form)?);
        let escape = if self.eat_keyword(Keyword::ESCAPE) {
            Some(Box::new(self.expr_of(ESCAPE + 1, form)?))
        } else {
            None
        };
        Ok(Expr::Like {
            operand,
            negated,
            kind,
            pattern,
            escape,
        })
    }

    /// What follows `IN`.
    pub(super) fn in_set(&mut self) -> Parsed<InSet> {
        if !self.is(TokenKind::LeftParen) {
            return Err(self.expected("`(`"));
        }
        match self.paren_expr()? {
            Expr::Subquery(query) => Ok(InSet::Query(query)),
            Expr::Tuple { row: false, values } => Ok(InSet::List(values)),
            Expr::Nested(value) => Ok(InSet::List(vec![*value])),
            _ => Err(self.invalid("`IN` takes a list of values or a query")),
        }
    }

    fn quantified(
        &mut self,
        left: Expr,
        operator: QuantifiedOperator,
        quantifier: Quantifier,
    ) -> Parsed<Expr> {
        let right = Box::new(self.expr_of(CONCAT + 1, Form::Full)?);
        Ok(Expr::Quantified {
            left: Box::new(left),
            operator,
            quantifier,
            right,
        })
    }

    /// `left OPERATOR(..) right`.
    fn apply_qualified(&mut self, left: Expr, form: Form) -> Parsed<Expr> {
        let name = self.qualified_operator()?;
        let operator = BinaryOperator::Qualified(name);
        if form == Form::Full
            && let Some(quantifier) = self.opt_words()?
        {
            return self.quantified(left, QuantifiedOperator::Binary(operator), quantifier);
        }
        // A rule of its own in the grammar: these associate to the right.
        let right = Box::new(self.expr_of(QUALIFIED, form)?);
        Ok(Expr::Binary {
            left: Box::new(left),
            operator,
            right,
        })
    }

    /// What stands in `OPERATOR(..)`: an operator, with or without a schema.
    fn qualified_operator(&mut self) -> Parsed<Box<str>> {
        self.advance();
        self.open()?;
        let mut name = String::new();
        while self.at_name() && self.kind_at(1) == TokenKind::Dot {
            name.push_str(&self.name()?.to_string());
            name.push('.');
            self.advance();
        }
        let symbol = match symbol(self.kind()) {
            Some((_, symbol)) => symbol,
            None => match self.kind() {
                TokenKind::SquareRoot => "|/",
                TokenKind::CubeRoot => "||/",
                _ => return Err(self.expected("an operator")),
            },
        };
        self.advance();
        self.close()?;
        name.push_str(symbol);
        Ok(name.into_boxed_str())
    }

    /// A collation, with or without a schema.
    pub(super) fn collation(&mut self) -> Parsed<super::super::ast::ObjectName> {
        let mut parts = vec![self.any_name()?];
        if self.eat(TokenKind::Dot) {
            parts.push(self.any_name()?);
        }
        Ok(super::super::ast::ObjectName { parts })
    }
}

/// Whether a test ends with an operand that a further operator of its level could have taken. `IS NULL`, `IN (..)` and
/// the like do not, so another may follow them.
fn ends_with_operand(test: &Expr) -> bool {
    !matches!(
        test,
        Expr::Is { .. }
            | Expr::IsOf { .. }
            | Expr::In { .. }
            | Expr::Quantified { .. }
            | Expr::Like {
                escape: Some(_),
                ..
            }
    )
}

fn is_row(expr: &Expr) -> bool {
    matches!(expr, Expr::Tuple { .. })
}
