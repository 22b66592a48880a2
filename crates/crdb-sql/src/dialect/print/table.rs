//! Printing tables and their changes.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{
    AlterTable, AlterTableAction, ColumnAction, ColumnConstraint, ColumnDefinition, ColumnOption,
    CreateTable, ForeignKey, ForeignKeyAction, GeneratedAs, Identity, LikeOption, Locality,
    MatchKind, Persistence, RegionName, TableConstraint, TableContents, TableElement,
};
use super::index::print_parameters;
use super::utility::print_parts;
use super::{Before, Joined, list, when};

impl Display for CreateTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let persistence = match self.persistence {
            Persistence::Permanent => "",
            Persistence::Temporary => "TEMPORARY ",
            Persistence::Unlogged => "UNLOGGED ",
        };
        write!(
            f,
            "CREATE {persistence}TABLE {}{}",
            when(self.if_not_exists, "IF NOT EXISTS "),
            self.name
        )?;
        match &self.contents {
            TableContents::Elements(elements) => write!(f, " ({})", list(elements))?,
            TableContents::Query { elements, .. } if elements.is_empty() => {}
            TableContents::Query { elements, .. } => write!(f, " ({})", list(elements))?,
        }
        write!(f, "{}", Before(" ", &self.interleave))?;
        let all = if self.partition_all {
            " PARTITION ALL BY "
        } else {
            " PARTITION BY "
        };
        write!(f, "{}", Before(all, &self.partition_by))?;
        print_parameters(f, &self.parameters)?;
        if let TableContents::Query { query, .. } = &self.contents {
            write!(f, " AS {query}")?;
        }
        f.write_str(when(self.on_commit_preserve, " ON COMMIT PRESERVE ROWS"))?;
        write!(f, "{}", Before(" ", &self.locality))
    }
}

impl Display for TableElement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(column) => column.fmt(f),
            Self::Index(index) => index.fmt(f),
            Self::Family { name, columns } => {
                write!(f, "FAMILY{} ({})", Before(" ", name), list(columns))
            }
            Self::Constraint {
                constraint,
                not_valid,
            } => {
                write!(f, "{constraint}{}", when(*not_valid, " NOT VALID"))
            }
            Self::Like { table, options } => {
                write!(f, "LIKE {table}")?;
                options.iter().try_for_each(|(including, option)| {
                    write!(
                        f,
                        " {} {option}",
                        if *including { "INCLUDING" } else { "EXCLUDING" }
                    )
                })
            }
        }
    }
}

impl Display for LikeOption {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "ALL",
            Self::Constraints => "CONSTRAINTS",
            Self::Defaults => "DEFAULTS",
            Self::Generated => "GENERATED",
            Self::Indexes => "INDEXES",
        })
    }
}

impl Display for ColumnDefinition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, Before(" ", &self.data_type))?;
        self.options
            .iter()
            .try_for_each(|option| write!(f, " {option}"))
    }
}

impl Display for ColumnOption {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "CONSTRAINT {name} ")?;
        }
        self.constraint.fmt(f)
    }
}

impl Display for ColumnConstraint {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::NotNull => f.write_str("NOT NULL"),
            Self::NotVisible => f.write_str("NOT VISIBLE"),
            Self::Unique { without_index } => {
                write!(f, "UNIQUE{}", when(*without_index, " WITHOUT INDEX"))
            }
            Self::PrimaryKey { hash, parameters } => {
                write!(f, "PRIMARY KEY{}", Before(" ", hash))?;
                print_parameters(f, parameters)
            }
            Self::Check(expr) => write!(f, "CHECK ({expr})"),
            Self::Default(expr) => write!(f, "DEFAULT {expr}"),
            Self::OnUpdate(expr) => write!(f, "ON UPDATE {expr}"),
            Self::References(key) => write!(f, "REFERENCES {key}"),
            Self::Computed {
                generated,
                expr,
                stored,
            } => write!(
                f,
                "{}AS ({expr}) {}",
                when(*generated, "GENERATED ALWAYS "),
                if *stored { "STORED" } else { "VIRTUAL" }
            ),
            Self::Identity(identity) => identity.fmt(f),
            Self::Collate(collation) => write!(f, "COLLATE {collation}"),
            Self::Family {
                name,
                create,
                if_not_exists,
            } => write!(
                f,
                "{}{}FAMILY{}",
                when(*create, "CREATE "),
                when(*if_not_exists, "IF NOT EXISTS "),
                Before(" ", name)
            ),
        }
    }
}

impl Display for Identity {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "GENERATED {} AS IDENTITY", self.generated)?;
        if self.options.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", Joined(&self.options, " "))
        }
    }
}

impl Display for GeneratedAs {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Always => "ALWAYS",
            Self::ByDefault => "BY DEFAULT",
        })
    }
}

impl Display for ForeignKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.table.fmt(f)?;
        if !self.columns.is_empty() {
            write!(f, " ({})", list(&self.columns))?;
        }
        f.write_str(match self.matching {
            None => "",
            Some(MatchKind::Simple) => " MATCH SIMPLE",
            Some(MatchKind::Full) => " MATCH FULL",
        })?;
        write!(
            f,
            "{}{}",
            Before(" ON DELETE ", &self.on_delete),
            Before(" ON UPDATE ", &self.on_update)
        )
    }
}

impl Display for ForeignKeyAction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAction => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        })
    }
}

impl Display for TableConstraint {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (Self::Check { name, .. }
        | Self::Unique { name, .. }
        | Self::PrimaryKey { name, .. }
        | Self::ForeignKey { name, .. }) = self;
        if let Some(name) = name {
            write!(f, "CONSTRAINT {name} ")?;
        }
        self.print_unnamed(f)
    }
}

impl TableConstraint {
    fn print_unnamed(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Check { expr, .. } => write!(f, "CHECK ({expr})"),
            Self::Unique {
                without_index,
                index,
                ..
            } => {
                write!(f, "UNIQUE {}", when(*without_index, "WITHOUT INDEX "))?;
                index.print_body(f)
            }
            Self::PrimaryKey {
                columns,
                hash,
                interleave,
                parameters,
                ..
            } => {
                write!(
                    f,
                    "PRIMARY KEY ({}){}{}",
                    list(columns),
                    Before(" ", hash),
                    Before(" ", interleave)
                )?;
                print_parameters(f, parameters)
            }
            Self::ForeignKey {
                columns,
                references,
                ..
            } => {
                write!(f, "FOREIGN KEY ({}) REFERENCES {references}", list(columns))
            }
        }
    }
}

impl Display for Locality {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => f.write_str("LOCALITY GLOBAL"),
            Self::RegionalByTable { region } => {
                write!(f, "LOCALITY REGIONAL BY TABLE{}", Before(" IN ", region))
            }
            Self::RegionalByRow { column } => {
                write!(f, "LOCALITY REGIONAL BY ROW{}", Before(" AS ", column))
            }
        }
    }
}

impl Display for RegionName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Primary => f.write_str("PRIMARY REGION"),
            Self::Named(name) => name.fmt(f),
        }
    }
}

impl Display for AlterTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ALTER TABLE {}{} {}",
            when(self.if_exists, "IF EXISTS "),
            self.table,
            list(&self.actions)
        )
    }
}

impl Display for AlterTableAction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddColumn {
                if_not_exists,
                column,
            } => {
                write!(
                    f,
                    "ADD COLUMN {}{column}",
                    when(*if_not_exists, "IF NOT EXISTS ")
                )
            }
            Self::DropColumn {
                if_exists,
                column,
                behavior,
            } => {
                write!(
                    f,
                    "DROP COLUMN {}{column}{}",
                    when(*if_exists, "IF EXISTS "),
                    Before(" ", behavior)
                )
            }
            Self::AlterColumn { column, action } => write!(f, "ALTER COLUMN {column} {action}"),
            Self::RenameColumn { column, new_name } => {
                write!(f, "RENAME COLUMN {column} TO {new_name}")
            }
            Self::RenameConstraint {
                constraint,
                new_name,
            } => {
                write!(f, "RENAME CONSTRAINT {constraint} TO {new_name}")
            }
            Self::AddConstraint {
                if_not_exists: true,
                constraint,
                not_valid,
            } => {
                // The name stands behind `IF NOT EXISTS`.
                f.write_str("ADD CONSTRAINT IF NOT EXISTS ")?;
                let text = constraint.to_string();
                write!(
                    f,
                    "{}{}",
                    text.strip_prefix("CONSTRAINT ").unwrap_or(&text),
                    when(*not_valid, " NOT VALID")
                )
            }
            Self::AddConstraint {
                constraint,
                not_valid,
                ..
            } => {
                write!(f, "ADD {constraint}{}", when(*not_valid, " NOT VALID"))
            }
            Self::DropConstraint {
                if_exists,
                constraint,
                behavior,
            } => {
                write!(
                    f,
                    "DROP CONSTRAINT {}{constraint}{}",
                    when(*if_exists, "IF EXISTS "),
                    Before(" ", behavior)
                )
            }
            Self::ValidateConstraint(name) => write!(f, "VALIDATE CONSTRAINT {name}"),
            Self::Other(parts) => print_parts(f, parts),
        }
    }
}

impl Display for ColumnAction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetDefault(expr) => write!(f, "SET DEFAULT {expr}"),
            Self::DropDefault => f.write_str("DROP DEFAULT"),
            Self::SetOnUpdate(expr) => write!(f, "SET ON UPDATE {expr}"),
            Self::DropOnUpdate => f.write_str("DROP ON UPDATE"),
            Self::SetNotNull => f.write_str("SET NOT NULL"),
            Self::DropNotNull => f.write_str("DROP NOT NULL"),
            Self::DropStored => f.write_str("DROP STORED"),
            Self::SetVisible(true) => f.write_str("SET VISIBLE"),
            Self::SetVisible(false) => f.write_str("SET NOT VISIBLE"),
            Self::SetType {
                data_type,
                collation,
                using,
            } => {
                write!(
                    f,
                    "SET DATA TYPE {data_type}{}{}",
                    Before(" COLLATE ", collation),
                    Before(" USING ", using)
                )
            }
            Self::AddIdentity(identity) => write!(f, "ADD {identity}"),
            Self::DropIdentity { if_exists } => {
                write!(f, "DROP IDENTITY{}", when(*if_exists, " IF EXISTS"))
            }
            Self::Identity(parts) => print_parts(f, parts),
        }
    }
}
