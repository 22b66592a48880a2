//! From text to tokens, as CockroachDB's scanner cuts them.
//!
//! Literals are only delimited here; what they hold is decoded when a parser takes them ([`super::literal`]).

use super::error::{ParseError, ParseErrorKind};
use super::keyword::Keyword;
use super::span::Span;
use super::token::{Token, TokenKind, symbol};
use crate::token::shape::{self, Dollar, is_space, is_word_part, is_word_start};

/// Cuts `sql` into tokens. The last one is [`TokenKind::End`].
///
/// # Errors
/// When a quote or comment is not closed, a character begins no token, a number or placeholder is malformed, or the
/// text is longer than 4 GiB.
pub(crate) fn tokenize(sql: &str) -> Result<Vec<Token>, ParseError> {
    if u32::try_from(sql.len()).is_err() {
        return Err(ParseError::new(
            ParseErrorKind::TooLong,
            "",
            0,
            "the text is longer than 4 GiB",
        ));
    }
    let mut lexer = Lexer::new(sql);
    let mut tokens = Vec::with_capacity(sql.len() / 4 + 2);
    loop {
        let token = lexer.next_token()?;
        tokens.push(token);
        if token.kind == TokenKind::End {
            return Ok(tokens);
        }
    }
}

/// A cursor over the text.
pub(super) struct Lexer<'a> {
    sql: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(sql: &'a str) -> Self {
        Self {
            sql,
            bytes: sql.as_bytes(),
            at: 0,
        }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn error(&self, kind: ParseErrorKind, at: usize, message: impl Into<Box<str>>) -> ParseError {
        ParseError::new(kind, self.sql, at, message)
    }

    /// Skips white space and comments.
    fn skip_space(&mut self) -> Result<(), ParseError> {
        loop {
            self.at = shape::run(self.bytes, self.at, is_space);
            match (self.peek(0), self.peek(1)) {
                (b'-', b'-') => self.at = shape::run(self.bytes, self.at, |byte| byte != b'\n'),
                (b'/', b'*') => {
                    let end = shape::block_comment_end(self.bytes, self.at);
                    self.take(end, "this comment is not closed: `*/` is missing")?;
                }
                _ => return Ok(()),
            }
        }
    }

    /// Goes on at `end`; an error where the construct that begins here is not closed.
    fn take(
        &mut self,
        end: Option<usize>,
        unclosed: impl Into<Box<str>>,
    ) -> Result<(), ParseError> {
        match end {
            Some(end) => {
                self.at = end;
                Ok(())
            }
            None => Err(self.error(ParseErrorKind::Unterminated, self.at, unclosed)),
        }
    }

    pub(super) fn next_token(&mut self) -> Result<Token, ParseError> {
        self.skip_space()?;
        let start = self.at;
        let kind = if start >= self.bytes.len() {
            TokenKind::End
        } else {
            self.scan()?
        };
        Ok(Token {
            kind,
            span: Span::new(start as u32, self.at as u32),
        })
    }

    fn scan(&mut self) -> Result<TokenKind, ParseError> {
        let byte = self.peek(0);
        let next = self.peek(1);
        match byte {
            b'\'' => self.quoted(0, false, TokenKind::String),
            b'e' | b'E' if next == b'\'' => self.quoted(1, true, TokenKind::EscapeString),
            b'b' if next == b'\'' => self.quoted(1, true, TokenKind::Bytes),
            b'B' if next == b'\'' => self.quoted(1, false, TokenKind::Bits),
            b'x' | b'X' if next == b'\'' => self.quoted(1, false, TokenKind::HexBytes),
            b'"' => self.quoted_word(),
            b'0'..=b'9' => self.number(),
            b'.' if next.is_ascii_digit() => self.number(),
            b'$' => self.dollar(),
            _ if is_word_start(byte) => Ok(self.word()),
            _ => self.symbol(),
        }
    }

    fn word(&mut self) -> TokenKind {
        let start = self.at;
        self.at = shape::run(self.bytes, start, is_word_part);
        Keyword::find(&self.sql[start..self.at]).map_or(TokenKind::Word, TokenKind::Keyword)
    }

    fn quoted_word(&mut self) -> Result<TokenKind, ParseError> {
        let end = shape::quoted_name_end(self.bytes, self.at);
        self.take(end, "this quoted name is not closed: `\"` is missing")?;
        Ok(TokenKind::QuotedWord)
    }

    /// A literal in single quotes, after a prefix of `prefix` bytes.
    fn quoted(
        &mut self,
        prefix: usize,
        escapes: bool,
        kind: TokenKind,
    ) -> Result<TokenKind, ParseError> {
        let end = shape::string_end(self.bytes, self.at + prefix, escapes);
        self.take(end, "this string is not closed: `'` is missing")?;
        Ok(kind)
    }

    fn number(&mut self) -> Result<TokenKind, ParseError> {
        let number = shape::number(self.bytes, self.at);
        if let Some(lacks) = number.lacks {
            return Err(self.error(ParseErrorKind::InvalidLiteral, self.at, lacks));
        }
        self.at = number.end;
        Ok(if number.is_decimal {
            TokenKind::Decimal
        } else {
            TokenKind::Integer
        })
    }

    /// A placeholder or a dollar quote.
    fn dollar(&mut self) -> Result<TokenKind, ParseError> {
        let start = self.at;
        match shape::dollar(self.sql, start) {
            Dollar::Placeholder(end) => match self.sql[start + 1..end].parse::<u32>() {
                Ok(1..=65_536) => {
                    self.at = end;
                    Ok(TokenKind::Placeholder)
                }
                _ => Err(self.error(
                    ParseErrorKind::InvalidLiteral,
                    start,
                    "a placeholder is numbered from `$1` to `$65536`",
                )),
            },
            Dollar::String(end) => {
                self.at = end;
                Ok(TokenKind::DollarString)
            }
            Dollar::Unclosed(end) => {
                let tag = &self.sql[start..end];
                let message = format!("this dollar quote is not closed: `{tag}` is missing");
                Err(self.error(ParseErrorKind::Unterminated, start, message))
            }
            Dollar::Nothing => Err(self.error(
                ParseErrorKind::UnexpectedCharacter,
                start,
                "`$` begins a placeholder (`$1`) or a dollar quote (`$$`)",
            )),
        }
    }

    fn symbol(&mut self) -> Result<TokenKind, ParseError> {
        let Some((kind, length)) = symbol(&self.bytes[self.at..]) else {
            let character = self.sql[self.at..].chars().next().unwrap_or('?');
            return Err(self.error(
                ParseErrorKind::UnexpectedCharacter,
                self.at,
                format!("`{}` begins no token", character.escape_default()),
            ));
        };
        self.at += length;
        Ok(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(sql: &str) -> Vec<TokenKind> {
        tokenize(sql)
            .unwrap()
            .iter()
            .map(|token| token.kind)
            .collect()
    }

    #[test]
    fn tokens_stand_one_behind_the_other() {
        for sql in [
            "SELECT a<-1, 'b' -- c\n FROM \"d\"@{e=[2]}",
            "/* a */ $1::INT8[:2] ",
            "",
        ] {
            let tokens = tokenize(sql).unwrap();
            let mut pairs = tokens.windows(2);
            assert!(
                pairs.all(|pair| pair[0].span.end <= pair[1].span.start),
                "{sql}"
            );
            assert_eq!(tokens.last().map(|token| token.kind), Some(TokenKind::End));
        }
    }

    #[test]
    fn the_longest_operator_wins() {
        use TokenKind::{
            End, FetchTextPath, InetContainedByOrEquals, Integer, Less, Minus, TypeAnnotation, Word,
        };
        assert_eq!(kinds("a #>> b"), [Word, FetchTextPath, Word, End]);
        assert_eq!(kinds("a<<=b"), [Word, InetContainedByOrEquals, Word, End]);
        assert_eq!(kinds("a<-1"), [Word, Less, Minus, Integer, End]);
        assert_eq!(kinds("a:::b"), [Word, TypeAnnotation, Word, End]);
    }

    #[test]
    fn strings_on_several_lines_are_one_and_on_one_line_are_two() {
        assert_eq!(kinds("'a'\n 'b'"), [TokenKind::String, TokenKind::End]);
        assert_eq!(
            kinds("'a' 'b'"),
            [TokenKind::String, TokenKind::String, TokenKind::End]
        );
        // CockroachDB takes no comment in between; PostgreSQL does.
        assert_eq!(
            kinds("'a' -- c\n 'b'"),
            [TokenKind::String, TokenKind::String, TokenKind::End]
        );
    }

    #[test]
    fn comments_nest() {
        assert_eq!(
            kinds("/* a /* b */ c */ 1 -- d"),
            [TokenKind::Integer, TokenKind::End]
        );
    }

    #[test]
    fn what_is_not_closed_is_an_error_where_it_begins() {
        for sql in [
            "1 '",
            "1 \"",
            "1 $$",
            "1 $a$ $b$",
            "1 /* /* */",
            "1 e'\\'",
            "1 'a'\n'b",
        ] {
            let error = tokenize(sql).unwrap_err();
            assert_eq!(error.kind(), ParseErrorKind::Unterminated, "{sql}");
            assert_eq!(error.offset(), 2, "{sql}");
        }
    }

    #[test]
    fn placeholders_are_numbered_from_one() {
        assert_eq!(kinds("$1"), [TokenKind::Placeholder, TokenKind::End]);
        for sql in ["$0", "$65537", "$99999999999999999999", "$-1", "$"] {
            assert!(tokenize(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn numbers_end_where_they_end() {
        use TokenKind::{Decimal, Dot, DotDot, End, Integer, Word};
        assert_eq!(kinds("1a"), [Integer, Word, End]);
        assert_eq!(kinds("1..2"), [Integer, DotDot, Integer, End]);
        assert_eq!(kinds("1.e5 .5 0x1f"), [Decimal, Decimal, Integer, End]);
        assert_eq!(kinds("a.b"), [Word, Dot, Word, End]);
        for sql in ["0x", "1e", "1e+"] {
            assert!(tokenize(sql).is_err(), "{sql}");
        }
    }
}
