//! What a template may hold, and the parts that its text has.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::condition;
use super::part::{Branch, Condition, Part, push_text};
use crate::name;
use crate::problem::{Code, Problem};
use crate::repository::file::TemplateSource;
use crate::source::SourceFile;
use crate::token::{Token, TokenKind, tokenize_template};

const ALLOWED: &str = "a template holds `{% if name %}`, `{{ identifier }}`, `{% include \"dir/_file.sql\" %}` and `:parameters`";

/// How deep `if` may be nested.
const MAX_DEPTH: usize = 32;

struct Compiler<'a> {
    source: &'a TemplateSource,
    switches: &'a [String],
    fragments: &'a BTreeMap<String, Arc<SourceFile>>,
    problems: &'a mut Vec<Problem>,
    parts: Vec<Part>,
    open: Vec<OpenIf>,
}

/// An `if` that is not ended yet. The compiler's parts are those of its last branch.
struct OpenIf {
    at: Range<usize>,
    /// The parts before it.
    before: Vec<Part>,
    /// The branches that are complete.
    branches: Vec<Branch>,
    /// Of the last branch.
    condition: Condition,
}

/// The parts of a template's text.
pub(super) fn compile(
    source: &TemplateSource,
    switches: &[String],
    fragments: &BTreeMap<String, Arc<SourceFile>>,
    problems: &mut Vec<Problem>,
) -> Vec<Part> {
    let mut compiler = Compiler {
        source,
        switches,
        fragments,
        problems,
        parts: Vec::new(),
        open: Vec::new(),
    };
    let text = source.source.text().get(source.body.clone()).unwrap_or("");
    compiler.text(&source.source, text, source.body.start, None);
    compiler.parts
}

impl Compiler<'_> {
    fn report(
        &mut self,
        file: &SourceFile,
        span: Range<usize>,
        message: impl Into<String>,
        help: &str,
    ) {
        let problem = Problem::at(Code::Template, file, span, message).help(help);
        self.problems.push(problem.of_query(&self.source.name));
    }

    /// `within` is the fragment that the text belongs to.
    fn text(&mut self, file: &SourceFile, text: &str, offset: usize, within: Option<&str>) {
        let outside = self.open.len();
        for token in tokenize_template(text) {
            let at = offset + token.span.start..offset + token.span.end;
            let content = token.text(text);
            match token.kind {
                TokenKind::TemplateOutput => self.output(file, at, inner(content)),
                TokenKind::TemplateBlock => {
                    self.block(file, at, inner(content), within, outside);
                }
                TokenKind::TemplateComment => {
                    self.report(
                        file,
                        at,
                        "a template has SQL comments, no `{# .. #}`",
                        ALLOWED,
                    );
                }
                TokenKind::Unterminated(construct) => {
                    let message = format!(
                        "the {} that begins here is never closed",
                        construct.as_str()
                    );
                    self.report(
                        file,
                        at,
                        message,
                        "what opens before a tag must close before it",
                    );
                }
                TokenKind::Unknown => {
                    let message = format!("{content:?} begins nothing in SQL");
                    self.report(file, at, message, ALLOWED);
                }
                _ => self.plain(file, at, &token, content),
            }
        }
        if let Some(first) = self.open.get(outside) {
            let at = first.at.clone();
            self.report(file, at, "this `if` has no `endif`", ALLOWED);
        }
        while self.open.len() > outside {
            self.end_if();
        }
    }

    fn plain(&mut self, file: &SourceFile, at: Range<usize>, token: &Token, content: &str) {
        if ["{{", "{%", "{#"].iter().any(|tag| content.contains(tag)) {
            let message = "a template tag stands in a string, a quoted identifier or a comment";
            self.report(file, at, message, "pass the whole value as a parameter");
        } else if content.contains('\0') {
            self.report(
                file,
                at,
                "a statement cannot hold the character NUL",
                ALLOWED,
            );
        } else if token.kind == TokenKind::PositionalParameter {
            self.report(
                file,
                at,
                "a template has named parameters",
                "write `:name` in place of it",
            );
        } else if token.kind == TokenKind::NamedParameter {
            let name = content.trim_start_matches(':');
            self.parts.push(Part::Parameter(name.to_owned()));
        } else {
            push_text(&mut self.parts, content);
        }
    }

    fn output(&mut self, file: &SourceFile, at: Range<usize>, name: &str) {
        let notes = &self.source.header.template.identifiers;
        if let Some(place) = notes.iter().position(|note| note.name == name) {
            self.parts.push(Part::Identifier(place));
            return;
        }
        let known: Vec<&str> = notes.iter().map(|note| note.name.as_str()).collect();
        let help = match name::nearest(name, known).first() {
            Some(near) => format!("did you mean `{near}`?"),
            None if name::defect(name).is_some() => ALLOWED.to_owned(),
            None => format!(
                "a value is a parameter (`:{name}`), an identifier is declared: `-- ident {name}: a | b`"
            ),
        };
        self.report(
            file,
            at,
            format!("`{name}` is no identifier of this template"),
            &help,
        );
    }

    /// A tag with `{% %}`. The first `outside` of the open `if`s stand outside of the file that the tag is in.
    fn block(
        &mut self,
        file: &SourceFile,
        at: Range<usize>,
        text: &str,
        within: Option<&str>,
        outside: usize,
    ) {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match (word, rest.trim()) {
            ("if", condition) => {
                if self.open.len() >= MAX_DEPTH {
                    self.report(file, at.clone(), "`if` is nested too deep", ALLOWED);
                }
                let condition = self.condition(file, &at, condition);
                self.open.push(OpenIf {
                    at,
                    before: std::mem::take(&mut self.parts),
                    branches: Vec::new(),
                    condition,
                });
            }
            ("elif", condition) => {
                let condition = self.condition(file, &at, condition);
                self.next_branch(file, at, condition, outside);
            }
            ("else", "") => self.next_branch(file, at, Condition::Always, outside),
            ("endif", "") => {
                if self.open.len() > outside {
                    self.end_if();
                } else {
                    self.report(file, at, "there is no `if` that this ends", ALLOWED);
                }
            }
            ("include", path) => self.include(file, at, path, within),
            _ => self.report(file, at, format!("a template has no `{word}`"), ALLOWED),
        }
    }

    fn next_branch(
        &mut self,
        file: &SourceFile,
        at: Range<usize>,
        condition: Condition,
        outside: usize,
    ) {
        if self.open.len() <= outside {
            self.report(file, at, "this stands in no `if`", ALLOWED);
            return;
        }
        let Some(open) = self.open.last_mut() else {
            return;
        };
        let ended = std::mem::replace(&mut open.condition, condition);
        let late = ended == Condition::Always;
        open.branches.push(Branch {
            condition: ended,
            parts: std::mem::take(&mut self.parts),
        });
        if late {
            self.report(
                file,
                at,
                "this stands behind the `else` of its `if`",
                ALLOWED,
            );
        }
    }

    fn end_if(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let mut branches = open.branches;
        branches.push(Branch {
            condition: open.condition,
            parts: std::mem::replace(&mut self.parts, open.before),
        });
        self.parts.push(Part::If(branches));
    }

    /// What stands behind `if` and `elif`. After a problem it is a condition that nothing is made of.
    fn condition(&mut self, file: &SourceFile, at: &Range<usize>, text: &str) -> Condition {
        let broken = Condition::Any(Vec::new());
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        if words.is_empty() {
            self.report(file, at.clone(), "this asks for nothing", ALLOWED);
            return broken;
        }
        let switches = self.switches;
        let find = |word: &str| switches.iter().position(|switch| switch == word);
        let unknown = words.iter().find(|word| {
            !matches!(**word, "and" | "or" | "not" | "(" | ")") && find(word).is_none()
        });
        if let Some(word) = unknown {
            let known = switches.iter().map(String::as_str);
            let help = match name::nearest(word, known).first() {
                Some(near) => format!("did you mean `{near}`?"),
                None if name::defect(word).is_some() => ALLOWED.to_owned(),
                None => format!(
                    "declare it: `-- flag {word}: what it does`, or `-- param {word}: TYPE optional`"
                ),
            };
            let message = format!("`{word}` is no flag and no optional parameter of this template");
            self.report(file, at.clone(), message, &help);
            return broken;
        }
        condition::parse(&words, &find).unwrap_or_else(|why| {
            self.report(file, at.clone(), why, "write `{% if a and not (b or c) %}`");
            broken
        })
    }

    fn include(&mut self, file: &SourceFile, at: Range<usize>, path: &str, within: Option<&str>) {
        let path = path
            .strip_prefix('"')
            .and_then(|path| path.strip_suffix('"'));
        let Some(path) = path.filter(|path| !path.contains(['"', '\\'])) else {
            self.report(file, at, "a fragment is named by a string", ALLOWED);
            return;
        };
        if within.is_some() {
            self.report(
                file,
                at,
                "a fragment includes no other",
                "include both in the template",
            );
            return;
        }
        let Some(fragment) = self.fragments.get(path).cloned() else {
            let known = self.fragments.keys().map(String::as_str);
            let help = match name::nearest(path, known).first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    "a fragment is a file whose name begins with an underscore, named from the root"
                        .to_owned()
                }
            };
            self.report(file, at, format!("there is no fragment `{path}`"), &help);
            return;
        };
        self.text(&fragment, fragment.text(), 0, Some(path));
        // A line comment at the fragment's end must not reach into the template.
        push_text(&mut self.parts, "\n");
    }
}

/// What stands between the marks of a tag.
fn inner(tag: &str) -> &str {
    let inner = tag.get(2..tag.len().saturating_sub(2)).unwrap_or("");
    inner
        .trim_start_matches(['-', '+'])
        .trim_end_matches(['-', '+'])
        .trim()
}
