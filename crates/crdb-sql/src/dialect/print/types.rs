//! Printing names and types.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{
    ArrayBounds, BaseType, DataType, Ident, IndexName, IntervalField, ObjectName,
};
use super::{Joined, list};

impl Display for Ident {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.is_quoted() {
            write!(f, "\"{}\"", self.value().replace('"', "\"\""))
        } else {
            f.write_str(self.value())
        }
    }
}

impl Display for ObjectName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Joined(&self.parts, ".").fmt(f)
    }
}

impl Display for IndexName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(table) = &self.table {
            write!(f, "{table}@")?;
        }
        self.index.fmt(f)
    }
}

impl Display for DataType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.base.fmt(f)?;
        match self.array {
            ArrayBounds::None => Ok(()),
            ArrayBounds::Brackets(None) => f.write_str("[]"),
            ArrayBounds::Brackets(Some(size)) => write!(f, "[{size}]"),
            ArrayBounds::Keyword(None) => f.write_str(" ARRAY"),
            ArrayBounds::Keyword(Some(size)) => write!(f, " ARRAY[{size}]"),
        }
    }
}

impl Display for BaseType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => name.fmt(f),
            Self::ById(id) => write!(f, "@{id}"),
            Self::Keyword {
                keyword,
                modifiers,
                time_zone,
            } => {
                f.write_str(keyword.as_str())?;
                if !modifiers.is_empty() {
                    write!(f, "({})", list(modifiers))?;
                }
                match time_zone {
                    None => Ok(()),
                    Some(true) => f.write_str(" WITH TIME ZONE"),
                    Some(false) => f.write_str(" WITHOUT TIME ZONE"),
                }
            }
            Self::Shape {
                geography,
                shape,
                srid,
            } => {
                f.write_str(if *geography { "GEOGRAPHY" } else { "GEOMETRY" })?;
                match (shape, srid) {
                    (None, _) => Ok(()),
                    (Some(shape), None) => write!(f, "({})", shape.to_uppercase()),
                    (Some(shape), Some(srid)) => write!(f, "({}, {srid})", shape.to_uppercase()),
                }
            }
            Self::Interval { fields, precision } => {
                f.write_str("INTERVAL")?;
                if let Some(precision) = precision {
                    write!(f, "({precision})")?;
                }
                match fields {
                    Some(fields) => write!(f, " {fields}"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl Display for IntervalField {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (text, precision) = match self {
            Self::Year => ("YEAR", None),
            Self::Month => ("MONTH", None),
            Self::Day => ("DAY", None),
            Self::Hour => ("HOUR", None),
            Self::Minute => ("MINUTE", None),
            Self::Second(precision) => ("SECOND", *precision),
            Self::YearToMonth => ("YEAR TO MONTH", None),
            Self::DayToHour => ("DAY TO HOUR", None),
            Self::DayToMinute => ("DAY TO MINUTE", None),
            Self::DayToSecond(precision) => ("DAY TO SECOND", *precision),
            Self::HourToMinute => ("HOUR TO MINUTE", None),
            Self::HourToSecond(precision) => ("HOUR TO SECOND", *precision),
            Self::MinuteToSecond(precision) => ("MINUTE TO SECOND", *precision),
        };
        f.write_str(text)?;
        match precision {
            Some(precision) => write!(f, "({precision})"),
            None => Ok(()),
        }
    }
}
