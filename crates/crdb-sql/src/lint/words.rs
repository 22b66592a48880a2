//! Where the keywords stand of which the tree keeps no place.

use crate::dialect::keyword::Keyword;
use crate::dialect::token::TokenKind;
use crate::dialect::{self, Span};

/// The keywords of a text.
pub(super) struct Words {
    /// In order, with how many brackets are open around each.
    words: Vec<(Keyword, Span, usize)>,
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let mut words = Vec::new();
        let mut depth = 0_usize;
        let mut field = false;
        for token in dialect::tokenize(text).unwrap_or_default() {
            match token.kind {
                TokenKind::LeftParen | TokenKind::LeftBracket => depth += 1,
                TokenKind::RightParen | TokenKind::RightBracket => depth = depth.saturating_sub(1),
                // A column may be called like a keyword.
                TokenKind::Keyword(keyword) if !field => words.push((keyword, token.span, depth)),
                _ => {}
            }
            field = token.kind == TokenKind::Dot;
        }
        Self { words }
    }

    /// The last of these keywords in a stretch that begins on their level.
    pub(super) fn last(&self, within: Span, keywords: &[Keyword]) -> Option<Span> {
        let before = |place: u32| {
            self.words
                .partition_point(|(_, span, _)| span.start < place)
        };
        let (first, end) = (before(within.start), before(within.end));
        let inside = self.words.get(first..end)?;
        let level = inside.iter().map(|(_, _, depth)| *depth).min()?;
        inside
            .iter()
            .rev()
            .find(|(keyword, _, depth)| *depth == level && keywords.contains(keyword))
            .map(|(_, span, _)| *span)
    }

    /// The nearest of this keyword before a place.
    pub(super) fn before(&self, place: u32, keyword: Keyword) -> Option<Span> {
        let end = self
            .words
            .partition_point(|(_, span, _)| span.start < place);
        let words = self.words.get(..end)?;
        let found = words.iter().rev().find(|(found, _, _)| *found == keyword);
        found.map(|(_, span, _)| *span)
    }
}
