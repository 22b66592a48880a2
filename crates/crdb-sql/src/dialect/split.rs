//! Cutting a text into statements without parsing them.

use super::keyword::Keyword;
use super::lexer::Lexer;
use super::span::Span;
use super::token::TokenKind;

/// One statement of a text, not parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Its text, without the semicolon and without space and comments around it.
    pub text: &'a str,
    /// Where it stands.
    pub span: Span,
    /// Line of its first token, from 1.
    pub line: usize,
}

/// The statements of a text, in order: what stands between semicolons that are in no string, quoted name, comment or body of
/// a routine (`BEGIN ATOMIC .. END`).
///
/// Pieces with nothing but space and comments are left out. What follows a token that cannot be read, such as a quote
/// that is never closed, is one piece up to the end: parsing it tells what is wrong.
#[must_use]
pub fn split_statements(sql: &str) -> Vec<Piece<'_>> {
    Pieces::of(sql).collect()
}

/// The statements of a text, each of which is looked for when it is asked for.
pub(crate) struct Pieces<'a> {
    sql: &'a str,
    lexer: Lexer<'a>,
    /// How far the text has been looked at.
    end: usize,
    /// The line at `counted`.
    line: usize,
    counted: usize,
}

impl<'a> Pieces<'a> {
    pub(crate) fn of(sql: &'a str) -> Self {
        Self {
            sql,
            lexer: Lexer::new(sql),
            end: 0,
            line: 1,
            counted: 0,
        }
    }

    /// How far the text has been looked at: behind the semicolon that ends the last piece.
    #[cfg(feature = "checks")]
    pub(crate) fn position(&self) -> usize {
        self.end
    }

    fn piece(&mut self, start: u32, end: u32) -> Piece<'a> {
        let span = Span::new(start, end);
        let passed = &self.sql.as_bytes()[self.counted..start as usize];
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.counted = start as usize;
        Piece {
            text: span.text(self.sql),
            span,
            line: self.line,
        }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.end == self.sql.len() {
            return None;
        }
        // A text too long for spans is not cut: the parser refuses it.
        let Ok(length) = u32::try_from(self.sql.len()) else {
            self.end = self.sql.len();
            return Some(Piece {
                text: self.sql,
                span: Span::default(),
                line: 1,
            });
        };
        let mut body = Body::default();
        let mut found: Option<(u32, u32)> = None;
        loop {
            let token = match self.lexer.next_token() {
                Ok(token) => token,
                Err(error) => {
                    self.end = self.sql.len();
                    let start = found.map_or(error.offset() as u32, |(start, _)| start);
                    return Some(self.piece(start, length));
                }
            };
            let last = token.kind == TokenKind::End;
            if last || (token.kind == TokenKind::Semicolon && !body.is_open()) {
                self.end = if last {
                    self.sql.len()
                } else {
                    token.span.end as usize
                };
                match found {
                    Some((start, end)) => return Some(self.piece(start, end)),
                    None if last => return None,
                    None => continue,
                }
            }
            body.pass(token.kind);
            let start = found.map_or(token.span.start, |(start, _)| start);
            found = Some((start, token.span.end));
        }
    }
}

/// `BEGIN ATOMIC .. END`, which holds statements with semicolons, and `CASE .. END` in them.
#[derive(Default)]
struct Body {
    /// How many of the two are open.
    depth: usize,
    after_begin: bool,
}

impl Body {
    fn is_open(&self) -> bool {
        self.depth > 0
    }

    fn pass(&mut self, token: TokenKind) {
        match token {
            TokenKind::Keyword(Keyword::ATOMIC) if self.after_begin => self.depth += 1,
            TokenKind::Keyword(Keyword::CASE) if self.is_open() => self.depth += 1,
            TokenKind::Keyword(Keyword::END) => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.after_begin = token == TokenKind::Keyword(Keyword::BEGIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        split_statements(sql)
            .iter()
            .map(|piece| piece.text)
            .collect()
    }

    #[test]
    fn semicolons_in_strings_names_and_comments_do_not_part() {
        assert_eq!(
            texts("a ';' b; c \";\" /* ; */ d -- ;\n; $$;$$"),
            ["a ';' b", "c \";\" /* ; */ d", "$$;$$"]
        );
    }

    #[test]
    fn the_statements_of_a_body_are_one_with_their_routine() {
        let routine = "CREATE FUNCTION f() RETURNS INT8 BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END";
        assert_eq!(
            texts(&format!("BEGIN; {routine}; COMMIT; END; SELECT 1")),
            ["BEGIN", routine, "COMMIT", "END", "SELECT 1"]
        );
        assert_eq!(super::super::parse(routine).map(|all| all.len()), Ok(1));
    }

    #[test]
    fn empty_pieces_are_left_out_and_lines_are_counted() {
        let pieces = split_statements(";\n-- nothing\n; select 1 ;\n\nselect\n2");
        assert_eq!(
            pieces
                .iter()
                .map(|piece| (piece.text, piece.line))
                .collect::<Vec<_>>(),
            [("select 1", 3), ("select\n2", 5)]
        );
    }

    #[test]
    fn what_cannot_be_read_is_one_piece() {
        assert_eq!(
            texts("select 1; select 'a; select 2"),
            ["select 1", "select 'a; select 2"]
        );
        assert_eq!(texts("select 1; 'a"), ["select 1", "'a"]);
    }
}
