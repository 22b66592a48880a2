//! Printing statements that write rows.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{Assignment, Delete};
use super::{Before, Clause, Joined, list, when};

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

impl Display for Delete {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.with.clause(f, "", " ")?;
        f.write_str("DELETE ")?;
        if let Some(sizes) = &self.batch {
            f.write_str("BATCH ")?;
            for (at, size) in sizes.iter().enumerate() {
                write!(f, "{}SIZE {size}", if at == 0 { "(" } else { ", " })?;
            }
            f.write_str(when(!sizes.is_empty(), ") "))?;
        }
        write!(f, "FROM {}{}", self.table, Before(" AS ", &self.alias))?;
        self.using.clause(f, " USING ", "")?;
        write!(f, "{}", Before(" WHERE ", &self.filter))?;
        self.order_by.clause(f, " ORDER BY ", "")?;
        write!(
            f,
            "{}{}",
            Before(" ", &self.limit),
            Before(" ", &self.returning)
        )
    }
}
