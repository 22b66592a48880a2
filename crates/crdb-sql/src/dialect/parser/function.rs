//! Calls, and what looks like one and has a grammar of its own.

use super::super::ast::{Expr, Function, FunctionArguments, Ident, ObjectName, SpecialForm};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::{Parsed, Parser};

/// How many arguments a special form takes when it has parentheses.
fn arity(keyword: Keyword) -> std::ops::RangeInclusive<usize> {
    match keyword {
        Keyword::CURRENT_TIMESTAMP
        | Keyword::CURRENT_TIME
        | Keyword::LOCALTIMESTAMP
        | Keyword::LOCALTIME => 0..=1,
        Keyword::IF => 3..=3,
        Keyword::IFERROR => 2..=3,
        Keyword::ISERROR => 1..=2,
        Keyword::NULLIF | Keyword::IFNULL => 2..=2,
        Keyword::COALESCE | Keyword::GREATEST | Keyword::LEAST => 1..=usize::MAX,
        _ => 0..=0,
    }
}

/// Keywords that are an expression without parentheses.
const ALONE: &[Keyword] = kw![
    CURRENT_DATE CURRENT_SCHEMA CURRENT_CATALOG CURRENT_TIMESTAMP CURRENT_TIME LOCALTIMESTAMP LOCALTIME
    CURRENT_USER CURRENT_ROLE SESSION_USER USER
];

/// Keywords that look like a function before a parenthesis, and have a grammar of their own.
const FORMS: &[Keyword] = kw![
    ANNOTATE_TYPE IF IFERROR ISERROR NULLIF IFNULL COALESCE GREATEST LEAST EXTRACT EXTRACT_DURATION OVERLAY
    POSITION SUBSTRING TRIM
];

impl Parser<'_> {
    /// Whether a special form begins with the keyword at hand.
    pub(super) fn at_special_form(&self, keyword: Keyword) -> bool {
        match keyword {
            Keyword::CAST => true,
            Keyword::COLLATION => self.keyword_at(1, Keyword::FOR),
            _ if self.kind_at(1) == TokenKind::LeftParen && FORMS.contains(&keyword) => true,
            _ => ALONE.contains(&keyword),
        }
    }

    pub(super) fn special_form(&mut self, keyword: Keyword) -> Parsed<Expr> {
        self.advance();
        let form = match keyword {
            Keyword::CAST | Keyword::ANNOTATE_TYPE => return self.cast(keyword == Keyword::CAST),
            Keyword::EXTRACT | Keyword::EXTRACT_DURATION => self.extract(keyword)?,
            Keyword::OVERLAY => self.overlay()?,
            Keyword::POSITION => self.position()?,
            Keyword::SUBSTRING => self.substring()?,
            Keyword::TRIM => self.trim()?,
            Keyword::COLLATION => {
                self.expect_keyword(Keyword::FOR)?;
                let text = self.parens(Self::expr)?;
                SpecialForm::CollationFor(text)
            }
            _ => self.keyword_form(keyword)?,
        };
        Ok(Expr::Special(Box::new(form)))
    }

    fn keyword_form(&mut self, keyword: Keyword) -> Parsed<SpecialForm> {
        // `USER`, `CURRENT_CATALOG` and `CURRENT_ROLE` take no parentheses.
        let plain = matches!(
            keyword,
            Keyword::USER | Keyword::CURRENT_CATALOG | Keyword::CURRENT_ROLE
        );
        if plain || !self.eat(TokenKind::LeftParen) {
            return Ok(SpecialForm::Keyword {
                keyword,
                arguments: None,
            });
        }
        let arguments = if self.is(TokenKind::RightParen) {
            Vec::new()
        } else {
            self.exprs()?
        };
        self.close()?;
        if !arity(keyword).contains(&arguments.len()) {
            return Err(self.invalid(format!(
                "`{}` does not take {} arguments",
                keyword.as_str(),
                arguments.len()
            )));
        }
        Ok(SpecialForm::Keyword {
            keyword,
            arguments: Some(arguments),
        })
    }

    fn plain_form(&mut self, keyword: Keyword, arguments: Vec<Expr>) -> Parsed<SpecialForm> {
        self.close()?;
        Ok(SpecialForm::Keyword {
            keyword,
            arguments: Some(arguments),
        })
    }

    /// `CAST(a AS b)` or `ANNOTATE_TYPE(a, b)`.
    fn cast(&mut self, is_cast: bool) -> Parsed<Expr> {
        self.open()?;
        let operand = Box::new(self.expr()?);
        if is_cast {
            self.expect_keyword(Keyword::AS)?;
        } else {
            self.expect(TokenKind::Comma, "`,`")?;
        }
        let data_type = Box::new(self.data_type()?);
        self.close()?;
        Ok(if is_cast {
            Expr::Cast {
                operand,
                data_type,
                function: true,
            }
        } else {
            Expr::Annotate {
                operand,
                data_type,
                function: true,
            }
        })
    }

    fn extract(&mut self, keyword: Keyword) -> Parsed<SpecialForm> {
        self.open()?;
        if self.kind_at(1) == TokenKind::Keyword(Keyword::FROM) {
            let field = if self.at_string() {
                self.string()?
            } else if matches!(self.kind(), TokenKind::Word | TokenKind::QuotedWord)
                || self.at_any(kw![YEAR MONTH DAY HOUR MINUTE SECOND])
            {
                self.word()?.value().into()
            } else {
                return Err(self.expected("a field of a time, such as `year`"));
            };
            self.advance();
            let source = self.expr()?;
            self.close()?;
            return Ok(SpecialForm::Extract {
                duration: keyword == Keyword::EXTRACT_DURATION,
                field,
                source,
            });
        }
        let arguments = self.exprs()?;
        self.plain_form(keyword, arguments)
    }

    fn overlay(&mut self) -> Parsed<SpecialForm> {
        self.open()?;
        let source = self.expr()?;
        if self.eat_keyword(Keyword::PLACING) {
            let placing = self.expr()?;
            self.expect_keyword(Keyword::FROM)?;
            let from = self.expr()?;
            let length = self.opt(kw![FOR], Self::expr)?;
            self.close()?;
            return Ok(SpecialForm::Overlay {
                source,
                placing,
                from,
                length,
            });
        }
        let arguments = self.further(source)?;
        self.plain_form(Keyword::OVERLAY, arguments)
    }

    fn position(&mut self) -> Parsed<SpecialForm> {
        self.open()?;
        if self.is(TokenKind::RightParen) {
            return self.plain_form(Keyword::POSITION, Vec::new());
        }
        let needle = self.restricted_expr()?;
        self.expect_keyword(Keyword::IN)?;
        let haystack = self.restricted_expr()?;
        self.close()?;
        Ok(SpecialForm::Position { needle, haystack })
    }

    fn substring(&mut self) -> Parsed<SpecialForm> {
        self.open()?;
        if self.is(TokenKind::RightParen) {
            return self.plain_form(Keyword::SUBSTRING, Vec::new());
        }
        let source = self.expr()?;
        let (mut from, mut length) = (None, None);
        loop {
            if from.is_none() && self.eat_keyword(Keyword::FROM) {
                from = Some(self.expr()?);
            } else if length.is_none() && self.eat_keyword(Keyword::FOR) {
                length = Some(self.expr()?);
            } else {
                break;
            }
        }
        if from.is_none() && length.is_none() {
            let arguments = self.further(source)?;
            return self.plain_form(Keyword::SUBSTRING, arguments);
        }
        self.close()?;
        Ok(SpecialForm::Substring {
            source,
            from,
            length,
        })
    }

    fn trim(&mut self) -> Parsed<SpecialForm> {
        self.open()?;
        let side = self.opt_words()?;
        let mut characters = None;
        let mut from = self.eat_keyword(Keyword::FROM);
        let mut source = self.exprs()?;
        if !from && source.len() == 1 && self.eat_keyword(Keyword::FROM) {
            from = true;
            characters = source.pop();
            source = self.exprs()?;
        }
        self.close()?;
        Ok(SpecialForm::Trim {
            side,
            characters,
            from,
            source,
        })
    }

    /// The arguments after the first.
    fn further(&mut self, first: Expr) -> Parsed<Vec<Expr>> {
        let mut arguments = vec![first];
        while self.eat(TokenKind::Comma) {
            arguments.push(self.expr()?);
        }
        Ok(arguments)
    }

    /// `[FUNCTION 1](..)`.
    pub(super) fn function_by_id(&mut self) -> Parsed<Expr> {
        self.expect(TokenKind::LeftBracket, "`[`")?;
        self.expect_keyword(Keyword::FUNCTION)?;
        let id = self.unsigned()?;
        self.expect(TokenKind::RightBracket, "`]`")?;
        if !self.is(TokenKind::LeftParen) {
            return Err(self.expected("`(`"));
        }
        let Expr::Function(mut function) = self.call(vec![Ident::new("function")])? else {
            return Err(self.expected("a call"));
        };
        function.id = Some(id);
        Ok(Expr::Function(function))
    }

    /// A call whose name has been read, with what may follow it.
    pub(super) fn call(&mut self, parts: Vec<Ident>) -> Parsed<Expr> {
        let mut function = self.windowless_call(parts)?;
        if self.eat_keywords(kw![WITHIN GROUP]) {
            self.open()?;
            if !self.at_keyword(Keyword::ORDER) {
                return Err(self.expected("`ORDER`"));
            }
            function.within_group = self.order_by()?;
            if function.within_group.len() > 1 {
                return Err(self.invalid("`WITHIN GROUP` orders by one expression"));
            }
            self.close()?;
        }
        if self.at_keyword(Keyword::FILTER) && self.kind_at(1) == TokenKind::LeftParen {
            self.at += 2;
            self.expect_keyword(Keyword::WHERE)?;
            function.filter = Some(self.expr()?);
            self.close()?;
        }
        if self.eat_keyword(Keyword::OVER) {
            function.over = Some(self.window()?);
        }
        Ok(Expr::Function(Box::new(function)))
    }

    /// A call alone.
    pub(super) fn windowless_call(&mut self, parts: Vec<Ident>) -> Parsed<Function> {
        self.open()?;
        let mut order_by = Vec::new();
        let arguments = if self.is(TokenKind::RightParen) {
            FunctionArguments::List(Vec::new())
        } else if self.is(TokenKind::Star) && self.kind_at(1) == TokenKind::RightParen {
            self.advance();
            FunctionArguments::Star
        } else {
            let quantifier = self.eat_any(kw![ALL DISTINCT]);
            let values = self.exprs()?;
            order_by = self.order_by()?;
            match quantifier {
                Some(Keyword::ALL) => FunctionArguments::All(values),
                Some(_) => FunctionArguments::Distinct(values),
                None => FunctionArguments::List(values),
            }
        };
        self.close()?;
        let name = ObjectName { parts };
        Ok(Function {
            name,
            id: None,
            arguments,
            order_by,
            within_group: Vec::new(),
            filter: None,
            over: None,
        })
    }
}
