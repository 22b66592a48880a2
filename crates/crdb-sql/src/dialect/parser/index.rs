//! Indexes, partitions and storage parameters.

use super::super::ast::{
    CreateIndex, Expr, HashSharding, Ident, IndexColumn, IndexDefinition, IndexKind, IndexTarget,
    IndexVisibility, Interleave, ListPartition, PartitionBy, RangePartition, StatementKind,
    StorageParameter,
};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::{Parsed, Parser};

impl Parser<'_> {
    /// `CREATE [UNIQUE] [INVERTED] INDEX ..`, behind `CREATE`.
    pub(super) fn create_index(&mut self) -> Parsed<StatementKind> {
        let start = self.start();
        let unique = self.eat_keyword(Keyword::UNIQUE);
        let kind = self.index_kind();
        self.expect_keyword(Keyword::INDEX)?;
        let concurrently = self.eat_keyword(Keyword::CONCURRENTLY);
        let if_not_exists = self.if_not_exists();
        let name = if self.at_keyword(Keyword::ON) && !if_not_exists {
            None
        } else {
            Some(self.any_name()?)
        };
        self.expect_keyword(Keyword::ON)?;
        let table = self.object()?;
        let method = if self.at_keyword(Keyword::USING) {
            self.advance();
            let method = self.name()?;
            // `opt_index_access_method` in CockroachDB's grammar.
            if !["gin", "gist", "btree", "cspann", "hnsw"].contains(&method.value()) {
                return Err(
                    self.invalid("an index is a `btree`, `gin`, `gist`, `cspann` or `hnsw`")
                );
            }
            Some(method)
        } else {
            None
        };
        let mut index = self.index_body(unique, kind, name, start)?;
        index.span = self.span_from(start);
        Ok(StatementKind::CreateIndex(Box::new(CreateIndex {
            concurrently,
            if_not_exists,
            table,
            method,
            index,
        })))
    }

    fn index_kind(&mut self) -> IndexKind {
        if self.eat_keyword(Keyword::INVERTED) {
            IndexKind::Inverted
        } else if self.at_keyword(Keyword::VECTOR) && self.keyword_at(1, Keyword::INDEX) {
            self.advance();
            IndexKind::Vector
        } else {
            IndexKind::Forward
        }
    }

    /// Whether an index begins here, as an element of a table.
    pub(super) fn at_index(&self) -> bool {
        match self.keyword() {
            // A column may be called so too.
            Some(Keyword::INDEX) => {
                self.kind_at(1) == TokenKind::LeftParen
                    || self.name_at(1) && self.kind_at(2) == TokenKind::LeftParen
            }
            Some(Keyword::UNIQUE | Keyword::INVERTED | Keyword::VECTOR) => {
                self.keyword_at(1, Keyword::INDEX)
                    || self.keyword_at(2, Keyword::INDEX)
                        && (self.keyword_at(1, Keyword::INVERTED)
                            || self.keyword_at(1, Keyword::VECTOR))
            }
            _ => false,
        }
    }

    /// `[UNIQUE] [INVERTED] INDEX a (..)`, as an element of a table.
    pub(super) fn index_element(&mut self) -> Parsed<IndexDefinition> {
        let start = self.start();
        let unique = self.eat_keyword(Keyword::UNIQUE);
        let kind = self.index_kind();
        self.expect_keyword(Keyword::INDEX)?;
        let name = self.opt_if(!self.is(TokenKind::LeftParen), Self::name)?;
        self.index_body(unique, kind, name, start)
    }

    /// An index from its columns on.
    pub(super) fn index_body(
        &mut self,
        unique: bool,
        kind: IndexKind,
        name: Option<Ident>,
        start: u32,
    ) -> Parsed<IndexDefinition> {
        // PostgreSQL writes `USING HASH` before the columns.
        let hash_before = self.hash_sharding()?;
        let columns = self.index_columns()?;
        let hash = if hash_before.is_some() {
            hash_before
        } else {
            self.hash_sharding()?
        };
        let storing = self.storing()?;
        let interleave = self.interleave()?;
        let partition_by = self.opt_partition_by()?;
        let parameters = self.storage_parameters()?;
        let filter = self.filter()?;
        let visibility = self.index_visibility()?;
        let span = self.span_from(start);
        Ok(IndexDefinition {
            unique,
            kind,
            name,
            columns,
            hash,
            storing,
            interleave,
            partition_by,
            parameters,
            filter,
            visibility,
            span,
        })
    }

    /// `(a, b DESC)`.
    pub(super) fn index_columns(&mut self) -> Parsed<Vec<IndexColumn>> {
        self.paren_list(Self::index_column)
    }

    pub(super) fn index_column(&mut self) -> Parsed<IndexColumn> {
        let target = if self.is(TokenKind::LeftParen) {
            let expr = self.parens(Self::expr)?;
            IndexTarget::Expr(Expr::Nested(Box::new(expr)))
        } else if let Some(keyword) = self.keyword()
            && self.at_special_form(keyword)
        {
            IndexTarget::Expr(self.special_form(keyword)?)
        } else if self.kind_at(1) == TokenKind::LeftParen || self.kind_at(1) == TokenKind::Dot {
            let name = self.function_path()?;
            if !self.is(TokenKind::LeftParen) {
                return Err(self.expected("`(`"));
            }
            IndexTarget::Expr(Expr::Function(Box::new(self.windowless_call(name)?)))
        } else {
            IndexTarget::Column(self.name()?)
        };
        let class = self.opt_if(
            self.at_name() && !self.at_keyword(Keyword::NULLS),
            Self::name,
        )?;
        let direction = self.opt_words()?;
        Ok(IndexColumn {
            target,
            class,
            direction,
            nulls: self.opt_words()?,
        })
    }

    /// `USING HASH ..`, if it is there.
    pub(super) fn hash_sharding(&mut self) -> Parsed<Option<HashSharding>> {
        if !self.eat_keywords(kw![USING HASH]) {
            return Ok(None);
        }
        let mut buckets = None;
        if self.eat_keywords(kw![WITH BUCKET_COUNT]) {
            self.expect(TokenKind::Equal, "`=`")?;
            buckets = Some(self.expr()?);
        }
        Ok(Some(HashSharding { buckets }))
    }

    /// `STORING (..)`, if it is there; `COVERING` and `INCLUDE` are other names for it.
    pub(super) fn storing(&mut self) -> Parsed<Vec<Ident>> {
        match self.eat_any(kw![STORING COVERING INCLUDE]) {
            Some(_) => self.paren_names(),
            None => Ok(Vec::new()),
        }
    }

    /// `INTERLEAVE IN PARENT ..`, if it is there.
    pub(super) fn interleave(&mut self) -> Parsed<Option<Interleave>> {
        if !self.eat_keyword(Keyword::INTERLEAVE) {
            return Ok(None);
        }
        self.expect_keywords(kw![IN PARENT])?;
        let parent = self.object()?;
        let columns = self.paren_names()?;
        let cascade = self
            .eat_any(kw![CASCADE RESTRICT])
            .map(|keyword| keyword == Keyword::CASCADE);
        Ok(Some(Interleave {
            parent,
            columns,
            cascade,
        }))
    }

    /// `PARTITION BY ..`, if it is there.
    pub(super) fn opt_partition_by(&mut self) -> Parsed<Option<PartitionBy>> {
        if !self.eat_keywords(kw![PARTITION BY]) {
            return Ok(None);
        }
        self.nested(Self::partitions).map(Some)
    }

    /// What follows `PARTITION BY`.
    pub(super) fn partitions(&mut self) -> Parsed<PartitionBy> {
        match self.expect_any(kw![LIST RANGE NOTHING])? {
            Keyword::NOTHING => Ok(PartitionBy::Nothing),
            Keyword::LIST => {
                let columns = self.paren_names()?;
                let partitions = self.paren_list(|parser| {
                    parser.expect_keyword(Keyword::PARTITION)?;
                    let name = parser.any_name()?;
                    parser.expect_keywords(kw![VALUES IN])?;
                    let values = parser.paren_exprs()?;
                    Ok(ListPartition {
                        name,
                        values,
                        partition_by: parser.opt_partition_by()?,
                    })
                })?;
                Ok(PartitionBy::List {
                    columns,
                    partitions,
                })
            }
            _ => {
                let columns = self.paren_names()?;
                let partitions = self.paren_list(|parser| {
                    parser.expect_keyword(Keyword::PARTITION)?;
                    let name = parser.any_name()?;
                    parser.expect_keywords(kw![VALUES FROM])?;
                    let from = parser.paren_exprs()?;
                    parser.expect_keyword(Keyword::TO)?;
                    let to = parser.paren_exprs()?;
                    Ok(RangePartition {
                        name,
                        from,
                        to,
                        partition_by: parser.opt_partition_by()?,
                    })
                })?;
                Ok(PartitionBy::Range {
                    columns,
                    partitions,
                })
            }
        }
    }

    /// `WITH (a = b)`, if it is there.
    pub(super) fn storage_parameters(&mut self) -> Parsed<Vec<StorageParameter>> {
        if !(self.at_keyword(Keyword::WITH) && self.kind_at(1) == TokenKind::LeftParen) {
            return Ok(Vec::new());
        }
        self.advance();
        self.paren_list(Self::storage_parameter)
    }

    pub(super) fn storage_parameter(&mut self) -> Parsed<StorageParameter> {
        let name = self.storage_parameter_name()?;
        self.expect(TokenKind::Equal, "`=`")?;
        Ok(StorageParameter {
            name,
            value: self.variable_value()?,
        })
    }

    pub(super) fn storage_parameter_name(&mut self) -> Parsed<Ident> {
        if self.at_string() {
            let span = self.token().span;
            let name = self.string()?;
            return Ok(Ident::read(&name, true, span));
        }
        self.name()
    }

    /// `NOT VISIBLE`, `VISIBILITY 0.5` .., if it is there.
    pub(super) fn index_visibility(&mut self) -> Parsed<Option<IndexVisibility>> {
        if self.eat_keywords(kw![NOT VISIBLE]) || self.eat_keyword(Keyword::INVISIBLE) {
            return Ok(Some(IndexVisibility::NotVisible));
        }
        if self.eat_keyword(Keyword::VISIBLE) {
            return Ok(Some(IndexVisibility::Visible));
        }
        if !self.eat_keyword(Keyword::VISIBILITY) {
            return Ok(None);
        }
        self.check_visibility()?;
        let token = self.advance();
        Ok(Some(IndexVisibility::Partial(self.text(token).into())))
    }

    /// Whether the next token says how visible an index is.
    pub(super) fn check_visibility(&self) -> Parsed<()> {
        let within = matches!(self.kind(), TokenKind::Decimal | TokenKind::Integer)
            && self
                .text(self.token())
                .parse()
                .is_ok_and(|part: f64| (0.0..=1.0).contains(&part));
        if within {
            Ok(())
        } else {
            Err(self.expected("a number from 0.0 to 1.0"))
        }
    }
}
