//! The conditions of `{% if %}`.

use super::part::Condition;

/// How deep conditions may be nested.
const MAX_DEPTH: usize = 32;

/// Reads `a and (b or not c)` from its words; `switch` gives a name's place. `not` binds closest, `or` least.
///
/// # Errors
/// What is wrong, for people.
pub(super) fn parse(
    words: &[&str],
    switch: &dyn Fn(&str) -> Option<usize>,
) -> Result<Condition, &'static str> {
    let mut reader = Reader {
        words,
        switch,
        depth: 0,
    };
    let condition = reader.any()?;
    match reader.words {
        [] => Ok(condition),
        [")", ..] => Err("there is no `(` that this `)` closes"),
        _ => Err("there is no `and` or `or` between two conditions"),
    }
}

struct Reader<'a> {
    words: &'a [&'a str],
    switch: &'a dyn Fn(&str) -> Option<usize>,
    depth: usize,
}

impl Reader<'_> {
    fn any(&mut self) -> Result<Condition, &'static str> {
        let mut any = vec![self.all()?];
        while self.takes("or") {
            any.push(self.all()?);
        }
        Ok(alone(any, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition, &'static str> {
        let mut all = vec![self.one()?];
        while self.takes("and") {
            all.push(self.one()?);
        }
        Ok(alone(all, Condition::All))
    }

    fn one(&mut self) -> Result<Condition, &'static str> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("the condition is nested too deep");
        }
        let condition = if self.takes("not") {
            Condition::Not(Box::new(self.one()?))
        } else if self.takes("(") {
            let inner = self.any()?;
            if !self.takes(")") {
                return Err("a `(` is not closed");
            }
            inner
        } else {
            let (name, rest) = self
                .words
                .split_first()
                .ok_or("the condition is not complete")?;
            let place = (self.switch)(name).ok_or("a flag or an optional parameter is missing")?;
            self.words = rest;
            Condition::On(place)
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn takes(&mut self, word: &str) -> bool {
        match self.words.split_first() {
            Some((first, rest)) if *first == word => {
                self.words = rest;
                true
            }
            _ => false,
        }
    }
}

/// The only condition, or what joins several.
fn alone(mut conditions: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    if conditions.len() > 1 {
        return join(conditions);
    }
    conditions.pop().unwrap_or(Condition::Always)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Condition, &'static str> {
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        parse(&words, &|name| {
            ["a", "b", "c"].iter().position(|known| *known == name)
        })
    }

    #[test]
    fn not_binds_closest_and_or_least() {
        use Condition::{All, Any, Not, On};
        let not = |condition| Not(Box::new(condition));
        assert_eq!(
            read("not a and b or c"),
            Ok(Any(vec![All(vec![not(On(0)), On(1)]), On(2)]))
        );
        assert_eq!(
            read("not (a or not b)"),
            Ok(not(Any(vec![On(0), not(On(1))])))
        );
        assert_eq!(read("((a))"), Ok(On(0)));
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in [
            "a b",
            "and a",
            "a and",
            "not",
            "(a",
            "a)",
            "a or or b",
            "()",
            "d",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(&"not ".repeat(1000)).is_err());
        assert!(read(&"(".repeat(100_000)).is_err());
    }
}
