//! OpenTelemetry's variables, for what this crate sends by itself. The exporters of `opentelemetry-otlp` read them too.

use std::collections::BTreeMap;
use std::env::VarError;
use std::str::FromStr;

use super::{Error, SETTING_UP, failed};

/// One of the kinds of telemetry that have variables of their own.
#[derive(Clone, Copy)]
pub(super) enum Signal {
    Traces,
    Metrics,
    Logs,
}

impl Signal {
    /// As its variables are named.
    const fn of_variables(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            Self::Metrics => "METRICS",
            Self::Logs => "LOGS",
        }
    }

    /// Where a collector takes it.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            Self::Metrics => "/v1/metrics",
            Self::Logs => "/v1/logs",
        }
    }
}

/// Where a signal goes when code does not say.
///
/// # Errors
/// The variable is not text.
pub(super) fn url(signal: Signal) -> Result<String, Error> {
    let own = format!("OTEL_EXPORTER_OTLP_{}_ENDPOINT", signal.of_variables());
    if let Some(url) = set(&own)? {
        return Ok(url);
    }
    let base = set("OTEL_EXPORTER_OTLP_ENDPOINT")?;
    let base = base.as_deref().unwrap_or("http://localhost:4318");
    Ok(format!("{}{}", base.trim_end_matches('/'), signal.path()))
}

/// The headers of a signal's variable, else of the one for all.
///
/// # Errors
/// The variable is not text.
pub(super) fn headers(signal: Signal) -> Result<BTreeMap<String, String>, Error> {
    let own = format!("OTEL_EXPORTER_OTLP_{}_HEADERS", signal.of_variables());
    let text = match set(&own)? {
        Some(text) => Some(text),
        None => set("OTEL_EXPORTER_OTLP_HEADERS")?,
    };
    Ok(header_pairs(text.as_deref().unwrap_or_default()))
}

/// A variable that holds a number; `None` where it holds something else.
pub(super) fn number<N: FromStr>(name: &str) -> Option<N> {
    std::env::var(name).ok()?.parse().ok()
}

fn set(name: &str) -> Result<Option<String>, Error> {
    match std::env::var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => {
            let wrong = format!("the variable {name} is not text");
            Err(failed(SETTING_UP, std::io::Error::other(wrong)))
        }
    }
}

/// `name=value`, separated by commas, values with `%XX`. Of two with the same name, whose case does not count, the last one holds.
fn header_pairs(text: &str) -> BTreeMap<String, String> {
    text.split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), decoded(value.trim())))
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .collect()
}

/// A value with `%XX` taken back. What is no such code stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let code = behind
            .get(..2)
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(code.unwrap_or(b'%'));
        rest = code.map_or(behind, |_| behind.get(2..).unwrap_or_default());
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::header_pairs;

    #[test]
    fn headers_are_read_as_the_variable_has_them() {
        let read = header_pairs(
            "authorization=no,Authorization=Basic%20abc%3D, x-scope=bank,odd=100%,=,empty=",
        );
        let expected = [
            ("authorization", "Basic abc="),
            ("x-scope", "bank"),
            ("odd", "100%"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read, BTreeMap::from(expected));
        assert_eq!(header_pairs(""), BTreeMap::new());
    }
}
