//! What a template may hold, and its text for the renderer.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::name;
use crate::problem::{Code, Problem};
use crate::repository::file::TemplateSource;
use crate::source::SourceFile;
use crate::token::{Token, TokenKind, tokenize_template};

const ALLOWED: &str = "a template holds `{% if name %}`, `{{ identifier }}`, `{% include \"dir/_file.sql\" %}` and `:parameters`";

struct Compiler<'a> {
    source: &'a TemplateSource,
    switches: &'a [String],
    fragments: &'a BTreeMap<String, Arc<SourceFile>>,
    problems: &'a mut Vec<Problem>,
    out: String,
}

/// The text for the renderer. Names get a prefix, so that none is a word of the template language.
pub(super) fn compile(
    source: &TemplateSource,
    switches: &[String],
    fragments: &BTreeMap<String, Arc<SourceFile>>,
    problems: &mut Vec<Problem>,
) -> String {
    let mut compiler = Compiler {
        source,
        switches,
        fragments,
        problems,
        out: String::new(),
    };
    let text = source.source.text().get(source.body.clone()).unwrap_or("");
    compiler.text(&source.source, text, source.body.start, None);
    compiler.out
}

/// The name under which the renderer knows a switch or an identifier.
pub(super) fn prefixed(name: &str) -> String {
    format!("v_{name}")
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
        let mut open: Vec<Range<usize>> = Vec::new();
        for token in tokenize_template(text) {
            let at = offset + token.span.start..offset + token.span.end;
            let content = token.text(text);
            match token.kind {
                TokenKind::TemplateOutput => self.output(file, at, inner(content)),
                TokenKind::TemplateBlock => {
                    let inner = inner(content);
                    match inner.split_whitespace().next() {
                        Some("if") => open.push(at.clone()),
                        Some("endif") if open.pop().is_none() => {
                            self.report(
                                file,
                                at.clone(),
                                "there is no `if` that this ends",
                                ALLOWED,
                            );
                        }
                        Some("elif" | "else") if open.is_empty() => {
                            self.report(file, at.clone(), "this stands in no `if`", ALLOWED);
                        }
                        _ => {}
                    }
                    self.block(file, at, inner, within);
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
        if let Some(first) = open.first() {
            self.report(file, first.clone(), "this `if` has no `endif`", ALLOWED);
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
        } else {
            self.out.push_str(content);
        }
    }

    fn output(&mut self, file: &SourceFile, at: Range<usize>, name: &str) {
        let notes = &self.source.header.template.identifiers;
        if notes.iter().any(|note| note.name == name) {
            self.out.push_str("{{ ");
            self.out.push_str(&prefixed(name));
            self.out.push_str(" }}");
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

    fn block(&mut self, file: &SourceFile, at: Range<usize>, text: &str, within: Option<&str>) {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match (word, rest.trim()) {
            ("if" | "elif", condition) => {
                if let Some(condition) = self.condition(file, &at, condition) {
                    self.out.push_str(&format!("{{% {word} {condition} %}}"));
                }
            }
            ("else" | "endif", "") => self.out.push_str(&format!("{{% {word} %}}")),
            ("include", path) => self.include(file, at, path, within),
            _ => self.report(file, at, format!("a template has no `{word}`"), ALLOWED),
        }
    }

    fn condition(&mut self, file: &SourceFile, at: &Range<usize>, text: &str) -> Option<String> {
        let mut out = Vec::new();
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        for word in spaced.split_whitespace() {
            if matches!(word, "and" | "or" | "not" | "(" | ")") {
                out.push(word.to_owned());
            } else if self.switches.iter().any(|switch| switch == word) {
                out.push(prefixed(word));
            } else {
                let known = self.switches.iter().map(String::as_str);
                let help = match name::nearest(word, known).first() {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if name::defect(word).is_some() => ALLOWED.to_owned(),
                    None => format!(
                        "declare it: `-- flag {word}: what it does`, or `-- param {word}: TYPE optional`"
                    ),
                };
                let message =
                    format!("`{word}` is no flag and no optional parameter of this template");
                self.report(file, at.clone(), message, &help);
                return None;
            }
        }
        if out.is_empty() {
            self.report(file, at.clone(), "this asks for nothing", ALLOWED);
            return None;
        }
        Some(out.join(" "))
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
        self.out.push('\n');
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
