//! From tokens to the tree: recursive descent, with binding powers for expressions.
//!
//! No step goes back: each decides by looking a few tokens ahead, so that time grows with the length of the text.
//! Nesting is counted, and refused beyond [`MAX_DEPTH`](super::MAX_DEPTH).

/// Keywords as a slice.
macro_rules! kw {
    ($($keyword:ident)+) => {
        &[$($crate::dialect::keyword::Keyword::$keyword),+]
    };
}

mod alter;
mod column;
mod create;
mod create_table;
mod drop;
mod expr;
mod from;
mod function;
mod index;
mod name;
mod operand;
mod operator;
mod paren;
mod query;
mod routine;
mod rule;
mod session;
mod statement;
mod types;
mod utility;
mod window;
mod write;

use std::borrow::Cow;

use super::ast::{Statement, Words};
use super::error::{ParseError, ParseErrorKind};
use super::keyword::Keyword;
use super::lexer::tokenize;
use super::span::Span;
use super::token::{Token, TokenKind};
use super::{MAX_DEPTH, MAX_HEIGHT, Options};

/// The outcome of one step.
type Parsed<T> = Result<T, ParseError>;

/// A cursor over the tokens of one text.
pub(super) struct Parser<'a> {
    sql: &'a str,
    tokens: Vec<Token>,
    at: usize,
    /// How deeply the steps are nested at the moment.
    depth: u32,
    /// An upper bound of how high the tree of the expression at hand is.
    height: u32,
    options: &'a Options,
    /// What the rules looked for ahead, for messages.
    missed: rule::Missed,
}

impl<'a> Parser<'a> {
    pub(super) fn new(sql: &'a str, options: &'a Options) -> Parsed<Self> {
        Ok(Self {
            sql,
            tokens: tokenize(sql)?,
            at: 0,
            depth: 0,
            height: 0,
            options,
            missed: rule::Missed::default(),
        })
    }

    /// All statements up to the end; empty ones are passed over.
    pub(super) fn statements(&mut self) -> Parsed<Vec<Statement>> {
        let mut statements = Vec::new();
        loop {
            while self.eat(TokenKind::Semicolon) {}
            if self.is(TokenKind::End) {
                return Ok(statements);
            }
            self.height = 0;
            self.missed = rule::Missed::default();
            statements.push(self.statement()?);
            if !self.is(TokenKind::Semicolon) && !self.is(TokenKind::End) {
                return Err(self.expected("`;` or the end"));
            }
        }
    }

    fn token(&self) -> Token {
        self.tokens[self.at]
    }

    /// The kind of the current token.
    fn kind(&self) -> TokenKind {
        self.tokens[self.at].kind
    }

    /// The kind of a token further on.
    fn kind_at(&self, ahead: usize) -> TokenKind {
        self.tokens
            .get(self.at + ahead)
            .map_or(TokenKind::End, |token| token.kind)
    }

    /// The current keyword.
    fn keyword(&self) -> Option<Keyword> {
        match self.kind() {
            TokenKind::Keyword(keyword) => Some(keyword),
            _ => None,
        }
    }

    fn is(&self, kind: TokenKind) -> bool {
        self.kind() == kind
    }

    fn at_keyword(&self, keyword: Keyword) -> bool {
        self.kind() == TokenKind::Keyword(keyword)
    }

    /// Whether the token `ahead` of the current one is `keyword`.
    fn keyword_at(&self, ahead: usize, keyword: Keyword) -> bool {
        self.kind_at(ahead) == TokenKind::Keyword(keyword)
    }

    /// Whether the next tokens are these keywords.
    fn at_keywords(&self, keywords: &[Keyword]) -> bool {
        keywords
            .iter()
            .enumerate()
            .all(|(ahead, keyword)| self.keyword_at(ahead, *keyword))
    }

    fn at_any(&self, keywords: &[Keyword]) -> bool {
        self.keyword()
            .is_some_and(|keyword| keywords.contains(&keyword))
    }

    /// Whether the current token is a string.
    fn at_string(&self) -> bool {
        is_string(self.kind())
    }

    /// Goes on to the next token. The end stays the end.
    fn advance(&mut self) -> Token {
        let token = self.tokens[self.at];
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.is(kind);
        if found {
            self.advance();
        }
        found
    }

    fn eat_keyword(&mut self, keyword: Keyword) -> bool {
        self.eat(TokenKind::Keyword(keyword))
    }

    /// Takes these keywords if all of them are next.
    fn eat_keywords(&mut self, keywords: &[Keyword]) -> bool {
        let found = self.at_keywords(keywords);
        if found {
            self.at += keywords.len();
        }
        found
    }

    /// Takes one of these keywords if it is next.
    fn eat_any(&mut self, keywords: &[Keyword]) -> Option<Keyword> {
        let found = self.keyword().filter(|keyword| keywords.contains(keyword));
        if found.is_some() {
            self.advance();
        }
        found
    }

    fn expect(&mut self, kind: TokenKind, what: &str) -> Parsed<()> {
        if self.eat(kind) {
            Ok(())
        } else {
            Err(self.expected(what))
        }
    }

    fn expect_keyword(&mut self, keyword: Keyword) -> Parsed<()> {
        if self.eat_keyword(keyword) {
            Ok(())
        } else {
            Err(self.expected(&format!("`{}`", keyword.as_str())))
        }
    }

    fn expect_keywords(&mut self, keywords: &[Keyword]) -> Parsed<()> {
        keywords
            .iter()
            .try_for_each(|keyword| self.expect_keyword(*keyword))
    }

    fn expect_any(&mut self, keywords: &[Keyword]) -> Parsed<Keyword> {
        self.eat_any(keywords)
            .ok_or_else(|| self.expected(&one_of(keywords)))
    }

    /// What keywords introduce, if they are there.
    fn opt<T>(
        &mut self,
        keywords: &[Keyword],
        step: impl FnOnce(&mut Self) -> Parsed<T>,
    ) -> Parsed<Option<T>> {
        if self.eat_keywords(keywords) {
            step(self).map(Some)
        } else {
            Ok(None)
        }
    }

    /// What a condition says is there.
    fn opt_if<T>(
        &mut self,
        is_there: bool,
        step: impl FnOnce(&mut Self) -> Parsed<T>,
    ) -> Parsed<Option<T>> {
        is_there.then(|| step(self)).transpose()
    }

    /// The longest of some sequences of keywords that is next, and its length.
    fn peek_words<T: Words>(&self) -> Option<(T, usize)> {
        let found = T::ALL.iter().filter(|(words, _)| self.at_keywords(words));
        let longest = found.max_by_key(|(words, _)| words.len())?;
        Some((longest.1, longest.0.len()))
    }

    /// One of some sequences of keywords.
    fn words<T: Words>(&mut self) -> Parsed<T> {
        if let Some((value, length)) = self.peek_words() {
            self.at += length;
            return Ok(value);
        }
        // The error is where the longest beginning ends.
        let begun = |words: &&[Keyword]| {
            let matching = (0..words.len()).take_while(|at| self.keyword_at(*at, words[*at]));
            matching.count()
        };
        let all = || T::ALL.iter().map(|(words, _)| *words);
        let most = all().map(|words| begun(&words)).max().unwrap_or(0);
        let next = all().filter(|words| begun(words) == most);
        let next: Vec<_> = next.filter_map(|words| words.get(most).copied()).collect();
        self.at += most;
        Err(self.expected(&one_of(&next)))
    }

    /// One of some sequences of keywords, if the first of one is there.
    fn opt_words<T: Words>(&mut self) -> Parsed<Option<T>> {
        let begun = T::ALL
            .iter()
            .any(|(words, _)| words.first().is_some_and(|word| self.at_keyword(*word)));
        if begun {
            self.words().map(Some)
        } else {
            Ok(None)
        }
    }

    fn open(&mut self) -> Parsed<()> {
        self.expect(TokenKind::LeftParen, "`(`")
    }

    fn close(&mut self) -> Parsed<()> {
        self.expect(TokenKind::RightParen, "`)`")
    }

    /// One or more, with commas between.
    fn comma_list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.eat(TokenKind::Comma) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// One or more in parentheses, with commas between.
    fn paren_list<T>(&mut self, item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.parens(|parser| parser.comma_list(item))
    }

    /// Zero or more in parentheses, with commas between.
    fn paren_items<T>(&mut self, item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.parens(|parser| {
            if parser.is(TokenKind::RightParen) {
                return Ok(Vec::new());
            }
            parser.comma_list(item)
        })
    }

    fn parens<T>(&mut self, step: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.open()?;
        let inside = step(self)?;
        self.close()?;
        Ok(inside)
    }

    fn brackets<T>(&mut self, step: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.expect(TokenKind::LeftBracket, "`[`")?;
        let inside = step(self)?;
        self.expect(TokenKind::RightBracket, "`]`")?;
        Ok(inside)
    }

    /// Runs a step one level deeper. On an error the whole parse ends, so the level needs no restoring.
    fn nested<T>(&mut self, step: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.too_deep());
        }
        let outcome = step(self)?;
        self.depth -= 1;
        Ok(outcome)
    }

    /// Notes that the tree at hand grew by one level.
    fn grow(&mut self) -> Parsed<()> {
        self.height += 1;
        if self.height > MAX_HEIGHT {
            Err(self.too_deep())
        } else {
            Ok(())
        }
    }

    /// Where the current token begins.
    fn start(&self) -> u32 {
        self.tokens[self.at].span.start
    }

    /// From `start` to the end of the token before the current one.
    fn span_from(&self, start: u32) -> Span {
        let end = self
            .at
            .checked_sub(1)
            .map_or(start, |at| self.tokens[at].span.end);
        Span::new(start, end.max(start))
    }

    /// The text of a token.
    fn text(&self, token: Token) -> &'a str {
        token.span.text(self.sql)
    }

    #[cold]
    fn expected(&self, what: &str) -> ParseError {
        // A rule that was given up further on says more.
        let (at, what) = match self.missed.beyond(self.at) {
            Some((at, what)) => (at, Cow::Owned(what)),
            None => (self.at, Cow::Borrowed(what)),
        };
        let token = self.tokens[at.min(self.tokens.len() - 1)];
        let found = match token.kind {
            TokenKind::End => "the end".to_owned(),
            _ => format!("`{}`", shortened(self.text(token))),
        };
        self.error_at(
            ParseErrorKind::Syntax,
            token.span,
            format!("expected {what}, found {found}"),
        )
    }

    #[cold]
    fn error_at(
        &self,
        kind: ParseErrorKind,
        span: Span,
        message: impl Into<Box<str>>,
    ) -> ParseError {
        ParseError::new(kind, self.sql, span.start as usize, message)
    }

    /// An error of the parser's own rules, at the token before the current one.
    #[cold]
    fn invalid(&self, message: impl Into<Box<str>>) -> ParseError {
        let span = self.tokens[self.at.saturating_sub(1)].span;
        self.error_at(ParseErrorKind::Invalid, span, message)
    }

    #[cold]
    fn too_deep(&self) -> ParseError {
        self.error_at(
            ParseErrorKind::TooDeep,
            self.token().span,
            format!("this is nested too deeply: more than {MAX_DEPTH} levels, or {MAX_HEIGHT} operators in a row"),
        )
    }
}

/// Whether a token is a string (of text, not of bytes or bits).
fn is_string(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::String | TokenKind::EscapeString | TokenKind::DollarString
    )
}

/// ``one of `A`, `B` ``.
fn one_of(keywords: &[Keyword]) -> String {
    let names: Vec<_> = keywords
        .iter()
        .map(|keyword| format!("`{}`", keyword.as_str()))
        .collect();
    if names.len() == 1 {
        names.concat()
    } else {
        format!("one of {}", names.join(", "))
    }
}

/// What of a token is shown in a message.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 40;
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() > SHOWN || line.len() < text.len() {
        format!("{}..", line.chars().take(SHOWN).collect::<String>())
    } else {
        line.to_owned()
    }
}
