//! The nesting of a statement: which words stand on the same level.

use super::identifier;
use crate::token::{Token, TokenKind};

/// Every level of a statement: the outermost, and the inside of each parenthesis or bracket.
pub(crate) struct Scopes<'a> {
    text: &'a str,
    levels: Vec<Level<'a>>,
    /// The names that WITH gives.
    common_tables: Vec<String>,
}

#[derive(Default)]
struct Level<'a> {
    parts: Vec<Part<'a>>,
    /// The word in front of the opening parenthesis.
    introduced_by: Option<&'a Token>,
}

/// What stands on a level.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'a> {
    Token(&'a Token),
    /// The inside of a parenthesis, by its place in [`Scopes`].
    Group(usize),
}

impl<'a> Scopes<'a> {
    pub(crate) fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        let mut levels = vec![Level::default()];
        let mut open = vec![0];
        let mut previous: Option<&Token> = None;
        for token in tokens {
            let current = open.last().copied().unwrap_or(0);
            let opens = token.is_symbol(text, "(") || token.is_symbol(text, "[");
            let closes = token.is_symbol(text, ")") || token.is_symbol(text, "]");
            if opens {
                let inner = levels.len();
                levels[current].parts.push(Part::Group(inner));
                levels.push(Level {
                    parts: Vec::new(),
                    introduced_by: previous.filter(|t| t.kind == TokenKind::Word),
                });
                open.push(inner);
            } else if closes {
                if open.len() > 1 {
                    open.pop();
                }
            } else {
                levels[current].parts.push(Part::Token(token));
            }
            previous = Some(token);
        }
        Self {
            text,
            common_tables: common_tables(text, tokens),
            levels,
        }
    }

    /// The outermost level.
    #[cfg(feature = "codegen")]
    pub(crate) fn outermost(&self) -> Scope<'_> {
        self.scope(0)
    }

    /// The levels that hold a query or a statement.
    pub(crate) fn queries(&self) -> impl Iterator<Item = Scope<'_>> {
        (0..self.levels.len())
            .map(|level| self.scope(level))
            .filter(|scope| scope.verb().is_some())
    }

    fn scope(&self, level: usize) -> Scope<'_> {
        Scope {
            scopes: self,
            level,
            parts: &self.levels[level].parts,
        }
    }
}

/// One level, or one arm of a UNION on it.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    scopes: &'a Scopes<'a>,
    level: usize,
    parts: &'a [Part<'a>],
}

/// `name AS (`, `name (columns) AS MATERIALIZED (`: nothing else in a query looks like that.
fn common_tables(text: &str, tokens: &[Token]) -> Vec<String> {
    let mut names = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if !token.is_keyword(text, "as") {
            continue;
        }
        let mut after = at + 1;
        while tokens
            .get(after)
            .is_some_and(|t| t.is_keyword(text, "not") || t.is_keyword(text, "materialized"))
        {
            after += 1;
        }
        if !tokens.get(after).is_some_and(|t| t.is_symbol(text, "(")) {
            continue;
        }
        let mut before = at.checked_sub(1);
        if before
            .and_then(|b| tokens.get(b))
            .is_some_and(|t| t.is_symbol(text, ")"))
        {
            before = tokens[..at]
                .iter()
                .rposition(|t| t.is_symbol(text, "("))
                .and_then(|b| b.checked_sub(1));
        }
        names.extend(
            before
                .and_then(|b| tokens.get(b))
                .and_then(|t| identifier(t, text)),
        );
    }
    names
}

const VERBS: &[&str] = &["select", "insert", "upsert", "update", "delete"];

/// Words after which a level is no query even if it holds one.
const OTHERS: &[&str] = &[
    "create", "alter", "drop", "grant", "revoke", "export", "import", "backup", "restore", "show",
    "set", "copy",
];

impl<'a> Scope<'a> {
    pub(crate) fn text(&self) -> &'a str {
        self.scopes.text
    }

    pub(crate) fn parts(&self) -> &'a [Part<'a>] {
        self.parts
    }

    /// The parts inside a group, and the word in front of it.
    pub(crate) fn group(&self, group: usize) -> (Self, Option<&'a Token>) {
        (
            self.scopes.scope(group),
            self.scopes.levels[group].introduced_by,
        )
    }

    /// The word that says what the level does.
    pub(crate) fn verb(&self) -> Option<&'a Token> {
        for part in self.parts {
            if let Part::Token(token) = part {
                if VERBS.iter().any(|verb| token.is_keyword(self.text(), verb)) {
                    return Some(token);
                }
                if OTHERS
                    .iter()
                    .any(|other| token.is_keyword(self.text(), other))
                {
                    return None;
                }
            }
        }
        None
    }

    /// Whether this is a name that WITH gives, which hides a table.
    pub(crate) fn is_common_table(&self, name: &str) -> bool {
        self.scopes.common_tables.iter().any(|known| known == name)
    }

    /// Whether the level is what EXISTS looks at.
    pub(crate) fn is_exists(&self) -> bool {
        let introduced = self.scopes.levels[self.level].introduced_by;
        introduced.is_some_and(|word| word.is_keyword(self.text(), "exists"))
    }

    /// The first occurrence of a keyword on this level.
    pub(crate) fn find(&self, keyword: &str) -> Option<&'a Token> {
        self.tokens()
            .find(|token| token.is_keyword(self.text(), keyword))
    }

    pub(crate) fn tokens(&self) -> impl Iterator<Item = &'a Token> + use<'a> {
        self.parts.iter().filter_map(|part| match part {
            Part::Token(token) => Some(*token),
            Part::Group(_) => None,
        })
    }

    /// The arms of UNION, INTERSECT and EXCEPT, or the whole level.
    pub(crate) fn selects(&self) -> Vec<Self> {
        let set_operator = |part: &Part<'_>| {
            matches!(part, Part::Token(token)
                if ["union", "intersect", "except"].iter().any(|word| token.is_keyword(self.text(), word)))
        };
        self.parts
            .split(set_operator)
            .map(|parts| Self { parts, ..*self })
            .collect()
    }
}
