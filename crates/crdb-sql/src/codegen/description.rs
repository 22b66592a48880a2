//! What an engine said about statements, and the file that keeps it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use crate::query::ContentHash;
use crate::schema::{canonical_name, canonical_type};

/// The types of one statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    parameters: Vec<String>,
    columns: Vec<DescribedColumn>,
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedColumn {
    name: String,
    sql_type: String,
}

impl DescribedColumn {
    /// A column with this name and type. The type is canonicalised.
    #[must_use]
    pub fn new(name: impl Into<String>, sql_type: &str) -> Self {
        Self {
            name: name.into(),
            sql_type: canonical_type(sql_type),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its canonical type.
    #[must_use]
    pub fn sql_type(&self) -> &str {
        &self.sql_type
    }
}

impl Description {
    /// The types of `$1`, `$2`, .. and the columns, as the engine gave them. Types are canonicalised.
    #[must_use]
    pub fn new(parameters: &[&str], columns: Vec<DescribedColumn>) -> Self {
        Self {
            parameters: parameters.iter().map(|name| canonical_type(name)).collect(),
            columns,
        }
    }

    /// The canonical types of `$1`, `$2`, ..
    #[must_use]
    pub fn parameters(&self) -> &[String] {
        &self.parameters
    }

    /// The columns in order.
    #[must_use]
    pub fn columns(&self) -> &[DescribedColumn] {
        &self.columns
    }
}

/// The descriptions of a tree of queries, by content hash.
///
/// Its text form, by `Display` and `FromStr`, is one line for each fact, sorted, so that a change reads well in review.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Descriptions {
    schema: Option<ContentHash>,
    enums: BTreeMap<String, Vec<String>>,
    composites: BTreeMap<String, Vec<DescribedColumn>>,
    queries: BTreeMap<ContentHash, (String, Description)>,
    refused: BTreeMap<ContentHash, String>,
}

impl Descriptions {
    /// No descriptions yet, for the schema with this hash.
    #[must_use]
    pub fn for_schema(hash: ContentHash) -> Self {
        Self {
            schema: Some(hash),
            ..Self::default()
        }
    }

    /// The schema for which they were captured.
    #[must_use]
    pub fn schema(&self) -> Option<ContentHash> {
        self.schema
    }

    /// Adds the description of a query.
    pub fn insert(&mut self, hash: ContentHash, name: &str, description: Description) {
        self.refused.remove(&hash);
        self.queries.insert(hash, (name.to_owned(), description));
    }

    /// Notes that an engine could not prepare the query with this hash, so that its header has to declare its types. Does
    /// nothing when another engine has described it.
    pub fn insert_refused(&mut self, hash: ContentHash, name: &str) {
        if !self.queries.contains_key(&hash) {
            self.refused.insert(hash, name.to_owned());
        }
    }

    /// Whether an engine was asked about the query with this hash, even if it refused.
    #[must_use]
    pub fn contains(&self, hash: ContentHash) -> bool {
        self.queries.contains_key(&hash) || self.refused.contains_key(&hash)
    }

    /// The description of the query with this hash.
    #[must_use]
    pub fn get(&self, hash: ContentHash) -> Option<&Description> {
        self.queries.get(&hash).map(|(_, description)| description)
    }

    /// Adds an enum, by the name that the database has for it, and its labels, in their order.
    pub fn insert_enum(&mut self, name: &str, labels: Vec<String>) {
        self.enums.insert(canonical_name(name), labels);
    }

    /// Adds a composite type, by the name that the database has for it, and its fields, in their order.
    pub fn insert_composite(&mut self, name: &str, fields: Vec<DescribedColumn>) {
        self.composites.insert(canonical_name(name), fields);
    }

    /// Takes over the enums and composite types of other descriptions that are not known here.
    pub fn keep_types(&mut self, other: &Self) {
        for (name, labels) in &other.enums {
            let known = self.enums.entry(name.clone());
            known.or_insert_with(|| labels.clone());
        }
        for (name, fields) in &other.composites {
            let known = self.composites.entry(name.clone());
            known.or_insert_with(|| fields.clone());
        }
    }

    /// The composite types, by their canonical names.
    pub fn composites(&self) -> impl Iterator<Item = (&str, &[DescribedColumn])> {
        self.composites
            .iter()
            .map(|(name, fields)| (name.as_str(), fields.as_slice()))
    }

    /// The enums, by their canonical names.
    pub fn enums(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.enums
            .iter()
            .map(|(name, labels)| (name.as_str(), labels.as_slice()))
    }
}

const FIRST_LINE: &str =
    "# What an engine said about the statements. Written by codegen, format 1.";

impl fmt::Display for Descriptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(hash) = self.schema {
            writeln!(f, "schema {hash}")?;
        }
        for (name, labels) in &self.enums {
            writeln!(f, "enum {}", escape(name))?;
            labels
                .iter()
                .try_for_each(|label| writeln!(f, "  label {}", escape(label)))?;
        }
        for (name, fields) in &self.composites {
            writeln!(f, "composite {}", escape(name))?;
            for field in fields {
                writeln!(
                    f,
                    "  field {} {}",
                    escape(&field.name),
                    type_words(&field.sql_type)
                )?;
            }
        }
        let mut queries: Vec<_> = self.queries.iter().collect();
        queries.sort_by(|a, b| (&a.1.0, a.0).cmp(&(&b.1.0, b.0)));
        for (hash, (name, description)) in queries {
            writeln!(f, "query {name} {hash}")?;
            for sql_type in &description.parameters {
                writeln!(f, "  parameter {}", type_words(sql_type))?;
            }
            for column in &description.columns {
                writeln!(
                    f,
                    "  column {} {}",
                    escape(&column.name),
                    type_words(&column.sql_type)
                )?;
            }
        }
        let mut refused: Vec<_> = self.refused.iter().collect();
        refused.sort_by(|a, b| (a.1, a.0).cmp(&(b.1, b.0)));
        refused
            .iter()
            .try_for_each(|(hash, name)| writeln!(f, "refused {name} {hash}"))
    }
}

/// A type: one in quotes is one word, and the words of others stand as they are.
fn type_words(sql_type: &str) -> String {
    match sql_type.starts_with('"') {
        true => escape(sql_type),
        false => sql_type.to_owned(),
    }
}

fn read_type(words: &[&str]) -> Option<String> {
    match words {
        [only] if only.starts_with('"') => unescape(only),
        words => Some(words.join(" ")),
    }
}

/// A name as one word.
fn escape(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_whitespace() || c.is_control() || c == '%' {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                // Writing to a string does not fail.
                let _written = write!(out, "%{byte:02x}");
            }
        } else {
            out.push(c);
        }
    }
    if out.is_empty() { "%".to_owned() } else { out }
}

fn unescape(word: &str) -> Option<String> {
    if word == "%" {
        return Some(String::new());
    }
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail.get(2..)?;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

/// A file of descriptions that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseDescriptionsError {
    line: usize,
}

impl ParseDescriptionsError {
    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for ParseDescriptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line;
        write!(
            f,
            "line {line} is no line of a description; remove the file and capture it again"
        )
    }
}

impl std::error::Error for ParseDescriptionsError {}

impl FromStr for Descriptions {
    type Err = ParseDescriptionsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut found = Self::default();
        let mut last_query: Option<ContentHash> = None;
        let mut last_enum: Option<String> = None;
        let mut last_composite: Option<String> = None;
        for (index, line) in text.lines().enumerate() {
            let error = ParseDescriptionsError { line: index + 1 };
            if (index == 0) != (line == FIRST_LINE) {
                return Err(error);
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                _ if index == 0 => {}
                [] => {}
                ["schema", hash] => found.schema = Some(hash.parse().map_err(|_| error)?),
                ["enum", name] => {
                    let name = unescape(name).ok_or(error)?;
                    found.enums.insert(name.clone(), Vec::new());
                    last_enum = Some(name);
                }
                ["label", label] => {
                    let labels = last_enum
                        .as_ref()
                        .and_then(|name| found.enums.get_mut(name));
                    let (Some(labels), Some(label)) = (labels, unescape(label)) else {
                        return Err(error);
                    };
                    labels.push(label);
                }
                ["composite", name] => {
                    let name = unescape(name).ok_or(error)?;
                    found.composites.insert(name.clone(), Vec::new());
                    last_composite = Some(name);
                }
                ["field", name, sql_type @ ..] if !sql_type.is_empty() => {
                    let fields = last_composite
                        .as_ref()
                        .and_then(|name| found.composites.get_mut(name));
                    let (Some(fields), Some(name), Some(sql_type)) =
                        (fields, unescape(name), read_type(sql_type))
                    else {
                        return Err(error);
                    };
                    fields.push(DescribedColumn { name, sql_type });
                }
                ["query", name, hash] => {
                    let hash = hash.parse().map_err(|_| error)?;
                    found.insert(hash, name, Description::default());
                    last_query = Some(hash);
                }
                ["refused", name, hash] => {
                    found.insert_refused(hash.parse().map_err(|_| error)?, name);
                }
                ["parameter", sql_type @ ..] if !sql_type.is_empty() => {
                    let query = last_query.and_then(|hash| found.queries.get_mut(&hash));
                    let (Some((_, description)), Some(sql_type)) = (query, read_type(sql_type))
                    else {
                        return Err(error);
                    };
                    description.parameters.push(sql_type);
                }
                ["column", name, sql_type @ ..] if !sql_type.is_empty() => {
                    let query = last_query.and_then(|hash| found.queries.get_mut(&hash));
                    let (Some((_, description)), Some(name), Some(sql_type)) =
                        (query, unescape(name), read_type(sql_type))
                    else {
                        return Err(error);
                    };
                    description.columns.push(DescribedColumn { name, sql_type });
                }
                _ => return Err(error),
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_round_trips() {
        let mut descriptions = Descriptions::for_schema(ContentHash::of(b"schema"));
        descriptions.insert_enum(
            "kind",
            vec!["a b".to_owned(), String::new(), "ü%".to_owned()],
        );
        descriptions.insert_enum("Kind of  %", vec!["a".to_owned()]);
        descriptions.insert_composite(
            "place",
            vec![
                DescribedColumn::new("a b", "text"),
                DescribedColumn::new("n", "INT8[]"),
            ],
        );
        descriptions.insert(
            ContentHash::of(b"1"),
            "accounts.get",
            Description::new(
                &["uuid", "INT8[]", "\"Kind of  %\"", "\"Kind of  %\"[]"],
                vec![
                    DescribedColumn::new("a b", "numeric"),
                    DescribedColumn::new("?column?", "double precision"),
                ],
            ),
        );
        descriptions.insert(
            ContentHash::of(b"2"),
            "accounts.close",
            Description::default(),
        );
        descriptions.insert_refused(ContentHash::of(b"3"), "accounts.put");
        let text = descriptions.to_string();
        assert_eq!(text.parse::<Descriptions>().as_ref(), Ok(&descriptions));
        assert!(text.contains("  column a%20b decimal\n"), "{text}");
    }

    #[test]
    fn a_description_counts_more_than_a_refusal() {
        let hash = ContentHash::of(b"1");
        let mut descriptions = Descriptions::default();
        assert!(!descriptions.contains(hash));
        descriptions.insert_refused(hash, "accounts.put");
        assert!(descriptions.contains(hash) && descriptions.get(hash).is_none());
        descriptions.insert(hash, "accounts.put", Description::default());
        descriptions.insert_refused(hash, "accounts.put");
        let text = descriptions.to_string();
        assert!(!text.contains("refused"), "{text}");
    }

    #[test]
    fn other_files_are_refused_with_the_line() {
        let line = |text: &str| text.parse::<Descriptions>().unwrap_err().line();
        assert_eq!(line("something"), 1);
        assert_eq!(line(&format!("{FIRST_LINE}\nparameter uuid")), 2);
        assert_eq!(line(&format!("{FIRST_LINE}\n\nquery a b")), 3);
        assert_eq!(line(&format!("{FIRST_LINE}\nenum k\nlabel %zz")), 3);
    }
}
