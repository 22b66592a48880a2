//! `ALTER TABLE`.

use super::expr::Expr;
use super::name::{Ident, ObjectName};
use super::object::DropBehavior;
use super::table::{ColumnDefinition, Identity, TableConstraint};
use super::types::DataType;
use super::utility::Part;

tree! {
    /// `ALTER TABLE` with changes to the table itself. Splits, scattering, zones and renaming the table are
    /// [utility statements](super::Utility).
    pub struct AlterTable: Display {
        /// `IF EXISTS`
        pub if_exists: bool => "ALTER TABLE IF EXISTS " .. "ALTER TABLE ",
        /// Which table.
        pub table: ObjectName as Define => "",
        /// One or more.
        pub actions: Vec<AlterTableAction> => " ",
    }

    /// One change of a table.
    #[non_exhaustive]
    pub enum AlterTableAction: Partly {
        /// `ADD COLUMN ..`
        AddColumn {
            /// `IF NOT EXISTS`
            if_not_exists: bool => "ADD COLUMN IF NOT EXISTS " .. "ADD COLUMN ",
            /// The column.
            column: ColumnDefinition => "",
        },
        /// `DROP COLUMN ..`
        DropColumn {
            /// `IF EXISTS`
            if_exists: bool => "DROP COLUMN IF EXISTS " .. "DROP COLUMN ",
            /// The column.
            column: Ident => "",
            /// `CASCADE`
            behavior: Option<DropBehavior> => " ",
        },
        /// `ALTER COLUMN ..`
        AlterColumn {
            /// The column.
            column: Ident => "ALTER COLUMN " .. " ",
            /// How.
            action: ColumnAction => "",
        },
        /// `RENAME COLUMN a TO b`
        RenameColumn {
            /// The column.
            column: Ident => "RENAME COLUMN ",
            /// Its new name.
            new_name: Ident => " TO ",
        },
        /// `RENAME CONSTRAINT a TO b`
        RenameConstraint {
            /// The constraint.
            constraint: Ident => "RENAME CONSTRAINT ",
            /// Its new name.
            new_name: Ident => " TO ",
        },
        /// `ADD CONSTRAINT ..`
        AddConstraint {
            /// `IF NOT EXISTS`
            if_not_exists: bool,
            /// The constraint.
            constraint: TableConstraint => "ADD ",
            /// `NOT VALID`
            not_valid: bool => " NOT VALID",
        },
        /// `DROP CONSTRAINT ..`
        DropConstraint {
            /// `IF EXISTS`
            if_exists: bool => "DROP CONSTRAINT IF EXISTS " .. "DROP CONSTRAINT ",
            /// The constraint.
            constraint: Ident => "",
            /// `CASCADE`
            behavior: Option<DropBehavior> => " ",
        },
        /// `VALIDATE CONSTRAINT a`
        ValidateConstraint(Ident) => "VALIDATE CONSTRAINT ",
        /// The rest: partitions, primary keys, storage parameters, audits, row-level security.
        Other(Vec<Part>),
    }

    /// One change of a column.
    #[non_exhaustive]
    pub enum ColumnAction: Display {
        /// `SET DEFAULT ..`
        SetDefault(Expr) => "SET DEFAULT ",
        /// `DROP DEFAULT`
        DropDefault => "DROP DEFAULT",
        /// `SET ON UPDATE ..`
        SetOnUpdate(Expr) => "SET ON UPDATE ",
        /// `DROP ON UPDATE`
        DropOnUpdate => "DROP ON UPDATE",
        /// `SET NOT NULL`
        SetNotNull => "SET NOT NULL",
        /// `DROP NOT NULL`
        DropNotNull => "DROP NOT NULL",
        /// `DROP STORED`
        DropStored => "DROP STORED",
        /// `SET VISIBLE` (true) or `SET NOT VISIBLE`
        SetVisible(bool) => "SET VISIBLE" .. "SET NOT VISIBLE",
        /// `SET DATA TYPE ..`
        SetType {
            /// The type.
            data_type: DataType => "SET DATA TYPE ",
            /// `COLLATE ..`
            collation: Option<ObjectName> => " COLLATE ",
            /// `USING ..`
            using: Option<Expr> => " USING ",
        },
        /// `ADD GENERATED ALWAYS AS IDENTITY`
        AddIdentity(Identity) => "ADD ",
        /// `DROP IDENTITY IF EXISTS`
        DropIdentity {
            /// `IF EXISTS`
            if_exists: bool => " IF EXISTS",
        } => "DROP IDENTITY",
        /// Options of an identity column.
        Identity(Vec<Part>),
    }
}
