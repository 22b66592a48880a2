//! `CREATE TABLE`.

use super::super::ast::{
    ColumnConstraint, ColumnDefinition, ColumnOption, CreateTable, ForeignKey, Ident, IndexKind,
    Locality, Persistence, RegionName, StatementKind, TableConstraint, TableContents, TableElement,
};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::{Parsed, Parser};

impl Parser<'_> {
    /// `CREATE TABLE`, behind its persistence.
    pub(super) fn create_table(&mut self, persistence: Persistence) -> Parsed<StatementKind> {
        self.expect_keyword(Keyword::TABLE)?;
        let if_not_exists = self.if_not_exists();
        let name = self.object()?;
        let mut elements = Vec::new();
        let mut untyped = true;
        if self.eat(TokenKind::LeftParen) {
            // `CREATE TABLE a (b, c) AS ..` has columns without types.
            untyped = self.name_at(0)
                && (matches!(self.kind_at(1), TokenKind::Comma | TokenKind::RightParen)
                    || self.keyword_at(1, Keyword::PRIMARY)
                    || self.keyword_at(1, Keyword::FAMILY));
            if !self.is(TokenKind::RightParen) {
                elements = self.comma_list(if untyped {
                    Self::untyped_element
                } else {
                    Self::table_element
                })?;
            }
            self.close()?;
        }
        let mut table = CreateTable {
            persistence,
            if_not_exists,
            name,
            contents: TableContents::Elements(Vec::new()),
            interleave: self.interleave()?,
            partition_by: None,
            partition_all: false,
            parameters: Vec::new(),
            on_commit_preserve: false,
            locality: None,
        };
        if self.eat_keywords(kw![PARTITION ALL BY]) {
            table.partition_all = true;
            table.partition_by = Some(self.partitions()?);
        } else {
            table.partition_by = self.opt_partition_by()?;
        }
        table.parameters = self.storage_parameters()?;
        self.eat_keywords(kw![WITHOUT OIDS]);
        if untyped {
            self.expect_keyword(Keyword::AS)?;
            let query = Box::new(self.query()?);
            if table.interleave.is_some() || table.partition_by.is_some() {
                return Err(self.invalid("a table made from a query is not partitioned"));
            }
            table.contents = TableContents::Query { elements, query };
            self.eat_keywords(kw![WITH DATA]);
        } else {
            table.contents = TableContents::Elements(elements);
        }
        table.on_commit_preserve = self.eat_keywords(kw![ON COMMIT PRESERVE ROWS]);
        if !untyped {
            table.locality = self.opt_locality()?;
        }
        Ok(StatementKind::CreateTable(Box::new(table)))
    }

    /// An element of a table made from a query.
    fn untyped_element(&mut self) -> Parsed<TableElement> {
        if self.at_keyword(Keyword::FAMILY) || self.at_keywords(kw![PRIMARY KEY]) {
            return self.table_element();
        }
        let start = self.start();
        let name = self.name()?;
        let mut options = Vec::new();
        loop {
            let constraint = if self.eat_keywords(kw![PRIMARY KEY]) {
                ColumnConstraint::PrimaryKey {
                    hash: None,
                    parameters: self.storage_parameters()?,
                }
            } else if self.eat_keyword(Keyword::FAMILY) {
                ColumnConstraint::Family {
                    name: Some(self.name()?),
                    create: false,
                    if_not_exists: false,
                }
            } else {
                break;
            };
            options.push(ColumnOption {
                name: None,
                constraint,
            });
        }
        Ok(TableElement::Column(ColumnDefinition {
            name,
            data_type: None,
            options,
            span: self.span_from(start),
        }))
    }

    pub(super) fn table_element(&mut self) -> Parsed<TableElement> {
        match self.keyword() {
            Some(Keyword::LIKE) => {
                self.advance();
                let table = self.object()?;
                let mut options = Vec::new();
                while let Some(what) = self.eat_any(kw![INCLUDING EXCLUDING]) {
                    options.push((what == Keyword::INCLUDING, self.words()?));
                }
                Ok(TableElement::Like { table, options })
            }
            Some(Keyword::FAMILY) => {
                self.advance();
                let name = self.opt_if(!self.is(TokenKind::LeftParen), Self::name)?;
                Ok(TableElement::Family {
                    name,
                    columns: self.paren_names()?,
                })
            }
            Some(Keyword::CONSTRAINT | Keyword::CHECK | Keyword::PRIMARY | Keyword::FOREIGN) => {
                self.constraint_element()
            }
            _ if self.at_index() => Ok(TableElement::Index(self.index_element()?)),
            Some(Keyword::UNIQUE) => self.constraint_element(),
            _ => Ok(TableElement::Column(self.column_definition()?)),
        }
    }

    fn constraint_element(&mut self) -> Parsed<TableElement> {
        let name = self.opt(kw![CONSTRAINT], Self::name)?;
        let constraint = self.table_constraint(name)?;
        let not_valid = self.not_valid(&constraint)?;
        Ok(TableElement::Constraint {
            constraint,
            not_valid,
        })
    }

    /// `NOT VALID`, if it is there, of a constraint that is no index.
    fn not_valid(&mut self, constraint: &TableConstraint) -> Parsed<bool> {
        let indexed = matches!(
            constraint,
            TableConstraint::PrimaryKey { .. }
                | TableConstraint::Unique {
                    without_index: false,
                    ..
                }
        );
        let found = self.eat_keywords(kw![NOT VALID]);
        if found && indexed {
            return Err(self.invalid("a key that is an index cannot be `NOT VALID`"));
        }
        Ok(found)
    }

    /// A constraint behind its name.
    pub(super) fn table_constraint(&mut self, name: Option<Ident>) -> Parsed<TableConstraint> {
        let start = self.start();
        match self.expect_any(kw![CHECK UNIQUE PRIMARY FOREIGN])? {
            Keyword::CHECK => {
                let expr = self.parens(Self::expr)?;
                Ok(TableConstraint::Check { name, expr })
            }
            Keyword::UNIQUE => {
                let without_index = self.eat_keywords(kw![WITHOUT INDEX]);
                let index = Box::new(self.index_body(true, IndexKind::Forward, None, start)?);
                Ok(TableConstraint::Unique {
                    name,
                    without_index,
                    index,
                })
            }
            Keyword::PRIMARY => {
                self.expect_keyword(Keyword::KEY)?;
                let columns = self.index_columns()?;
                let hash = self.hash_sharding()?;
                let interleave = self.interleave()?;
                Ok(TableConstraint::PrimaryKey {
                    name,
                    columns,
                    hash,
                    interleave,
                    parameters: self.storage_parameters()?,
                })
            }
            _ => {
                self.expect_keyword(Keyword::KEY)?;
                let columns = self.paren_names()?;
                self.expect_keyword(Keyword::REFERENCES)?;
                Ok(TableConstraint::ForeignKey {
                    name,
                    columns,
                    references: self.references(true)?,
                })
            }
        }
    }

    /// What follows `REFERENCES`.
    pub(super) fn references(&mut self, several: bool) -> Parsed<ForeignKey> {
        let table = self.object()?;
        let columns = self.opt_paren_names()?;
        if !several && columns.len() > 1 {
            return Err(self.invalid("a column refers to one column"));
        }
        let matching = self.opt_words()?;
        let (mut on_delete, mut on_update) = (None, None);
        loop {
            if on_delete.is_none() && self.eat_keywords(kw![ON DELETE]) {
                on_delete = Some(self.words()?);
            } else if on_update.is_none() && self.at_foreign_key_update() {
                self.at += 2;
                on_update = Some(self.words()?);
            } else {
                return Ok(ForeignKey {
                    table,
                    columns,
                    matching,
                    on_delete,
                    on_update,
                });
            }
        }
    }

    /// Whether `ON UPDATE` belongs to a foreign key rather than being a default of its own.
    fn at_foreign_key_update(&self) -> bool {
        self.at_keywords(kw![ON UPDATE])
            && matches!(
                self.kind_at(2),
                TokenKind::Keyword(
                    Keyword::NO | Keyword::RESTRICT | Keyword::CASCADE | Keyword::SET
                )
            )
    }

    /// `LOCALITY ..`, if it is there.
    pub(super) fn opt_locality(&mut self) -> Parsed<Option<Locality>> {
        if !self.eat_keyword(Keyword::LOCALITY) {
            return Ok(None);
        }
        if self.expect_any(kw![GLOBAL REGIONAL])? == Keyword::GLOBAL {
            return Ok(Some(Locality::Global));
        }
        if self.eat_keywords(kw![BY ROW]) {
            let column = self.opt(kw![AS], Self::name)?;
            return Ok(Some(Locality::RegionalByRow { column }));
        }
        if self.eat_keyword(Keyword::BY) {
            self.expect_keyword(Keyword::TABLE)?;
        }
        let region = if !self.eat_keyword(Keyword::IN) {
            None
        } else if self.eat_keywords(kw![PRIMARY REGION]) {
            Some(RegionName::Primary)
        } else {
            Some(RegionName::Named(self.region()?))
        };
        Ok(Some(Locality::RegionalByTable { region }))
    }

    /// A region, quoted as a name or as a string.
    pub(super) fn region(&mut self) -> Parsed<Ident> {
        if self.at_string() {
            let span = self.token().span;
            let name = self.string()?;
            return Ok(Ident::read(&name, true, span));
        }
        self.name()
    }
}
