//! Names and literals: which words may stand where.

use super::super::ast::{Ident, IndexName, ObjectName};
use super::super::error::ParseErrorKind;
use super::super::keyword::KeywordClass;
use super::super::literal;
use super::super::token::{Token, TokenKind};
use super::{Parsed, Parser};

/// The places that a name can stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A column, a constraint, an alias ..
    Column,
    /// The first part of an object's name.
    Object,
    /// A function.
    Function,
    /// A type.
    Type,
    /// A word that is not reserved.
    NonReserved,
    /// After a dot, `AS` or `@`: anything.
    Any,
}

impl Place {
    fn takes(self, class: KeywordClass) -> bool {
        use KeywordClass::{ColumnName, FamilyExtra, Reserved, TypeOrFunction, Unreserved};
        match class {
            Unreserved => true,
            ColumnName => matches!(
                self,
                Self::Column | Self::Object | Self::NonReserved | Self::Any
            ),
            TypeOrFunction => matches!(
                self,
                Self::Function | Self::Type | Self::NonReserved | Self::Any
            ),
            FamilyExtra => matches!(
                self,
                Self::Object | Self::Function | Self::NonReserved | Self::Any
            ),
            Reserved => self == Self::Any,
        }
    }
}

impl Parser<'_> {
    fn is_name_for(&self, kind: TokenKind, place: Place) -> bool {
        match kind {
            TokenKind::Word | TokenKind::QuotedWord => true,
            TokenKind::Keyword(keyword) => place.takes(keyword.class()),
            _ => false,
        }
    }

    fn name_for(&mut self, place: Place, what: &str) -> Parsed<Ident> {
        if self.is_name_for(self.kind(), place) {
            let token = self.advance();
            return Ok(self.ident(token));
        }
        if let TokenKind::Keyword(keyword) = self.kind() {
            return Err(self.expected(&format!(
                "{what} (`{}` is reserved: quote it)",
                keyword.as_str()
            )));
        }
        Err(self.expected(what))
    }

    /// The name that a word, quoted word or keyword stands for.
    pub(super) fn ident(&self, token: Token) -> Ident {
        let text = self.text(token);
        if token.kind == TokenKind::QuotedWord {
            Ident::read(&literal::quoted_word(text), true, token.span)
        } else if text
            .bytes()
            .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
        {
            Ident::read(text, false, token.span)
        } else {
            Ident::read(&text.to_lowercase(), false, token.span)
        }
    }

    /// Whether the current token can be a column's or alias's name.
    pub(super) fn at_name(&self) -> bool {
        self.is_name_for(self.kind(), Place::Column)
    }

    /// Whether the token `ahead` can begin an object's name.
    pub(super) fn object_at(&self, ahead: usize) -> bool {
        self.is_name_for(self.kind_at(ahead), Place::Object)
    }

    /// The first part of an object's name.
    pub(super) fn object_part(&mut self) -> Parsed<Ident> {
        self.name_for(Place::Object, "a name")
    }

    /// Whether the token `ahead` can be a column's or alias's name.
    pub(super) fn name_at(&self, ahead: usize) -> bool {
        self.is_name_for(self.kind_at(ahead), Place::Column)
    }

    /// Whether the current token can be a type's name.
    pub(super) fn at_type_name(&self) -> bool {
        self.is_name_for(self.kind(), Place::Type)
    }

    /// Whether the current token can be a function's name.
    pub(super) fn at_function_name(&self) -> bool {
        self.is_name_for(self.kind(), Place::Function)
    }

    /// Whether the token `ahead` is a word that is not reserved.
    pub(super) fn word_at(&self, ahead: usize) -> bool {
        self.is_name_for(self.kind_at(ahead), Place::NonReserved)
    }

    /// Whether the token `ahead` is a word.
    pub(super) fn any_name_at(&self, ahead: usize) -> bool {
        self.is_name_for(self.kind_at(ahead), Place::Any)
    }

    /// The name of a column, a constraint, an alias ..
    pub(super) fn name(&mut self) -> Parsed<Ident> {
        self.name_for(Place::Column, "a name")
    }

    /// Any word.
    pub(super) fn any_name(&mut self) -> Parsed<Ident> {
        self.name_for(Place::Any, "a name")
    }

    /// A function's or type's name, unqualified.
    pub(super) fn type_name(&mut self) -> Parsed<Ident> {
        self.name_for(Place::Type, "the name of a type")
    }

    /// A function's, parameter's name, unqualified.
    pub(super) fn function_name(&mut self) -> Parsed<Ident> {
        self.name_for(Place::Function, "a name")
    }

    /// A word that is not reserved.
    pub(super) fn word(&mut self) -> Parsed<Ident> {
        self.name_for(Place::NonReserved, "a word")
    }

    pub(super) fn names(&mut self) -> Parsed<Vec<Ident>> {
        self.comma_list(Self::name)
    }

    /// `(a, b)`.
    pub(super) fn paren_names(&mut self) -> Parsed<Vec<Ident>> {
        self.paren_list(Self::name)
    }

    /// `(a, b)` or nothing.
    pub(super) fn opt_paren_names(&mut self) -> Parsed<Vec<Ident>> {
        if self.is(TokenKind::LeftParen) {
            self.paren_names()
        } else {
            Ok(Vec::new())
        }
    }

    /// The name of a table or the like, of one to three parts.
    pub(super) fn object(&mut self) -> Parsed<ObjectName> {
        self.dotted(3)
    }

    /// A name of one to `most` parts.
    pub(super) fn dotted(&mut self, most: usize) -> Parsed<ObjectName> {
        let mut parts = Vec::with_capacity(1);
        parts.push(self.name_for(Place::Object, "a name")?);
        while parts.len() < most
            && self.is(TokenKind::Dot)
            && self.is_name_for(self.kind_at(1), Place::Any)
        {
            self.advance();
            parts.push(self.any_name()?);
        }
        Ok(ObjectName { parts })
    }

    pub(super) fn objects(&mut self) -> Parsed<Vec<ObjectName>> {
        self.comma_list(Self::object)
    }

    /// A schema, of one or two parts.
    pub(super) fn schema(&mut self) -> Parsed<ObjectName> {
        let mut parts = vec![self.name()?];
        if self.eat(TokenKind::Dot) {
            parts.push(self.name()?);
        }
        Ok(ObjectName { parts })
    }

    /// `t@i`, or an index alone.
    pub(super) fn index_name(&mut self) -> Parsed<IndexName> {
        let name = self.object()?;
        if self.is(TokenKind::At) && self.is_name_for(self.kind_at(1), Place::Any) {
            self.advance();
            let index = ObjectName {
                parts: vec![self.any_name()?],
            };
            return Ok(IndexName {
                table: Some(name),
                index,
            });
        }
        Ok(IndexName {
            table: None,
            index: name,
        })
    }

    /// A string.
    pub(super) fn string(&mut self) -> Parsed<Box<str>> {
        if !self.at_string() {
            return Err(self.expected("a string"));
        }
        let token = self.advance();
        self.decode_string(token)
    }

    /// The value of a string token.
    pub(super) fn decode_string(&self, token: Token) -> Parsed<Box<str>> {
        let text = self.text(token);
        let value = match token.kind {
            TokenKind::String => literal::string(text),
            TokenKind::DollarString => literal::dollar_string(text),
            _ => {
                let bytes = literal::escaped(text).map_err(|why| {
                    self.error_at(ParseErrorKind::InvalidLiteral, token.span, why)
                })?;
                String::from_utf8(bytes).map_err(|_| {
                    self.error_at(
                        ParseErrorKind::InvalidLiteral,
                        token.span,
                        "the escapes of this string are not valid UTF-8",
                    )
                })?
            }
        };
        Ok(value.into_boxed_str())
    }

    /// A number that fits.
    pub(super) fn unsigned(&mut self) -> Parsed<u32> {
        let token = self.token();
        let value = (token.kind == TokenKind::Integer)
            .then(|| parse_integer(self.text(token)))
            .flatten();
        match value.and_then(|value| u32::try_from(value).ok()) {
            Some(value) => {
                self.advance();
                Ok(value)
            }
            None => Err(self.expected("a whole number")),
        }
    }

    /// A number that fits, with or without a sign.
    pub(super) fn signed(&mut self) -> Parsed<i64> {
        let negative = self.is(TokenKind::Minus);
        if negative || self.is(TokenKind::Plus) {
            self.advance();
        }
        let token = self.token();
        let value = (token.kind == TokenKind::Integer)
            .then(|| parse_integer(self.text(token)))
            .flatten();
        let value = value.map(|value| {
            if negative {
                -i128::from(value)
            } else {
                i128::from(value)
            }
        });
        match value.and_then(|value| i64::try_from(value).ok()) {
            Some(value) => {
                self.advance();
                Ok(value)
            }
            None => Err(self.expected("a whole number")),
        }
    }

    /// Whether a whole number, signed or not, is next.
    pub(super) fn at_signed(&self) -> bool {
        match self.kind() {
            TokenKind::Integer => true,
            TokenKind::Plus | TokenKind::Minus => self.kind_at(1) == TokenKind::Integer,
            _ => false,
        }
    }

    /// `IF EXISTS`.
    pub(super) fn if_exists(&mut self) -> bool {
        self.eat_keywords(kw![IF EXISTS])
    }

    /// `IF NOT EXISTS`.
    pub(super) fn if_not_exists(&mut self) -> bool {
        self.eat_keywords(kw![IF NOT EXISTS])
    }
}

/// The value of an integer token.
fn parse_integer(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}
