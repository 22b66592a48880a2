//! From one file to its queries.

use std::ops::Range;
use std::sync::Arc;

use crate::header::{self, Header};
use crate::name;
use crate::placeholder;
use crate::problem::{Code, Problem, Severity};
use crate::query::Query;
use crate::source::SourceFile;
use crate::token::{Token, TokenKind, tokenize, tokenize_template};

/// A query's lines: the header's comments, and the stretch of SQL below them.
struct Section {
    header: Vec<Range<usize>>,
    body: Vec<Token>,
}

/// A query, or a template before it is looked into.
pub(super) enum Entry {
    Query(Query),
    Template(TemplateSource),
}

impl Entry {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Query(query) => query.name(),
            Self::Template(template) => &template.name,
        }
    }

    pub(super) fn name_span(&self) -> Range<usize> {
        match self {
            Self::Query(query) => query.name_span(),
            Self::Template(template) => template.header.name_span.clone(),
        }
    }
}

/// A template as it stands in its file.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(feature = "templates"),
    allow(dead_code, reason = "nothing renders it")
)]
pub(crate) struct TemplateSource {
    pub(crate) name: String,
    pub(crate) header: Header,
    pub(crate) source: Arc<SourceFile>,
    pub(crate) body: Range<usize>,
}

/// The queries and templates of a file that stands at `relative` below the root.
pub(super) fn entries(
    relative: &str,
    source: &Arc<SourceFile>,
    problems: &mut Vec<Problem>,
) -> Vec<Entry> {
    let Some(prefix) = prefix(relative, source, problems) else {
        return Vec::new();
    };
    sections(source, problems)
        .into_iter()
        .filter_map(|section| {
            let before = problems.len();
            let query = query(&prefix, source, section, problems);
            match query {
                Ok(query) => Some(query),
                Err(name) => {
                    if let Some(name) = name {
                        for problem in problems.drain(before..).collect::<Vec<_>>() {
                            problems.push(problem.of_query(&name));
                        }
                    }
                    None
                }
            }
        })
        .collect()
}

/// `accounts.` for `accounts/transfer.sql`, and for `accounts.sql` directly in the root.
fn prefix(relative: &str, source: &SourceFile, problems: &mut Vec<Problem>) -> Option<String> {
    let (modules, what) = match relative.rsplit_once('/') {
        Some((directories, _file)) => (directories, "directory"),
        None => (relative.strip_suffix(".sql").unwrap_or(relative), "file"),
    };
    let mut prefix = String::new();
    for module in modules.split('/') {
        if let Some(defect) = name::defect(module) {
            let message = format!("{what} `{module}` cannot be part of a query's name: {defect}");
            problems.push(
                Problem::with_file(Code::BadName, source.path(), message).help(
                    "directories below the root, or a file directly in it, give the part of the name before the dot",
                ),
            );
            return None;
        }
        prefix.push_str(module);
        prefix.push('.');
    }
    Some(prefix)
}

fn sections(source: &SourceFile, problems: &mut Vec<Problem>) -> Vec<Section> {
    let text = source.text();
    let mut sections: Vec<Section> = Vec::new();
    let mut line_start = true;
    let mut in_header = false;
    let mut reported = false;
    for token in tokenize(text) {
        let content = token.text(text);
        if token.kind == TokenKind::LineComment && line_start && header::is_name_line(content) {
            sections.push(Section {
                header: vec![token.span],
                body: Vec::new(),
            });
            in_header = true;
            continue;
        }
        line_start = match token.kind {
            TokenKind::Whitespace => content.contains('\n') || (line_start && !content.is_empty()),
            _ => false,
        };
        let Some(section) = sections.last_mut() else {
            if !token.kind.is_trivia() && !reported {
                reported = true;
                problems.push(headless(source, token.span.clone()));
            }
            continue;
        };
        match token.kind {
            TokenKind::Whitespace if in_header => {}
            TokenKind::LineComment if in_header => section.header.push(token.span),
            _ => {
                in_header = false;
                section.body.push(token);
            }
        }
    }
    if sections.is_empty() && !reported {
        let message = "the file holds no query";
        problems.push(
            Problem::with_file(Code::MissingHeader, source.path(), message)
                .help("a query begins with `-- name: get_account :one`"),
        );
    }
    sections
}

fn headless(source: &SourceFile, span: Range<usize>) -> Problem {
    let message = "SQL stands before the first `-- name:` line";
    Problem::at(Code::MissingHeader, source, span, message)
        .help("a query begins with `-- name: get_account :one`")
}

/// The query, or the name that it would have, with what is wrong in `problems`.
fn query(
    prefix: &str,
    source: &Arc<SourceFile>,
    section: Section,
    problems: &mut Vec<Problem>,
) -> Result<Entry, Option<String>> {
    let before = problems.len();
    let header = header::parse(source, &section.header, problems);
    let template = header
        .as_ref()
        .is_some_and(|header| header.template.shape.is_some());
    let name = header.as_ref().map(|h| format!("{prefix}{}", h.name));
    if let (Some(header), Some(name)) = (&header, &name)
        && let Err(why) = header.check_cache()
    {
        let place = header.name_span.clone();
        let problem = Problem::at(Code::BadAnnotation, source, place, why)
            .help("take `-- cache` out of the header");
        problems.push(problem.of_query(name));
    }
    let body = trim(source.text(), &section.body);
    let Some((first, last)) = body.first().zip(body.last()) else {
        if let Some(line) = section.header.first() {
            let message = "the header has no SQL below it";
            problems.push(Problem::at(Code::EmptyQuery, source, line.clone(), message));
        }
        return Err(name);
    };
    let span = first.span.start..last.span.end;
    if !template {
        lexical(source, body, problems);
        unmarked(source, span.clone(), problems);
    }
    misplaced(source, body, name.as_deref(), problems);
    if template {
        let failed = problems[before..]
            .iter()
            .any(|p| p.severity() == Severity::Error);
        return match (header, name) {
            (Some(header), Some(name)) if !failed => Ok(Entry::Template(TemplateSource {
                name,
                header,
                source: Arc::clone(source),
                body: span,
            })),
            (_, name) => Err(name),
        };
    }
    let numbered = match placeholder::number(source, span.clone()) {
        Ok(numbered) => Some(numbered),
        Err(found) => {
            problems.extend(found);
            None
        }
    };
    let failed = problems[before..]
        .iter()
        .any(|p| p.severity() == Severity::Error);
    match (header, numbered, name) {
        (Some(header), Some(numbered), Some(name)) if !failed => {
            let place = header.name_span.clone();
            match Query::new(name.clone(), header, numbered, Arc::clone(source), span) {
                Ok(query) => Ok(Entry::Query(query)),
                Err(why) => {
                    let problem = Problem::at(Code::BadAnnotation, source, place, why)
                        .help("take `-- staleness` out of the header");
                    problems.push(problem.of_query(&name));
                    Err(Some(name))
                }
            }
        }
        (_, _, name) => Err(name),
    }
}

/// Without the space, line comments and semicolons around the SQL. Block comments stay: they may be hints.
fn trim<'a>(text: &str, body: &'a [Token]) -> &'a [Token] {
    let outside = |token: &Token| {
        matches!(token.kind, TokenKind::Whitespace | TokenKind::LineComment)
            || token.is_symbol(text, ";")
    };
    let start = body.iter().position(|t| !outside(t)).unwrap_or(body.len());
    let end = body
        .iter()
        .rposition(|t| !outside(t))
        .map_or(start, |at| at + 1);
    body.get(start..end).unwrap_or(&[])
}

fn lexical(source: &SourceFile, body: &[Token], problems: &mut Vec<Problem>) {
    let text = source.text();
    for token in body {
        match token.kind {
            TokenKind::Unterminated(construct) => {
                let message = format!(
                    "the {} that begins here is never closed",
                    construct.as_str()
                );
                problems.push(Problem::at(
                    Code::Lexical,
                    source,
                    token.span.clone(),
                    message,
                ));
            }
            TokenKind::Unknown => {
                let message = format!("{:?} begins nothing in SQL", token.text(text));
                problems.push(Problem::at(
                    Code::Lexical,
                    source,
                    token.span.clone(),
                    message,
                ));
            }
            _ if token.text(text).contains('\0') => {
                let at = token.span.start + token.text(text).find('\0').unwrap_or(0);
                let message = "a statement cannot hold the character NUL";
                problems.push(Problem::at(Code::Lexical, source, at..at + 1, message));
            }
            _ => {}
        }
    }
}

/// A template tag where it will not be rendered.
fn unmarked(source: &SourceFile, body: Range<usize>, problems: &mut Vec<Problem>) {
    let text = source.text().get(body.clone()).unwrap_or("");
    if let Some(tag) = tokenize_template(text).find(|token| token.kind.is_template_tag()) {
        let span = body.start + tag.span.start..body.start + tag.span.end;
        let message = "a template tag stands in a query that is no template";
        problems.push(
            Problem::at(Code::UnmarkedTemplate, source, span, message).help(
                "make it one with `-- template: select` (or insert, update, delete) in the header",
            ),
        );
    }
}

fn misplaced(source: &SourceFile, body: &[Token], name: Option<&str>, problems: &mut Vec<Problem>) {
    for token in body.iter().filter(|t| t.kind == TokenKind::LineComment) {
        if header::looks_like_annotation(token.text(source.text())) {
            let message = "an annotation below the header has no effect";
            let problem = Problem::at(
                Code::MisplacedAnnotation,
                source,
                token.span.clone(),
                message,
            )
            .help("move it up, between `-- name:` and the statement");
            problems.push(match name {
                Some(name) => problem.of_query(name),
                None => problem,
            });
        }
    }
}
