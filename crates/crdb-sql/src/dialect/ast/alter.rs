//! `ALTER TABLE`.

use super::expr::Expr;
use super::name::{Ident, ObjectName};
use super::object::DropBehavior;
use super::table::{ColumnDefinition, Identity, TableConstraint};
use super::types::DataType;
use super::utility::Part;

/// `ALTER TABLE` with changes to the table itself. Splits, scattering, zones and renaming the table are
/// [utility statements](super::Utility).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AlterTable {
    /// `IF EXISTS`
    pub if_exists: bool,
    /// Which table.
    pub table: ObjectName,
    /// One or more.
    pub actions: Vec<AlterTableAction>,
}

/// One change of a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlterTableAction {
    /// `ADD COLUMN ..`
    AddColumn {
        /// `IF NOT EXISTS`
        if_not_exists: bool,
        /// The column.
        column: ColumnDefinition,
    },
    /// `DROP COLUMN ..`
    DropColumn {
        /// `IF EXISTS`
        if_exists: bool,
        /// The column.
        column: Ident,
        /// `CASCADE`
        behavior: Option<DropBehavior>,
    },
    /// `ALTER COLUMN ..`
    AlterColumn {
        /// The column.
        column: Ident,
        /// How.
        action: ColumnAction,
    },
    /// `RENAME COLUMN a TO b`
    RenameColumn {
        /// The column.
        column: Ident,
        /// Its new name.
        new_name: Ident,
    },
    /// `RENAME CONSTRAINT a TO b`
    RenameConstraint {
        /// The constraint.
        constraint: Ident,
        /// Its new name.
        new_name: Ident,
    },
    /// `ADD CONSTRAINT ..`
    AddConstraint {
        /// `IF NOT EXISTS`
        if_not_exists: bool,
        /// The constraint.
        constraint: TableConstraint,
        /// `NOT VALID`
        not_valid: bool,
    },
    /// `DROP CONSTRAINT ..`
    DropConstraint {
        /// `IF EXISTS`
        if_exists: bool,
        /// The constraint.
        constraint: Ident,
        /// `CASCADE`
        behavior: Option<DropBehavior>,
    },
    /// `VALIDATE CONSTRAINT a`
    ValidateConstraint(Ident),
    /// The rest: partitions, primary keys, storage parameters, audits, row-level security.
    Other(Vec<Part>),
}

/// One change of a column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnAction {
    /// `SET DEFAULT ..`
    SetDefault(Expr),
    /// `DROP DEFAULT`
    DropDefault,
    /// `SET ON UPDATE ..`
    SetOnUpdate(Expr),
    /// `DROP ON UPDATE`
    DropOnUpdate,
    /// `SET NOT NULL`
    SetNotNull,
    /// `DROP NOT NULL`
    DropNotNull,
    /// `DROP STORED`
    DropStored,
    /// `SET VISIBLE` (true) or `SET NOT VISIBLE`
    SetVisible(bool),
    /// `SET DATA TYPE ..`
    SetType {
        /// The type.
        data_type: DataType,
        /// `COLLATE ..`
        collation: Option<ObjectName>,
        /// `USING ..`
        using: Option<Expr>,
    },
    /// `ADD GENERATED ALWAYS AS IDENTITY`
    AddIdentity(Identity),
    /// `DROP IDENTITY IF EXISTS`
    DropIdentity {
        /// `IF EXISTS`
        if_exists: bool,
    },
    /// Options of an identity column.
    Identity(Vec<Part>),
}
