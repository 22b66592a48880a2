//! From the tree back to text that parses to the same tree.
//!
//! Everything is printed on one line, with keywords in upper case and names as they are stored. Most nodes are printed as
//! they are declared (`ast::declare`); here are those whose parts depend on each other.

mod expr;
mod index;
mod query;
mod session;
mod table;
mod types;
mod utility;
mod write;

use std::fmt::{self, Display, Formatter};

use super::ast::{Ident, IndexName, ObjectName};
use super::keyword::Keyword;
use super::span::Span;

/// What is printed as a whole, alone or in a list.
pub(super) trait Item: Sized {
    /// What stands between several of them.
    const SEPARATOR: &'static str = ", ";

    fn print(&self, f: &mut Formatter<'_>) -> fmt::Result;

    fn print_list(items: &[Self], f: &mut Formatter<'_>) -> fmt::Result {
        for (at, item) in items.iter().enumerate() {
            f.write_str(if at > 0 { Self::SEPARATOR } else { "" })?;
            item.print(f)?;
        }
        Ok(())
    }
}

/// What may be there or not, and is printed between two texts if it is.
pub(super) trait Clause {
    /// Prints it; nothing for an empty list.
    fn clause(&self, f: &mut Formatter<'_>, before: &str, after: &str) -> fmt::Result;

    /// Prints it, even if it is an empty list.
    fn whole(&self, f: &mut Formatter<'_>, before: &str, after: &str) -> fmt::Result {
        self.clause(f, before, after)
    }
}

impl<T: Item> Clause for T {
    fn clause(&self, f: &mut Formatter<'_>, before: &str, after: &str) -> fmt::Result {
        f.write_str(before)?;
        self.print(f)?;
        f.write_str(after)
    }
}

/// The first text if it is true, else the second.
impl Clause for bool {
    fn clause(&self, f: &mut Formatter<'_>, yes: &str, no: &str) -> fmt::Result {
        f.write_str(if *self { yes } else { no })
    }
}

impl<T: Clause> Clause for Option<T> {
    fn clause(&self, f: &mut Formatter<'_>, before: &str, after: &str) -> fmt::Result {
        self.iter()
            .try_for_each(|item| item.clause(f, before, after))
    }

    fn whole(&self, f: &mut Formatter<'_>, before: &str, after: &str) -> fmt::Result {
        self.iter()
            .try_for_each(|item| item.whole(f, before, after))
    }
}

impl<T: Item> Clause for Vec<T> {
    fn clause(&self, f: &mut Formatter<'_>, before: &str, after: &str) -> fmt::Result {
        if self.is_empty() {
            return Ok(());
        }
        self.whole(f, before, after)
    }

    fn whole(&self, f: &mut Formatter<'_>, before: &str, after: &str) -> fmt::Result {
        f.write_str(before)?;
        T::print_list(self, f)?;
        f.write_str(after)
    }
}

impl<T: Item> Item for Box<T> {
    const SEPARATOR: &'static str = T::SEPARATOR;

    fn print(&self, f: &mut Formatter<'_>) -> fmt::Result {
        (**self).print(f)
    }
}

/// A string literal.
impl Item for Box<str> {
    fn print(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Text(self).fmt(f)
    }
}

/// `x'00ff'`, between its quotes.
impl Item for Box<[u8]> {
    fn print(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Item for Keyword {
    fn print(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place is not printed.
impl Item for Span {
    fn print(&self, _: &mut Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl<A: Item, B: Item> Item for (A, B) {
    fn print(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.print(f)?;
        f.write_str(" ")?;
        self.1.print(f)
    }
}

impl<A: Item, B: Item> Item for (A, Option<B>) {
    fn print(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.print(f)?;
        self.1.clause(f, " ", "")
    }
}

macro_rules! displayed {
    ($($item:ty)*) => {$(
        impl Item for $item {
            fn print(&self, f: &mut Formatter<'_>) -> fmt::Result {
                self.fmt(f)
            }
        }
    )*};
}

displayed! { u32 i64 Ident ObjectName IndexName }

/// Items with a separator between them.
struct Joined<'a, T>(&'a [T], &'static str);

impl<T: Display> Display for Joined<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (at, item) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(self.1)?;
            }
            item.fmt(f)?;
        }
        Ok(())
    }
}

/// Items with commas between them.
fn list<T: Display>(items: &[T]) -> Joined<'_, T> {
    Joined(items, ", ")
}

/// A string literal.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // The protocol ends a text at NUL.
        if self.0.contains('\0') {
            let escaped = self.0.replace('\\', "\\\\").replace('\'', "\\'");
            return write!(f, "e'{}'", escaped.replace('\0', "\\x00"));
        }
        write!(f, "'{}'", self.0.replace('\'', "''"))
    }
}

/// A clause that stands behind a text, if it is there.
struct Before<'a, T>(&'static str, &'a T);

impl<T: Clause> Display for Before<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.1.clause(f, self.0, "")
    }
}

/// `text` when `condition` holds.
fn when(condition: bool, text: &'static str) -> &'static str {
    if condition { text } else { "" }
}
