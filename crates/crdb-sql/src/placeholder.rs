//! From `:name` and `$1` in a file to `$1` on the wire.

use std::collections::HashMap;
use std::ops::Range;

use crate::name;
use crate::problem::{Code, Problem};
use crate::source::SourceFile;
use crate::token::{Token, TokenKind, tokenize};

/// The protocol counts parameters in 16 bits.
const MAX_PARAMETERS: usize = 65_535;

/// A statement as it is sent, and its parameters' names in the order of `$1`, `$2`, ..
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbered {
    pub(crate) text: String,
    /// `None` for a parameter that the text itself does not name.
    pub(crate) names: Vec<Option<String>>,
}

/// Numbers the parameters of the statement at `span` of a file, or says what is wrong with them.
pub(crate) fn number(source: &SourceFile, span: Range<usize>) -> Result<Numbered, Vec<Problem>> {
    let body = source.text().get(span.clone()).unwrap_or("");
    let mut problems = Vec::new();
    let mut report = |code, token: &Token, message: String| {
        let at = span.start + token.span.start..span.start + token.span.end;
        problems.push(Problem::at(code, source, at, message));
    };
    let mut rewriter = Rewriter::default();
    let mut first_positional: Option<Token> = None;
    let mut first_named: Option<Token> = None;
    let mut highest: Option<(usize, Token)> = None;
    let mut seen = std::collections::HashSet::new();
    for token in tokenize(body) {
        match token.kind {
            TokenKind::NamedParameter => {
                let parameter = token.text(body).get(1..).unwrap_or("");
                if let Some(defect) = name::parameter_defect(parameter)
                    && first_named.is_none()
                {
                    let message = format!("`:{parameter}` is not a parameter name: {defect}");
                    report(Code::BadName, &token, message);
                }
                rewriter.named(parameter);
                first_named.get_or_insert(token);
            }
            TokenKind::PositionalParameter => {
                let digits = token.text(body).get(1..).unwrap_or("");
                let padded = digits.starts_with('0');
                match digits.parse::<usize>() {
                    // A server reads `$01` as `$1`; two spellings of one parameter would be taken for two by every reader here.
                    Ok(number) if (1..=MAX_PARAMETERS).contains(&number) && !padded => {
                        seen.insert(number);
                        if highest.as_ref().is_none_or(|(most, _)| number > *most) {
                            highest = Some((number, token.clone()));
                        }
                    }
                    _ => report(
                        Code::ParameterNumber,
                        &token,
                        format!(
                            "parameters are numbered from $1 to ${MAX_PARAMETERS}, without leading zeros"
                        ),
                    ),
                }
                rewriter.copy(token.text(body));
                first_positional.get_or_insert(token);
            }
            _ => rewriter.copy(token.text(body)),
        }
    }
    if let (Some(_), Some(named)) = (&first_positional, &first_named) {
        report(
            Code::MixedParameters,
            named,
            "a query uses either `:name` or `$1`, not both".to_owned(),
        );
    } else if let Some((most, token)) = &highest {
        if let Some(missing) = (1..*most).find(|n| !seen.contains(n)) {
            let message = format!("`${most}` is used, but `${missing}` is not");
            report(Code::ParameterNumber, token, message);
        } else {
            rewriter.names = vec![None; *most];
        }
    }
    if rewriter.names.len() > MAX_PARAMETERS
        && let Some(named) = &first_named
    {
        let message = format!("a statement carries at most {MAX_PARAMETERS} parameters");
        report(Code::ParameterNumber, named, message);
    }
    if problems.is_empty() {
        Ok(Numbered {
            text: rewriter.text,
            names: rewriter.names,
        })
    } else {
        Err(problems)
    }
}

/// Copies a text and gives each distinct name the next number.
#[derive(Debug, Default)]
struct Rewriter {
    text: String,
    names: Vec<Option<String>>,
    numbers: HashMap<String, usize>,
}

impl Rewriter {
    fn copy(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn named(&mut self, name: &str) {
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None => {
                self.names.push(Some(name.to_owned()));
                self.numbers.insert(name.to_owned(), self.names.len());
                self.names.len()
            }
        };
        if would_join(&self.text) {
            self.text.push(' ');
        }
        // `$1` directly before a digit or a letter would be another token: `:a` is never followed by one.
        self.text.push('$');
        self.text.push_str(&number.to_string());
    }
}

/// Whether `$1` directly behind this text would be a part of its last word: `a:b` is no statement, and must not become
/// one about `a$1`.
fn would_join(text: &str) -> bool {
    let last = text.chars().next_back();
    last.is_some_and(|last| {
        last.is_alphanumeric() || last == '_' || last == '$' || !last.is_ascii()
    })
}

/// Where the tokens of a statement's numbered text stand in its source.
#[cfg(feature = "checks")]
#[derive(Debug)]
pub(crate) struct Places {
    /// For each token where it begins in the numbered text, where in the source, and whether it is a parameter.
    tokens: Vec<(usize, usize, bool)>,
    length: usize,
}

#[cfg(feature = "checks")]
impl Places {
    /// The places of a statement as it stands in its file.
    pub(crate) fn of(source: &str) -> Self {
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut tokens = Vec::new();
        let mut sent = 0;
        for token in tokenize(source) {
            let text = token.text(source);
            let parameter = token.kind == TokenKind::NamedParameter;
            tokens.push((sent, token.span.start, parameter));
            sent += if parameter {
                let next = numbers.len() + 1;
                let number = *numbers.entry(text).or_insert(next);
                let space = usize::from(would_join(&source[..token.span.start]));
                space + 1 + number.to_string().len()
            } else {
                text.len()
            };
        }
        tokens.push((sent, source.len(), true));
        Self {
            tokens,
            length: source.len(),
        }
    }

    /// The place in the source of a place in the numbered text.
    pub(crate) fn in_source(&self, numbered: usize) -> usize {
        let after = self.tokens.partition_point(|(sent, ..)| *sent <= numbered);
        let token = after.checked_sub(1).and_then(|at| self.tokens.get(at));
        token.map_or(self.length, |(sent, start, parameter)| {
            start + if *parameter { 0 } else { numbered - sent }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(sql: &str) -> Numbered {
        number(&SourceFile::new("t.sql", sql), 0..sql.len()).expect("no problems")
    }

    fn sent(sql: &str) -> String {
        numbered(sql).text
    }

    #[test]
    fn each_name_has_one_number() {
        let n = numbered("SELECT :a, :b, :a");
        assert_eq!(n.text, "SELECT $1, $2, $1");
        assert_eq!(n.names, [Some("a".to_owned()), Some("b".to_owned())]);
    }

    #[test]
    fn names_of_every_script_are_whole() {
        let n = numbered("SELECT :año, :aña, :año, :名::INT8");
        assert_eq!(n.text, "SELECT $1, $2, $1, $3::INT8");
        let names = ["año", "aña", "名"].map(|name| Some(name.to_owned()));
        assert_eq!(n.names, names);
        for (sql, message) in [
            ("SELECT :aÑo", "write `año`"),
            ("SELECT :an\u{303}o", "is no letter, digit or _"),
            ("SELECT :a\u{a0}b", "is no letter, digit or _"),
            ("SELECT :a$b", "'$' is not one of a-z"),
        ] {
            let file = SourceFile::new("t.sql", sql);
            let problems = number(&file, 0..sql.len()).expect_err(sql);
            assert_eq!(problems[0].code(), Code::BadName, "{sql}");
            assert!(problems[0].message().contains(message), "{}", problems[0]);
        }
    }

    #[test]
    fn what_only_looks_like_a_parameter_is_left_alone() {
        for sql in [
            "SELECT a::INT8, b:::STRING, '12:30:00'::TIME",
            "SELECT ':a', E'\\':a', $$:a$$, $t$ :a $$ $t$",
            "SELECT E'x'\n'\\':a'",
            "SELECT b'\\':a'",
            "SELECT \":a\", U&\":a\" -- :a\n /* :a /* :a */ :a */",
            "SELECT a[1:2], a[:n], a[lo:hi], a[1:], (f(x))[:n], a[1][:n]",
            "SELECT doc->'a' #>> '{b,c}' @> '{\"k\":\"v\"}' ? 'x' ?| ARRAY['y']",
            "SELECT f(a := 1)",
        ] {
            assert_eq!(sent(sql), sql);
        }
    }

    #[test]
    fn parameters_are_found_where_colons_are_many() {
        assert_eq!(sent("SELECT :a::INT8"), "SELECT $1::INT8");
        assert_eq!(sent("SELECT :a:::INT8"), "SELECT $1:::INT8");
        assert_eq!(sent("SELECT ARRAY[:a, :b]"), "SELECT ARRAY[$1, $2]");
        assert_eq!(sent("SELECT ARRAY[[:a],[:b]]"), "SELECT ARRAY[[$1],[$2]]");
        assert_eq!(sent("SELECT x[(:i)]"), "SELECT x[($1)]");
        assert_eq!(sent("SELECT x[1: :hi]"), "SELECT x[1: $1]");
        assert_eq!(sent("SELECT x[f(:a):n]"), "SELECT x[f($1):n]");
        assert_eq!(sent("SELECT doc->:k, doc->>:k"), "SELECT doc->$1, doc->>$1");
        assert_eq!(sent("LIMIT :n;"), "LIMIT $1;");
        assert_eq!(sent("SELECT 1-:n"), "SELECT 1-$1");
        assert_eq!(
            sent("SELECT * FROM [DELETE FROM t WHERE id = :id RETURNING id]"),
            "SELECT * FROM [DELETE FROM t WHERE id = $1 RETURNING id]"
        );
    }

    #[test]
    fn a_parameter_does_not_join_the_word_before_it() {
        assert_eq!(sent("SELECT a:b, 1:b, ä:b"), "SELECT a $1, 1 $1, ä $1");
        assert_eq!(sent("SELECT (a):b, 'a':b"), "SELECT (a)$1, 'a'$1");
    }

    #[test]
    fn numbers_need_no_names_and_may_come_in_any_order() {
        let n = numbered("SELECT $2, $1");
        assert_eq!(n.text, "SELECT $2, $1");
        assert_eq!(n.names, [None, None]);
    }

    #[cfg(feature = "checks")]
    #[test]
    fn places_are_found_again() {
        let source = "SELECT :long_name, x, :long_name + :b + y";
        let text = sent(source);
        let places = Places::of(source);
        for needle in ["SELECT", "x", "y", "+ "] {
            let found = places.in_source(text.find(needle).expect("there"));
            assert_eq!(found, source.find(needle).expect("there"), "{needle}");
        }
        let third = text.find("$2").expect("there");
        assert_eq!(places.in_source(third), source.find(":b").expect("there"));
        assert_eq!(places.in_source(10_000), source.len());
    }

    #[test]
    fn mistakes_are_explained() {
        for (sql, code, message) in [
            (
                "SELECT :a, $1",
                Code::MixedParameters,
                "either `:name` or `$1`",
            ),
            (
                "SELECT $1, $3",
                Code::ParameterNumber,
                "`$3` is used, but `$2` is not",
            ),
            ("SELECT $0", Code::ParameterNumber, "from $1 to $65535"),
            (
                "SELECT $1, $01",
                Code::ParameterNumber,
                "without leading zeros",
            ),
            (
                "SELECT $99999999999999999999",
                Code::ParameterNumber,
                "from $1",
            ),
            ("SELECT :accountId", Code::BadName, "write `account_id`"),
        ] {
            let file = SourceFile::new("t.sql", sql);
            let problems = number(&file, 0..sql.len()).expect_err(sql);
            assert_eq!(problems[0].code(), code, "{sql}");
            assert!(problems[0].message().contains(message), "{}", problems[0]);
        }
    }
}
