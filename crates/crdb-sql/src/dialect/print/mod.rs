//! From the tree back to text that parses to the same tree.
//!
//! Everything is printed on one line, with keywords in upper case and names as they are stored.

mod expr;
mod index;
mod query;
mod routine;
mod session;
mod statement;
mod table;
mod types;
mod utility;
mod write;

use std::fmt::{self, Display, Formatter};

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
        f.write_str("'")?;
        let mut rest = self.0;
        while let Some(quote) = rest.find('\'') {
            f.write_str(&rest[..quote])?;
            f.write_str("''")?;
            rest = &rest[quote + 1..];
        }
        f.write_str(rest)?;
        f.write_str("'")
    }
}

/// Something with a text before it, if it is there.
struct Before<'a, T>(&'static str, &'a Option<T>);

impl<T: Display> Display for Before<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(item) => write!(f, "{}{item}", self.0),
            None => Ok(()),
        }
    }
}

/// `text` when `condition` holds.
fn when(condition: bool, text: &'static str) -> &'static str {
    if condition { text } else { "" }
}
