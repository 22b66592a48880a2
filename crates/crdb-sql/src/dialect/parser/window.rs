//! Windows.

use super::super::ast::{Expr, FrameBound, NamedWindow, Window, WindowFrame, WindowSpec};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::{Parsed, Parser};

impl Parser<'_> {
    /// What follows `OVER`.
    pub(super) fn window(&mut self) -> Parsed<Window> {
        if self.is(TokenKind::LeftParen) {
            return Ok(Window::Spec(self.window_spec()?));
        }
        Ok(Window::Name(self.name()?))
    }

    /// `a AS (..)`.
    pub(super) fn named_window(&mut self) -> Parsed<NamedWindow> {
        let name = self.name()?;
        self.expect_keyword(Keyword::AS)?;
        Ok(NamedWindow {
            name,
            spec: self.window_spec()?,
        })
    }

    fn window_spec(&mut self) -> Parsed<WindowSpec> {
        self.open()?;
        let opens_clause = self.at_any(kw![PARTITION RANGE ROWS GROUPS]);
        let base = self.opt_if(self.at_name() && !opens_clause, Self::name)?;
        let partition_by = self
            .opt(kw![PARTITION BY], Self::exprs)?
            .unwrap_or_default();
        let order_by = self.order_by()?;
        let frame = self.frame()?;
        self.close()?;
        Ok(WindowSpec {
            base,
            partition_by,
            order_by,
            frame,
        })
    }

    fn frame(&mut self) -> Parsed<Option<WindowFrame>> {
        let Some(unit) = self.opt_words()? else {
            return Ok(None);
        };
        let (start, end) = if self.eat_keyword(Keyword::BETWEEN) {
            let start = self.frame_bound()?;
            self.expect_keyword(Keyword::AND)?;
            (start, Some(self.frame_bound()?))
        } else {
            (self.frame_bound()?, None)
        };
        self.check_frame(&start, end.as_ref())?;
        let exclusion = self.opt_words()?;
        Ok(Some(WindowFrame {
            unit,
            start,
            end,
            exclusion,
        }))
    }

    fn frame_bound(&mut self) -> Parsed<FrameBound> {
        if self.eat_keyword(Keyword::UNBOUNDED) {
            return Ok(match self.expect_any(kw![PRECEDING FOLLOWING])? {
                Keyword::PRECEDING => FrameBound::UnboundedPreceding,
                _ => FrameBound::UnboundedFollowing,
            });
        }
        if self.eat_keywords(kw![CURRENT ROW]) {
            return Ok(FrameBound::CurrentRow);
        }
        let distance: Box<Expr> = Box::new(self.expr()?);
        Ok(match self.expect_any(kw![PRECEDING FOLLOWING])? {
            Keyword::PRECEDING => FrameBound::Preceding(distance),
            _ => FrameBound::Following(distance),
        })
    }

    /// A frame may not end before it begins.
    fn check_frame(&self, start: &FrameBound, end: Option<&FrameBound>) -> Parsed<()> {
        let place = |bound: &FrameBound| match bound {
            FrameBound::UnboundedPreceding => 0,
            FrameBound::Preceding(_) => 1,
            FrameBound::CurrentRow => 2,
            FrameBound::Following(_) => 3,
            FrameBound::UnboundedFollowing => 4,
        };
        let (first, last) = (place(start), end.map_or(2, place));
        if first == 4 || last == 0 || first > last {
            return Err(self.invalid("this frame ends before it begins"));
        }
        Ok(())
    }
}
