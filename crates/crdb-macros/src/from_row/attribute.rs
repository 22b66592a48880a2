//! `#[row(..)]` of structs and of fields.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, Field, LitStr, Path, Result};

use super::case::Case;
use super::plain_name;

/// What stands on the struct.
#[derive(Default)]
pub(super) struct Container {
    /// `crate = ".."`: the path of crdb-exec.
    pub(super) path: Option<Path>,
    /// `rename_all = ".."`
    case: Option<Case>,
}

impl Container {
    pub(super) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut container = Self::default();
        each(attributes, |meta| {
            if meta.path.is_ident("crate") {
                let path: LitStr = meta.value()?.parse()?;
                once(&mut container.path, path.parse()?, &meta)
            } else if meta.path.is_ident("rename_all") {
                let case: LitStr = meta.value()?.parse()?;
                let found = Case::find(&case.value())
                    .ok_or_else(|| Error::new(case.span(), Case::expected()))?;
                once(&mut container.case, found, &meta)
            } else {
                Err(unknown(&meta, "on a struct: `crate`, `rename_all`"))
            }
        })?;
        Ok(container)
    }
}

/// Where a field's value comes from.
pub(super) enum Source {
    /// The column of this name.
    Column(String),
    /// The column of this name; the type's default where the row has none.
    ColumnOrDefault(String),
    /// The column at this place.
    Position(usize),
    /// Columns of the same row, by the field's own `FromRow`.
    Flatten,
    /// No column: the type's default.
    Skip,
}

#[derive(Default)]
struct Notes {
    rename: Option<LitStr>,
    default: Option<()>,
    flatten: Option<()>,
    skip: Option<()>,
}

impl Source {
    /// `column` is the place of the next column, for a field of a tuple struct.
    pub(super) fn of(field: &Field, column: usize, container: &Container) -> Result<Self> {
        let mut notes = Notes::default();
        each(&field.attrs, |meta| {
            if meta.path.is_ident("rename") {
                let name: LitStr = meta.value()?.parse()?;
                once(&mut notes.rename, name, &meta)
            } else if meta.path.is_ident("default") {
                once(&mut notes.default, (), &meta)
            } else if meta.path.is_ident("flatten") {
                once(&mut notes.flatten, (), &meta)
            } else if meta.path.is_ident("skip") {
                once(&mut notes.skip, (), &meta)
            } else {
                Err(unknown(
                    &meta,
                    "on a field: `rename`, `default`, `flatten`, `skip`",
                ))
            }
        })?;
        let refuse = |message: &str| Err(Error::new_spanned(field, message));
        let reads = notes.rename.is_some() || notes.default.is_some();
        if notes.skip.is_some() {
            if reads || notes.flatten.is_some() {
                return refuse("`skip` reads no column: it goes with nothing else");
            }
            return Ok(Self::Skip);
        }
        if notes.flatten.is_some() {
            if reads {
                return refuse("`flatten` reads no column of its own: it goes with nothing else");
            }
            return Ok(Self::Flatten);
        }
        if field.ident.is_none() {
            if reads {
                return refuse(
                    "a tuple struct reads its columns by position, not by name; give the field a name",
                );
            }
            return Ok(Self::Position(column));
        }
        let column = match &notes.rename {
            Some(name) if name.value().is_empty() => {
                return Err(Error::new(
                    name.span(),
                    "a column has a name of one character at least",
                ));
            }
            Some(name) => name.value(),
            None => {
                let name = plain_name(field);
                container
                    .case
                    .map_or_else(|| name.clone(), |case| case.apply(&name))
            }
        };
        Ok(match notes.default {
            Some(()) => Self::ColumnOrDefault(column),
            None => Self::Column(column),
        })
    }
}

/// Calls `read` with everything that stands in `#[row(..)]`.
fn each(
    attributes: &[Attribute],
    mut read: impl FnMut(ParseNestedMeta<'_>) -> Result<()>,
) -> Result<()> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("row"))
        .try_for_each(|attribute| attribute.parse_nested_meta(&mut read))
}

fn once<T>(slot: &mut Option<T>, value: T, meta: &ParseNestedMeta<'_>) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => {
            let name = meta
                .path
                .get_ident()
                .map_or_else(String::new, ToString::to_string);
            Err(meta.error(format!("`{name}` is there twice")))
        }
    }
}

fn unknown(meta: &ParseNestedMeta<'_>, known: &str) -> Error {
    match meta.path.get_ident() {
        Some(name) => meta.error(format!("there is no `{name}` {known}")),
        None => meta.error(format!("there is only this {known}")),
    }
}
