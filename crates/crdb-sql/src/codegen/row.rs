//! The structs that rows become, and which queries share one.

use std::collections::BTreeMap;

use super::Options;
use super::item::Field;
use crate::problem::{Code, Problem};

/// The Rust type of a query's rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum RowType {
    /// A struct for this query alone.
    #[default]
    Own,
    /// `-- row: Account`: a struct of this name for all queries of the module that say so.
    Shared(String),
    /// `-- row: crate::Account`: the user's, which implements `FromRow`.
    Foreign(String),
}

impl RowType {
    pub(super) fn of(note: Option<&str>) -> Self {
        match note {
            None => Self::Own,
            Some(path) if path.contains("::") => Self::Foreign(super::absolute(path)),
            Some(name) => Self::Shared(name.to_owned()),
        }
    }
}

/// Whether rows of these columns can be read in place. A vector can only within a struct.
pub(super) fn borrows(row: &RowType, columns: &[Field]) -> bool {
    let mut in_place = columns
        .iter()
        .filter_map(|field| field.rust.in_place.as_ref());
    match (row, columns.len()) {
        (RowType::Foreign(_), _) => false,
        (RowType::Own, 1) => in_place.any(|rust| !rust.starts_with("::std::vec::Vec")),
        _ => in_place.next().is_some(),
    }
}

/// A query or a template whose rows become structs.
pub(super) struct User<'a> {
    /// Its full name.
    pub(super) name: &'a str,
    pub(super) row: &'a RowType,
    pub(super) columns: &'a [Field],
    pub(super) derives: &'a [String],
    pub(super) problem: &'a dyn Fn(String) -> Problem,
}

/// A struct that several queries of one module share.
#[derive(Debug)]
pub(super) struct SharedRow {
    pub(super) name: String,
    /// The struct that borrows, where a column does and a function reads rows in place.
    pub(super) in_place: Option<String>,
    pub(super) columns: Vec<Field>,
    /// The Rust names of its functions and builders, for its documentation.
    pub(super) users: Vec<String>,
    pub(super) derives: Vec<String>,
    first: String,
}

/// Modules and the names in their headers.
pub(super) type SharedRows = BTreeMap<(String, String), SharedRow>;

/// Adds a user of a shared row, or says that its columns are not those of the users before it.
pub(super) fn share(rows: &mut SharedRows, user: &User<'_>) -> Option<Problem> {
    let RowType::Shared(name) = user.row else {
        return None;
    };
    let module = user.name.rsplit_once('.').map_or("", |(module, _)| module);
    let key = (module.to_owned(), name.clone());
    let Some(row) = rows.get_mut(&key) else {
        let row = SharedRow {
            name: name.clone(),
            in_place: None,
            columns: user.columns.to_vec(),
            users: Vec::new(),
            derives: user.derives.to_vec(),
            first: user.name.to_owned(),
        };
        rows.insert(key, row);
        return None;
    };
    if let Some(difference) = difference(&row.columns, user.columns) {
        let first = &row.first;
        let message =
            format!("`{first}` has the row `{name}` too, with other columns: {difference}");
        let help = "give them the same columns in the same order, say `null` or `not null` in both headers, or name two rows";
        return Some((user.problem)(message).help(help));
    }
    for derive in user.derives {
        if !row.derives.contains(derive) {
            row.derives.push(derive.clone());
        }
    }
    None
}

/// The first difference between the columns of two queries, for people.
fn difference(known: &[Field], found: &[Field]) -> Option<String> {
    for (place, (known, found)) in known.iter().zip(found).enumerate() {
        let (name, number) = (&found.name, place + 1);
        if known.name != found.name {
            return Some(format!(
                "column {number} is `{name}` here and `{}` there",
                known.name
            ));
        }
        if known.rust != found.rust {
            let (here, there) = (&found.sql_type, &known.sql_type);
            return Some(format!("`{name}` is {here} here and {there} there"));
        }
        if known.nullable != found.nullable {
            let (can, cannot) = if found.nullable {
                ("here", "there")
            } else {
                ("there", "here")
            };
            return Some(format!("`{name}` can be NULL {can} and not {cannot}"));
        }
    }
    (known.len() != found.len())
        .then(|| format!("there are {} here and {} there", found.len(), known.len()))
}

/// The attributes of a row: what every row derives, what the options ask for and what the headers ask for.
pub(super) fn attributes(derives: &[String], options: &Options) -> String {
    derive(&derives_of(options.derives.iter().chain(derives)))
}

/// The attributes of a struct of arguments: what each derives, and what its header asks for.
pub(super) fn argument_attributes(derives: &[String]) -> String {
    derive(&derives_of(derives.iter()))
}

fn derive(all: &[String]) -> String {
    let mut text = format!("#[derive({})]", all.join(", "));
    if let Some(path) = all.iter().find_map(|path| serde_path(path)) {
        text.push_str(&format!("\n#[serde(crate = {path:?})]"));
    }
    text
}

fn derives_of<'a>(derives: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut all: Vec<String> = ["Debug", "Clone", "PartialEq"].map(str::to_owned).to_vec();
    for derive in derives {
        let path = super::absolute(derive);
        if !all.contains(&path) {
            all.push(path);
        }
    }
    all
}

/// The path of serde in a derive of its, unless it is `::serde`.
fn serde_path(derive: &str) -> Option<&str> {
    let krate = derive
        .strip_suffix("::Serialize")
        .or_else(|| derive.strip_suffix("::Deserialize"))?;
    (krate != "::serde").then_some(krate)
}

/// The derives of serde among these, which the enums of rows need as well.
pub(super) fn of_serde<'a>(derives: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut found: Vec<String> = derives
        .map(|derive| super::absolute(derive))
        .filter(|path| path.ends_with("::Serialize") || path.ends_with("::Deserialize"))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The attributes of an enum that serde reads and writes as its label.
pub(super) fn serde_attributes(derives: &[String]) -> Option<String> {
    let first = derives.first()?;
    let mut text = format!("#[derive({})]", derives.join(", "));
    if let Some(path) = serde_path(first) {
        text.push_str(&format!("\n#[serde(crate = {path:?})]"));
    }
    Some(text)
}

/// A problem with the header's line of a query without rows.
pub(super) fn without_rows(row: &RowType, derives: &[String]) -> Option<(Code, &'static str)> {
    (*row != RowType::Own || !derives.is_empty()).then_some((
        Code::BadAnnotation,
        "only a query that returns rows has `row` and `derive`",
    ))
}
