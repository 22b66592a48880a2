//! `SHOW SYNTAX 'text'`: how the server reads a text. Pure.
//!
//! CockroachDB prints its tree. Here there is none: the form is that of the words, with keywords in capitals, names in small letters,
//! one blank between words and none of the comments. So a word that may be left out counts, and no name of a type is put for another.

use std::collections::HashMap;

use super::statement::Habits;
use super::tokens::{Token, TokenKind, statements};

/// Answers that a test has given, by the text that is asked for.
pub(super) type Readings = HashMap<String, String>;

/// How a `SHOW SYNTAX 'text'` that `tokens` begin with is answered, and where it ends.
pub(super) fn shown(tokens: &[Token<'_>], habits: &Habits) -> Option<(usize, String)> {
    let [show, syntax, text, ..] = tokens else {
        return None;
    };
    let asked = show.is("show")
        && syntax.is("syntax")
        && text.kind == TokenKind::Text
        && text.text.starts_with('\'');
    asked.then(|| {
        let inner = text.text.strip_prefix('\'').unwrap_or_default();
        let asked = inner.strip_suffix('\'').unwrap_or(inner).replace("''", "'");
        (text.end(), query(&rows(&asked, habits)))
    })
}

/// What PostgreSQL runs to give these rows.
fn query(rows: &[(&str, String)]) -> String {
    let rows: Vec<String> = rows
        .iter()
        .map(|(field, message)| format!("('{field}', '{}')", message.replace('\'', "''")))
        .collect();
    if rows.is_empty() {
        return "SELECT ''::text AS field, ''::text AS message WHERE false".to_owned();
    }
    format!(
        "SELECT field::text, message::text FROM (VALUES {}) AS shown (field, message)",
        rows.join(", ")
    )
}

/// The fields of the answer: each statement of the text, or what is wrong with it.
fn rows(text: &str, habits: &Habits) -> Vec<(&'static str, String)> {
    let told = habits.readings.as_deref().and_then(|told| told.get(text));
    if let Some(form) = told {
        return vec![("sql", form.clone())];
    }
    let read = statements(text);
    let refused = read
        .iter()
        .find_map(|statement| habits.refuse_syntax(text, statement))
        .or_else(|| {
            read.iter()
                .find_map(|statement| begins_none(text, statement))
        });
    match refused {
        Some(failure) => {
            let mut rows = vec![
                ("error", failure.message),
                ("code", failure.code.to_owned()),
            ];
            rows.extend(failure.detail.map(|detail| ("detail", detail)));
            rows.extend(failure.hint.map(|hint| ("hint", hint)));
            rows
        }
        None => read
            .iter()
            .map(|statement| ("sql", form(statement)))
            .collect(),
    }
}

/// The error for a text whose first word begins no statement.
fn begins_none(text: &str, statement: &[Token<'_>]) -> Option<super::failure::Failure> {
    const FIRST: &str = "abort alter analyze backup begin call cancel close comment commit copy create deallocate declare delete \
        discard do drop end execute experimental explain export fetch grant import insert move pause prepare reassign \
        refresh release reset restore resume revoke rollback savepoint select set show start truncate update upsert \
        use values with table unlisten inspect";
    let first = statement.first()?;
    let begins = first.is_symbol("(") || FIRST.split(' ').any(|word| first.is(word));
    (!begins).then(|| super::failure::Failure::syntax(text, first.start, first.text))
}

/// The form of a statement.
fn form(statement: &[Token<'_>]) -> String {
    let mut form = String::new();
    let mut before = Piece::Open;
    let mut at = 0;
    while let Some(token) = statement.get(at) {
        let (text, length) = operator(&statement[at..]).unwrap_or_else(|| (word(token), 1));
        let piece = Piece::of(token, &text);
        if !form.is_empty() && before.parts_from(piece) {
            form.push(' ');
        }
        form.push_str(&text);
        before = piece;
        at += length;
    }
    form
}

/// What decides whether there is a blank between two pieces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// A name, which may be a function's or an array's.
    Name,
    /// A keyword, a constant or an operator.
    Other,
    /// `ARRAY`, before its bracket.
    Array,
    /// What has no blank behind it: `(`, `[`, `.`, `::`.
    Open,
    /// What has no blank before it: `,`, `)`, `]`.
    Close,
    Parenthesis,
    Bracket,
    Dot,
    Cast,
}

impl Piece {
    fn of(token: &Token<'_>, text: &str) -> Self {
        match (token.kind, text) {
            (TokenKind::Symbol, "(") => Self::Parenthesis,
            (TokenKind::Symbol, "[") => Self::Bracket,
            (TokenKind::Symbol, ")" | "]" | ",") => Self::Close,
            (TokenKind::Symbol, ".") => Self::Dot,
            (TokenKind::Symbol, "::" | ":::") => Self::Cast,
            (TokenKind::Word, "ARRAY") => Self::Array,
            (TokenKind::Word, _) if is_keyword(token) => Self::Other,
            (TokenKind::Word | TokenKind::QuotedName, _) => Self::Name,
            _ => Self::Other,
        }
    }

    fn parts_from(self, next: Self) -> bool {
        let opens = matches!(
            self,
            Self::Open | Self::Parenthesis | Self::Bracket | Self::Dot | Self::Cast
        );
        let joins = match next {
            Self::Close | Self::Dot | Self::Cast => true,
            Self::Parenthesis => self == Self::Name,
            Self::Bracket => matches!(self, Self::Name | Self::Array | Self::Close),
            _ => false,
        };
        !opens && !joins
    }
}

/// The operator of several characters that `tokens` begin with, and how many they are.
fn operator(tokens: &[Token<'_>]) -> Option<(String, usize)> {
    const OPERATORS: &str =
        "::: ->> #>> !~* :: <= >= <> != || -> #> @> <@ && ~* !~ // << >> #- ?| ?& => ~~ @@ <# |/";
    OPERATORS.split(' ').find_map(|operator| {
        let length = operator.len();
        let parts = tokens.get(..length)?;
        let together = parts.windows(2).all(|pair| pair[0].end() == pair[1].start);
        let same = parts
            .iter()
            .map(|token| token.text)
            .eq(operator.split("").filter(|part| !part.is_empty()));
        let text = if operator == "<>" { "!=" } else { operator };
        (together && same).then(|| (text.to_owned(), length))
    })
}

fn word(token: &Token<'_>) -> String {
    match token.kind {
        TokenKind::Word if is_keyword(token) => token.text.to_ascii_uppercase(),
        TokenKind::Word => token.name(),
        TokenKind::QuotedName => {
            let name = token.name();
            let mut letters = name.chars();
            let plain = letters
                .next()
                .is_some_and(|first| first.is_ascii_lowercase() || first == '_')
                && letters.all(|letter| {
                    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'
                });
            let reserved = KEYWORDS.split(' ').any(|word| name == word);
            if plain && !reserved {
                name
            } else {
                token.text.to_owned()
            }
        }
        _ => token.text.to_owned(),
    }
}

fn is_keyword(token: &Token<'_>) -> bool {
    KEYWORDS.split(' ').any(|word| token.is(word))
}

/// The words that no name is without quotes, and some that begin a clause.
const KEYWORDS: &str = "all alter analyze and any array as asc begin between both by case cast check collate column commit \
    concurrently conflict constraint create cross current_date current_timestamp current_user default deferrable \
    delete desc distinct do drop else end except exists explain false fetch for foreign from full grant group \
    having if ilike in index inner insert intersect interval into is join lateral leading left like limit natural \
    not nothing null nulls of offset on only or order outer over partition primary recursive references returning \
    right rollback select set show similar some table then to trailing true truncate union unique update upsert \
    using values when where window with";

#[cfg(test)]
mod tests {
    use super::*;

    fn formed(sql: &str) -> String {
        form(&statements(sql)[0])
    }

    #[test]
    fn a_form_is_that_of_the_words() {
        for (sql, form) in [
            (
                "select  Number,\"balance\"\nfrom accounts -- all of them\nwhere id=$1 and balance<>0 ;",
                "SELECT number, balance FROM accounts WHERE id = $1 AND balance != 0",
            ),
            (
                "select COUNT( * ) from public . \"T\"",
                "SELECT count(*) FROM public.\"T\"",
            ),
            (
                "select a :: text [ ], array [1,2][1]",
                "SELECT a::text[], ARRAY[1, 2][1]",
            ),
            (
                "insert into t values (1,'it''s')",
                "INSERT INTO t VALUES (1, 'it''s')",
            ),
            ("select \"select\" ->> 'a'", "SELECT \"select\" ->> 'a'"),
        ] {
            assert_eq!(formed(sql), form);
            assert_eq!(formed(form), form);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_form_is_its_own_form(sql in "[ a-zA-Z0-9$'\"(),.:=<>;\\[\\]*+-]{0,40}") {
            for statement in statements(&sql) {
                let once = form(&statement);
                let closed = |quote: char| once.matches(quote).count().is_multiple_of(2);
                if closed('\'') && closed('"') {
                    let again: Vec<String> = statements(&once).iter().map(|statement| form(statement)).collect();
                    proptest::prop_assert_eq!(again.join("; "), once);
                }
            }
        }
    }
}
