//! Queries.

use super::super::ast::{
    Cte, Distinct, Expr, Ident, Limit, Literal, LockWait, Locking, Offset, OrderBy, OrderTarget,
    Query, QueryBody, Select, SelectItem, SetOperator, SetQuantifier, UnaryOperator, With,
};
use super::super::keyword::{Keyword, KeywordClass};
use super::super::token::TokenKind;
use super::{Parsed, Parser};

/// Reserved words that an expression can begin with.
const EXPRESSIONS: &[Keyword] = kw![
    ARRAY CASE CAST CURRENT_CATALOG CURRENT_DATE CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP
    CURRENT_USER DEFAULT FALSE LOCALTIME LOCALTIMESTAMP NOT NULL SESSION_USER TRUE USER
];

impl Parser<'_> {
    /// Whether a query begins here, parentheses apart.
    pub(super) fn at_query(&self) -> bool {
        match self.keyword() {
            Some(Keyword::SELECT | Keyword::TABLE | Keyword::WITH) => true,
            // `VALUES` may also be a column.
            Some(Keyword::VALUES) => self.kind_at(1) == TokenKind::LeftParen,
            _ => false,
        }
    }

    /// Whether a query, or a parenthesis before it, can begin `ahead`.
    pub(super) fn query_at(&self, ahead: usize) -> bool {
        match self.kind_at(ahead) {
            TokenKind::LeftParen
            | TokenKind::Keyword(Keyword::SELECT | Keyword::TABLE | Keyword::VALUES) => true,
            TokenKind::Keyword(Keyword::WITH) => {
                self.keyword_at(ahead + 1, Keyword::RECURSIVE)
                    || self.name_at(ahead + 1)
                        && (self.keyword_at(ahead + 2, Keyword::AS)
                            || self.kind_at(ahead + 2) == TokenKind::LeftParen)
            }
            _ => false,
        }
    }

    /// Whether a query begins here, behind whatever parentheses.
    pub(super) fn at_query_in_parens(&self) -> bool {
        let parens = (0..)
            .take_while(|ahead| self.kind_at(*ahead) == TokenKind::LeftParen)
            .count();
        match self.kind_at(parens) {
            TokenKind::Keyword(Keyword::SELECT | Keyword::TABLE | Keyword::WITH) => true,
            TokenKind::Keyword(Keyword::VALUES) => self.kind_at(parens + 1) == TokenKind::LeftParen,
            _ => false,
        }
    }

    /// Whether something follows that belongs to a query whose first operand has been read.
    pub(super) fn at_query_rest(&self) -> bool {
        self.at_any(kw![UNION EXCEPT INTERSECT ORDER LIMIT OFFSET FETCH FOR])
    }

    /// A whole query, possibly in parentheses.
    pub(super) fn query(&mut self) -> Parsed<Query> {
        let start = self.start();
        let with = self.with()?;
        self.query_after_with(with, start)
    }

    /// A query whose `WITH` has been read.
    pub(super) fn query_after_with(&mut self, with: Option<With>, start: u32) -> Parsed<Query> {
        let body = self.simple_query()?;
        self.query_from(with, body, start)
    }

    /// A query whose first operand has been read.
    pub(super) fn query_from(
        &mut self,
        with: Option<With>,
        body: QueryBody,
        start: u32,
    ) -> Parsed<Query> {
        let body = self.set_operations(body, 0)?;
        let mut query = Query {
            with,
            body,
            order_by: self.order_by()?,
            limit: None,
            offset: None,
            locking: Vec::new(),
            for_read_only: false,
            span: super::Span::default(),
        };
        // Locks may stand before or after the limit, not on both sides.
        self.locking(&mut query)?;
        self.limit_and_offset(&mut query)?;
        if query.locking.is_empty() && !query.for_read_only {
            self.locking(&mut query)?;
        }
        query.span = self.span_from(start);
        Ok(query)
    }

    /// The set operators that bind at least as tightly as `least` (`INTERSECT` binds tighter).
    fn set_operations(&mut self, mut left: QueryBody, least: u8) -> Parsed<QueryBody> {
        loop {
            let Some((operator, _)) = self.peek_words() else {
                return Ok(left);
            };
            let level = u8::from(operator == SetOperator::Intersect);
            if level < least {
                return Ok(left);
            }
            self.advance();
            let quantifier = match self.eat_any(kw![ALL DISTINCT]) {
                Some(Keyword::ALL) => SetQuantifier::All,
                Some(_) => SetQuantifier::Distinct,
                None => SetQuantifier::None,
            };
            let right = self.simple_query()?;
            let right = self.set_operations(right, level + 1)?;
            left = QueryBody::SetOperation {
                operator,
                quantifier,
                left: Box::new(left),
                right: Box::new(right),
            };
            self.grow()?;
        }
    }

    /// One operand of a set operation.
    fn simple_query(&mut self) -> Parsed<QueryBody> {
        match self.keyword() {
            Some(Keyword::SELECT) => Ok(QueryBody::Select(Box::new(self.select()?))),
            Some(Keyword::VALUES) => {
                self.advance();
                Ok(QueryBody::Values(self.comma_list(Self::paren_exprs)?))
            }
            Some(Keyword::TABLE) => {
                self.advance();
                Ok(QueryBody::Table(Box::new(self.table_ref()?)))
            }
            _ if self.is(TokenKind::LeftParen) => self.nested(|parser| {
                parser.advance();
                let query = parser.query()?;
                parser.close()?;
                Ok(QueryBody::Nested(Box::new(query)))
            }),
            _ => Err(self.expected("a query (`SELECT`, `VALUES`, `TABLE` or `WITH`)")),
        }
    }

    /// `WITH ..`, if it is there.
    pub(super) fn with(&mut self) -> Parsed<Option<With>> {
        if !self.eat_keyword(Keyword::WITH) {
            return Ok(None);
        }
        let recursive = self.eat_keyword(Keyword::RECURSIVE);
        let ctes = self.comma_list(Self::cte)?;
        Ok(Some(With { recursive, ctes }))
    }

    fn cte(&mut self) -> Parsed<Cte> {
        let name = self.name()?;
        let columns = self.opt_paren_names()?;
        self.expect_keyword(Keyword::AS)?;
        let materialized = if self.eat_keyword(Keyword::MATERIALIZED) {
            Some(true)
        } else if self.eat_keywords(kw![NOT MATERIALIZED]) {
            Some(false)
        } else {
            None
        };
        self.open()?;
        let statement = Box::new(self.nested(Self::preparable_statement)?);
        self.close()?;
        Ok(Cte {
            name,
            columns,
            materialized,
            statement,
        })
    }

    fn select(&mut self) -> Parsed<Select> {
        let start = self.start();
        self.expect_keyword(Keyword::SELECT)?;
        let distinct = if self.eat_keyword(Keyword::ALL) {
            Distinct::All
        } else if self.eat_keyword(Keyword::DISTINCT) {
            if self.eat_keyword(Keyword::ON) {
                Distinct::On(self.paren_exprs()?)
            } else {
                Distinct::Rows
            }
        } else {
            Distinct::None
        };
        let may_be_empty = matches!(distinct, Distinct::None | Distinct::All);
        let items = if may_be_empty && !self.at_select_item() {
            Vec::new()
        } else {
            self.select_items()?
        };
        let (mut from, mut as_of) = (Vec::new(), None);
        if self.eat_keyword(Keyword::FROM) {
            from = self.table_refs()?;
            as_of = self.as_of()?;
        }
        let filter = self.filter()?;
        let group_by = self
            .opt(kw![GROUP BY], Self::group_keys)?
            .unwrap_or_default();
        let having = self.opt(kw![HAVING], Self::expr)?;
        let windows = self
            .opt(kw![WINDOW], |parser| parser.comma_list(Self::named_window))?
            .unwrap_or_default();
        let span = self.span_from(start);
        Ok(Select {
            distinct,
            items,
            from,
            as_of,
            filter,
            group_by,
            having,
            windows,
            span,
        })
    }

    /// What follows `GROUP BY`. `ROLLUP` and `CUBE` are calls in CockroachDB's grammar, of functions that it does not have.
    fn group_keys(&mut self) -> Parsed<Vec<Expr>> {
        self.comma_list(|parser| {
            if parser.at_keyword(Keyword::GROUPING) && parser.keyword_at(1, Keyword::SETS) {
                return Err(parser.expected(
                    "an expression: CockroachDB has no grouping sets, only PostgreSQL has; write a query for each \
                     set and `UNION ALL` between them",
                ));
            }
            parser.expr()
        })
    }

    /// Whether a result column begins here: today's grammar allows `SELECT FROM a` without any.
    fn at_select_item(&self) -> bool {
        match self.kind() {
            TokenKind::End
            | TokenKind::Semicolon
            | TokenKind::RightParen
            | TokenKind::RightBracket => false,
            TokenKind::Keyword(keyword) if keyword.class() == KeywordClass::Reserved => {
                EXPRESSIONS.contains(&keyword)
            }
            _ => true,
        }
    }

    pub(super) fn select_items(&mut self) -> Parsed<Vec<SelectItem>> {
        self.comma_list(Self::select_item)
    }

    fn select_item(&mut self) -> Parsed<SelectItem> {
        let start = self.start();
        if self.is(TokenKind::Star) {
            self.advance();
            return Ok(SelectItem::Star(self.span_from(start)));
        }
        let expr = self.expr()?;
        let alias = self.label()?;
        Ok(SelectItem::Expr {
            expr,
            alias,
            span: self.span_from(start),
        })
    }

    /// `AS a` or `a` behind a result column, if it is there.
    pub(super) fn label(&mut self) -> Parsed<Option<Ident>> {
        if self.eat_keyword(Keyword::AS) {
            return self.any_name().map(Some);
        }
        match self.kind() {
            TokenKind::Word | TokenKind::QuotedWord => self.any_name().map(Some),
            TokenKind::Keyword(keyword) if keyword.is_bare_label() => self.any_name().map(Some),
            _ => Ok(None),
        }
    }

    /// `AS OF SYSTEM TIME ..`, if it is there.
    pub(super) fn as_of(&mut self) -> Parsed<Option<Expr>> {
        if !self.eat_keywords(kw![AS OF SYSTEM]) {
            return Ok(None);
        }
        self.expect_keyword(Keyword::TIME)?;
        Ok(Some(self.expr()?))
    }

    /// `WHERE ..`, if it is there.
    pub(super) fn filter(&mut self) -> Parsed<Option<Expr>> {
        if self.eat_keyword(Keyword::WHERE) {
            Ok(Some(self.expr()?))
        } else {
            Ok(None)
        }
    }

    /// `ORDER BY ..`, if it is there.
    pub(super) fn order_by(&mut self) -> Parsed<Vec<OrderBy>> {
        if !self.eat_keyword(Keyword::ORDER) {
            return Ok(Vec::new());
        }
        self.expect_keyword(Keyword::BY)?;
        self.comma_list(Self::sort_key)
    }

    fn sort_key(&mut self) -> Parsed<OrderBy> {
        if self.eat_keyword(Keyword::PRIMARY) {
            self.expect_keyword(Keyword::KEY)?;
            let target = OrderTarget::PrimaryKey(self.object()?);
            return Ok(OrderBy {
                target,
                direction: self.opt_words()?,
                nulls: None,
            });
        }
        if self.at_keyword(Keyword::INDEX) && self.index_of_table_follows() {
            self.advance();
            let table = self.object()?;
            self.expect(TokenKind::At, "`@`")?;
            let target = OrderTarget::Index {
                table,
                index: self.any_name()?,
            };
            return Ok(OrderBy {
                target,
                direction: self.opt_words()?,
                nulls: None,
            });
        }
        let target = OrderTarget::Expr(self.expr()?);
        let direction = self.opt_words()?;
        Ok(OrderBy {
            target,
            direction,
            nulls: self.opt_words()?,
        })
    }

    /// Whether `a@`, `a.b@` or `a.b.c@` follows the current token.
    fn index_of_table_follows(&self) -> bool {
        let past = (2..7)
            .step_by(2)
            .find(|ahead| self.kind_at(*ahead) != TokenKind::Dot);
        past.is_some_and(|past| self.kind_at(past) == TokenKind::At)
    }

    fn limit_and_offset(&mut self, query: &mut Query) -> Parsed<()> {
        loop {
            if query.limit.is_none() && self.at_any(kw![LIMIT FETCH]) {
                query.limit = self.limit()?;
            } else if query.offset.is_none() && self.eat_keyword(Keyword::OFFSET) {
                let count = self.expr()?;
                let rows = self.eat_any(kw![ROW ROWS]).is_some();
                query.offset = Some(Offset { count, rows });
            } else {
                return Ok(());
            }
        }
    }

    /// `LIMIT ..` or `FETCH FIRST ..`, if it is there.
    pub(super) fn limit(&mut self) -> Parsed<Option<Limit>> {
        if self.eat_keyword(Keyword::LIMIT) {
            if self.eat_keyword(Keyword::ALL) {
                return Ok(Some(Limit::All));
            }
            return Ok(Some(Limit::Count(self.expr()?)));
        }
        if !self.eat_keyword(Keyword::FETCH) {
            return Ok(None);
        }
        self.expect_any(kw![FIRST NEXT])?;
        let count = self.opt_if(!self.at_any(kw![ROW ROWS]), Self::fetch_count)?;
        self.expect_any(kw![ROW ROWS])?;
        self.expect_keyword(Keyword::ONLY)?;
        Ok(Some(Limit::Fetch(count)))
    }

    /// How many rows `FETCH` takes: a number with a sign, or one operand.
    fn fetch_count(&mut self) -> Parsed<Expr> {
        let operator = match self.kind() {
            TokenKind::Plus => UnaryOperator::Plus,
            TokenKind::Minus => UnaryOperator::Minus,
            _ => return self.primary(),
        };
        self.advance();
        if !matches!(self.kind(), TokenKind::Integer | TokenKind::Decimal) {
            return Err(self.expected("a number"));
        }
        let token = self.advance();
        let literal: Literal = self.literal(token)?;
        Ok(Expr::Unary {
            operator,
            operand: Box::new(Expr::Literal(literal)),
        })
    }

    /// `FOR UPDATE ..`, as many as follow.
    fn locking(&mut self, query: &mut Query) -> Parsed<()> {
        if self.at_keywords(kw![FOR READ]) {
            self.at += 2;
            self.expect_keyword(Keyword::ONLY)?;
            query.for_read_only = true;
            return Ok(());
        }
        while self.at_keyword(Keyword::FOR) {
            let known = matches!(
                self.kind_at(1),
                TokenKind::Keyword(Keyword::UPDATE | Keyword::SHARE | Keyword::NO | Keyword::KEY)
            );
            if !known {
                // `ALTER RANGE .. FOR SELECT` and the like.
                return Ok(());
            }
            self.advance();
            let strength = self.words()?;
            let tables = self.opt(kw![OF], Self::objects)?.unwrap_or_default();
            let wait = if self.eat_keyword(Keyword::NOWAIT) {
                LockWait::Error
            } else if self.eat_keyword(Keyword::SKIP) {
                self.expect_keyword(Keyword::LOCKED)?;
                LockWait::Skip
            } else {
                LockWait::Block
            };
            query.locking.push(Locking {
                strength,
                tables,
                wait,
            });
        }
        Ok(())
    }
}
