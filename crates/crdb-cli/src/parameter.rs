//! Parameters of named queries, as text: the server reads it as its type.

use std::error::Error as StdError;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use postgres_types::private::BytesMut;
use postgres_types::{Format, IsNull, ToSql, Type, to_sql_checked};

/// The values of a query's parameters.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Parameters {
    /// The value of a parameter, as SQL's text form of its type; may be repeated
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE", value_parser = value)]
    values: Vec<(String, String)>,
    /// A parameter whose value is a file's text; one line end at its end is left out
    #[arg(long = "param-file", value_name = "NAME=FILE", value_parser = file)]
    files: Vec<(String, PathBuf)>,
    /// A parameter that is NULL
    #[arg(long = "null", value_name = "NAME")]
    nulls: Vec<String>,
}

fn value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

fn file(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => {
            Ok((name.to_owned(), PathBuf::from(path)))
        }
        _ => Err("write it as NAME=FILE".to_owned()),
    }
}

impl Parameters {
    /// Each name with its value.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn read(&self) -> Result<Vec<(String, TextParameter)>> {
        let mut all: Vec<_> = self
            .values
            .iter()
            .map(|(name, value)| (name.clone(), TextParameter(Some(value.clone()))))
            .collect();
        for (name, path) in &self.files {
            let text =
                fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let text = text.strip_suffix('\r').unwrap_or(text).to_owned();
            all.push((name.clone(), TextParameter(Some(text))));
        }
        all.extend(
            self.nulls
                .iter()
                .map(|name| (name.clone(), TextParameter(None))),
        );
        Ok(all)
    }
}

/// A value of any type in its text form. Not shown: it may be secret.
#[derive(Clone)]
pub(crate) struct TextParameter(pub(crate) Option<String>);

impl std::fmt::Debug for TextParameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TextParameter")
    }
}

impl ToSql for TextParameter {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match &self.0 {
            Some(text) => {
                out.extend_from_slice(text.as_bytes());
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}
