//! What PostgreSQL takes and CockroachDB does not. Pure.

use super::classify::{Class, classify};
use super::failure::{self, Failure};
use super::statement::Habits;
use super::tokens::{Token, TokenKind, statements};

impl Habits {
    /// What CockroachDB's parser does not take: then nothing runs of the whole text.
    pub(super) fn refuse_syntax(&self, sql: &str, statement: &[Token<'_>]) -> Option<Failure> {
        let first = statement.first()?;
        let has = |word: &str| statement.iter().any(|token| token.is(word));
        let syntax = |at: &Token<'_>| Some(Failure::syntax(sql, at.start, at.text));
        match first.text.to_ascii_lowercase().as_str() {
            "listen" | "notify" | "lock" | "vacuum" | "cluster" | "reindex" | "load"
            | "checkpoint" => {
                return syntax(first);
            }
            "unlisten" if !self.version.knows_unlisten() => return syntax(first),
            "commit" | "end" | "rollback" | "abort" if !self.version.chains() => {
                let and = statement.iter().find(|token| token.is("and"))?;
                return syntax(and);
            }
            "set" if !self.set_local && statement.get(1).is_some_and(|token| token.is("local")) => {
                let at = statement.get(2)?;
                let hint = failure::old_issue_hint(32562);
                return Some(Failure::unimplemented_syntax(sql, at.start, at.text, hint));
            }
            "copy" if has("to") && has("stdout") => {
                return statement
                    .iter()
                    .find(|token| token.is("to") && !self.version.copies_out())
                    .and_then(syntax);
            }
            "copy" => {
                if statement.get(1).is_some_and(|token| token.is("binary")) {
                    return syntax(statement.get(2)?);
                }
                return syntax(
                    statement
                        .iter()
                        .find(|token| token.is("freeze") || token.is("where"))?,
                );
            }
            "declare" | "fetch" | "move" if !self.version.knows_cursors_and_resets() => {
                return syntax(first);
            }
            "reset"
                if !self.version.knows_cursors_and_resets()
                    && statement.get(1).is_some_and(|token| token.is("role")) =>
            {
                return syntax(statement.get(1)?);
            }
            "declare" => return self.refuse_cursor(statement),
            "create" | "drop" => {
                let (at, issue) = self.unknown_object(statement)?;
                let at = statement.get(at).or(statement.last())?;
                let hint = issue.map_or_else(
                    || failure::NOT_YET.to_owned(),
                    |issue| failure::issue_hint(issue, self.version),
                );
                return Some(Failure::unimplemented_syntax(sql, at.start, at.text, hint));
            }
            _ => {}
        }
        None
    }

    /// Where CREATE or DROP of something that CockroachDB does not have stops, and the issue that asks for it.
    fn unknown_object(&self, statement: &[Token<'_>]) -> Option<(usize, Option<u32>)> {
        const BEFORE: [&str; 6] = [
            "or",
            "replace",
            "trusted",
            "procedural",
            "constraint",
            "default",
        ];
        let is = |at: usize, word: &str| statement.get(at).is_some_and(|token| token.is(word));
        let creates = is(0, "create");
        let kind = (1..statement.len()).find(|at| !BEFORE.iter().any(|word| is(*at, word)))?;
        if creates && super::statement::creates_temporary(statement) {
            let commit =
                (kind..statement.len()).find(|at| is(*at, "on") && is(at + 1, "commit"))?;
            let ends = is(commit + 2, "delete") || is(commit + 2, "drop");
            return ends.then_some((commit + 2, Some(46556)));
        }
        let (words, issue) = match statement.get(kind)?.name().as_str() {
            "access" => (2, None),
            "aggregate" => (1, Some(74775)),
            "cast" | "conversion" | "publication" | "rule" | "server" | "subscription" => (1, None),
            "foreign" => (2, None),
            "language" => (2, Some(17511)),
            "operator" => (1, Some(65017)),
            "text" => (1, Some(7821)),
            "domain" => (if creates { 2 } else { 1 }, Some(27796)),
            "tablespace" if creates => (1, Some(54113)),
            "collation" if !creates => (1, None),
            "extension" if !creates => (2, Some(74777)),
            "trigger" if !self.version.has_triggers() => (1, Some(28296)),
            _ => return None,
        };
        Some((kind + words, issue))
    }

    fn refuse_cursor(&self, statement: &[Token<'_>]) -> Option<Failure> {
        let unimplemented = |what: &str, issue: u32| {
            Some(Failure::unimplemented(
                &format!("DECLARE {what}"),
                issue,
                self.version,
            ))
        };
        if statement.iter().any(|token| token.is("binary")) {
            return unimplemented("BINARY CURSOR", 77099);
        }
        let scrolls = statement.iter().position(|token| token.is("scroll"));
        if scrolls.is_some_and(|at| at > 0 && !statement[at - 1].is("no")) {
            return unimplemented("SCROLL CURSOR", 77102);
        }
        let holds = statement
            .windows(2)
            .any(|pair| pair[0].is("with") && pair[1].is("hold"));
        if holds && self.version.refuses_holdable_cursors() {
            return unimplemented("CURSOR WITH HOLD", 77101);
        }
        None
    }

    /// What CockroachDB refuses when it plans the statement; in one simple query, what comes before it has run.
    pub(super) fn refuse_plan(
        &self,
        statement: &[Token<'_>],
        among_others: bool,
    ) -> Option<Failure> {
        let first = statement.first()?;
        let has = |word: &str| statement.iter().any(|token| token.is(word));
        if first.is("copy") {
            if among_others {
                return Some(Failure::protocol(
                    "COPY together with other statements in a query string is not supported",
                ));
            }
            if has("stdout") && has("binary") {
                return Some(Failure::unimplemented(
                    "binary format for COPY TO not implemented",
                    97180,
                    self.version,
                ));
            }
        }
        let resets_all = first.is("reset") && statement.get(1).is_some_and(|token| token.is("all"));
        if resets_all && !self.version.knows_cursors_and_resets() {
            let message = "unrecognized configuration parameter \"all\"";
            return Some(Failure::new("42704", message));
        }
        if first.is("create") && self.missing_database.is_some() {
            return Some(Failure::nowhere_to_create(created(statement)?));
        }
        if let Class::Session = classify(statement)
            && let Some(failure) = refuse_encoding(statement)
        {
            return Some(failure);
        }
        statement.iter().enumerate().find_map(|(at, token)| {
            let called = statement
                .get(at + 1)
                .is_some_and(|next| next.is_symbol("("));
            let name = token.name();
            (called && name.contains("_advisory_") && !locks_nothing(&name, &statement[at + 1..]))
                .then(|| Failure::new("42883", format!("unknown function: {name}()")))
        })
    }
}

/// CockroachDB knows no encoding but UTF-8.
fn refuse_encoding(statement: &[Token<'_>]) -> Option<Failure> {
    let names_it = statement
        .iter()
        .any(|token| token.is("client_encoding") || token.is("names"));
    let value = statement.last()?;
    if !(statement.first()?.is("set") && names_it) || value.is("default") {
        return None;
    }
    let text = match value.kind {
        TokenKind::Text => value.text.trim_matches('\''),
        _ => value.text,
    };
    let folded: String = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    (!matches!(folded.as_str(), "utf8" | "unicode" | "cp65001"))
        .then(|| Failure::new("0A000", format!("unimplemented client encoding: {text:?}")))
}

/// The name of a table, view, sequence or type that a statement creates.
fn created<'t>(statement: &[Token<'t>]) -> Option<&'t str> {
    const KINDS: [&str; 4] = ["table", "view", "sequence", "type"];
    let kind = statement
        .iter()
        .take(3)
        .position(|token| KINDS.iter().any(|kind| token.is(kind)))?;
    let rest = &statement[kind + 1..];
    let name = if rest.first()?.is("if") {
        rest.get(3)
    } else {
        rest.first()
    };
    name.map(|name| name.text)
}

/// The advisory lock functions that exist, with one argument, and do nothing.
fn locks_nothing(name: &str, call: &[Token<'_>]) -> bool {
    let mut depth = 0_usize;
    let mut commas = 0;
    for token in call {
        match token.text {
            "(" => depth += 1,
            ")" if depth == 1 => break,
            ")" => depth -= 1,
            "," if depth == 1 => commas += 1,
            _ => {}
        }
    }
    matches!(name, "pg_try_advisory_lock" | "pg_advisory_unlock") && commas == 0
}

/// The number of a placeholder that stands alone in a select list, so that nothing gives it a type, and for which none is
/// declared.
pub(super) fn untyped_placeholder(sql: &str, declared: &[u32]) -> Option<u32> {
    let statement = statements(sql).into_iter().next()?;
    if !statement.first()?.is("select") {
        return None;
    }
    let list = statement
        .iter()
        .position(|token| token.is("from") || token.is("where") || token.is("union"))
        .unwrap_or(statement.len());
    (1..list).find_map(|at| {
        let token = &statement[at];
        let number: u32 = token.text.strip_prefix('$')?.parse().ok()?;
        let before = &statement[at - 1];
        let begins = before.is("select") || before.is_symbol(",");
        let ends = statement[..list]
            .get(at + 1)
            .is_none_or(|next| next.is_symbol(",") || next.is("as"));
        let depth = statement[..at].iter().fold(0_i32, |depth, token| {
            depth + i32::from(token.is_symbol("(")) - i32::from(token.is_symbol(")"))
        });
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let typed = declared.get(index).is_some_and(|oid| *oid != 0);
        let elsewhere = statement
            .iter()
            .filter(|other| other.text == token.text)
            .count()
            > 1;
        (begins && ends && depth == 0 && !typed && !elsewhere).then_some(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_in_a_select_list_has_no_type() {
        for (sql, number) in [
            ("SELECT $1", Some(1)),
            ("select 1, $2 as a, $1::int8", Some(2)),
            ("SELECT $1::text", None),
            ("SELECT $1 + 1", None),
            ("SELECT coalesce(1, $1)", None),
            ("SELECT $1 FROM t WHERE id = $1", None),
            ("SELECT id FROM t WHERE id = $1", None),
            ("INSERT INTO t VALUES ($1)", None),
        ] {
            assert_eq!(untyped_placeholder(sql, &[]), number, "{sql}");
        }
        assert_eq!(untyped_placeholder("SELECT $1", &[25]), None);
    }
}
