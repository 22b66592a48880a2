//! How CockroachDB's parser reads a statement, beside this workspace's.
//!
//! `SHOW SYNTAX 'text'` answers with rows of a field and a message: `sql` with the statement as the server would print it, or `error`,
//! `code` and more (`RunShowSyntax` in CockroachDB's `pkg/sql/parser/show_syntax.go`). The text and what our tree of it prints
//! must get the same answer.

/// The statement that asks how a text is read.
pub(super) fn question(text: &str) -> String {
    format!("SHOW SYNTAX '{}'", text.replace('\'', "''"))
}

/// The server's own form of a text, or what its parser has against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    Form(String),
    Refused(String),
}

impl Reading {
    /// From the rows of an answer.
    pub(super) fn of<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut form, mut refusal) = (Vec::new(), None);
        for (field, message) in rows {
            match field {
                "sql" => form.push(message),
                "error" => refusal = Some(message.to_owned()),
                _ => {}
            }
        }
        match refusal {
            Some(message) => Self::Refused(message),
            None => Self::Form(form.join("; ")),
        }
    }
}

/// Where the readings of a text and of its printed tree part. A text that the server refuses is reported when it is prepared.
pub(super) fn difference(text: &Reading, printed: &str, read: &Reading) -> Option<String> {
    match (text, read) {
        (Reading::Refused(_), _) => None,
        (Reading::Form(_), Reading::Refused(why)) => Some(format!(
            "the server does not read what this parser's tree prints: {why}, in `{printed}`"
        )),
        (Reading::Form(text), Reading::Form(read)) if text == read => None,
        (Reading::Form(text), Reading::Form(read)) => Some(format!(
            "the server reads it as `{text}`, and this parser's tree as `{read}`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_form_or_a_refusal() {
        assert_eq!(question("SELECT 'a'"), "SHOW SYNTAX 'SELECT ''a'''");
        assert_eq!(
            Reading::of([("sql", "SELECT 1"), ("sql", "SELECT 2")]),
            Reading::Form("SELECT 1; SELECT 2".to_owned())
        );
        let refused = [
            ("error", "at or near \"EOF\": syntax error"),
            ("code", "42601"),
            ("detail", "source SQL:"),
        ];
        let message = "at or near \"EOF\": syntax error".to_owned();
        assert_eq!(Reading::of(refused), Reading::Refused(message));
    }

    #[test]
    fn only_a_difference_is_told() {
        let form = |text: &str| Reading::Form(text.to_owned());
        let refused = Reading::Refused("syntax error".to_owned());
        assert_eq!(
            difference(&form("SELECT 1"), "SELECT 1", &form("SELECT 1")),
            None
        );
        assert_eq!(difference(&refused, "SELECT", &form("SELECT 1")), None);
        let told = difference(&form("SELECT a"), "SELECT b", &form("SELECT b")).unwrap();
        assert!(
            told.contains("`SELECT a`") && told.contains("`SELECT b`"),
            "{told}"
        );
        let told = difference(&form("SELECT a"), "SELECT", &refused).unwrap();
        assert!(told.contains("syntax error, in `SELECT`"), "{told}");
    }
}
