//! The annotations, one by one.

use std::collections::HashSet;
use std::ops::Range;

use super::template::{Choice, FlagNote, IdentifierNote, Shape, TemplateNotes};
use super::{Header, ParameterNote, duration};
use crate::name;
use crate::problem::{Code, Problem};
use crate::query::{
    CacheRule, Cardinality, Column, Nullability, Parameter, Retry, Staleness, Verify,
};
use crate::source::SourceFile;
use crate::token::{TokenKind, tokenize};

/// The words that begin an annotation.
pub(super) const KEYS: &[&str] = &[
    "param",
    "column",
    "retry",
    "timeout",
    "staleness",
    "cache",
    "tags",
    "verify",
    "allow",
    "template",
    "ident",
    "flag",
    "row",
    "derive",
    "arguments",
];

/// What has been read so far.
#[derive(Debug, Default)]
pub(super) struct Annotations {
    parameters: Vec<ParameterNote>,
    columns: Vec<Column>,
    column_spans: Vec<Range<usize>>,
    retry: Option<Retry>,
    timeout: Option<std::time::Duration>,
    staleness: Option<Staleness>,
    cache: Option<CacheRule>,
    tags: Option<Vec<String>>,
    verify: Option<Verify>,
    allowed: Vec<Code>,
    template: TemplateNotes,
    row: Option<String>,
    derives: Option<Vec<String>>,
    argument_derives: Option<Vec<String>>,
}

/// Why an annotation cannot be understood.
struct Refusal {
    code: Code,
    message: String,
    help: &'static str,
}

fn refuse(message: impl Into<String>, help: &'static str) -> Refusal {
    Refusal {
        code: Code::BadAnnotation,
        message: message.into(),
        help,
    }
}

/// Sets what may be said once.
fn once<T>(slot: &mut Option<T>, key: &str, value: T) -> Result<(), Refusal> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(refuse(
            format!("`{key}` is said twice"),
            "keep one of the two lines",
        )),
    }
}

impl Annotations {
    /// Reads one line that stands at `at`.
    pub(super) fn read(
        &mut self,
        source: &SourceFile,
        at: Range<usize>,
        line: (&str, Option<&str>, &str),
        problems: &mut Vec<Problem>,
    ) {
        if let Err(refusal) = self.interpret(&at, line) {
            problems
                .push(Problem::at(refusal.code, source, at, refusal.message).help(refusal.help));
        }
    }

    fn interpret(
        &mut self,
        at: &Range<usize>,
        (key, subject, value): (&str, Option<&str>, &str),
    ) -> Result<(), Refusal> {
        match (key, subject) {
            ("param", Some(subject)) => return self.parameter(at, subject, value),
            ("column", Some(subject)) => return self.column(at, subject, value),
            ("ident", Some(subject)) => return self.identifier(at, subject, value),
            ("flag", Some(subject)) => return self.flag(at, subject, value),
            ("ident" | "flag", None) => {
                return Err(refuse(
                    format!("`{key}` names nothing"),
                    "write `-- ident sort: name | created_at` or `-- flag newest_first: what it does`",
                ));
            }
            ("param" | "column", None) => {
                return Err(refuse(
                    format!("`{key}` names nothing"),
                    "write `-- param id: UUID` or `-- column balance: not null`",
                ));
            }
            (_, Some(subject)) => {
                return Err(refuse(
                    format!("`{subject}` stands before the colon of `{key}`"),
                    "only `param`, `column`, `ident` and `flag` have a name before the colon",
                ));
            }
            (_, None) => {}
        }
        match key {
            "retry" => once(&mut self.retry, key, retry(value)?),
            "timeout" => once(&mut self.timeout, key, time(value)?),
            "staleness" => once(&mut self.staleness, key, staleness(value)?),
            "cache" => once(&mut self.cache, key, cache(value)?),
            "tags" => once(&mut self.tags, key, tags(value)?),
            "template" => {
                let shape = Shape::from_word(value).ok_or_else(|| {
                    refuse(
                        format!("`{value}` is not the shape of a template"),
                        "write `-- template: select`, or insert, update, delete",
                    )
                })?;
                once(&mut self.template.shape, key, shape)
            }
            "row" => once(&mut self.row, key, row(value)?),
            "derive" => once(&mut self.derives, key, derives(key, value)?),
            "arguments" => once(&mut self.argument_derives, key, derives(key, value)?),
            "verify" if value == "server" => once(&mut self.verify, key, Verify::Server),
            "verify" => Err(refuse(
                format!("`{value}` cannot verify a query"),
                "the only form is `-- verify: server`",
            )),
            _ => self.allow(value),
        }
    }

    fn parameter(&mut self, at: &Range<usize>, subject: &str, value: &str) -> Result<(), Refusal> {
        let help = "write `-- param id: UUID`, or `-- param $1 id: UUID` to name a numbered one";
        let (number, name) = match subject.split_once(char::is_whitespace) {
            Some((number, name)) => (Some(number), name.trim()),
            None => (None, subject),
        };
        let number = match number {
            Some(text) => {
                let parsed = text.strip_prefix('$').and_then(|n| n.parse().ok());
                Some(
                    parsed
                        .ok_or_else(|| refuse(format!("`{text}` is not `$1`, `$2`, .."), help))?,
                )
            }
            None => None,
        };
        if let Some(defect) = name::parameter_defect(name) {
            return Err(Refusal {
                code: Code::BadName,
                message: format!("`{name}` is not a parameter name: {defect}"),
                help,
            });
        }
        let same = |note: &ParameterNote| {
            note.parameter.name == name || (number.is_some() && note.number == number)
        };
        if self.parameters.iter().any(same) {
            return Err(refuse(
                format!("parameter `{subject}` is described twice"),
                "keep one of the two lines",
            ));
        }
        let (value, optional) = optional(value);
        let described = described(&value)?;
        if optional && let Some(defect) = name::defect(name) {
            // A template's conditions name it.
            return Err(Refusal {
                code: Code::BadName,
                message: format!("`{name}` cannot be the name of an optional parameter: {defect}"),
                help,
            });
        }
        if optional {
            self.template.span.get_or_insert(at.clone());
            self.template.optional.push(name.to_owned());
        }
        self.parameters.push(ParameterNote {
            span: at.clone(),
            number,
            parameter: Parameter {
                name: name.to_owned(),
                sql_type: described.sql_type,
                nullability: described.nullability,
                null_elements: described.null_elements,
                docs: described.docs,
            },
        });
        Ok(())
    }

    fn column(&mut self, at: &Range<usize>, subject: &str, value: &str) -> Result<(), Refusal> {
        if self.columns.iter().any(|c| c.name == subject) {
            return Err(refuse(
                format!("column `{subject}` is described twice"),
                "keep one of the two lines",
            ));
        }
        let described = described(value)?;
        self.columns.push(Column {
            name: subject.to_owned(),
            sql_type: described.sql_type,
            nullability: described.nullability,
            null_elements: described.null_elements,
            docs: described.docs,
        });
        self.column_spans.push(at.clone());
        Ok(())
    }

    fn identifier(&mut self, at: &Range<usize>, name: &str, value: &str) -> Result<(), Refusal> {
        let help =
            "write `-- ident sort: name | created_at -- what it is`, or `-- ident column: checked`";
        self.template_name(at, name, help)?;
        let (list, docs) = value.split_once("--").unwrap_or((value, ""));
        let choice = if list.trim() == "checked" {
            Choice::Checked
        } else {
            let entries: Vec<String> = list
                .split('|')
                .map(|entry| entry.trim().to_owned())
                .collect();
            if let Some(odd) = entries.iter().find(|entry| !is_plain_identifier(entry)) {
                return Err(refuse(
                    format!("`{odd}` is not a plain (dotted) identifier"),
                    help,
                ));
            }
            Choice::OneOf(entries)
        };
        self.template.identifiers.push(IdentifierNote {
            name: name.to_owned(),
            choice,
            docs: docs.trim().to_owned(),
        });
        Ok(())
    }

    fn flag(&mut self, at: &Range<usize>, name: &str, value: &str) -> Result<(), Refusal> {
        self.template_name(at, name, "write `-- flag newest_first: what it does`")?;
        self.template.flags.push(FlagNote {
            name: name.to_owned(),
            docs: value.trim_start_matches('-').trim().to_owned(),
        });
        Ok(())
    }

    fn template_name(
        &mut self,
        at: &Range<usize>,
        name: &str,
        help: &'static str,
    ) -> Result<(), Refusal> {
        self.template.span.get_or_insert(at.clone());
        if let Some(defect) = name::defect(name) {
            return Err(Refusal {
                code: Code::BadName,
                message: format!("`{name}` cannot be named like that: {defect}"),
                help,
            });
        }
        let parameter = self
            .parameters
            .iter()
            .any(|note| note.parameter.name == name);
        if parameter || self.template.takes(name) {
            return Err(refuse(
                format!("`{name}` is described twice"),
                "keep one of the two lines",
            ));
        }
        Ok(())
    }

    /// What is wrong with the header as a whole.
    pub(super) fn incomplete(&self, source: &SourceFile) -> Option<Problem> {
        self.template.without_shape(source)
    }

    fn allow(&mut self, value: &str) -> Result<(), Refusal> {
        let help = "write `-- allow: select_star, full_scan`";
        for word in list(value, help)? {
            let code = Code::from_name(word).ok_or_else(|| {
                let lints = Code::ALL.iter().filter(|c| c.is_lint()).map(|c| c.as_str());
                let meant = name::nearest(word, lints);
                match meant.first() {
                    Some(meant) => refuse(
                        format!("there is no lint `{word}`; did you mean `{meant}`?"),
                        help,
                    ),
                    None => refuse(format!("there is no lint `{word}`"), help),
                }
            })?;
            if !code.is_lint() {
                return Err(refuse(
                    format!("`{word}` is not a lint and cannot be allowed"),
                    help,
                ));
            }
            if !self.allowed.contains(&code) {
                self.allowed.push(code);
            }
        }
        Ok(())
    }

    pub(super) fn into_header(
        self,
        name: String,
        name_span: Range<usize>,
        cardinality: Cardinality,
        docs: String,
    ) -> Header {
        Header {
            name,
            name_span,
            cardinality,
            docs,
            parameters: self.parameters,
            columns: self.columns,
            column_spans: self.column_spans,
            retry: self.retry.unwrap_or_default(),
            timeout: self.timeout,
            staleness: self.staleness,
            cache: self.cache,
            tags: self.tags.unwrap_or_default(),
            verify: self.verify.unwrap_or_default(),
            allowed: self.allowed,
            template: self.template,
            row: self.row,
            derives: self.derives.unwrap_or_default(),
            argument_derives: self.argument_derives.unwrap_or_default(),
        }
    }
}

/// `name` or `table.name`, in characters that need no quotes.
fn is_plain_identifier(text: &str) -> bool {
    text.split('.').all(|part| {
        part.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    })
}

/// Takes the word `optional` off the end of a parameter's description.
fn optional(value: &str) -> (String, bool) {
    let (left, docs) = match value.split_once("--") {
        Some((left, docs)) => (left.trim(), format!(" --{docs}")),
        None => (value, String::new()),
    };
    match left.strip_suffix("optional") {
        Some(rest) if rest.is_empty() || rest.ends_with(char::is_whitespace) => {
            (format!("{}{docs}", rest.trim()), true)
        }
        _ => (value.to_owned(), false),
    }
}

fn retry(value: &str) -> Result<Retry, Refusal> {
    match value {
        "safe" => Ok(Retry::Safe),
        "never" => Ok(Retry::Never),
        _ => Err(refuse(
            format!("`{value}` is not a retry rule"),
            "write `-- retry: safe` when running twice does no harm, or `-- retry: never`",
        )),
    }
}

fn time(value: &str) -> Result<std::time::Duration, Refusal> {
    duration::parse(value).map_err(|why| refuse(why, "write `-- timeout: 2s`"))
}

fn staleness(value: &str) -> Result<Staleness, Refusal> {
    let help = "write `-- staleness: follower`, `-- staleness: 10s` (at most) or `-- staleness: exactly 10s`";
    let age = |text: &str| duration::parse(text.trim()).map_err(|why| refuse(why, help));
    match value.strip_prefix("exactly") {
        _ if value == "follower" => Ok(Staleness::Follower),
        Some(rest) => age(rest).map(Staleness::Exactly),
        None => age(value).map(Staleness::AtMost),
    }
}

/// `10s`, `10s, 5m on error`
fn cache(value: &str) -> Result<CacheRule, Refusal> {
    let help = "write `-- cache: 10s`, or `-- cache: 10s, 5m on error` to serve older answers while loads fail";
    let age = |text: &str| duration::parse(text.trim()).map_err(|why| refuse(why, help));
    let Some((max_age, rest)) = value.split_once(',') else {
        return age(value).map(CacheRule::new);
    };
    let max_age = age(max_age)?;
    let Some(on_error) = without_words(rest.trim(), "on error") else {
        return Err(refuse(
            format!("`{}` does not end in `on error`", rest.trim()),
            help,
        ));
    };
    let on_error = age(on_error)?;
    if on_error <= max_age {
        return Err(refuse(
            "the age on error is not longer than the age at other times",
            help,
        ));
    }
    Ok(CacheRule::new(max_age).on_error(on_error))
}

fn tags(value: &str) -> Result<Vec<String>, Refusal> {
    let help = "write `-- tags: ledger, hot`";
    let mut tags: Vec<String> = Vec::new();
    let mut known: HashSet<&str> = HashSet::new();
    for tag in list(value, help)? {
        if let Some(defect) = name::defect(tag) {
            return Err(Refusal {
                code: Code::BadName,
                message: format!("`{tag}` is not a tag: {defect}"),
                help,
            });
        }
        if known.insert(tag) {
            tags.push(tag.to_owned());
        }
    }
    Ok(tags)
}

fn row(value: &str) -> Result<String, Refusal> {
    let named = value.starts_with(|c: char| c.is_ascii_uppercase());
    let word = value.chars().all(|c| c.is_ascii_alphanumeric());
    if (named && word && value != "Self") || (value.contains("::") && is_path(value)) {
        return Ok(value.to_owned());
    }
    Err(refuse(
        format!("`{value}` is not the name of a row type"),
        "write `-- row: Account` for a struct that the queries of this module share, `-- row: crate::Account` for one of your own",
    ))
}

fn derives(key: &str, value: &str) -> Result<Vec<String>, Refusal> {
    let help = match key {
        "derive" => "write `-- derive: serde::Serialize, Eq`",
        _ => "write `-- arguments: serde::Deserialize`",
    };
    let paths = list(value, help)?;
    if let Some(odd) = paths.iter().find(|path| !is_path(path)) {
        return Err(refuse(format!("`{odd}` is not the path of a derive"), help));
    }
    Ok(paths.into_iter().map(str::to_owned).collect())
}

/// `Name`, `krate::Name`, `::krate::Name`
fn is_path(text: &str) -> bool {
    text.trim_start_matches("::").split("::").all(|part| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

fn list<'a>(value: &'a str, help: &'static str) -> Result<Vec<&'a str>, Refusal> {
    let items: Vec<&str> = value.split(',').map(str::trim).collect();
    if items.contains(&"") {
        return Err(refuse("the list is empty or has a gap", help));
    }
    Ok(items)
}

/// `DECIMAL(19,4) not null -- what it is`
struct Described {
    sql_type: Option<String>,
    nullability: Nullability,
    null_elements: bool,
    docs: String,
}

fn described(value: &str) -> Result<Described, Refusal> {
    let help = "write a type, `null` or `not null`, or both: `-- param note: STRING null -- why`";
    let (value, docs) = match value.split_once("--") {
        Some((value, docs)) => (value.trim(), docs.trim()),
        None => (value, ""),
    };
    // `null elements` stands before or behind what is said about the whole value.
    let behind = without_words(value, "null elements");
    let value = behind.unwrap_or(value);
    let (nullability, value) = if let Some(rest) = without_words(value, "not null") {
        (Nullability::NotNull, rest)
    } else if let Some(rest) = without_words(value, "null") {
        (Nullability::Nullable, rest)
    } else {
        (Nullability::Unknown, value)
    };
    let before = without_words(value, "null elements");
    let sql_type = before.unwrap_or(value);
    let null_elements = behind.or(before).is_some();
    let silent = nullability == Nullability::Unknown && !null_elements && docs.is_empty();
    if sql_type.is_empty() && silent {
        return Err(refuse("nothing stands after the colon", help));
    }
    let fits = |kind: TokenKind, text: &str| match kind {
        TokenKind::Word | TokenKind::QuotedIdentifier | TokenKind::Number => true,
        TokenKind::Whitespace => true,
        TokenKind::Punctuation => matches!(text, "(" | ")" | "[" | "]" | "," | "."),
        _ => false,
    };
    if let Some(token) = tokenize(sql_type).find(|t| !fits(t.kind, t.text(sql_type))) {
        let message = format!("`{}` is not part of a type", token.text(sql_type));
        return Err(refuse(message, help));
    }
    Ok(Described {
        sql_type: (!sql_type.is_empty()).then(|| sql_type.to_owned()),
        nullability,
        null_elements,
        docs: docs.to_owned(),
    })
}

/// What stands before these words, where the text ends with them.
fn without_words<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    let start = text.len().checked_sub(words.len())?;
    let (before, end) = (text.get(..start)?, text.get(start..)?);
    let whole = before.is_empty() || before.ends_with(char::is_whitespace);
    (whole && end.eq_ignore_ascii_case(words)).then(|| before.trim())
}
