//! The operators: how they are written and how tightly they bind.
//!
//! The levels are those of CockroachDB's grammar, loosest first. Comparisons and pattern matches do not associate:
//! `a = b = c` is an error there and here.

use super::super::keyword::Keyword;
use super::super::token::TokenKind;

/// How tightly an operator binds.
pub(super) type Level = u8;

pub(super) const OR: Level = 1;
pub(super) const AND: Level = 2;
pub(super) const NOT: Level = 3;
pub(super) const IS: Level = 4;
pub(super) const COMPARE: Level = 5;
pub(super) const MATCH: Level = 6;
pub(super) const ESCAPE: Level = 7;
pub(super) const CONTAIN: Level = 8;
pub(super) const OVERLAP: Level = 9;
pub(super) const CONCAT: Level = 10;
pub(super) const BIT_OR: Level = 11;
pub(super) const BIT_XOR: Level = 12;
pub(super) const BIT_AND: Level = 13;
pub(super) const SHIFT: Level = 14;
pub(super) const QUALIFIED: Level = 15;
pub(super) const ADD: Level = 16;
pub(super) const MULTIPLY: Level = 17;
pub(super) const POWER: Level = 18;
pub(super) const AT: Level = 19;
pub(super) const COLLATE: Level = 20;
pub(super) const SIGN: Level = 21;
pub(super) const CAST: Level = 22;

/// Whether two operators of one level in a row are an error.
pub(super) const fn does_not_associate(level: Level) -> bool {
    matches!(level, IS..=OVERLAP)
}

/// The level and spelling of an operator that is one symbol between two operands.
pub(super) fn symbol(kind: TokenKind) -> Option<(Level, &'static str)> {
    Some(match kind {
        TokenKind::Less => (COMPARE, "<"),
        TokenKind::Greater => (COMPARE, ">"),
        TokenKind::Equal => (COMPARE, "="),
        TokenKind::LessEqual => (COMPARE, "<="),
        TokenKind::GreaterEqual => (COMPARE, ">="),
        TokenKind::NotEqual => (COMPARE, "!="),
        TokenKind::Tilde => (MATCH, "~"),
        TokenKind::NotMatch => (MATCH, "!~"),
        TokenKind::MatchInsensitive => (MATCH, "~*"),
        TokenKind::NotMatchInsensitive => (MATCH, "!~*"),
        TokenKind::Contains => (CONTAIN, "@>"),
        TokenKind::ContainedBy => (CONTAIN, "<@"),
        TokenKind::FirstContains => (CONTAIN, "?@>"),
        TokenKind::FirstContainedBy => (CONTAIN, "?<@"),
        TokenKind::Question => (CONTAIN, "?"),
        TokenKind::SomeExists => (CONTAIN, "?|"),
        TokenKind::AllExists => (CONTAIN, "?&"),
        TokenKind::Concat => (CONCAT, "||"),
        TokenKind::FetchValue => (CONCAT, "->"),
        TokenKind::FetchText => (CONCAT, "->>"),
        TokenKind::FetchValuePath => (CONCAT, "#>"),
        TokenKind::FetchTextPath => (CONCAT, "#>>"),
        TokenKind::RemovePath => (CONCAT, "#-"),
        TokenKind::Pipe => (BIT_OR, "|"),
        TokenKind::Hash => (BIT_XOR, "#"),
        TokenKind::Ampersand => (BIT_AND, "&"),
        TokenKind::ShiftLeft => (SHIFT, "<<"),
        TokenKind::ShiftRight => (SHIFT, ">>"),
        TokenKind::InetContainsOrEquals => (SHIFT, ">>="),
        TokenKind::InetContainedByOrEquals => (SHIFT, "<<="),
        TokenKind::Overlaps => (SHIFT, "&&"),
        TokenKind::AtAt => (CONCAT, "@@"),
        TokenKind::Distance => (CONCAT, "<->"),
        TokenKind::CosineDistance => (CONCAT, "<=>"),
        TokenKind::NegativeInnerProduct => (CONCAT, "<#>"),
        TokenKind::Plus => (ADD, "+"),
        TokenKind::Minus => (ADD, "-"),
        TokenKind::Star => (MULTIPLY, "*"),
        TokenKind::Slash => (MULTIPLY, "/"),
        TokenKind::FloorDivide => (MULTIPLY, "//"),
        TokenKind::Percent => (MULTIPLY, "%"),
        TokenKind::Caret => (POWER, "^"),
        _ => return None,
    })
}

/// Whether the restricted form has this operator.
pub(super) fn is_restricted(kind: TokenKind) -> bool {
    const SYMBOLS: [&str; 19] = [
        "<", ">", "=", "<=", ">=", "!=", "||", "|", "#", "&", "<<", ">>", "+", "-", "*", "/", "//",
        "%", "^",
    ];
    match kind {
        TokenKind::TypeCast
        | TokenKind::TypeAnnotation
        | TokenKind::Keyword(Keyword::OPERATOR | Keyword::IS) => true,
        _ => symbol(kind).is_some_and(|(_, symbol)| SYMBOLS.contains(&symbol)),
    }
}

/// Whether `ANY`, `SOME` and `ALL` may follow an operator.
pub(super) fn is_comparison(symbol: &str) -> bool {
    const SYMBOLS: [&str; 17] = [
        "<", ">", "=", "<=", ">=", "!=", "~", "!~", "~*", "!~*", "@>", "<@", "?", "?|", "?&", "&&",
        "@@",
    ];
    SYMBOLS.contains(&symbol)
}
