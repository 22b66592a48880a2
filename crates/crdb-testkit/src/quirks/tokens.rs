//! Cutting SQL text into tokens and statements: just enough to know what a statement is.

/// What a [`Token`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A keyword or an unquoted name.
    Word,
    /// `"a quoted name"`.
    QuotedName,
    /// `'a string'`, with its prefix if it has one, or `$$a string$$`.
    Text,
    /// A number or a parameter like `$1`.
    Number,
    /// A single other character.
    Symbol,
}

/// A piece of SQL text; comments and blanks are no tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'a str,
    /// Where it begins in the text that it was cut from.
    pub(crate) start: usize,
}

impl Token<'_> {
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is this keyword, in any case.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.text == symbol
    }

    /// The name that it denotes: folded to lower case unless it is quoted.
    pub(crate) fn name(&self) -> String {
        match self.kind {
            TokenKind::QuotedName => self.text.trim_matches('"').replace("\"\"", "\""),
            _ => self.text.to_ascii_lowercase(),
        }
    }
}

/// Cuts `sql` into statements, each a list of tokens; empty ones are left out.
pub(crate) fn statements(sql: &str) -> Vec<Vec<Token<'_>>> {
    let mut statements = vec![Vec::new()];
    for token in tokens(sql) {
        if token.is_symbol(";") {
            statements.push(Vec::new());
        } else if let Some(last) = statements.last_mut() {
            last.push(token);
        }
    }
    statements.retain(|statement| !statement.is_empty());
    statements
}

fn tokens(sql: &str) -> Vec<Token<'_>> {
    let bytes = sql.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if rest.starts_with(b"--") {
            at += rest
                .iter()
                .position(|byte| *byte == b'\n')
                .unwrap_or(rest.len());
            continue;
        }
        if rest.starts_with(b"/*") {
            at += comment_length(rest);
            continue;
        }
        let (kind, length) = token_length(rest);
        // Never inside a character: every length ends at ASCII or at the end, but for single other characters.
        let end = (at + length..=sql.len())
            .find(|end| sql.is_char_boundary(*end))
            .unwrap_or(sql.len());
        tokens.push(Token {
            kind,
            text: &sql[at..end],
            start: at,
        });
        at = end;
    }
    tokens
}

fn token_length(rest: &[u8]) -> (TokenKind, usize) {
    match rest[0] {
        b'\'' => (TokenKind::Text, quoted_length(rest, b'\'', false)),
        b'"' => (TokenKind::QuotedName, quoted_length(rest, b'"', false)),
        b'e' | b'E' if rest.get(1) == Some(&b'\'') => {
            (TokenKind::Text, 1 + quoted_length(&rest[1..], b'\'', true))
        }
        b'b' | b'B' | b'x' | b'X' | b'n' | b'N' if rest.get(1) == Some(&b'\'') => {
            (TokenKind::Text, 1 + quoted_length(&rest[1..], b'\'', false))
        }
        b'$' => match dollar_quoted_length(rest) {
            Some(length) => (TokenKind::Text, length),
            None => (
                TokenKind::Number,
                1 + run(&rest[1..], |byte| byte.is_ascii_digit()),
            ),
        },
        byte if byte.is_ascii_digit() => (
            TokenKind::Number,
            run(rest, |byte| byte.is_ascii_alphanumeric() || byte == b'.'),
        ),
        byte if is_name_start(byte) => (TokenKind::Word, run(rest, is_name_byte)),
        _ => (TokenKind::Symbol, 1),
    }
}

fn run(bytes: &[u8], accept: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|byte| !accept(*byte))
        .unwrap_or(bytes.len())
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

fn is_name_byte(byte: u8) -> bool {
    is_name_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

/// The length of a quoted text whose quotes are doubled inside, and escaped by a backslash where `escapes`.
fn quoted_length(rest: &[u8], quote: u8, escapes: bool) -> usize {
    let mut at = 1;
    while let Some(&byte) = rest.get(at) {
        if escapes && byte == b'\\' {
            at += 2;
        } else if byte == quote {
            if rest.get(at + 1) != Some(&quote) {
                return at + 1;
            }
            at += 2;
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn dollar_quoted_length(rest: &[u8]) -> Option<usize> {
    let tag = 1 + run(&rest[1..], |byte| is_name_byte(byte) && byte != b'$');
    if rest.get(tag) != Some(&b'$') || rest.get(1).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let delimiter = &rest[..=tag];
    let body = &rest[delimiter.len()..];
    let close = body
        .windows(delimiter.len())
        .position(|window| window == delimiter);
    Some(close.map_or(rest.len(), |close| {
        delimiter.len() + close + delimiter.len()
    }))
}

/// The length of a comment in `/* */`, which may hold others.
fn comment_length(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(sql: &str) -> Vec<Vec<&str>> {
        statements(sql)
            .iter()
            .map(|statement| statement.iter().map(|token| token.text).collect())
            .collect()
    }

    #[test]
    fn semicolons_in_quotes_and_comments_separate_nothing() {
        let sql = "select ';', \"a;b\" -- ;\n, $x$;$x$ /* ; /* ; */ ; */; ; E'\\';' ;";
        assert_eq!(
            words(sql),
            [
                vec!["select", "';'", ",", "\"a;b\"", ",", "$x$;$x$"],
                vec!["E'\\';'"]
            ]
        );
    }

    #[test]
    fn what_is_not_closed_reaches_to_the_end() {
        for sql in ["'a;", "\"a;", "$$a;", "/* a;", "$x$ $y$;", "E'\\"] {
            assert!(statements(sql).len() <= 1, "{sql}");
        }
    }

    #[test]
    fn names_fold_unless_quoted() {
        let statements = statements("Savepoint \"A\"\"b\" Ab");
        let names: Vec<_> = statements[0].iter().map(Token::name).collect();
        assert_eq!(names, ["savepoint", "A\"b", "ab"]);
    }

    #[test]
    fn parameters_and_other_scripts_are_kept_whole() {
        assert_eq!(words("a$1=$2 größe→x"), [vec!["a$1", "=", "$2", "größe→x"]]);
        assert_eq!(words("λ+'ü'"), [vec!["λ", "+", "'ü'"]]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_cut_into_pieces_of_itself_in_order(sql in "[ -~\\n]{0,60}|.{0,40}|[$'\"/*;eE\\\\a-]{0,30}") {
            let mut end = 0;
            for token in tokens(&sql) {
                proptest::prop_assert!(token.start >= end);
                proptest::prop_assert_eq!(&sql[token.start..token.end()], token.text);
                proptest::prop_assert!(!token.text.is_empty());
                end = token.end();
            }
        }
    }
}
