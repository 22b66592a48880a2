//! Whether what was typed is whole, and whether it may be kept.

use crdb_sql::dialect::split_statements;
use crdb_sql::token::{TokenKind, tokenize};

/// Whether the input can be run: a command, or statements of which the last has its semicolon.
pub(super) fn is_whole(input: &str) -> bool {
    if input.trim().is_empty() || input.trim_start().starts_with('\\') {
        return true;
    }
    let mut end = None;
    for token in tokenize(input).filter(|token| !token.kind.is_trivia()) {
        if matches!(token.kind, TokenKind::Unterminated(_)) {
            return false;
        }
        end = token.is_symbol(input, ";").then_some(token.span.start);
    }
    let last = split_statements(input)
        .last()
        .map(|piece| piece.span.end as usize);
    // A semicolon within the body of a routine parts nothing.
    end.is_some_and(|end| last.is_none_or(|last| last <= end))
}

/// Words that stand beside a secret in SQL: of roles, of backups and imports, of connections to elsewhere.
const SECRETS: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "access_key",
    "private_key",
    "sas_",
];

/// Whether the input may hold a secret. One that begins with a space is its author's to keep out of the history too.
pub(super) fn may_hold_secret(input: &str) -> bool {
    let lower = input.to_lowercase();
    let has_login = lower.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '?', '\'', ' ']).next().unwrap_or_default();
        authority
            .split_once('@')
            .is_some_and(|(login, _)| login.contains(':'))
    });
    input.starts_with(' ') || has_login || SECRETS.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_whole_with_its_semicolon() {
        for whole in [
            "",
            "\\d accounts",
            "SELECT 1;",
            "SELECT 1; -- that is all",
            "SELECT ';' ; SELECT 2;",
            "CREATE FUNCTION f() RETURNS INT8 LANGUAGE SQL BEGIN ATOMIC SELECT 1; END;",
        ] {
            assert!(is_whole(whole), "{whole}");
        }
        for part in [
            "SELECT 1",
            "SELECT 1; SELECT 2",
            "SELECT ';",
            "SELECT 1 /* ;",
            "SELECT $$;",
            "CREATE FUNCTION f() RETURNS INT8 LANGUAGE SQL BEGIN ATOMIC SELECT 1;",
        ] {
            assert!(!is_whole(part), "{part}");
        }
    }

    #[test]
    fn secrets_are_not_kept() {
        for secret in [
            "CREATE USER ada WITH PASSWORD 's3cret';",
            "alter role ada password 's3cret';",
            "BACKUP INTO 's3://b/p?AWS_ACCESS_KEY_ID=a&AWS_SECRET_ACCESS_KEY=b';",
            "BACKUP INTO 'nodelocal://1/b' WITH encryption_passphrase = 'x';",
            "CREATE EXTERNAL CONNECTION c AS 'postgresql://u:s3cret@h/d';",
            "CREATE CHANGEFEED INTO 'webhook-https://h' WITH webhook_auth_header = 'Basic x', token = 'y';",
            " SELECT 1;",
        ] {
            assert!(may_hold_secret(secret), "{secret}");
        }
        for plain in [
            "SELECT 1;",
            "SELECT * FROM t WHERE url = 'https://h/a:b@c';",
            "\\d accounts",
        ] {
            assert!(!may_hold_secret(plain), "{plain}");
        }
    }
}
