//! The scanner itself: one pass, one byte of look-behind, a stack for brackets.

use super::shape::{self, Dollar, is_space, is_word_part, is_word_start};
use super::{Construct, Token, TokenKind};

/// Splits `text` into tokens whose texts, joined, are `text`.
pub fn tokenize(text: &str) -> Tokens<'_> {
    Tokens::new(text, false)
}

/// As [`tokenize`], but `{{ .. }}`, `{% .. %}` and `{# .. #}` outside strings and comments are template tags.
pub fn tokenize_template(text: &str) -> Tokens<'_> {
    Tokens::new(text, true)
}

/// The iterator that [`tokenize`] returns.
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    text: &'a str,
    position: usize,
    template: bool,
    brackets: Vec<Bracket>,
    previous: Previous,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bracket {
    Round,
    Array,
    Subscript { colon_seen: bool },
}

/// The last token that is not trivia, as far as brackets and colons want to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Previous {
    /// The beginning, an operator, a comma, or a keyword after which an expression begins.
    Expecting,
    /// The word ARRAY.
    ArrayKeyword,
    /// `[`
    Opening,
    /// Something that a subscript can follow.
    Operand,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str, template: bool) -> Self {
        Self {
            text,
            position: 0,
            template,
            brackets: Vec::new(),
            previous: Previous::Expecting,
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// The end of the run of bytes from `at` on for which `accept` holds.
    fn run(&self, at: usize, accept: impl Fn(u8) -> bool) -> usize {
        shape::run(self.text.as_bytes(), at, accept)
    }

    /// A token of this kind up to `end`, or to the end of the text where its construct is not closed.
    fn closed(
        &self,
        kind: TokenKind,
        end: Option<usize>,
        construct: Construct,
    ) -> (TokenKind, usize) {
        end.map_or(
            (TokenKind::Unterminated(construct), self.text.len()),
            |end| (kind, end),
        )
    }

    fn scan(&mut self, first: u8) -> (TokenKind, usize) {
        let start = self.position;
        let second = self.byte(start + 1);
        match (first, second) {
            (b'-', Some(b'-')) => (
                TokenKind::LineComment,
                self.run(start, |b| b != b'\n' && b != b'\r'),
            ),
            (b'/', Some(b'*')) => self.block_comment(start),
            (b'{', Some(b'{' | b'%' | b'#')) if self.template => self.template_tag(start),
            (b'\'', _) => self.string(start, false),
            (b'"', _) => self.quoted_identifier(start),
            (b'$', _) => self.dollar(start),
            (b':', _) => self.colon(start),
            (b'0'..=b'9', _) | (b'.', Some(b'0'..=b'9')) => (
                TokenKind::Number,
                shape::number(self.text.as_bytes(), start).end,
            ),
            (b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',' | b';' | b'.', _) => {
                (TokenKind::Punctuation, start + 1)
            }
            _ if is_space(first) => (TokenKind::Whitespace, self.run(start, is_space)),
            _ if is_word_start(first) => self.word(start),
            _ if is_operator(first) => (TokenKind::Operator, self.operator(start)),
            _ => (TokenKind::Unknown, start + 1),
        }
    }

    fn word(&self, start: usize) -> (TokenKind, usize) {
        let end = self.run(start, is_word_part);
        let bytes = self.text.as_bytes();
        let word = &bytes[start..end];
        match (word, self.byte(end)) {
            // Lower-case `b` is CockroachDB's byte string, which has escapes; `B` is a bit string on both.
            (b"e" | b"E" | b"b", Some(b'\'')) => self.string(end, true),
            (b"B" | b"x" | b"X" | b"n" | b"N", Some(b'\'')) => self.string(end, false),
            (b"u" | b"U", Some(b'&')) => match self.byte(end + 1) {
                Some(b'\'') => self.string(end + 1, false),
                Some(b'"') => self.quoted_identifier(end + 1),
                _ => (TokenKind::Word, end),
            },
            _ => (TokenKind::Word, end),
        }
    }

    /// `quote` is the position of the opening quote.
    fn string(&self, quote: usize, escapes: bool) -> (TokenKind, usize) {
        let kind = if escapes {
            TokenKind::EscapeString
        } else {
            TokenKind::String
        };
        let end = shape::string_end(self.text.as_bytes(), quote, escapes);
        self.closed(kind, end, Construct::String)
    }

    fn quoted_identifier(&self, quote: usize) -> (TokenKind, usize) {
        let end = shape::quoted_name_end(self.text.as_bytes(), quote);
        self.closed(
            TokenKind::QuotedIdentifier,
            end,
            Construct::QuotedIdentifier,
        )
    }

    /// `$1`, `$tag$..$tag$`, or a dollar that begins nothing.
    fn dollar(&self, start: usize) -> (TokenKind, usize) {
        match shape::dollar(self.text, start) {
            Dollar::Placeholder(end) => (TokenKind::PositionalParameter, end),
            Dollar::String(end) => (TokenKind::DollarString, end),
            Dollar::Unclosed(_) => (
                TokenKind::Unterminated(Construct::DollarString),
                self.text.len(),
            ),
            Dollar::Nothing => (TokenKind::Unknown, start + 1),
        }
    }

    fn block_comment(&self, start: usize) -> (TokenKind, usize) {
        let end = shape::block_comment_end(self.text.as_bytes(), start);
        self.closed(TokenKind::BlockComment, end, Construct::BlockComment)
    }

    /// A tag ends at its own closing mark; string literals inside `{{` and `{%` may hold that mark.
    fn template_tag(&self, start: usize) -> (TokenKind, usize) {
        let (kind, close) = match self.byte(start + 1) {
            Some(b'{') => (TokenKind::TemplateOutput, "}}"),
            Some(b'%') => (TokenKind::TemplateBlock, "%}"),
            _ => (TokenKind::TemplateComment, "#}"),
        };
        let mut at = start + 2;
        let mut quote = None;
        while let Some(byte) = self.byte(at) {
            match quote {
                Some(_) if byte == b'\\' => at = self.after_character(at + 1),
                Some(open) => {
                    if byte == open {
                        quote = None;
                    }
                    at += 1;
                }
                None if self.text.as_bytes()[at..].starts_with(close.as_bytes()) => {
                    return (kind, at + close.len());
                }
                None => {
                    if matches!(byte, b'\'' | b'"') && kind != TokenKind::TemplateComment {
                        quote = Some(byte);
                    }
                    at += 1;
                }
            }
        }
        let kind = TokenKind::Unterminated(Construct::TemplateTag);
        (kind, self.text.len())
    }

    /// An operator stops where a comment begins.
    fn operator(&self, start: usize) -> usize {
        let mut at = start;
        while let Some(byte) = self.byte(at) {
            let comment = matches!(
                (byte, self.byte(at + 1)),
                (b'-', Some(b'-')) | (b'/', Some(b'*'))
            );
            if !is_operator(byte) || (comment && at > start) {
                break;
            }
            at += 1;
        }
        at
    }

    fn colon(&mut self, start: usize) -> (TokenKind, usize) {
        let colons = (start..start + 3)
            .take_while(|at| self.byte(*at) == Some(b':'))
            .count();
        if colons >= 2 {
            // `a[x::INT: :hi]` has its space for a reason: four colons are read as `:::` and one more.
            return (TokenKind::Operator, start + colons);
        }
        if self.byte(start + 1) == Some(b'=') {
            return (TokenKind::Operator, start + 2);
        }
        if let Some(Bracket::Subscript { colon_seen }) = self.brackets.last_mut()
            && !*colon_seen
            && matches!(self.previous, Previous::Operand | Previous::Opening)
        {
            *colon_seen = true;
            return (TokenKind::Operator, start + 1);
        }
        match self.byte(start + 1) {
            // Any word, as the dialect's parser reads it: what a parameter cannot be called is refused by its name, and not
            // cut off.
            Some(b) if is_word_start(b) => {
                (TokenKind::NamedParameter, self.run(start + 1, is_word_part))
            }
            _ => (TokenKind::Operator, start + 1),
        }
    }

    /// The position after the character that begins at `at`, so that a slice never splits one.
    fn after_character(&self, at: usize) -> usize {
        self.text
            .get(at..)
            .and_then(|rest| rest.chars().next())
            .map_or(self.text.len(), |c| at + c.len_utf8())
    }

    /// Keeps the bracket stack and the look-behind.
    fn note(&mut self, kind: TokenKind, text: &str) {
        if kind.is_trivia() {
            return;
        }
        self.previous = match (kind, text) {
            (TokenKind::Punctuation, "(" | "{") => {
                self.brackets.push(Bracket::Round);
                Previous::Expecting
            }
            (TokenKind::Punctuation, "[") => {
                let array = match self.previous {
                    Previous::ArrayKeyword => true,
                    Previous::Operand => false,
                    Previous::Expecting | Previous::Opening => {
                        self.brackets.last() == Some(&Bracket::Array)
                    }
                };
                self.brackets.push(match (array, self.previous) {
                    (true, _) => Bracket::Array,
                    (false, Previous::Operand) => Bracket::Subscript { colon_seen: false },
                    // `FROM [SHOW JOBS]`: a statement as a source.
                    (false, _) => Bracket::Round,
                });
                Previous::Opening
            }
            (TokenKind::Punctuation, ")" | "]" | "}") => {
                let _open = self.brackets.pop();
                Previous::Operand
            }
            (TokenKind::Word, word) if word.eq_ignore_ascii_case("array") => Previous::ArrayKeyword,
            (TokenKind::Word, word) if precedes_expression(word) => Previous::Expecting,
            (TokenKind::Operator | TokenKind::Punctuation | TokenKind::Unknown, _) => {
                Previous::Expecting
            }
            _ => Previous::Operand,
        };
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let start = self.position;
        let first = self.byte(start)?;
        let (kind, end) = self.scan(first);
        // `Unknown` may stand on the first byte of a longer character.
        let mut end = end.clamp(start + 1, self.text.len());
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        self.position = end;
        let text = self.text;
        self.note(kind, &text[start..end]);
        Some(Token {
            kind,
            span: start..end,
        })
    }
}

fn is_operator(byte: u8) -> bool {
    b"+-*/<>=~!@#%^&|?`".contains(&byte)
}

/// Words after which `[` opens a source or an array and never a subscript.
fn precedes_expression(word: &str) -> bool {
    const WORDS: [&str; 22] = [
        "select",
        "from",
        "join",
        "where",
        "in",
        "and",
        "or",
        "not",
        "using",
        "values",
        "returning",
        "on",
        "set",
        "when",
        "then",
        "else",
        "case",
        "by",
        "having",
        "limit",
        "offset",
        "between",
    ];
    WORDS.iter().any(|w| word.eq_ignore_ascii_case(w))
}
