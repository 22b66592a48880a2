//! Printing tables and their changes.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{
    AlterTableAction, CreateTable, SequenceOption, TableConstraint, TableContents, TableElement,
};
use super::super::keyword::Keyword;
use super::{Before, Clause, list, when};

impl Display for CreateTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CREATE {}TABLE {}{}",
            self.persistence,
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
        let Self::Like { table, options } = self else {
            return self.declared(f);
        };
        write!(f, "LIKE {table}")?;
        options.iter().try_for_each(|(including, option)| {
            let word = if *including { "INCLUDING" } else { "EXCLUDING" };
            write!(f, " {word} {option}")
        })
    }
}

impl Display for TableConstraint {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.declared(f)?;
        match self {
            Self::Unique { index, .. } => index.print_body(f),
            _ => Ok(()),
        }
    }
}

impl Display for AlterTableAction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self::AddConstraint {
            if_not_exists: true,
            constraint,
            not_valid,
        } = self
        else {
            return self.declared(f);
        };
        // The name stands behind `IF NOT EXISTS`.
        let text = constraint.to_string();
        write!(
            f,
            "ADD CONSTRAINT IF NOT EXISTS {}{}",
            text.strip_prefix("CONSTRAINT ").unwrap_or(&text),
            when(*not_valid, " NOT VALID")
        )
    }
}

impl Display for SequenceOption {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnedBy(None) => f.write_str("OWNED BY NONE"),
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
            _ => self.declared(f),
        }
    }
}
