//! Splits a statement's text into words, symbols and literals.
//!
//! The rules are those of PostgreSQL's `src/backend/parser/scan.l` and of CockroachDB's `pkg/sql/scanner`. Where the two differ, or
//! where a setting decides, a [`Reading`] says which rule holds.

use std::borrow::Cow;

/// Which server's lexical rules are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// PostgreSQL as it comes: a backslash in `'..'` is a character like any other.
    Standard,
    /// PostgreSQL with `standard_conforming_strings = off`: a backslash in `'..'` escapes.
    Escapes,
    /// CockroachDB: a backslash in `b'..'` escapes, and only a line feed ends a `--` comment.
    Cockroach,
}

/// A piece of a text. Comments and white space are no pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'t> {
    Word(Word<'t>),
    /// One character of punctuation or of an operator.
    Symbol(u8),
    /// A string, a number or a parameter.
    Literal,
}

/// A keyword or an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word<'t> {
    text: &'t str,
    quoted: bool,
}

impl<'t> Word<'t> {
    /// The keyword that this is in lower case; `None` for a quoted identifier, which is no keyword.
    pub(crate) fn keyword(self) -> Option<Cow<'t, str>> {
        (!self.quoted).then(|| self.name())
    }

    /// The name as the server looks it up: folded to lower case unless it was quoted.
    pub(crate) fn name(self) -> Cow<'t, str> {
        if self.quoted
            || !self
                .text
                .bytes()
                .any(|byte| byte.is_ascii_uppercase() || byte >= 0x80)
        {
            return Cow::Borrowed(self.text);
        }
        Cow::Owned(
            self.text
                .chars()
                .map(|character| match character {
                    // CockroachDB folds by Unicode's simple mapping, which takes these two to ASCII.
                    '\u{212a}' => 'k',
                    '\u{130}' => 'i',
                    other => other.to_ascii_lowercase(),
                })
                .collect(),
        )
    }
}

/// Why a text has no tokens from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// A string, quoted identifier or comment does not end: the server refuses the whole text.
    Unterminated,
    /// `U&"..."` spells an identifier in escapes, which are not decoded here.
    EscapedIdentifier,
}

/// Yields the tokens of one text under one reading.
pub(crate) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    reading: Reading,
    ambiguous: bool,
}

impl<'t> Scanner<'t> {
    pub(crate) fn new(text: &'t str, reading: Reading) -> Self {
        Self {
            text,
            at: 0,
            reading,
            ambiguous: false,
        }
    }

    /// Whether the text so far may read differently under another [`Reading`].
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.ambiguous
    }

    /// The next token; `None` at the end.
    pub(crate) fn token(&mut self) -> Result<Option<Token<'t>>, Unreadable> {
        loop {
            let Some(byte) = self.peek(0) else {
                return Ok(None);
            };
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c' => self.at += 1,
                b'-' if self.peek(1) == Some(b'-') => self.line_comment(),
                b'/' if self.peek(1) == Some(b'*') => self.block_comment()?,
                b'\'' => return self.string(self.reading == Reading::Escapes).map(Some),
                b'"' => return self.quoted_identifier().map(Some),
                b'$' => return self.dollar().map(Some),
                b'0'..=b'9' => {
                    self.skip_while(|byte| byte.is_ascii_digit());
                    return Ok(Some(Token::Literal));
                }
                _ if starts_identifier(byte) => return self.word().map(Some),
                _ => {
                    self.at += 1;
                    return Ok(Some(Token::Symbol(byte)));
                }
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn skip_while(&mut self, mut goes_on: impl FnMut(u8) -> bool) {
        while self.peek(0).is_some_and(&mut goes_on) {
            self.at += 1;
        }
    }

    /// The text between two positions, which are boundaries of characters because only ASCII ends a token.
    fn between(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or("")
    }

    fn line_comment(&mut self) {
        while let Some(byte) = self.peek(0) {
            if byte == b'\r' && self.peek(1) != Some(b'\n') {
                self.ambiguous = true;
                if self.reading != Reading::Cockroach {
                    return;
                }
            }
            if byte == b'\n' {
                return;
            }
            self.at += 1;
        }
    }

    /// Comments nest on both servers.
    fn block_comment(&mut self) -> Result<(), Unreadable> {
        let mut depth = 0_usize;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b'/'), Some(b'*')) => {
                    depth += 1;
                    self.at += 2;
                }
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                (Some(_), _) => self.at += 1,
                (None, _) => return Err(Unreadable::Unterminated),
            }
        }
    }

    /// A string from its first quote on, with the pieces that follow it behind a line break (`'a'\n'b'` is one string, and the
    /// first piece decides on escapes).
    fn string(&mut self, escapes: bool) -> Result<Token<'t>, Unreadable> {
        loop {
            self.quoted(b'\'', escapes)?;
            if !self.goes_on_behind_a_line_break() {
                return Ok(Token::Literal);
            }
        }
    }

    /// From the first quote to behind the last.
    fn quoted(&mut self, quote: u8, escapes: bool) -> Result<(), Unreadable> {
        self.at += 1;
        loop {
            match self.peek(0) {
                None => return Err(Unreadable::Unterminated),
                Some(b'\\') if quote == b'\'' => {
                    self.ambiguous = true;
                    self.at += if escapes { 2 } else { 1 };
                }
                Some(byte) if byte == quote => {
                    if self.peek(1) != Some(quote) {
                        self.at += 1;
                        return Ok(());
                    }
                    self.at += 2;
                }
                Some(_) => self.at += 1,
            }
        }
    }

    /// Moves to the quote that goes on with a string, if there is one.
    fn goes_on_behind_a_line_break(&mut self) -> bool {
        let end = self.at;
        let mut broken = false;
        loop {
            match self.peek(0) {
                Some(b'\n' | b'\r') => {
                    broken = true;
                    self.at += 1;
                }
                Some(b' ' | b'\t' | b'\x0b' | b'\x0c') => self.at += 1,
                Some(b'-') if self.peek(1) == Some(b'-') => self.line_comment(),
                Some(b'\'') if broken => return true,
                _ => {
                    self.at = end;
                    return false;
                }
            }
        }
    }

    fn quoted_identifier(&mut self) -> Result<Token<'t>, Unreadable> {
        let start = self.at + 1;
        self.quoted(b'"', false)?;
        Ok(Token::Word(Word {
            text: self.between(start, self.at - 1),
            quoted: true,
        }))
    }

    /// `$1`, `$tag$..$tag$`, or a lone `$`.
    fn dollar(&mut self) -> Result<Token<'t>, Unreadable> {
        let start = self.at;
        self.at += 1;
        if self.peek(0).is_some_and(|byte| byte.is_ascii_digit()) {
            self.skip_while(|byte| byte.is_ascii_digit());
            return Ok(Token::Literal);
        }
        if self.peek(0).is_some_and(starts_identifier) {
            self.skip_while(|byte| starts_identifier(byte) || byte.is_ascii_digit());
        }
        if self.peek(0) != Some(b'$') {
            self.at = start + 1;
            return Ok(Token::Symbol(b'$'));
        }
        self.at += 1;
        let tag = self.between(start, self.at);
        let rest = self.text.get(self.at..).unwrap_or("");
        let Some(length) = rest.find(tag) else {
            return Err(Unreadable::Unterminated);
        };
        self.at += length + tag.len();
        Ok(Token::Literal)
    }

    fn word(&mut self) -> Result<Token<'t>, Unreadable> {
        let start = self.at;
        self.skip_while(continues_identifier);
        let text = self.between(start, self.at);
        match (text, self.peek(0)) {
            ("e" | "E", Some(b'\'')) => self.string(true),
            // A bit string on PostgreSQL, bytes on CockroachDB.
            ("b", Some(b'\'')) => self.string(self.reading == Reading::Cockroach),
            ("B" | "x" | "X", Some(b'\'')) => self.string(false),
            ("u" | "U", Some(b'&')) if self.peek(1) == Some(b'"') => {
                Err(Unreadable::EscapedIdentifier)
            }
            _ => Ok(Token::Word(Word {
                text,
                quoted: false,
            })),
        }
    }
}

fn starts_identifier(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn continues_identifier(byte: u8) -> bool {
    starts_identifier(byte) || byte.is_ascii_digit() || byte == b'$'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, reading: Reading) -> Result<Vec<String>, Unreadable> {
        let mut scanner = Scanner::new(text, reading);
        let mut words = Vec::new();
        while let Some(token) = scanner.token()? {
            if let Token::Word(word) = token {
                words.push(word.name().into_owned());
            }
        }
        Ok(words)
    }

    #[test]
    fn comments_strings_and_dollar_quotes_hide_their_words() {
        for (text, expected) in [
            ("a -- b\nc", "a c"),
            ("a /* b /* c */ d */ e", "a e"),
            ("a 'b''c' d", "a d"),
            (r"a E'b\'c' d", "a d"),
            (r"a e'\\' d", "a d"),
            ("a $$b$$ c", "a c"),
            ("a $t$ b $$ c $t$ d", "a d"),
            ("a$t$ b", "a$t$ b"),
            ("$1a $2$x$b$x$", "a"),
            ("1into b", "into b"),
            ("\"B\"\"c\" D", "B\"\"c d"),
            ("E'a'\n'b\\'c' d", "d"),
            ("E'a' -- x\n 'b\\'c' d", "d"),
            ("'a' 'b' c", "c"),
            ("LOC\u{212a} \u{130}n", "lock in"),
            ("é\"é\"", "é é"),
        ] {
            let expected: Vec<_> = expected.split(' ').map(str::to_owned).collect();
            assert_eq!(words(text, Reading::Standard), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn readings_differ_where_the_servers_do() {
        let text = r"'\' a ' b";
        assert_eq!(
            words(text, Reading::Standard),
            Err(Unreadable::Unterminated)
        );
        assert_eq!(words(text, Reading::Escapes), Ok(vec!["b".into()]));
        let text = r"b'\' a ' c";
        assert_eq!(
            words(text, Reading::Standard),
            Err(Unreadable::Unterminated)
        );
        assert_eq!(words(text, Reading::Cockroach), Ok(vec!["c".into()]));
        let text = "-- a\rb";
        assert_eq!(words(text, Reading::Standard), Ok(vec!["b".into()]));
        assert_eq!(words(text, Reading::Cockroach), Ok(vec![]));
    }

    #[test]
    fn what_does_not_end_is_unreadable() {
        for text in ["'", "\"", "/* /* */", "$a$ $b$", "E'\\'", "U&\"\\0061\""] {
            assert!(words(text, Reading::Standard).is_err(), "{text:?}");
        }
    }
}
