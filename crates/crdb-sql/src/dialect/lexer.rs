//! From text to tokens, as CockroachDB's scanner cuts them.
//!
//! Literals are only delimited here; what they hold is decoded when a parser takes them ([`super::literal`]).

use super::error::{ParseError, ParseErrorKind};
use super::keyword::Keyword;
use super::span::Span;
use super::token::{Token, TokenKind, symbol};

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

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_word_part(byte: u8) -> bool {
    is_word_start(byte) || byte.is_ascii_digit() || byte == b'$'
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

    /// Skips white space and comments; says whether a newline was among them.
    fn skip_space(&mut self) -> Result<bool, ParseError> {
        let mut newline = false;
        loop {
            match self.peek(0) {
                b'\n' => {
                    newline = true;
                    self.at += 1;
                }
                b' ' | b'\t' | b'\r' | 0x0b | 0x0c => self.at += 1,
                b'-' if self.peek(1) == b'-' => {
                    let rest = &self.bytes[self.at..];
                    self.at += rest
                        .iter()
                        .position(|byte| *byte == b'\n')
                        .unwrap_or(rest.len());
                }
                b'/' if self.peek(1) == b'*' => self.skip_block_comment()?,
                _ => return Ok(newline),
            }
        }
    }

    /// Skips a comment that may hold others.
    fn skip_block_comment(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        self.at += 2;
        let mut depth = 1_u32;
        while depth > 0 {
            if self.at >= self.bytes.len() {
                return Err(self.error(
                    ParseErrorKind::Unterminated,
                    start,
                    "this comment is not closed: `*/` is missing",
                ));
            }
            match (self.peek(0), self.peek(1)) {
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                }
                (b'/', b'*') => {
                    depth += 1;
                    self.at += 2;
                }
                _ => self.at += 1,
            }
        }
        Ok(())
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
        let rest = &self.bytes[start..];
        self.at += rest
            .iter()
            .position(|byte| !is_word_part(*byte))
            .unwrap_or(rest.len());
        Keyword::find(&self.sql[start..self.at]).map_or(TokenKind::Word, TokenKind::Keyword)
    }

    fn quoted_word(&mut self) -> Result<TokenKind, ParseError> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek(0) {
                b'"' if self.peek(1) == b'"' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    return Ok(TokenKind::QuotedWord);
                }
                0 if self.at >= self.bytes.len() => {
                    return Err(self.error(
                        ParseErrorKind::Unterminated,
                        start,
                        "this quoted name is not closed: `\"` is missing",
                    ));
                }
                _ => self.at += 1,
            }
        }
    }

    /// A literal in single quotes, after a prefix of `prefix` bytes. Parts on several lines are one literal.
    fn quoted(
        &mut self,
        prefix: usize,
        escapes: bool,
        kind: TokenKind,
    ) -> Result<TokenKind, ParseError> {
        let start = self.at;
        self.at += prefix + 1;
        loop {
            match self.peek(0) {
                b'\'' if self.peek(1) == b'\'' => self.at += 2,
                b'\'' => {
                    self.at += 1;
                    let end = self.at;
                    if !(self.skip_space()? && self.peek(0) == b'\'') {
                        self.at = end;
                        return Ok(kind);
                    }
                    self.at += 1;
                }
                b'\\' if escapes && self.at + 1 < self.bytes.len() => self.at += 2,
                0 if self.at >= self.bytes.len() => {
                    return Err(self.error(
                        ParseErrorKind::Unterminated,
                        start,
                        "this string is not closed: `'` is missing",
                    ));
                }
                _ => self.at += 1,
            }
        }
    }

    fn number(&mut self) -> Result<TokenKind, ParseError> {
        let start = self.at;
        if self.peek(0) == b'0' && matches!(self.peek(1), b'x' | b'X') {
            self.at += 2;
            let digits = self.at;
            while self.peek(0).is_ascii_hexdigit() {
                self.at += 1;
            }
            if self.at == digits {
                return Err(self.error(
                    ParseErrorKind::InvalidLiteral,
                    start,
                    "a hexadecimal number needs digits after `0x`",
                ));
            }
            return Ok(TokenKind::Integer);
        }
        let mut kind = TokenKind::Integer;
        self.skip_digits();
        if self.peek(0) == b'.' && self.peek(1) != b'.' {
            kind = TokenKind::Decimal;
            self.at += 1;
            self.skip_digits();
        }
        if matches!(self.peek(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
            if !self.peek(1 + sign).is_ascii_digit() {
                return Err(self.error(
                    ParseErrorKind::InvalidLiteral,
                    start,
                    "an exponent needs digits after `e`",
                ));
            }
            kind = TokenKind::Decimal;
            self.at += 1 + sign;
            self.skip_digits();
        }
        Ok(kind)
    }

    fn skip_digits(&mut self) {
        while self.peek(0).is_ascii_digit() {
            self.at += 1;
        }
    }

    /// A placeholder or a dollar quote.
    fn dollar(&mut self) -> Result<TokenKind, ParseError> {
        let start = self.at;
        self.at += 1;
        if self.peek(0).is_ascii_digit() {
            self.skip_digits();
            return match self.sql[start + 1..self.at].parse::<u32>() {
                Ok(1..=65_536) => Ok(TokenKind::Placeholder),
                _ => Err(self.error(
                    ParseErrorKind::InvalidLiteral,
                    start,
                    "a placeholder is numbered from `$1` to `$65536`",
                )),
            };
        }
        if is_word_start(self.peek(0)) {
            while is_word_part(self.peek(0)) && self.peek(0) != b'$' {
                self.at += 1;
            }
        }
        if self.peek(0) != b'$' {
            return Err(self.error(
                ParseErrorKind::UnexpectedCharacter,
                start,
                "`$` begins a placeholder (`$1`) or a dollar quote (`$$`)",
            ));
        }
        self.at += 1;
        let tag = &self.sql[start..self.at];
        match self.sql[self.at..].find(tag) {
            Some(length) => {
                self.at += length + tag.len();
                Ok(TokenKind::DollarString)
            }
            None => Err(self.error(
                ParseErrorKind::Unterminated,
                start,
                format!("this dollar quote is not closed: `{tag}` is missing"),
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
        assert_eq!(kinds("'a' -- c\n 'b'"), [TokenKind::String, TokenKind::End]);
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
