//! The lexical grammar that CockroachDB and PostgreSQL share.
//!
//! [`tokenize`] is total: it accepts any text, never fails, never recurses, and the tokens put
//! one after the other are the text. What a server would refuse (a string that never ends) is a token of kind
//! [`TokenKind::Unterminated`], so that the caller decides what to say and where to point.
//!
//! One point is decided here that no server has to decide: whether a colon begins a parameter.
//! Outside brackets `:name` is a parameter unless the colon belongs to `::`, `:::` or `:=`. Inside a subscript the first
//! colon is the slice's own, so `a[1:2]`, `a[:n]` and `a[lo:hi]` hold no parameter, while `a[1: :hi]`, `a[(:i)]` and
//! `ARRAY[:a, :b]` do.

mod scan;
pub(crate) mod shape;

use std::ops::Range;

pub use scan::{Tokens, tokenize, tokenize_template};

/// What a [`Token`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// Spaces, tabs and line ends.
    Whitespace,
    /// `-- ..` up to, and without, the end of the line.
    LineComment,
    /// `/* .. */`, nested ones included.
    BlockComment,
    /// A keyword or an unquoted identifier.
    Word,
    /// `".."`, also `U&".."`.
    QuotedIdentifier,
    /// `'..'` and its prefixed forms (`B'..'`, `X'..'`, `N'..'`, `U&'..'`) in which a backslash is a plain character.
    String,
    /// `E'..'` and CockroachDB's `b'..'`, in which a backslash escapes.
    EscapeString,
    /// `$tag$ .. $tag$`.
    DollarString,
    /// A numeric literal.
    Number,
    /// `:name`.
    NamedParameter,
    /// `$1`.
    PositionalParameter,
    /// One of `( ) [ ] { } , ; .`
    Punctuation,
    /// Any other run of operator characters, and `:`, `::`, `:::`, `:=`.
    Operator,
    /// `{{ .. }}` of a template.
    TemplateOutput,
    /// `{% .. %}` of a template.
    TemplateBlock,
    /// `{# .. #}` of a template.
    TemplateComment,
    /// A string, quoted identifier, comment or template tag that the text does not close.
    Unterminated(Construct),
    /// A character that begins nothing in SQL.
    Unknown,
}

impl TokenKind {
    /// Whether a parser skips this token.
    #[must_use]
    pub fn is_trivia(self) -> bool {
        matches!(
            self,
            Self::Whitespace | Self::LineComment | Self::BlockComment | Self::TemplateComment
        )
    }

    /// Whether this is one of the three template tags.
    #[must_use]
    pub fn is_template_tag(self) -> bool {
        matches!(
            self,
            Self::TemplateOutput | Self::TemplateBlock | Self::TemplateComment
        )
    }
}

/// What was begun and never closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Construct {
    /// `'..`
    String,
    /// `"..`
    QuotedIdentifier,
    /// `$tag$..`
    DollarString,
    /// `/*..`
    BlockComment,
    /// `{{..`, `{%..` or `{#..`
    TemplateTag,
}

impl Construct {
    /// The name used in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::QuotedIdentifier => "quoted identifier",
            Self::DollarString => "dollar-quoted string",
            Self::BlockComment => "block comment",
            Self::TemplateTag => "template tag",
        }
    }
}

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it is, in bytes.
    pub span: Range<usize>,
}

impl Token {
    /// The token's text within the text that was tokenized.
    #[must_use]
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        source.get(self.span.clone()).unwrap_or("")
    }

    /// Whether this is the given keyword, in any case.
    #[must_use]
    pub fn is_keyword(&self, source: &str, keyword: &str) -> bool {
        self.kind == TokenKind::Word && self.text(source).eq_ignore_ascii_case(keyword)
    }

    /// Whether this is the given piece of punctuation or operator.
    #[must_use]
    pub fn is_symbol(&self, source: &str, symbol: &str) -> bool {
        matches!(self.kind, TokenKind::Punctuation | TokenKind::Operator)
            && self.text(source) == symbol
    }
}
