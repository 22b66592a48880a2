//! `ALTER TABLE`: changes to the table itself.

use super::super::ast::{
    AlterTable, AlterTableAction, ColumnAction, DropBehavior, ObjectName, Part, Punctuation,
    StatementKind,
};
use super::super::keyword::Keyword;
use super::utility::Parts;
use super::{Parsed, Parser};

impl Parser<'_> {
    /// One or more changes, behind `ALTER TABLE a`.
    pub(super) fn alter_table_actions(
        &mut self,
        if_exists: bool,
        table: ObjectName,
    ) -> Parsed<StatementKind> {
        let actions = self.comma_list(Self::alter_table_action)?;
        Ok(StatementKind::AlterTable(Box::new(AlterTable {
            if_exists,
            table,
            actions,
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
                let mut parts = Vec::new();
                self.other_table_action(&mut parts)?;
                Ok(AlterTableAction::Other(parts))
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
        let not_valid = self.eat_keywords(&[Keyword::NOT, Keyword::VALID]);
        Ok(AlterTableAction::AddConstraint {
            if_not_exists,
            constraint,
            not_valid,
        })
    }

    fn at_constraint(&self) -> bool {
        self.at_any(&[
            Keyword::CONSTRAINT,
            Keyword::CHECK,
            Keyword::UNIQUE,
            Keyword::PRIMARY,
            Keyword::FOREIGN,
        ])
    }

    fn drop_part(&mut self) -> Parsed<AlterTableAction> {
        self.advance();
        if self.eat_keyword(Keyword::CONSTRAINT) {
            let if_exists = self.if_exists();
            let constraint = self.name()?;
            return Ok(AlterTableAction::DropConstraint {
                if_exists,
                constraint,
                behavior: self.drop_behavior(),
            });
        }
        self.eat_keyword(Keyword::COLUMN);
        let if_exists = self.if_exists();
        let column = self.name()?;
        Ok(AlterTableAction::DropColumn {
            if_exists,
            column,
            behavior: self.drop_behavior(),
        })
    }

    /// `ALTER COLUMN ..` or `ALTER PRIMARY KEY ..`.
    fn alter_part(&mut self) -> Parsed<AlterTableAction> {
        self.advance();
        if self.at_keywords(&[Keyword::PRIMARY, Keyword::KEY]) {
            return self.alter_primary_key();
        }
        self.eat_keyword(Keyword::COLUMN);
        let column = self.name()?;
        Ok(AlterTableAction::AlterColumn {
            column,
            action: self.column_action()?,
        })
    }

    fn alter_primary_key(&mut self) -> Parsed<AlterTableAction> {
        let mut parts = vec![Part::Keyword(Keyword::ALTER)];
        self.take_all(
            &mut parts,
            &[
                Keyword::PRIMARY,
                Keyword::KEY,
                Keyword::USING,
                Keyword::COLUMNS,
            ],
        )?;
        self.take_paren_list(&mut parts, |parser, parts| {
            parts.push(Part::IndexColumn(Box::new(parser.index_column()?)));
            Ok(())
        })?;
        if self.opt_take_all(&mut parts, &[Keyword::USING, Keyword::HASH])
            && self.opt_take_all(&mut parts, &[Keyword::WITH, Keyword::BUCKET_COUNT])
        {
            self.take_sign(&mut parts, Punctuation::Equal)?;
            self.take_expr(&mut parts)?;
        }
        if self.opt_take(&mut parts, Keyword::INTERLEAVE) {
            self.take_all(&mut parts, &[Keyword::IN, Keyword::PARENT])?;
            self.take_object(&mut parts)?;
            self.take_paren(&mut parts, Self::take_names)?;
        }
        if self.at_keyword(Keyword::WITH) {
            self.take(&mut parts, Keyword::WITH)?;
            self.take_paren_list(&mut parts, Self::take_storage_parameter)?;
        }
        Ok(AlterTableAction::Other(parts))
    }

    fn take_storage_parameter(&mut self, parts: &mut Parts) -> Parsed<()> {
        let parameter = self.storage_parameter()?;
        parts.extend([
            Part::Name(parameter.name),
            Part::Punctuation(Punctuation::Equal),
            Part::Expr(parameter.value),
        ]);
        Ok(())
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
            return self.identity_options();
        }
        if self.eat_keyword(ADD) {
            let generated = self.generated_as()?;
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
        self.eat_keywords(&[Keyword::SET, Keyword::DATA]);
        self.expect_keyword(Keyword::TYPE)?;
        let data_type = self.data_type()?;
        let collation = if self.eat_keyword(Keyword::COLLATE) {
            Some(self.collation()?)
        } else {
            None
        };
        let using = if self.eat_keyword(Keyword::USING) {
            Some(self.expr()?)
        } else {
            None
        };
        Ok(ColumnAction::SetType {
            data_type,
            collation,
            using,
        })
    }

    /// `SET GENERATED ALWAYS`, `SET INCREMENT 2`, `RESTART`, as many as follow.
    fn identity_options(&mut self) -> Parsed<ColumnAction> {
        let mut parts = Vec::new();
        while self.at_any(&[Keyword::SET, Keyword::RESTART]) {
            if self.opt_take(&mut parts, Keyword::RESTART) {
                self.opt_take(&mut parts, Keyword::WITH);
                if self.at_signed() {
                    self.take_signed(&mut parts)?;
                }
                continue;
            }
            self.take(&mut parts, Keyword::SET)?;
            if self.opt_take(&mut parts, Keyword::GENERATED) {
                if !self.opt_take_all(&mut parts, &[Keyword::BY, Keyword::DEFAULT]) {
                    self.take(&mut parts, Keyword::ALWAYS)?;
                }
            } else if self.opt_take(&mut parts, Keyword::NO) {
                self.take_any(
                    &mut parts,
                    &[Keyword::CYCLE, Keyword::MINVALUE, Keyword::MAXVALUE],
                )?;
            } else if !self.opt_take(&mut parts, Keyword::CYCLE) {
                self.take_any(
                    &mut parts,
                    &[
                        Keyword::CACHE,
                        Keyword::INCREMENT,
                        Keyword::MINVALUE,
                        Keyword::MAXVALUE,
                        Keyword::START,
                    ],
                )?;
                self.opt_take_any(&mut parts, &[Keyword::BY, Keyword::WITH]);
                self.take_signed(&mut parts)?;
            }
        }
        Ok(ColumnAction::Identity(parts))
    }

    /// The changes that have no node of their own.
    fn other_table_action(&mut self, parts: &mut Parts) -> Parsed<()> {
        match self.keyword() {
            Some(Keyword::EXPERIMENTAL_AUDIT) => {
                self.take_all(parts, &[Keyword::EXPERIMENTAL_AUDIT, Keyword::SET])?;
                if self.take_any(parts, &[Keyword::READ, Keyword::OFF])? == Keyword::READ {
                    self.take(parts, Keyword::WRITE)?;
                }
                Ok(())
            }
            Some(Keyword::PARTITION) => {
                self.take(parts, Keyword::PARTITION)?;
                self.opt_take(parts, Keyword::ALL);
                self.take(parts, Keyword::BY)?;
                parts.push(Part::Partition(Box::new(self.partitions()?)));
                Ok(())
            }
            Some(Keyword::INJECT) => {
                self.take_all(parts, &[Keyword::INJECT, Keyword::STATISTICS])?;
                self.take_expr(parts)
            }
            Some(Keyword::SET | Keyword::RESET) => self.set_or_reset_parameters(parts),
            Some(Keyword::ENABLE | Keyword::DISABLE) if self.keyword_at(1, Keyword::TRIGGER) => {
                self.take_any(parts, &[Keyword::ENABLE, Keyword::DISABLE])?;
                self.take(parts, Keyword::TRIGGER)?;
                if self.opt_take_any(parts, &[Keyword::ALL, Keyword::USER]) {
                    return Ok(());
                }
                self.take_name(parts)
            }
            Some(Keyword::ENABLE | Keyword::DISABLE | Keyword::FORCE | Keyword::NO) => {
                if self.take_any(
                    parts,
                    &[
                        Keyword::ENABLE,
                        Keyword::DISABLE,
                        Keyword::FORCE,
                        Keyword::NO,
                    ],
                )? == Keyword::NO
                {
                    self.take(parts, Keyword::FORCE)?;
                }
                self.take(parts, Keyword::ROW)?;
                self.take(parts, Keyword::LEVEL)?;
                self.take(parts, Keyword::SECURITY)
            }
            _ => Err(self.expected("a change of the table")),
        }
    }

    /// `SET (a = b)` or `RESET (a)`, of a table or index.
    pub(super) fn set_or_reset_parameters(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.take_any(parts, &[Keyword::SET, Keyword::RESET])? == Keyword::SET {
            return self.take_paren_list(parts, Self::take_storage_parameter);
        }
        self.take_paren_list(parts, |parser, parts| {
            parts.push(Part::Name(parser.storage_parameter_name()?));
            Ok(())
        })
    }

    /// `CASCADE` or `RESTRICT`, if it is there.
    pub(super) fn drop_behavior(&mut self) -> Option<DropBehavior> {
        self.eat_any(&[Keyword::CASCADE, Keyword::RESTRICT])
            .map(|keyword| match keyword {
                Keyword::CASCADE => DropBehavior::Cascade,
                _ => DropBehavior::Restrict,
            })
    }
}
