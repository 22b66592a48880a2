//! Which way a COPY statement copies, by its text.

use crate::footprint::scan::{Reading, Scanner, Token};

/// Where data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// `COPY .. FROM STDIN`: to the server.
    In,
    /// `COPY .. TO STDOUT`: from the server.
    Out,
}

impl Direction {
    /// The way of the one statement in `text`; `None` for anything else, also for a COPY from or to the server's own files.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut scanner = Scanner::new(text, Reading::Standard);
        let mut depth = 0_usize;
        let mut words = 0_usize;
        let mut direction = None;
        let mut found = None;
        while let Some(token) = scanner.token().ok()? {
            let word = match token {
                Token::Word(word) => word.keyword(),
                Token::Symbol(b'(') => {
                    depth += 1;
                    None
                }
                Token::Symbol(b')') => {
                    depth = depth.saturating_sub(1);
                    None
                }
                Token::Symbol(b';') => {
                    // Only an empty statement may follow.
                    return if scanner.token().ok()?.is_none() {
                        found
                    } else {
                        None
                    };
                }
                Token::Symbol(_) | Token::Literal => None,
            };
            words += 1;
            match word.as_deref() {
                Some("copy") if words == 1 => {}
                _ if words == 1 => return None,
                Some("from") if depth == 0 && found.is_none() => direction = Some(Self::In),
                Some("to") if depth == 0 && found.is_none() => direction = Some(Self::Out),
                // Both servers take either name for either way.
                Some("stdin" | "stdout") if depth == 0 && found.is_none() => {
                    found = direction.take();
                }
                _ => direction = None,
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_copy_from_or_to_this_side_has_a_direction() {
        for text in [
            "COPY t FROM STDIN",
            "copy t (a, \"to\") from stdin with (format csv);",
            "/* x */ COPY s.t FROM STDOUT CSV",
        ] {
            assert_eq!(Direction::of(text), Some(Direction::In), "{text}");
        }
        for text in [
            "COPY t TO STDOUT",
            "COPY (SELECT a FROM stdin) TO STDOUT WITH CSV ; ",
            "COPY \"from\" TO STDIN",
        ] {
            assert_eq!(Direction::of(text), Some(Direction::Out), "{text}");
        }
        for text in [
            "",
            "SELECT 1",
            "COPY t FROM '/tmp/x'",
            "COPY t TO PROGRAM 'stdout'",
            "COPY stdin TO 'x'",
            "COPY t FROM STDIN; SELECT 1",
            "SELECT 1; COPY t FROM STDIN",
            "(COPY t FROM STDIN",
            "COPY t FROM STDIN '",
        ] {
            assert_eq!(Direction::of(text), None, "{text}");
        }
    }
}
