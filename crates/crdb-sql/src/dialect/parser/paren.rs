//! What stands in parentheses, and the operands that begin with a word.

use super::super::ast::{
    ArrayValue, Case, ColumnRef, Expr, Field, Interval, Literal, Placeholder, QueryBody, Subscript,
    When,
};
use super::super::error::ParseErrorKind;
use super::super::keyword::{Keyword, KeywordClass};
use super::super::literal;
use super::super::token::{Token, TokenKind};
use super::{Parsed, Parser};

impl Parser<'_> {
    /// An operand with its fields and subscripts.
    pub(super) fn primary(&mut self) -> Parsed<Expr> {
        let operand = match self.kind() {
            TokenKind::Integer
            | TokenKind::Decimal
            | TokenKind::String
            | TokenKind::EscapeString
            | TokenKind::DollarString
            | TokenKind::Bytes
            | TokenKind::HexBytes
            | TokenKind::Bits => {
                let token = self.advance();
                Expr::Literal(self.literal(token)?)
            }
            TokenKind::Placeholder => {
                let token = self.advance();
                // The tokenizer has seen to it that the number fits.
                let number = self.text(token)[1..].parse().unwrap_or_default();
                Expr::Placeholder(Placeholder::Numbered {
                    number,
                    span: token.span,
                })
            }
            TokenKind::Colon
                if self.options.named_placeholders && self.named_placeholder_follows() =>
            {
                let start = self.advance().span.start;
                let name = self.any_name()?;
                Expr::Placeholder(Placeholder::Named {
                    name,
                    span: self.span_from(start),
                })
            }
            TokenKind::At if self.kind_at(1) == TokenKind::Integer => {
                self.advance();
                Expr::Ordinal(self.unsigned()?)
            }
            TokenKind::LeftParen => self.paren_or_field()?,
            TokenKind::LeftBracket if self.keyword_at(1, Keyword::FUNCTION) => {
                self.function_by_id()?
            }
            TokenKind::Word | TokenKind::QuotedWord => self.word_operand()?,
            TokenKind::Keyword(keyword) => return self.keyword_primary(keyword),
            _ => return Err(self.expected("an expression")),
        };
        self.subscripts(operand)
    }

    /// An operand that begins with a keyword. `CASE` and `EXISTS` take no subscripts.
    fn keyword_primary(&mut self, keyword: Keyword) -> Parsed<Expr> {
        let operand = match keyword {
            Keyword::CASE => return self.case(),
            Keyword::EXISTS if self.kind_at(1) == TokenKind::LeftParen => {
                self.advance();
                return match self.paren_expr()? {
                    Expr::Subquery(query) => Ok(Expr::Exists(query)),
                    _ => Err(self.invalid("`EXISTS` takes a query")),
                };
            }
            Keyword::TRUE | Keyword::FALSE => {
                self.advance();
                Expr::Literal(Literal::Boolean(keyword == Keyword::TRUE))
            }
            Keyword::NULL => {
                self.advance();
                Expr::Literal(Literal::Null)
            }
            Keyword::ARRAY => self.array()?,
            Keyword::ROW if self.kind_at(1) == TokenKind::LeftParen => self.row()?,
            Keyword::INTERVAL
                if super::is_string(self.kind_at(1))
                    || self.kind_at(1) == TokenKind::LeftParen
                        && self.kind_at(3) == TokenKind::RightParen
                        && super::is_string(self.kind_at(4)) =>
            {
                self.interval()?
            }
            _ if self.at_keyword_literal() => {
                let data_type = Box::new(self.data_type()?);
                Expr::TypedLiteral {
                    data_type,
                    text: self.string()?,
                }
            }
            _ if self.at_special_form(keyword) => self.special_form(keyword)?,
            _ => match keyword.class() {
                KeywordClass::Reserved => return Err(self.expected("an expression")),
                _ => self.word_operand()?,
            },
        };
        self.subscripts(operand)
    }

    /// Whether a name follows the colon at hand without a space.
    fn named_placeholder_follows(&self) -> bool {
        let next = self.tokens[self.at + 1];
        next.span.start == self.token().span.end
            && matches!(next.kind, TokenKind::Word | TokenKind::Keyword(_))
    }

    pub(super) fn literal(&self, token: Token) -> Parsed<Literal> {
        let text = self.text(token);
        let invalid =
            |why: &'static str| self.error_at(ParseErrorKind::InvalidLiteral, token.span, why);
        Ok(match token.kind {
            TokenKind::Integer => Literal::Integer(text.into()),
            TokenKind::Decimal => Literal::Decimal(text.into()),
            TokenKind::Bytes => {
                Literal::Bytes(literal::escaped(text).map_err(invalid)?.into_boxed_slice())
            }
            TokenKind::HexBytes => {
                Literal::Bytes(literal::hex(text).map_err(invalid)?.into_boxed_slice())
            }
            TokenKind::Bits => {
                Literal::Bits(literal::bits(text).map_err(invalid)?.into_boxed_str())
            }
            _ => Literal::String(self.decode_string(token)?),
        })
    }

    /// A column, a call, or a literal with its type: what begins with a name.
    fn word_operand(&mut self) -> Parsed<Expr> {
        let start = self.start();
        let (is_column, is_function) = (self.at_name(), self.at_function_name());
        let is_type = self.at_type_name();
        let first = self.advance();
        let mut parts = Vec::with_capacity(1);
        parts.push(self.ident(first));
        let mut star = false;
        while parts.len() < 4 && self.eat(TokenKind::Dot) {
            if self.eat(TokenKind::Star) {
                star = true;
                break;
            }
            parts.push(self.any_name()?);
        }
        if !star {
            let single = parts.len() == 1;
            if self.is(TokenKind::LeftParen) && (!single || is_function) {
                return self.call(parts);
            }
            if self.at_string()
                && (is_type || !single && first.kind != TokenKind::Keyword(Keyword::FAMILY))
            {
                return self.typed_literal(parts, start);
            }
            if single && !is_column {
                return Err(self.invalid(format!(
                    "`{}` cannot be a column's name unless it is quoted",
                    parts[0].value()
                )));
            }
        }
        Ok(Expr::Column(ColumnRef {
            parts,
            star,
            span: self.span_from(start),
        }))
    }

    fn typed_literal(&mut self, parts: Vec<super::super::ast::Ident>, start: u32) -> Parsed<Expr> {
        use super::super::ast::{ArrayBounds, BaseType, DataType, ObjectName};
        self.check_type_name(&parts)?;
        let base = BaseType::Named(ObjectName { parts });
        let data_type = Box::new(DataType {
            base,
            array: ArrayBounds::None,
            span: self.span_from(start),
        });
        Ok(Expr::TypedLiteral {
            data_type,
            text: self.string()?,
        })
    }

    fn subscripts(&mut self, operand: Expr) -> Parsed<Expr> {
        if !self.is(TokenKind::LeftBracket) {
            return Ok(operand);
        }
        Ok(Expr::Subscript {
            operand: Box::new(operand),
            subscripts: self.subscript_list()?,
        })
    }

    /// `[1]`, `[1:2]`, as many as follow.
    pub(super) fn subscript_list(&mut self) -> Parsed<Vec<Subscript>> {
        let mut subscripts = Vec::new();
        while self.eat(TokenKind::LeftBracket) {
            let low = self.opt_if(!self.is(TokenKind::Colon), Self::expr)?;
            let subscript = match low {
                Some(index) if self.is(TokenKind::RightBracket) => Subscript::Index(index),
                low => {
                    self.expect(TokenKind::Colon, "`]` or `:`")?;
                    let high = self.opt_if(!self.is(TokenKind::RightBracket), Self::expr)?;
                    Subscript::Slice { low, high }
                }
            };
            self.expect(TokenKind::RightBracket, "`]`")?;
            subscripts.push(subscript);
        }
        Ok(subscripts)
    }

    /// What is in parentheses, and a field of it.
    fn paren_or_field(&mut self) -> Parsed<Expr> {
        let operand = self.paren_expr()?;
        // A tuple cannot be asked for a field before it is in parentheses of its own.
        if !self.is(TokenKind::Dot) || !matches!(operand, Expr::Nested(_) | Expr::Subquery(_)) {
            return Ok(operand);
        }
        self.advance();
        let field = if self.eat(TokenKind::Star) {
            Field::Star
        } else if self.eat(TokenKind::At) {
            Field::Ordinal(self.unsigned()?)
        } else {
            Field::Name(self.any_name()?)
        };
        Ok(Expr::Field {
            operand: Box::new(operand),
            field,
        })
    }

    /// What is in parentheses: a query, a tuple, a labelled tuple, or one expression.
    pub(super) fn paren_expr(&mut self) -> Parsed<Expr> {
        self.open()?;
        if self.eat(TokenKind::RightParen) {
            return Ok(Expr::Tuple {
                row: false,
                values: Vec::new(),
            });
        }
        if self.at_query() {
            let query = self.nested(Self::query)?;
            self.close()?;
            return Ok(Expr::Subquery(Box::new(query)));
        }
        let in_parens = self.is(TokenKind::LeftParen);
        let first = self.expr()?;
        let first = match first {
            // `((SELECT ..))` and `((SELECT ..) UNION ..)` are queries still.
            Expr::Subquery(query)
                if in_parens && (self.is(TokenKind::RightParen) || self.at_query_rest()) =>
            {
                let start = query.span.start;
                let query =
                    self.nested(|parser| parser.query_from(None, QueryBody::Nested(query), start))?;
                self.close()?;
                return Ok(Expr::Subquery(Box::new(query)));
            }
            first => first,
        };
        if self.eat(TokenKind::Comma) {
            let mut values = vec![first];
            if !self.is(TokenKind::RightParen) {
                values.extend(self.exprs()?);
            }
            self.close()?;
            return Ok(Expr::Tuple { row: false, values });
        }
        if matches!(first, Expr::Tuple { .. }) && self.eat_keyword(Keyword::AS) {
            let labels = self.names()?;
            self.close()?;
            return Ok(Expr::LabeledTuple {
                tuple: Box::new(first),
                labels,
            });
        }
        self.close()?;
        Ok(Expr::Nested(Box::new(first)))
    }

    /// `ROW(..)`.
    fn row(&mut self) -> Parsed<Expr> {
        self.advance();
        let values = self.paren_items(Self::expr)?;
        Ok(Expr::Tuple { row: true, values })
    }

    /// `ARRAY[..]`, `ARRAY(..)`.
    fn array(&mut self) -> Parsed<Expr> {
        self.advance();
        if self.is(TokenKind::LeftBracket) {
            return Ok(Expr::Array(ArrayValue::Elements(self.array_elements()?)));
        }
        let value = if self.at_keyword(Keyword::ROW) {
            self.row()?
        } else if self.is(TokenKind::LeftParen) {
            self.paren_expr()?
        } else {
            return Err(self.expected("`[` or `(`"));
        };
        match value {
            Expr::Subquery(query) => Ok(Expr::Array(ArrayValue::Query(query))),
            tuple @ Expr::Tuple { .. } => Ok(Expr::Array(ArrayValue::Tuple(Box::new(tuple)))),
            _ => Err(self.invalid(
                "`ARRAY(..)` takes a query or several values; write `ARRAY[..]` for one value",
            )),
        }
    }

    /// `[1, 2]` or `[[1], [2]]`.
    fn array_elements(&mut self) -> Parsed<Vec<Expr>> {
        self.expect(TokenKind::LeftBracket, "`[`")?;
        let elements = if self.is(TokenKind::RightBracket) {
            Vec::new()
        } else if self.is(TokenKind::LeftBracket) && !self.keyword_at(1, Keyword::FUNCTION) {
            let elements = self.nested(|parser| {
                parser.comma_list(|parser| {
                    parser
                        .array_elements()
                        .map(|inner| Expr::Array(ArrayValue::Inner(inner)))
                })
            })?;
            self.grow()?;
            elements
        } else {
            self.exprs()?
        };
        self.expect(TokenKind::RightBracket, "`]`")?;
        Ok(elements)
    }

    fn case(&mut self) -> Parsed<Expr> {
        self.advance();
        let operand = self.opt_if(!self.at_keyword(Keyword::WHEN), Self::expr)?;
        let mut whens = Vec::new();
        while self.eat_keyword(Keyword::WHEN) {
            let condition = self.expr()?;
            self.expect_keyword(Keyword::THEN)?;
            whens.push(When {
                condition,
                result: self.expr()?,
            });
        }
        if whens.is_empty() {
            return Err(self.expected("`WHEN`"));
        }
        let otherwise = self.opt(kw![ELSE], Self::expr)?;
        self.expect_keyword(Keyword::END)?;
        Ok(Expr::Case(Box::new(Case {
            operand,
            whens,
            otherwise,
        })))
    }

    /// `INTERVAL '1' SECOND`. The text is read while parsing, as CockroachDB does.
    pub(super) fn interval(&mut self) -> Parsed<Expr> {
        self.expect_keyword(Keyword::INTERVAL)?;
        let precision = if self.eat(TokenKind::LeftParen) {
            let precision = self.interval_precision()?;
            self.close()?;
            Some(precision)
        } else {
            None
        };
        let span = self.token().span;
        let text = self.string()?;
        if !literal::is_interval(&text) {
            let message =
                "this text is no interval; one reads like `1 day 02:03:04`, `-7h` or `P1Y2M`";
            return Err(self.error_at(ParseErrorKind::InvalidLiteral, span, message));
        }
        let fields = if precision.is_none() {
            self.interval_fields()?
        } else {
            None
        };
        Ok(Expr::Interval(Box::new(Interval {
            text,
            precision,
            fields,
        })))
    }
}
