//! Checking files and trees: one verdict for each query.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::dialect;
use crate::error::{Error, ErrorKind};
use crate::lint;
use crate::problem::{Code, Problem, Problems};
use crate::query::{Query, Verify};
use crate::repository::{Layout, Loaded, tree};
use crate::schema::Schema;
use crate::source::SourceFile;

/// What a check found out about one query, or about a part of a file that makes no query.
#[derive(Debug, Clone)]
pub struct Verdict {
    file: PathBuf,
    line: Option<usize>,
    name: Option<String>,
    query: Option<Arc<Query>>,
    problems: Problems,
}

impl Verdict {
    /// The file, as it was named to the check.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The line of the query's `-- name:`, or of the problem where no query can be made.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// The query's full name, where its header gives one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The query, where the file makes one; a template makes several.
    #[must_use]
    pub fn query(&self) -> Option<&Arc<Query>> {
        self.query.as_ref()
    }

    /// What is wrong with it.
    #[must_use]
    pub fn problems(&self) -> &Problems {
        &self.problems
    }

    /// Whether nothing of that is an error.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        !self.problems.has_errors()
    }

    /// Adds what a server said when it was asked to prepare the query, `position` being the character it pointed at, from
    /// 1, in [`Query::text`].
    pub fn refused_by_server(&mut self, message: &str, position: Option<usize>) {
        let Some(query) = &self.query else { return };
        let problem = query.server_problem(message, position);
        self.add(problem);
    }

    /// Adds that a server's parser reads the query otherwise than this crate's; `difference` says how.
    pub fn read_otherwise_by_server(&mut self, difference: &str) {
        let Some(query) = &self.query else { return };
        let problem = query.problem_in_text(Code::ServerReading, difference, None);
        self.add(problem.help("what is said of this query may be wrong: report the difference"));
    }

    /// Adds that a server's plan reads all of a table though the query has a condition, with the statements that the server
    /// recommends. Nothing is added where the header allows it, or the schema has shown a full scan already.
    pub fn scanned_by_server(&mut self, table: &str, indexes: &[String]) {
        let Some(query) = &self.query else { return };
        let known = self
            .problems
            .iter()
            .any(|problem| problem.code() == Code::FullScan);
        if known || query.allowed().contains(&Code::FullScan) {
            return;
        }
        let message = format!("the server's plan reads all of `{table}`");
        let problem = query.problem_in_text(Code::FullScan, &message, None);
        self.add(problem.help(match indexes {
            [] => "compare an indexed column, add an index, or `-- allow: full_scan` where all rows are wanted".to_owned(),
            recommended => format!("the server recommends: {}", recommended.join(" ")),
        }));
    }

    fn add(&mut self, problem: Problem) {
        let all = self.problems.iter().cloned().chain([problem]).collect();
        self.problems = Problems::new(all);
    }
}

/// Checks a file, a tree of files, or a project's SQL directory with everything that needs no server: the format, the
/// grammar and the lints, with the schema that lies beside the queries.
///
/// # Errors
///
/// [`ErrorKind::Directory`] when the path is not there or cannot be read; mistakes in files are verdicts.
pub fn check(path: &Path) -> Result<Vec<Verdict>, Error> {
    let layout = Layout::of(path);
    let mut problems = Vec::new();
    let files = if path.is_dir() {
        let root = tree::queries_below(path);
        let mut files = tree::read(&root, &mut problems)?;
        // Below `queries` names begin at `queries`, whatever part of it is checked.
        if let Ok(inner) = root.strip_prefix(layout.queries())
            && let Some(inner) = inner.to_str().filter(|inner| !inner.is_empty())
        {
            for file in &mut files {
                file.relative = format!("{inner}/{}", file.relative);
            }
        }
        files
    } else {
        vec![single(path, &layout)?]
    };
    let schema = match layout.schema() {
        Some(directory) => Schema::load(directory)?,
        None => Schema::default(),
    };
    let loaded = Loaded::new(files, problems);
    Ok(verdicts(loaded, &schema))
}

fn single(path: &Path, layout: &Layout) -> Result<tree::File, Error> {
    let cannot = |source: std::io::Error| {
        let message = format!(
            "cannot read `{}` ({source}); name a .sql file or a directory",
            path.display()
        );
        Error::io(ErrorKind::Directory, path, message, source)
    };
    std::fs::metadata(path).map_err(cannot)?;
    let text = tree::read_file(path).map_err(|why| cannot(std::io::Error::other(why)))?;
    let relative = path
        .strip_prefix(layout.queries())
        .ok()
        .and_then(Path::to_str);
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("query.sql");
    Ok(tree::File::new(relative.unwrap_or(name), path, text))
}

/// What a problem is about: a file, and a query of it where it names one.
type Subject = (PathBuf, Option<String>);

fn verdicts(loaded: Loaded, schema: &Schema) -> Vec<Verdict> {
    let mut groups: HashMap<Subject, Vec<Problem>> = HashMap::new();
    let problems = loaded.problems.into_iter();
    for problem in problems.chain(schema.problems().iter().cloned()) {
        let subject = (
            problem.file().to_path_buf(),
            problem.query().map(str::to_owned),
        );
        groups.entry(subject).or_default().push(problem);
    }
    let mut verdicts: Vec<Verdict> = Vec::new();
    for query in loaded.queries {
        let subject = (query.file().to_path_buf(), Some(query.name().to_owned()));
        let mut own = groups.remove(&subject).unwrap_or_default();
        own.extend(syntax(&query));
        own.extend(lint::lint_query(&query, schema).iter().cloned());
        verdicts.push(Verdict {
            file: query.file().to_path_buf(),
            line: Some(query.line()),
            name: Some(query.name().to_owned()),
            problems: Problems::new(own),
            query: Some(query),
        });
    }
    #[cfg(feature = "templates")]
    for template in loaded.templates {
        verdicts.push(Verdict {
            file: template.file().to_path_buf(),
            line: Some(template.line()),
            name: Some(template.name().to_owned()),
            problems: Problems::new(sampled(&template, schema)),
            query: None,
        });
    }
    verdicts.extend(groups.into_iter().map(without_query));
    verdicts.sort_by(|a, b| (&a.file, a.line, &a.name).cmp(&(&b.file, b.line, &b.name)));
    verdicts
}

/// What the lints say about the texts that a template can become, each complaint once.
#[cfg(feature = "templates")]
fn sampled(template: &crate::Template, schema: &Schema) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    for variant in template.samples() {
        for found in &lint::lint_query(variant.query(), schema) {
            let known = problems
                .iter()
                .any(|problem| problem.code() == found.code());
            // A parameter or column that one text lacks is in another.
            if known || found.code() == Code::UnusedParameter {
                continue;
            }
            let form = match variant.on() {
                [] => "with everything off".to_owned(),
                on => format!("with {}", on.join(", ")),
            };
            problems.push(template.problem(found.code(), found.message()).help(form));
        }
    }
    problems
}

/// What the dialect's grammar has against a query, unless its header leaves that to a server.
fn syntax(query: &Query) -> Option<Problem> {
    if query.verify() == Verify::Server {
        return None;
    }
    let error = dialect::parse(query.text()).err()?;
    let problem = query.problem_in_text(Code::Syntax, error.message(), Some(error.offset()));
    Some(
        problem
            .help("a statement that is right and still refused here can say `-- verify: server`"),
    )
}

/// The verdict on one statement of a plain list.
#[derive(Debug, Clone)]
pub struct StatementVerdict {
    line: usize,
    problem: Option<Problem>,
}

impl StatementVerdict {
    /// The line on which the statement begins, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// Why it is no statement of the dialect; `None` when it is one.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }
}

/// Checks the grammar of a plain list of statements, which semicolons part: one verdict each, in order.
///
/// A statement that is refused ends at its first semicolon at the end of a line, even if that stands in a string or a
/// comment: a quote that is never closed does not take the rest of the list with it. In a list of so many such statements
/// that reading on behind them would mean to read it 32 times, each of the rest ends there.
#[must_use]
pub fn check_statements(file: &Path, text: &str) -> Vec<StatementVerdict> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = SourceFile::new(file, text);
    let mut verdicts = Vec::new();
    let mut again = 0;
    let mut from = 0;
    while let Some(rest) = text.get(from..).filter(|rest| !rest.is_empty()) {
        let within = match end_of_statement(rest) {
            Some(end) if again > READINGS * text.len() => &rest[..=end],
            _ => rest,
        };
        let begin = from;
        from += within.len();
        let mut pieces = dialect::Pieces::of(within);
        while let Some(piece) = pieces.next() {
            let start = begin + piece.span.range().start;
            let mut error = dialect::parse(piece.text).err();
            if error.is_some()
                && let Some(end) = end_of_statement(piece.text)
            {
                error = dialect::parse(&piece.text[..end]).err();
                from = start + end + 1;
                again += begin + pieces.position() - from;
            }
            verdicts.push(StatementVerdict {
                line: source.position(start).line,
                problem: error.map(|error| {
                    let at = start + error.offset();
                    let length = token_length(&text[at.min(text.len())..]);
                    Problem::at(Code::Syntax, &source, at..at + length, error.message())
                }),
            });
            if from < begin + within.len() {
                break;
            }
        }
    }
    verdicts
}

/// How often at most a list is read again behind statements that are refused.
const READINGS: usize = 32;

/// Where the first semicolon at the end of a line stands.
fn end_of_statement(text: &str) -> Option<usize> {
    let mut ends = text.match_indices(';').map(|(at, _)| at);
    ends.find(|at| {
        let rest = &text[at + 1..];
        rest.starts_with('\n') || rest.starts_with("\r\n")
    })
}

/// How long the first token of a text is, as far as it stands on its line.
fn token_length(text: &str) -> usize {
    let line = text.lines().next().unwrap_or("");
    let token = crate::token::tokenize(line).next();
    token.map_or(0, |token| token.span.end)
}

/// What makes no query.
fn without_query(((file, name), problems): (Subject, Vec<Problem>)) -> Verdict {
    let problems = Problems::new(problems);
    Verdict {
        line: problems.iter().next().and_then(Problem::line),
        file,
        name,
        query: None,
        problems,
    }
}
