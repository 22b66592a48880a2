//! The steps that statements of the long tail are made of: each takes tokens and notes them as parts.

use super::super::ast::{Ident, Part, Punctuation, StatementKind, Utility, UtilityKind};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::{Parsed, Parser};

/// The parts read so far.
pub(super) type Parts = Vec<Part>;

/// Makes a statement of its parts.
pub(super) trait Build {
    fn build(self, parts: Parts) -> StatementKind;
}

impl Build for UtilityKind {
    fn build(self, parts: Parts) -> StatementKind {
        StatementKind::Utility(Utility { kind: self, parts })
    }
}

impl Parser<'_> {
    /// A keyword.
    pub(super) fn take(&mut self, parts: &mut Parts, keyword: Keyword) -> Parsed<()> {
        self.expect_keyword(keyword)?;
        parts.push(Part::Keyword(keyword));
        Ok(())
    }

    /// Keywords, all of them.
    pub(super) fn take_all(&mut self, parts: &mut Parts, keywords: &[Keyword]) -> Parsed<()> {
        keywords
            .iter()
            .try_for_each(|keyword| self.take(parts, *keyword))
    }

    /// One of some keywords.
    pub(super) fn take_any(&mut self, parts: &mut Parts, keywords: &[Keyword]) -> Parsed<Keyword> {
        let keyword = self.expect_any(keywords)?;
        parts.push(Part::Keyword(keyword));
        Ok(keyword)
    }

    /// A keyword if it is next; says whether it was.
    pub(super) fn opt_take(&mut self, parts: &mut Parts, keyword: Keyword) -> bool {
        let found = self.eat_keyword(keyword);
        if found {
            parts.push(Part::Keyword(keyword));
        }
        found
    }

    /// Keywords if all of them are next; says whether they were.
    pub(super) fn opt_take_all(&mut self, parts: &mut Parts, keywords: &[Keyword]) -> bool {
        let found = self.eat_keywords(keywords);
        if found {
            parts.extend(keywords.iter().map(|keyword| Part::Keyword(*keyword)));
        }
        found
    }

    /// One of some keywords if it is next; says whether it was.
    pub(super) fn opt_take_any(&mut self, parts: &mut Parts, keywords: &[Keyword]) -> bool {
        let found = self.eat_any(keywords);
        parts.extend(found.map(Part::Keyword));
        found.is_some()
    }

    /// `IF EXISTS`, if it is there.
    pub(super) fn opt_take_if_exists(&mut self, parts: &mut Parts) -> bool {
        self.opt_take_all(parts, &[Keyword::IF, Keyword::EXISTS])
    }

    /// `IF NOT EXISTS`, if it is there.
    pub(super) fn opt_take_if_not_exists(&mut self, parts: &mut Parts) -> bool {
        self.opt_take_all(parts, &[Keyword::IF, Keyword::NOT, Keyword::EXISTS])
    }

    /// `CASCADE` or `RESTRICT`, if it is there.
    pub(super) fn opt_take_behavior(&mut self, parts: &mut Parts) {
        self.opt_take_any(parts, &[Keyword::CASCADE, Keyword::RESTRICT]);
    }

    /// A sign.
    pub(super) fn take_sign(&mut self, parts: &mut Parts, sign: Punctuation) -> Parsed<()> {
        let (kind, what) = match sign {
            Punctuation::Open => (TokenKind::LeftParen, "`(`"),
            Punctuation::Close => (TokenKind::RightParen, "`)`"),
            Punctuation::Comma => (TokenKind::Comma, "`,`"),
            Punctuation::Equal => (TokenKind::Equal, "`=`"),
            Punctuation::Dot => (TokenKind::Dot, "`.`"),
            Punctuation::At => (TokenKind::At, "`@`"),
            Punctuation::Star => (TokenKind::Star, "`*`"),
        };
        self.expect(kind, what)?;
        parts.push(Part::Punctuation(sign));
        Ok(())
    }

    /// `=`, if it is there. It means nothing, so it is not kept.
    pub(super) fn opt_equal(&mut self) {
        self.eat(TokenKind::Equal);
    }

    /// One or more, with commas between.
    pub(super) fn take_list(
        &mut self,
        parts: &mut Parts,
        mut item: impl FnMut(&mut Self, &mut Parts) -> Parsed<()>,
    ) -> Parsed<()> {
        item(self, parts)?;
        while self.is(TokenKind::Comma) {
            self.take_sign(parts, Punctuation::Comma)?;
            item(self, parts)?;
        }
        Ok(())
    }

    /// What stands in parentheses.
    pub(super) fn take_paren(
        &mut self,
        parts: &mut Parts,
        inside: impl FnOnce(&mut Self, &mut Parts) -> Parsed<()>,
    ) -> Parsed<()> {
        self.take_sign(parts, Punctuation::Open)?;
        inside(self, parts)?;
        self.take_sign(parts, Punctuation::Close)
    }

    /// A list in parentheses.
    pub(super) fn take_paren_list(
        &mut self,
        parts: &mut Parts,
        item: impl FnMut(&mut Self, &mut Parts) -> Parsed<()>,
    ) -> Parsed<()> {
        self.take_paren(parts, |parser, parts| parser.take_list(parts, item))
    }

    pub(super) fn take_name(&mut self, parts: &mut Parts) -> Parsed<()> {
        parts.push(Part::Name(self.name()?));
        Ok(())
    }

    pub(super) fn take_any_name(&mut self, parts: &mut Parts) -> Parsed<()> {
        parts.push(Part::Name(self.any_name()?));
        Ok(())
    }

    pub(super) fn take_names(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_list(parts, Self::take_name)
    }

    pub(super) fn take_object(&mut self, parts: &mut Parts) -> Parsed<()> {
        parts.push(Part::Object(self.object()?));
        Ok(())
    }

    pub(super) fn take_objects(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_list(parts, Self::take_object)
    }

    pub(super) fn take_relation(&mut self, parts: &mut Parts) -> Parsed<()> {
        parts.push(Part::Object(self.relation()?));
        Ok(())
    }

    /// A schema, qualified by its database or not.
    pub(super) fn take_schema(&mut self, parts: &mut Parts) -> Parsed<()> {
        let schema = self.schema()?;
        self.push_dotted(parts, schema.parts);
        Ok(())
    }

    pub(super) fn take_schemas(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_list(parts, Self::take_schema)
    }

    pub(super) fn take_index(&mut self, parts: &mut Parts) -> Parsed<()> {
        parts.push(Part::Index(self.index_name()?));
        Ok(())
    }

    pub(super) fn take_type(&mut self, parts: &mut Parts) -> Parsed<()> {
        parts.push(Part::Type(self.data_type()?));
        Ok(())
    }

    pub(super) fn take_expr(&mut self, parts: &mut Parts) -> Parsed<()> {
        parts.push(Part::Expr(self.expr()?));
        Ok(())
    }

    pub(super) fn take_exprs(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_list(parts, Self::take_expr)
    }

    pub(super) fn take_query(&mut self, parts: &mut Parts) -> Parsed<()> {
        parts.push(Part::Query(Box::new(self.query()?)));
        Ok(())
    }

    pub(super) fn take_string(&mut self, parts: &mut Parts) -> Parsed<()> {
        parts.push(Part::Text(self.string()?));
        Ok(())
    }

    /// A whole number without a sign.
    pub(super) fn take_number(&mut self, parts: &mut Parts) -> Parsed<()> {
        if !self.is(TokenKind::Integer) {
            return Err(self.expected("a whole number"));
        }
        let token = self.advance();
        parts.push(Part::Number(self.text(token).into()));
        Ok(())
    }

    /// A whole number with or without a sign.
    pub(super) fn take_signed(&mut self, parts: &mut Parts) -> Parsed<()> {
        let number = self.signed()?;
        parts.push(Part::Number(number.to_string().into()));
        Ok(())
    }

    /// `AS OF SYSTEM TIME ..`, if it is there.
    pub(super) fn opt_take_as_of(&mut self, parts: &mut Parts) -> Parsed<bool> {
        let Some(time) = self.as_of()? else {
            return Ok(false);
        };
        parts.extend([Keyword::AS, Keyword::OF, Keyword::SYSTEM, Keyword::TIME].map(Part::Keyword));
        parts.push(Part::Expr(time));
        Ok(true)
    }

    /// `WHERE ..`, if it is there.
    pub(super) fn opt_take_filter(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.opt_take(parts, Keyword::WHERE) {
            self.take_expr(parts)
        } else {
            Ok(())
        }
    }

    /// A name of as many parts as it has, of a variable or setting.
    pub(super) fn take_dotted(&mut self, parts: &mut Parts) -> Parsed<()> {
        let name = self.variable_name()?;
        self.push_dotted(parts, name);
        Ok(())
    }

    /// Notes a name of several parts.
    #[expect(clippy::unused_self, reason = "reads as one of the steps")]
    fn push_dotted(&self, parts: &mut Parts, name: Vec<Ident>) {
        for (at, part) in name.into_iter().enumerate() {
            if at > 0 {
                parts.push(Part::Punctuation(Punctuation::Dot));
            }
            parts.push(Part::Name(part));
        }
    }

    /// A word that is not reserved, or a string.
    pub(super) fn take_word_or_string(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.at_string() {
            return self.take_string(parts);
        }
        if !self.at_word() {
            return Err(self.expected("a string or a word"));
        }
        parts.push(Part::Name(self.word()?));
        Ok(())
    }

    /// A word, a string or a placeholder.
    pub(super) fn take_string_or_placeholder(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.at_placeholder() {
            self.take_placeholder(parts)
        } else {
            self.take_word_or_string(parts)
        }
    }

    /// A string or a placeholder.
    pub(super) fn take_text_or_placeholder(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.at_placeholder() {
            self.take_placeholder(parts)
        } else {
            self.take_string(parts)
        }
    }

    fn at_placeholder(&self) -> bool {
        self.is(TokenKind::Placeholder)
            || self.is(TokenKind::Colon) && self.options.named_placeholders
    }

    fn take_placeholder(&mut self, parts: &mut Parts) -> Parsed<()> {
        parts.push(Part::Expr(self.primary()?));
        Ok(())
    }

    /// One such, or several in parentheses.
    pub(super) fn take_string_or_placeholders(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.is(TokenKind::LeftParen) {
            self.take_paren_list(parts, Self::take_string_or_placeholder)
        } else {
            self.take_string_or_placeholder(parts)
        }
    }

    /// A role: a name, or one of the words for the current one.
    pub(super) fn take_role(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.opt_take_any(
            parts,
            &[
                Keyword::CURRENT_USER,
                Keyword::SESSION_USER,
                Keyword::CURRENT_ROLE,
            ],
        ) {
            return Ok(());
        }
        if self.at_string() || self.at_placeholder() {
            return self.take_text_or_placeholder(parts);
        }
        parts.push(Part::Name(self.word()?));
        Ok(())
    }

    pub(super) fn take_roles(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_list(parts, Self::take_role)
    }

    /// `OWNER TO a`.
    pub(super) fn take_owner(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_all(parts, &[Keyword::OWNER, Keyword::TO])?;
        self.take_role(parts)
    }

    /// An option: a name or string, and perhaps what it is set to.
    pub(super) fn take_option(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.at_string() {
            self.take_string(parts)?;
        } else {
            self.take_name(parts)?;
        }
        if self.is(TokenKind::Equal) {
            self.take_sign(parts, Punctuation::Equal)?;
            self.take_string_or_placeholder(parts)?;
        }
        Ok(())
    }

    /// `WITH a = b, c` or `WITH OPTIONS (..)`, if it is there.
    pub(super) fn opt_take_options(&mut self, parts: &mut Parts) -> Parsed<()> {
        if !self.opt_take(parts, Keyword::WITH) {
            return Ok(());
        }
        if self.at_keyword(Keyword::OPTIONS) && self.kind_at(1) == TokenKind::LeftParen {
            self.take(parts, Keyword::OPTIONS)?;
            return self.take_paren_list(parts, Self::take_option);
        }
        self.take_list(parts, Self::take_option)
    }
}
