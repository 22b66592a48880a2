//! The tokens of the dialect. They are the parser's own: what users scan text with is [`crate::token`].

use super::keyword::Keyword;
use super::span::Span;

/// Declares the symbols once: those with one first character together, the longest first.
/// `=` gives a second spelling.
macro_rules! symbols {
    ($($text:literal $($kind:ident)? $(= $same:ident)?)*) => {
        /// What a token is. Comments and white space are no tokens.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum TokenKind {
            /// The end of the text.
            End,
            /// A word that is no keyword.
            Word,
            /// A word in double quotes.
            QuotedWord,
            /// A keyword.
            Keyword(Keyword),
            /// `'text'`.
            String,
            /// `e'text'`.
            EscapeString,
            /// `$$text$$` or `$tag$text$tag$`.
            DollarString,
            /// `b'bytes'`.
            Bytes,
            /// `x'6865780a'`.
            HexBytes,
            /// `B'0101'`.
            Bits,
            /// `1` or `0x1f`.
            Integer,
            /// `1.5`, `.5` or `1e5`.
            Decimal,
            /// `$1`.
            Placeholder,
            $($(#[doc = concat!("`", $text, "`")] $kind,)?)*
        }

        /// The symbols and what each is.
        const SYMBOLS: &[(&str, TokenKind)] =
            &[$(($text, TokenKind::$($kind)?$($same)?),)*];
    };
}

symbols! {
    "(" LeftParen
    ")" RightParen
    "[" LeftBracket
    "]" RightBracket
    "{" LeftBrace
    "}" RightBrace
    "," Comma
    ";" Semicolon
    ".." DotDot "." Dot
    ":::" TypeAnnotation "::" TypeCast ":" Colon
    "+" Plus
    "->>" FetchText "->" FetchValue "-" Minus
    "*" Star
    "//" FloorDivide "/" Slash
    "%" Percent
    "^" Caret
    "#>>" FetchTextPath "#>" FetchValuePath "#-" RemovePath "#" Hash
    "&&" Overlaps "&" Ampersand
    "||/" CubeRoot "||" Concat "|/" SquareRoot "|" Pipe
    "<<=" InetContainedByOrEquals "<<" ShiftLeft "<=>" CosineDistance "<=" LessEqual
    "<>" = NotEqual "<@" ContainedBy "<->" Distance "<#>" NegativeInnerProduct "<" Less
    ">>=" InetContainsOrEquals ">>" ShiftRight ">=" GreaterEqual ">" Greater
    "=" Equal
    "!=" NotEqual "!~*" NotMatchInsensitive "!~" NotMatch
    "~*" MatchInsensitive "~" Tilde
    "@@" AtAt "@>" Contains "@" At
    "?@>" FirstContains "?<@" FirstContainedBy "?|" SomeExists "?&" AllExists "??" = Question
    "?" Question
}

/// Where in [`SYMBOLS`] those with each first character are.
const FIRST: [(u8, u8); 128] = {
    let mut first = [(0, 0); 128];
    let mut at = 0;
    while at < SYMBOLS.len() {
        let byte = SYMBOLS[at].0.as_bytes()[0] as usize;
        if first[byte].1 == 0 {
            first[byte].0 = at as u8;
        }
        first[byte].1 = at as u8 + 1;
        at += 1;
    }
    first
};

/// The longest symbol that a text begins with, and its length.
pub(super) fn symbol(text: &[u8]) -> Option<(TokenKind, usize)> {
    let (first, end) = *FIRST.get(usize::from(*text.first()?))?;
    let symbols = SYMBOLS.get(usize::from(first)..usize::from(end))?;
    symbols
        .iter()
        .find(|(symbol, _)| text.starts_with(symbol.as_bytes()))
        .map(|(symbol, kind)| (*kind, symbol.len()))
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: TokenKind,
    /// Where it stands, quotes included.
    pub(crate) span: Span,
}
