//! From arguments to a statement.

use std::fmt;
use std::sync::Arc;

use super::Template;
use super::cache::{Chosen, Selection};
use super::identifier::SafeIdentifier;
use super::part::{Written, walk};
use crate::dialect::{self, ast::StatementKind};
use crate::error::{Error, ErrorKind};
use crate::header::{Choice, Shape};
use crate::name;
use crate::placeholder;
use crate::query::Query;
use crate::source::SourceFile;

/// What is given for one name of a template.
#[derive(Debug)]
#[non_exhaustive]
pub enum Argument<'a, T: ?Sized> {
    /// The value of a parameter. It is bound, never written into the text.
    Value(&'a T),
    /// The identifier that takes the place of `{{ name }}`.
    Identifier(&'a str),
    /// Whether a flag is on. A flag that is not given is off.
    Flag(bool),
}

impl<T: ?Sized> Clone for Argument<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Argument<'_, T> {}

/// A rendered statement and its values in the order of `$1`, `$2`, ..
pub struct Rendered<'a, T: ?Sized> {
    query: Arc<Query>,
    values: Vec<&'a T>,
}

impl<'a, T: ?Sized> Rendered<'a, T> {
    /// The statement, with everything that the template's header says.
    #[must_use]
    pub fn query(&self) -> &Arc<Query> {
        &self.query
    }

    /// The text to send.
    #[must_use]
    pub fn text(&self) -> &str {
        self.query.text()
    }

    /// The values, `$1` first.
    #[must_use]
    pub fn values(&self) -> &[&'a T] {
        &self.values
    }
}

impl<T: ?Sized> fmt::Debug for Rendered<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be secret.
        f.debug_struct("Rendered")
            .field("text", &self.text())
            .field("values", &self.values.len())
            .finish_non_exhaustive()
    }
}

impl Template {
    /// Renders the statement for some arguments: every parameter that is not optional, and any of the flags, identifiers
    /// and optional parameters.
    ///
    /// A text that has been rendered before is neither rendered nor parsed again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Arguments`] when a parameter is missing or a name is unknown or given twice;
    /// [`ErrorKind::Template`] when an identifier is not allowed, or the text is not of the declared shape.
    ///
    /// ```
    /// # use crdb_sql::{Argument, Repository};
    /// let repository = Repository::from_embedded(&[(
    ///     "accounts/search.sql",
    ///     "-- name: search :many
    ///      -- template: select
    ///      -- param owner: UUID optional
    ///      -- ident sort: number | balance
    ///      -- flag descending: largest first
    ///      SELECT number, balance FROM accounts
    ///      WHERE true {% if owner %} AND owner = :owner {% endif %}
    ///      ORDER BY {{ sort }} {% if descending %} DESC {% endif %}, id
    ///      LIMIT :limit",
    /// )])?;
    /// let search = repository.template("accounts.search")?;
    /// let rendered = search.render(&[
    ///     ("sort", Argument::Identifier("balance")),
    ///     ("descending", Argument::Flag(true)),
    ///     ("limit", Argument::Value("10")),
    /// ])?;
    /// let words: Vec<&str> = rendered.text().split_whitespace().collect();
    /// assert_eq!(
    ///     words.join(" "),
    ///     r#"SELECT number, balance FROM accounts WHERE true ORDER BY "balance" DESC , id LIMIT $1"#
    /// );
    /// assert_eq!(rendered.values(), ["10"]);
    /// # Ok::<(), crdb_sql::Error>(())
    /// ```
    pub fn render<'a, T: ?Sized>(
        &self,
        arguments: &[(&str, Argument<'a, T>)],
    ) -> Result<Rendered<'a, T>, Error> {
        let selection = self.select(arguments)?;
        let query = match self.cache.get(&selection) {
            Some(query) => query,
            None => {
                let text = self.text(&selection)?;
                self.cache.insert(selection, &text, || self.parse(&text))?
            }
        };
        let mut values = Vec::with_capacity(query.parameters().len());
        for parameter in query.parameters() {
            match arguments.iter().find(|(name, _)| *name == parameter.name()) {
                Some((_, Argument::Value(value))) => values.push(*value),
                _ => {
                    let message = format!("parameter `{}` is missing", parameter.name());
                    return Err(self.arguments(message));
                }
            }
        }
        Ok(Rendered { query, values })
    }

    fn arguments(&self, message: impl fmt::Display) -> Error {
        Error::new(
            ErrorKind::Arguments,
            format!("template `{}`: {message}", self.name()),
        )
    }

    fn refused(&self, message: impl fmt::Display) -> Error {
        Error::new(
            ErrorKind::Template,
            format!("template `{}`: {message}", self.name()),
        )
    }

    /// What the arguments choose. Names and kinds are checked here, values are not looked at.
    fn select<T: ?Sized>(&self, arguments: &[(&str, Argument<'_, T>)]) -> Result<Selection, Error> {
        let notes = &self.source.header.template;
        let mut on = 0;
        for (index, (name, argument)) in arguments.iter().enumerate() {
            if arguments[..index]
                .iter()
                .any(|(earlier, _)| earlier == name)
            {
                return Err(self.arguments(format!("`{name}` is given twice")));
            }
            let switch = self.switches.iter().position(|switch| switch == name);
            let flag = switch.is_some_and(|switch| switch < notes.flags.len());
            let identifier = notes.identifiers.iter().any(|note| note.name == *name);
            match argument {
                Argument::Flag(value) if flag => on |= u32::from(*value) << switch.unwrap_or(0),
                Argument::Value(_) if switch.is_some() && !flag => on |= 1 << switch.unwrap_or(0),
                Argument::Value(_) if !flag && !identifier && self.is_parameter(name) => {}
                Argument::Identifier(_) if identifier => {}
                _ if flag => return Err(self.arguments(format!("`{name}` is a flag"))),
                _ if identifier => return Err(self.arguments(format!("`{name}` is an identifier"))),
                _ if self.is_parameter(name) => {
                    return Err(self.arguments(format!("`{name}` is a parameter")));
                }
                _ => return Err(self.arguments(self.unknown(name))),
            }
        }
        let mut identifiers = Vec::with_capacity(notes.identifiers.len());
        for note in &notes.identifiers {
            let given = arguments
                .iter()
                .find_map(|(name, argument)| match argument {
                    Argument::Identifier(value) if *name == note.name => Some(*value),
                    _ => None,
                });
            identifiers.push(match (&note.choice, given) {
                (Choice::OneOf(_), None) => Chosen::Listed(0),
                (Choice::OneOf(entries), Some(given)) => {
                    let index = entries.iter().position(|entry| entry == given);
                    let shown: String = given.chars().take(80).collect();
                    Chosen::Listed(index.ok_or_else(|| {
                        self.refused(format!(
                            "`{}` is one of {}, not {shown:?}",
                            note.name,
                            entries.join(", ")
                        ))
                    })?)
                }
                (Choice::Checked, Some(given)) => Chosen::Checked(given.into()),
                (Choice::Checked, None) => {
                    return Err(self.arguments(format!("identifier `{}` is missing", note.name)));
                }
            });
        }
        Ok(Selection { on, identifiers })
    }

    fn unknown(&self, name: &str) -> String {
        let notes = &self.source.header.template;
        let identifiers = notes.identifiers.iter().map(|note| note.name.as_str());
        let known = self
            .switches
            .iter()
            .map(String::as_str)
            .chain(identifiers)
            .chain(self.parameter_names());
        let near = name::nearest(name, known);
        let hint = near
            .first()
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        let shown: String = name.chars().take(80).collect();
        format!("there is no `{shown}`{hint}")
    }

    /// The text for a selection, with `:name` for the parameters.
    pub(super) fn text(&self, selection: &Selection) -> Result<String, Error> {
        let identifiers = self.chosen_identifiers(selection)?;
        let mut text = String::new();
        walk(
            &self.parts,
            selection.on,
            &identifiers,
            &mut |written| match written {
                Written::Text(written) => text.push_str(written),
                Written::Parameter(name) => {
                    text.push(':');
                    text.push_str(name);
                }
            },
        );
        Ok(text)
    }

    /// The identifiers of a selection as text, in the header's order.
    pub(super) fn chosen_identifiers(
        &self,
        selection: &Selection,
    ) -> Result<Vec<SafeIdentifier>, Error> {
        let notes = &self.source.header.template.identifiers;
        let chosen = notes.iter().zip(&selection.identifiers);
        chosen
            .map(|(note, chosen)| match (chosen, &note.choice) {
                (Chosen::Listed(index), Choice::OneOf(entries)) => Ok(SafeIdentifier::listed(
                    entries.get(*index).map_or("", String::as_str),
                )),
                (Chosen::Checked(name), _) => SafeIdentifier::checked(name)
                    .map_err(|why| self.refused(format!("`{}`: {why}", note.name))),
                (Chosen::Listed(_), Choice::Checked) => {
                    Err(self.refused("the choice does not fit"))
                }
            })
            .collect()
    }

    /// The statement of a rendered text, when that is what the header promises.
    pub(super) fn parse(&self, text: &str) -> Result<Query, Error> {
        let trimmed = text.trim().trim_end_matches(';').trim_end();
        let source = Arc::new(SourceFile::new(self.file(), trimmed));
        let numbered = placeholder::number(&source, 0..trimmed.len()).map_err(|problems| {
            self.refused(
                problems
                    .iter()
                    .map(crate::Problem::message)
                    .collect::<Vec<_>>()
                    .join("; "),
            )
        })?;
        let statement = dialect::parse_one(&numbered.text)
            .map_err(|error| self.refused(format!("the rendered text is no statement: {error}")))?;
        let fits = matches!(
            (self.shape(), &statement.kind),
            (Shape::Select, StatementKind::Query(_))
                | (Shape::Insert, StatementKind::Insert(_))
                | (Shape::Update, StatementKind::Update(_))
                | (Shape::Delete, StatementKind::Delete(_))
        );
        if !fits {
            let shape = self.shape().as_str();
            return Err(self.refused(format!(
                "the header promises {shape}, the rendered text is something else"
            )));
        }
        let header = self.source.header.clone();
        let body = 0..trimmed.len();
        Query::new(self.name().to_owned(), header, numbered, source, body)
            .map_err(|why| self.refused(why))
    }
}
