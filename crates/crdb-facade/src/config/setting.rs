//! What a value in the configuration may be: one type per meaning, each with its text form.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::duration;
use crdb_auth::Secret;
use figment::value::{Num, Value};

/// A type that a [`Key`](crate::config::Key) can have. Sealed: the keys are the ones in
/// [`keys`](crate::config::keys).
pub trait Setting: sealed::Form {}

impl<T: sealed::Form> Setting for T {}

pub(crate) mod sealed {
    use figment::value::Value;

    /// How a setting is read from a source and written back.
    pub trait Form: Clone + Send + Sync + 'static {
        /// Completes "expected ..".
        const EXPECTED: &'static str;
        /// Never printed, never part of the fingerprint.
        const SECRET: bool = false;
        /// Whether the word `none` leaves an optional setting of this type unset.
        const NONE_IS_A_WORD: bool = true;

        /// Whether it holds names of the user's own, as a section holds keys.
        const IS_TABLE: bool = false;

        /// `None`: not a value of this type.
        fn read(value: &Value) -> Option<Self>;

        /// The same text for the same meaning (`1s` and `1000ms` are written alike).
        fn write(&self) -> String;

        /// Of a list: the index of the first item that is none of its type, counted from 0.
        fn bad_item(_: &Value) -> Option<usize> {
            None
        }

        /// The value in a form that sources share, so that what code sets is merged like the rest.
        fn value(&self) -> Value {
            Value::from(self.write())
        }
    }
}

use sealed::Form;

/// The text of a scalar. Lists and tables have none.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.clone()),
        Value::Char(_, letter) => Some(letter.to_string()),
        Value::Bool(_, flag) => Some(flag.to_string()),
        Value::Num(_, number) => Some(match number {
            Num::F32(n) => n.to_string(),
            Num::F64(n) => n.to_string(),
            other => match (other.to_i128(), other.to_u128()) {
                (Some(n), _) => n.to_string(),
                (None, Some(n)) => n.to_string(),
                (None, None) => return None,
            },
        }),
        Value::Empty(..) | Value::Dict(..) | Value::Array(..) => None,
    }
}

/// Text that was written as text: `0123` and `true` without quotes have already lost what was meant.
///
/// A line break at an end is never meant, see [`has_line_break`].
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) if !has_line_break(value) => Some(text.clone()),
        Value::Char(_, letter) => Some(letter.to_string()),
        _ => None,
    }
}

/// Whether a text begins or ends with a line break: what `echo` puts into a secret before it is encoded, and YAML's `|`
/// keeps.
pub(super) fn has_line_break(value: &Value) -> bool {
    match value {
        Value::String(_, text) => text.starts_with(['\n', '\r']) || text.ends_with(['\n', '\r']),
        _ => false,
    }
}

impl Form for u32 {
    const EXPECTED: &'static str = "a whole number";

    fn read(value: &Value) -> Option<Self> {
        scalar(value)?.trim().parse().ok()
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Form for f64 {
    const EXPECTED: &'static str = "a number";

    fn read(value: &Value) -> Option<Self> {
        let number: f64 = scalar(value)?.trim().parse().ok()?;
        number.is_finite().then_some(number)
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Form for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(value: &Value) -> Option<Self> {
        match scalar(value)?.trim() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Form for Duration {
    const EXPECTED: &'static str = "a duration with its unit, like 500ms, 10s, 1m30s or 1h";

    fn read(value: &Value) -> Option<Self> {
        duration::parse(&scalar(value)?)
    }

    fn write(&self) -> String {
        duration::write(*self)
    }
}

impl Form for String {
    const EXPECTED: &'static str = "a string (quote it if it looks like a number or boolean)";
    const NONE_IS_A_WORD: bool = false;

    fn read(value: &Value) -> Option<Self> {
        text(value).filter(|text| !text.is_empty() && !text.contains('\0'))
    }

    fn write(&self) -> String {
        self.clone()
    }
}

impl Element for String {
    const EXPECTED_LIST: &'static str = "a list of strings";
}

impl Form for PathBuf {
    const EXPECTED: &'static str = "a path";

    fn read(value: &Value) -> Option<Self> {
        text(value)
            .filter(|text| !text.is_empty() && !text.contains('\0'))
            .map(PathBuf::from)
            .filter(|path| !crdb_auth::is_file_content(path))
    }

    fn write(&self) -> String {
        self.display().to_string()
    }
}

impl Element for PathBuf {
    const EXPECTED_LIST: &'static str = "a list of paths";
}

/// Where to listen. A port alone is one of this machine's own: what other machines shall reach is written out.
impl Form for SocketAddr {
    const EXPECTED: &'static str = "a port, or an IP address and a port, like 9464 or 0.0.0.0:9464";

    fn read(value: &Value) -> Option<Self> {
        let text = scalar(value)?;
        let text = text.trim();
        match text.parse::<u16>() {
            Ok(port) => Some(Self::from((Ipv4Addr::LOCALHOST, port))),
            Err(_) => text.parse().ok(),
        }
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Form for Secret {
    const EXPECTED: &'static str = "a string in quotes";
    const SECRET: bool = true;
    const NONE_IS_A_WORD: bool = false;

    fn read(value: &Value) -> Option<Self> {
        text(value)
            .filter(|text| !text.contains('\0'))
            .map(Self::from)
    }

    fn write(&self) -> String {
        "***".to_owned()
    }

    fn value(&self) -> Value {
        // It was text, because every way in takes text only.
        Value::from(String::from_utf8_lossy(self.expose()).as_ref())
    }
}

impl<T: Form> Form for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    const SECRET: bool = T::SECRET;

    fn read(value: &Value) -> Option<Self> {
        if matches!(value, Value::Empty(..)) {
            return Some(None);
        }
        if T::NONE_IS_A_WORD && scalar(value).is_some_and(|text| text.trim() == "none") {
            return Some(None);
        }
        T::read(value).map(Some)
    }

    fn bad_item(value: &Value) -> Option<usize> {
        T::bad_item(value)
    }

    fn write(&self) -> String {
        self.as_ref().map_or_else(|| "none".to_owned(), Form::write)
    }

    fn value(&self) -> Value {
        self.as_ref().map_or_else(
            || Value::Empty(figment::value::Tag::Default, figment::value::Empty::Unit),
            Form::value,
        )
    }
}

/// The items of a list.
pub(super) fn items(value: &Value) -> Option<Cow<'_, [Value]>> {
    match value {
        Value::Array(_, items) => Some(Cow::Borrowed(items)),
        other => {
            let items = scalar(other)?;
            let items = items
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            Some(items.map(Value::from).collect())
        }
    }
}

/// A list: in YAML and TOML as such, everywhere also as one text with commas.
impl<T: Element> Form for Vec<T> {
    const EXPECTED: &'static str = T::EXPECTED_LIST;

    fn read(value: &Value) -> Option<Self> {
        items(value)?.iter().map(T::read).collect()
    }

    fn bad_item(value: &Value) -> Option<usize> {
        items(value)?
            .iter()
            .position(|item| T::read(item).is_none())
    }

    fn write(&self) -> String {
        self.iter().map(Form::write).collect::<Vec<_>>().join(", ")
    }

    fn value(&self) -> Value {
        Value::from(self.iter().map(Form::value).collect::<Vec<_>>())
    }
}

/// What a list may hold.
pub trait Element: Form {
    /// Completes "expected .." for the whole list.
    const EXPECTED_LIST: &'static str;
}

/// Names that the configuration does not fix, each with a text.
impl Form for BTreeMap<String, String> {
    const EXPECTED: &'static str = "a table of names and strings";
    const IS_TABLE: bool = true;

    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Empty(..) => Some(Self::new()),
            Value::Dict(_, table) => table
                .iter()
                .map(|(name, value)| Some((name.clone(), scalar(value)?)))
                .collect(),
            _ => None,
        }
    }

    fn write(&self) -> String {
        self.iter()
            .map(|(name, text)| format!("{name}={text:?}"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn value(&self) -> Value {
        Value::from(
            self.iter()
                .map(|(name, text)| (name.clone(), Value::from(text.as_str())))
                .collect::<BTreeMap<_, _>>(),
        )
    }
}

/// Settings that are one word out of a few.
macro_rules! words {
    ($type:ty, $expected:literal, { $($word:literal => $value:path),+ $(,)? }) => {
        impl $crate::config::setting::sealed::Form for $type {
            const EXPECTED: &'static str = $expected;

            fn read(value: &figment::value::Value) -> Option<Self> {
                match $crate::config::setting::scalar(value)?.trim() {
                    $($word => Some($value),)+
                    _ => None,
                }
            }

            fn write(&self) -> String {
                #[allow(unreachable_patterns, reason = "needed where the enum is non_exhaustive")]
                match self {
                    $($value => $word,)+
                    _ => "",
                }
                .to_owned()
            }
        }
    };
}
pub(crate) use words;
