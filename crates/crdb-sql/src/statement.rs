//! Statements as runs of significant tokens, for readers that need no tree.

pub(crate) mod scope;
pub(crate) mod source;

use crate::token::{Token, TokenKind, tokenize};

/// The significant tokens of each statement of a text; empty statements are left out.
pub(crate) fn split(text: &str) -> Vec<Vec<Token>> {
    let mut statements = vec![Vec::new()];
    for token in tokenize(text).filter(|token| !token.kind.is_trivia()) {
        if token.is_symbol(text, ";") {
            statements.push(Vec::new());
        } else if let Some(last) = statements.last_mut() {
            last.push(token);
        }
    }
    statements.retain(|statement| !statement.is_empty());
    statements
}

/// The name that a word or quoted identifier stands for: unquoted ones are folded to lower case.
pub(crate) fn identifier(token: &Token, text: &str) -> Option<String> {
    let content = token.text(text);
    match token.kind {
        TokenKind::Word => Some(content.to_lowercase()),
        TokenKind::QuotedIdentifier => {
            let inner = content.trim_start_matches(|c| c != '"');
            let inner = inner.strip_prefix('"')?.strip_suffix('"')?;
            Some(inner.replace("\"\"", "\""))
        }
        _ => None,
    }
}

/// A reading position in a run of significant tokens.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        Self {
            text,
            tokens,
            at: 0,
        }
    }

    fn current(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    pub(crate) fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Goes on by one token, or by a whole parenthesis.
    pub(crate) fn step(&mut self) {
        if self.peek_symbol("(") {
            self.at = self.closing();
        }
        self.at += 1;
    }

    /// The place of the parenthesis that closes the current one, or the last token.
    fn closing(&self) -> usize {
        let mut depth = 0_usize;
        for (index, token) in self.tokens.iter().enumerate().skip(self.at) {
            if token.is_symbol(self.text, "(") {
                depth += 1;
            } else if token.is_symbol(self.text, ")") {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return index;
                }
            }
        }
        self.tokens.len().saturating_sub(1).max(self.at)
    }

    pub(crate) fn peek(&self, keyword: &str) -> bool {
        self.current()
            .is_some_and(|t| t.is_keyword(self.text, keyword))
    }

    pub(crate) fn peek_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.peek(keyword))
    }

    pub(crate) fn peek_symbol(&self, symbol: &str) -> bool {
        self.current()
            .is_some_and(|t| t.is_symbol(self.text, symbol))
    }

    pub(crate) fn take(&mut self, keyword: &str) -> bool {
        let found = self.peek(keyword);
        self.at += usize::from(found);
        found
    }

    /// Steps over any of these keywords, as long as they come.
    pub(crate) fn take_any(&mut self, keywords: &[&str]) {
        while self.peek_any(keywords) {
            self.at += 1;
        }
    }

    pub(crate) fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.peek_symbol(symbol);
        self.at += usize::from(found);
        found
    }

    /// The current word in lower case.
    pub(crate) fn word(&mut self) -> Option<String> {
        let token = self.current().filter(|t| t.kind == TokenKind::Word)?;
        self.at += 1;
        Some(token.text(self.text).to_ascii_lowercase())
    }

    /// The last part of a dotted name.
    pub(crate) fn name(&mut self) -> Option<String> {
        let mut name = identifier(self.current()?, self.text)?;
        self.at += 1;
        while self.peek_symbol(".") {
            let next = self.tokens.get(self.at + 1);
            name = next.and_then(|token| identifier(token, self.text))?;
            self.at += 2;
        }
        Some(name)
    }

    /// The value of a plain string literal that is all there is.
    pub(crate) fn string(&self) -> Option<String> {
        let token = self.current().filter(|t| t.kind == TokenKind::String)?;
        let inner = token
            .text(self.text)
            .strip_prefix('\'')?
            .strip_suffix('\'')?;
        Some(inner.replace("''", "'"))
    }

    /// The text from an earlier position up to here.
    pub(crate) fn text_since(&self, start: usize) -> String {
        let first = self.tokens.get(start);
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        match (first, last) {
            (Some(first), Some(last)) if self.at > start => self
                .text
                .get(first.span.start..last.span.end)
                .unwrap_or("")
                .to_owned(),
            _ => String::new(),
        }
    }

    /// Whether what stands here is `name type`, so that a word such as INDEX is a column's name.
    pub(crate) fn is_column_definition(&self) -> bool {
        let next = self.tokens.get(self.at + 1);
        let after = self.tokens.get(self.at + 2);
        let symbol =
            |token: Option<&Token>, symbol| token.is_some_and(|t| t.is_symbol(self.text, symbol));
        let type_like = next.is_some_and(|t| t.kind == TokenKind::Word);
        let index = next.is_some_and(|t| t.is_keyword(self.text, "index"));
        type_like && !index && !symbol(after, "(")
    }

    /// The items of the parenthesis that begins here.
    pub(crate) fn list(&mut self) -> Option<Vec<Self>> {
        if !self.peek_symbol("(") {
            return None;
        }
        let close = self.closing();
        let inner = Self {
            text: self.text,
            tokens: self.tokens.get(self.at + 1..close).unwrap_or(&[]),
            at: 0,
        };
        self.at = close + 1;
        Some(inner.split_commas())
    }

    /// The rest, cut at the commas outside parentheses.
    pub(crate) fn split_commas(&self) -> Vec<Self> {
        let rest = self.tokens.get(self.at..).unwrap_or(&[]);
        let mut depth = 0_usize;
        let mut items = Vec::new();
        let mut start = 0;
        for (index, token) in rest.iter().enumerate() {
            if token.is_symbol(self.text, "(") {
                depth += 1;
            } else if token.is_symbol(self.text, ")") {
                depth = depth.saturating_sub(1);
            } else if depth == 0 && token.is_symbol(self.text, ",") {
                items.push(rest.get(start..index).unwrap_or(&[]));
                start = index + 1;
            }
        }
        items.push(rest.get(start..).unwrap_or(&[]));
        items
            .into_iter()
            .filter(|tokens| !tokens.is_empty())
            .map(|tokens| Self::new(self.text, tokens))
            .collect()
    }
}
