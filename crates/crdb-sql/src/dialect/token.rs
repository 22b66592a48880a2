//! The tokens of the dialect.

use super::keyword::Keyword;
use super::span::Span;

/// What a token is. Comments and white space are no tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
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
    /// `(`
    LeftParen,
    /// `)`
    RightParen,
    /// `[`
    LeftBracket,
    /// `]`
    RightBracket,
    /// `{`
    LeftBrace,
    /// `}`
    RightBrace,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// `.`
    Dot,
    /// `..`
    DotDot,
    /// `:`
    Colon,
    /// `::`
    TypeCast,
    /// `:::`
    TypeAnnotation,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `//`
    FloorDivide,
    /// `%`
    Percent,
    /// `^`
    Caret,
    /// `#`
    Hash,
    /// `&`
    Ampersand,
    /// `|`
    Pipe,
    /// `||`
    Concat,
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `<=`
    LessEqual,
    /// `>=`
    GreaterEqual,
    /// `=`
    Equal,
    /// `<>` or `!=`
    NotEqual,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
    /// `<<=`
    InetContainedByOrEquals,
    /// `>>=`
    InetContainsOrEquals,
    /// `~`
    Tilde,
    /// `!~`
    NotMatch,
    /// `~*`
    MatchInsensitive,
    /// `!~*`
    NotMatchInsensitive,
    /// `@`
    At,
    /// `@@`
    AtAt,
    /// `@>`
    Contains,
    /// `<@`
    ContainedBy,
    /// `?@>`
    FirstContains,
    /// `?<@`
    FirstContainedBy,
    /// `?`, also `??`
    Question,
    /// `?|`
    SomeExists,
    /// `?&`
    AllExists,
    /// `->`
    FetchValue,
    /// `->>`
    FetchText,
    /// `#>`
    FetchValuePath,
    /// `#>>`
    FetchTextPath,
    /// `#-`
    RemovePath,
    /// `&&`
    Overlaps,
    /// `|/`
    SquareRoot,
    /// `||/`
    CubeRoot,
    /// `<->`
    Distance,
    /// `<=>`
    CosineDistance,
    /// `<#>`
    NegativeInnerProduct,
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands, quotes included.
    pub span: Span,
}
