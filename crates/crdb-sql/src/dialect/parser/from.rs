//! Where rows come from: tables, hints, joins.

use super::super::ast::{
    Direction, Expr, Ident, IndexFlag, IndexHint, IndexRef, Join, JoinCondition, JoinKind,
    QueryBody, TableAlias, TableFunction, TableId, TableName, TableRef, TableSource,
    TableSourceKind,
};
use super::super::keyword::{Keyword, KeywordClass};
use super::super::token::TokenKind;
use super::{Parsed, Parser};

impl Parser<'_> {
    pub(super) fn table_refs(&mut self) -> Parsed<Vec<TableRef>> {
        self.comma_list(Self::table_ref)
    }

    /// A source and what is joined to it.
    pub(super) fn table_ref(&mut self) -> Parsed<TableRef> {
        let first = TableRef::Source(Box::new(self.table_source()?));
        self.joins(first)
    }

    fn joins(&mut self, mut left: TableRef) -> Parsed<TableRef> {
        while self.at_join() {
            left = self.join(left)?;
        }
        Ok(left)
    }

    fn at_join(&self) -> bool {
        self.at_any(kw![JOIN NATURAL CROSS INNER LEFT RIGHT FULL])
    }

    fn join(&mut self, left: TableRef) -> Parsed<TableRef> {
        let natural = self.eat_keyword(Keyword::NATURAL);
        let kind = match self.eat_any(kw![INNER LEFT RIGHT FULL CROSS]) {
            None => JoinKind::Plain,
            Some(Keyword::INNER) => JoinKind::Inner,
            Some(Keyword::LEFT) => JoinKind::Left,
            Some(Keyword::RIGHT) => JoinKind::Right,
            Some(Keyword::FULL) => JoinKind::Full,
            Some(_) if natural => return Err(self.invalid("a natural join cannot be a cross join")),
            Some(_) => JoinKind::Cross,
        };
        if matches!(kind, JoinKind::Left | JoinKind::Right | JoinKind::Full) {
            self.eat_keyword(Keyword::OUTER);
        }
        let hint = if kind == JoinKind::Plain {
            None
        } else {
            self.opt_words()?
        };
        self.expect_keyword(Keyword::JOIN)?;
        let mut right = TableRef::Source(Box::new(self.table_source()?));
        let condition = if natural {
            JoinCondition::Natural
        } else if kind == JoinKind::Cross {
            JoinCondition::None
        } else {
            // `a JOIN b JOIN c ON .. ON ..`: the inner join comes first.
            while self.at_join() {
                right = self.nested(|parser| parser.join(right))?;
            }
            if self.eat_keyword(Keyword::USING) {
                JoinCondition::Using(self.paren_names()?)
            } else if self.eat_keyword(Keyword::ON) {
                JoinCondition::On(self.expr()?)
            } else {
                return Err(self.expected("`ON` or `USING`"));
            }
        };
        self.grow()?;
        Ok(TableRef::Join(Box::new(Join {
            left,
            kind,
            hint,
            right,
            condition,
        })))
    }

    /// One source, with its alias.
    fn table_source(&mut self) -> Parsed<TableSource> {
        let start = self.start();
        let lateral = self.eat_keyword(Keyword::LATERAL);
        let kind = self.source_kind()?;
        if lateral
            && !matches!(
                kind,
                TableSourceKind::Query(_)
                    | TableSourceKind::Function(_)
                    | TableSourceKind::RowsFrom(_)
            )
        {
            return Err(self.invalid("`LATERAL` stands before a query or a function"));
        }
        let typed = matches!(
            kind,
            TableSourceKind::Function(_) | TableSourceKind::RowsFrom(_)
        );
        self.finish_source(kind, lateral, typed, start)
    }

    fn finish_source(
        &mut self,
        kind: TableSourceKind,
        lateral: bool,
        typed: bool,
        start: u32,
    ) -> Parsed<TableSource> {
        let ordinality = self.eat_keywords(kw![WITH ORDINALITY]);
        let alias = self.table_alias(typed)?;
        Ok(TableSource {
            kind,
            lateral,
            ordinality,
            alias,
            span: self.span_from(start),
        })
    }

    fn source_kind(&mut self) -> Parsed<TableSourceKind> {
        let function = |call| TableSourceKind::Function(TableFunction { call, alias: None });
        match self.kind() {
            TokenKind::LeftParen => self.nested(Self::paren_source),
            TokenKind::LeftBracket
                if self.kind_at(1) != TokenKind::Integer
                    && !self.keyword_at(1, Keyword::FUNCTION) =>
            {
                let statement = self.brackets(|parser| parser.nested(Self::row_source))?;
                Ok(TableSourceKind::Statement(Box::new(statement)))
            }
            TokenKind::LeftBracket if self.keyword_at(1, Keyword::FUNCTION) => {
                self.function_by_id().map(function)
            }
            TokenKind::Keyword(Keyword::ROWS) if self.keyword_at(1, Keyword::FROM) => {
                self.at += 2;
                Ok(TableSourceKind::RowsFrom(
                    self.paren_list(Self::rows_from_item)?,
                ))
            }
            TokenKind::Keyword(keyword)
                if keyword != Keyword::ONLY && self.at_function_keyword(keyword) =>
            {
                self.table_call().map(function)
            }
            _ => {
                // Past the dotted name: a parenthesis there makes it a function.
                let past = (1..8)
                    .step_by(2)
                    .find(|ahead| self.kind_at(*ahead) != TokenKind::Dot)
                    .unwrap_or(1);
                if self.kind_at(past) == TokenKind::LeftParen && !self.at_keyword(Keyword::ONLY) {
                    return self.table_call().map(function);
                }
                Ok(TableSourceKind::Table(self.table_name(true)?))
            }
        }
    }

    /// Whether a keyword that is no table's name begins a function here.
    fn at_function_keyword(&self, keyword: Keyword) -> bool {
        self.at_special_form(keyword)
            || keyword.class() == KeywordClass::TypeOrFunction
                && self.kind_at(1) == TokenKind::LeftParen
    }

    /// A call as a source of rows: without windows.
    pub(super) fn table_call(&mut self) -> Parsed<Expr> {
        if let Some(keyword) = self.keyword()
            && self.at_special_form(keyword)
        {
            return self.special_form(keyword);
        }
        let name = self.function_path()?;
        if !self.is(TokenKind::LeftParen) {
            return Err(self.expected("`(`"));
        }
        Ok(Expr::Function(Box::new(self.windowless_call(name)?)))
    }

    /// The name of a function, qualified or not.
    pub(super) fn function_path(&mut self) -> Parsed<Vec<Ident>> {
        if self.kind_at(1) == TokenKind::Dot {
            return Ok(self.dotted(4)?.parts);
        }
        Ok(vec![self.function_name()?])
    }

    fn rows_from_item(&mut self) -> Parsed<TableFunction> {
        let call = if self.is(TokenKind::LeftBracket) {
            self.function_by_id()?
        } else {
            self.table_call()?
        };
        Ok(TableFunction {
            call,
            alias: self.table_alias(true)?,
        })
    }

    /// `(SELECT ..)` or `(a JOIN b ..)`.
    fn paren_source(&mut self) -> Parsed<TableSourceKind> {
        let start = self.start();
        self.open()?;
        if self.at_query() {
            let query = self.query()?;
            self.close()?;
            return Ok(TableSourceKind::Query(Box::new(query)));
        }
        if !self.is(TokenKind::LeftParen) {
            return self.paren_join(None);
        }
        // What is inside may turn out to be a query or a join.
        let inner_start = self.start();
        match self.nested(Self::paren_source)? {
            TableSourceKind::Query(query)
                if self.is(TokenKind::RightParen) || self.at_query_rest() =>
            {
                let query = self.query_from(None, QueryBody::Nested(query), start)?;
                self.close()?;
                Ok(TableSourceKind::Query(Box::new(query)))
            }
            inner => {
                let source = self.finish_source(inner, false, false, inner_start)?;
                self.paren_join(Some(source))
            }
        }
    }

    /// The join in parentheses, whose first source may have been read.
    fn paren_join(&mut self, first: Option<TableSource>) -> Parsed<TableSourceKind> {
        let first = match first {
            Some(source) => source,
            None => self.table_source()?,
        };
        let is_join = self.at_join();
        let nested_alone = matches!(first.kind, TableSourceKind::Nested(_))
            && first.alias.is_none()
            && !first.ordinality;
        let joined = self.joins(TableRef::Source(Box::new(first)))?;
        if !is_join && !nested_alone {
            return Err(self.expected("a join: a table alone does not stand in parentheses"));
        }
        self.close()?;
        Ok(TableSourceKind::Nested(joined))
    }

    /// A table with its hints.
    pub(super) fn table_name(&mut self, relation: bool) -> Parsed<TableName> {
        let start = self.start();
        if self.is(TokenKind::LeftBracket) {
            return self.table_by_id();
        }
        let only = self.eat_keyword(Keyword::ONLY);
        let in_parens = only && relation && self.eat(TokenKind::LeftParen);
        let name = self.object()?;
        if in_parens {
            self.close()?;
        }
        let span = self.span_from(start);
        let before = self.eat(TokenKind::Star);
        let hint = self.index_hint()?;
        let descendants = before || !relation && self.eat(TokenKind::Star);
        Ok(TableName {
            only,
            name,
            id: None,
            descendants,
            hint,
            span,
        })
    }

    /// `[53(1, 2) AS a (b, c)]`.
    fn table_by_id(&mut self) -> Parsed<TableName> {
        let start = self.start();
        self.advance();
        let id = self.unsigned()?;
        let columns = if self.is(TokenKind::LeftParen) {
            Some(self.paren_items(Self::unsigned)?)
        } else {
            None
        };
        self.eat_keyword(Keyword::AS);
        let name = super::super::ast::ObjectName {
            parts: vec![self.name()?],
        };
        let column_names = self.opt_paren_names()?;
        self.expect(TokenKind::RightBracket, "`]`")?;
        let span = self.span_from(start);
        let hint = self.index_hint()?;
        Ok(TableName {
            only: false,
            name,
            id: Some(TableId {
                id,
                columns,
                column_names,
            }),
            descendants: false,
            hint,
            span,
        })
    }

    /// `@i`, `@[1]` or `@{..}`, if it is there.
    fn index_hint(&mut self) -> Parsed<Option<IndexHint>> {
        if !self.eat(TokenKind::At) {
            return Ok(None);
        }
        if self.eat(TokenKind::LeftBrace) {
            let flags = self.comma_list(Self::index_flag)?;
            self.expect(TokenKind::RightBrace, "`}`")?;
            self.check_index_flags(&flags)?;
            return Ok(Some(IndexHint::Flags(flags)));
        }
        Ok(Some(IndexHint::Index(self.index_ref()?)))
    }

    fn index_ref(&mut self) -> Parsed<IndexRef> {
        if self.eat(TokenKind::LeftBracket) {
            let id = self.unsigned()?;
            self.expect(TokenKind::RightBracket, "`]`")?;
            return Ok(IndexRef::Id(id));
        }
        Ok(IndexRef::Name(self.any_name()?))
    }

    fn index_flag(&mut self) -> Parsed<IndexFlag> {
        let keyword = self.expect_any(kw![FORCE_INDEX FORCE_ZIGZAG ASC DESC NO_INDEX_JOIN NO_ZIGZAG_JOIN NO_FULL_SCAN AVOID_FULL_SCAN IGNORE_FOREIGN_KEYS FORCE_INVERTED_INDEX FAMILY])?;
        Ok(match keyword {
            Keyword::FORCE_INDEX => {
                self.expect(TokenKind::Equal, "`=`")?;
                IndexFlag::ForceIndex(self.index_ref()?)
            }
            Keyword::FORCE_ZIGZAG => {
                let named = self.eat(TokenKind::Equal);
                let index = self.opt_if(named, Self::index_ref)?;
                IndexFlag::ForceZigzag { index }
            }
            Keyword::FAMILY => {
                self.expect(TokenKind::Equal, "`=`")?;
                let id = self.brackets(Self::unsigned)?;
                IndexFlag::Family(id)
            }
            Keyword::ASC => IndexFlag::Direction(Direction::Ascending),
            Keyword::DESC => IndexFlag::Direction(Direction::Descending),
            keyword => IndexFlag::Word(keyword),
        })
    }

    /// Flags may not repeat or contradict each other.
    fn check_index_flags(&self, flags: &[IndexFlag]) -> Parsed<()> {
        let count =
            |wanted: fn(&IndexFlag) -> bool| flags.iter().filter(|flag| wanted(flag)).count();
        let forced = count(|flag| matches!(flag, IndexFlag::ForceIndex(_)));
        let directed = count(|flag| matches!(flag, IndexFlag::Direction(_)));
        let no_index_join = count(|flag| matches!(flag, IndexFlag::Word(Keyword::NO_INDEX_JOIN)));
        let zigzag = count(|flag| matches!(flag, IndexFlag::ForceZigzag { .. }));
        let no_zigzag = count(|flag| matches!(flag, IndexFlag::Word(Keyword::NO_ZIGZAG_JOIN)));
        if forced > 1 || directed > 1 {
            return Err(self.invalid("this index hint says the same twice"));
        }
        if forced > 0 && no_index_join > 0 {
            return Err(self.invalid("`FORCE_INDEX` and `NO_INDEX_JOIN` exclude each other"));
        }
        if zigzag > 0 && (no_zigzag > 0 || forced > 0 || no_index_join > 0) {
            return Err(self.invalid("`FORCE_ZIGZAG` excludes the other ways to choose indexes"));
        }
        if directed > 0 && forced == 0 {
            return Err(self.invalid("`ASC` and `DESC` need `FORCE_INDEX`"));
        }
        for (at, flag) in flags.iter().enumerate() {
            if matches!(flag, IndexFlag::Word(_)) && flags[..at].contains(flag) {
                return Err(self.invalid("this index hint says the same twice"));
            }
        }
        Ok(())
    }

    /// `AS a (b, c)`; columns of functions may have types.
    fn table_alias(&mut self, typed: bool) -> Parsed<Option<TableAlias>> {
        // `AS OF SYSTEM TIME` is no alias.
        if self.at_keywords(kw![AS OF SYSTEM]) {
            return Ok(None);
        }
        if !self.eat_keyword(Keyword::AS) && !self.at_name() {
            return Ok(None);
        }
        let name = self.name()?;
        let columns = if self.is(TokenKind::LeftParen) {
            self.paren_list(|parser| {
                let column = parser.name()?;
                let has_type =
                    typed && !matches!(parser.kind(), TokenKind::Comma | TokenKind::RightParen);
                let data_type = parser.opt_if(has_type, Self::data_type)?;
                Ok((column, data_type))
            })?
        } else {
            Vec::new()
        };
        Ok(Some(TableAlias { name, columns }))
    }
}
