//! Printing tables and their changes.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{
    AlterTableAction, CreateTable, Part, Persistence, SequenceOption, TableConstraint,
    TableContents, TableElement,
};
use super::super::keyword::Keyword;
use super::{Before, Clause, Item, list, when};

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
        self.parameters.clause(f, " WITH (", ")")?;
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
                parameters.clause(f, " WITH (", ")")
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
            Self::Other(parts) => Part::print_list(parts, f),
        }
    }
}

impl Display for SequenceOption {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::As(data_type) => write!(f, "AS {data_type}"),
            Self::Cycle(true) => f.write_str("CYCLE"),
            Self::Cycle(false) => f.write_str("NO CYCLE"),
            Self::OwnedBy(None) => f.write_str("OWNED BY NONE"),
            Self::OwnedBy(Some(column)) => write!(f, "OWNED BY {column}"),
            Self::Number {
                option,
                word,
                number,
            } => {
                let no = number.is_none() && *option != Keyword::RESTART;
                write!(f, "{}{}", when(no, "NO "), option.as_str())?;
                if let Some(word) = word {
                    write!(f, " {}", word.as_str())?;
                }
                write!(f, "{}", Before(" ", number))
            }
            Self::NodeCache(number) => write!(f, "PER NODE CACHE {number}"),
            Self::Virtual => f.write_str("VIRTUAL"),
        }
    }
}
