//! Statements that write rows.

use super::super::ast::{
    Assignment, Conflict, ConflictAction, ConflictTarget, Delete, Expr, Ident, InSet, Insert,
    InsertSource, Returning, StatementKind, Truncate, Update, With,
};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::{Parsed, Parser};

impl Parser<'_> {
    /// `INSERT` or `UPSERT`, behind its `WITH`.
    pub(super) fn insert(&mut self, with: Option<With>) -> Parsed<StatementKind> {
        let upsert = self.expect_any(kw![INSERT UPSERT])? == Keyword::UPSERT;
        self.expect_keyword(Keyword::INTO)?;
        let table = self.table_name(false)?;
        let alias = self.opt(kw![AS], Self::name)?;
        let mut insert = Insert {
            with,
            upsert,
            table,
            alias,
            columns: Vec::new(),
            overriding: None,
            source: InsertSource::Default,
            on_conflict: None,
            returning: None,
        };
        if !self.eat_keywords(kw![DEFAULT VALUES]) {
            if self.is(TokenKind::LeftParen) && !self.at_query_in_parens() {
                insert.columns = self.paren_names()?;
            }
            insert.overriding = self.opt_words()?;
            insert.source = InsertSource::Query(Box::new(self.query()?));
        }
        if !upsert && self.eat_keywords(kw![ON CONFLICT]) {
            insert.on_conflict = Some(self.conflict()?);
        }
        insert.returning = self.returning()?;
        Ok(StatementKind::Insert(Box::new(insert)))
    }

    /// What follows `ON CONFLICT`.
    fn conflict(&mut self) -> Parsed<Conflict> {
        let target = if self.is(TokenKind::LeftParen) {
            let columns = self.paren_names()?;
            ConflictTarget::Columns {
                columns,
                filter: self.filter()?,
            }
        } else if self.eat_keyword(Keyword::ON) {
            self.expect_keyword(Keyword::CONSTRAINT)?;
            ConflictTarget::Constraint(self.name()?)
        } else {
            ConflictTarget::Any
        };
        self.expect_keyword(Keyword::DO)?;
        if self.eat_keyword(Keyword::NOTHING) {
            return Ok(Conflict {
                target,
                action: ConflictAction::Nothing,
            });
        }
        self.expect_keywords(kw![UPDATE SET])?;
        let assignments = self.comma_list(Self::assignment)?;
        let filter = self.filter()?;
        Ok(Conflict {
            target,
            action: ConflictAction::Update {
                assignments,
                filter,
            },
        })
    }

    fn assignment(&mut self) -> Parsed<Assignment> {
        if self.is(TokenKind::LeftParen) {
            let columns = self.paren_names()?;
            self.expect(TokenKind::Equal, "`=`")?;
            // A row may be written as such, or as what `IN` takes.
            let value = if self.at_keyword(Keyword::ROW) {
                self.primary()?
            } else {
                match self.in_set()? {
                    InSet::List(values) => Expr::Tuple { row: false, values },
                    InSet::Query(query) => Expr::Subquery(query),
                }
            };
            return Ok(Assignment {
                columns,
                subscripts: Vec::new(),
                tuple: true,
                value,
            });
        }
        let column = self.name()?;
        let subscripts = self.subscript_list()?;
        self.expect(TokenKind::Equal, "`=`")?;
        Ok(Assignment {
            columns: vec![column],
            subscripts,
            tuple: false,
            value: self.expr()?,
        })
    }

    /// `RETURNING ..`, if it is there.
    fn returning(&mut self) -> Parsed<Option<Returning>> {
        if !self.eat_keyword(Keyword::RETURNING) {
            return Ok(None);
        }
        if self.eat_keyword(Keyword::NOTHING) {
            return Ok(Some(Returning::Nothing));
        }
        Ok(Some(Returning::Items(self.select_items()?)))
    }

    /// The alias of a table that is written to. `SET` is none, unless it follows `AS`.
    fn target_alias(&mut self) -> Parsed<Option<Ident>> {
        if self.eat_keyword(Keyword::AS) || self.at_name() && !self.at_keyword(Keyword::SET) {
            return Ok(Some(self.name()?));
        }
        Ok(None)
    }

    /// `UPDATE`, behind its `WITH`.
    pub(super) fn update(&mut self, with: Option<With>) -> Parsed<StatementKind> {
        self.expect_keyword(Keyword::UPDATE)?;
        let table = self.table_name(false)?;
        let alias = self.target_alias()?;
        self.expect_keyword(Keyword::SET)?;
        let assignments = self.comma_list(Self::assignment)?;
        let from = self.opt(kw![FROM], Self::table_refs)?.unwrap_or_default();
        let filter = self.filter()?;
        let order_by = self.order_by()?;
        let limit = self.limit()?;
        let returning = self.returning()?;
        let update = Update {
            with,
            table,
            alias,
            assignments,
            from,
            filter,
            order_by,
            limit,
            returning,
        };
        Ok(StatementKind::Update(Box::new(update)))
    }

    /// `DELETE`, behind its `WITH`.
    pub(super) fn delete(&mut self, with: Option<With>) -> Parsed<StatementKind> {
        self.expect_keyword(Keyword::DELETE)?;
        let batch = if self.eat_keyword(Keyword::BATCH) {
            if self.is(TokenKind::LeftParen) {
                Some(self.paren_list(|parser| {
                    parser.expect_keyword(Keyword::SIZE)?;
                    parser.expr()
                })?)
            } else {
                Some(Vec::new())
            }
        } else {
            None
        };
        self.expect_keyword(Keyword::FROM)?;
        let table = self.table_name(false)?;
        let alias = self.target_alias()?;
        let using = self.opt(kw![USING], Self::table_refs)?.unwrap_or_default();
        let filter = self.filter()?;
        let order_by = self.order_by()?;
        let limit = self.limit()?;
        let returning = self.returning()?;
        let delete = Delete {
            with,
            batch,
            table,
            alias,
            using,
            filter,
            order_by,
            limit,
            returning,
        };
        Ok(StatementKind::Delete(Box::new(delete)))
    }

    pub(super) fn truncate(&mut self) -> Parsed<StatementKind> {
        self.expect_keyword(Keyword::TRUNCATE)?;
        self.eat_keyword(Keyword::TABLE);
        let tables = self.comma_list(Self::relation)?;
        Ok(StatementKind::Truncate(Truncate {
            tables,
            behavior: self.opt_words()?,
        }))
    }

    /// A table, where `ONLY` and `*` mean nothing.
    pub(super) fn relation(&mut self) -> Parsed<super::super::ast::ObjectName> {
        let in_parens = self.eat_keyword(Keyword::ONLY) && self.eat(TokenKind::LeftParen);
        let name = self.object()?;
        if in_parens {
            self.close()?;
        } else {
            self.eat(TokenKind::Star);
        }
        Ok(name)
    }
}
