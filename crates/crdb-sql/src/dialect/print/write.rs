//! Printing statements that write rows.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{
    Assignment, Conflict, ConflictAction, ConflictTarget, Delete, DropBehavior, Insert,
    InsertSource, Overriding, Returning, Truncate, Update,
};
use super::{Before, Joined, list, when};

impl Display for Insert {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(with) = &self.with {
            write!(f, "{with} ")?;
        }
        f.write_str(if self.upsert {
            "UPSERT INTO "
        } else {
            "INSERT INTO "
        })?;
        write!(f, "{}{}", self.table, Before(" AS ", &self.alias))?;
        if !self.columns.is_empty() {
            write!(f, " ({})", list(&self.columns))?;
        }
        f.write_str(match self.overriding {
            None => "",
            Some(Overriding::System) => " OVERRIDING SYSTEM VALUE",
            Some(Overriding::User) => " OVERRIDING USER VALUE",
        })?;
        match &self.source {
            InsertSource::Default => f.write_str(" DEFAULT VALUES")?,
            InsertSource::Query(query) => write!(f, " {query}")?,
        }
        write!(
            f,
            "{}{}",
            Before(" ", &self.on_conflict),
            Before(" ", &self.returning)
        )
    }
}

impl Display for Conflict {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("ON CONFLICT")?;
        match &self.target {
            ConflictTarget::Any => {}
            ConflictTarget::Columns { columns, filter } => {
                write!(f, " ({}){}", list(columns), Before(" WHERE ", filter))?;
            }
            ConflictTarget::Constraint(name) => write!(f, " ON CONSTRAINT {name}")?,
        }
        match &self.action {
            ConflictAction::Nothing => f.write_str(" DO NOTHING"),
            ConflictAction::Update {
                assignments,
                filter,
            } => {
                write!(
                    f,
                    " DO UPDATE SET {}{}",
                    list(assignments),
                    Before(" WHERE ", filter)
                )
            }
        }
    }
}

impl Display for Assignment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.tuple {
            write!(f, "({}) = {}", list(&self.columns), self.value)
        } else {
            write!(
                f,
                "{}{} = {}",
                list(&self.columns),
                Joined(&self.subscripts, ""),
                self.value
            )
        }
    }
}

impl Display for Returning {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("RETURNING NOTHING"),
            Self::Items(items) => write!(f, "RETURNING {}", list(items)),
        }
    }
}

impl Display for Update {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(with) = &self.with {
            write!(f, "{with} ")?;
        }
        write!(
            f,
            "UPDATE {}{} SET {}",
            self.table,
            Before(" AS ", &self.alias),
            list(&self.assignments)
        )?;
        if !self.from.is_empty() {
            write!(f, " FROM {}", list(&self.from))?;
        }
        write!(f, "{}", Before(" WHERE ", &self.filter))?;
        if !self.order_by.is_empty() {
            write!(f, " ORDER BY {}", list(&self.order_by))?;
        }
        write!(
            f,
            "{}{}",
            Before(" ", &self.limit),
            Before(" ", &self.returning)
        )
    }
}

impl Display for Delete {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(with) = &self.with {
            write!(f, "{with} ")?;
        }
        f.write_str("DELETE ")?;
        if let Some(sizes) = &self.batch {
            f.write_str("BATCH ")?;
            for (at, size) in sizes.iter().enumerate() {
                write!(f, "{}SIZE {size}", if at == 0 { "(" } else { ", " })?;
            }
            f.write_str(when(!sizes.is_empty(), ") "))?;
        }
        write!(f, "FROM {}{}", self.table, Before(" AS ", &self.alias))?;
        if !self.using.is_empty() {
            write!(f, " USING {}", list(&self.using))?;
        }
        write!(f, "{}", Before(" WHERE ", &self.filter))?;
        if !self.order_by.is_empty() {
            write!(f, " ORDER BY {}", list(&self.order_by))?;
        }
        write!(
            f,
            "{}{}",
            Before(" ", &self.limit),
            Before(" ", &self.returning)
        )
    }
}

impl Display for Truncate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "TRUNCATE TABLE {}{}",
            list(&self.tables),
            Before(" ", &self.behavior)
        )
    }
}

impl Display for DropBehavior {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cascade => "CASCADE",
            Self::Restrict => "RESTRICT",
        })
    }
}
