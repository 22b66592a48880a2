//! Printing statements of the long tail.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{Part, Punctuation};
use super::{Item, Joined, Text, when};

impl Item for Part {
    fn print(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.fmt(f)
    }

    /// With spaces where they belong.
    fn print_list(parts: &[Self], f: &mut Formatter<'_>) -> fmt::Result {
        let mut tight = true;
        for part in parts {
            let Part::Punctuation(sign) = part else {
                write!(f, "{}{part}", when(!tight, " "))?;
                tight = false;
                continue;
            };
            let spaced = matches!(
                sign,
                Punctuation::Open | Punctuation::Equal | Punctuation::Star
            );
            write!(f, "{}{}", when(spaced && !tight, " "), sign.as_str())?;
            tight = matches!(sign, Punctuation::Open | Punctuation::Dot | Punctuation::At);
        }
        Ok(())
    }
}

impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyword(keyword) => f.write_str(keyword.as_str()),
            Self::Punctuation(_) => Ok(()),
            Self::Name(name) => name.fmt(f),
            Self::Object(name) => name.fmt(f),
            Self::Table(table) => table.fmt(f),
            Self::ObjectPattern(names) => {
                write!(f, "{}{}*", Joined(names, "."), when(!names.is_empty(), "."))
            }
            Self::Index(name) => name.fmt(f),
            Self::Type(data_type) => data_type.fmt(f),
            Self::Expr(expr) => expr.fmt(f),
            Self::InBrackets(inner) => write!(f, "[{inner}]"),
            Self::Text(text) => Text(text).fmt(f),
            Self::Number(number) => f.write_str(number),
            Self::Query(query) => query.fmt(f),
            Self::Statement(statement) => statement.fmt(f),
            Self::Column(column) => column.fmt(f),
            Self::Element(element) => element.fmt(f),
            Self::IndexColumn(column) => column.fmt(f),
            Self::Partition(partition) => partition.fmt(f),
        }
    }
}
