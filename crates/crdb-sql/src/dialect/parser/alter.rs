//! `ALTER`: changes of a table have nodes of their own.

use super::super::ast::{AlterTable, AlterTableAction, ColumnAction, StatementKind};
use super::super::keyword::Keyword;
use super::utility::{ALTER, ALTER_PRIMARY_KEY, IDENTITY_OPTIONS, TABLE_ACTION};
use super::{Parsed, Parser};

impl Parser<'_> {
    pub(super) fn alter(&mut self) -> Parsed<StatementKind> {
        if !self.keyword_at(1, Keyword::TABLE) {
            return self.expect_utility(ALTER);
        }
        if let Some(utility) = self.utility(ALTER)? {
            return Ok(utility);
        }
        self.at += 2;
        Ok(StatementKind::AlterTable(Box::new(AlterTable {
            if_exists: self.if_exists(),
            table: self.relation()?,
            actions: self.comma_list(Self::alter_table_action)?,
        })))
    }

    fn alter_table_action(&mut self) -> Parsed<AlterTableAction> {
        match self.keyword() {
            Some(Keyword::RENAME) => self.rename_part(),
            Some(Keyword::ADD) => self.add_part(),
            Some(Keyword::DROP) => self.drop_part(),
            Some(Keyword::ALTER) => self.alter_part(),
            Some(Keyword::VALIDATE) => {
                self.advance();
                self.expect_keyword(Keyword::CONSTRAINT)?;
                Ok(AlterTableAction::ValidateConstraint(self.name()?))
            }
            _ => {
                if !self.fits(TABLE_ACTION) {
                    return Err(self.expected("a change of the table"));
                }
                Ok(AlterTableAction::Other(self.parts(TABLE_ACTION)?))
            }
        }
    }

    fn rename_part(&mut self) -> Parsed<AlterTableAction> {
        self.advance();
        if self.eat_keyword(Keyword::CONSTRAINT) {
            let constraint = self.name()?;
            self.expect_keyword(Keyword::TO)?;
            return Ok(AlterTableAction::RenameConstraint {
                constraint,
                new_name: self.name()?,
            });
        }
        self.eat_keyword(Keyword::COLUMN);
        let column = self.name()?;
        self.expect_keyword(Keyword::TO)?;
        Ok(AlterTableAction::RenameColumn {
            column,
            new_name: self.name()?,
        })
    }

    fn add_part(&mut self) -> Parsed<AlterTableAction> {
        self.advance();
        if self.eat_keyword(Keyword::COLUMN) || !self.at_constraint() {
            let if_not_exists = self.if_not_exists();
            return Ok(AlterTableAction::AddColumn {
                if_not_exists,
                column: self.column_definition()?,
            });
        }
        let (mut name, mut if_not_exists) = (None, false);
        if self.eat_keyword(Keyword::CONSTRAINT) {
            if_not_exists = self.if_not_exists();
            name = Some(self.name()?);
        }
        let constraint = self.table_constraint(name)?;
        let not_valid = self.eat_keywords(kw![NOT VALID]);
        Ok(AlterTableAction::AddConstraint {
            if_not_exists,
            constraint,
            not_valid,
        })
    }

    fn at_constraint(&self) -> bool {
        self.at_any(kw![CONSTRAINT CHECK UNIQUE PRIMARY FOREIGN])
    }

    fn drop_part(&mut self) -> Parsed<AlterTableAction> {
        self.advance();
        if self.eat_keyword(Keyword::CONSTRAINT) {
            let if_exists = self.if_exists();
            let constraint = self.name()?;
            return Ok(AlterTableAction::DropConstraint {
                if_exists,
                constraint,
                behavior: self.opt_words()?,
            });
        }
        self.eat_keyword(Keyword::COLUMN);
        let if_exists = self.if_exists();
        let column = self.name()?;
        Ok(AlterTableAction::DropColumn {
            if_exists,
            column,
            behavior: self.opt_words()?,
        })
    }

    /// `ALTER COLUMN ..` or `ALTER PRIMARY KEY ..`.
    fn alter_part(&mut self) -> Parsed<AlterTableAction> {
        if self.keyword_at(1, Keyword::PRIMARY) && self.keyword_at(2, Keyword::KEY) {
            return Ok(AlterTableAction::Other(self.parts(ALTER_PRIMARY_KEY)?));
        }
        self.advance();
        self.eat_keyword(Keyword::COLUMN);
        let column = self.name()?;
        Ok(AlterTableAction::AlterColumn {
            column,
            action: self.column_action()?,
        })
    }

    fn column_action(&mut self) -> Parsed<ColumnAction> {
        use Keyword::{
            ADD, DATA, DEFAULT, DROP, NOT, NULL, ON, RESTART, SET, STORED, TYPE, UPDATE, VISIBLE,
        };
        if self.eat_keywords(&[SET, DEFAULT]) {
            return Ok(ColumnAction::SetDefault(self.expr()?));
        }
        if self.eat_keywords(&[SET, ON, UPDATE]) {
            return Ok(ColumnAction::SetOnUpdate(self.expr()?));
        }
        if self.eat_keywords(&[SET, NOT, NULL]) {
            return Ok(ColumnAction::SetNotNull);
        }
        if self.eat_keywords(&[SET, NOT, VISIBLE]) {
            return Ok(ColumnAction::SetVisible(false));
        }
        if self.eat_keywords(&[SET, VISIBLE]) {
            return Ok(ColumnAction::SetVisible(true));
        }
        if self.at_keyword(TYPE) || self.at_keywords(&[SET, DATA, TYPE]) {
            return self.set_type();
        }
        if self.at_any(&[SET, RESTART]) {
            return Ok(ColumnAction::Identity(self.parts(IDENTITY_OPTIONS)?));
        }
        if self.eat_keyword(ADD) {
            self.expect_keyword(Keyword::GENERATED)?;
            let generated = self.words()?;
            self.expect_keyword(Keyword::AS)?;
            return Ok(ColumnAction::AddIdentity(self.identity(generated)?));
        }
        if !self.eat_keyword(DROP) {
            return Err(self.expected("`SET`, `DROP`, `ADD` or `TYPE`"));
        }
        Ok(
            match self.expect_any(&[DEFAULT, ON, NOT, STORED, Keyword::IDENTITY])? {
                DEFAULT => ColumnAction::DropDefault,
                ON => {
                    self.expect_keyword(UPDATE)?;
                    ColumnAction::DropOnUpdate
                }
                NOT => {
                    self.expect_keyword(NULL)?;
                    ColumnAction::DropNotNull
                }
                STORED => ColumnAction::DropStored,
                _ => ColumnAction::DropIdentity {
                    if_exists: self.if_exists(),
                },
            },
        )
    }

    fn set_type(&mut self) -> Parsed<ColumnAction> {
        self.eat_keywords(kw![SET DATA]);
        self.expect_keyword(Keyword::TYPE)?;
        let data_type = self.data_type()?;
        let collation = self.opt(kw![COLLATE], Self::collation)?;
        let using = self.opt(kw![USING], Self::expr)?;
        Ok(ColumnAction::SetType {
            data_type,
            collation,
            using,
        })
    }
}
